//! Incomplete archives: their members need symbols that the shared object contains, from helper libraries that are
//! not installed (PostgreSQL's libpq.a, Debian's libselinux.a).
//!
//! What each archive lacks is cached by the state of both files; the rest of the link is searched only if something is
//! lacking.

use super::constructors;
use super::glibc;
use crate::convert::{GlibcSymbols, Library};
use crate::files::{Stamp, kept, write_atomic};
use crate::libs::library_file::{LibraryFile, LibraryFiles};
use crate::libs::supplier::ArchiveFacts;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// The cache entry of an archive.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ArchiveRecord {
    archive: Stamp,
    twin: Stamp,
    lacks: BTreeSet<String>,
    constructors: bool,
}

/// The symbols that an archive's members need and its shared object does not import, and whether members have
/// constructors.
pub(crate) fn facts(
    archive: &LibraryFile,
    shared: &LibraryFile,
    dirs: &[PathBuf],
    cache: Option<&Path>,
) -> ArchiveFacts {
    let (Some(archive_stamp), Some(twin_stamp)) = (Stamp::of(archive.path()), Stamp::of(shared.path())) else {
        return ArchiveFacts::default();
    };
    let file = cache.map(|dir| kept_in(dir, kept::ARCHIVE_FACTS, archive.path(), shared.path()));
    let kept: Option<ArchiveRecord> = file.as_ref().and_then(|f| serde_json::from_slice(&fs::read(f).ok()?).ok());
    let held = kept.filter(|e| e.archive == archive_stamp && e.twin == twin_stamp);
    if let Some(entry) = held {
        return ArchiveFacts { lacks: entry.lacks, constructors: entry.constructors };
    }
    let lacks = archive.look(|bytes| look(bytes, shared, dirs)).flatten().unwrap_or_default();
    let constructors = archive.look(constructors::has).unwrap_or_default();
    let entry = ArchiveRecord { archive: archive_stamp, twin: twin_stamp, lacks, constructors };
    if let Some(file) = file {
        // Without a writable cache it is read each time.
        let _ = keep(&file, &entry);
    }
    ArchiveFacts { lacks: entry.lacks, constructors: entry.constructors }
}

/// The cache file for an archive and its shared object.
fn kept_in(cache: &Path, sources: &str, archive: &Path, shared: &Path) -> PathBuf {
    let key = format!("{sources}\n{}\n{}", archive.display(), shared.display());
    cache.join("archives").join(format!("{:032x}.json", XxHash3_128::oneshot(key.as_bytes())))
}

fn keep(file: &Path, entry: &ArchiveRecord) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    write_atomic(file, &serde_json::to_vec(entry)?)
}

/// Archives of the compiler in every link.
const OF_COMPILERS: [&str; 4] = ["libgcc.a", "libgcc_eh.a", "libstdc++.a", "libc_nonshared.a"];

fn look(archive: &[u8], shared: &LibraryFile, dirs: &[PathBuf]) -> Option<BTreeSet<String>> {
    let members = ArchiveFile::parse(archive).ok().filter(|a| !a.is_thin())?;
    let (mut needed, mut defined) = (BTreeSet::new(), BTreeSet::new());
    for member in members.members().flatten() {
        let Ok(object) = object::File::parse(member.data(archive).ok()?) else { continue };
        for symbol in object.symbols().filter(|s| s.is_global()) {
            let name = symbol.name_bytes().ok()?;
            if !symbol.is_undefined() {
                defined.insert(name.to_vec());
            } else if !symbol.is_weak() && !of_linkers(name) {
                needed.insert(name.to_vec());
            }
        }
    }
    needed.retain(|n| !defined.contains(n));
    shared.look(|bytes| {
        let library = Library::read(bytes).ok()?;
        for symbol in library.symbols.iter().filter(|s| !s.defined()) {
            needed.remove(symbol.name);
        }
        Some(())
    })??;
    if !needed.is_empty() {
        let libc: GlibcSymbols = glibc::libc(dirs);
        needed.retain(|n| !libc.has(n));
        for name in OF_COMPILERS {
            let found = dirs.iter().map(|d| d.join(name)).find(|p| p.is_file());
            let archive = found.and_then(|path| LibraryFiles::default().get(&path));
            archive.iter().for_each(|archive| remove_defined(&mut needed, archive));
        }
    }
    Some(needed.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect())
}

/// Whether linkers define a symbol.
fn of_linkers(name: &[u8]) -> bool {
    const MADE: [&[u8]; 12] = [
        b"_GLOBAL_OFFSET_TABLE_",
        b"__dso_handle",
        b"_DYNAMIC",
        b"__ehdr_start",
        b"_end",
        b"end",
        b"_etext",
        b"etext",
        b"_edata",
        b"edata",
        b"__bss_start",
        b"main",
    ];
    MADE.contains(&name) || name.starts_with(b"__start_") || name.starts_with(b"__stop_")
}

fn remove_defined(names: &mut BTreeSet<Vec<u8>>, archive: &LibraryFile) {
    archive.look(|bytes| {
        let Ok(parsed) = ArchiveFile::parse(bytes) else { return };
        if let Ok(Some(index)) = parsed.symbols() {
            for symbol in index.flatten() {
                names.remove(symbol.name());
            }
        }
    });
}

/// The names that none of the archives defines.
pub(crate) fn still_lacking(lacks: &BTreeSet<String>, archives: &[Arc<LibraryFile>]) -> BTreeSet<String> {
    let mut names: BTreeSet<Vec<u8>> = lacks.iter().map(|n| n.as_bytes().to_vec()).collect();
    for archive in archives {
        if names.is_empty() {
            break;
        }
        remove_defined(&mut names, archive);
    }
    names.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_keeps_its_own_facts() {
        let [archive, shared] = ["/l/libq.a", "/l/libq.so"].map(Path::new);
        let file = |sources| kept_in(Path::new("/c"), sources, archive, shared);
        assert_eq!(file(kept::ARCHIVE_FACTS), file(kept::ARCHIVE_FACTS));
        assert_ne!(file(kept::ARCHIVE_FACTS), file("0123456789abcdef"));
    }
}
