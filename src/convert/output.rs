//! Model → relocatable object.
//!
//! | in the shared object | in the object |
//! |---|---|
//! | segments | sections ([`super::pieces`]) |
//! | an exported symbol | a weak one: the first definition wins, as for ld.so, and duplicates are no error |
//! | relocations | relocations of the object |
//! | thread-local data, in any TLS model | offsets from the thread pointer, known when a program is linked |
//! | functions chosen at start (IFUNC) | records for our start-up code, jumps through a slot |
//! | constructors, destructors | a reference to an object that is written for each link ([`super::start`]) |
//! | the unwind table | the same with relocations |

use super::conversion::{ConversionOptions, ProgramParts};
use super::library::Library;
use super::object_writer::{Definition, ObjectWriter, elf_section, symbol};
use super::pieces::{self, Pieces};
use super::refusal::Refusal;
use super::sections::{ALLOC, THREAD_LOCAL, WRITE, base_symbol, start_symbol};
use super::symbols::Symbol;
use super::{allocator, glibc_names, symbols, unwind};
use crate::toolchain_libs;
use object::write::SymbolSection;
use object::{SectionKind, elf};
use std::borrow::Cow;
use std::collections::HashSet;

/// Writes the object of a library.
///
/// # Errors
/// What can't be expressed in an object file.
fn write(library: &Library<'_>, plan: &Pieces, options: &ConversionOptions<'_>) -> Result<Vec<u8>, Refusal> {
    let mut output = ObjectWriter::new(library, plan, options)?;
    output.thread_local();
    output.exports()?;
    output.program()?;
    for relocation in &library.relocations {
        output.relocate(relocation)?;
    }
    output.unreferenced();
    // Freed before the bytes of the object are allocated too.
    let relocated = std::mem::take(&mut output.relocated);
    if options.program.is_none_or(|program| !program.bare) {
        output.unwind(unwind::read(library, &relocated)?)?;
    }
    drop(relocated);
    output.local_names();
    output.finish()
}

impl ObjectWriter<'_> {
    /// One section for the whole thread-local block, which keeps distances in it.
    fn thread_local(&mut self) {
        let Some(tls) = self.library.tls else { return };
        let flags = ALLOC | WRITE | elf::SHF_TLS.0;
        let (lead, end) = self
            .options
            .program
            .map_or((tls.lead(), tls.lead() + tls.size), |p| p.thread_local(&tls, self.library.machine.thread_block));
        self.lead = lead;
        let size = end;
        let (id, bytes) = if self.options.program.is_some() {
            // The linker script places it after or before all other thread-local data.
            let id = elf_section(&mut self.object, THREAD_LOCAL.as_bytes(), SectionKind::Tls, elf::SHT_PROGBITS, flags);
            let mut bytes = vec![0; lead as usize];
            bytes.extend_from_slice(self.library.memory.bytes(tls.address, tls.file_size).unwrap_or_default());
            bytes.resize(size as usize, 0);
            (id, bytes)
        } else if tls.file_size == 0 {
            let id = elf_section(&mut self.object, b".tbss", SectionKind::UninitializedTls, elf::SHT_NOBITS, flags);
            self.object.section_mut(id).append_bss(size, tls.align);
            (id, Vec::new())
        } else {
            let id = elf_section(&mut self.object, b".tdata", SectionKind::Tls, elf::SHT_PROGBITS, flags);
            let mut bytes = vec![0; lead as usize];
            bytes.extend_from_slice(self.library.memory.bytes(tls.address, tls.file_size).unwrap_or_default());
            bytes.resize(size as usize, 0);
            (id, bytes)
        };
        let name = format!("staticcxx_tls_{}", self.options.tag);
        let section = SymbolSection::Section(id);
        let kind = symbols::TLS;
        let name = name.as_bytes();
        let d = Definition { name, bind: symbols::LOCAL, kind, hidden: false, section, value: lead, size: tls.size };
        let symbol = symbol(&mut self.object, &d);
        self.tls = Some((id, symbol, bytes));
    }

    fn exports(&mut self) -> Result<(), Refusal> {
        let library = self.library;
        if let Some(scope) = self.options.module {
            self.offer(scope)?;
        }
        let public = self.options.module.is_none();
        for s in library.symbols.iter().filter(|s| public && s.exported()) {
            if !s.old {
                self.export(Cow::Borrowed(s.name), s)?;
            }
            if let Some(name) = self.options.versions.name(s) {
                self.export(Cow::Owned(name), s)?;
            }
        }
        let base = base_symbol(self.options.tag);
        if let Some((section, _, _)) = self.sections.first() {
            let section = SymbolSection::Section(*section);
            let name = base.as_bytes();
            // Without type and size: profilers would attribute all that follows to it.
            let d = Definition { name, bind: 1, kind: 0, hidden: true, section, value: 0, size: 0 };
            symbol(&mut self.object, &d);
        }
        if public && !(library.constructors.is_empty() && library.destructors.is_empty()) {
            self.undefined(Cow::Owned(start_symbol(self.options.tag).into_bytes()), false, false);
        }
        Ok(())
    }
}

