//! The tables of one link: its modules with their names and dependencies, and the names that dlsym finds in the
//! program. `toolchains/glibc/modules.h` defines the layout.

use crate::convert::machine::Machine;
use crate::convert::scope::record_symbol;
use object::write::{self, Object, SectionId, SymbolId, SymbolSection};
use object::{BinaryFormat, Endianness, RelocationFlags, SectionFlags, SectionKind, SymbolFlags};
use object::{SymbolKind, SymbolScope, elf};
use std::collections::HashMap;

/// Size of `struct module` in words.
const WORDS: usize = 14;

/// SHF_GNU_RETAIN: kept by `--gc-sections` although only `__start_…` refers to it.
const RETAINED: u64 = 0x20_0000;

/// Who opens a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    /// dlopen.
    Plugin,
    /// dlopen: a dependency of a plugin.
    Needed,
    /// iconv.
    Converter,
    /// Name services.
    NameService,
}

/// A row of the table of modules.
#[derive(Debug, Clone)]
pub(crate) struct ModuleRow {
    pub tag: String,
    /// Its original path.
    pub path: String,
    /// Its other names.
    pub names: Vec<String>,
    /// Its dependencies, by row.
    pub needs: Vec<usize>,
    /// Who opens it.
    pub kind: ModuleKind,
}

/// A row of the table of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name {
    /// The name for dlsym.
    pub name: Vec<u8>,
    /// The symbol; none for a null address.
    pub address: Option<Vec<u8>>,
    /// The symbol for RTLD_NEXT.
    pub next: Option<Vec<u8>>,
    /// Its size in bytes; 0 if unknown.
    pub size: u64,
    /// It is the program's own, not a library's.
    pub own: bool,
    /// Its library's row in the table of libraries.
    pub library: Option<usize>,
    /// Only if something else links it in.
    pub weak: bool,
}

/// A row of the table of libraries that the program contains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LibraryRow {
    /// Where ld.so would find it.
    pub path: String,
    /// Sonames and file names.
    pub names: Vec<String>,
    /// Of a converted one, the symbol at its start and its size in memory.
    pub memory: Option<(String, u64)>,
    /// The rows of what it needs, directly or not.
    pub needs: Vec<usize>,
    /// A dynamic program would load it at its start.
    pub loaded: bool,
}

/// Size of `struct library` in words.
const LIBRARY_WORDS: usize = 11;

/// The table of modules, which nothing else links in.
pub(crate) const TABLE: &str = "staticcxx_plugin_table";

/// The symbol and text that identify finished programs with plugins, stripped or not.
const MARK: (&str, &str) = ("staticcxx_plugins", "staticcxx: plugins are linked in");

/// The object with the table of modules; `symbol` links it in.
pub(crate) fn modules(rows: &[ModuleRow], symbol: &str, machine: &Machine) -> Option<Vec<u8>> {
    let mut writer = Writer::new(machine);
    let table = writer.section("staticcxx_modules", elf::SHF_ALLOC.0 | elf::SHF_WRITE.0 | RETAINED);
    let size = (WORDS * 8 * rows.len()) as u64;
    writer.object.append_section_data(table, &vec![0; size as usize], 8);
    let start = writer.object.section_symbol(table);
    writer.define(symbol, table, 0);
    if symbol == TABLE && !rows.is_empty() {
        writer.mark();
    }
    for (index, row) in rows.iter().enumerate() {
        let at = (index * WORDS * 8) as u64;
        let record = writer.undefined(record_symbol(&row.tag).as_bytes(), false);
        writer.put(table, at, record, 0)?;
        let path = writer.text(&[&row.path]);
        writer.put_text(table, at + 8, path)?;
        let names: Vec<&str> = row.names.iter().map(String::as_str).chain([""]).collect();
        let names = writer.text(&names);
        writer.put_text(table, at + 16, names)?;
        if !row.needs.is_empty() {
            let needs = writer.section("", elf::SHF_ALLOC.0 | elf::SHF_WRITE.0);
            writer.object.append_section_data(needs, &vec![0; (row.needs.len() + 1) * 8], 8);
            for (slot, need) in row.needs.iter().enumerate() {
                writer.put(needs, slot as u64 * 8, start, (need * WORDS * 8) as i64)?;
            }
            let needs = writer.object.section_symbol(needs);
            writer.put(table, at + 24, needs, 0)?;
        }
        writer.word(table, at + 32, row.kind as u64)?;
    }
    writer.finish()
}

