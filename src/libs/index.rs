//! Which archive defines a symbol: searched, after a failed link, in the symbol indexes of all archives along the
//! search path. ArchiveMembers are not read, so a thousand archives take tens of milliseconds and nothing needs caching.

use super::{LinkedLibrary, SearchPath};
use object::read::archive::ArchiveFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The most archives that are searched.
const MOST: usize = 20_000;

/// The first archive along the search path that defines each symbol.
pub(crate) fn definers<'a>(symbols: impl Iterator<Item = &'a str>, path: &SearchPath) -> BTreeMap<String, PathBuf> {
    let mut wanted: BTreeSet<&[u8]> = symbols.map(str::as_bytes).collect();
    let mut found = BTreeMap::new();
    let mut looked = 0;
    for dir in &path.dirs {
        let Ok(entries) = fs::read_dir(dir) else { continue };
        let mut archives: Vec<PathBuf> =
            entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "a")).collect();
        archives.sort();
        for archive in archives {
            looked += 1;
            if wanted.is_empty() || looked > MOST {
                return found;
            }
            for symbol in defined(&archive, &wanted).unwrap_or_default() {
                wanted.remove(symbol.as_bytes());
                found.insert(symbol, archive.clone());
            }
        }
    }
    found
}

/// The libraries of the link that define each symbol, in order.
pub(crate) fn defining<'l, 's>(
    symbols: impl Iterator<Item = &'s str>,
    libraries: &'l [LinkedLibrary],
) -> BTreeMap<String, Vec<&'l LinkedLibrary>> {
    let wanted: BTreeSet<&[u8]> = symbols.map(str::as_bytes).collect();
    let mut definers: BTreeMap<String, Vec<&LinkedLibrary>> = BTreeMap::new();
    for library in libraries {
        let mut names = defined(&library.path, &wanted).unwrap_or_default();
        names.sort();
        names.dedup();
        for symbol in names {
            definers.entry(symbol).or_default().push(library);
        }
    }
    definers
}

/// The symbols that an archive's symbol index contains.
fn defined(archive: &Path, wanted: &BTreeSet<&[u8]>) -> Option<Vec<String>> {
    let file = File::open(archive).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    // SAFETY: read for a hint only.
    let data = unsafe { memmap2::Mmap::map(&file) }.ok()?;
    let index = ArchiveFile::parse(&*data).ok()?.symbols().ok()??;
    let names = index.flatten().map(|s| s.name()).filter(|n| wanted.contains(n));
    Some(names.map(|n| String::from_utf8_lossy(n).into_owned()).collect())
}
