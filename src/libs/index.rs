//! Which archive defines a symbol: looked up in the indexes of all archives along the search path, when a link has
//! failed. An archive's own index is read, not its members, so that a thousand archives take tens of milliseconds and
//! nothing has to be kept that could be out of date.

use super::{LinkedLibrary, SearchPath};
use object::read::archive::ArchiveFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// More than this many archives are not looked at.
const MOST: usize = 20_000;

/// For each symbol the first archive along the search path that defines it.
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

/// For each symbol the first two libraries of the link that define it, where there are two.
pub(crate) fn defined_twice<'l, 's>(
    symbols: impl Iterator<Item = &'s str>,
    libraries: &'l [LinkedLibrary],
) -> BTreeMap<String, [&'l LinkedLibrary; 2]> {
    let wanted: BTreeSet<&[u8]> = symbols.map(str::as_bytes).collect();
    let mut definers: BTreeMap<String, Vec<&LinkedLibrary>> = BTreeMap::new();
    for library in libraries {
        for symbol in defined(&library.path, &wanted).unwrap_or_default() {
            definers.entry(symbol).or_default().push(library);
        }
    }
    let twice = |(symbol, libraries): (String, Vec<&'l LinkedLibrary>)| match libraries[..] {
        [first, second, ..] => Some((symbol, [first, second])),
        _ => None,
    };
    definers.into_iter().filter_map(twice).collect()
}

/// Those of the symbols that an archive's index has.
fn defined(archive: &Path, wanted: &BTreeSet<&[u8]>) -> Option<Vec<String>> {
    let file = File::open(archive).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    // SAFETY: read only here, and only to give a hint.
    let data = unsafe { memmap2::Mmap::map(&file) }.ok()?;
    let index = ArchiveFile::parse(&*data).ok()?.symbols().ok()??;
    let names = index.flatten().map(|s| s.name()).filter(|n| wanted.contains(n));
    Some(names.map(|n| String::from_utf8_lossy(n).into_owned()).collect())
}
