//! What a program has and a shared object does not: `main`, which only its start code names; copied variables of
//! libraries (COPY relocations, [`super::copies`]); and thread-locals whose offset from the thread pointer is in its
//! code.

use super::library::Library;
use super::machine::{Meaning, NamesMain};
use super::object_writer::{Definition, ObjectWriter, elf_section, symbol};
use super::refusal::Refusal;
use super::sections::{ALLOC, HEAD, HEAD_SIZE, RETAINED};
use super::symbols::{self, Symbol};
use object::read::elf::{FileHeader, Sym};
use object::write::SymbolSection;
use object::{LittleEndian as LE, SectionKind, elf};
use std::borrow::Cow;

/// How many bytes of the start code are searched for `main`.
const START_CODE: usize = 80;

/// The address of `main`; none where it is in another module.
///
/// # Errors
/// Start code that is not crt1.o's.
pub fn main(library: &Library<'_>) -> Result<Option<u64>, Refusal> {
    let entry = library.entry.unwrap_or_default();
    let code = library.memory.from(entry).unwrap_or_default();
    let code = code.get(..START_CODE.min(code.len())).unwrap_or_default();
    let is_code = |a: u64| library.memory.segment(a).is_some_and(|s| s.executable);
    for at in 0..code.len() {
        let rest = code.get(at..).unwrap_or_default();
        let address = match (library.machine.main)(rest, entry + at as u64) {
            None => continue,
            Some(NamesMain::Address(address)) => address,
            Some(NamesMain::Slot(slot)) => match library.relocations.iter().find(|r| r.at == slot) {
                Some(r) if r.meaning == Meaning::Relative => r.addend as u64,
                Some(r) => match library.symbols.get(r.symbol) {
                    Some(s) if s.defined() => s.value,
                    Some(s) if s.name == b"main" => return Ok(None),
                    _ => continue,
                },
                None => library.memory.word(slot).unwrap_or(0),
            },
        };
        if is_code(address) {
            return Ok(Some(address));
        }
    }
    Err(Refusal::NoMain)
}

impl ObjectWriter<'_> {
    /// Names the functions and variables of a program that was not stripped, for debuggers, profilers and stack traces.
    pub(super) fn local_names(&mut self) {
        if self.options.program.is_none() {
            return;
        }
        let data = self.library.memory.data;
        let table = elf::FileHeader64::<LE>::parse(data)
            .and_then(|header| header.sections(LE, data))
            .and_then(|sections| sections.symbols(LE, data, elf::SHT_SYMTAB));
        let Ok(table) = table else { return };
        for s in table.iter().filter(|s| !s.is_undefined(LE) && !s.is_absolute(LE)) {
            let kind = s.st_type().0;
            let Ok(name) = table.symbol_name(LE, s) else { continue };
            let wanted = matches!(kind, symbols::FUNC | symbols::OBJECT) && !name.is_empty();
            // The result has its own `_DYNAMIC`.
            let of_the_module = Symbol { name, ..Symbol::default() }.of_the_module();
            if !wanted || of_the_module || self.globals.contains_key(name) {
                continue;
            }
            if let Some((section, value)) = self.place(s.st_value(LE)) {
                let section = SymbolSection::Section(section);
                let (bind, hidden, size) = (symbols::LOCAL, false, s.st_size(LE));
                symbol(&mut self.object, &Definition { name, bind, kind, hidden, section, value, size });
            }
        }
    }

    /// Writes `main`, copied variables, and the mark before a program with fixed addresses.
    pub(super) fn program(&mut self) -> Result<(), Refusal> {
        let Some(program) = self.options.program else { return Ok(()) };
        if let Some(address) = main(self.library)? {
            self.define(Cow::Borrowed(b"main"), address, symbols::FUNC, 0)?;
        }
        if self.library.fixed {
            let kind = SectionKind::ReadOnlyData;
            let id = elf_section(&mut self.object, HEAD.as_bytes(), kind, elf::SHT_PROGBITS, ALLOC);
            self.object.section_mut(id).set_data(vec![0; HEAD_SIZE as usize], 1);
        }
        if !self.library.notes.is_empty() {
            let (flags, kind) = (ALLOC | RETAINED, SectionKind::Note);
            let id = elf_section(&mut self.object, b".note.program", kind, elf::SHT_NOTE, flags);
            self.object.section_mut(id).set_data(self.library.notes.clone(), 4);
        }
        for copied in &program.copies {
            if !copied.is_zero() {
                self.put_bytes(copied.at, &copied.content.bytes)?;
            }
            for alias in &copied.content.aliases {
                self.define(Cow::Owned(alias.clone()), copied.at, symbols::OBJECT, copied.content.bytes.len() as u64)?;
            }
        }
        // After all definitions, so that none of them counts as foreign.
        for copied in &program.copies {
            let strings = match copied.content.strings.as_slice() {
                [] => None,
                strings => {
                    let kind = SectionKind::ReadOnlyData;
                    let id = elf_section(&mut self.object, b".rodata.staticcxx", kind, elf::SHT_PROGBITS, ALLOC);
                    self.object.section_mut(id).set_data(strings.to_vec(), 1);
                    Some(self.object.section_symbol(id))
                }
            };
            for place in &copied.content.places {
                let symbol = match strings.filter(|_| place.name.is_empty()) {
                    Some(strings) => strings,
                    None => self.undefined(Cow::Owned(place.name.clone()), place.weak, false),
                };
                let (section, offset, _) = self.field(copied.at + place.offset)?;
                self.add(section, offset, place.kind, (symbol, place.addend));
            }
            for needed in &copied.content.needs {
                self.undefined(Cow::Owned(needed.name.clone()), false, needed.thread_local);
            }
        }
        Ok(())
    }
}