impl ObjectWriter<'_> {
    /// References without a relocation: nothing reads them, but an archive member is linked in for them, whose
    /// constructors count, as all of a shared object's run (`_ZSt21ios_base_library_initv` in each user of iostreams).
    fn unreferenced(&mut self) {
        let library = self.library;
        let related: HashSet<usize> = library.relocations.iter().map(|r| r.symbol).collect();
        let wanted = |(index, s): &(usize, &Symbol<'_>)| {
            let strong = !s.defined() && s.bind == symbols::GLOBAL && !s.name.is_empty() && !s.of_the_module();
            strong && s.name != b"__tls_get_addr" && !related.contains(index)
        };
        let all: Vec<usize> = library.symbols.iter().enumerate().filter(wanted).map(|(index, _)| index).collect();
        for index in all {
            // Whatever can't be had is not missed.
            let _ = self.target(index);
        }
    }
}

/// A converted library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertedObject {
    /// The relocatable object.
    pub object: Vec<u8>,
    /// Bytes of the shared object's read-only memory that the program does not have.
    pub dropped: u64,
}

/// The most bytes in an object, or sixteen times the size of the shared object if that is more: a hostile file's zeros
/// are not written out.
const FILLED: u64 = 64 << 20;

/// Converts a library.
///
/// # Errors
/// What a static program can't have.
pub fn convert(library: &Library<'_>, options: &ConversionOptions<'_>) -> Result<ConvertedObject, Refusal> {
    let filled = options.program.map_or_else(Vec::new, ProgramParts::filled);
    let plan = pieces::plan(library, unwind::left_out(library), options.layout, &filled);
    if let (Some(tls), Some(_)) = (library.tls, options.program)
        && tls.lead() != 0
    {
        return Err(Refusal::broken("its thread-local block is not aligned"));
    }
    if let (Some(tls), Some(program)) = (library.tls, options.program) {
        program.keep_place(&tls, library.machine.thread_block)?;
    }
    let block = library.tls.filter(|t| t.file_size > 0 || options.program.is_some()).map_or(0, |t| t.size);
    let (bytes, limit) = (plan.filled() + block, FILLED.max(library.memory.data.len() as u64 * 16));
    if bytes > limit {
        return Err(Refusal::TooLarge { bytes, limit });
    }
    let object = write(library, &plan, options)?;
    Ok(ConvertedObject { object, dropped: plan.dropped })
}

/// Refuses what is known not to work before anything is converted.
///
/// # Errors
/// The reason.
pub fn acceptable(library: &Library<'_>) -> Result<(), Refusal> {
    acceptable_beside(library, false)
}

/// How the run-time libraries of sanitizers name their functions in the place of libc's.
const INTERCEPTOR: &[u8] = b"__interceptor_";

/// The same; `finished` is whether it is for a finished program, whose link takes the first definition of a name and
/// leaves libc's `malloc` under its other names to what looks for the next one.
///
/// # Errors
/// The reason.
pub(crate) fn acceptable_beside(library: &Library<'_>, finished: bool) -> Result<(), Refusal> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if library.soname.is_some_and(toolchain_libs::is_glibc) {
        return Err(Refusal::Glibc);
    }
    if let Some(other) = library.needed.iter().find(|n| glibc_names::other_libc(n)) {
        return Err(Refusal::OtherLibc { needed: text(other) });
    }
    let exported = library.symbols.iter().filter(|s| s.exported());
    // Any statically linked program may have an allocator of its own.
    let allocates = finished || library.entry.is_some() || allocator::is_whole(library);
    let may = |name: &[u8]| allocates && glibc_names::ALLOCATION.contains(&name);
    if let Some(own) = exported.clone().find(|s| glibc_names::OF_LIBC.contains(&s.name) && !may(s.name)) {
        return Err(Refusal::Interposes { symbol: text(own.name) });
    }
    // Of a sanitizer, which has one for each function of libc that it stands before, and calls libc's through ld.so.
    if let Some(own) = exported.clone().find(|s| s.name.starts_with(INTERCEPTOR)) {
        let symbol = text(own.name.strip_prefix(INTERCEPTOR).unwrap_or(own.name));
        return Err(Refusal::Interposes { symbol });
    }
    let private = library.symbols.iter().find(|s| !s.defined() && s.version == Some(b"GLIBC_PRIVATE"));
    // glibc's own programs use private symbols that its archives have too; those that they lack are refused later.
    if let Some(s) = private.filter(|s| s.name != b"__tls_get_addr" && library.entry.is_none()) {
        return Err(Refusal::LoaderInternals { symbol: text(s.name), version: "GLIBC_PRIVATE".into() });
    }
    Ok(())
}
