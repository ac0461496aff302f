//! What is in the cache: kinds, sizes and ages, and what of it goes.

use crate::files::in_use;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;

/// The kinds: the name of the directory, and what is in it.
const KINDS: [(&str, &str); 12] = [
    ("archives", "how archives differ from their shared objects"),
    ("build", "names of compilers for `staticctl run`; toolchains that are being built"),
    ("converted", "converted shared objects"),
    ("hardening", "how the members of archives were compiled"),
    ("lines", "linker lines of compilers"),
    ("locks", "who is finding something out"),
    ("packages", "which package has which file"),
    ("probe", "what compilers can do, with the repairs of glibc"),
    ("sizes", "what programs were made of, for `staticctl size`"),
    ("told", "what was said already"),
    ("trials", "what works with a compiler"),
    ("other", "of other versions"),
];

/// Directories whose paths build directories remember, and that a build uses as long as it runs.
pub(crate) const BUILD: &str = "build";

/// The facts of a compiler have their files in a directory of another name.
const FACTS: &str = "probe";
const REPAIRS: &str = "repairs";

const OTHER: &str = "other";

/// How long ago something may say that it was used for the last time and still be used by a link that runs: uses are noted
/// once a day.
const IN_USE: Duration = Duration::from_secs(25 * 3600);

/// How long a remover waits for a moment without links.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something that is there as a whole or not at all.
#[derive(Debug, Clone)]
pub(crate) struct KeptEntry {
    kind: String,
    /// Its files and directories.
    paths: Vec<PathBuf>,
    files: u64,
    bytes: u64,
    used: SystemTime,
}

/// A row of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct KeptKind {
    pub kind: String,
    pub what: &'static str,
    pub files: u64,
    pub bytes: u64,
    /// Seconds since the least recently used was used.
    pub oldest: u64,
    /// Seconds since the last use.
    pub newest: u64,
}

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal<'a> {
    /// All of it, or a kind.
    All(Option<&'a str>),
    /// What was not used for so long, and then the least recently used until the rest is small enough, in bytes.
    Unused { older_than: Option<Duration>, max_size: Option<u64> },
}

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Removed {
    pub files: u64,
    pub bytes: u64,
    /// What stays since a running link or build may use it.
    pub in_use: u64,
    /// What can't be removed, and why.
    pub failed: Vec<(PathBuf, String)>,
}

/// The names of all kinds that there can be.
pub(crate) fn kind_names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, _)| *kind)
}

/// All entries of a cache.
///
/// # Errors
/// It can't be read. One that is not there is empty.
pub(crate) fn entries(cache: &Path) -> io::Result<Vec<KeptEntry>> {
    let mut by_name: BTreeMap<(String, String), KeptEntry> = BTreeMap::new();
    for top in listed(cache)? {
        let name = text(&top);
        let kind = match name.as_str() {
            REPAIRS => FACTS,
            name if name != OTHER && kind_names().any(|kind| kind == name) => name,
            _ => OTHER,
        };
        let is_kind = kind != OTHER && fs::symlink_metadata(&top).is_ok_and(|m| m.is_dir());
        // What one thing is made of has one name, but for its ending.
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let parts = if is_kind { listed(&top)? } else { vec![top] };
        for path in parts {
            let key = if is_kind { stem(&path) } else { text(&path) };
            let entry = by_name.entry((kind.to_owned(), key)).or_insert_with(|| KeptEntry::new(kind));
            entry.add(path);
        }
    }
    Ok(by_name.into_values().collect())
}

fn listed(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(all) => Ok(all.flatten().map(|entry| entry.path()).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(io::Error::new(e.kind(), format!("`{}`: {e}", dir.display()))),
    }
}

