//! Puts a finished file under another name, in place of whatever had it, without a moment in which there is none.

use super::links::parent;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The permissions of a program for everyone.
const PROGRAM: u32 = 0o755;

/// Gives a file a second name (a hard link).
///
/// # Errors
/// Those of link(2) and rename(2): another file system, or one without hard links.
pub(crate) fn place_hard_link(file: &Path, name: &Path) -> io::Result<()> {
    let aside = tempfile::Builder::new().prefix(".staticcxx-").tempdir_in(parent(name))?;
    let fresh = aside.path().join("link");
    fs::hard_link(file, &fresh)?;
    fs::rename(&fresh, name)
}

/// Copies a program, which everyone may run then.
///
/// # Errors
/// It can't be read or written; no partial file is left.
pub(crate) fn place_program(program: &Path, name: &Path) -> io::Result<()> {
    let mut fresh = tempfile::Builder::new().prefix(".staticcxx-").tempfile_in(parent(name))?;
    io::copy(&mut File::open(program)?, fresh.as_file_mut())?;
    fresh.as_file().set_permissions(Permissions::from_mode(PROGRAM))?;
    fresh.persist(name).map(drop).map_err(|e| e.error)
}

/// Whether another name of a program may be given to everyone: nobody else can write to it, and everyone can run it.
pub(crate) fn may_be_shared(program: &Path) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    fs::metadata(program).is_ok_and(|state| state.uid() == own && state.mode() & 0o7777 == PROGRAM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_replace_files_and_links_and_leave_targets() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["program", "old", "target"] {
            fs::write(at(name), name).unwrap();
        }
        symlink("target", at("link")).unwrap();
        fs::set_permissions(at("program"), Permissions::from_mode(0o700)).unwrap();
        assert!(!may_be_shared(&at("program")) && !may_be_shared(&at("none")));
        place_program(&at("program"), &at("link")).unwrap();
        assert!(may_be_shared(&at("link")));
        place_hard_link(&at("link"), &at("old")).unwrap();
        assert_eq!(
            ["link", "old", "target"].map(|n| fs::read_to_string(at(n)).unwrap()),
            ["program", "program", "target"]
        );
        assert_eq!(fs::metadata(at("old")).unwrap().nlink(), 2);
        assert!(place_program(&at("none"), &at("old")).is_err() && place_hard_link(&at("none"), &at("old")).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    }
}
