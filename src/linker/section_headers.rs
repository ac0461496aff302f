//! Where the section headers of an output lie.
//!
//! wild writes them behind the program headers, at the beginning. A file may have them anywhere, but dwz, which Debian's
//! and Fedora's packaging runs on everything with debug information, grows the table where it is when several files share
//! a supplement (`dwz -m`), and then refuses what lies behind it: "Allocatable section in FILE after non-allocatable ones"
//! (dwz 0.15, `write_dso`). GNU ld, gold, lld and mold write the table last.

use object::elf::{FileHeader64, SectionHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef, pod};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Moves the section headers of a 64-bit program to its end, if it has debug information.
///
/// # Errors
/// A file that can't be read, is no such program, or can't be written.
pub(crate) fn to_end(program: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(program)?;
    let Some((at, table)) = debugged(&file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))? else {
        return Ok(());
    };
    let end = file.metadata()?.len().next_multiple_of(size_of::<u64>() as u64);
    file.write_all_at(&table, end)?;
    file.write_all_at(&end.to_le_bytes(), offset_of!(FileHeader64<Endianness>, e_shoff) as u64)?;
    file.write_all_at(&vec![0; table.len()], at)
}

/// Offset and bytes of the section headers of a program with debug information that is not at its end already.
fn debugged(file: &File) -> object::Result<Option<(u64, Vec<u8>)>> {
    let data = ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(&data)?;
    let endian = header.endian()?;
    let sections: &[SectionHeader64<Endianness>] = header.section_headers(endian, &data)?;
    let names = header.section_strings(endian, &data, sections)?;
    let with_debug = sections.iter().any(|s| s.name(endian, names).is_ok_and(|n| n == b".debug_info"));
    let (at, table) = (header.e_shoff(endian), pod::bytes_of_slice(sections));
    let last = (&data).len().is_ok_and(|len| at + table.len() as u64 == len);
    Ok((with_debug && !last && endian == Endianness::Little).then(|| (at, table.to_vec())))
}
