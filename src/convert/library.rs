//! Bytes → model: a shared object as ld.so sees it. Section headers are optional: they only give the end of the unwind
//! table, which ld.so does not need.

use super::dynamic::{Dynamic, Relocation};
use super::machine::Machine;
use super::memory::{Memory, Segment, text_at, u64_at};
use super::refusal::Refusal;
use super::symbols::{self, NullNames, Symbol};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use std::collections::BTreeMap;

/// The largest library that is converted, in bytes of memory.
pub(crate) const LIMIT: u64 = 1 << 30;

/// PT_TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tls {
    /// Address of its initial image.
    pub address: u64,
    /// Bytes of the image in the file.
    pub file_size: u64,
    pub size: u64,
    pub align: u64,
}

impl Tls {
    /// The padding before the image that keeps its offset from an aligned address.
    pub(crate) fn lead(&self) -> u64 {
        self.address & (self.align - 1)
    }
}

/// A shared object or program that was read.
#[derive(Debug)]
pub struct Library<'a> {
    pub(crate) machine: &'static Machine,
    /// The largest page size for which it keeps parts of different access on pages of their own.
    pub(crate) page: u64,
    pub(crate) memory: Memory<'a>,
    pub(crate) soname: Option<&'a [u8]>,
    pub(crate) needed: Vec<&'a [u8]>,
    /// Its own definitions take precedence over those of others (DT_SYMBOLIC).
    pub(crate) symbolic: bool,
    /// Dynamic symbols; the first is null.
    pub(crate) symbols: Vec<Symbol<'a>>,
    pub(crate) relocations: Vec<Relocation>,
    pub(crate) tls: Option<Tls>,
    /// PT_GNU_RELRO: start and end.
    pub(crate) relro: Option<(u64, u64)>,
    /// Addresses and sizes of the sections; empty without section headers.
    pub(crate) sections: Vec<(u64, u64)>,
    /// PT_GNU_EH_FRAME: start and size.
    pub(crate) unwind_header: Option<(u64, u64)>,
    /// Addresses of constructors in the order in which they run.
    pub(crate) constructors: Vec<u64>,
    /// Addresses of destructors in the order of their table.
    pub(crate) destructors: Vec<u64>,
    /// It requires an executable stack (PT_GNU_STACK).
    pub(crate) executable_stack: bool,
    /// NT_GNU_BUILD_ID.
    pub(crate) build_id: Option<&'a [u8]>,
    /// A program's notes that are not the toolchain's, as they are in a section with four-byte alignment.
    pub(crate) notes: Vec<u8>,
    /// Tables that only ld.so reads: start and end of each, unordered.
    pub(crate) for_loader: Vec<(u64, u64)>,
    /// A program's entry point; none for a shared object.
    pub(crate) entry: Option<u64>,
    /// It has fixed addresses: a program that is not a PIE.
    pub(crate) fixed: bool,
    /// Functions of a program that run before all constructors (DT_PREINIT_ARRAY).
    pub(crate) early: Vec<u64>,
}

