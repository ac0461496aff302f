//! The dynamic symbol table with symbol versions.

use super::dynamic::{Dynamic, Relocation, symbol_count};
use super::memory::{Memory, text_at, u16_at, u32_at, u64_at};
use super::refusal::Refusal;
use object::elf;
use std::collections::{BTreeMap, BTreeSet};

/// Names of weak references that ld.so leaves null.
pub type NullNames = BTreeSet<Vec<u8>>;

/// A symbol as ld.so sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Symbol<'a> {
    pub(crate) name: &'a [u8],
    /// STB_….
    pub(crate) bind: u8,
    /// STT_….
    pub(crate) kind: u8,
    /// STV_….
    pub(crate) visibility: u8,
    /// `st_shndx`.
    pub(crate) section: u16,
    /// Its address; for a thread-local symbol the offset in the block.
    pub(crate) value: u64,
    pub(crate) size: u64,
    /// Version name.
    pub(crate) version: Option<&'a [u8]>,
    /// For an undefined symbol, the soname that provided the version when this library was linked.
    pub(crate) from: Option<&'a [u8]>,
    /// Not the default version: only references to this version bind to it.
    pub(crate) old: bool,
}

/// STB_LOCAL.
pub(crate) const LOCAL: u8 = 0;
/// STB_GLOBAL.
pub(crate) const GLOBAL: u8 = 1;
/// STB_WEAK.
pub(crate) const WEAK: u8 = 2;
/// STT_OBJECT.
pub(crate) const OBJECT: u8 = 1;
/// STT_FUNC.
pub(crate) const FUNC: u8 = 2;
/// STT_SECTION.
pub(crate) const SECTION: u8 = 3;
/// STT_FILE.
pub(crate) const FILE: u8 = 4;
/// STT_TLS.
pub(crate) const TLS: u8 = 6;
/// STT_GNU_IFUNC.
pub(crate) const IFUNC: u8 = 10;
/// SHN_ABS.
pub(crate) const ABSOLUTE: u16 = 0xfff1;

/// Symbols that linkers and crt objects define separately in every module.
const OF_THE_MODULE: [&[u8]; 24] = [
    b"_DYNAMIC",
    b"_GLOBAL_OFFSET_TABLE_",
    b"_IO_stdin_used",
    b"_PROCEDURE_LINKAGE_TABLE_",
    b"__TMC_END__",
    b"__bss_end__",
    b"__bss_start",
    b"__bss_start__",
    b"__data_start",
    b"__dso_handle",
    b"__end__",
    b"__etext",
    b"_bss_end__",
    b"_edata",
    b"_end",
    b"_etext",
    b"_fini",
    b"_fp_hw",
    b"_init",
    b"_start",
    b"data_start",
    b"edata",
    b"end",
    b"etext",
];

impl<'a> Symbol<'a> {
    /// Whether this library defines it.
    pub(crate) fn defined(&self) -> bool {
        self.section != 0
    }

    /// Whether others may bind to it.
    pub(crate) fn exported(&self) -> bool {
        self.defined()
            && self.bind != LOCAL
            && !self.name.is_empty()
            && !matches!(self.kind, SECTION | FILE)
            && !matches!(self.visibility, 1 | 2)
            && !self.names_a_version()
            && !self.of_the_module()
    }

    /// Whether it is a reference that ld.so may leave null. One with a version was bound to a library that had the symbol.
    pub(crate) fn may_be_null(&self) -> bool {
        !self.defined() && self.bind == WEAK && self.version.is_none() && self.kind != TLS
    }

    /// Whether every module has its own.
    pub(crate) fn of_the_module(&self) -> bool {
        OF_THE_MODULE.binary_search(&self.name).is_ok()
    }

    /// Whether it is one of the absolute symbols that linkers define for each version.
    fn names_a_version(&self) -> bool {
        self.section == ABSOLUTE && self.value == 0 && self.kind == OBJECT
    }

    /// Whether references from its own library always bind to it.
    pub(crate) fn bound(&self, symbolic: bool) -> bool {
        self.bind == LOCAL || self.visibility != 0 || self.old || symbolic || self.of_the_module()
    }
}

