//! The global symbols of objects and of the members of archives, as a linker sees them.

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A symbol's name.
pub type SymbolName = Vec<u8>;

/// The global symbols of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberSymbols {
    /// Defined, and only once in a program.
    pub strong: Vec<SymbolName>,
    /// Defined weakly, or in common storage.
    pub weak: Vec<SymbolName>,
    /// Undefined: the linker looks for them.
    pub needed: Vec<SymbolName>,
    /// Undefined and weak: null where nothing else brings them in.
    pub optional: Vec<SymbolName>,
    /// There is code that is compiled when it is linked (LTO), whose symbols are not these.
    pub compiled_later: bool,
}

impl MemberSymbols {
    /// Those of an object; none for what is no ELF object.
    pub fn of(bytes: &[u8]) -> Option<MemberSymbols> {
        if bytes.starts_with(b"BC\xc0\xde") {
            return Some(MemberSymbols { compiled_later: true, ..MemberSymbols::default() });
        }
        let object = object::File::parse(bytes).ok()?;
        let mut found = MemberSymbols::default();
        for symbol in object.symbols().filter(ObjectSymbol::is_global) {
            let name = symbol.name_bytes().ok()?;
            found.compiled_later |= name == b"__gnu_lto_slim";
            let list = match (symbol.is_undefined(), symbol.is_weak()) {
                (true, true) => &mut found.optional,
                (true, false) => &mut found.needed,
                (false, false) if !symbol.is_common() => &mut found.strong,
                (false, _) => &mut found.weak,
            };
            list.push(name.to_vec());
        }
        Some(found)
    }

    /// All names that it defines.
    pub fn defined(&self) -> impl Iterator<Item = &SymbolName> {
        self.strong.iter().chain(&self.weak)
    }
}

/// The objects among the members of an archive, or the one that the file is.
pub fn members(bytes: &[u8]) -> Vec<MemberSymbols> {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return MemberSymbols::of(bytes).into_iter().collect() };
    archive.members().flatten().filter_map(|m| MemberSymbols::of(m.data(bytes).ok()?)).collect()
}

/// The files that a thin archive names, relative to its directory.
pub fn thin_members(bytes: &[u8]) -> Vec<PathBuf> {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return Vec::new() };
    archive.members().flatten().map(|m| PathBuf::from(OsStr::from_bytes(m.name()))).collect()
}

/// The members of an archive that its index gives for one of the names.
pub fn members_with(bytes: &[u8], names: &BTreeSet<SymbolName>) -> Vec<MemberSymbols> {
    let found = || {
        let archive = ArchiveFile::parse(bytes).ok()?;
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for symbol in archive.symbols().ok()??.flatten().filter(|s| names.contains(s.name())) {
            if seen.insert(symbol.offset().0) {
                members.extend(MemberSymbols::of(archive.member(symbol.offset()).ok()?.data(bytes).ok()?));
            }
        }
        Some(members)
    };
    found().unwrap_or_default()
}

/// What an object or any member of an archive refers to weakly, and whether some of its code is compiled later.
pub fn optional(bytes: &[u8]) -> (BTreeSet<SymbolName>, bool) {
    let mut found = (BTreeSet::new(), false);
    let mut look = |bytes: &[u8]| {
        found.1 |= bytes.starts_with(b"BC\xc0\xde");
        let Ok(object) = object::File::parse(bytes) else { return };
        for symbol in object.symbols() {
            if symbol.is_undefined() && symbol.is_weak() {
                found.0.extend(symbol.name_bytes().ok().map(<[u8]>::to_vec));
            } else if symbol.is_common() {
                found.1 |= symbol.name_bytes() == Ok(b"__gnu_lto_slim");
            }
        }
    };
    match ArchiveFile::parse(bytes) {
        Ok(archive) => archive.members().flatten().filter_map(|m| m.data(bytes).ok()).for_each(&mut look),
        Err(_) => look(bytes),
    }
    found
}
