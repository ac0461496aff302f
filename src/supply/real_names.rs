//! Objects and archives whose references escape `--wrap`.
//!
//! With `--wrap=NAME` a linker takes an undefined `NAME` for `__wrap_NAME`, and an undefined `__real_NAME` for `NAME` (ld
//! manual). So an object that refers to `__real_NAME` instead of `NAME` is linked as if there were no `--wrap`. The new
//! names are in a string table at the end of each object; nothing else moves. Archives keep their index and its order.

use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{Endian, Endianness, elf};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unwrapped {
    /// It refers to none of the names.
    Same,
    /// It refers to `__real_NAME` itself: its shared object was linked with `--wrap` too.
    WrapsItself,
    /// The new content.
    Changed(Vec<u8>),
    /// It is malformed, thin, or holds code that LTO compiles, whose references are not in its symbol table.
    Unknown,
}

/// The prefix by which a wrapper calls the real function.
const REAL: &[u8] = b"__real_";

/// The content of an object or archive in which references to any of the names are to `__real_NAME`.
pub(crate) fn unwrapped(bytes: &[u8], names: &[Vec<u8>]) -> Unwrapped {
    let mentioned = names.iter().any(|name| memchr::memmem::find(bytes, name).is_some());
    if !mentioned {
        return Unwrapped::Same;
    }
    match bytes.get(..8) {
        Some(b"!<arch>\n") => archive(bytes, names),
        Some(b"!<thin>\n") => Unwrapped::Unknown,
        _ => object(bytes, names),
    }
}

fn object(bytes: &[u8], names: &[Vec<u8>]) -> Unwrapped {
    match bytes.get(..5) {
        Some(b"\x7fELF\x02") => edit::<elf::FileHeader64<Endianness>>(bytes, names, &FIELDS_64),
        Some(b"\x7fELF\x01") => edit::<elf::FileHeader32<Endianness>>(bytes, names, &FIELDS_32),
        // LLVM's bitcode.
        Some([b'B', b'C', 0xc0, 0xde, _]) => Unwrapped::Unknown,
        _ => Unwrapped::Same,
    }
}

/// Offsets in a section header, and sizes (System V ABI, "Section Header").
struct SectionFields {
    offset: usize,
    size: usize,
    word: usize,
    symbol: u64,
}

const FIELDS_64: SectionFields = SectionFields { offset: 24, size: 32, word: 8, symbol: 24 };
const FIELDS_32: SectionFields = SectionFields { offset: 16, size: 20, word: 4, symbol: 16 };

fn edit<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8], names: &[Vec<u8>], fields: &SectionFields) -> Unwrapped {
    edited::<Elf>(bytes, names, fields).unwrap_or(Unwrapped::Unknown)
}

fn edited<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    names: &[Vec<u8>],
    fields: &SectionFields,
) -> Option<Unwrapped> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB).ok()?;
    let lto = |s: &Elf::SectionHeader| sections.section_name(endian, s).is_ok_and(|n| n.starts_with(b".gnu.lto_"));
    if sections.iter().any(lto) {
        return None;
    }
    let mut wanted = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        if !symbol.is_undefined(endian) || symbol.st_bind() == elf::STB_LOCAL {
            continue;
        }
        let name = symbol.name(endian, symbols.strings()).ok()?;
        if name.strip_prefix(REAL).is_some_and(|real| names.iter().any(|n| n == real)) {
            return Some(Unwrapped::WrapsItself);
        }
        if names.iter().any(|n| n == name) {
            wanted.push((index.0, name));
        }
    }
    if wanted.is_empty() {
        return Some(Unwrapped::Same);
    }
    let strings = sections.section(symbols.string_section()).ok()?;
    let mut table = strings.data(endian, bytes).ok()?.to_vec();
    let mut out = bytes.to_vec();
    let first = sections.section(symbols.section()).ok()?.sh_offset(endian).into();
    for (index, name) in wanted {
        let at = usize::try_from(first + u64::try_from(index).ok()? * fields.symbol).ok()?;
        let new = u32::try_from(table.len()).ok()?;
        out.get_mut(at..at + 4)?.copy_from_slice(&word(endian, new.into(), 4));
        table.extend(REAL.iter().chain(name).chain(&[0]));
    }
    let entry = header.e_shoff(endian).into();
    let entry = entry + u64::try_from(symbols.string_section().0).ok()? * u64::from(header.e_shentsize(endian));
    let entry = usize::try_from(entry).ok()?;
    for (field, value) in [(fields.offset, out.len()), (fields.size, table.len())] {
        let at = entry + field;
        let value = word(endian, u64::try_from(value).ok()?, fields.word);
        out.get_mut(at..at + fields.word)?.copy_from_slice(&value);
    }
    out.extend(table);
    Some(Unwrapped::Changed(out))
}

