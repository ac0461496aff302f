//! The binding of symbols, changed in place: one byte each, so that nothing else of an object moves.
//!
//! `objcopy --weaken` would make undefined symbols weak as well, which archives are not searched for; `--weaken-symbol`
//! leaves undefined symbols as they are before binutils 2.36.

use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{Endianness, elf};
use std::ops::Range;

/// Makes every symbol weak that the object defines.
///
/// # Errors
/// Something that is no 64-bit ELF object.
pub(crate) fn weaken_defined(object: &mut [u8]) -> object::Result<()> {
    let wanted = |symbol: &elf::Sym64<Endianness>, endian, _: &[u8]| {
        symbol.st_bind() == elf::STB_GLOBAL && symbol.st_shndx(endian) != elf::SHN_UNDEF
    };
    let found = bindings(object, 0..object.len(), &wanted)?;
    bind(object, &found, elf::STB_WEAK.0);
    Ok(())
}

/// Makes undefined symbols of these names weak: no archive is searched for them.
///
/// # Errors
/// Something that is no 64-bit ELF object.
pub(crate) fn weaken_undefined(object: &mut [u8], names: &[String]) -> object::Result<()> {
    let wanted = |symbol: &elf::Sym64<Endianness>, endian, name: &[u8]| {
        symbol.st_shndx(endian) == elf::SHN_UNDEF && names.iter().any(|n| n.as_bytes() == name)
    };
    let found = bindings(object, 0..object.len(), &wanted)?;
    bind(object, &found, elf::STB_WEAK.0);
    Ok(())
}

/// Makes undefined weak symbols strong whose names have `part` in them, in all members of an archive.
///
/// # Errors
/// Something that is no archive of 64-bit ELF objects.
pub(crate) fn strengthen_undefined(archive: &mut [u8], part: &[u8]) -> object::Result<()> {
    let wanted = |symbol: &elf::Sym64<Endianness>, endian, name: &[u8]| {
        let named = name.windows(part.len()).any(|w| w == part);
        named && symbol.st_bind() == elf::STB_WEAK && symbol.st_shndx(endian) == elf::SHN_UNDEF
    };
    let mut found = Vec::new();
    for member in ArchiveFile::parse(&*archive)?.members() {
        let (start, size) = member?.file_range();
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        found.extend(bindings(archive, start..end, &wanted)?);
    }
    bind(archive, &found, elf::STB_GLOBAL.0);
    Ok(())
}

/// Whether a symbol of this name is wanted.
type SymbolFilter<'a> = dyn Fn(&elf::Sym64<Endianness>, Endianness, &[u8]) -> bool + 'a;

/// Offsets of the `st_info` bytes of the wanted symbols of the object in a range.
fn bindings(data: &[u8], range: Range<usize>, wanted: &SymbolFilter<'_>) -> object::Result<Vec<usize>> {
    let start = range.start;
    let object = data.get(range).unwrap_or_default();
    let header = elf::FileHeader64::<Endianness>::parse(object)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, object)?;
    let table = sections.symbols(endian, object, elf::SHT_SYMTAB)?;
    let Ok(section) = sections.section(table.section()) else { return Ok(Vec::new()) };
    let first = start + usize::try_from(section.sh_offset(endian)).unwrap_or(0);
    let mut found = Vec::new();
    for (number, symbol) in table.symbols().iter().enumerate() {
        if wanted(symbol, endian, symbol.name(endian, table.strings())?) {
            // Elf64_Sym is 24 bytes, with st_info after the four of st_name.
            found.push(first + number * 24 + 4);
        }
    }
    Ok(found)
}

fn bind(data: &mut [u8], at: &[usize], binding: u8) {
    for at in at {
        if let Some(info) = data.get_mut(*at) {
            *info = (binding << 4) | (*info & 0xf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{Object, ObjectSymbol};
    use std::process::Command;

    #[test]
    fn defined_symbols_become_weak_and_no_others() {
        let t = tempfile::tempdir().unwrap();
        let source = t.path().join("x.c");
        std::fs::write(
            &source,
            "int g(void); int v = 1; static int s(void) { return g(); } int f(void) { return s(); }",
        )
        .unwrap();
        let output = t.path().join("x.o");
        assert!(Command::new("gcc").arg("-c").arg(source).arg("-o").arg(&output).status().unwrap().success());
        let mut bytes = std::fs::read(output).unwrap();
        weaken_defined(&mut bytes).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let weak = |name| file.symbols().find(|s| s.name() == Ok(name)).unwrap().is_weak();
        assert!(weak("f") && weak("v") && !weak("g"));
        weaken_undefined(&mut bytes, &["g".into(), "v".into(), "other".into()]).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        assert!(file.symbols().find(|s| s.name() == Ok("g")).unwrap().is_weak());
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for bytes in [b"".as_slice(), b"\x7fELF\x02", b"!<arch>\n"] {
            assert!(weaken_defined(&mut bytes.to_vec()).is_err());
        }
        assert!(strengthen_undefined(&mut b"text".to_vec(), b"pthread").is_err());
    }
}
