//! The section of a shared object that carries a relocatable object.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `STATICXX` |
//! | 4 | format version, little endian |
//! | 8 | length of the object, little endian; 0 for a library without code of its own |
//! | rest | the object as one zstd frame with its checksum |
//!
//! It is appended after everything else ([`appended`]).

use super::appended::{self, AppendError, AppendedSection};
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use std::io;
use std::path::Path;

/// The section's name.
pub(crate) const NAME: &[u8] = b".staticcxx";
const MAGIC: &[u8; 8] = b"STATICXX";
const VERSION: u32 = 1;
const HEAD: usize = 20;

/// zstd level: fast, with most of the gain.
const LEVEL: i32 = 1;

/// The largest object that is unpacked, in bytes; real ones are far smaller.
const LARGEST: u64 = 4 << 30;

/// What a fat shared object carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CarriedContent {
    /// One relocatable object.
    Object(Vec<u8>),
    /// No code of its own: it was linked from other shared objects only.
    Nothing,
}

/// Why a section can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The section is truncated or modified.
    #[error("its objects are damaged: {0}")]
    Damaged(&'static str),
    /// Another version of this program wrote it.
    #[error("its objects have format {0}, this version reads {VERSION}")]
    Version(u32),
}

/// What a shared object carries; none without our section.
///
/// # Errors
/// A section that can't be used.
pub(crate) fn content(data: &[u8]) -> Result<Option<CarriedContent>, SectionError> {
    let found = match data.get(..5) {
        Some(b"\x7fELF\x02") => find::<elf::FileHeader64<Endianness>>(data),
        Some(b"\x7fELF\x01") => find::<elf::FileHeader32<Endianness>>(data),
        _ => return Ok(None),
    };
    // The linker reports files with broken section headers.
    match found.ok().flatten() {
        None => Ok(None),
        Some(section) => unpack(section).map(Some),
    }
}

fn find<Elf: FileHeader<Endian = Endianness>>(data: &[u8]) -> Result<Option<&[u8]>, object::Error> {
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    if header.e_type(endian) != elf::ET_DYN {
        return Ok(None);
    }
    let sections = header.sections(endian, data)?;
    match sections.section_by_name(endian, NAME) {
        Some((_, section)) => Ok(Some(section.data(endian, data)?)),
        None => Ok(None),
    }
}

/// Decodes a section.
///
/// # Errors
/// Bytes that [`pack`] of this version did not write.
pub(crate) fn unpack(section: &[u8]) -> Result<CarriedContent, SectionError> {
    let (head, frame) = section.split_at_checked(HEAD).ok_or(SectionError::Damaged("its header is truncated"))?;
    let (magic, numbers) = head.split_at(MAGIC.len());
    let (version, length) = numbers.split_at(4);
    if magic != MAGIC {
        return Err(SectionError::Damaged("it does not begin with `STATICXX`"));
    }
    let version = u32::from_le_bytes(version.try_into().unwrap_or_default());
    if version != VERSION {
        return Err(SectionError::Version(version));
    }
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if length == 0 {
        return Ok(CarriedContent::Nothing);
    }
    if length > LARGEST {
        return Err(SectionError::Damaged("its length is impossible"));
    }
    // Read as a stream: a wrong length must not cause a huge allocation.
    let mut bytes = Vec::new();
    let reader = zstd::Decoder::new(frame)?;
    let mut limited = io::Read::take(reader, length + 1);
    io::Read::read_to_end(&mut limited, &mut bytes).map_err(|_| SectionError::Damaged("it can't be decompressed"))?;
    if bytes.len() as u64 != length {
        return Err(SectionError::Damaged("its length is wrong"));
    }
    Ok(CarriedContent::Object(bytes))
}

/// Encodes a section.
///
/// # Errors
/// The compressor fails.
pub(crate) fn pack(content: &CarriedContent) -> io::Result<Vec<u8>> {
    let object: &[u8] = match content {
        CarriedContent::Object(bytes) => bytes,
        CarriedContent::Nothing => &[],
    };
    let mut section = [&MAGIC[..], &VERSION.to_le_bytes(), &(object.len() as u64).to_le_bytes()].concat();
    if !object.is_empty() {
        let mut encoder = zstd::Encoder::new(section, LEVEL)?;
        encoder.include_checksum(true)?;
        io::Write::write_all(&mut encoder, object)?;
        section = encoder.finish()?;
    }
    Ok(section)
}

/// Appends a section with these bytes to a shared object, in place: inode, mode and all loaded parts are kept.
///
/// # Errors
/// Not an ELF shared object, or a file that can't be written.
pub(crate) fn append(shared: &Path, bytes: &[u8]) -> Result<(), AppendError> {
    appended::append(shared, &[elf::ET_DYN], |_| vec![AppendedSection::content(NAME, bytes)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for content in [CarriedContent::Nothing, CarriedContent::Object(vec![7; 100_000])] {
            assert_eq!(unpack(&pack(&content).unwrap()).unwrap(), content);
        }
    }

    #[test]
    fn damaged_sections_are_errors() {
        let good = pack(&CarriedContent::Object((0..10_000u32).flat_map(u32::to_le_bytes).collect())).unwrap();
        for cut in [0, 5, HEAD, HEAD + 3, good.len() / 2, good.len() - 1] {
            assert!(matches!(unpack(&good[..cut]), Err(SectionError::Damaged(_) | SectionError::Io(_))), "{cut}");
        }
        let mut other = good.clone();
        other[8] = 9;
        assert!(matches!(unpack(&other), Err(SectionError::Version(9))));
        let mut long = good.clone();
        long[12..20].fill(0xff);
        assert!(unpack(&long).is_err());
        let mut flipped = good;
        let at = flipped.len() - 20;
        flipped[at] ^= 1;
        assert!(unpack(&flipped).is_err());
    }
}
