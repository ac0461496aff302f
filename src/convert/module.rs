//! A library that is opened at run time: its symbols are local, and a record gives the plugin loader
//! (`toolchains/glibc/modules.c`) what ld.so would have read from its tables.

use super::glibc_names;
use super::library::Library;
use super::machine::Meaning;
use super::object_writer::{ObjectWriter, WordTable, elf_section};
use super::refusal::Refusal;
use super::scope::{Binding, ModuleScope, UNIQUE, offered_symbol, record_symbol};
use super::sections::{ALLOC, SUPPORT, WRITE, base_symbol};
use super::symbols::{self, Symbol};
use crate::toolchain_libs;

use object::write::{self, SectionId, SymbolId, SymbolSection};
use object::{SectionFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope, elf};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Refuses a library that can't be a module.
///
/// # Errors
/// The reason.
pub(crate) fn acceptable(library: &Library<'_>, of_libc: bool) -> Result<(), Refusal> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if library.soname.is_some_and(toolchain_libs::is_in_glibc_archives) {
        return Err(Refusal::Glibc);
    }
    if let Some(other) = library.needed.iter().find(|n| glibc_names::other_libc(n)) {
        return Err(Refusal::OtherLibc { needed: text(other) });
    }
    let private = library.symbols.iter().find(|s| !s.defined() && s.version == Some(b"GLIBC_PRIVATE"));
    match private.filter(|s| !of_libc && s.name != b"__tls_get_addr") {
        Some(s) => Err(Refusal::LoaderInternals { symbol: text(s.name), version: "GLIBC_PRIVATE".into() }),
        None => Ok(()),
    }
}

impl<'a> ObjectWriter<'a> {
    /// Defines the symbols of a module that others refer to in the link.
    pub(super) fn offer(&mut self, scope: &'a ModuleScope) -> Result<(), Refusal> {
        let library = self.library;
        for s in library.symbols.iter().filter(|s| s.exported() && !s.old) {
            if s.bind == UNIQUE && s.kind != symbols::TLS {
                self.export(Cow::Borrowed(s.name), s)?;
            }
            if scope.offered.iter().any(|n| n == s.name) {
                self.export(Cow::Owned(offered_symbol(self.options.tag, s.name)), s)?;
            }
        }
        Ok(())
    }

    /// Writes the record. `protect` and `select` are the tables that for other libraries are applied at program start.
    pub(super) fn record(&mut self, protect: WordTable, select: WordTable) -> Result<(), Refusal> {
        let library = self.library;
        let (strings, symbols) = self.names()?;
        let counts = |table: &WordTable, size: usize| (table.bytes.len() / size) as u64;
        let (protects, selects) = (counts(&protect, 24), counts(&select, 16));
        let data = self.writable_ranges()?;
        let ranges = counts(&data, 16);
        let mut functions = [WordTable::default(), WordTable::default()];
        for (table, list) in functions.iter_mut().zip([&library.constructors, &library.destructors]) {
            for function in list {
                table.add(&[Err(self.address(*function)?)]);
            }
        }
        let (wanted, wanted_names) = self.wanted(strings.len())?;
        let wanteds = counts(&wanted, 24);
        let strings = [strings, wanted_names].concat();
        let [starts, ends] = functions;
        let counted = [library.constructors.len() as u64, library.destructors.len() as u64];
        let strings = self.read_only("strings", strings);
        let symbol_count = (symbols.len() / 24) as u64;
        let symbols = self.read_only("symbols", symbols);
        let protect = self.words("protect", protect);
        let select = self.words("select", select);
        let data = self.words("data", data);
        let starts = self.words("start", starts);
        let ends = self.words("end", ends);
        let wanted = self.words("wanted", wanted);
        let (first, last) =
            (self.plan.pieces.first().map_or(0, |p| p.start), self.plan.pieces.last().map_or(0, |p| p.end));
        let mut record = WordTable::default();
        record.add(&[
            Err(self.address(first)?),
            Ok(last - first),
            Err((strings, 0)),
            Err((symbols, 0)),
            Ok(symbol_count),
            Err((protect, 0)),
            Ok(protects),
            Err((select, 0)),
            Ok(selects),
            Err((data, 0)),
            Ok(ranges),
            Err((starts, 0)),
            Ok(counted[0]),
            Err((ends, 0)),
            Ok(counted[1]),
            Err((wanted, 0)),
            Ok(wanteds),
        ]);
        self.finish_record(record)?;
        self.undefined(Cow::Borrowed(SUPPORT), false, false);
        Ok(())
    }

