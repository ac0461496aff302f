//! The object of a conversion while it is written: sections, symbols, stubs, and the mapping of the shared object's
//! addresses and symbols.

use super::conversion::ConversionOptions;
use super::dynamic::Relocation;
use super::glibc_names;
use super::library::{self, Library};
use super::machine::Stub;
use super::pieces::{self, Pieces};
use super::refusal::Refusal;
use super::scope::{Binding, offered_symbol};
use super::sections::{ALLOC, EXEC, SUPPORT, WRITE, section_name};
use super::symbols::{self, Symbol};
use object::write::{self, Object, SectionId, SymbolId, SymbolSection};
use object::{BinaryFormat, Endianness, FileFlags, SectionFlags, SectionKind, SymbolFlags};
use object::{SymbolKind, SymbolScope, elf};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// A symbol and an addend.
pub(super) type Target = (SymbolId, i64);

pub(super) struct ObjectWriter<'a> {
    pub(super) library: &'a Library<'a>,
    pub(super) plan: &'a Pieces,
    pub(super) relocated: BTreeMap<u64, Relocation>,
    pub(super) options: &'a ConversionOptions<'a>,
    pub(super) object: Object<'a>,
    /// Sections of the pieces, with contents except for zeros.
    pub(super) sections: Vec<(SectionId, SymbolId, Vec<u8>)>,
    /// The thread-local block: section, symbol, bytes.
    pub(super) tls: Option<(SectionId, SymbolId, Vec<u8>)>,
    /// The offset of the shared object's own block in it.
    pub(super) lead: u64,
    /// Global symbols by name.
    pub(super) globals: HashMap<Cow<'a, [u8]>, SymbolId>,
    pub(super) stubs: (SectionId, Vec<u8>),
    pub(super) stub_symbols: HashMap<&'static str, SymbolId>,
    /// IFUNC slots: section, symbol, addresses of the resolvers.
    pub(super) slots: (SectionId, SymbolId, Vec<u64>),
    pub(super) jumps: HashMap<u64, (SymbolId, u64)>,
    /// IFUNC records: slot, then resolver.
    pub(super) select: Vec<(Target, Target)>,
    /// Functions that give the offset of a thread-local symbol.
    pub(super) offsets: HashMap<Target, SymbolId>,
    /// Words for offsets from the thread pointer that the start-up code writes: word, then function.
    pub(super) thread_words: Vec<(Target, Target)>,
}

pub(super) fn elf_section(
    object: &mut Object<'_>,
    name: &[u8],
    kind: SectionKind,
    sh_type: elf::SectionType,
    flags: u64,
) -> SectionId {
    let id = object.add_section(Vec::new(), name.to_vec(), kind);
    object.section_mut(id).flags = SectionFlags::Elf { sh_type, sh_flags: elf::SectionFlags(flags) };
    id
}

/// A symbol to be defined.
pub(super) struct Definition<'n> {
    pub(super) name: &'n [u8],
    pub(super) bind: u8,
    pub(super) kind: u8,
    pub(super) hidden: bool,
    pub(super) section: SymbolSection,
    pub(super) value: u64,
    pub(super) size: u64,
}

pub(super) fn symbol(object: &mut Object<'_>, d: &Definition<'_>) -> SymbolId {
    object.add_symbol(write::Symbol {
        name: d.name.to_vec(),
        value: d.value,
        size: d.size,
        kind: if d.kind == symbols::TLS { SymbolKind::Tls } else { SymbolKind::Unknown },
        scope: if d.bind == symbols::LOCAL { SymbolScope::Compilation } else { SymbolScope::Dynamic },
        weak: d.bind == symbols::WEAK,
        section: d.section,
        flags: SymbolFlags::Elf {
            st_info: elf::SymbolInfo(d.bind << 4 | d.kind),
            st_other: elf::SymbolOther(if d.hidden { 2 } else { 0 }),
        },
    })
}

/// A table of words, some of them addresses.
#[derive(Default)]
pub(super) struct WordTable {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<(u64, Target)>,
}

