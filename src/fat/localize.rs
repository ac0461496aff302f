//! Adapts the symbols of a relocatable object to what ld.so would see of the shared object linked from it.
//!
//! | symbol of the object | the shared object | becomes |
//! |---|---|---|
//! | defined | exports it | weak, so that it can be pre-empted as by ld.so |
//! | defined | exports it and binds its own references (`-Bsymbolic`, protected) | local, with a weak alias |
//! | defined | does not export it | local |
//! | defined in a COMDAT group | does not export it | unchanged: the group may be discarded for another copy |
//! | undefined, common or local | | unchanged |
//!
//! Locals precede the others in a symbol table (System V ABI, "Symbol Table"), so the table is reordered, and
//! relocations, groups and extended section indexes are adapted.

use super::appended::ElfFormat;
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym, SymbolTable};
use object::{Endian, Endianness, elf};
use std::collections::HashSet;

/// Which references of the library to its own exported symbols can't be pre-empted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Symbolic {
    /// Only those to protected symbols.
    #[default]
    No,
    /// `-Bsymbolic-functions`.
    Functions,
    /// `-Bsymbolic`.
    All,
}

/// Why an object can't be edited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalizeError {
    /// Malformed ELF structures.
    #[error("the relocatable object can't be read: {0}")]
    Read(#[from] object::Error),
    /// An unsupported kind of object.
    #[error("the relocatable object is not supported: {0}")]
    Unknown(&'static str),
}

/// Edits an object. `exported` holds the names in the shared object's dynamic symbol table, without versions.
///
/// # Errors
/// Not a relocatable object with a symbol table, or one for a machine with special relocations.
pub(crate) fn localize(
    object: &[u8],
    exported: &HashSet<Vec<u8>>,
    symbolic: Symbolic,
) -> Result<Vec<u8>, LocalizeError> {
    match object.get(..5) {
        Some(b"\x7fELF\x02") => edit::<elf::FileHeader64<Endianness>>(object, exported, symbolic),
        Some(b"\x7fELF\x01") => edit::<elf::FileHeader32<Endianness>>(object, exported, symbolic),
        _ => Err(LocalizeError::Unknown("no ELF header")),
    }
}

/// SHT_LLVM_CALL_GRAPH_PROFILE, by its old and its new number, and SHT_LLVM_ADDRSIG (LLVM's ELF.h).
const HINTS: [u32; 3] = [0x6fff_4c02, 0x6fff_4c03, 0x6fff_4c09];

/// One entry of the new table.
struct SymbolEntry {
    bytes: Vec<u8>,
    section: u32,
    local: bool,
    /// Index in the old table; none for an alias.
    old: Option<usize>,
}

/// The object that is edited.
struct SymbolEdit<'a, Elf: FileHeader<Endian = Endianness>> {
    data: &'a [u8],
    header: &'a Elf,
    layout: ElfFormat,
    sections: SectionTable<'a, Elf, &'a [u8]>,
    symbols: SymbolTable<'a, Elf, &'a [u8]>,
    /// Sections of COMDAT groups.
    groups: HashSet<u32>,
}

fn edit<Elf: FileHeader<Endian = Endianness>>(
    data: &[u8],
    exported: &HashSet<Vec<u8>>,
    symbolic: Symbolic,
) -> Result<Vec<u8>, LocalizeError> {
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    if header.e_type(endian) != elf::ET_REL {
        return Err(LocalizeError::Unknown("it has another ELF type"));
    }
    // MIPS packs three relocation types into one entry.
    if header.e_machine(endian) == elf::EM_MIPS {
        return Err(LocalizeError::Unknown("its machine has special relocations"));
    }
    let sections = header.sections(endian, data)?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB)?;
    let groups = comdat_members::<Elf>(&sections, endian, data)?;
    let layout = ElfFormat { wide: header.is_type_64(), endian };
    let edit = SymbolEdit { data, header, layout, sections, symbols, groups };
    let entries = edit.entries(exported, symbolic)?;
    edit.write(&entries)
}

