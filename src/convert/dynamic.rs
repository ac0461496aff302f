//! The dynamic section of a shared object: entries, relocations, and the number of symbols.

use super::machine::{Machine, Meaning};
use super::memory::{Memory, text_at, u32_at, u64_at};
use super::refusal::Refusal;
use object::elf;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relocation {
    /// The address of the relocated field.
    pub at: u64,
    pub kind: u32,
    pub meaning: Meaning,
    /// Index in the symbol table; 0 for none.
    pub symbol: usize,
    /// Its addend; for RELR the word at the address.
    pub addend: i64,
}

#[derive(Debug)]
pub(crate) struct Dynamic<'a> {
    entries: BTreeMap<i64, u64>,
    /// Offsets of DT_NEEDED in the strings.
    pub(super) needed: Vec<u64>,
    /// DT_STRTAB.
    pub strings: &'a [u8],
}

impl<'a> Dynamic<'a> {
    pub(super) fn read(memory: &Memory<'a>, address: u64) -> Result<Dynamic<'a>, Refusal> {
        let bytes = memory.from(address).ok_or_else(|| Refusal::broken("its dynamic section lies outside the file"))?;
        let mut dynamic = Dynamic { entries: BTreeMap::new(), needed: Vec::new(), strings: &[] };
        for entry in bytes.chunks_exact(16) {
            let (tag, value) = (u64_at(entry, 0) as i64, u64_at(entry, 8));
            if tag == elf::DT_NULL.0 {
                break;
            }
            if tag == elf::DT_NEEDED.0 {
                dynamic.needed.push(value);
            } else {
                dynamic.entries.insert(tag, value);
            }
        }
        if let (Some(at), Some(size)) = (dynamic.entry(elf::DT_STRTAB.0), dynamic.entry(elf::DT_STRSZ.0)) {
            dynamic.strings = memory.table(at, size, "names")?;
        }
        Ok(dynamic)
    }

    /// The value of the first entry with a tag.
    pub(crate) fn entry(&self, tag: i64) -> Option<u64> {
        self.entries.get(&tag).copied()
    }

    pub(super) fn flag(&self, tag: i64, bit: u64) -> bool {
        self.entry(tag).is_some_and(|v| v & bit != 0)
    }

    pub(super) fn text(&self, tag: i64) -> Option<&'a [u8]> {
        text_at(self.strings, self.entry(tag)?)
    }

    /// The tables whose size the section gives: start and end addresses.
    pub(super) fn for_loader(&self) -> Vec<(u64, u64)> {
        let tables = [
            (elf::DT_STRTAB, elf::DT_STRSZ),
            (elf::DT_RELA, elf::DT_RELASZ),
            (elf::DT_JMPREL, elf::DT_PLTRELSZ),
            (elf::DT_RELR, elf::DT_RELRSZ),
        ];
        let extents = tables.iter().filter_map(|(at, size)| Some((self.entry(at.0)?, self.entry(size.0)?)));
        extents.filter_map(|(at, size)| Some((at, at.checked_add(size)?))).collect()
    }

    pub(super) fn relocations(&self, memory: &Memory<'a>, machine: &Machine) -> Result<Vec<Relocation>, Refusal> {
        let mut found = Vec::new();
        if self.entry(elf::DT_REL.0).is_some() {
            return Err(Refusal::broken("its relocations have no addends (DT_REL)"));
        }
        for (at, size) in [(elf::DT_RELA, elf::DT_RELASZ), (elf::DT_JMPREL, elf::DT_PLTRELSZ)] {
            let (Some(at), Some(size)) = (self.entry(at.0), self.entry(size.0)) else { continue };
            for entry in memory.table(at, size, "relocations")?.chunks_exact(24) {
                let info = u64_at(entry, 8);
                let kind = info as u32;
                let meaning = machine.meaning(kind).ok_or(Refusal::Relocation { kind })?;
                let (at, addend) = (u64_at(entry, 0), u64_at(entry, 16) as i64);
                if meaning != Meaning::Nothing {
                    found.push(Relocation { at, kind, meaning, symbol: (info >> 32) as usize, addend });
                }
            }
        }
        if let (Some(at), Some(size)) = (self.entry(elf::DT_RELR.0), self.entry(elf::DT_RELRSZ.0)) {
            let table = memory.table(at, size, "relocations")?;
            for at in relr(table) {
                let addend = memory.word(at).ok_or_else(outside)? as i64;
                found.push(Relocation { at, kind: 0, meaning: Meaning::Relative, symbol: 0, addend });
                if found.len() > memory.data.len() / 8 {
                    return Err(Refusal::broken("it has more relocations than the file has bytes"));
                }
            }
        }
        if found.iter().any(|r| memory.segment(r.at).is_none_or(|s| s.end() - r.at < 4)) {
            return Err(outside());
        }
        Ok(found)
    }
}

fn outside() -> Refusal {
    Refusal::broken("a relocation lies outside the file")
}

/// The addresses in a table of packed relative relocations (DT_RELR): an even word is an address, an odd one a
/// bitmap of the next 63 words.
fn relr(table: &[u8]) -> impl Iterator<Item = u64> {
    let mut next = 0u64;
    table.chunks_exact(8).flat_map(move |entry| {
        let entry = u64_at(entry, 0);
        let (from, bits) = if entry & 1 == 0 { (entry, 1) } else { (next, entry >> 1) };
        next = from.wrapping_add(if entry & 1 == 0 { 8 } else { 63 * 8 });
        (0..63u64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| from.wrapping_add(bit * 8))
    })
}

/// The number of dynamic symbols, which only hash tables and relocations imply.
pub(super) fn symbol_count(
    memory: &Memory<'_>,
    dynamic: &Dynamic<'_>,
    relocations: &[Relocation],
) -> Result<u64, Refusal> {
    let broken = || Refusal::broken("its hash table lies outside the file");
    let mut count = relocations.iter().map(|r| r.symbol as u64 + 1).max().unwrap_or(1);
    if let Some(at) = dynamic.entry(elf::DT_HASH.0) {
        let head = memory.bytes(at, 8).ok_or_else(broken)?;
        count = count.max(u32_at(head, 4).into());
    }
    if let Some(at) = dynamic.entry(elf::DT_GNU_HASH.0) {
        let table = memory.from(at).ok_or_else(broken)?;
        let (buckets, first, bloom) = (u32_at(table, 0) as usize, u32_at(table, 4), u32_at(table, 8) as usize);
        let start = bloom.checked_mul(8).and_then(|b| b.checked_add(16)).ok_or_else(broken)?;
        let chains = buckets.checked_mul(4).and_then(|b| b.checked_add(start)).ok_or_else(broken)?;
        let heads = table.get(start..chains).ok_or_else(broken)?;
        let mut last = heads.chunks_exact(4).map(|b| u32_at(b, 0)).max().unwrap_or(0);
        count = count.max(first.into());
        if last >= first && last != 0 {
            loop {
                let chain = (last - first) as usize * 4 + chains;
                let hash = table.get(chain..chain + 4).ok_or_else(broken)?;
                if u32_at(hash, 0) & 1 == 1 {
                    break;
                }
                last = last.checked_add(1).ok_or_else(broken)?;
            }
            count = count.max(u64::from(last) + 1);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_relative_relocations() {
        let words = [0x1000u64, 0b1011, 0x3000, 0b11];
        let table: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        assert_eq!(relr(&table).collect::<Vec<_>>(), [0x1000, 0x1008, 0x1018, 0x3000, 0x3008]);
    }
}