    /// Writes the end of a record, its thread-local fields and its symbol.
    fn finish_record(&mut self, mut record: WordTable) -> Result<(), Refusal> {
        let library = self.library;
        let flags = u64::from(library.symbols.iter().any(|s| s.defined() && s.bind == UNIQUE));
        let at = record.bytes.len() as u64;
        record.add(&[Ok(0)]);
        record.add(&[Ok(library.tls.filter(|_| self.tls.is_some()).map_or(0, |t| t.size)), Ok(flags)]);
        let name = format!(".data.rel.ro.{}.record", base_symbol(self.options.tag));
        let section = self.object.add_section(Vec::new(), name.into_bytes(), SectionKind::Data);
        let symbol = self.object.section_symbol(section);
        if self.tls.is_some() {
            let target = self.own_thread_local(0)?;
            let field = self.thread_word((section, at), (symbol, at as i64), target);
            let place = record.bytes.get_mut(at as usize..at as usize + 8);
            place.ok_or_else(|| Refusal::broken("its record is cut short"))?.copy_from_slice(&field);
        }
        self.fill_table(section, record);
        self.object.add_symbol(write::Symbol {
            name: record_symbol(self.options.tag).into_bytes(),
            value: 0,
            size: 160,
            kind: SymbolKind::Data,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::Elf {
                st_info: elf::SymbolInfo(1 << 4 | symbols::OBJECT),
                st_other: elf::SymbolOther(2),
            },
        });
        Ok(())
    }

    /// The parts of the module that stay writable after relocation.
    fn writable_ranges(&self) -> Result<WordTable, Refusal> {
        let library = self.library;
        let mut data = WordTable::default();
        for segment in library.memory.segments.iter().filter(|s| s.writable) {
            let relro = library.relro.map_or(0, |(_, to)| library.machine.page_start(to));
            let start = if (segment.address..segment.end()).contains(&relro) { relro } else { segment.address };
            data.add(&[Err(self.address(start)?), Ok(segment.end() - start)]);
        }
        Ok(data)
    }

    /// The names for dlsym: strings, and a table sorted by name.
    fn names(&self) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
        let library = self.library;
        let first = self.plan.pieces.first().map_or(0, |p| p.start);
        let mut exported: Vec<&Symbol<'_>> = library.symbols.iter().filter(|s| s.exported()).collect();
        exported.retain(|s| s.section != symbols::ABSOLUTE);
        exported.sort_by_key(|s| (s.name, s.old));
        let mut strings = vec![0];
        let mut versions: BTreeMap<&[u8], u32> = BTreeMap::new();
        let mut table = Vec::with_capacity(exported.len() * 24);
        let mut put = |text: &[u8]| {
            let at = strings.len() as u32;
            strings.extend_from_slice(text);
            strings.push(0);
            at
        };
        for s in exported {
            let name = put(s.name);
            let version = s.version.map_or(0, |v| *versions.entry(v).or_insert_with(|| put(v)));
            let (value, kind) = match s.kind {
                symbols::TLS => (s.value, 2u32),
                symbols::IFUNC => (s.value.wrapping_sub(first), 1),
                _ => (s.value.wrapping_sub(first), 0),
            };
            for word in [name, version] {
                table.extend(word.to_le_bytes());
            }
            table.extend(value.to_le_bytes());
            table.extend(u32::try_from(s.size).unwrap_or(0).to_le_bytes());
            table.extend(kind.to_le_bytes());
        }
        Ok((strings, table))
    }

    /// Names that nothing known defines, each with its slots.
    fn wanted(&mut self, from: usize) -> Result<(WordTable, Vec<u8>), Refusal> {
        let mut table = WordTable::default();
        let mut strings = Vec::new();
        let Some(scope) = self.options.module else { return Ok((table, strings)) };
        let library = self.library;
        for r in &library.relocations {
            let Some(s) = library.symbols.get(r.symbol).filter(|s| r.symbol != 0 && !s.defined()) else { continue };
            if scope.bindings.get(s.name) != Some(&Binding::Unknown)
                || s.bind == symbols::WEAK
                || s.kind == symbols::TLS
            {
                continue;
            }
            let name = (from + strings.len()) as u64;
            strings.extend_from_slice(s.name);
            strings.push(0);
            // ld.so fills a PLT slot (JUMP_SLOT) at the first call.
            let lazy = u64::from(r.meaning == Meaning::Slot && r.kind == library.machine.lazy);
            let symbol = self.undefined(Cow::Borrowed(s.name), true, false);
            table.add(&[Ok(name | lazy << 32), Err(self.address(r.at)?), Err((symbol, 0))]);
        }
        Ok((table, strings))
    }

    fn read_only(&mut self, name: &str, bytes: Vec<u8>) -> SymbolId {
        let name = format!(".rodata.{}.{name}", base_symbol(self.options.tag));
        let id = elf_section(&mut self.object, name.as_bytes(), SectionKind::ReadOnlyData, elf::SHT_PROGBITS, ALLOC);
        self.object.section_mut(id).set_data(bytes, 8);
        self.object.section_symbol(id)
    }

    fn words(&mut self, name: &str, table: WordTable) -> SymbolId {
        let name = format!(".data.rel.ro.{}.{name}", base_symbol(self.options.tag));
        let id = self.object.add_section(Vec::new(), name.into_bytes(), SectionKind::Data);
        self.fill_table(id, table);
        self.object.section_symbol(id)
    }

    fn fill_table(&mut self, id: SectionId, table: WordTable) {
        let sh_flags = elf::SectionFlags(ALLOC | WRITE);
        let section = self.object.section_mut(id);
        section.flags = SectionFlags::Elf { sh_type: elf::SHT_PROGBITS, sh_flags };
        section.set_data(table.bytes, 8);
        for (at, target) in table.places {
            self.add(id, at, self.library.machine.address, target);
        }
    }
}
