//! The path of a descriptor where the name of a toolchain may stand.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Whether the name of a toolchain is the path of a descriptor. A file that happens to be named like a toolchain makes no
/// difference.
pub(super) fn is_path(name: &OsStr) -> bool {
    name.as_bytes().contains(&b'/') || name.as_bytes().ends_with(b".json")
}

/// A toolchain's name, or its descriptor's path such that it leads to it from every directory.
pub(crate) fn from_anywhere(name: &OsStr) -> OsString {
    match is_path(name) {
        true => std::path::absolute(name).map_or_else(|_| name.to_owned(), PathBuf::into_os_string),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_name() {
        for path in ["./musl", "/t/musl", "x.json"] {
            assert!(is_path(OsStr::new(path)), "{path}");
        }
        assert!(!is_path(OsStr::new("musl")) && !is_path(OsStr::new("")));
    }
}
