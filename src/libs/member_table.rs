//! The global symbols of an archive's members in one compact table, which is cached: a link that takes hundreds of
//! members reads a few hundred kilobytes in a row, where their own tables are scattered over megabytes.
//!
//! Numbers are 32 bits, little endian: the counts of names, members and symbols; where each name ends in the text; where
//! each member's symbols end; each symbol's name and state (in the two lowest bits); then the text.

use super::member_symbols::{self, MemberSymbols, SymbolState};
use foldhash::HashMap;
use object::read::archive::ArchiveFile;
use std::fs;
use std::path::Path;
use twox_hash::XxHash3_128;

/// The states by the number that stands for each.
const STATES: [SymbolState; 4] = [SymbolState::Strong, SymbolState::Weak, SymbolState::Needed, SymbolState::Optional];

/// Bytes before the numbers: the key of the archive, and the hash of all bytes that follow, in one number.
const KEY: usize = 16;

fn head(key: u128, rest: &[u8]) -> [u8; KEY] {
    (key ^ XxHash3_128::oneshot(rest)).to_le_bytes()
}

/// A table, checked.
#[derive(Debug)]
pub(crate) struct MemberTable {
    bytes: Vec<u8>,
    names: usize,
    members: usize,
    symbols: usize,
}

impl MemberTable {
    /// The bytes of an archive's table under a key; none if it has no index, or members that are elsewhere.
    pub(crate) fn of(archive: &[u8], key: u128) -> Option<Vec<u8>> {
        let parsed = ArchiveFile::parse(archive).ok().filter(|a| !a.is_thin())?;
        parsed.symbols().ok()??;
        let mut ids: HashMap<&[u8], u32> = HashMap::default();
        let (mut ends, mut members, mut symbols, mut text) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for member in member_symbols::members(archive) {
            for (state, list) in
                [&member.strong, &member.weak, &member.needed, &member.optional].into_iter().enumerate()
            {
                for name in list {
                    let next = u32::try_from(ids.len()).ok().filter(|id| *id < 1 << 30)?;
                    let id = *ids.entry(name).or_insert_with(|| {
                        text.extend_from_slice(name);
                        ends.push(text.len());
                        next
                    });
                    symbols.push((id << 2 | u32::try_from(state).unwrap_or_default()) as usize);
                }
            }
            members.push(symbols.len());
        }
        let counts = [ends.len(), members.len(), symbols.len()];
        let mut bytes = vec![0; KEY];
        for number in counts.iter().chain(&ends).chain(&members).chain(&symbols) {
            bytes.extend(u32::try_from(*number).ok()?.to_le_bytes());
        }
        bytes.extend(text);
        let head = head(key, bytes.get(KEY..)?);
        *bytes.first_chunk_mut()? = head;
        Some(bytes)
    }

    /// Reads a table; none if it can't be read, is not sound, or has another key. Then it is removed, and the next link
    /// writes it anew.
    pub(crate) fn read(file: &Path, key: u128) -> Option<MemberTable> {
        let table = MemberTable::sound(fs::read(file).ok()?, key);
        if table.is_none() {
            let _ = fs::remove_file(file);
        }
        table
    }

    fn sound(bytes: Vec<u8>, key: u128) -> Option<MemberTable> {
        let mut table = MemberTable { bytes, names: 0, members: 0, symbols: 0 };
        if *table.bytes.first_chunk::<KEY>()? != head(key, table.bytes.get(KEY..)?) {
            return None;
        }
        (table.names, table.members, table.symbols) = (table.number(0)?, table.number(1)?, table.number(2)?);
        let text = table.bytes.len().checked_sub(table.text_at())?;
        let last = |count: usize, at: usize| if count == 0 { Some(0) } else { table.number(at + count - 1) };
        let fits = last(table.names, 3)? == text && last(table.members, 3 + table.names)? == table.symbols;
        fits.then_some(table)
    }

    fn number(&self, at: usize) -> Option<usize> {
        let place = self.bytes.get(KEY + 4 * at..)?;
        Some(u32::from_le_bytes(*place.first_chunk::<4>()?) as usize)
    }