fn text(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl KeptEntry {
    fn new(kind: &str) -> KeptEntry {
        KeptEntry { kind: kind.to_owned(), paths: Vec::new(), files: 0, bytes: 0, used: SystemTime::UNIX_EPOCH }
    }

    /// Adds a file or a directory with all that is in it; one that vanishes meanwhile counts for nothing.
    fn add(&mut self, path: PathBuf) {
        let found = WalkDir::new(&path).follow_root_links(false).into_iter().flatten();
        let states: Vec<Metadata> = found.filter_map(|entry| entry.metadata().ok()).collect();
        // A directory changes when something in it goes: only of an empty one it tells the age.
        let is_empty = states.iter().all(Metadata::is_dir);
        for state in states.iter().filter(|state| is_empty || !state.is_dir()) {
            self.used = self.used.max(state.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            self.files += u64::from(!is_empty);
            self.bytes += if is_empty { 0 } else { taken(state) };
        }
        self.paths.push(path);
    }

    fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.used).unwrap_or_default()
    }
}

/// The bytes that a file takes: of one with several names its share.
fn taken(state: &Metadata) -> u64 {
    state.len() / std::os::unix::fs::MetadataExt::nlink(state).max(1)
}

/// The kinds that there are, in the order of their names.
pub(crate) fn kinds(entries: &[KeptEntry]) -> Vec<KeptKind> {
    let now = SystemTime::now();
    let mut rows: BTreeMap<&str, KeptKind> = BTreeMap::new();
    for entry in entries {
        let age = entry.age(now).as_secs();
        let row = rows.entry(&entry.kind).or_insert_with(|| KeptKind {
            kind: entry.kind.clone(),
            what: KINDS.iter().find(|(kind, _)| *kind == entry.kind).map_or("", |(_, what)| what),
            newest: u64::MAX,
            ..KeptKind::default()
        });
        row.files += entry.files;
        row.bytes += entry.bytes;
        row.oldest = row.oldest.max(age);
        row.newest = row.newest.min(age);
    }
    rows.into_values().collect()
}

/// The entries that go, the least recently used first. Directories that builds remember go only if they are asked for.
fn chosen(mut entries: Vec<KeptEntry>, removal: Removal<'_>, now: SystemTime) -> Vec<KeptEntry> {
    let (older_than, max_size) = match removal {
        Removal::All(kind) => {
            entries.retain(|entry| kind.is_none_or(|kind| entry.kind == kind));
            return entries;
        }
        Removal::Unused { older_than, max_size } => (older_than, max_size),
    };
    let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    entries.retain(|entry| entry.kind != BUILD);
    entries.sort_by_key(|entry| entry.used);
    entries.retain(|entry| {
        let old = older_than.is_some_and(|limit| entry.age(now) > limit);
        let goes = old || max_size.is_some_and(|limit| total > limit);
        if goes {
            total -= entry.bytes;
        }
        goes
    });
    entries
}

/// Removes what is to go, or, if it is `dry`, only tells what that would be. While links or builds run, what they may use
/// stays.
///
/// # Errors
/// The cache can't be read.
pub(crate) fn remove(cache: &Path, removal: Removal<'_>, dry: bool) -> io::Result<Removed> {
    let cache_lock = if dry { None } else { in_use::alone(cache, PATIENCE) };
    let build = cache.join(BUILD);
    let build_lock = if dry { None } else { in_use::alone(&build, Duration::ZERO) };
    let (free, no_builds) = (dry || cache_lock.is_some(), dry || build_lock.is_some() || !build.exists());
    let now = SystemTime::now();
    let mut removed = Removed::default();
    for entry in chosen(entries(cache)?, removal, now) {
        let may_go = if entry.kind == BUILD { no_builds } else { free || entry.age(now) > IN_USE };
        if !may_go {
            removed.in_use += entry.files;
            continue;
        }
        let failed: Vec<(PathBuf, String)> = match dry {
            true => Vec::new(),
            false => {
                entry.paths.iter().filter_map(|path| Some((path.clone(), gone(path).err()?.to_string()))).collect()
            }
        };
        if failed.is_empty() {
            removed.files += entry.files;
            removed.bytes += entry.bytes;
        }
        removed.failed.extend(failed);
    }
    Ok(removed)
}

