//! The object that brings the notes into a link: notes alone, no symbol, and no name of a file.

use super::part_notes::{PACKAGE_SECTION, PARTS_SECTION, PartNotes};
use object::write::Object;
use object::{Architecture, BinaryFormat, Endianness, SectionFlags, SectionKind, elf};

/// Machines whose objects need no more than the machine's number to be linked with any others of it (elsewhere the file
/// header says for which calling convention an object is).
const MACHINES: [(u16, Architecture, u32, u32); 2] =
    [(62, Architecture::X86_64, 0xc000_0002, 3), (183, Architecture::Aarch64, 0xc000_0000, 3)];

/// The object for a machine by its ELF number (`e_machine`); none for one whose objects are not made here.
pub(crate) fn object(machine: u16, notes: &PartNotes) -> Option<Vec<u8>> {
    let (_, architecture, property, features) = MACHINES.iter().find(|m| m.0 == machine)?;
    let mut object = Object::new(BinaryFormat::Elf, *architecture, Endianness::Little);
    let alloc = elf::SHF_ALLOC.0;
    let mut add = |name: &str, kind, sh_type, sh_flags: u64, align, content: &[u8]| {
        let id = object.add_section(Vec::new(), name.as_bytes().to_vec(), kind);
        object.section_mut(id).flags = SectionFlags::Elf { sh_type, sh_flags: elf::SectionFlags(sh_flags) };
        object.append_section_data(id, content, align);
    };
    add(PACKAGE_SECTION, SectionKind::Note, elf::SHT_NOTE, alloc, 4, &notes.package);
    add(PARTS_SECTION, SectionKind::Note, elf::SHT_NOTE, alloc, 4, &notes.parts);
    // Linkers keep branch protection only where every object has it, and code that there is none of needs none.
    let words = [4, 16, 5, 0x0055_4e47, *property, 4, *features, 0].map(u32::to_le_bytes).concat();
    add(".note.gnu.property", SectionKind::Note, elf::SHT_NOTE, alloc, 8, &words);
    // Without it the stack would be executable.
    add(".note.GNU-stack", SectionKind::Other, elf::SHT_PROGBITS, 0, 1, &[]);
    object.write().ok()
}

#[cfg(test)]
mod tests {
    use super::super::linked_parts::LinkedParts;
    use super::*;
    use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};

    #[test]
    fn it_has_the_notes_and_no_symbol() {
        let notes = PartNotes::of(&LinkedParts::offered(&[]), &serde_json::Map::new());
        for machine in [62, 183] {
            let bytes = super::object(machine, &notes).unwrap();
            let read = object::File::parse(bytes.as_slice()).unwrap();
            let section = |name: &str| read.section_by_name(name).unwrap().data().unwrap().to_vec();
            assert_eq!(
                (section(PACKAGE_SECTION), section(PARTS_SECTION)),
                (notes.package.clone(), notes.parts.clone())
            );
            assert_eq!(section(".note.gnu.property").len(), 32);
            assert!(read.symbols().all(|s| s.name().is_ok_and(str::is_empty)));
        }
        assert_eq!(super::object(8, &notes), None);
    }
}
