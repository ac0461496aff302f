//! What a program is known by, stripped or not: SHA-256 of its loaded sections, each with address, size and content. Every
//! program whose code or data is another has another one; the header of the file, symbols and debug information are not
//! in it. A build ID would do, but not every link makes one, and some projects give the same to all builds.

use crate::parts::output_notes::UnreadElf;
use object::read::elf::{ElfFile32, ElfFile64, FileHeader};
use object::read::{Object, ObjectSection, ReadCache, ReadRef};
use object::{Endianness, FileKind, SectionFlags, elf};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::path::Path;

/// The identity of a program, in 64 hexadecimal digits.
///
/// # Errors
/// It can't be read, or is no ELF file.
pub(crate) fn of(program: &Path) -> Result<String, UnreadElf> {
    let file = File::open(program)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    let cache = ReadCache::new(&file);
    match FileKind::parse(&cache) {
        Ok(FileKind::Elf64) => hashed(&ElfFile64::<Endianness, _>::parse(&cache)?),
        Ok(FileKind::Elf32) => hashed(&ElfFile32::<Endianness, _>::parse(&cache)?),
        _ => Err(UnreadElf::NotElf),
    }
}

fn hashed<'d, H: FileHeader<Endian = Endianness>, R: ReadRef<'d>>(
    file: &object::read::elf::ElfFile<'d, H, R>,
) -> Result<String, UnreadElf> {
    let mut hash = Sha256::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.contains(elf::SHF_ALLOC) {
            hash.update(section.address().to_le_bytes());
            hash.update(section.size().to_le_bytes());
            hash.update(section.data()?);
        }
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use object::write::{Object as Written, StandardSection, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, SymbolFlags, SymbolKind, SymbolScope};

    /// An ELF file with this code.
    pub(crate) fn program(code: &[u8]) -> Vec<u8> {
        with_symbol(code, None)
    }

    fn with_symbol(code: &[u8], symbol: Option<&str>) -> Vec<u8> {
        let mut object = Written::new(BinaryFormat::Elf, Architecture::X86_64, object::Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        object.append_section_data(text, code, 16);
        if let Some(name) = symbol {
            object.add_symbol(Symbol {
                name: name.into(),
                value: 0,
                size: 1,
                kind: SymbolKind::Text,
                scope: SymbolScope::Linkage,
                weak: false,
                section: SymbolSection::Section(text),
                flags: SymbolFlags::None,
            });
        }
        object.write().unwrap()
    }

    #[test]
    fn symbols_are_not_in_it_and_code_is() {
        let dir = tempfile::tempdir().unwrap();
        let of_bytes = |bytes: Vec<u8>| {
            let file = dir.path().join("p");
            std::fs::write(&file, bytes).unwrap();
            of(&file).unwrap()
        };
        let plain = of_bytes(program(b"code"));
        assert_eq!(plain.len(), 64);
        assert_eq!(plain, of_bytes(with_symbol(b"code", Some("main"))));
        assert_ne!(plain, of_bytes(program(b"cope")));
        assert_ne!(plain, of_bytes(program(b"code ")));
    }

    #[test]
    fn other_files_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(of(dir.path()), Err(UnreadElf::Io(_))));
        for content in [&b""[..], b"text", b"!<arch>\n"] {
            let file = dir.path().join("x");
            std::fs::write(&file, content).unwrap();
            assert!(matches!(of(&file), Err(UnreadElf::NotElf)));
        }
        std::fs::write(dir.path().join("y"), b"\x7fELF\x02\x01\x01").unwrap();
        assert!(of(&dir.path().join("y")).is_err());
    }
}
