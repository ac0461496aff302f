//! The members of an archive, each read when the simulated linker takes it: where an archive has an index, that says
//! which member defines a name.

use super::member_symbols::{self, MemberSymbols};
use super::member_table::MemberTable;
use foldhash::HashMap;
use object::read::archive::{ArchiveFile, ArchiveOffset};
use std::cell::OnceCell;

/// The members of an archive.
#[derive(Debug)]
pub(crate) enum ArchiveMembers<'f> {
    /// All of them.
    Read(Vec<MemberSymbols<'f>>),
    /// Those that are asked for.
    Lazy(LazyMembers<'f>),
    /// Those that are asked for, out of a table.
    Table(TableMembers<'f>),
}

/// Members in a table.
#[derive(Debug)]
pub(crate) struct TableMembers<'f> {
    table: &'f MemberTable,
    members: Vec<OnceCell<MemberSymbols<'f>>>,
}

/// An archive with an index.
#[derive(Debug)]
pub(crate) struct LazyMembers<'f> {
    bytes: &'f [u8],
    archive: ArchiveFile<'f>,
    /// Each name of the index with its member.
    index: Vec<(&'f [u8], usize)>,
    members: Vec<(ArchiveOffset, OnceCell<MemberSymbols<'f>>)>,
}

impl Default for ArchiveMembers<'_> {
    fn default() -> Self {
        ArchiveMembers::Read(Vec::new())
    }
}

impl<'f> ArchiveMembers<'f> {
    /// Those of an archive's bytes, or the object that it is.
    pub(crate) fn of(bytes: &'f [u8]) -> ArchiveMembers<'f> {
        LazyMembers::of(bytes)
            .map_or_else(|| ArchiveMembers::Read(member_symbols::members(bytes)), ArchiveMembers::Lazy)
    }

    /// Those in a table.
    pub(super) fn in_table(table: &'f MemberTable) -> ArchiveMembers<'f> {
        let members = (0..table.len()).map(|_| OnceCell::new()).collect();
        ArchiveMembers::Table(TableMembers { table, members })
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            ArchiveMembers::Table(table) => table.members.len(),
            ArchiveMembers::Read(members) => members.len(),
            ArchiveMembers::Lazy(lazy) => lazy.members.len(),
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<&MemberSymbols<'f>> {
        match self {
            ArchiveMembers::Read(members) => members.get(at),
            ArchiveMembers::Lazy(lazy) => {
                let (offset, cell) = lazy.members.get(at)?;
                Some(cell.get_or_init(|| lazy.read(*offset).unwrap_or_default()))
            }
            ArchiveMembers::Table(table) => Some(table.members.get(at)?.get_or_init(|| table.table.member(at))),
        }
    }

    /// The bytes of one, where an archive has an index.
    pub(super) fn data(&self, at: usize) -> Option<&'f [u8]> {
        let ArchiveMembers::Lazy(lazy) = self else { return None };
        lazy.data(lazy.members.get(at)?.0)
    }

    /// The name of one, where an archive has an index.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        let ArchiveMembers::Lazy(lazy) = self else { return None };
        let member = lazy.archive.member(lazy.members.get(at)?.0).ok()?;
        Some(String::from_utf8_lossy(member.name()).into_owned())
    }

    /// All of them, read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &MemberSymbols<'f>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// How many names they define, about.
    pub(super) fn defined_count(&self) -> usize {
        match self {
            ArchiveMembers::Read(members) => members.iter().map(|m| m.strong.len() + m.weak.len()).sum(),
            ArchiveMembers::Lazy(lazy) => lazy.index.len(),
            ArchiveMembers::Table(table) => table.table.names(),
        }
    }

    /// Passes each name that a member defines, with the member's place, in their order.
    pub(crate) fn each_defined(&self, mut name: impl FnMut(&'f [u8], usize)) {
        match self {
            ArchiveMembers::Read(members) => {
                for (at, member) in members.iter().enumerate() {
                    member.defined().for_each(|defined| name(defined, at));
                }
            }
            ArchiveMembers::Lazy(lazy) => lazy.index.iter().for_each(|(defined, at)| name(defined, *at)),
            ArchiveMembers::Table(table) => table.table.each_defined(name),
        }
    }
}

impl<'f> LazyMembers<'f> {
    /// None for what has no index.
    fn of(bytes: &'f [u8]) -> Option<LazyMembers<'f>> {
        let archive = ArchiveFile::parse(bytes).ok().filter(|a| !a.is_thin())?;
        let mut places: HashMap<u64, usize> = HashMap::default();
        let (mut index, mut members) = (Vec::new(), Vec::new());
        let mut last = (u64::MAX, 0);
        for symbol in archive.symbols().ok()?? {
            let symbol = symbol.ok()?;
            let offset = symbol.offset();
            if offset.0 != last.0 {
                let at = *places.entry(offset.0).or_insert_with(|| {
                    members.push((offset, OnceCell::new()));
                    members.len() - 1
                });
                last = (offset.0, at);
            }
            index.push((symbol.name(), last.1));
        }
        (!index.is_empty()).then_some(LazyMembers { bytes, archive, index, members })
    }

    fn read(&self, offset: ArchiveOffset) -> Option<MemberSymbols<'f>> {
        MemberSymbols::of(self.data(offset)?)
    }

    fn data(&self, offset: ArchiveOffset) -> Option<&'f [u8]> {
        self.archive.member(offset).ok()?.data(self.bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_member_is_the_same_by_the_index_and_in_full() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in
            [("a", "int a(void) { return 1; }"), ("b", "int a(void); int b; int c(void) { return a(); }")]
        {
            std::fs::write(dir.path().join(format!("{name}.c")), text).unwrap();
            let line = ["-c".to_owned(), format!("{name}.c")];
            assert!(Command::new("cc").current_dir(dir.path()).args(line).status().unwrap().success());
        }
        let ar = |options: &str, name: &str| {
            let line = [options, name, "a.o", "b.o"];
            assert!(Command::new("ar").current_dir(dir.path()).args(line).status().unwrap().success());
            std::fs::read(dir.path().join(name)).unwrap()
        };
        for (bytes, lazy) in [(ar("rcs", "with.a"), true), (ar("rcS", "without.a"), false)] {
            let members = ArchiveMembers::of(&bytes);
            assert_eq!(matches!(members, ArchiveMembers::Lazy(_)), lazy);
            assert_eq!(members.iter().cloned().collect::<Vec<_>>(), member_symbols::members(&bytes));
            let mut defined = Vec::new();
            members.each_defined(|name, at| defined.push((String::from_utf8_lossy(name).into_owned(), at)));
            defined.sort();
            assert_eq!(defined, [("a".into(), 0), ("b".into(), 1), ("c".into(), 1)]);
        }
    }

    #[test]
    fn hostile_bytes_have_no_members() {
        for bytes in [&b""[..], b"!<arch>\n/ broken", b"!<thin>\n", b"text"] {
            assert_eq!(ArchiveMembers::of(bytes).len(), 0);
        }
    }
}
