//! What GNU ld does for branch target identification (BTI) on AArch64, and wild does not: where all inputs are marked, the
//! stubs through which functions chosen at start (IFUNC) are called begin with `bti c`.
//!
//! wild keeps the mark, so that the kernel guards the program's code, but the address of such a function is that of its stub,
//! and a processor with BTI stops a call by register of what does not begin so. Its stub is three instructions and a `nop`:
//! there is room.

use object::elf::{EM_AARCH64, FileHeader64, GNU_PROPERTY_AARCH64_FEATURE_1_AND};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The section of wild's stubs.
const STUBS: &[u8] = b".plt.got";

/// The bit of the property.
const BTI: u32 = 1;

/// Has the stubs of a program begin with `bti c`, if it is marked; nothing is done to other machines' programs.
///
/// # Errors
/// A file that can't be read or written, or is no 64-bit program.
pub(crate) fn mend(program: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(program)?;
    let stubs = stubs(&file).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    match stubs {
        Some((at, bytes)) => file.write_all_at(&marked(&bytes), at),
        None => Ok(()),
    }
}

/// Where the stubs are in a marked program for AArch64, and they.
fn stubs(file: &File) -> object::Result<Option<(u64, Vec<u8>)>> {
    let data = ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(&data)?;
    let endian = header.endian()?;
    if header.e_machine(endian) != EM_AARCH64 {
        return Ok(None);
    }
    let sections = header.sections(endian, &data)?;
    let Some((_, section)) = sections.section_by_name(endian, STUBS) else { return Ok(None) };
    for note in sections.iter() {
        let Some(mut notes) = note.notes(endian, &data)? else { continue };
        while let Some(note) = notes.next()? {
            if is_marked(note.gnu_properties(endian), endian)? {
                return Ok(Some((section.sh_offset(endian), section.data(endian, &data)?.to_vec())));
            }
        }
    }
    Ok(None)
}

/// Whether BTI is among the properties of a note.
fn is_marked(
    properties: Option<object::read::elf::GnuPropertyIterator<'_, Endianness>>,
    endian: Endianness,
) -> object::Result<bool> {
    let Some(mut properties) = properties else { return Ok(false) };
    while let Some(property) = properties.next()? {
        if property.pr_type() == GNU_PROPERTY_AARCH64_FEATURE_1_AND && property.data_u32(endian)? & BTI != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The same stubs, each with `bti c` in the place of its `nop`, which comes first. An `adrp` counts from the page that it is in,
/// which it does not leave: a stub has 16 bytes, at a multiple of that.
fn marked(stubs: &[u8]) -> Vec<u8> {
    const BTI_C: [u8; 4] = 0xd503_245f_u32.to_le_bytes();
    let mut marked = stubs.to_vec();
    for stub in marked.chunks_exact_mut(16).filter(|stub| is_stub(stub)) {
        stub.rotate_right(4);
        stub[..4].copy_from_slice(&BTI_C);
    }
    marked
}

/// `adrp x16, page; ldr x17, [x16, #offset]; br x17; nop`.
fn is_stub(bytes: &[u8]) -> bool {
    const MASKS: [u32; 4] = [0x9f00_001f, 0xffc0_03ff, !0, !0];
    const WORDS: [u32; 4] = [0x9000_0010, 0xf940_0211, 0xd61f_0220, 0xd503_201f];
    let words = bytes.chunks_exact(4).map(|word| word.try_into().map_or(0, u32::from_le_bytes));
    words.zip(MASKS).map(|(word, mask)| word & mask).eq(WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    #[test]
    fn stubs_and_nothing_else_are_marked() {
        let stub = [0x9000_0090, 0xf947_8a11, 0xd61f_0220, 0xd503_201f];
        let made = [0xd503_245f, 0x9000_0090, 0xf947_8a11, 0xd61f_0220];
        assert_eq!(marked(&bytes(&[stub, stub].concat())), bytes(&[made, made].concat()));
        // Marked already; another register; what is cut off.
        for other in [&made[..], &[0x9000_0091, 0xf947_8a11, 0xd61f_0220, 0xd503_201f], &stub[..3], &[]] {
            assert_eq!(marked(&bytes(other)), bytes(other));
        }
    }

    #[test]
    fn what_is_no_program_is_an_error_and_stays() {
        let t = tempfile::tempdir().unwrap();
        let file = t.path().join("f");
        for content in [&b""[..], b"\x7fELF", &[0x7f; 100]] {
            std::fs::write(&file, content).unwrap();
            assert!(mend(&file).is_err());
            assert_eq!(std::fs::read(&file).unwrap(), content);
        }
    }
}
