//! Archives of one object, written in the GNU variant of the format (ar(5)): two members with fixed names are all that
//! is wanted of it.
//!
//! For a library that counts only if it is referred to (`--as-needed`, which many distributions make the default): the
//! linker takes the member when a symbol of it is wanted, and leaves it with its constructors otherwise, just as a
//! shared object would be left.

use object::read::elf::{FileHeader, Sym};
use object::{Endianness, elf};

/// The archive of an object; none where its symbols can't be read.
pub fn of(object: &[u8]) -> Option<Vec<u8>> {
    let names = match object.get(..5) {
        Some(b"\x7fELF\x02") => defined::<elf::FileHeader64<Endianness>>(object)?,
        Some(b"\x7fELF\x01") => defined::<elf::FileHeader32<Endianness>>(object)?,
        _ => return None,
    };
    with_index(object, &names)
}

/// An archive of an object whose index has these names: a linker that goes by the index takes the member for any
/// of them, whether the object defines it or not.
pub fn with_index(object: &[u8], names: &[impl AsRef<[u8]>]) -> Option<Vec<u8>> {
    let count = u32::try_from(names.len()).ok()?;
    let mut text: Vec<u8> = names.iter().flat_map(|n| n.as_ref().iter().copied().chain([0])).collect();
    if text.len() % 2 == 1 {
        text.push(b'\n');
    }
    let index = 4 + 4 * names.len() + text.len();
    let member = u32::try_from(8 + HEADER + index).ok()?;
    let mut archive = b"!<arch>\n".to_vec();
    archive.extend(header("/", index));
    archive.extend(count.to_be_bytes());
    archive.extend(names.iter().flat_map(|_| member.to_be_bytes()));
    archive.extend(text);
    archive.extend(header("objects.o/", object.len()));
    archive.extend_from_slice(object);
    if object.len() % 2 == 1 {
        archive.push(b'\n');
    }
    Some(archive)
}

/// Length of a member's header.
const HEADER: usize = 60;

fn header(name: &str, size: usize) -> Vec<u8> {
    format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).into_bytes()
}

fn defined<Elf: FileHeader<Endian = Endianness>>(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let symbols = header.sections(endian, data).ok()?.symbols(endian, data, elf::SHT_SYMTAB).ok()?;
    let wanted = symbols.iter().filter(|s| s.st_bind() != elf::STB_LOCAL && s.st_shndx(endian) != elf::SHN_UNDEF);
    wanted.map(|s| s.name(endian, symbols.strings()).map(<[u8]>::to_vec).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_sixty_bytes() {
        assert_eq!(header("/", 12).len(), HEADER);
        assert_eq!(header("objects.o/", 4_000_000_000).len(), HEADER);
        assert_eq!(of(b"\x7fELF\x02"), None);
    }
}
