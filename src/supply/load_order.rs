//! Constructors in ld.so's order.
//!
//! ld.so runs the constructors of what a library needs before its own, those of a library that was named later before
//! those of one that was named earlier, and the program's last. A linker puts `.init_array` in the order of its
//! inputs, but all `.init_array.NUMBER` before it, by number (GNU ld's default script, `SORT_BY_INIT_PRIORITY`). To lld
//! and mold a table without a number has 65536, so that larger numbers would come behind the program's own. Those just
//! below are the latest that a constructor can ask for. `.fini_array` is run backwards, and so needs the same numbers.

use crate::fat::section::ElfFormat;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endianness, elf};

/// The number of the first library.
pub(crate) const FIRST: usize = 60_000;

/// A library as ld.so sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedEntry {
    /// Names by which others need it.
    pub names: Vec<String>,
    /// DT_NEEDED.
    pub needed: Vec<String>,
}

/// In which place each library's constructors run, for libraries in the order in which they are loaded: glibc's
/// `_dl_sort_maps_dfs` and `_dl_init`.
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

/// Gives the constructor and destructor tables of an object the number of a rank. An object that can't be read is
/// left as it is.
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

/// New section names: the table, where its header is, and the headers that take a new name.
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