impl<'a> Library<'a> {
    ///
    /// # Errors
    /// A file that is not a shared object for a supported machine, or is malformed.
    pub fn read(data: &'a [u8]) -> Result<Library<'a>, Refusal> {
        Library::read_as(data, false)
    }

    /// Reads a dynamic program.
    ///
    /// # Errors
    /// As [`Library::read`].
    pub fn read_program(data: &'a [u8]) -> Result<Library<'a>, Refusal> {
        Library::read_as(data, true)
    }

    /// Its weak references among these names.
    pub(crate) fn null_references<'n>(&'n self, names: &'n NullNames) -> impl Iterator<Item = &'n [u8]> {
        self.symbols.iter().filter(|s| s.may_be_null() && names.contains(s.name)).map(|s| s.name)
    }

    fn read_as(data: &'a [u8], program: bool) -> Result<Library<'a>, Refusal> {
        let header = elf::FileHeader64::<LE>::parse(data).map_err(|_| Refusal::NotElf)?;
        let endian = header.endian().map_err(|_| Refusal::NotElf)?;
        let machine = machine_of(header, program)?;
        let headers = header
            .program_headers(endian, data)
            .map_err(|_| Refusal::broken("its program headers lie outside the file"))?;
        let memory = Memory { data, segments: segments(headers, data, machine)? };
        let find = |kind| headers.iter().find(|p| p.p_type(endian) == kind);
        let dynamic = find(elf::PT_DYNAMIC).ok_or(Refusal::NotShared { what: "a static program".into() })?;
        let dynamic = Dynamic::read(&memory, dynamic.p_vaddr(endian))?;
        let extent = |p: &elf::ProgramHeader64<LE>| (p.p_vaddr(endian), p.p_memsz(endian));
        let relro = find(elf::PT_GNU_RELRO).map(extent).and_then(|(at, size)| Some((at, at.checked_add(size)?)));
        let mut library = Library {
            machine,
            page: page(headers, &memory.segments, machine),
            soname: dynamic.text(elf::DT_SONAME.0),
            needed: dynamic.needed.iter().filter_map(|at| text_at(dynamic.strings, *at)).collect(),
            // A program's definitions always take precedence.
            symbolic: program
                || dynamic.entry(elf::DT_SYMBOLIC.0).is_some()
                || dynamic.flag(elf::DT_FLAGS.0, elf::DF_SYMBOLIC.0),
            symbols: Vec::new(),
            relocations: Vec::new(),
            tls: find(elf::PT_TLS).filter(|p| p.p_memsz(endian) > 0).map(|p| tls(p, &memory)).transpose()?,
            relro,
            sections: sections(header, data),
            unwind_header: find(elf::PT_GNU_EH_FRAME).map(extent),
            constructors: Vec::new(),
            destructors: Vec::new(),
            executable_stack: find(elf::PT_GNU_STACK).is_some_and(|p| p.p_flags(endian).0 & elf::PF_X.0 != 0),
            build_id: headers.iter().find_map(|p| build_id(p, data)),
            notes: if program { headers.iter().flat_map(|p| notes(p, data)).collect() } else { Vec::new() },
            for_loader: dynamic.for_loader(),
            entry: program.then(|| header.e_entry(endian)),
            fixed: header.e_type(endian) == elf::ET_EXEC,
            early: Vec::new(),
            memory,
        };
        if let Some(other) = dynamic.text(elf::DT_FILTER.0).or(dynamic.text(elf::DT_AUXILIARY.0)) {
            return Err(Refusal::Filter { library: String::from_utf8_lossy(other).into_owned() });
        }
        let table_end = header.e_phoff(endian).saturating_add(u64::from(header.e_phnum(endian)) * 56);
        if let Some(first) = library.memory.segments.first().filter(|s| s.offset == 0) {
            let end = table_end.min(first.file_size);
            library.for_loader.push((first.address, first.address + end));
        }
        let notes = headers.iter().filter(|p| p.p_type(endian) == elf::PT_NOTE).map(extent);
        library.for_loader.extend(notes.filter_map(|(at, size)| Some((at, at.checked_add(size)?))));
        library.relocations = dynamic.relocations(&library.memory, machine)?;
        library.symbols = symbols::read(&library.memory, &dynamic, &library.relocations, &mut library.for_loader)?;
        if let Some(bad) = library.relocations.iter().find(|r| r.symbol >= library.symbols.len()) {
            return Err(Refusal::broken(format!("a relocation refers to symbol {}, which does not exist", bad.symbol)));
        }
        library.read_functions(&dynamic)?;
        Ok(library)
    }

    /// Reads constructors, destructors, and a program's DT_PREINIT_ARRAY.
    fn read_functions(&mut self, dynamic: &Dynamic<'_>) -> Result<(), Refusal> {
        self.constructors = functions(dynamic, self, elf::DT_INIT.0, elf::DT_INIT_ARRAY.0, elf::DT_INIT_ARRAYSZ.0)?;
        self.destructors = functions(dynamic, self, elf::DT_FINI.0, elf::DT_FINI_ARRAY.0, elf::DT_FINI_ARRAYSZ.0)?;
        if self.entry.is_some() {
            // It has a table only, no single function.
            let (array, size) = (elf::DT_PREINIT_ARRAY.0, elf::DT_PREINIT_ARRAYSZ.0);
            self.early = functions(dynamic, self, elf::DT_NULL.0, array, size)?;
        }
        Ok(())
    }

    /// The bytes at an address before relocation: from the file, else zero.
    pub(crate) fn content(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        let segment = self.memory.segment(address)?;
        let length = size.min(segment.end() - address);
        let mut bytes = self.memory.from(address).unwrap_or_default().to_vec();
        bytes.resize(usize::try_from(length).ok()?, 0);
        Some(bytes)
    }

    /// Whether code or read-only data is relocated (text relocations).
    pub(crate) fn changes_code(&self) -> bool {
        self.relocations.iter().any(|r| self.memory.segment(r.at).is_some_and(|s| !s.writable))
    }

    /// The relocations by address.
    pub(crate) fn by_address(&self) -> BTreeMap<u64, Relocation> {
        self.relocations.iter().map(|r| (r.at, *r)).collect()
    }

    /// Whether it has constructors besides the two that start files bring into every shared object (`_init`,
    /// `frame_dummy`).
    pub(crate) fn has_constructors(&self) -> bool {
        self.constructors.len() > 2
    }

    /// The build-id in hexadecimal.
    pub(crate) fn build_id_text(&self) -> Option<String> {
        self.build_id.map(|id| id.iter().map(|b| format!("{b:02x}")).collect())
    }
}

/// The machine of a shared object, or of a program if `program`.
fn machine_of(header: &elf::FileHeader64<LE>, program: bool) -> Result<&'static Machine, Refusal> {
    match header.e_type(LE) {
        elf::ET_DYN => {}
        elf::ET_EXEC if program => {}
        elf::ET_EXEC => return Err(Refusal::NotShared { what: "a program".into() }),
        elf::ET_REL => return Err(Refusal::NotShared { what: "an object file".into() }),
        _ => return Err(Refusal::NotShared { what: "another kind of file".into() }),
    }
    let number = header.e_machine(LE).0;
    let unknown = || Refusal::Machine { machine: crate::check::target::machine_name(number, 64) };
    Machine::of(number).ok_or_else(unknown)
}

fn segments(headers: &[elf::ProgramHeader64<LE>], data: &[u8], machine: &Machine) -> Result<Vec<Segment>, Refusal> {
    let mut segments = Vec::new();
    for p in headers.iter().filter(|p| p.p_type(LE) == elf::PT_LOAD && p.p_memsz(LE) > 0) {
        let (offset, file_size) = p.file_range(LE);
        let (address, memory_size) = (p.p_vaddr(LE), p.p_memsz(LE));
        let inside = offset.checked_add(file_size).is_some_and(|end| end <= data.len() as u64);
        if !inside || file_size > memory_size || address.checked_add(memory_size).is_none() {
            return Err(Refusal::broken("a segment ends after the end of the file"));
        }
        let flags = p.p_flags(LE).0;
        let (writable, executable) = (flags & elf::PF_W.0 != 0, flags & elf::PF_X.0 != 0);
        segments.push(Segment { address, offset, file_size, memory_size, writable, executable });
    }
    segments.sort_by_key(|s| s.address);
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Err(Refusal::broken("it has no segments to load"));
    };
    // The kernel is above; below, sums with offsets in the file can't overflow.
    if last.end() > 1 << 47 {
        return Err(Refusal::broken("a segment lies outside the address space of programs"));
    }
    let bytes = last.end() - first.address;
    if bytes > LIMIT {
        return Err(Refusal::TooLarge { bytes, limit: LIMIT });
    }
    for pair in segments.windows(2) {
        if let [a, b] = pair
            && machine.page_start(b.address) < a.end()
            && machine.page_start(b.address) < machine.page_end(a.end()).unwrap_or(u64::MAX)
        {
            return Err(Refusal::broken("two segments share a page"));
        }
    }
    if segments.iter().any(|s| s.writable && s.executable) {
        return Err(Refusal::broken("a segment is writable and executable"));
    }
    Ok(segments)
}

/// The largest page size for which no page has parts of two segments: what the linker was told of (`p_align`), unless the
/// file says more than it keeps.
fn page(headers: &[elf::ProgramHeader64<LE>], segments: &[Segment], machine: &Machine) -> u64 {
    let told = headers.iter().filter(|p| p.p_type(LE) == elf::PT_LOAD).map(|p| p.p_align(LE)).max().unwrap_or(0);
    let mut page = machine.largest_page;
    let shared =
        |page: u64| segments.windows(2).any(|pair| matches!(pair, [a, b] if b.address & !(page - 1) < a.end()));
    while page > machine.page && (page > told || shared(page)) {
        page /= 2;
    }
    page
}

fn sections(header: &elf::FileHeader64<LE>, data: &[u8]) -> Vec<(u64, u64)> {
    let headers = header.section_headers(LE, data).unwrap_or_default();
    headers.iter().filter(|s| s.sh_addr(LE) != 0).map(|s| (s.sh_addr(LE), s.sh_size(LE))).collect()
}

fn tls(header: &elf::ProgramHeader64<LE>, memory: &Memory<'_>) -> Result<Tls, Refusal> {
    let (address, file_size, size) = (header.p_vaddr(LE), header.p_filesz(LE), header.p_memsz(LE));
    let align = header.p_align(LE).max(1);
    let image = file_size == 0 || memory.bytes(address, file_size).is_some();
    if !image || file_size > size || size > LIMIT || !align.is_power_of_two() || align > 1 << 16 {
        return Err(Refusal::broken("its thread-local block lies outside the file"));
    }
    Ok(Tls { address, file_size, size, align })
}

fn build_id<'a>(header: &elf::ProgramHeader64<LE>, data: &'a [u8]) -> Option<&'a [u8]> {
    let mut notes = header.notes(LE, data).ok()??;
    while let Ok(Some(note)) = notes.next() {
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(LE) == elf::NT_GNU_BUILD_ID {
            return Some(note.desc());
        }
    }
    None
}

