//! The last steps of a conversion: records for the start-up code, section contents, the file.

use super::object_writer::{ObjectWriter, WordTable, elf_section};
use super::refusal::Refusal;
use super::sections::{ALLOC, EXEC, RETAINED, SUPPORT, WRITE};
use object::write::{SectionId, SymbolId};
use object::{SectionKind, elf};
use std::borrow::Cow;
use std::collections::HashMap;

impl ObjectWriter<'_> {
    /// Writes the tables that the start-up code reads. Returns the size of the slot section: whole pages, so that
    /// making it read-only affects nothing else.
    fn records(&mut self) -> Result<u64, Refusal> {
        let choosers = std::mem::take(&mut self.slots.2);
        for (index, chooser) in choosers.iter().enumerate() {
            let record = ((self.slots.1, index as i64 * 8), self.address(*chooser)?);
            self.select.push(record);
        }
        let slots = (choosers.len() as u64 * 8).next_multiple_of(self.library.machine.page);
        let mut protect = WordTable::default();
        for (from, to, access) in &self.plan.protect {
            protect.add(&[Err(self.address(*from)?), Ok(to - from), Ok(*access)]);
        }
        if slots > 0 {
            protect.add(&[Err((self.slots.1, 0)), Ok(slots), Ok(1)]);
        }
        let mut select = WordTable::default();
        for (slot, function) in std::mem::take(&mut self.select) {
            select.add(&[Err(slot), Err(function)]);
        }
        if self.options.module.is_some() {
            self.record(protect, select)?;
        } else {
            self.table(b"staticcxx_protect", protect);
            self.table(b"staticcxx_select", select);
        }
        let mut thread_words = WordTable::default();
        for (word, function) in std::mem::take(&mut self.thread_words) {
            thread_words.add(&[Err(word), Err(function)]);
        }
        self.table(b"staticcxx_thread_words", thread_words);
        Ok(slots)
    }

    fn table(&mut self, name: &[u8], table: WordTable) {
        if table.bytes.is_empty() {
            return;
        }
        let flags = ALLOC | WRITE | RETAINED;
        let section = elf_section(&mut self.object, name, SectionKind::Data, elf::SHT_PROGBITS, flags);
        self.object.section_mut(section).set_data(table.bytes, 8);
        for (at, target) in table.places {
            self.add(section, at, self.library.machine.address, target);
        }
        self.undefined(Cow::Borrowed(SUPPORT), false, false);
    }

    /// Links all pieces or none: a reference to one needs the others at their distances.
    fn bind_together(&mut self) {
        let nothing = self.library.machine.nothing;
        let all: Vec<(SectionId, SymbolId, bool)> =
            self.sections.iter().zip(&self.plan.pieces).map(|(s, p)| (s.0, s.1, p.filled)).collect();
        for (section, _, _) in all.iter().filter(|s| s.2) {
            for (_, other, _) in all.iter().filter(|s| s.0 != *section) {
                self.add(*section, 0, nothing, (*other, 0));
            }
        }
    }

    /// Writes tables and section contents, and returns the object file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Refusal> {
        let page = self.library.machine.page;
        let slots = self.records()?;
        self.bind_together();
        for (index, (section, _, bytes)) in std::mem::take(&mut self.sections).into_iter().enumerate() {
            if !bytes.is_empty() {
                self.object.section_mut(section).set_data(bytes, self.plan.align(index));
            }
        }
        if let (Some((section, _, bytes)), Some(tls)) = (self.tls.take(), self.library.tls)
            && !bytes.is_empty()
        {
            let align =
                self.options.program.map_or(tls.align, |p| p.thread_align(&tls, self.library.machine.thread_block));
            self.object.section_mut(section).set_data(bytes, align);
        }
        self.object.section_mut(self.stubs.0).set_data(std::mem::take(&mut self.stubs.1), 16);
        self.object.section_mut(self.slots.0).set_data(vec![0; slots as usize], if slots > 0 { page } else { 8 });
        let stack = if self.library.executable_stack { EXEC } else { 0 };
        elf_section(&mut self.object, b".note.GNU-stack", SectionKind::Other, elf::SHT_PROGBITS, stack);
        // Nothing refers to them any longer.
        self.globals = HashMap::new();
        self.object.write().map_err(|e| Refusal::broken(e.to_string()))
    }
}
