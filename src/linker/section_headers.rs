//! The section headers of an output, as other tools want them.
//!
//! wild writes them behind the program headers, at the beginning. A file may have them anywhere, but dwz, which Debian's
//! and Fedora's packaging runs on everything with debug information, grows the table where it is when several files share
//! a supplement (`dwz -m`), and then refuses what lies behind it: "Allocatable section in FILE after non-allocatable ones"
//! (dwz 0.15, `write_dso`). GNU ld, gold, lld and mold write the table last.
//!
//! It also leaves the flag SHF_MERGE on sections that it joined from some whose entries differ in size, and gives them
//! none; eu-elflint calls that wrong ("merge flag set but entry size is zero").

use object::elf::{FileHeader64, SHF_MERGE, SHF_STRINGS, SectionFlags, SectionHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef, U64, pod};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Moves the section headers of a 64-bit program to its end, if it has debug information, and takes flags away that are
/// wrong.
///
/// # Errors
/// A file that can't be read, is no such program, or can't be written.
pub(crate) fn mend(program: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(program)?;
    let table = SectionTable::read(&file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    let Some(table) = table else { return Ok(()) };
    if !table.moves {
        return if table.changed { file.write_all_at(&table.bytes, table.at) } else { Ok(()) };
    }
    let end = file.metadata()?.len().next_multiple_of(size_of::<u64>() as u64);
    file.write_all_at(&table.bytes, end)?;
    file.write_all_at(&end.to_le_bytes(), offset_of!(FileHeader64<Endianness>, e_shoff) as u64)?;
    file.write_all_at(&vec![0; table.bytes.len()], table.at)
}

/// The section headers as they should be.
struct SectionTable {
    /// Where they are in the file.
    at: u64,
    bytes: Vec<u8>,
    /// They belong at the end.
    moves: bool,
    /// They are not what is in the file.
    changed: bool,
}

impl SectionTable {
    /// None of a big-endian file.
    fn read(file: &File) -> object::Result<Option<SectionTable>> {
        let data = ReadCache::new(file);
        let header = FileHeader64::<Endianness>::parse(&data)?;
        let endian = header.endian()?;
        if endian != Endianness::Little {
            return Ok(None);
        }
        let mut sections: Vec<SectionHeader64<Endianness>> = header.section_headers(endian, &data)?.to_vec();
        let names = header.section_strings(endian, &data, &sections)?;
        let with_debug = sections.iter().any(|s| s.name(endian, names).is_ok_and(|n| n == b".debug_info"));
        let mut changed = false;
        for section in &mut sections {
            let flags = section.sh_flags(endian);
            if flags.contains(SHF_MERGE) && section.sh_entsize(endian) == 0 {
                let plain = SectionFlags(flags.0 & !(SHF_MERGE.0 | SHF_STRINGS.0));
                section.sh_flags = U64::new(endian, plain);
                changed = true;
            }
        }
        let (at, bytes) = (header.e_shoff(endian), pod::bytes_of_slice(&sections).to_vec());
        let is_last = (&data).len().is_ok_and(|len| at + bytes.len() as u64 == len);
        Ok(Some(SectionTable { at, bytes, moves: with_debug && !is_last, changed }))
    }
}
