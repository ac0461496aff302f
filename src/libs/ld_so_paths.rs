//! Where ld.so(8) searches besides run paths and the environment: its cache and the built-in directories. Without a
//! cache, the directories of ld.so.conf, from which ldconfig(8) builds it.

use std::fs;
use std::path::{Path, PathBuf};

const CACHE: &str = "/etc/ld.so.cache";
const CONF: &str = "/etc/ld.so.conf";

/// How deeply `include` lines of ld.so.conf are followed.
const DEPTH: usize = 8;

/// `e_machine`, bits, Debian's multiarch directory, `$PLATFORM`.
const MACHINES: [(u16, u8, &str, &str); 6] = [
    (3, 32, "i386-linux-gnu", "i686"),
    (21, 64, "powerpc64le-linux-gnu", "power8"),
    (22, 64, "s390x-linux-gnu", "z900"),
    (62, 64, "x86_64-linux-gnu", "x86_64"),
    (183, 64, "aarch64-linux-gnu", "aarch64"),
    (243, 64, "riscv64-linux-gnu", ""),
];

/// This system's library directories for one machine type.
#[derive(Debug, Default)]
pub(super) struct SystemPaths {
    cache: Option<Vec<u8>>,
    /// Built-in directories in ld.so's order.
    pub dirs: Vec<PathBuf>,
    /// `$LIB`.
    pub lib: String,
    /// `$PLATFORM`.
    pub platform: &'static str,
}

impl SystemPaths {
    /// For an `e_machine` and 32 or 64 bits.
    pub(crate) fn of(machine: u16, bits: u8) -> SystemPaths {
        SystemPaths::read(Path::new(CACHE), Path::new(CONF), machine, bits)
    }

    fn read(cache: &Path, conf: &Path, machine: u16, bits: u8) -> SystemPaths {
        let known = MACHINES.iter().find(|m| (m.0, m.1) == (machine, bits));
        let multiarch = known.map(|m| format!("lib/{}", m.2)).filter(|dir| Path::new("/usr").join(dir).is_dir());
        let plain = if bits == 64 && Path::new("/usr/lib64").is_dir() { "lib64" } else { "lib" };
        let cache = fs::read(cache).ok().filter(|bytes| header(bytes).is_some());
        let mut dirs = Vec::new();
        if cache.is_none() {
            read_conf(conf, 0, &mut dirs);
        }
        let names = multiarch.as_deref().into_iter().chain(["lib64"].into_iter().filter(|_| bits == 64)).chain(["lib"]);
        dirs.extend(names.flat_map(|name| [Path::new("/").join(name), Path::new("/usr").join(name)]));
        SystemPaths { cache, dirs, lib: multiarch.unwrap_or(plain.to_owned()), platform: known.map_or("", |m| m.3) }
    }

    /// The files for a name in the cache's order.
    pub(crate) fn cached(&self, name: &str) -> Vec<PathBuf> {
        self.cache.as_deref().and_then(|bytes| entries(bytes, name)).unwrap_or_default()
    }
}

/// The cache from its header on, and the number of entries: `struct cache_file_new` of glibc's
/// `sysdeps/generic/dl-cache.h`, which may follow a table of an older format.
fn header(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let start = memchr::memmem::find(bytes, b"glibc-ld.so.cache1.1")?;
    let tables = bytes.get(start..)?;
    Some((tables, number(tables, 20)?))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_ne_bytes(four)).ok()
}

/// The paths for a name. An entry: flags, offset of the name, offset of the path, an unused number, 64 bits of
/// capabilities.
fn entries(bytes: &[u8], name: &str) -> Option<Vec<PathBuf>> {
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    let (tables, count) = header(bytes)?;
    let text = |at: usize| tables.get(at..)?.split(|b| *b == 0).next();
    let mut found = Vec::new();
    for entry in tables.get(HEADER..)?.chunks_exact(ENTRY).take(count) {
        if number(entry, 4).and_then(text) != Some(name.as_bytes()) {
            continue;
        }
        let path = number(entry, 8).and_then(text).map(|p| PathBuf::from(String::from_utf8_lossy(p).into_owned()));
        // Subdirectories by AT_HWCAP bits, which glibc 2.37 removed.
        let old = entry.get(16..).is_some_and(|h| h.iter().any(|b| *b != 0))
            && !path.as_ref().is_some_and(|p| p.components().any(|c| c.as_os_str() == "glibc-hwcaps"));
        found.extend(path.filter(|_| !old));
    }
    Some(found)
}

