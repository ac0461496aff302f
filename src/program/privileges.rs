//! The rights that a file gives to those who run it, beyond their own.

use nix::libc;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What it is, as the end of a sentence about the file; none for an ordinary one.
pub(crate) fn of(path: &Path) -> Option<&'static str> {
    let mode = std::fs::metadata(path).map_or(0, |m| m.mode());
    match mode & 0o6000 {
        0o4000 => return Some("has the set-user-ID bit"),
        0o2000 => return Some("has the set-group-ID bit"),
        0 => {}
        _ => return Some("has the set-user-ID and set-group-ID bits"),
    }
    has_capabilities(path).then_some("has file capabilities")
}

fn has_capabilities(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return false };
    // SAFETY: both strings end with a zero; nothing is written where the size is 0.
    let size = unsafe { libc::getxattr(path.as_ptr(), c"security.capability".as_ptr(), std::ptr::null_mut(), 0) };
    size > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn bits_are_seen() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |mode| fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
        set(0o755);
        assert_eq!(of(file.path()), None);
        set(0o4755);
        assert_eq!(of(file.path()), Some("has the set-user-ID bit"));
        set(0o6755);
        assert!(of(file.path()).is_some());
    }
}
