//! Bytes → facts, with the `object` crate.

use super::calls::NAME_SERVICES;
use super::image::{FileType, Image, Protection, ReadError, Symbols};
use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, Sym};
use object::read::{ReadRef, StringTable};

type Result<T> = std::result::Result<T, ReadError>;

fn broken(what: &str) -> ReadError {
    ReadError::Broken(what.to_owned())
}

/// Reads the facts of whatever the bytes are.
pub(super) fn image<'data, R: ReadRef<'data>>(data: R, symbols: bool) -> Result<Image> {
    let length = data.len().map_err(|()| broken("its length is unknown"))?;
    let head = data.read_bytes_at(0, length.min(256)).map_err(|()| broken("its head can't be read"))?;
    if !head.starts_with(b"\x7fELF") {
        return Err(ReadError::NotElf(describe(head)));
    }
    match head.get(4) {
        Some(1) => facts::<elf::FileHeader32<object::Endianness>, R>(data, length, symbols),
        Some(2) => facts::<elf::FileHeader64<object::Endianness>, R>(data, length, symbols),
        _ => Err(broken("its class is neither 32 nor 64 bits")),
    }
}

/// Describes a file without ELF's magic number.
fn describe(head: &[u8]) -> String {
    let line = |bytes: &[u8]| {
        let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
        String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).trim().to_owned()
    };
    match head {
        [] => "empty".into(),
        h if h.starts_with(b"#!") => format!("a script for `{}`", line(h.get(2..).unwrap_or_default())),
        h if h.starts_with(b"!<arch>\n") => "an archive".into(),
        h if h.starts_with(b"!<thin>\n") => "a thin archive".into(),
        h if h.starts_with(b"MZ") => "a Windows program".into(),
        h if h.starts_with(b"\xcf\xfa\xed\xfe") || h.starts_with(b"\xca\xfe\xba\xbe") => "a Mach-O file".into(),
        h if h.starts_with(b"\0asm") => "a WebAssembly module".into(),
        h if h.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) => "text".into(),
        _ => "unknown format".into(),
    }
}

fn facts<'data, Elf: FileHeader<Endian = object::Endianness>, R: ReadRef<'data>>(
    data: R,
    length: u64,
    with_symbols: bool,
) -> Result<Image> {
    let sound = |e: object::Error| ReadError::Broken(e.to_string());
    let header = Elf::parse(data).map_err(sound)?;
    let endian = header.endian().map_err(sound)?;
    let mut image = Image {
        file_type: match header.e_type(endian) {
            elf::ET_EXEC => FileType::Executable,
            elf::ET_DYN => FileType::Dynamic,
            elf::ET_REL => FileType::Relocatable,
            elf::ET_CORE => FileType::Core,
            _ => FileType::Other,
        },
        bits: if header.is_type_64() { 64 } else { 32 },
        little_endian: header.is_little_endian(),
        machine: header.e_machine(endian).0,
        interpreter: None,
        dynamic: false,
        needed: Vec::new(),
        soname: None,
        rpath: None,
        runpath: None,
        pie_flag: false,
        entry: header.e_entry(endian).into() != 0,
        loads: false,
        unwind_table: false,
        protection: Protection::default(),
        symbols: Symbols::default(),
        build_id: None,
        bytes: length,
    };
    segments::<Elf, R>(&mut image, header, endian, data)?;
    if with_symbols {
        image.symbols = symbols::<Elf, R>(header, endian, data);
    }
    Ok(image)
}