/// The low bytes of an integer in an object's byte order.
fn word(endian: Endianness, value: u64, size: usize) -> Vec<u8> {
    match endian.is_big_endian() {
        true => value.to_be_bytes().into_iter().skip(8 - size).collect(),
        false => value.to_le_bytes().into_iter().take(size).collect(),
    }
}

/// Size of a member's header, in bytes (ar(5)).
const HEADER: usize = 60;

fn archive(bytes: &[u8], names: &[Vec<u8>]) -> Unwrapped {
    let Some(members) = members(bytes) else { return Unwrapped::Unknown };
    let mut out = bytes.get(..8).unwrap_or_default().to_vec();
    let mut moved = Vec::new();
    let (mut changed, mut unknown) = (false, false);
    for Member { at, header, data } in members {
        let new = match header.first() {
            // The index and the table of long names.
            Some(b'/') if !header.get(1).is_some_and(u8::is_ascii_digit) => Unwrapped::Same,
            _ => object(data, names),
        };
        moved.push((at, out.len()));
        let data = match &new {
            Unwrapped::WrapsItself => return Unwrapped::WrapsItself,
            Unwrapped::Changed(new) => new,
            Unwrapped::Same => data,
            Unwrapped::Unknown => {
                unknown = true;
                data
            }
        };
        changed |= matches!(new, Unwrapped::Changed(_));
        out.extend(header.get(..48).unwrap_or_default());
        out.extend(format!("{:<10}`\n", data.len()).bytes());
        out.extend(data);
        if data.len() % 2 == 1 {
            out.push(b'\n');
        }
    }
    if unknown {
        return Unwrapped::Unknown;
    }
    match changed {
        false => Unwrapped::Same,
        true => with_index_moved(out, &moved).map_or(Unwrapped::Unknown, Unwrapped::Changed),
    }
}

/// A member of an archive.
struct Member<'a> {
    /// The offset of its header.
    at: usize,
    header: &'a [u8],
    data: &'a [u8],
}

fn members(bytes: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut members = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let header = bytes.get(at..at + HEADER)?;
        let size: usize = std::str::from_utf8(header.get(48..58)?).ok()?.trim().parse().ok()?;
        let start = at + HEADER;
        let data = bytes.get(start..start.checked_add(size)?)?;
        members.push(Member { at, header, data });
        at = start + size.next_multiple_of(2);
    }
    Some(members)
}

