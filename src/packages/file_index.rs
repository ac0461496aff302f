//! Which package has which file that programs are linked with, kept between calls: the package managers' own lists take
//! longer to read than a link.
//!
//! The kept file is text, sorted by line, so that a look-up is a search in it: `FPATH<TAB>LIST` for a file,
//! `LLIST<TAB>RECORD` for a package, and a first line with the stamps of the databases that it is from.

use super::listed_files::ListedFiles;
use super::{Package, apk, dpkg, rpm};
use crate::files::{Stamp, kept, read_sealed, write_sealed};
use crate::settings::Settings;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How the name of the kept file begins. The rest says which sources wrote it, so that two versions of this program do not
/// replace each other's.
const NAME: &str = "linked-files";

/// An index in memory.
#[derive(Debug)]
pub(crate) struct FileIndex(Vec<u8>);

impl FileIndex {
    /// The index of this machine's databases: the kept one, or a new one.
    pub(super) fn of_machine(settings: &Settings) -> Option<FileIndex> {
        let dir = settings.cache_dir.as_deref()?.join("packages");
        let stamps = stamps();
        let place = dir.join(format!("{NAME}-{}", kept::PACKAGES));
        if let Some(kept) = read_sealed(&place).map(FileIndex).filter(|index| index.has_line(&stamps)) {
            return Some(kept);
        }
        let mut listed = dpkg::linked_files(Path::new(dpkg::ROOT));
        for other in [apk::installed().map(|text| apk::linked_files(&text)), rpm::linked_files(settings)] {
            listed.add(other.unwrap_or_default());
        }
        let index = FileIndex::new(&stamps, &listed);
        // Without it the next link reads the lists again.
        let stored = std::fs::create_dir_all(&dir).and_then(|()| write_sealed(&place, &index.0));
        if let Err(error) = stored {
            log::debug!("{} can't be kept: {error}", place.display());
        }
        Some(index)
    }

    fn new(stamps: &str, listed: &ListedFiles) -> FileIndex {
        let mut lines = vec![stamps.as_bytes().to_vec()];
        let fit = |bytes: &[u8]| !bytes.iter().any(|b| matches!(b, b'\n' | b'\t'));
        for (path, key) in listed.files.iter().filter(|(path, key)| fit(path) && fit(key.as_bytes())) {
            lines.push([b"F", path.as_slice(), b"\t", key.as_bytes()].concat());
        }
        for (key, package) in listed.packages.iter().filter(|(key, _)| fit(key.as_bytes())) {
            if let Ok(record) = serde_json::to_vec(package) {
                lines.push([b"L", key.as_bytes(), b"\t", &record].concat());
            }
        }
        lines.sort();
        FileIndex(lines.join(&b'\n'))
    }

    /// The package of a file under one of the names that lists may use for it.
    pub(super) fn owner(&self, spellings: &[PathBuf]) -> Option<Package> {
        let key = spellings.iter().find_map(|path| self.value(b'F', path.as_os_str().as_encoded_bytes()))?;
        serde_json::from_slice(self.value(b'L', key)?).ok()
    }

    /// All archives that packages have, with their packages.
    pub(super) fn archives(&self) -> Vec<(PathBuf, Package)> {
        let files = self.0.split(|b| *b == b'\n').filter_map(|line| line.strip_prefix(b"F"));
        let archive = |line: &[u8]| {
            let (path, key) = line.split_at(memchr::memchr(b'\t', line)?);
            let package = self.value(b'L', key.get(1..)?)?;
            let path = path.ends_with(b".a").then(|| PathBuf::from(OsStr::from_bytes(path)))?;
            Some((path, serde_json::from_slice(package).ok()?))
        };
        files.filter_map(archive).collect()
    }

    fn has_line(&self, line: &str) -> bool {
        self.0.split(|b| *b == b'\n').next() == Some(line.as_bytes())
    }

    /// What is behind the tab of the line with this key.
    fn value(&self, kind: u8, key: &[u8]) -> Option<&[u8]> {
        let wanted = [&[kind], key, b"\t"].concat();
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let before = self.0.get(low..middle)?;
            let start = memchr::memrchr(b'\n', before).map_or(low, |at| low + at + 1);
            let rest = self.0.get(start..)?;
            let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
            if let Some(value) = line.strip_prefix(wanted.as_slice()) {
                return Some(value);
            }
            match line < wanted.as_slice() {
                true => low = start + line.len() + 1,
                false => high = start,
            }
        }
        None
    }
}

/// The first line: it sorts before all others.
fn stamps() -> String {
    const DATABASES: [&str; 8] = [
        "/var/lib/dpkg/status",
        "/var/lib/dpkg/info",
        "/var/lib/dpkg/diversions",
        "/lib/apk/db/installed",
        "/usr/lib/apk/db/installed",
        "/var/lib/rpm/rpmdb.sqlite",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite",
        "/var/lib/rpm/Packages",
    ];
    let mut line = format!("#{}", kept::PACKAGES);
    for database in DATABASES {
        let _ = write!(line, " {:?}", Stamp::of(Path::new(database)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::package::tests::package;
    use super::*;

    fn listed(count: usize) -> ListedFiles {
        let mut listed = ListedFiles::default();
        for number in 0..count {
            let key = format!("p{number}:amd64");
            listed.files.insert(format!("/usr/lib/lib{number}.a").into(), key.clone());
            listed.packages.insert(key, package(Format::Deb, &format!("p{number}"), "1:2-3", "p", "2-3"));
        }
        listed
    }

    #[test]
    fn every_file_is_found_and_no_other() {
        for count in [0usize, 1, 2, 3, 10, 1000] {
            let index = FileIndex::new("#stamp", &listed(count));
            assert!(index.has_line("#stamp") && !index.has_line("#stam") && !index.has_line(""));
            for number in 0..count {
                let owner = index.owner(&["/none.a".into(), format!("/usr/lib/lib{number}.a").into()]).unwrap();
                assert_eq!(owner.name, format!("p{number}"));
            }
            for path in ["/usr/lib/lib.a", "/usr/lib/lib0.", "/usr/lib/lib1000.a", "", "#stamp", "/zzz"] {
                assert_eq!(index.owner(&[path.into()]), None, "{count} {path}");
            }
        }
    }

    #[test]
    fn what_would_break_a_line_is_left_out() {
        let mut listed = listed(1);
        listed.files.insert(b"/usr/lib/a\nb.a".to_vec(), "p0:amd64".into());
        let index = FileIndex::new("#stamp", &listed);
        assert_eq!(index.0.split(|b| *b == b'\n').count(), 3);
    }
}