/// Reads the program headers.
fn segments<'data, Elf: FileHeader<Endian = object::Endianness>, R: ReadRef<'data>>(
    image: &mut Image,
    header: &Elf,
    endian: Elf::Endian,
    data: R,
) -> Result<()> {
    let segments = header.program_headers(endian, data).map_err(|e| ReadError::Broken(e.to_string()))?;
    for segment in segments {
        let flags = segment.p_flags(endian).0;
        let (writable, executable) = (flags & elf::PF_W.0 != 0, flags & elf::PF_X.0 != 0);
        let (offset, size) = segment.file_range(endian);
        let fits = offset.checked_add(size).is_some_and(|end| end <= image.bytes);
        match segment.p_type(endian) {
            elf::PT_LOAD => {
                if !fits {
                    return Err(broken("a segment ends after the end of the file"));
                }
                image.loads = true;
                image.protection.writable_code |= writable && executable;
            }
            elf::PT_INTERP => {
                let text = segment.data(endian, data).map_err(|()| broken("PT_INTERP lies outside the file"))?;
                let name = text.split(|b| *b == 0).next().unwrap_or_default();
                image.interpreter = Some(String::from_utf8_lossy(name).into_owned());
            }
            elf::PT_GNU_STACK => image.protection.executable_stack = Some(executable),
            elf::PT_GNU_RELRO => image.protection.relro = true,
            elf::PT_TLS => {
                let (at, align): (u64, u64) = (segment.p_vaddr(endian).into(), segment.p_align(endian).into());
                image.protection.unaligned_thread_storage = align > 1 && at % align != 0;
            }
            elf::PT_GNU_EH_FRAME => image.unwind_table = true,
            elf::PT_NOTE if image.build_id.is_none() => {
                image.build_id = build_id::<Elf, R>(segment, endian, data);
            }
            elf::PT_DYNAMIC => {
                image.dynamic = true;
                dynamic::<Elf, R>(image, segment, segments, endian, data)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn build_id<'data, Elf: FileHeader, R: ReadRef<'data>>(
    segment: &Elf::ProgramHeader,
    endian: Elf::Endian,
    data: R,
) -> Option<String> {
    let mut notes = segment.notes(endian, data).ok()??;
    while let Ok(Some(note)) = notes.next() {
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(endian) == elf::NT_GNU_BUILD_ID {
            return Some(note.desc().iter().map(|b| format!("{b:02x}")).collect());
        }
    }
    None
}

fn dynamic<'data, Elf: FileHeader, R: ReadRef<'data>>(
    image: &mut Image,
    segment: &Elf::ProgramHeader,
    segments: &[Elf::ProgramHeader],
    endian: Elf::Endian,
    data: R,
) -> Result<()> {
    let entries =
        segment.dynamic(endian, data).map_err(|_| broken("PT_DYNAMIC lies outside the file"))?.unwrap_or_default();
    let (mut table, mut table_size) = (None, None);
    let mut names: Vec<(elf::DynamicTag, u64)> = Vec::new();
    for entry in entries {
        let value: u64 = entry.d_val(endian).into();
        match entry.d_tag(endian) {
            elf::DT_NULL => break,
            elf::DT_STRTAB => table = Some(value),
            elf::DT_STRSZ => table_size = Some(value),
            tag @ (elf::DT_NEEDED | elf::DT_SONAME | elf::DT_RPATH | elf::DT_RUNPATH) => names.push((tag, value)),
            elf::DT_TEXTREL => image.protection.text_relocations = true,
            elf::DT_BIND_NOW => image.protection.bind_now = true,
            elf::DT_FLAGS => {
                image.protection.text_relocations |= value & elf::DF_TEXTREL.0 != 0;
                image.protection.bind_now |= value & elf::DF_BIND_NOW.0 != 0;
            }
            elf::DT_FLAGS_1 => {
                image.pie_flag |= value & elf::DF_1_PIE.0 != 0;
                image.protection.bind_now |= value & elf::DF_1_NOW.0 != 0;
            }
            _ => {}
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let (Some(address), Some(size)) = (table, table_size) else {
        return Err(broken("it names libraries and has no string table for them"));
    };
    let start = file_offset::<Elf>(address, segments, endian)
        .ok_or_else(|| broken("its dynamic string table lies outside the file"))?;
    let end = start.checked_add(size).ok_or_else(|| broken("its dynamic string table lies outside the file"))?;
    let strings = StringTable::new(data, start, end);
    for (tag, value) in names {
        let name = u32::try_from(value)
            .ok()
            .and_then(|v| strings.get(v).ok())
            .ok_or_else(|| broken("a name in its dynamic section lies outside the file"))?;
        let name = String::from_utf8_lossy(name).into_owned();
        match tag {
            elf::DT_NEEDED => image.needed.push(name),
            elf::DT_SONAME => image.soname = Some(name),
            elf::DT_RPATH => image.rpath = Some(name),
            _ => image.runpath = Some(name),
        }
    }
    Ok(())
}

/// Where in the file the bytes of an address are.
fn file_offset<Elf: FileHeader>(address: u64, segments: &[Elf::ProgramHeader], endian: Elf::Endian) -> Option<u64> {
    segments.iter().filter(|s| s.p_type(endian) == elf::PT_LOAD).find_map(|s| {
        let from: u64 = s.p_vaddr(endian).into();
        let within = address.checked_sub(from).filter(|w| *w < s.p_filesz(endian).into())?;
        within.checked_add(s.p_offset(endian).into())
    })
}

/// The symbol table is the linker's gift, not the loader's need: where it is broken, it is as if there were none.
fn symbols<'data, Elf: FileHeader, R: ReadRef<'data>>(header: &Elf, endian: Elf::Endian, data: R) -> Symbols {
    let Ok(sections) = header.section_headers(endian, data) else { return Symbols::default() };
    let Some(table) = sections.iter().find(|s| s.sh_type(endian) == elf::SHT_SYMTAB) else {
        return Symbols { present: false, ..stripped::<Elf, R>(header, endian, data) };
    };
    // Both tables are read at once: a file's reader would be asked for each name.
    let names = sections.get(table.sh_link(endian) as usize).filter(|s| s.sh_type(endian) == elf::SHT_STRTAB);
    let names = names.and_then(|s| s.data(endian, data).ok());
    let entries: Option<&[Elf::Sym]> = table.data_as_array(endian, data).ok();
    let (Some(names), Some(entries)) = (names, entries) else { return Symbols::default() };
    let names = StringTable::new(names, 0, names.len() as u64);
    let mut found = Symbols { present: true, ..Symbols::default() };
    for symbol in entries {
        // mold makes data that others might see local in a static program.
        let local = symbol.st_bind() == elf::STB_LOCAL;
        if local && symbol.st_type() != elf::STT_OBJECT {
            continue;
        }
        let Ok(name) = symbol.name(endian, names) else { continue };
        if local && !name.starts_with(b"staticcxx_") {
            continue;
        }
        if symbol.st_shndx(endian) == elf::SHN_UNDEF {
            if symbol.st_bind() == elf::STB_WEAK && name.starts_with(b"pthread_") {
                found.weak_pthread.push(String::from_utf8_lossy(name).into_owned());
            }
            continue;
        }
        match name {
            // In glibc's crt1.o, and global even where a static PIE made the rest of the start-up code local.
            b"_IO_stdin_used" => found.glibc = true,
            // The repairs of a static glibc program.
            b"staticcxx_name_services" => found.pinned_name_services = true,
            b"staticcxx_locale_data" => found.embedded_locale = true,
            b"staticcxx_plugins" => found.plugins = true,
            b"staticcxx_converters" => found.converters = true,
            // musl's own alias of `environ`, which glibc does not have; its start-up code is hidden too.
            b"___environ" => found.musl = true,
            // Two tests that fail at once for nearly every symbol, before the search.
            _ if matches!(name.first(), Some(b'g' | b'i' | b's')) => {
                let known = NAME_SERVICES.binary_search_by(|n| n.as_bytes().cmp(name)).ok();
                found.name_services.extend(known.and_then(|i| NAME_SERVICES.get(i)).map(|n| (*n).to_owned()));
            }
            _ => {}
        }
    }
    found.name_services.sort();
    found.name_services.dedup();
    found
}

/// Without symbols, glibc's name services show by the file name pattern that their loader holds.
fn stripped<'data, Elf: FileHeader, R: ReadRef<'data>>(header: &Elf, endian: Elf::Endian, data: R) -> Symbols {
    const PATTERN: &[u8] = b"libnss_%s.so%s";
    const PINNED: &[u8] = b"staticcxx: name services are files and dns";
    const CONVERTERS: &[u8] = b"staticcxx: converters of iconv are linked in";
    const PLUGINS: &[u8] = b"staticcxx: plugins are linked in";
    let Ok(segments) = header.program_headers(endian, data) else { return Symbols::default() };
    let read_only = segments
        .iter()
        .filter(|s| s.p_type(endian) == elf::PT_LOAD && s.p_flags(endian).0 & (elf::PF_W.0 | elf::PF_X.0) == 0);
    let read_only: Vec<&[u8]> = read_only.filter_map(|s| s.data(endian, data).ok()).collect();
    let has = |pattern| read_only.iter().any(|bytes| contains(bytes, pattern));
    let name_services = if has(PATTERN) { vec!["unknown (the file has no symbols)".into()] } else { Vec::new() };
    let pinned_name_services = !name_services.is_empty() && has(PINNED);
    let (converters, plugins) = (has(CONVERTERS), has(PLUGINS));
    Symbols { name_services, pinned_name_services, converters, plugins, ..Symbols::default() }
}

fn contains(bytes: &[u8], pattern: &[u8]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return true };
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|b| b.iter().position(|x| x == first)) {
        from += at + 1;
        if bytes.get(from..).is_some_and(|b| b.starts_with(rest)) {
            return true;
        }
    }
    false
}