impl WordTable {
    /// Adds one entry: numbers, and targets for addresses.
    pub(super) fn add(&mut self, words: &[Result<u64, Target>]) {
        for word in words {
            if let Err(target) = word {
                self.places.push((self.bytes.len() as u64, *target));
            }
            self.bytes.extend(word.unwrap_or(0).to_le_bytes());
        }
    }
}

impl<'a> ObjectWriter<'a> {
    pub(super) fn new(
        library: &'a Library<'a>,
        plan: &'a Pieces,
        options: &'a ConversionOptions<'a>,
    ) -> Result<ObjectWriter<'a>, Refusal> {
        let mut object = Object::new(BinaryFormat::Elf, library.machine.architecture, Endianness::Little);
        let os_abi = elf::ELFOSABI_GNU;
        object.flags = FileFlags::Elf { os_abi, abi_version: 0, e_flags: elf::FileFlags(0) };
        let mut sections = Vec::new();
        for (index, piece) in plan.pieces.iter().enumerate() {
            let flags = pieces::section_flags(piece).0;
            let name = section_name(options.tag, index);
            let (kind, sh_type) = match piece.filled {
                true => (SectionKind::Data, elf::SHT_PROGBITS),
                false => (SectionKind::UninitializedData, elf::SHT_NOBITS),
            };
            let id = elf_section(&mut object, name.as_bytes(), kind, sh_type, flags);
            let align = plan.align(index);
            let mut bytes = Vec::new();
            if piece.filled {
                bytes = pieces::content(library, plan, piece)?;
            } else {
                object.section_mut(id).append_bss(piece.end - piece.start, align);
            }
            let symbol = object.section_symbol(id);
            sections.push((id, symbol, bytes));
        }
        let stubs = elf_section(&mut object, b".text.staticcxx", SectionKind::Text, elf::SHT_PROGBITS, ALLOC | EXEC);
        let slots = elf_section(&mut object, b".data.staticcxx", SectionKind::Data, elf::SHT_PROGBITS, ALLOC | WRITE);
        let slot_symbol = object.section_symbol(slots);
        Ok(ObjectWriter {
            library,
            plan,
            relocated: library.by_address(),
            options,
            object,
            sections,
            tls: None,
            lead: 0,
            globals: HashMap::new(),
            stubs: (stubs, Vec::new()),
            stub_symbols: HashMap::new(),
            slots: (slots, slot_symbol, Vec::new()),
            jumps: HashMap::new(),
            select: Vec::new(),
            offsets: HashMap::new(),
            thread_words: Vec::new(),
        })
    }

    pub(super) fn export(&mut self, name: Cow<'a, [u8]>, s: &Symbol<'_>) -> Result<(), Refusal> {
        if self.globals.contains_key(&name) {
            return Ok(());
        }
        let (section, value, kind, size) = if s.section == symbols::ABSOLUTE {
            (SymbolSection::Absolute, s.value, s.kind, s.size)
        } else {
            match (s.kind, &self.tls) {
                (symbols::TLS, Some((id, _, _))) => {
                    (SymbolSection::Section(*id), s.value.wrapping_add(self.lead), symbols::TLS, s.size)
                }
                (symbols::TLS, None) => return Err(Refusal::broken("a thread-local symbol has no block")),
                (symbols::IFUNC, _) => {
                    let (_, at) = self.jump(s.value);
                    let size = self.library.machine.jump.code.len() as u64;
                    (SymbolSection::Section(self.stubs.0), at, symbols::FUNC, size)
                }
                (kind, _) => {
                    let (section, at) = self.place(s.value).ok_or_else(|| Refusal::Symbol { symbol: shown(s.name) })?;
                    (SymbolSection::Section(section), at, kind, s.size)
                }
            }
        };
        // A program's definition is the only one, and an allocator's: libc's malloc may be linked in for what the allocator
        // lacks.
        let only = self.options.program.is_some() || (self.library.allocates() && glibc_names::is_of_malloc(s.name));
        let bind = if only { symbols::GLOBAL } else { symbols::WEAK };
        let d = Definition { name: &name, bind, kind, hidden: false, section, value, size };
        let id = symbol(&mut self.object, &d);
        self.globals.insert(name, id);
        Ok(())
    }

    /// Defines a name for an address, unless it is defined already.
    pub(super) fn define(&mut self, name: Cow<'a, [u8]>, address: u64, kind: u8, size: u64) -> Result<(), Refusal> {
        if self.globals.contains_key(&name) {
            return Ok(());
        }
        let (section, value) = self.place(address).ok_or_else(|| Refusal::Symbol { symbol: shown(&name) })?;
        let section = SymbolSection::Section(section);
        let d = Definition { name: &name, bind: 1, kind, hidden: false, section, value, size };
        let id = symbol(&mut self.object, &d);
        self.globals.insert(name, id);
        Ok(())
    }

    pub(super) fn undefined(&mut self, name: Cow<'a, [u8]>, weak: bool, thread_local: bool) -> SymbolId {
        if let Some(id) = self.globals.get(&name) {
            // One strong reference makes the symbol required.
            let known = self.object.symbol_mut(*id);
            if known.section == SymbolSection::Undefined && known.weak && !weak {
                known.weak = false;
                if let SymbolFlags::Elf { st_info, .. } = &mut known.flags {
                    *st_info = elf::SymbolInfo(1 << 4 | st_info.0 & 15);
                }
            }
            return *id;
        }
        let (bind, kind) = (if weak { symbols::WEAK } else { 1 }, if thread_local { symbols::TLS } else { 0 });
        let section = SymbolSection::Undefined;
        let d = Definition { name: &name, bind, kind, hidden: false, section, value: 0, size: 0 };
        let id = symbol(&mut self.object, &d);
        self.globals.insert(name, id);
        id
    }

    /// The section of an address and the offset in it.
    pub(super) fn place(&self, address: u64) -> Option<(SectionId, u64)> {
        if let Some(index) = self.plan.holding(address) {
            let (piece, section) = (self.plan.pieces.get(index)?, self.sections.get(index)?);
            return Some((section.0, address - piece.start));
        }
        let (first, section) = (self.plan.pieces.first()?, self.sections.first()?);
        let last = self.plan.pieces.last()?;
        (first.start <= address && address <= last.end).then(|| (section.0, address - first.start))
    }

    /// An address as symbol and addend.
    pub(super) fn address(&self, address: u64) -> Result<Target, Refusal> {
        let outside = || Refusal::broken(format!("address {address:#x} lies outside of the file"));
        let index = self.plan.holding(address).unwrap_or(0);
        let (piece, section) = self.plan.pieces.get(index).zip(self.sections.get(index)).ok_or_else(outside)?;
        let near = address.abs_diff(piece.start) <= library::LIMIT;
        near.then_some((section.1, address.wrapping_sub(piece.start) as i64)).ok_or_else(outside)
    }

    /// The object's symbol and addend for a symbol of the library.
    pub(super) fn target(&mut self, index: usize) -> Result<Target, Refusal> {
        let s = *self.library.symbols.get(index).ok_or_else(|| Refusal::broken("a symbol is missing"))?;
        if !s.defined() {
            return self.foreign(&s);
        }
        if !s.bound(self.library.symbolic) {
            let name = self.options.versions.name(&s).map_or(Cow::Borrowed(s.name), Cow::Owned);
            if let Some(id) = self.globals.get(&name) {
                return Ok((*id, 0));
            }
            if self.options.module.is_some() && self.options.libc.comes_first(&s) {
                return Ok((self.undefined(Cow::Borrowed(s.name), false, false), 0));
            }
        }
        if s.section == symbols::ABSOLUTE {
            return Err(Refusal::Symbol { symbol: shown(s.name) });
        }
        match s.kind {
            symbols::TLS => self.own_thread_local(s.value as i64),
            symbols::IFUNC => Ok((self.jump(s.value).0, 0)),
            _ => self.address(s.value),
        }
    }

    pub(super) fn own_thread_local(&self, offset: i64) -> Result<Target, Refusal> {
        let block =
            self.tls.as_ref().ok_or_else(|| Refusal::broken("it refers to a thread-local block that it lacks"))?;
        Ok((block.1, offset))
    }

    fn foreign(&mut self, s: &Symbol<'a>) -> Result<Target, Refusal> {
        if s.name == b"__tls_get_addr" {
            let stub = self.library.machine.tls_get_addr;
            return Ok((self.stub("staticcxx_tls_get_addr", stub), 0));
        }
        if let Some(id) = self.bound_elsewhere(s) {
            return Ok((id, 0));
        }
        // A weak reference extracts no archive member. One with a version was bound to a library that had the symbol
        // when this one was linked, so it is expected to be defined.
        let weak = s.bind == symbols::WEAK && s.version.is_none();
        let name = match self.options.versions.name(s) {
            Some(name) => Cow::Owned(name),
            None if s.name == b"__cxa_atexit" || s.name == b"__cxa_finalize" => {
                self.undefined(Cow::Borrowed(SUPPORT), false, false);
                Cow::Borrowed(if s.name == b"__cxa_atexit" { &b"staticcxx_atexit"[..] } else { b"staticcxx_finalize" })
            }
            None if self.options.module.is_some_and(|m| m.of_libc) && self.options.libc.has(s.name) => {
                Cow::Borrowed(s.name)
            }
            None => self.options.libc.resolve(s)?,
        };
        Ok((self.undefined(name, weak, s.kind == symbols::TLS), 0))
    }

    pub(super) fn stub(&mut self, name: &'static str, stub: Stub) -> SymbolId {
        if let Some(id) = self.stub_symbols.get(name) {
            return *id;
        }
        let id = self.code(name.as_bytes(), stub).0;
        self.stub_symbols.insert(name, id);
        id
    }

    /// Adds a stub; returns its symbol and offset.
    fn code(&mut self, name: &[u8], stub: Stub) -> (SymbolId, u64) {
        let (section, bytes) = &mut self.stubs;
        bytes.resize(bytes.len().next_multiple_of(16), self.library.machine.filler);
        let value = bytes.len() as u64;
        bytes.extend_from_slice(stub.code);
        let (kind, size) = (symbols::FUNC, stub.code.len() as u64);
        let section = SymbolSection::Section(*section);
        let d = Definition { name, bind: symbols::LOCAL, kind, hidden: false, section, value, size };
        (symbol(&mut self.object, &d), value)
    }

    fn relocate_stub(&mut self, start: u64, stub: Stub, target: Target) {
        for (at, kind, addend) in stub.relocations {
            self.add(self.stubs.0, start + at, *kind, (target.0, target.1.wrapping_add(*addend)));
        }
    }

    /// The function that gives the offset of a thread-local symbol.
    pub(super) fn offset_of(&mut self, stub: Stub, target: Target) -> SymbolId {
        if let Some(known) = self.offsets.get(&target) {
            return *known;
        }
        let (symbol, start) = self.code(b"staticcxx_thread_offset", stub);
        self.relocate_stub(start, stub, target);
        self.offsets.insert(target, symbol);
        symbol
    }

    /// A jump to the function that the resolver at an address chooses at start.
    fn jump(&mut self, chooser: u64) -> (SymbolId, u64) {
        if let Some(known) = self.jumps.get(&chooser) {
            return *known;
        }
        let made = self.code(format!("staticcxx_choose_{chooser:x}").as_bytes(), self.library.machine.jump);
        let slot = self.slots.2.len() as i64 * 8;
        self.slots.2.push(chooser);
        self.relocate_stub(made.1, self.library.machine.jump, (self.slots.1, slot));
        self.jumps.insert(chooser, made);
        made
    }

    /// What an undefined symbol of a module is bound to, if it has a binding.
    pub(super) fn bound_elsewhere(&mut self, s: &Symbol<'a>) -> Option<SymbolId> {
        let scope = self.options.module?;
        match scope.bindings.get(s.name)? {
            Binding::Module(tag) => {
                let weak = s.bind == symbols::WEAK;
                Some(self.undefined(Cow::Owned(offered_symbol(tag, s.name)), weak, s.kind == symbols::TLS))
            }
            Binding::Unknown => Some(self.undefined(Cow::Borrowed(s.name), true, s.kind == symbols::TLS)),
        }
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