fn read_conf(file: &Path, depth: usize, dirs: &mut Vec<PathBuf>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    for line in text.lines().map(|l| l.split('#').next().unwrap_or_default().trim()) {
        match line.strip_prefix("include ") {
            Some(pattern) if depth < DEPTH => {
                let dir = file.parent().unwrap_or(Path::new("/"));
                let pattern = dir.join(pattern.trim()).to_string_lossy().into_owned();
                for included in glob::glob(&pattern).into_iter().flatten().flatten() {
                    read_conf(&included, depth + 1, dirs);
                }
            }
            Some(_) => {}
            None if line.starts_with('/') => dirs.push(line.into()),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache of names and paths, with the capabilities of each.
    fn cache(entries: &[(&str, &str, u64)]) -> Vec<u8> {
        let mut bytes = b"glibc-ld.so.cache1.1".to_vec();
        bytes.extend(u32::try_from(entries.len()).unwrap().to_ne_bytes());
        bytes.resize(48, 0);
        let mut strings = Vec::new();
        let base = 48 + 24 * entries.len();
        for (name, path, capabilities) in entries {
            let mut put = |text: &str| {
                let at = u32::try_from(base + strings.len()).unwrap();
                strings.extend(text.bytes().chain([0]));
                at
            };
            let (name, path) = (put(name), put(path));
            for number in [0x303, name, path, 0] {
                bytes.extend(u32::to_ne_bytes(number));
            }
            bytes.extend(capabilities.to_ne_bytes());
        }
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn the_cache_has_files_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cache");
        let bytes = cache(&[
            ("libq.so.1", "/l/glibc-hwcaps/x86-64-v3/libq.so.1", 1 << 62),
            ("libq.so.1", "/l/tls/libq.so.1", 1 << 63),
            ("libq.so.1", "/l/libq.so.1", 0),
            ("libq.so.10", "/l/libq.so.10", 0),
        ]);
        let read = || SystemPaths::read(&file, Path::new("/dev/null"), 62, 64);
        let mut old = b"ld.so-1.7.0\0\0\0\0\0".to_vec();
        old.extend(&bytes);
        for bytes in [&bytes, &old] {
            fs::write(&file, bytes).unwrap();
            let found = read().cached("libq.so.1");
            assert_eq!(found, ["/l/glibc-hwcaps/x86-64-v3/libq.so.1", "/l/libq.so.1"].map(PathBuf::from));
            assert!(read().cached("libq.so").is_empty());
        }
        for cut in 0..bytes.len() {
            fs::write(&file, &bytes[..cut]).unwrap();
            assert!(read().cached("libq.so.1").len() <= 2);
        }
    }

    #[test]
    fn without_a_cache_the_configuration_counts() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("conf"), "# comment\n/one # here\ninclude d/*.conf\nrelative\ninclude conf\n").unwrap();
        fs::write(at("d/2.conf"), "/three\n").unwrap();
        fs::write(at("d/1.conf"), "/two\n").unwrap();
        let paths = SystemPaths::read(&at("none"), &at("conf"), 62, 64);
        assert!(paths.dirs.starts_with(&["/one", "/two", "/three"].map(PathBuf::from)), "{paths:?}");
        assert!(paths.dirs.ends_with(&["/lib", "/usr/lib"].map(PathBuf::from)), "{paths:?}");
        fs::write(at("cache"), cache(&[])).unwrap();
        let paths = SystemPaths::read(&at("cache"), &at("conf"), 62, 64);
        assert!(!paths.dirs.contains(&"/one".into()), "{paths:?}");
    }
}
