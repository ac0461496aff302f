//! The files that package managers list, as far as programs are linked with them.

use super::Package;
use std::collections::BTreeMap;

/// Files and the packages that have them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ListedFiles {
    /// Paths as the lists have them, with a package's key. The first that names a file counts.
    pub files: BTreeMap<Vec<u8>, String>,
    /// Packages by key.
    pub packages: BTreeMap<String, Package>,
}

/// Whether a file is of those that are kept: archives, objects, shared objects, and the sources of which a musl
/// toolchain's libraries are built.
pub(super) fn is_linked(path: &[u8]) -> bool {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    if path.starts_with(b"/usr/src/gcc-") && name.ends_with(b".tar.xz") {
        return true;
    }
    [&b".a"[..], b".o", b".so"].iter().any(|end| name.ends_with(end)) || memchr::memmem::find(name, b".so.").is_some()
}

impl ListedFiles {
    /// Adds what is not there yet.
    pub(super) fn add(&mut self, other: ListedFiles) {
        for (path, key) in other.files {
            self.files.entry(path).or_insert(key);
        }
        for (key, package) in other.packages {
            self.packages.entry(key).or_insert(package);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_objects_and_shared_objects_are_linked() {
        for path in ["/usr/lib/libz.a", "/usr/lib/crt1.o", "/lib/libz.so", "/lib/libz.so.1.2", "x.so.1"] {
            assert!(is_linked(path.as_bytes()), "{path}");
        }
        for path in ["/usr/bin/sh", "/usr/lib/libz.la", "/usr/lib.a/x", "/usr/share/x.source", ""] {
            assert!(!is_linked(path.as_bytes()), "{path}");
        }
    }
}
