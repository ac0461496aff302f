//! Bytes → model: a shared object as ld.so sees it. Section headers only tell where the unwind table ends, which ld.so
//! does not need to know: a file without them is as good as any.

use super::machine::{Machine, Meaning};
use super::memory::{Memory, Segment, text_at, u32_at, u64_at};
use super::refusal::Refusal;
use super::symbols::{self, Symbol};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use std::collections::BTreeMap;

/// More than this in memory is not converted.
pub const LIMIT: u64 = 1 << 30;

/// A relocation of a shared object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relocation {
    /// The address that it changes.
    pub at: u64,
    /// Its type.
    pub kind: u32,
    /// What that means.
    pub meaning: Meaning,
    /// Index in the symbol table; 0 for none.
    pub symbol: usize,
    /// Its addend; for RELR what stands at the address.
    pub addend: i64,
}

/// The thread-local block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tls {
    /// Where its image lies.
    pub address: u64,
    /// Bytes of its image.
    pub file_size: u64,
    /// Its size.
    pub size: u64,
    /// Its alignment.
    pub align: u64,
}

impl Tls {
    /// What stands before the image so that it begins as far from an aligned address as in memory.
    pub fn lead(&self) -> u64 {
        self.address & (self.align - 1)
    }
}

/// A shared object.
#[derive(Debug)]
pub struct Library<'a> {
    /// Its machine.
    pub machine: &'static Machine,
    /// Its bytes by address.
    pub memory: Memory<'a>,
    /// DT_SONAME.
    pub soname: Option<&'a [u8]>,
    /// DT_NEEDED.
    pub needed: Vec<&'a [u8]>,
    /// Its own definitions stand before those of others.
    pub symbolic: bool,
    /// Its symbols; the first is null.
    pub symbols: Vec<Symbol<'a>>,
    /// Its relocations.
    pub relocations: Vec<Relocation>,
    /// Its thread-local block.
    pub tls: Option<Tls>,
    /// What becomes read-only after relocation: start and end.
    pub relro: Option<(u64, u64)>,
    /// Addresses and sizes of sections, where the file has section headers.
    pub sections: Vec<(u64, u64)>,
    /// PT_GNU_EH_FRAME: start and size.
    pub unwind_header: Option<(u64, u64)>,
    /// Addresses of constructors in the order in which they run, and of destructors in the order of their table.
    pub constructors: Vec<u64>,
    /// See `constructors`.
    pub destructors: Vec<u64>,
    /// It asks for an executable stack.
    pub executable_stack: bool,
    /// NT_GNU_BUILD_ID.
    pub build_id: Option<&'a [u8]>,
    /// What only ld.so reads: start and end of each, unordered.
    pub for_loader: Vec<(u64, u64)>,
    /// Where a program begins; none for a shared object.
    pub entry: Option<u64>,
    /// It stays at its addresses: a program that is no PIE.
    pub fixed: bool,
    /// Functions of a program that run before all constructors.
    pub early: Vec<u64>,
}