/// Reads the table, and notes the extent of it and of the tables that belong to it.
pub(super) fn read<'a>(
    memory: &Memory<'a>,
    dynamic: &Dynamic<'a>,
    relocations: &[Relocation],
    for_loader: &mut Vec<(u64, u64)>,
) -> Result<Vec<Symbol<'a>>, Refusal> {
    let Some(start) = dynamic.entry(elf::DT_SYMTAB.0) else { return Ok(vec![Symbol::default()]) };
    let count = symbol_count(memory, dynamic, relocations)?;
    let table = memory.table(start, count.saturating_mul(24), "symbols")?;
    for_loader.push((start, start + table.len() as u64));
    let versions = match dynamic.entry(elf::DT_VERSYM.0) {
        Some(at) => {
            let bytes = memory.table(at, count.saturating_mul(2), "symbol versions")?;
            for_loader.push((at, at + bytes.len() as u64));
            bytes
        }
        None => &[],
    };
    for (tag, size) in [(elf::DT_HASH, 0), (elf::DT_GNU_HASH, 0)] {
        if let Some(at) = dynamic.entry(tag.0) {
            for_loader.push((at, at + hash_size(memory, at, tag == elf::DT_HASH, count).max(size)));
        }
    }
    let names = version_names(memory, dynamic, for_loader)?;
    let mut symbols = Vec::with_capacity(table.len() / 24);
    for (index, entry) in table.chunks_exact(24).enumerate() {
        let name = match u32_at(entry, 0) {
            0 => &b""[..],
            at => text_at(dynamic.strings, at.into())
                .ok_or_else(|| Refusal::broken("a symbol's name lies outside the file"))?,
        };
        let (info, other) = (entry.get(4).copied().unwrap_or(0), entry.get(5).copied().unwrap_or(0));
        let section = u16_at(entry, 6);
        let number = u16_at(versions, index * 2);
        let (version, from) = match names.get(&(number & 0x7fff)) {
            Some((version, from)) if number & 0x7fff > 1 => (Some(*version), *from),
            _ => (None, None),
        };
        symbols.push(Symbol {
            name,
            bind: info >> 4,
            kind: info & 15,
            visibility: other & 3,
            section,
            value: u64_at(entry, 8),
            size: u64_at(entry, 16),
            version,
            from,
            old: number & 0x8000 != 0 && section != 0 && version.is_some(),
        });
    }
    if symbols.is_empty() {
        symbols.push(Symbol::default());
    }
    Ok(symbols)
}

/// The size of a hash table for `count` symbols, in bytes.
fn hash_size(memory: &Memory<'_>, at: u64, system_v: bool, count: u64) -> u64 {
    let Some(table) = memory.from(at) else { return 0 };
    let length = match system_v {
        true => 8 + 4 * (u64::from(u32_at(table, 0)) + u64::from(u32_at(table, 4))),
        false => {
            let (buckets, first, bloom) = (u32_at(table, 0), u32_at(table, 4), u32_at(table, 8));
            16 + 8 * u64::from(bloom) + 4 * u64::from(buckets) + 4 * count.saturating_sub(first.into())
        }
    };
    length.min(table.len() as u64)
}

/// Version names by index; a needed version has its library's soname.
type Names<'a> = BTreeMap<u16, (&'a [u8], Option<&'a [u8]>)>;

fn version_names<'a>(
    memory: &Memory<'a>,
    dynamic: &Dynamic<'a>,
    for_loader: &mut Vec<(u64, u64)>,
) -> Result<Names<'a>, Refusal> {
    let broken = || Refusal::broken("its versions lie outside the file");
    let text = |at: u32| text_at(dynamic.strings, at.into()).ok_or_else(broken);
    let mut names = Names::new();
    if let Some(start) = dynamic.entry(elf::DT_VERDEF.0) {
        let mut at = start;
        for _ in 0..dynamic.entry(elf::DT_VERDEFNUM.0).unwrap_or(0).min(0x8000) {
            let entry = memory.bytes(at, 20).ok_or_else(broken)?;
            let name = memory.bytes(at + u64::from(u32_at(entry, 12)), 4).ok_or_else(broken)?;
            names.insert(u16_at(entry, 4) & 0x7fff, (text(u32_at(name, 0))?, None));
            for_loader.push((start, at + u64::from(u32_at(entry, 12)) + 8));
            match u32_at(entry, 16) {
                0 => break,
                next => at += u64::from(next),
            }
        }
    }
    if let Some(start) = dynamic.entry(elf::DT_VERNEED.0) {
        let mut at = start;
        for _ in 0..dynamic.entry(elf::DT_VERNEEDNUM.0).unwrap_or(0).min(0x8000) {
            let entry = memory.bytes(at, 16).ok_or_else(broken)?;
            let file = text(u32_at(entry, 4))?;
            let mut aux = at + u64::from(u32_at(entry, 8));
            for _ in 0..u16_at(entry, 2) {
                let one = memory.bytes(aux, 16).ok_or_else(broken)?;
                names.insert(u16_at(one, 6) & 0x7fff, (text(u32_at(one, 8))?, Some(file)));
                for_loader.push((start, aux + 16));
                match u32_at(one, 12) {
                    0 => break,
                    next => aux += u64::from(next),
                }
            }
            match u32_at(entry, 12) {
                0 => break,
                next => at += u64::from(next),
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_every_module_are_sorted_for_the_search() {
        assert!(OF_THE_MODULE.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn what_is_exported() {
        let symbol = Symbol { name: b"f", bind: 1, kind: FUNC, section: 5, value: 8, ..Symbol::default() };
        assert!(symbol.exported() && !symbol.bound(false) && symbol.bound(true));
        assert!(!Symbol { visibility: 2, ..symbol }.exported());
        assert!(Symbol { visibility: 3, ..symbol }.exported() && Symbol { visibility: 3, ..symbol }.bound(false));
        assert!(!Symbol { section: 0, ..symbol }.exported());
        assert!(!Symbol { name: b"_init", ..symbol }.exported());
        assert!(!Symbol { section: ABSOLUTE, value: 0, kind: OBJECT, ..symbol }.exported());
    }
}
