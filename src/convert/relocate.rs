//! Rewrites each relocation of a shared object as one of an object file.

use super::dynamic::Relocation;
use super::machine::{Meaning, ThreadDescriptor, ThreadWord};
use super::object_writer::{ObjectWriter, Target, elf_section};
use super::refusal::Refusal;
use super::sections::ALLOC;
use super::unwind::{To, Unwind};
use object::write::{self, SectionId};
use object::{RelocationFlags, SectionKind, elf};

impl ObjectWriter<'_> {
    pub(super) fn add(&mut self, section: SectionId, offset: u64, kind: u32, target: Target) {
        let flags = RelocationFlags::Elf { r_type: elf::RelocationType(kind) };
        let relocation = write::Relocation { offset, symbol: target.0, addend: target.1, flags };
        // Only generic relocations can be unsupported by the format.
        let _ = self.object.add_relocation(section, relocation);
    }

    pub(super) fn relocate(&mut self, r: &Relocation) -> Result<(), Refusal> {
        let address = self.library.machine.address;
        match r.meaning {
            Meaning::Nothing => Ok(()),
            // Their content was resolved before.
            Meaning::Copy if self.options.program.is_some() => Ok(()),
            Meaning::Copy => Err(Refusal::Relocation { kind: r.kind }),
            Meaning::Relative => self.put(r.at, address, self.address(r.addend as u64)?),
            Meaning::Address | Meaning::Slot if r.symbol == 0 => {
                self.put(r.at, address, self.address(r.addend as u64)?)
            }
            Meaning::Address | Meaning::Slot if self.is_null(r.symbol) => {
                let value = if r.meaning == Meaning::Address { r.addend } else { 0 };
                self.put_bytes(r.at, &value.to_le_bytes())
            }
            Meaning::Address | Meaning::Slot => {
                let (symbol, distance) = self.target(r.symbol)?;
                let addend = if r.meaning == Meaning::Address { r.addend } else { 0 };
                self.put(r.at, address, (symbol, distance.wrapping_add(addend)))
            }
            Meaning::Select => {
                let function = self.address(r.addend as u64)?;
                self.put_bytes(r.at, &[0; 8])?;
                self.select.push((self.address(r.at)?, function));
                Ok(())
            }
            Meaning::ThreadOffset | Meaning::TlsOffset => self.put_thread_offset(r.at, r.symbol, r.addend),
            // The next word has its own relocation, unless it is a constant of this module.
            Meaning::TlsModule => match self.relocated.get(&(r.at + 8)) {
                Some(next) if next.meaning == Meaning::TlsOffset => Ok(()),
                _ => {
                    let offset = self.library.memory.word(r.at + 8).unwrap_or(0) as i64;
                    self.put_thread_offset(r.at + 8, 0, offset)
                }
            },
            Meaning::TlsDescriptor => {
                let (stub, shared) = match self.library.machine.thread_descriptor {
                    ThreadDescriptor::Argument(stub) => (self.stub("staticcxx_tls_descriptor", stub), true),
                    ThreadDescriptor::Own(stub) => {
                        let target = self.thread_local_target(r.symbol, r.addend)?;
                        (self.offset_of(stub, target), false)
                    }
                };
                self.put(r.at, address, (stub, 0))?;
                if shared { self.put_thread_offset(r.at + 8, r.symbol, r.addend) } else { Ok(()) }
            }
            Meaning::PassOn(_) => {
                let (symbol, distance) = self.target(r.symbol)?;
                let (section, offset, _) = self.field(r.at)?;
                self.add(section, offset, r.kind, (symbol, distance.wrapping_add(r.addend)));
                Ok(())
            }
        }
    }

    /// Whether a symbol is a weak reference that stays null.
    fn is_null(&self, symbol: usize) -> bool {
        let names = self.options.null;
        self.library.symbols.get(symbol).zip(names).is_some_and(|(s, names)| s.may_be_null() && names.contains(s.name))
    }

    fn put_thread_offset(&mut self, at: u64, symbol: usize, addend: i64) -> Result<(), Refusal> {
        let target = self.thread_local_target(symbol, addend)?;
        let (section, offset, _) = self.field(at)?;
        let field = self.thread_word((section, offset), self.address(at)?, target);
        self.put_bytes(at, &field)
    }

    fn thread_local_target(&mut self, symbol: usize, addend: i64) -> Result<Target, Refusal> {
        let (symbol, distance) = if symbol == 0 { self.own_thread_local(0)? } else { self.target(symbol)? };
        Ok((symbol, distance.wrapping_add(addend)))
    }

    /// Has a word become an offset from the thread pointer; returns the bytes that it has until then. The word is given by
    /// its section and offset, and as a target.
    pub(super) fn thread_word(&mut self, (section, offset): (SectionId, u64), word: Target, target: Target) -> [u8; 8] {
        match self.library.machine.thread_word {
            ThreadWord::Relocated(kind, field) => {
                self.add(section, offset, kind, target);
                field
            }
            ThreadWord::Computed(stub) => {
                let function = self.offset_of(stub, target);
                self.thread_words.push((word, (function, 0)));
                [0; 8]
            }
        }
    }

    fn put(&mut self, at: u64, kind: u32, target: Target) -> Result<(), Refusal> {
        self.put_bytes(at, &[0; 8])?;
        let (section, offset, _) = self.field(at)?;
        self.add(section, offset, kind, target);
        Ok(())
    }

    /// The section, offset and piece of a relocated field; no piece for the thread-local image.
    pub(super) fn field(&self, at: u64) -> Result<(SectionId, u64, Option<usize>), Refusal> {
        if let (Some(tls), Some((id, _, _))) = (self.library.tls, &self.tls)
            && tls.address <= at
            && at < tls.address + tls.file_size
        {
            return Ok((*id, at - tls.address + self.lead, None));
        }
        let index = self.plan.holding(at).filter(|i| self.plan.pieces.get(*i).is_some_and(|p| p.filled && at < p.end));
        let found = index.and_then(|i| Some((self.sections.get(i)?.0, at - self.plan.pieces.get(i)?.start, Some(i))));
        found.ok_or_else(|| Refusal::broken("a relocation refers to memory without bytes"))
    }

    pub(super) fn put_bytes(&mut self, at: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let (_, offset, index) = self.field(at)?;
        let data = match index {
            None => self.tls.as_mut().map(|t| &mut t.2),
            Some(index) => self.sections.get_mut(index).map(|s| &mut s.2),
        };
        let start = offset as usize;
        let field = data.and_then(|d| d.get_mut(start..start + bytes.len()));
        field.ok_or_else(|| Refusal::broken("a relocation is cut short"))?.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn unwind(&mut self, table: Unwind) -> Result<(), Refusal> {
        if table.bytes.is_empty() {
            return Ok(());
        }
        let section = elf_section(&mut self.object, b".eh_frame", SectionKind::ReadOnlyData, elf::SHT_PROGBITS, ALLOC);
        self.object.section_mut(section).set_data(table.bytes, 8);
        for pointer in table.pointers {
            let machine = self.library.machine;
            let (kind, target) = match pointer.to {
                To::Address(to) => {
                    let kind = if pointer.size == 8 { machine.distance64 } else { machine.distance32 };
                    (kind, self.address(to)?)
                }
                To::Fixed(to) => {
                    let kind = if pointer.size == 8 { machine.address } else { machine.address32 };
                    (kind, self.address(to)?)
                }
                To::Relocated(r) if r.symbol == 0 => (machine.address, self.address(r.addend as u64)?),
                To::Relocated(r) => {
                    let (symbol, distance) = self.target(r.symbol)?;
                    (machine.address, (symbol, distance.wrapping_add(r.addend)))
                }
            };
            self.add(section, pointer.at, kind, target);
        }
        Ok(())
    }
}