impl<'a> Library<'a> {
    /// Reads a shared object.
    ///
    /// # Errors
    /// Whatever is none of ours, or damaged.
    pub fn read(data: &'a [u8]) -> Result<Library<'a>, Refusal> {
        Library::read_as(data, false)
    }

    /// Reads a dynamic program.
    ///
    /// # Errors
    /// The same.
    pub fn read_program(data: &'a [u8]) -> Result<Library<'a>, Refusal> {
        Library::read_as(data, true)
    }

    fn read_as(data: &'a [u8], program: bool) -> Result<Library<'a>, Refusal> {
        let header = elf::FileHeader64::<LE>::parse(data).map_err(|_| Refusal::NotElf)?;
        let endian = header.endian().map_err(|_| Refusal::NotElf)?;
        match header.e_type(endian) {
            elf::ET_DYN => {}
            elf::ET_EXEC if program => {}
            elf::ET_EXEC => return Err(Refusal::NotShared { what: "a program".into() }),
            elf::ET_REL => return Err(Refusal::NotShared { what: "an object file".into() }),
            _ => return Err(Refusal::NotShared { what: "another kind of file".into() }),
        }
        let number = header.e_machine(endian).0;
        let machine = Machine::of(number)
            .ok_or_else(|| Refusal::Machine { machine: crate::check::target::machine_name(number, 64) })?;
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
            soname: dynamic.text(elf::DT_SONAME.0),
            needed: dynamic.needed.iter().filter_map(|at| text_at(dynamic.strings, *at)).collect(),
            // What a program defines stands first in any case.
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
        library.relocations = dynamic.relocations(&library)?;
        library.symbols = symbols::read(&library.memory, &dynamic, &library.relocations, &mut library.for_loader)?;
        if let Some(bad) = library.relocations.iter().find(|r| r.symbol >= library.symbols.len()) {
            return Err(Refusal::broken(format!("a relocation is for symbol {}, which there is not", bad.symbol)));
        }
        library.constructors =
            dynamic.functions(&library, elf::DT_INIT.0, elf::DT_INIT_ARRAY.0, elf::DT_INIT_ARRAYSZ.0)?;
        library.destructors =
            dynamic.functions(&library, elf::DT_FINI.0, elf::DT_FINI_ARRAY.0, elf::DT_FINI_ARRAYSZ.0)?;
        if program {
            // There is no single one beside the table.
            let (array, size) = (elf::DT_PREINIT_ARRAY.0, elf::DT_PREINIT_ARRAYSZ.0);
            library.early = dynamic.functions(&library, elf::DT_NULL.0, array, size)?;
        }
        Ok(library)
    }

    /// What lies at an address when the program starts, before relocation: from the file, else zero.
    pub fn content(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        let segment = self.memory.segment(address)?;
        let length = size.min(segment.end() - address);
        let mut bytes = self.memory.from(address).unwrap_or_default().to_vec();
        bytes.resize(usize::try_from(length).ok()?, 0);
        Some(bytes)
    }

    /// Whether code or read-only data is written to before the program starts (text relocations).
    pub fn changes_code(&self) -> bool {
        self.relocations.iter().any(|r| self.memory.segment(r.at).is_some_and(|s| !s.writable))
    }

    /// The relocations by the address that they change.
    pub fn by_address(&self) -> BTreeMap<u64, Relocation> {
        self.relocations.iter().map(|r| (r.at, *r)).collect()
    }

    /// The build-id in hexadecimal.
    pub fn build_id_text(&self) -> Option<String> {
        self.build_id.map(|id| id.iter().map(|b| format!("{b:02x}")).collect())
    }
}

fn segments(headers: &[elf::ProgramHeader64<LE>], data: &[u8], machine: &Machine) -> Result<Vec<Segment>, Refusal> {
    let mut segments = Vec::new();
    for p in headers.iter().filter(|p| p.p_type(LE) == elf::PT_LOAD && p.p_memsz(LE) > 0) {
        let (offset, file_size) = p.file_range(LE);
        let (address, memory_size) = (p.p_vaddr(LE), p.p_memsz(LE));
        let inside = offset.checked_add(file_size).is_some_and(|end| end <= data.len() as u64);
        if !inside || file_size > memory_size || address.checked_add(memory_size).is_none() {
            return Err(Refusal::broken("a segment ends behind the end of the file"));
        }
        let flags = p.p_flags(LE).0;
        let (writable, executable) = (flags & elf::PF_W.0 != 0, flags & elf::PF_X.0 != 0);
        segments.push(Segment { address, offset, file_size, memory_size, writable, executable });
    }
    segments.sort_by_key(|s| s.address);
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Err(Refusal::broken("it has nothing to load"));
    };
    // Above lies the kernel; below, sums with the file's own distances can't overflow.
    if last.end() > 1 << 47 {
        return Err(Refusal::broken("a segment lies where no program can be"));
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

/// The dynamic section.
#[derive(Debug)]
pub struct Dynamic<'a> {
    entries: BTreeMap<i64, u64>,
    needed: Vec<u64>,
    /// DT_STRTAB.
    pub strings: &'a [u8],
}

impl<'a> Dynamic<'a> {
    fn read(memory: &Memory<'a>, address: u64) -> Result<Dynamic<'a>, Refusal> {
        let bytes = memory.from(address).ok_or_else(|| Refusal::broken("its dynamic section lies outside the file"))?;
        let mut dynamic = Dynamic { entries: BTreeMap::new(), needed: Vec::new(), strings: &[] };
        for entry in bytes.chunks_exact(16) {
            let (tag, value) = (u64_at(entry, 0) as i64, u64_at(entry, 8));
            if tag == elf::DT_NULL.0 {
                break;
            }
            if tag == elf::DT_NEEDED.0 {
                dynamic.needed.push(value);
            } else {
                dynamic.entries.insert(tag, value);
            }
        }
        if let (Some(at), Some(size)) = (dynamic.entry(elf::DT_STRTAB.0), dynamic.entry(elf::DT_STRSZ.0)) {
            dynamic.strings = memory.table(at, size, "names")?;
        }
        Ok(dynamic)
    }

    /// The value of a tag.
    pub fn entry(&self, tag: i64) -> Option<u64> {
        self.entries.get(&tag).copied()
    }

    fn flag(&self, tag: i64, bit: u64) -> bool {
        self.entry(tag).is_some_and(|v| v & bit != 0)
    }

    fn text(&self, tag: i64) -> Option<&'a [u8]> {
        text_at(self.strings, self.entry(tag)?)
    }

    /// The tables whose size the section says.
    fn for_loader(&self) -> Vec<(u64, u64)> {
        let tables = [
            (elf::DT_STRTAB, elf::DT_STRSZ),
            (elf::DT_RELA, elf::DT_RELASZ),
            (elf::DT_JMPREL, elf::DT_PLTRELSZ),
            (elf::DT_RELR, elf::DT_RELRSZ),
        ];
        let extents = tables.iter().filter_map(|(at, size)| Some((self.entry(at.0)?, self.entry(size.0)?)));
        extents.filter_map(|(at, size)| Some((at, at.checked_add(size)?))).collect()
    }

    fn relocations(&self, library: &Library<'a>) -> Result<Vec<Relocation>, Refusal> {
        let mut found = Vec::new();
        if self.entry(elf::DT_REL.0).is_some() {
            return Err(Refusal::broken("its relocations have no addends"));
        }
        for (at, size) in [(elf::DT_RELA, elf::DT_RELASZ), (elf::DT_JMPREL, elf::DT_PLTRELSZ)] {
            let (Some(at), Some(size)) = (self.entry(at.0), self.entry(size.0)) else { continue };
            for entry in library.memory.table(at, size, "relocations")?.chunks_exact(24) {
                let info = u64_at(entry, 8);
                let kind = info as u32;
                let meaning = library.machine.meaning(kind).ok_or(Refusal::Relocation { kind })?;
                let (at, addend) = (u64_at(entry, 0), u64_at(entry, 16) as i64);
                if meaning != Meaning::Nothing {
                    found.push(Relocation { at, kind, meaning, symbol: (info >> 32) as usize, addend });
                }
            }
        }
        if let (Some(at), Some(size)) = (self.entry(elf::DT_RELR.0), self.entry(elf::DT_RELRSZ.0)) {
            let table = library.memory.table(at, size, "relocations")?;
            for at in relr(table) {
                let addend = library.memory.word(at).ok_or_else(outside)? as i64;
                found.push(Relocation { at, kind: 0, meaning: Meaning::Relative, symbol: 0, addend });
                if found.len() > library.memory.data.len() / 8 {
                    return Err(Refusal::broken("it has more relocations than bytes"));
                }
            }
        }
        if found.iter().any(|r| library.memory.segment(r.at).is_none_or(|s| s.end() - r.at < 4)) {
            return Err(outside());
        }
        Ok(found)
    }

    /// The functions of `DT_INIT` and `DT_INIT_ARRAY`, or of their counterparts.
    fn functions(&self, library: &Library<'_>, one: i64, array: i64, size: i64) -> Result<Vec<u64>, Refusal> {
        let mut found: Vec<u64> = self.entry(one).filter(|a| *a != 0).into_iter().collect();
        let (Some(start), Some(size)) = (self.entry(array), self.entry(size)) else { return Ok(found) };
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
                    let symbol = symbol.ok_or_else(|| Refusal::broken("a constructor is another library's"))?;
                    symbol.value.wrapping_add(r.addend as u64)
                }
            };
            // Holes in the table, as ld.so passes over them.
            if address != 0 && address != u64::MAX {
                found.push(address);
            }
        }
        let outside = |a: &u64| library.memory.segment(*a).is_none_or(|s| !s.executable);
        match found.iter().any(outside) {
            true => Err(Refusal::broken("a constructor lies outside its code")),
            false => Ok(found),
        }
    }
}

