//! The global symbols of the objects of a link, read once for all that is asked about them.

use super::member_symbols::{self, LooseSymbols, MemberSymbols, SymbolState};
use super::sniff::{self, Sniffed};
use super::wide_streams;
use object::{Object, ObjectSymbol, SymbolFlags, elf};

/// Those of one object.
#[derive(Debug, Default)]
pub(crate) struct ObjectSymbols {
    /// All names, one after the other.
    text: Vec<u8>,
    /// Where each name ends.
    symbols: Vec<(usize, SymbolState)>,
    compiled_later: bool,
    chosen: bool,
    wide: bool,
}

impl ObjectSymbols {
    /// None for what a linker does not take for an object.
    pub(super) fn of(bytes: &[u8]) -> Option<ObjectSymbols> {
        let head = bytes.get(..sniff::HEAD).unwrap_or(bytes);
        if !matches!(sniff::classify(head), Sniffed::Object { .. }) {
            return None;
        }
        let mut found = ObjectSymbols::default();
        let Ok(object) = object::File::parse(bytes) else { return Some(found) };
        for symbol in object.symbols() {
            if let SymbolFlags::Elf { st_info, .. } = symbol.flags() {
                found.chosen |= st_info.st_type() == elf::STT_GNU_IFUNC;
            }
            if let (true, Ok(name)) = (symbol.is_global(), symbol.name_bytes()) {
                found.compiled_later |= symbol.is_common() && name == member_symbols::SLIM;
                found.text.extend_from_slice(name);
                found.symbols.push((found.text.len(), member_symbols::state(&symbol)));
            }
        }
        found.wide |= found.compiled_later && wide_streams::mentioned(bytes);
        Some(found)
    }

    /// Each name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], SymbolState)> {
        let mut start = 0;
        self.symbols.iter().filter_map(move |(end, state)| {
            let name = self.text.get(start..*end);
            start = *end;
            Some((name?, *state))
        })
    }

    /// The same in lists.
    pub(crate) fn symbols(&self) -> MemberSymbols<'_> {
        let mut found = MemberSymbols::default();
        self.iter().for_each(|(name, state)| found.add(name, state));
        found
    }

    /// What it has beside definitions and strong references.
    pub(super) fn loose(&self) -> LooseSymbols {
        let weak = self.iter().filter(|(_, state)| *state == SymbolState::Optional).map(|(name, _)| name.to_vec());
        let needed = |(name, state): (&[u8], SymbolState)| state == SymbolState::Needed && wide_streams::leads_to(name);
        let wide = self.wide || self.iter().any(needed);
        LooseSymbols { weak: weak.collect(), compiled_later: self.compiled_later, chosen: self.chosen, wide }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn they_are_those_of_a_member() {
        let dir = tempfile::tempdir().unwrap();
        let text = "#pragma weak maybe\nint maybe(void), must(void); int shared;\nstatic int f(void) { return 1; }\n\
                    static void *choose(void) { return f; }\nint g(void) __attribute__((ifunc(\"choose\")));\n\
                    int all(void) { return maybe ? must() : shared; }\n";
        std::fs::write(dir.path().join("a.c"), text).unwrap();
        for (option, later) in [("-fcommon", false), ("-flto", true)] {
            let line = [option, "-fno-fat-lto-objects", "-c", "a.c"];
            assert!(Command::new("gcc").current_dir(dir.path()).args(line).status().unwrap().success());
            let bytes = std::fs::read(dir.path().join("a.o")).unwrap();
            let found = ObjectSymbols::of(&bytes).unwrap();
            assert_eq!(found.symbols(), MemberSymbols::of(&bytes).unwrap());
            assert_eq!(found.loose(), member_symbols::loose(&bytes));
            assert_eq!(found.loose().compiled_later, later);
        }
        for bytes in [&b""[..], b"!<arch>\n", b"INPUT(a.o)"] {
            assert!(ObjectSymbols::of(bytes).is_none());
        }
    }
}
