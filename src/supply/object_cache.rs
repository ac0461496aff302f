//! Converted libraries in `$XDG_CACHE_HOME/staticcxx/converted/`: one archive each, named by a hash of its inputs,
//! written atomically; the least recently used are removed above a size limit.

use crate::files::{kept, write_atomic};
use object::read::archive::ArchiveFile;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The size limit, in bytes.
const LIMIT: u64 = 1 << 30;

/// Files used within this time may belong to a running link, and are not removed.
const IN_USE: Duration = Duration::from_secs(3600);

/// The file for a key in a cache directory.
pub(crate) fn file(dir: &Path, key: u128) -> PathBuf {
    file_by(kept::CONVERTED, dir, key)
}

fn file_by(sources: &str, dir: &Path, key: u128) -> PathBuf {
    dir.join("converted").join(format!("{sources}-{key:032x}.a"))
}

/// Whether a cached archive is complete; if so, it is marked as used.
pub(crate) fn take(file: &Path) -> bool {
    let Ok(opened) = File::options().read(true).open(file) else { return false };
    if !whole(&opened) {
        return false;
    }
    let now = SystemTime::now();
    let old =
        opened.metadata().and_then(|m| m.modified()).is_ok_and(|m| now.duration_since(m).is_ok_and(|d| d > IN_USE / 2));
    if old {
        // It is only removed earlier then.
        let _ = opened.set_modified(now);
    }
    true
}

fn whole(file: &File) -> bool {
    // SAFETY: files appear in the cache by renaming and are never modified.
    let Ok(data) = (unsafe { memmap2::Mmap::map(file) }) else { return false };
    let Ok(archive) = ArchiveFile::parse(&*data) else { return false };
    let mut members = 0;
    for member in archive.members() {
        if member.and_then(|m| m.data(&*data)).is_err() {
            return false;
        }
        members += 1;
    }
    members > 0
}

/// Adds an archive.
///
/// # Errors
/// A directory that can't be written; no partial file is left.
pub(crate) fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    write_atomic(file, bytes)?;
    trim(dir, LIMIT);
    Ok(())
}

/// Removes the least recently used files until the rest is below a limit.
fn trim(dir: &Path, limit: u64) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let facts = |e: fs::DirEntry| {
        let m = e.metadata().ok()?;
        Some((m.modified().ok()?, m.len(), e.path()))
    };
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries.flatten().filter_map(facts).collect();
    files.sort();
    let mut total: u64 = files.iter().map(|f| f.1).sum();
    for (time, size, path) in files {
        let recent = SystemTime::now().duration_since(time).is_ok_and(|d| d < IN_USE);
        if total <= limit || recent {
            break;
        }
        if fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive;

    #[test]
    fn only_whole_archives_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path(), 7);
        assert!(!take(&file));
        let bytes = archive::with_index(b"object", &["name"]).unwrap();
        put(&file, &bytes).unwrap();
        assert!(take(&file));
        for broken in [&bytes[..bytes.len() - 2], b"", b"!<arch>\n", b"\x7fELF"] {
            fs::write(&file, broken).unwrap();
            assert!(!take(&file), "{broken:?}");
        }
        assert!(put(Path::new("/proc/nowhere/x.a"), b"").is_err());
    }

    #[test]
    fn another_version_s_objects_have_other_names() {
        let dir = tempfile::tempdir().unwrap();
        let [ours, other] = [kept::CONVERTED, "0123456789abcdef"].map(|sources| file_by(sources, dir.path(), 7));
        put(&other, &archive::with_index(b"object", &["name"]).unwrap()).unwrap();
        assert_eq!(ours, file(dir.path(), 7));
        assert!(take(&other) && !take(&ours));
    }

    #[test]
    fn the_oldest_go_first_and_none_that_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        for (name, age) in [("old", 7200 * 3), ("older", 7200 * 4), ("new", 0)] {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_len(10).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        trim(dir.path(), 20);
        assert!(!dir.path().join("older").exists() && dir.path().join("old").exists());
        trim(dir.path(), 0);
        assert!(!dir.path().join("old").exists() && dir.path().join("new").exists());
    }
}