/// The notes of a segment that are not the toolchain's (build ID, ABI, properties): programs find what was put into theirs
/// by walking over PT_NOTE segments, as Node.js finds an application.
fn notes(header: &elf::ProgramHeader64<LE>, data: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let Ok(Some(mut all)) = header.notes(LE, data) else { return kept };
    while let Ok(Some(note)) = all.next() {
        if note.name() == elf::ELF_NOTE_GNU {
            continue;
        }
        let name = note.name_bytes();
        for word in [name.len() as u32, note.desc().len() as u32, note.n_type(LE).0] {
            kept.extend(word.to_le_bytes());
        }
        for part in [name, note.desc()] {
            kept.extend_from_slice(part);
            kept.resize(kept.len().next_multiple_of(4), 0);
        }
    }
    kept
}

/// The functions of DT_INIT and DT_INIT_ARRAY, or of their counterparts for destructors.
fn functions(
    dynamic: &Dynamic<'_>,
    library: &Library<'_>,
    one: i64,
    array: i64,
    size: i64,
) -> Result<Vec<u64>, Refusal> {
    let mut found: Vec<u64> = dynamic.entry(one).filter(|a| *a != 0).into_iter().collect();
    let (Some(start), Some(size)) = (dynamic.entry(array), dynamic.entry(size)) else { return Ok(found) };
    let table = library.memory.table(start, size, "constructors")?;
    let end = start + table.len() as u64;
    let inside = library.relocations.iter().filter(|r| (start..end).contains(&r.at));
    let relocated: BTreeMap<u64, &Relocation> = inside.map(|r| (r.at, r)).collect();
    for (index, entry) in table.chunks_exact(8).enumerate() {
        let address = match relocated.get(&(start + index as u64 * 8)) {
            None => u64_at(entry, 0),
            Some(r) if r.symbol == 0 => r.addend as u64,
            Some(r) => {
                let symbol = library.symbols.get(r.symbol).filter(|s| s.defined());
                let symbol = symbol.ok_or_else(|| Refusal::broken("a constructor is defined by another library"))?;
                symbol.value.wrapping_add(r.addend as u64)
            }
        };
        // ld.so skips holes in the table.
        if address != 0 && address != u64::MAX {
            found.push(address);
        }
    }
    let outside = |a: &u64| library.memory.segment(*a).is_none_or(|s| !s.executable);
    match found.iter().any(outside) {
        true => Err(Refusal::broken("a constructor lies outside of its code")),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_shared_object_is_refused_by_name() {
        assert_eq!(Library::read(b"").unwrap_err(), Refusal::NotElf);
        assert_eq!(Library::read(b"!<arch>\n").unwrap_err(), Refusal::NotElf);
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(64, 0);
        (header[16], header[18], header[20], header[52], header[54]) = (3, 62, 1, 64, 56);
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::Broken { .. }));
        header[18] = 183;
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::Broken { .. }));
        header[18] = 243;
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::Machine { .. }));
        // Big-endian.
        (header[5], header[18], header[19]) = (2, 0, 183);
        assert_eq!(Library::read(&header).unwrap_err(), Refusal::NotElf);
        (header[5], header[18], header[19]) = (1, 243, 0);
        header[16] = 2;
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::NotShared { .. }));
    }
}