fn outside() -> Refusal {
    Refusal::broken("a relocation lies outside the file")
}

/// The addresses in a table of packed relative relocations (DT_RELR): an even word is an address, an odd one says
/// which of the next 63 words are meant.
fn relr(table: &[u8]) -> impl Iterator<Item = u64> {
    let mut next = 0u64;
    table.chunks_exact(8).flat_map(move |entry| {
        let entry = u64_at(entry, 0);
        let (from, bits) = if entry & 1 == 0 { (entry, 1) } else { (next, entry >> 1) };
        next = from.wrapping_add(if entry & 1 == 0 { 8 } else { 63 * 8 });
        (0..63u64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| from.wrapping_add(bit * 8))
    })
}

/// How many symbols there are: no table says so, but the hash tables and the relocations do.
pub(super) fn symbol_count(
    memory: &Memory<'_>,
    dynamic: &Dynamic<'_>,
    relocations: &[Relocation],
) -> Result<u64, Refusal> {
    let broken = || Refusal::broken("its hash table lies outside the file");
    let mut count = relocations.iter().map(|r| r.symbol as u64 + 1).max().unwrap_or(1);
    if let Some(at) = dynamic.entry(elf::DT_HASH.0) {
        let head = memory.bytes(at, 8).ok_or_else(broken)?;
        count = count.max(u32_at(head, 4).into());
    }
    if let Some(at) = dynamic.entry(elf::DT_GNU_HASH.0) {
        let table = memory.from(at).ok_or_else(broken)?;
        let (buckets, first, bloom) = (u32_at(table, 0) as usize, u32_at(table, 4), u32_at(table, 8) as usize);
        let start = bloom.checked_mul(8).and_then(|b| b.checked_add(16)).ok_or_else(broken)?;
        let chains = buckets.checked_mul(4).and_then(|b| b.checked_add(start)).ok_or_else(broken)?;
        let heads = table.get(start..chains).ok_or_else(broken)?;
        let mut last = heads.chunks_exact(4).map(|b| u32_at(b, 0)).max().unwrap_or(0);
        count = count.max(first.into());
        if last >= first && last != 0 {
            loop {
                let chain = (last - first) as usize * 4 + chains;
                let hash = table.get(chain..chain + 4).ok_or_else(broken)?;
                if u32_at(hash, 0) & 1 == 1 {
                    break;
                }
                last = last.checked_add(1).ok_or_else(broken)?;
            }
            count = count.max(u64::from(last) + 1);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_relative_relocations() {
        let words = [0x1000u64, 0b1011, 0x3000, 0b11];
        let table: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        assert_eq!(relr(&table).collect::<Vec<_>>(), [0x1000, 0x1008, 0x1018, 0x3000, 0x3008]);
    }

    #[test]
    fn what_is_no_shared_object_is_refused_by_name() {
        assert_eq!(Library::read(b"").unwrap_err(), Refusal::NotElf);
        assert_eq!(Library::read(b"!<arch>\n").unwrap_err(), Refusal::NotElf);
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(64, 0);
        (header[16], header[18], header[20], header[52], header[54]) = (3, 62, 1, 64, 56);
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::Broken { .. }));
        header[18] = 183;
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::Machine { .. }));
        header[16] = 2;
        assert!(matches!(Library::read(&header).unwrap_err(), Refusal::NotShared { .. }));
    }
}
