//! Converted libraries in `$XDG_CACHE_HOME/staticcxx/converted/`: one archive each, named by a hash of its inputs,
//! written atomically; the least recently used are removed above a size limit.

use crate::files::{SEAL, is_sealed, kept, seal, seal_of, write_atomic};
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

/// Whether there is a cached archive as it was added; if so, its record is marked as used.
pub(crate) fn take(file: &Path) -> bool {
    let record = seal_of(file);
    if !is_sealed(&record, &[file]) {
        return false;
    }
    let now = SystemTime::now();
    let used = fs::metadata(&record).and_then(|m| m.modified());
    if used.is_ok_and(|time| now.duration_since(time).is_ok_and(|d| d > IN_USE / 2)) {
        // It is only removed earlier then.
        let _ = File::options().write(true).open(&record).and_then(|open| open.set_modified(now));
    }
    true
}

/// Adds an archive.
///
/// # Errors
/// A directory that can't be written; no partial file is left.
pub(crate) fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    write_atomic(file, bytes)?;
    seal(&seal_of(file), &[file.to_owned()])?;
    trim(dir, LIMIT);
    Ok(())
}

/// Removes the least recently used files until the rest is below a limit.
fn trim(dir: &Path, limit: u64) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let facts = |e: fs::DirEntry| {
        let (path, m) = (e.path(), e.metadata().ok()?);
        let archive = path.with_extension("a");
        // A record goes with its archive, or alone if that is gone.
        let used = match path.extension().is_some_and(|ending| ending == SEAL) {
            true if archive.exists() => return None,
            true => m.modified().ok()?,
            false => fs::metadata(seal_of(&path)).and_then(|r| r.modified()).or(m.modified()).ok()?,
        };
        Some((used, m.len(), path))
    };
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries.flatten().filter_map(facts).collect();
    files.sort();
    let mut total: u64 = files.iter().map(|f| f.1).sum();
    for (time, size, path) in files {
        let recent = SystemTime::now().duration_since(time).is_ok_and(|d| d < IN_USE);
        if total <= limit || recent {
            break;
        }
        if fs::remove_file(&path).is_ok() {
            total -= size;
            let _ = fs::remove_file(seal_of(&path));
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
        let mut edited = bytes.clone();
        edited[80] ^= 1;
        let other = archive::with_index(b"object", &["mane"]).unwrap();
        for broken in [&bytes[..bytes.len() - 2], b"", b"!<arch>\n", b"\x7fELF", &edited, &other] {
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
        let (sizes, at) = (10, |name: &str| dir.path().join(name));
        for (name, age) in [("old.a", 7200 * 3), ("older.a", 7200 * 4), ("used.a", 7200 * 5), ("new.a", 0)] {
            let file = File::create(at(name)).unwrap();
            file.set_len(sizes).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        // Made long ago and used just now; and a record of an archive that is gone.
        seal(&at("used.seal"), &[at("used.a")]).unwrap();
        fs::write(at("gone.seal"), "").unwrap();
        File::open(at("gone.seal")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let left = || ["old.a", "older.a", "used.a", "used.seal", "new.a", "gone.seal"].map(|name| at(name).exists());
        trim(dir.path(), 3 * sizes);
        assert_eq!(left(), [true, false, true, true, true, false]);
        trim(dir.path(), 0);
        assert_eq!(left(), [false, false, true, true, true, false]);
    }
}