/// The object with the table of names, which must be sorted, and of the libraries that the program contains.
pub(crate) fn names(names: &[Name], libraries: &[LibraryRow], machine: &Machine) -> Option<Vec<u8>> {
    let mut writer = Writer::new(machine);
    let table = writer.section(".data.rel.ro.staticcxx_names", elf::SHF_ALLOC.0 | elf::SHF_WRITE.0);
    writer.object.append_section_data(table, &vec![0; 32 * (names.len() + 1)], 8);
    writer.define("staticcxx_names", table, 0);
    for (index, name) in names.iter().enumerate() {
        let at = index as u64 * 32;
        let text = String::from_utf8_lossy(&name.name).into_owned();
        let text = writer.text(&[&text]);
        writer.put_text(table, at, text)?;
        for (place, target, weak) in [(8, &name.address, name.weak), (16, &name.next, false)] {
            if let Some(target) = target {
                let target = writer.undefined(target, weak);
                writer.put(table, at + place, target, 0)?;
            }
        }
        let library = name.library.map_or(0, |l| l + 1) as u64;
        let word = u64::from(u32::try_from(name.size).unwrap_or(0)) | u64::from(name.own) << 32 | library << 48;
        writer.word(table, at + 24, word)?;
    }
    writer.count("staticcxx_name_count", names.len());
    writer.libraries(libraries)?;
    writer.finish()
}

/// An object with bytes under a symbol.
pub(crate) fn text(symbol: &str, bytes: &[u8], machine: &Machine) -> Option<Vec<u8>> {
    let mut writer = Writer::new(machine);
    let section = writer.section(&format!(".rodata.{symbol}"), elf::SHF_ALLOC.0);
    writer.object.append_section_data(section, bytes, 1);
    writer.define(symbol, section, 0);
    writer.finish()
}

fn halfword(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(0).to_le_bytes()
}

struct Writer<'m> {
    object: Object<'static>,
    machine: &'m Machine,
    undefined: HashMap<Vec<u8>, SymbolId>,
    tables: usize,
    strings: (SectionId, SymbolId, Vec<u8>),
}

