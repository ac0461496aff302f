//! Constructors in ld.so's order.
//!
//! ld.so runs the constructors of a library's dependencies before its own, those of a library named later before those
//! of one named earlier, and the program's last. Linkers put `.init_array` in the order of inputs, after all
//! `.init_array.NUMBER` sorted by number (GNU ld's default script, `SORT_BY_INIT_PRIORITY`). lld and mold treat a table
//! without a number as 65536, so larger numbers would come after the program's own; those just below are the latest
//! priorities that a constructor can have. `.fini_array` runs in reverse, and so needs the same numbers.

use crate::fat::appended::ElfFormat;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endianness, elf};

/// The priority of the first library.
pub(crate) const FIRST: usize = 60_000;

/// A library as ld.so sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedEntry {
    /// Its soname and file name.
    pub names: Vec<String>,
    /// DT_NEEDED.
    pub needed: Vec<String>,
}

/// The rank of each library's constructors, for libraries in load order: glibc's `_dl_sort_maps_dfs` and `_dl_init`.
pub(crate) fn ranks(loaded: &[LoadedEntry]) -> Vec<usize> {
    let mut visit = Visit { loaded, rank: vec![None; loaded.len()], entered: vec![false; loaded.len()], next: 0 };
    for index in (0..loaded.len()).rev() {
        visit.library(index);
    }
    visit.rank.into_iter().map(Option::unwrap_or_default).collect()
}

struct Visit<'a> {
    loaded: &'a [LoadedEntry],
    rank: Vec<Option<usize>>,
    entered: Vec<bool>,
    next: usize,
}

impl Visit<'_> {
    fn library(&mut self, index: usize) {
        let Some(entered) = self.entered.get_mut(index) else { return };
        if std::mem::replace(entered, true) {
            return;
        }
        let loaded = self.loaded;
        for name in loaded.get(index).into_iter().flat_map(|l| &l.needed) {
            if let Some(needed) = loaded.iter().position(|l| l.names.contains(name)) {
                self.library(needed);
            }
        }
        if let Some(rank) = self.rank.get_mut(index) {
            *rank = Some(self.next);
            self.next += 1;
        }
    }
}

/// Gives the constructor and destructor tables of an object the priority of a rank. An unreadable object is left
/// unchanged.
pub(crate) fn number(object: &mut Vec<u8>, rank: usize) {
    let edit = match object.get(..5) {
        Some(b"\x7fELF\x02") => plan::<elf::FileHeader64<Endianness>>(object, rank),
        Some(b"\x7fELF\x01") => plan::<elf::FileHeader32<Endianness>>(object, rank),
        _ => None,
    };
    let Some(edit) = edit.filter(|e| !e.renamed.is_empty()) else { return };
    let start = object.len() as u64;
    edit.layout.put_word(object, edit.names_header + if edit.layout.wide { 24 } else { 16 }, start);
    edit.layout.put_word(object, edit.names_header + if edit.layout.wide { 32 } else { 20 }, edit.names.len() as u64);
    for (header, name) in edit.renamed {
        edit.layout.put_u32(object, header, name);
    }
    object.extend(edit.names);
}

/// New section names: the string table, the offset of its header, and the headers with a new name.
struct SectionRenames {
    layout: ElfFormat,
    names: Vec<u8>,
    names_header: usize,
    renamed: Vec<(usize, u32)>,
}

fn plan<Elf: FileHeader<Endian = Endianness>>(data: &[u8], rank: usize) -> Option<SectionRenames> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let strings = header.shstrndx(endian, data).ok()? as usize;
    let start: u64 = header.e_shoff(endian).into();
    let start = usize::try_from(start).ok()?;
    let size = usize::from(header.e_shentsize(endian));
    let mut names = sections.iter().nth(strings)?.data(endian, data).ok()?.to_vec();
    let mut renamed = Vec::new();
    for (index, section) in sections.enumerate() {
        let name = sections.section_name(endian, section).ok()?;
        if name == b".init_array" || name == b".fini_array" {
            renamed.push((start + index.0 * size, u32::try_from(names.len()).ok()?));
            names.extend_from_slice(name);
            names.extend(format!(".{}\0", FIRST + rank).bytes());
        }
    }
    let layout = ElfFormat { wide: header.is_type_64(), endian };
    Some(SectionRenames { layout, names, names_header: start + strings * size, renamed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(libraries: &[(&str, &[&str])]) -> Vec<LoadedEntry> {
        let all = |l: &[&str]| l.iter().map(|s| (*s).to_owned()).collect();
        libraries.iter().map(|(name, needed)| LoadedEntry { names: all(&[name]), needed: all(needed) }).collect()
    }

    #[test]
    fn constructors_run_as_ld_so_runs_them() {
        // Later ones first, what is needed before what needs it.
        assert_eq!(ranks(&loaded(&[("a", &[]), ("b", &[]), ("c", &[])])), [2, 1, 0]);
        assert_eq!(ranks(&loaded(&[("a", &["b"]), ("b", &["libc"])])), [1, 0]);
        assert_eq!(ranks(&loaded(&[("a", &[]), ("b", &["a"])])), [0, 1]);
        assert_eq!(ranks(&loaded(&[("a", &["b"]), ("b", &["a"])])), [0, 1]);
    }

    #[test]
    fn what_is_no_object_stays_as_it_is() {
        for bytes in [&b""[..], b"\x7fELF\x02", &[1; 70]] {
            let mut object = bytes.to_vec();
            number(&mut object, 3);
            assert_eq!(object, bytes);
        }
    }
}
