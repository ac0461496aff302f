//! Archives that can't be linked: their members need symbols that the shared object beside them has inside, from
//! helper libraries that are installed nowhere (PostgreSQL's libpq.a, Debian's libselinux.a).
//!
//! What each archive lacks is kept in the cache, by the state of both files; whether the rest of a link has it is
//! looked up only where something is lacking.

use super::constructors;
use super::glibc;
use crate::convert::{GlibcSymbols, Library};
use crate::libs::library_file::{LibraryFile, LibraryFiles};
use crate::libs::supplier::ArchiveFacts;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// Raised whenever something else is kept.
const VERSION: u32 = 2;

/// What is kept of an archive.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ArchiveRecord {
    version: u32,
    archive: (PathBuf, u64, i64),
    twin: (PathBuf, u64, i64),
    lacks: BTreeSet<String>,
    constructors: bool,
}

fn stamp(path: &Path) -> Option<(PathBuf, u64, i64)> {
    let m = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((path.to_owned(), m.size(), m.mtime()))
}

/// What the members of an archive need that its shared object does not need from outside, and whether they have
/// constructors.
pub fn facts(archive: &LibraryFile, shared: &LibraryFile, dirs: &[PathBuf], cache: Option<&Path>) -> ArchiveFacts {
    let (Some(archive_stamp), Some(twin_stamp)) = (stamp(archive.path()), stamp(shared.path())) else {
        return ArchiveFacts::default();
    };
    let key = format!("{}\n{}", archive.path().display(), shared.path().display());
    let file =
        cache.map(|dir| dir.join("archives").join(format!("{:032x}.json", XxHash3_128::oneshot(key.as_bytes()))));
    let kept: Option<ArchiveRecord> = file.as_ref().and_then(|f| serde_json::from_slice(&fs::read(f).ok()?).ok());
    let held = kept.filter(|e| e.version == VERSION && e.archive == archive_stamp && e.twin == twin_stamp);
    if let Some(entry) = held {
        return ArchiveFacts { lacks: entry.lacks, constructors: entry.constructors };
    }
    let lacks = archive.look(|bytes| look(bytes, shared, dirs)).flatten().unwrap_or_default();
    let constructors = archive.look(constructors::has).unwrap_or_default();
    let entry = ArchiveRecord { version: VERSION, archive: archive_stamp, twin: twin_stamp, lacks, constructors };
    if let Some(file) = file {
        // Without a cache that can be written it is looked up each time.
        let _ = keep(&file, &entry);
    }
    ArchiveFacts { lacks: entry.lacks, constructors: entry.constructors }
}

fn keep(file: &Path, entry: &ArchiveRecord) -> std::io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    temporary.write_all(&serde_json::to_vec(entry)?)?;
    temporary.persist(file)?;
    Ok(())
}

/// Archives of the compiler that every link has.
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

/// Symbols that linkers make.
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

/// Those of the names that none of the archives defines.
pub fn still_lacking(lacks: &BTreeSet<String>, archives: &[Arc<LibraryFile>]) -> BTreeSet<String> {
    let mut names: BTreeSet<Vec<u8>> = lacks.iter().map(|n| n.as_bytes().to_vec()).collect();
    for archive in archives {
        if names.is_empty() {
            break;
        }
        remove_defined(&mut names, archive);
    }
    names.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect()
}
