//! What distinguishes an archive from the shared object that it stands for: what its members lack, since they need symbols
//! that the shared object contains (PostgreSQL's libpq.a, Debian's libselinux.a); names that the shared object keeps to
//! itself; names that only the shared object has (Boost.Log); whether it has code at all (Debian's libguile-3.0.a has
//! nothing but stripped LTO objects), for any position or for a fixed one only, and constructors.
//!
//! All is cached by the state of both files.

use super::constructors;
use super::glibc;
use super::plugins::name_lookups;
use crate::convert::{GlibcSymbols, Library};
use crate::files::{Stamp, kept, read_sealed, write_atomic, write_sealed};
use crate::libs::library_file::{LibraryFile, LibraryFiles};
use crate::libs::member_symbols::{self, LooseSymbols, MemberSymbols, SymbolName};
use crate::libs::member_table::MemberTable;
use crate::libs::supplier::{ArchiveFacts, NameList};
use crate::libs::{callers, dynamic_symbols, pic, weak_bindings};
use object::read::archive::ArchiveFile;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// The cache entry of an archive.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ArchiveRecord {
    archive: Stamp,
    /// None for an archive that has no shared object.
    twin: Option<Stamp>,
    facts: ArchiveFacts,
}

/// The facts of an archive and its shared object, if it has one.
pub(crate) fn facts(
    archive: &LibraryFile,
    shared: Option<&LibraryFile>,
    dirs: &[PathBuf],
    cache: Option<&Path>,
) -> ArchiveFacts {
    let twin = shared.map(|s| Stamp::of(s.path()));
    let (Some(archive_stamp), false) = (Stamp::of(archive.path()), twin == Some(None)) else {
        return ArchiveFacts::default();
    };
    let twin = twin.flatten();
    let twin_path = shared.map_or(Path::new(""), LibraryFile::path);
    let file = cache.map(|dir| kept_in(dir, kept::ARCHIVE_FACTS, archive.path(), twin_path));
    let kept: Option<ArchiveRecord> = file.as_ref().and_then(|f| serde_json::from_slice(&read_sealed(f)?).ok());
    if let Some(entry) = kept.filter(|e| e.archive == archive_stamp && e.twin == twin) {
        let members = table_beside(&file, archive, &entry, false);
        return ArchiveFacts { members, ..entry.facts };
    }
    let facts = archive.look(|bytes| look(bytes, shared, dirs)).flatten().unwrap_or_default();
    let entry = ArchiveRecord { archive: archive_stamp, twin, facts };
    // Without a writable cache it is read each time.
    let kept = file.as_ref().is_some_and(|file| keep(file, &entry).is_ok());
    let members = if kept { table_beside(&file, archive, &entry, true) } else { None };
    ArchiveFacts { members, ..entry.facts }
}

/// The table of an archive's members, in the file next to its facts; written if there is none or the
/// archive is a new one. Code that is compiled when it is linked has no symbols of its own.
fn table_beside(
    facts: &Option<PathBuf>,
    archive: &LibraryFile,
    entry: &ArchiveRecord,
    new: bool,
) -> Option<(PathBuf, u128)> {
    let file = facts.as_ref().filter(|_| !entry.facts.compiled_later)?.with_extension("members");
    let key = XxHash3_128::oneshot(format!("{:?}", entry.archive).as_bytes());
    if new || !file.is_file() {
        let bytes = archive.look(|bytes| MemberTable::of(bytes, key))??;
        write_atomic(&file, &bytes).ok()?;
    }
    Some((file, key))
}

/// The cache file for an archive and its shared object.
fn kept_in(cache: &Path, sources: &str, archive: &Path, shared: &Path) -> PathBuf {
    let key = format!("{sources}\n{}\n{}", archive.display(), shared.display());
    cache.join("archives").join(format!("{:032x}.json", XxHash3_128::oneshot(key.as_bytes())))
}

fn keep(file: &Path, entry: &ArchiveRecord) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    write_sealed(file, &serde_json::to_vec(entry)?)
}

/// Archives of the compiler in every link.
const OF_COMPILERS: [&str; 4] = ["libgcc.a", "libgcc_eh.a", "libstdc++.a", "libc_nonshared.a"];

fn look(archive: &[u8], shared: Option<&LibraryFile>, dirs: &[PathBuf]) -> Option<ArchiveFacts> {
    ArchiveFile::parse(archive).ok().filter(|a| !a.is_thin())?;
    let members = member_symbols::members(archive);
    let LooseSymbols { weak, compiled_later, chosen, wide } = member_symbols::loose(archive);
    let optional = weak.iter().filter(|name| weak_bindings::may_be_bound(name));
    let mut facts = ArchiveFacts {
        constructors: constructors::has(archive),
        fixed: pic::has_fixed_code(archive),
        optional: NameList::of(optional.map(Vec::as_slice)),
        compiled_later,
        chosen,
        callers: callers::of_archive(archive),
        wide,
        lookups: Some(name_lookups::of_archive(archive, shared.and_then(LibraryFile::bytes))),
        ..ArchiveFacts::default()
    };
    let Some(shared) = shared else { return Some(facts) };
    let exported = shared.look(dynamic_symbols::exported).unwrap_or_default();
    let defined: HashSet<&[u8]> = members.iter().flat_map(MemberSymbols::defined).collect();
    // Compiled when it is linked: its symbols are not these.
    if !compiled_later {
        let strong = members.iter().flat_map(|m| &m.strong).copied().filter(|name| !exported.contains(*name));
        facts.private = NameList::of(strong);
        let only_shared = exported.iter().filter(|name| !defined.contains(name.as_slice()) && !of_linkers(name));
        facts.only_shared = NameList::of(only_shared.map(Vec::as_slice));
        facts.empty = defined.is_empty() && !facts.only_shared.is_empty();
        facts.starters = constructors::starters(archive);
        facts.unwinder = defined.contains(b"_Unwind_Resume".as_slice());
    }
    let of_members = members.iter().flat_map(|m| &m.needed).copied();
    let needed = of_members.filter(|n| !defined.contains(n) && !of_linkers(n)).map(<[u8]>::to_vec).collect();
    match lacking(needed, shared, dirs) {
        Some(lacks) => Some(ArchiveFacts { lacks, ..facts }),
        // A linker script in the place of a shared object.
        None => Some(ArchiveFacts { lookups: facts.lookups, callers: facts.callers, ..ArchiveFacts::default() }),
    }
}

fn text<'a>(names: impl Iterator<Item = &'a SymbolName>) -> BTreeSet<String> {
    names.filter_map(|n| String::from_utf8(n.clone()).ok()).collect()
}

/// Those of an archive's needs that neither its shared object nor glibc nor the compiler's libraries have an answer to.
fn lacking(mut needed: BTreeSet<SymbolName>, shared: &LibraryFile, dirs: &[PathBuf]) -> Option<BTreeSet<String>> {
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
    Some(text(needed.iter()))
}

/// Whether linkers define a symbol.
fn of_linkers(name: &[u8]) -> bool {
    const MADE: [&[u8]; 14] = [
        b"_init",
        b"_fini",
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
    let mut names: foldhash::HashSet<&[u8]> = lacks.iter().map(|n| n.as_bytes()).collect();
    for archive in archives {
        archive.look(|bytes| {
            let index = ArchiveFile::parse(bytes).and_then(|archive| archive.symbols()).ok().flatten();
            let mut defined = index.into_iter().flat_map(|index| index.flatten());
            while !names.is_empty()
                && let Some(symbol) = defined.next()
            {
                names.remove(symbol.name());
            }
        });
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
