//! Members of libc.a, edited so that they can be linked together with our code.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader};

/// Renames a symbol to one of the same length, NUL included: only bytes of a string change.
pub(super) fn renamed(member: &[u8], name: &[u8], other: &str) -> Option<Vec<u8>> {
    let mut bytes = member.to_vec();
    let mut any = false;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.windows(name.len()).position(|w| w == name) {
        let start = from + at;
        bytes.get_mut(start..start + other.len())?.copy_from_slice(other.as_bytes());
        (any, from) = (true, start + other.len());
    }
    any.then_some(bytes)
}

/// Replaces the absolute path with this end, NUL included, by one that exists on no machine.
pub(super) fn nowhere(member: &[u8], end: &[u8]) -> Option<Vec<u8>> {
    const NOTHING: &[u8] = b"/dev/null/";
    let at = member.windows(end.len()).position(|w| w == end)?;
    let before = member.get(..at)?;
    let start = at - before.iter().rev().take_while(|b| b.is_ascii_graphic() && **b != b':').count();
    let mut bytes = member.to_vec();
    let path = bytes.get_mut(start..at)?;
    let head = path.get_mut(..NOTHING.len()).filter(|h| h.first() == Some(&b'/'))?;
    head.copy_from_slice(NOTHING);
    Some(bytes)
}

/// Makes global definitions weak, so that libc's own may be in the program too. Our own names stay unchanged.
pub(super) fn weakened(object: &[u8]) -> Option<Vec<u8>> {
    const SYMBOL: usize = 24;
    const OURS: &[u8] = b"staticcxx_";
    let header = elf::FileHeader64::<Endianness>::parse(object).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.section_headers(endian, object).ok()?;
    let table = sections.iter().find(|s| s.sh_type(endian) == elf::SHT_SYMTAB)?;
    let (start, size) = (table.sh_offset(endian) as usize, table.sh_size(endian) as usize);
    let strings = table_strings(object, table.sh_link(endian) as usize, sections, endian)?;
    let mut bytes = object.to_vec();
    for symbol in bytes.get_mut(start..start.checked_add(size)?)?.chunks_exact_mut(SYMBOL) {
        let section = u16::from_le_bytes([*symbol.get(6)?, *symbol.get(7)?]);
        let name = u32::from_le_bytes([*symbol.first()?, *symbol.get(1)?, *symbol.get(2)?, *symbol.get(3)?]);
        let ours = strings.get(name as usize..).is_some_and(|n| n.starts_with(OURS));
        let info = symbol.get_mut(4)?;
        if !ours && section != 0 && *info >> 4 == elf::STB_GLOBAL.0 {
            *info = elf::STB_WEAK.0 << 4 | *info & 15;
        }
    }
    (endian == Endianness::Little).then_some(bytes)
}

fn table_strings<'d>(
    object: &'d [u8],
    index: usize,
    sections: &'d [elf::SectionHeader64<Endianness>],
    endian: Endianness,
) -> Option<&'d [u8]> {
    let section = sections.get(index)?;
    let start = section.sh_offset(endian) as usize;
    object.get(start..start.checked_add(section.sh_size(endian) as usize)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{Object, ObjectSymbol};

    #[test]
    fn a_name_is_another_where_it_stands() {
        let member = [b"\0x".as_slice(), b"_name\0", b"y"].concat();
        assert_eq!(renamed(&member, b"_name\0", "_namE").unwrap(), b"\0x_namE\0y");
        assert_eq!(renamed(b"nothing", b"_name\0", "_namE"), None);
    }

    #[test]
    fn a_path_leads_nowhere() {
        let member = b"\0x\0/usr/lib/x86_64-linux-gnu/gconv\0gconv-modules\0";
        let changed = nowhere(member, b"/gconv\0").unwrap();
        assert_eq!(changed, b"\0x\0/dev/null/86_64-linux-gnu/gconv\0gconv-modules\0");
        assert_eq!(nowhere(b"\0/a/gconv\0", b"/gconv\0"), None);
        assert_eq!(nowhere(b"nothing", b"/gconv\0"), None);
    }

    #[test]
    fn what_is_defined_becomes_weak_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("x.c");
        std::fs::write(
            &source,
            "int other(void); static int own; int defined(void) { return other() + own++; } int staticcxx_x;",
        )
        .unwrap();
        let object = dir.path().join("x.o");
        let made = std::process::Command::new("cc").arg("-c").arg(&source).arg("-o").arg(&object).status();
        assert!(made.unwrap().success());
        let bytes = weakened(&std::fs::read(object).unwrap()).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let weak: Vec<&str> = file.symbols().filter(|s| s.is_weak()).map(|s| s.name().unwrap()).collect();
        assert_eq!(weak, ["defined"]);
        assert_eq!(weakened(b"none"), None);
    }
}
