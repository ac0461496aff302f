//! Removes cache files that were not used for a month, left by other versions of this program, other compilers and
//! other options. Done when a compiler is probed, which is rare and slow anyway.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 3600);
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Directories with independent files, each rebuilt in milliseconds, or by a link (`sizes`).
const SMALL: [&str; 8] = ["lines", "archives", "trials", "told", "locks", "hardening", "packages", "sizes"];

/// Marks a file as used, at most once a day: not every file system records access times.
pub(super) fn note_use(file: &Path) {
    if is_older(file, DAY)
        && let Ok(open) = File::options().write(true).open(file)
    {
        // In a read-only cache nothing is removed either.
        let _ = open.set_modified(SystemTime::now());
    }
}

/// Removes files that were not used for a month from a cache directory. Errors are ignored.
pub(super) fn sweep(cache: &Path) {
    for file in SMALL.iter().flat_map(|kind| entries(&cache.join(kind))).chain(entries(&cache.join("probe"))) {
        if is_older(&file, UNUSED) {
            let _ = fs::remove_file(file);
        }
    }
    for dir in entries(&cache.join("repairs")) {
        // The facts name the archives, and are marked as used for both.
        let facts = dir.file_name().map(|name| cache.join("probe").join(name).with_extension("json"));
        let fresh = entries(&dir).iter().any(|file| !is_older(file, UNUSED));
        if !fresh && is_older(&dir, UNUSED) && facts.is_some_and(|facts| !facts.exists()) {
            let _ = fs::remove_dir_all(dir);
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect()
}

/// Whether a file was modified longer ago than `age`; not for one that is gone or from the future.
fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|m| m.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|since| since > age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aged(path: &Path, age: Duration) {
        File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn only_what_is_unused_goes() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let file = |name: &str, age| {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "x").unwrap();
            aged(&at(name), age);
        };
        let old = UNUSED + DAY;
        for name in ["probe/old.json", "lines/old.json", "archives/old.json", "repairs/old/a.a", "repairs/kept/a.a"] {
            file(name, old);
        }
        for name in ["probe/kept.json", "lines/new.json", "repairs/half/new.a", "shims/x"] {
            file(name, DAY);
        }
        file("repairs/half/old.a", old);
        file("shims/old", old);
        ["repairs/old", "repairs/kept", "repairs/half"].iter().for_each(|dir| aged(&at(dir), old));
        sweep(dir.path());
        for gone in ["probe/old.json", "lines/old.json", "archives/old.json", "repairs/old"] {
            assert!(!at(gone).exists(), "{gone}");
        }
        let stay = ["probe/kept.json", "lines/new.json", "repairs/kept/a.a", "repairs/half/old.a", "shims/old"];
        assert!(stay.iter().all(|name| at(name).exists()));
    }

    #[test]
    fn use_is_noted_once_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("facts");
        fs::write(&file, "x").unwrap();
        aged(&file, UNUSED + DAY);
        note_use(&file);
        assert!(!is_older(&file, Duration::from_secs(60)));
        aged(&file, DAY / 2);
        note_use(&file);
        assert!(is_older(&file, Duration::from_secs(60)));
    }
}