/// Corrects the offsets in an archive's index. `moved`: the old and new offset of each member.
fn with_index_moved(mut archive: Vec<u8>, moved: &[(usize, usize)]) -> Option<Vec<u8>> {
    let word = match archive.get(8..24)? {
        name if name.starts_with(b"/SYM64/ ") => 8,
        name if name.starts_with(b"/ ") => 4,
        _ => return Some(archive),
    };
    let read = |bytes: &[u8]| bytes.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    let start = 8 + HEADER;
    let count = usize::try_from(read(archive.get(start..start + word)?)).ok()?;
    for entry in 1..=count {
        let place = archive.get_mut(start.checked_add(entry.checked_mul(word)?)?..)?.get_mut(..word)?;
        let old = usize::try_from(read(place)).ok()?;
        let at = moved.binary_search_by_key(&old, |(old, _)| *old).ok()?;
        let new = u64::try_from(moved.get(at)?.1).ok()?.to_be_bytes();
        place.copy_from_slice(new.get(8 - word..)?);
    }
    Some(archive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive as writer;
    use object::write::{Object, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Object as _, ObjectSymbol, SymbolFlags, SymbolKind, SymbolScope};

    fn with_symbols(architecture: Architecture, endian: Endianness, undefined: &[&str], defined: &[&str]) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, architecture, endian);
        let text = object.section_id(object::write::StandardSection::Text);
        object.append_section_data(text, &[0xc3], 1);
        let symbol = |name: &str, section| Symbol {
            name: name.into(),
            value: 0,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Dynamic,
            weak: false,
            section,
            flags: SymbolFlags::None,
        };
        for name in undefined {
            object.add_symbol(symbol(name, SymbolSection::Undefined));
        }
        for name in defined {
            object.add_symbol(symbol(name, SymbolSection::Section(text)));
        }
        object.write().unwrap()
    }

    fn names(object: &[u8]) -> Vec<String> {
        let file = object::File::parse(object).unwrap();
        file.symbols().map(|s| s.name().unwrap().to_owned()).filter(|n| !n.is_empty()).collect()
    }

    #[test]
    fn undefined_references_become_real_and_definitions_stay() {
        for (architecture, endian) in [
            (Architecture::X86_64, Endianness::Little),
            (Architecture::I386, Endianness::Little),
            (Architecture::PowerPc64, Endianness::Big),
        ] {
            let object = with_symbols(architecture, endian, &["f", "g"], &["h"]);
            let Unwrapped::Changed(new) = unwrapped(&object, &[b"f".to_vec(), b"h".to_vec()]) else { panic!() };
            assert_eq!(names(&new), ["__real_f", "g", "h"], "{architecture:?}");
        }
    }

    #[test]
    fn an_archive_keeps_its_index() {
        let objects = [
            with_symbols(Architecture::X86_64, Endianness::Little, &["malloc"], &["a"]),
            with_symbols(Architecture::X86_64, Endianness::Little, &[], &["b", "c"]),
        ];
        let archive = writer::of_members(&objects).unwrap();
        let Unwrapped::Changed(new) = unwrapped(&archive, &[b"malloc".to_vec()]) else { panic!() };
        let read = object::read::archive::ArchiveFile::parse(&*new).unwrap();
        for symbol in read.symbols().unwrap().unwrap() {
            let symbol = symbol.unwrap();
            let member = read.member(symbol.offset()).unwrap().data(&*new).unwrap();
            let name = String::from_utf8(symbol.name().to_vec()).unwrap();
            assert!(names(member).contains(&name), "{name}");
        }
        let first = read.members().next().unwrap().unwrap().data(&*new).unwrap();
        assert_eq!(names(first), ["__real_malloc", "a"]);
    }

    #[test]
    fn what_wraps_itself_or_can_t_be_read_is_told() {
        let object = with_symbols(Architecture::X86_64, Endianness::Little, &["__real_f", "f"], &[]);
        let wanted = [b"f".to_vec()];
        assert_eq!(unwrapped(&object, &wanted), Unwrapped::WrapsItself);
        assert_eq!(unwrapped(b"!<thin>\nf", &wanted), Unwrapped::Unknown);
        assert_eq!(unwrapped(b"!<arch>\nf", &wanted), Unwrapped::Unknown);
        assert_eq!(unwrapped(b"\x7fELF\x02f", &wanted), Unwrapped::Unknown);
        assert_eq!(unwrapped(b"nothing of it", &[b"malloc".to_vec()]), Unwrapped::Same);
    }
}
