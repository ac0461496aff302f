//! The headers of an output, as other tools want them.
//!
//! wild writes them behind the program headers, at the beginning. A file may have them anywhere, but dwz, which Debian's
//! and Fedora's packaging runs on everything with debug information, grows the table where it is when several files share
//! a supplement (`dwz -m`), and then refuses what lies behind it: "Allocatable section in FILE after non-allocatable ones"
//! (dwz 0.15, `write_dso`). GNU ld, gold, lld and mold write the table last.
//!
//! It also leaves the flag SHF_MERGE on sections that it joined from some whose entries differ in size, and gives them
//! none, and values in the first header, which is to be empty. And it does not say that the file uses what GNU added to the
//! format (symbols of functions chosen at start, EI_OSABI). eu-elflint calls all of that wrong.

use object::elf::{
    ELFOSABI_GNU, FileHeader64, Ident, SHF_MERGE, SHF_STRINGS, SHT_SYMTAB, STB_GNU_UNIQUE, STT_GNU_IFUNC, SectionFlags,
    SectionHeader64, Sym64,
};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef, U64, pod};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Moves the section headers of a 64-bit program to its end, if it has debug information, and corrects what is wrong in
/// them and in the file header.
///
/// # Errors
/// A file that can't be read, is no such program, or can't be written.
pub(crate) fn mend(program: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(program)?;
    let table = OutputHeaders::read(&file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    let Some(table) = table else { return Ok(()) };
    if table.has_gnu_symbols {
        file.write_all_at(&[ELFOSABI_GNU.0], offset_of!(Ident, os_abi) as u64)?;
    }
    if !table.moves {
        return if table.changed { file.write_all_at(&table.bytes, table.at) } else { Ok(()) };
    }
    let end = file.metadata()?.len().next_multiple_of(size_of::<u64>() as u64);
    file.write_all_at(&table.bytes, end)?;
    file.write_all_at(&end.to_le_bytes(), offset_of!(FileHeader64<Endianness>, e_shoff) as u64)?;
    file.write_all_at(&vec![0; table.bytes.len()], table.at)
}

/// The headers as they should be.
struct OutputHeaders {
    /// Where the section headers are in the file.
    at: u64,
    /// The section headers.
    bytes: Vec<u8>,
    /// They belong at the end.
    moves: bool,
    /// They are not what is in the file.
    changed: bool,
    /// A symbol is of a type that GNU added.
    has_gnu_symbols: bool,
}

impl OutputHeaders {
    /// None of a big-endian file.
    fn read(file: &File) -> object::Result<Option<OutputHeaders>> {
        let data = ReadCache::new(file);
        let header = FileHeader64::<Endianness>::parse(&data)?;
        let endian = header.endian()?;
        if endian != Endianness::Little {
            return Ok(None);
        }
        let written = header.sections(endian, &data)?;
        let with_debug = written.section_by_name(endian, b".debug_info").is_some();
        let is_gnu =
            |symbol: &Sym64<Endianness>| symbol.st_type() == STT_GNU_IFUNC || symbol.st_bind() == STB_GNU_UNIQUE;
        let has_gnu_symbols = written.symbols(endian, &data, SHT_SYMTAB)?.iter().any(is_gnu);
        let mut sections: Vec<SectionHeader64<Endianness>> = header.section_headers(endian, &data)?.to_vec();
        for (at, section) in sections.iter_mut().enumerate() {
            let flags = section.sh_flags(endian);
            if at == 0 {
                section.sh_addr = U64::new(endian, 0);
                section.sh_flags = U64::new(endian, SectionFlags(0));
            } else if flags.contains(SHF_MERGE) && section.sh_entsize(endian) == 0 {
                let plain = SectionFlags(flags.0 & !(SHF_MERGE.0 | SHF_STRINGS.0));
                section.sh_flags = U64::new(endian, plain);
            }
        }
        let (at, bytes) = (header.e_shoff(endian), pod::bytes_of_slice(&sections).to_vec());
        let changed = (&data).read_bytes_at(at, bytes.len() as u64) != Ok(&*bytes);
        let is_last = (&data).len().is_ok_and(|len| at + bytes.len() as u64 == len);
        Ok(Some(OutputHeaders { at, bytes, moves: with_debug && !is_last, changed, has_gnu_symbols }))
    }
}