impl<Elf: FileHeader<Endian = Endianness>> SymbolEdit<'_, Elf> {
    /// The new symbol table: locals first. The order is kept among locals, which follow their STT_FILE symbols, and
    /// among globals.
    fn entries(&self, exported: &HashSet<Vec<u8>>, symbolic: Symbolic) -> Result<Vec<SymbolEntry>, LocalizeError> {
        let endian = self.layout.endian;
        let mut entries: Vec<SymbolEntry> = Vec::with_capacity(self.symbols.len());
        for (index, symbol) in self.symbols.enumerate() {
            let section = self.symbols.shndx(endian, index);
            let raw = object::pod::bytes_of(symbol).to_vec();
            let keep = |local: bool| SymbolEntry {
                bytes: raw.clone(),
                section: section.unwrap_or(0),
                local,
                old: Some(index.0),
            };
            let bound = symbol.st_bind();
            let special = symbol.st_shndx(endian);
            if bound == elf::STB_LOCAL || special == elf::SHN_UNDEF || special == elf::SHN_COMMON {
                entries.push(keep(bound == elf::STB_LOCAL));
                continue;
            }
            let name = symbol.name(endian, self.symbols.strings())?;
            let base = name.split(|b| *b == b'@').next().unwrap_or(name);
            let kind = symbol.st_type();
            let with = |bind: elf::SymbolBind, local: bool, old: Option<usize>| {
                let mut entry = keep(local);
                // `st_info` and `st_other`; visibility has no meaning for a local symbol.
                let at = if self.layout.wide { 4 } else { 12 };
                if let Some(info) = entry.bytes.get_mut(at..at + 2) {
                    info.copy_from_slice(&[(bind | kind).0, symbol.st_other().0 & !3]);
                }
                SymbolEntry { old, ..entry }
            };
            if !exported.contains(base) {
                let grouped = section.is_some_and(|s| self.groups.contains(&s));
                entries.push(if grouped { keep(false) } else { with(elf::STB_LOCAL, true, Some(index.0)) });
                continue;
            }
            let function = kind == elf::STT_FUNC || kind == elf::STT_GNU_IFUNC;
            let own = match symbolic {
                Symbolic::All => true,
                Symbolic::Functions => function,
                Symbolic::No => symbol.st_visibility() == elf::STV_PROTECTED,
            };
            if own {
                entries.push(with(elf::STB_LOCAL, true, Some(index.0)));
                entries.push(with(elf::STB_WEAK, false, None));
            } else {
                entries.push(with(elf::STB_WEAK, false, Some(index.0)));
            }
        }
        entries.sort_by_key(|e| !e.local);
        Ok(entries)
    }

    /// The new index of each symbol of the old table.
    fn places(&self, entries: &[SymbolEntry]) -> Result<Vec<u32>, LocalizeError> {
        let mut places = vec![0u32; self.symbols.len()];
        for (new, entry) in entries.iter().enumerate() {
            if let Some(place) = entry.old.and_then(|old| places.get_mut(old)) {
                *place = u32::try_from(new).map_err(|_| LocalizeError::Unknown("too many symbols"))?;
            }
        }
        Ok(places)
    }

    /// The object with the new table and adapted symbol indexes.
    fn write(&self, entries: &[SymbolEntry]) -> Result<Vec<u8>, LocalizeError> {
        let (endian, layout) = (self.layout.endian, &self.layout);
        let locals = entries.iter().filter(|e| e.local).count();
        let places = self.places(entries)?;
        let mut out = self.data.to_vec();
        let mut tables = SymbolTables { layout, places: &places, out: &mut out };
        let start: u64 = self.header.e_shoff(endian).into();
        let entry_size = usize::from(self.header.e_shentsize(endian));
        for (index, section) in self.sections.enumerate() {
            let at = usize::try_from(start).unwrap_or(usize::MAX).saturating_add(index.0.saturating_mul(entry_size));
            let range = section.file_range(endian).unwrap_or((0, 0));
            match section.sh_type(endian) {
                elf::SHT_RELA | elf::SHT_REL => {
                    let addend = section.sh_type(endian) == elf::SHT_RELA;
                    tables.relocations(range, addend)?;
                }
                elf::SHT_GROUP => tables.group(at, section.sh_info(endian))?,
                // They contain symbol indexes and only help to reduce size: dropping them is safe.
                kind if HINTS.contains(&kind.0) => layout.put_u32(tables.out, at + 4, 0),
                elf::SHT_SYMTAB => {
                    let bytes: Vec<u8> = entries.iter().flat_map(|e| e.bytes.iter().copied()).collect();
                    tables.append(at, &bytes, Some(locals));
                }
                elf::SHT_SYMTAB_SHNDX => {
                    let extended = |e: &SymbolEntry| {
                        let special = e.bytes.get(if layout.wide { 6..8 } else { 14..16 }).unwrap_or_default();
                        if special == [0xff, 0xff] { e.section } else { 0 }
                    };
                    let words: Vec<u8> = entries.iter().flat_map(|e| endian.write_u32(extended(e))).collect();
                    tables.append(at, &words, None);
                }
                _ => {}
            }
        }
        Ok(out)
    }
}

