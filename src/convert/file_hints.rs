//! Files that a library may open at run time: the paths in its read-only data. They are used for hints only, since
//! whether a path is ever opened can't be known.

use super::library::Library;
use serde::Serialize;
use std::collections::BTreeSet;

/// Paths in a library's read-only data, sorted by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Hints {
    /// Shared objects and directories that hold them.
    pub(crate) plugins: Vec<String>,
    /// Data, configuration, sockets.
    pub(crate) files: Vec<String>,
}

/// Where installed files are; not `/proc`, `/sys`, `/dev`, which come from the kernel.
const ROOTS: [&str; 7] = ["/etc/", "/lib/", "/lib64/", "/opt/", "/run/", "/usr/", "/var/"];

/// Prefixes of source file names (`assert` leaves them in libraries), which are not opened.
const OF_SOURCES: [&str; 3] = ["/usr/include/", "/usr/lib/gcc/", "/usr/src/"];

/// Directories that hold shared objects.
const OF_PLUGINS: [&str; 5] = ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/"];

/// Longer strings are not taken for paths.
const LONGEST: usize = 256;

/// At most this many of each kind.
const MOST: usize = 64;

/// Paths in the read-only data of a library, with those that hold plugins apart.
pub fn hints(library: &Library<'_>) -> Hints {
    let (mut plugins, mut files) = (BTreeSet::new(), BTreeSet::new());
    // A directory holds plugins only for a library that calls dlopen itself.
    let loads = library.symbols.iter().any(|s| !s.defined() && (s.name == b"dlopen" || s.name == b"dlmopen"));
    let segments = library.memory.segments.iter().filter(|s| !s.writable);
    for segment in segments {
        let bytes = library.memory.bytes(segment.address, segment.file_size).unwrap_or_default();
        for text in bytes.split(|b| *b == 0).filter(|t| t.first() == Some(&b'/') && t.len() <= LONGEST) {
            // A list, as in search paths.
            for path in text.split(|b| *b == b':').filter_map(path) {
                let list = if is_plugin(path, loads) { &mut plugins } else { &mut files };
                list.insert(path);
                if list.len() > MOST {
                    list.pop_last();
                }
            }
        }
    }
    let owned = |list: BTreeSet<&str>| list.into_iter().map(str::to_owned).collect();
    Hints { plugins: owned(plugins), files: owned(files) }
}

fn path(text: &[u8]) -> Option<&str> {
    let path = std::str::from_utf8(text).ok().filter(|t| t.bytes().all(|b| b.is_ascii_graphic()))?;
    let root = ROOTS.iter().find(|r| path.starts_with(**r))?;
    let more = path.len() > root.len();
    (more && !OF_SOURCES.iter().any(|s| path.starts_with(s))).then_some(path)
}

fn is_plugin(path: &str, loads: bool) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let directory = loads && !name.contains('.') && OF_PLUGINS.iter().any(|d| path.starts_with(d));
    directory || name.ends_with(".so") || name.contains(".so.") && !name.starts_with("ld-linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_path_and_of_which_kind() {
        for (text, found, plugin) in [
            ("/etc/krb5.conf", true, false),
            ("/usr/lib/x86_64-linux-gnu/sasl2", true, true),
            ("/opt/x/y.so", true, true),
            ("/usr/lib/udev/hwdb.bin", true, false),
            ("/lib64/ld-linux-x86-64.so.2", true, false),
            ("/usr/share/zoneinfo/%s", true, false),
            ("/etc/", false, false),
            ("/etc/two words", false, false),
            ("/proc/self/maps", false, false),
            ("/usr/include/c++/12/bits/stl_vector.h", false, false),
            ("etc/x", false, false),
        ] {
            assert_eq!(path(text.as_bytes()).is_some(), found, "{text}");
            assert_eq!(found && is_plugin(text, true), plugin, "{text}");
        }
        assert!(!is_plugin("/usr/lib/systemd", false) && is_plugin("/usr/lib/x.so", false));
        assert_eq!(path(b"/etc/\xff"), None);
    }
}