/// Removes a file, a link or a directory; one that is gone is no error.
fn gone(path: &Path) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
    match if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn cache(files: &[(&str, usize, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes, days) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, vec![b'x'; *bytes]).unwrap();
            File::open(&path).unwrap().set_modified(SystemTime::now() - DAY * *days).unwrap();
        }
        dir
    }

    fn unused(days: Option<u32>, max_size: Option<u64>) -> Removal<'static> {
        Removal::Unused { older_than: days.map(|days| DAY * days), max_size }
    }

    const FILES: [(&str, usize, u32); 8] = [
        ("probe/a.json", 10, 50),
        ("repairs/a/x.ar", 100, 60),
        ("repairs/a/y.ar", 100, 60),
        ("converted/b.a", 1000, 40),
        ("converted/b.seal", 10, 2),
        ("lines/c.json", 5, 10),
        ("build/d/bin/gcc", 7, 90),
        ("of-another-version", 3, 70),
    ];

    #[test]
    fn what_belongs_together_goes_together_and_the_oldest_first() {
        let left = |removal| {
            let dir = cache(&FILES);
            let all = entries(dir.path()).unwrap().len();
            let went = chosen(entries(dir.path()).unwrap(), removal, SystemTime::now());
            let names: Vec<String> = went.iter().map(|entry| entry.kind.clone()).collect();
            assert_eq!(all, 5);
            names
        };
        assert_eq!(left(unused(Some(30), None)), ["other", "probe"]);
        assert_eq!(left(unused(Some(5), None)), ["other", "probe", "lines"]);
        assert_eq!(left(unused(None, Some(1100))), ["other", "probe"]);
        assert_eq!(left(unused(None, Some(0))), ["other", "probe", "lines", "converted"]);
        assert_eq!(left(unused(None, None)), [""; 0]);
        assert_eq!(left(Removal::All(Some("build"))), ["build"]);
        assert_eq!(left(Removal::All(None)).len(), 5);
    }

    #[test]
    fn the_table_counts_everything_once() {
        let dir = cache(&FILES);
        let rows = kinds(&entries(dir.path()).unwrap());
        let row = |kind: &str| rows.iter().find(|row| row.kind == kind).unwrap();
        assert_eq!((row("probe").files, row("probe").bytes, row("probe").oldest / 86400), (3, 210, 50));
        assert_eq!((row("converted").files, row("converted").newest / 86400), (2, 2));
        assert_eq!(rows.iter().map(|row| row.files).sum::<u64>(), 8);
        assert_eq!(kinds(&entries(&dir.path().join("none")).unwrap()), []);
    }

    #[test]
    fn what_a_link_may_use_stays() {
        let dir = cache(&FILES);
        let in_a_link = in_use::share(dir.path());
        let in_a_build = in_use::share(&dir.path().join(BUILD));
        let removed = remove(dir.path(), Removal::All(None), false).unwrap();
        assert_eq!((removed.files, removed.in_use, removed.failed.len()), (7, 1, 0), "{removed:?}");
        assert!(dir.path().join("build/d/bin/gcc").exists() && !dir.path().join("repairs/a/x.ar").exists());
        fs::write(dir.path().join("lines/new.json"), "x").unwrap();
        let removed = remove(dir.path(), unused(Some(0), None), false).unwrap();
        assert_eq!((removed.files, removed.in_use), (0, 1));
        drop((in_a_link, in_a_build));
        assert_eq!(remove(dir.path(), Removal::All(None), true).unwrap().files, 2);
        assert_eq!(remove(dir.path(), Removal::All(None), false).unwrap().files, 2);
        assert_eq!(entries(dir.path()).unwrap().len(), 0);
    }

    #[test]
    fn links_in_a_cache_are_not_followed() {
        let (dir, elsewhere) = (cache(&[("lines/a.json", 1, 1)]), cache(&[("x", 1, 1)]));
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("lines/b")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("trials")).unwrap();
        remove(dir.path(), Removal::All(None), false).unwrap();
        assert!(elsewhere.path().join("x").exists() && !dir.path().join("trials").is_symlink());
    }
}
