//! The notes in a program's file.

use super::crates::CRATES_SECTION;
use super::part_notes::{PACKAGE_SECTION, PARTS_SECTION};
use object::read::elf::{ElfFile32, ElfFile64, FileHeader};
use object::read::{Object, ObjectSection, ReadCache, ReadRef};
use object::{Endianness, FileKind};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use thiserror::Error;

/// A larger section of notes is damaged, or none of ours.
const MOST: u64 = 16 << 20;

/// A section of notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteSection {
    /// Where its content is in the file.
    pub at: u64,
    pub content: Vec<u8>,
}

/// The sections of a program that name its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OutputNotes {
    pub package: Option<NoteSection>,
    pub parts: Option<NoteSection>,
    /// The list of crates, which is no note.
    pub crates: Option<NoteSection>,
    /// Numbers are in the other byte order than this machine's.
    pub swapped: bool,
}

/// Why an ELF file can't be read.
#[derive(Debug, Error)]
pub(crate) enum UnreadElf {
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is no ELF file")]
    NotElf,
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl OutputNotes {
    /// Reads them.
    ///
    /// # Errors
    /// A file that can't be read or is no ELF file.
    pub(crate) fn read(program: &Path) -> Result<OutputNotes, UnreadElf> {
        let file = File::open(program)?;
        let cache = ReadCache::new(&file);
        OutputNotes::of(&cache)
    }

    pub(super) fn of<'d, R: ReadRef<'d>>(data: R) -> Result<OutputNotes, UnreadElf> {
        match FileKind::parse(data) {
            Ok(FileKind::Elf64) => sections(&ElfFile64::<Endianness, _>::parse(data)?),
            Ok(FileKind::Elf32) => sections(&ElfFile32::<Endianness, _>::parse(data)?),
            _ => Err(UnreadElf::NotElf),
        }
    }
}

impl From<object::Error> for UnreadElf {
    fn from(error: object::Error) -> UnreadElf {
        UnreadElf::Damaged(error.to_string())
    }
}

fn sections<'d, H: FileHeader<Endian = Endianness>, R: ReadRef<'d>>(
    elf: &object::read::elf::ElfFile<'d, H, R>,
) -> Result<OutputNotes, UnreadElf> {
    let mut notes = OutputNotes { swapped: elf.endian() != Endianness::default(), ..OutputNotes::default() };
    for section in elf.sections() {
        let place = match section.name() {
            Ok(PACKAGE_SECTION) => &mut notes.package,
            Ok(PARTS_SECTION) => &mut notes.parts,
            Ok(CRATES_SECTION) => &mut notes.crates,
            _ => continue,
        };
        let Some((at, size)) = section.file_range().filter(|(_, size)| *size <= MOST) else { continue };
        let content = section.data()?.to_vec();
        if content.len() as u64 == size {
            *place = Some(NoteSection { at, content });
        }
    }
    Ok(notes)
}

/// Writes other contents of the same sizes over the sections.
///
/// # Errors
/// A file that can't be written.
pub(crate) fn overwrite(program: &Path, changed: &[(&NoteSection, &[u8])]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(program)?;
    for (section, content) in changed {
        debug_assert_eq!(section.content.len(), content.len());
        file.write_all_at(content, section.at)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::linked_parts::LinkedParts;
    use super::super::part_notes::PartNotes;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_are_found_and_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.o");
        let notes = PartNotes::of(&LinkedParts::offered(&[]), &serde_json::Map::new());
        std::fs::write(&file, super::super::note_object::object(62, &notes).unwrap()).unwrap();
        let found = OutputNotes::read(&file).unwrap();
        let (package, parts) = (found.package.unwrap(), found.parts.unwrap());
        assert_eq!((&package.content, &parts.content), (&notes.package, &notes.parts));
        let other = vec![7; package.content.len()];
        overwrite(&file, &[(&package, &other)]).unwrap();
        let again = OutputNotes::read(&file).unwrap();
        assert_eq!((again.package.unwrap().content, again.parts), (other, Some(parts)));
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_or_errors(cut in 0usize..4096, changes in proptest::collection::vec((0usize..4096, any::<u8>()), 0..8)) {
            let notes = PartNotes::of(&LinkedParts::offered(&[]), &serde_json::Map::new());
            let mut bytes = super::super::note_object::object(62, &notes).unwrap();
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(cut);
            if let Ok(read) = OutputNotes::of(bytes.as_slice()) {
                let sections = [read.package, read.parts, read.crates];
                prop_assert!(sections.iter().flatten().all(|s| s.at + s.content.len() as u64 <= bytes.len() as u64));
            }
        }
    }

    #[test]
    fn other_files_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        for content in [&b""[..], b"text", b"\x7fELF\x02\x01\x01", b"!<arch>\n"] {
            std::fs::write(&file, content).unwrap();
            assert!(OutputNotes::read(&file).is_err());
        }
        assert!(OutputNotes::read(dir.path()).is_err());
    }
}