/// Sections that are members of COMDAT groups.
fn comdat_members<Elf: FileHeader<Endian = Endianness>>(
    sections: &object::read::elf::SectionTable<'_, Elf>,
    endian: Endianness,
    data: &[u8],
) -> Result<HashSet<u32>, object::Error> {
    let mut members = HashSet::new();
    for section in sections.iter().filter(|s| s.sh_type(endian) == elf::SHT_GROUP) {
        if let Some((flag, list)) = section.group(endian, data)?
            && flag.0 & elf::GRP_COMDAT.0 != 0
        {
            members.extend(list.iter().map(|m| m.get(endian)));
        }
    }
    Ok(members)
}

/// An object whose symbol indexes are rewritten.
struct SymbolTables<'a> {
    layout: &'a ElfFormat,
    places: &'a [u32],
    out: &'a mut Vec<u8>,
}

impl SymbolTables<'_> {
    fn place(&self, old: u32) -> Result<u32, LocalizeError> {
        self.places.get(old as usize).copied().ok_or(LocalizeError::Unknown("a symbol index is out of range"))
    }

    /// Rewrites the symbol index of every relocation.
    fn relocations(&mut self, (from, length): (u64, u64), addend: bool) -> Result<(), LocalizeError> {
        let word = if self.layout.wide { 8 } else { 4 };
        let size = word * if addend { 3 } else { 2 };
        let outside = LocalizeError::Unknown("relocations lie outside the file");
        let (Ok(from), Ok(length)) = (usize::try_from(from), usize::try_from(length)) else { return Err(outside) };
        let end = from.checked_add(length).filter(|e| *e <= self.out.len()).ok_or(outside)?;
        for at in (from..end).step_by(size) {
            let info = at + word;
            let bytes = self.out.get(info..info + word).ok_or(LocalizeError::Unknown("a relocation is cut short"))?;
            if self.layout.wide {
                let old = self.layout.endian.read_u64(bytes.try_into().unwrap_or_default());
                let new = u64::from(self.place((old >> 32) as u32)?) << 32 | (old & 0xffff_ffff);
                self.layout.put_word(self.out, info, new);
            } else {
                let old = self.layout.endian.read_u32(bytes.try_into().unwrap_or_default());
                let new = self.place(old >> 8)? << 8 | (old & 0xff);
                self.layout.put_u32(self.out, info, new);
            }
        }
        Ok(())
    }

    /// Rewrites the signature symbol of a group.
    fn group(&mut self, header: usize, old: u32) -> Result<(), LocalizeError> {
        let new = self.place(old)?;
        self.layout.put_u32(self.out, header + if self.layout.wide { 44 } else { 28 }, new);
        Ok(())
    }

    /// Appends a section's new content to the file.
    fn append(&mut self, header: usize, bytes: &[u8], first_global: Option<usize>) {
        self.out.resize(self.out.len().next_multiple_of(8), 0);
        let (offset, size) = if self.layout.wide { (24, 32) } else { (16, 20) };
        let start = self.out.len() as u64;
        self.layout.put_word(self.out, header + offset, start);
        self.layout.put_word(self.out, header + size, bytes.len() as u64);
        if let Some(first) = first_global {
            let first = u32::try_from(first).unwrap_or(u32::MAX);
            self.layout.put_u32(self.out, header + if self.layout.wide { 44 } else { 28 }, first);
        }
        self.out.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_an_error() {
        for bytes in [&b""[..], b"\x7fELF\x02", &[0; 80], b"\x7fELF\x02\x01\x01"] {
            assert!(localize(bytes, &HashSet::new(), Symbolic::No).is_err());
        }
    }
}