impl<'m> Writer<'m> {
    fn new(machine: &'m Machine) -> Writer<'m> {
        let mut object = Object::new(BinaryFormat::Elf, machine.architecture, Endianness::Little);
        let id = object.add_section(Vec::new(), b".rodata.staticcxx_text".to_vec(), SectionKind::ReadOnlyData);
        let symbol = object.section_symbol(id);
        Writer { object, machine, undefined: HashMap::new(), tables: 0, strings: (id, symbol, Vec::new()) }
    }

    fn section(&mut self, name: &str, flags: u64) -> SectionId {
        self.tables += 1;
        let name = match name {
            "" => format!(".data.rel.ro.staticcxx.needs{}", self.tables),
            name => name.to_owned(),
        };
        let id = self.object.add_section(Vec::new(), name.into_bytes(), SectionKind::Data);
        self.object.section_mut(id).flags =
            SectionFlags::Elf { sh_type: elf::SHT_PROGBITS, sh_flags: elf::SectionFlags(flags) };
        id
    }

    /// The text by which finished programs with plugins are known.
    fn mark(&mut self) {
        let at = self.text(&[MARK.1]);
        let section = SymbolSection::Section(self.strings.0);
        let mut symbol = Self::symbol(MARK.0.as_bytes(), section, at, 1, false);
        symbol.flags =
            SymbolFlags::Elf { st_info: elf::SymbolInfo(1 << 4 | elf::STT_OBJECT.0), st_other: elf::SymbolOther(0) };
        symbol.size = MARK.1.len() as u64 + 1;
        self.object.add_symbol(symbol);
    }

    fn libraries(&mut self, libraries: &[LibraryRow]) -> Option<()> {
        let size = LIBRARY_WORDS * 8;
        let table = self.section(".data.staticcxx_libraries", elf::SHF_ALLOC.0 | elf::SHF_WRITE.0);
        self.object.append_section_data(table, &vec![0; size * (libraries.len() + 1)], 8);
        self.define("staticcxx_libraries", table, 0);
        for (index, library) in libraries.iter().enumerate() {
            let at = (index * size) as u64;
            let path = self.text(&[&library.path]);
            self.put_text(table, at, path)?;
            let names: Vec<&str> = library.names.iter().map(String::as_str).chain([""]).collect();
            let names = self.text(&names);
            self.put_text(table, at + 8, names)?;
            let needs: Vec<u8> = library.needs.iter().map(|n| n + 1).chain([0]).flat_map(halfword).collect();
            let section = self.section(&format!(".rodata.staticcxx.needs{index}"), elf::SHF_ALLOC.0);
            self.object.append_section_data(section, &needs, 2);
            let needs = self.object.section_symbol(section);
            self.put(table, at + 32, needs, 0)?;
            self.word(table, at + 40, u64::from(library.loaded) | u64::from(library.loaded) << 32)?;
            if let Some((start, size)) = &library.memory {
                let start = self.undefined(start.as_bytes(), true);
                self.put(table, at + 16, start, 0)?;
                self.word(table, at + 24, *size)?;
            }
        }
        self.count("staticcxx_library_count", libraries.len());
        Some(())
    }

    fn count(&mut self, symbol: &str, number: usize) {
        let section = self.section(&format!(".rodata.{symbol}"), elf::SHF_ALLOC.0);
        self.object.append_section_data(section, &(number as u64).to_le_bytes(), 8);
        self.define(symbol, section, 0);
    }

    fn word(&mut self, section: SectionId, at: u64, word: u64) -> Option<()> {
        let bytes = self.object.section_mut(section).data_mut().get_mut(at as usize..at as usize + 8)?;
        bytes.copy_from_slice(&word.to_le_bytes());
        Some(())
    }

    fn symbol(name: &[u8], section: SymbolSection, value: u64, bind: u8, hidden: bool) -> write::Symbol {
        write::Symbol {
            name: name.to_vec(),
            value,
            size: 0,
            kind: SymbolKind::Unknown,
            scope: SymbolScope::Dynamic,
            weak: bind == 2,
            section,
            flags: SymbolFlags::Elf {
                st_info: elf::SymbolInfo(bind << 4),
                st_other: elf::SymbolOther(if hidden { 2 } else { 0 }),
            },
        }
    }

    fn define(&mut self, name: &str, section: SectionId, value: u64) {
        self.object.add_symbol(Self::symbol(name.as_bytes(), SymbolSection::Section(section), value, 1, true));
    }

    fn undefined(&mut self, name: &[u8], weak: bool) -> SymbolId {
        if let Some(id) = self.undefined.get(name) {
            return *id;
        }
        let ours = name.starts_with(b"staticcxx_");
        let symbol = Self::symbol(name, SymbolSection::Undefined, 0, if weak { 2 } else { 1 }, ours);
        let id = self.object.add_symbol(symbol);
        self.undefined.insert(name.to_vec(), id);
        id
    }

    /// Adds consecutive NUL-terminated strings; returns the offset of the first.
    fn text(&mut self, parts: &[&str]) -> u64 {
        let at = self.strings.2.len() as u64;
        for part in parts {
            self.strings.2.extend(part.bytes());
            self.strings.2.push(0);
        }
        at
    }

    fn put_text(&mut self, section: SectionId, offset: u64, at: u64) -> Option<()> {
        self.put(section, offset, self.strings.1, at as i64)
    }

    fn put(&mut self, section: SectionId, offset: u64, symbol: SymbolId, addend: i64) -> Option<()> {
        let flags = RelocationFlags::Elf { r_type: elf::RelocationType(self.machine.address) };
        self.object.add_relocation(section, write::Relocation { offset, symbol, addend, flags }).ok()
    }

    fn finish(mut self) -> Option<Vec<u8>> {
        let strings = std::mem::take(&mut self.strings.2);
        self.object.section_mut(self.strings.0).set_data(strings, 1);
        let note = self.object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
        self.object.section_mut(note).flags =
            SectionFlags::Elf { sh_type: elf::SHT_PROGBITS, sh_flags: elf::SectionFlags(0) };
        self.object.write().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::elf::FileHeader;
    use object::{Object as _, ObjectSection, ObjectSymbol};

    fn machine() -> &'static Machine {
        Machine::of(62).unwrap()
    }

    #[test]
    fn a_row_is_what_the_code_in_the_program_reads() {
        let row = |tag: &str, needs| ModuleRow {
            tag: tag.into(),
            path: format!("/p/{tag}.so"),
            names: vec![format!("{tag}.so.1")],
            needs,
            kind: ModuleKind::Needed,
        };
        let bytes = modules(&[row("a", vec![1]), row("b", vec![])], "taken_by", machine()).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let table = file.section_by_name("staticcxx_modules").unwrap();
        assert_eq!(table.size(), 2 * 8 * WORDS as u64);
        // Record, path, names, needs of the first; record, path, names of the second.
        let places: Vec<u64> = table.relocations().map(|(at, _)| at).collect();
        assert_eq!(places, [0, 8, 16, 24, 112, 120, 128]);
        assert_eq!(table.data().unwrap()[32], ModuleKind::Needed as u8);
        let defined: Vec<&str> =
            file.symbols().filter(|s| s.is_global() && !s.is_undefined()).map(|s| s.name().unwrap()).collect();
        assert_eq!(defined, ["taken_by"]);
        let texts = file.section_by_name(".rodata.staticcxx_text").unwrap();
        assert_eq!(texts.data().unwrap(), b"/p/a.so\0a.so.1\0\0/p/b.so\0b.so.1\0\0");
    }

    #[test]
    fn each_table_is_an_object_of_the_machine_that_the_link_is_for() {
        for (number, address) in [(62, elf::R_X86_64_64), (183, elf::R_AARCH64_ABS64)] {
            let machine = Machine::of(number).unwrap();
            let row = ModuleRow {
                tag: "a".into(),
                path: "/p/a.so".into(),
                names: Vec::new(),
                needs: Vec::new(),
                kind: ModuleKind::Converter,
            };
            let name = Name { name: b"f".to_vec(), address: Some(b"f".to_vec()), ..Name::default() };
            let tables = [modules(&[row], "t", machine), names(&[name], &[], machine), text("u", b"u", machine)];
            for bytes in tables {
                let bytes = bytes.unwrap();
                let header = elf::FileHeader64::<Endianness>::parse(&*bytes).unwrap();
                assert_eq!(header.e_machine.get(Endianness::Little).0, number);
                let file = object::File::parse(&*bytes).unwrap();
                let kinds = file.sections().flat_map(|s| s.relocations().map(|(_, r)| r.flags()).collect::<Vec<_>>());
                assert!(kinds.into_iter().all(|kind| kind == RelocationFlags::Elf { r_type: address }), "{number}");
            }
        }
    }

    #[test]
    fn names_that_may_be_missing_are_weak() {
        let name = |name: &str, weak: bool| Name {
            name: name.into(),
            address: Some(name.into()),
            next: weak.then(|| b"__other".to_vec()),
            own: weak,
            library: (!weak).then_some(0),
            size: 0x30,
            weak,
        };
        let library = LibraryRow {
            path: "/l/libc.so.6".into(),
            names: vec!["libc.so.6".into()],
            memory: Some(("staticcxx_base_c".into(), 0x1000)),
            needs: vec![0],
            loaded: true,
        };
        let bytes = names(&[name("one", false), name("two", true)], &[library], machine()).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let weak = |n: &str| file.symbols().find(|s| s.name() == Ok(n)).unwrap().is_weak();
        assert!(!weak("one") && weak("two") && !weak("__other") && weak("staticcxx_base_c"));
        let table = file.section_by_name(".data.rel.ro.staticcxx_names").unwrap();
        assert_eq!(table.size(), 96);
        assert_eq!(table.data().unwrap()[24..32], [0x30, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(table.data().unwrap()[56..64], [0x30, 0, 0, 0, 1, 0, 0, 0]);
        let libraries = file.section_by_name(".data.staticcxx_libraries").unwrap();
        assert_eq!(libraries.size(), 2 * 8 * LIBRARY_WORDS as u64);
        assert_eq!(libraries.relocations().map(|(at, _)| at).collect::<Vec<_>>(), [0, 8, 32, 16]);
        assert_eq!(file.section_by_name(".rodata.staticcxx.needs0").unwrap().data().unwrap(), [1, 0, 0, 0]);
        let texts = file.section_by_name(".rodata.staticcxx_text").unwrap();
        assert!(texts.data().unwrap().ends_with(b"/l/libc.so.6\0libc.so.6\0\0"));
    }

    #[test]
    fn only_a_program_with_plugins_is_marked() {
        let row = || ModuleRow {
            tag: "a".into(),
            path: "/p/a.so".into(),
            names: Vec::new(),
            needs: Vec::new(),
            kind: ModuleKind::Plugin,
        };
        for (rows, table, marked) in [(vec![row()], TABLE, true), (vec![], TABLE, false), (vec![row()], "other", false)]
        {
            let bytes = modules(&rows, table, machine()).unwrap();
            let file = object::File::parse(&*bytes).unwrap();
            assert_eq!(file.symbols().any(|s| s.name() == Ok(MARK.0)), marked, "{table}");
        }
    }
}