    fn text_at(&self) -> usize {
        KEY + 4 * (3 + self.names + self.members + self.symbols)
    }

    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.members
    }

    /// How many names there are.
    pub(super) fn names(&self) -> usize {
        self.names
    }

    fn name(&self, id: usize) -> Option<&[u8]> {
        let start = if id == 0 { 0 } else { self.number(2 + id)? };
        let end = if id < self.names { self.number(3 + id)? } else { return None };
        let text = self.bytes.get(self.text_at()..)?;
        text.get(start..end)
    }

    /// Passes name and state of each symbol of a member to `found`, definitions first, as long as it says so.
    fn each(&self, member: usize, mut found: impl FnMut(usize, SymbolState) -> bool) {
        let ends = 3 + self.names;
        let start = if member == 0 { Some(0) } else { self.number(ends + member - 1) };
        let end = self.number(ends + member).filter(|_| member < self.members);
        let (Some(start), Some(end)) = (start, end) else { return };
        for at in start..end {
            let Some(symbol) = self.number(ends + self.members + at) else { return };
            if !STATES.get(symbol & 3).is_some_and(|state| found(symbol >> 2, *state)) {
                return;
            }
        }
    }

    /// The symbols of a member.
    pub(super) fn member(&self, at: usize) -> MemberSymbols<'_> {
        let mut symbols = MemberSymbols::default();
        self.each(at, |id, state| {
            let name = self.name(id);
            name.into_iter().for_each(|name| symbols.add(name, state));
            true
        });
        symbols
    }

    /// Passes each name that a member defines, with the member's place, in their order.
    pub(super) fn each_defined<'s>(&'s self, mut found: impl FnMut(&'s [u8], usize)) {
        for member in 0..self.members {
            self.each(member, |id, state| {
                if state.is_defined() {
                    self.name(id).into_iter().for_each(|name| found(name, member));
                }
                state.is_defined()
            });
        }
    }

    /// Whether a member defines a name for which `test` holds.
    pub(super) fn defines(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        let mut found = false;
        self.each_defined(|name, _| found = found || test(name));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn the_members_are_those_of_the_archive() {
        let dir = tempfile::tempdir().unwrap();
        let texts = [
            ("a", "int f(void); int a(void) { return f(); } int common;"),
            ("b", "#pragma weak maybe\nint maybe(void), a(void); int b(void) { return maybe ? a() : 0; }"),
        ];
        for (name, text) in texts {
            std::fs::write(dir.path().join(format!("{name}.c")), text).unwrap();
            let line = ["-fcommon", "-c", &format!("{name}.c")];
            assert!(Command::new("gcc").current_dir(dir.path()).args(line).status().unwrap().success());
        }
        assert!(
            Command::new("ar").current_dir(dir.path()).args(["rc", "l.a", "a.o", "b.o"]).status().unwrap().success()
        );
        let archive = std::fs::read(dir.path().join("l.a")).unwrap();
        let bytes = MemberTable::of(&archive, 7).unwrap();
        let table = MemberTable::sound(bytes.clone(), 7).unwrap();
        let members: Vec<MemberSymbols<'_>> = (0..table.len()).map(|at| table.member(at)).collect();
        assert_eq!(members, member_symbols::members(&archive));
        let mut defined = Vec::new();
        table.each_defined(|name, at| defined.push((String::from_utf8_lossy(name).into_owned(), at)));
        assert_eq!(defined, [("a".into(), 0), ("common".into(), 0), ("b".into(), 1)]);
        assert!(MemberTable::sound(bytes.clone(), 8).is_none(), "another archive");
        let file = dir.path().join("l.members");
        for at in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[at] ^= 1;
            assert!(MemberTable::sound(edited, 7).is_none(), "{at}");
            std::fs::write(&file, &bytes[..at]).unwrap();
            assert!(MemberTable::read(&file, 7).is_none() && !file.exists(), "{at}");
        }
        assert!(MemberTable::of(b"!<arch>\n", 7).is_none() && MemberTable::of(b"text", 7).is_none());
    }

    proptest! {
        #[test]
        fn hostile_tables_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..96), counts in [0u8..4, 0u8..4, 0u8..4]) {
            let mut rest: Vec<u8> = counts.iter().flat_map(|count| u32::from(*count).to_le_bytes()).collect();
            rest.extend(bytes);
            let all = [&head(7, &rest)[..], &rest].concat();
            if let Some(table) = MemberTable::sound(all, 7) {
                (0..4).for_each(|at| drop(table.member(at)));
                table.each_defined(|_, _| {});
            }
        }
    }
}
