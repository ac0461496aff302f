//! Writes archives in the GNU variant of the format (ar(5)), as far as it is needed.
//!
//! An archive gives a library the semantics of `--as-needed`, which many distributions make the default: the linker
//! extracts the member if a symbol of it is referenced, else it leaves out the member with its constructors.

use object::read::elf::{FileHeader, Sym};
use object::{Endianness, elf};

/// The end of the names of archives of ours on a command line. Linkers go by an archive's content. CMake, autoconf and
/// others, which read the linker's command line out of `-v` and name each `/….a` of it again in other links, go by the
/// name, and must not find these.
pub(crate) const ENDING: &str = ".ar";

/// An archive of one object; none if its symbols can't be read.
pub(crate) fn of(object: &[u8]) -> Option<Vec<u8>> {
    let names = match object.get(..5) {
        Some(b"\x7fELF\x02") => defined::<elf::FileHeader64<Endianness>>(object)?,
        Some(b"\x7fELF\x01") => defined::<elf::FileHeader32<Endianness>>(object)?,
        _ => return None,
    };
    with_index(object, &names)
}

/// An archive of one object whose symbol index contains these names: a linker that goes by the index extracts the
/// member for any of them, whether the object defines it or not.
pub(crate) fn with_index(object: &[u8], names: &[impl AsRef<[u8]>]) -> Option<Vec<u8>> {
    let names = names.iter().map(|n| n.as_ref().to_vec()).collect();
    write(&[Member { name: None, object, names }])
}

/// An archive of several objects; none if the symbols of one can't be read.
pub(crate) fn of_members(objects: &[Vec<u8>]) -> Option<Vec<u8>> {
    let members: Option<Vec<Member<'_>>> = objects
        .iter()
        .map(|object| Some(Member { name: None, object, names: defined::<elf::FileHeader64<Endianness>>(object)? }))
        .collect();
    write(&members?)
}

/// An archive whose first member is extracted for any of these names, and the others for what they define.
pub(crate) fn led_by(first: &[u8], names: &[&str], others: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut members =
        vec![Member { name: None, object: first, names: names.iter().map(|n| n.as_bytes().to_vec()).collect() }];
    for object in others {
        members.push(Member { name: None, object, names: defined::<elf::FileHeader64<Endianness>>(object)? });
    }
    write(&members)
}

/// An archive of several objects, each with its names in the symbol index.
pub(crate) fn indexed(objects: &[(Vec<u8>, Vec<Vec<u8>>)]) -> Option<Vec<u8>> {
    let members: Vec<Member<'_>> =
        objects.iter().map(|(object, names)| Member { name: None, object, names: names.clone() }).collect();
    write(&members)
}

/// An archive of objects under their own names; none if it would be larger than the format's index can say.
pub(crate) fn indexed_by(members: &[IndexedMember]) -> Option<Vec<u8>> {
    let members: Vec<Member<'_>> =
        members.iter().map(|m| Member { name: Some(&m.name), object: &m.object, names: m.names.clone() }).collect();
    write(&members)
}

/// A member of an archive whose symbol index has these names for it, whether it defines them or not.
#[derive(Debug)]
pub(crate) struct IndexedMember {
    /// Its file name, of which the format has room for 15 bytes.
    pub name: String,
    pub object: Vec<u8>,
    pub names: Vec<Vec<u8>>,
}

/// An object and its names in the symbol index.
struct Member<'a> {
    /// Its file name, if it matters.
    name: Option<&'a str>,
    object: &'a [u8],
    names: Vec<Vec<u8>>,
}

fn write(members: &[Member<'_>]) -> Option<Vec<u8>> {
    let count = members.iter().map(|m| m.names.len()).sum::<usize>();
    let mut text: Vec<u8> = members.iter().flat_map(|m| &m.names).flat_map(|n| n.iter().copied().chain([0])).collect();
    if text.len() % 2 == 1 {
        text.push(b'\n');
    }
    let index = 4 + 4 * count + text.len();
    let size: usize = members.iter().map(|m| HEADER + m.object.len() + 1).sum();
    let mut archive = Vec::with_capacity(8 + HEADER + index + size);
    archive.extend_from_slice(b"!<arch>\n");
    archive.extend(header("/", index));
    archive.extend(u32::try_from(count).ok()?.to_be_bytes());
    let mut at = 8 + HEADER + index;
    for member in members {
        let place = u32::try_from(at).ok()?;
        archive.extend(member.names.iter().flat_map(|_| place.to_be_bytes()));
        at += HEADER + member.object.len().next_multiple_of(2);
    }
    archive.extend(text);
    for (number, member) in members.iter().enumerate() {
        let name = match member.name {
            Some(name) => format!("{name:.15}/"),
            None if members.len() == 1 => "objects.o/".to_owned(),
            None => format!("objects{number}.o/"),
        };
        archive.extend(header(&name, member.object.len()));
        archive.extend_from_slice(member.object);
        if member.object.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    Some(archive)
}

/// Size of a member's header, in bytes.
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
        let long = IndexedMember { name: "sixteen-letters.o".into(), object: vec![0; 3], names: vec![b"f".to_vec()] };
        let archive = indexed_by(&[long]).unwrap();
        let archive = object::read::archive::ArchiveFile::parse(archive.as_slice()).unwrap();
        assert_eq!(archive.members().next().unwrap().unwrap().name(), b"sixteen-letters");
        assert_eq!(of(b"\x7fELF\x02"), None);
    }
}
