//! The section of a shared object that carries a relocatable object.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `STATICXX` |
//! | 4 | format version, little endian |
//! | 8 | length of the object, little endian; 0 for a library without code of its own |
//! | rest | the object as one zstd frame with its checksum |
//!
//! It is appended after everything else: section, names, headers, in this order, and the ELF header last, so that the
//! file is a valid shared object at any moment.

use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endian, Endianness};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
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

/// Why a section can't be written or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not an ELF file that can carry a section.
    #[error("it is not a shared object with section headers: {0}")]
    NotElf(String),
    /// The section is truncated or modified.
    #[error("its objects are damaged: {0}")]
    Damaged(&'static str),
    /// Another version of this program wrote it.
    #[error("its objects have format {0}, this version reads {VERSION}")]
    Version(u32),
}

impl From<object::Error> for SectionError {
    fn from(e: object::Error) -> SectionError {
        SectionError::NotElf(e.to_string())
    }
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

fn map(path: &Path) -> io::Result<Option<memmap2::Mmap>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    // SAFETY: an input of a link: a build that changes it meanwhile is broken anyway.
    unsafe { memmap2::Mmap::map(&file) }.map(Some)
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
pub(crate) fn append(shared: &Path, bytes: &[u8]) -> Result<(), SectionError> {
    let Some(data) = map(shared)? else { return Err(SectionError::NotElf("not a regular file".into())) };
    let edit = match data.get(..5) {
        Some(b"\x7fELF\x02") => SectionEdit::plan::<elf::FileHeader64<Endianness>>(&data, bytes)?,
        Some(b"\x7fELF\x01") => SectionEdit::plan::<elf::FileHeader32<Endianness>>(&data, bytes)?,
        _ => return Err(SectionError::NotElf("it has no ELF header".into())),
    };
    drop(data);
    let file = OpenOptions::new().write(true).open(shared)?;
    let old = file.metadata()?.len();
    // The header is what makes the rest count, so it comes last.
    let written = file.write_all_at(&edit.tail, edit.at).and_then(|()| file.write_all_at(&edit.header, 0));
    if let Err(e) = written {
        // The disk is full: restore the file.
        let _ = file.set_len(old);
        return Err(e.into());
    }
    Ok(())
}

/// The writes that add the section.
struct SectionEdit {
    at: u64,
    tail: Vec<u8>,
    header: Vec<u8>,
}

impl SectionEdit {
    fn plan<Elf: FileHeader<Endian = Endianness>>(data: &[u8], bytes: &[u8]) -> Result<SectionEdit, SectionError> {
        let header = Elf::parse(data)?;
        let endian = header.endian()?;
        if header.e_type(endian) != elf::ET_DYN {
            return Err(SectionError::NotElf("it has another ELF type".into()));
        }
        let wide = header.is_type_64();
        let word = if wide { 8 } else { 4 };
        let headers = header.section_headers(endian, data)?;
        let names = header.shstrndx(endian, data)? as usize;
        let strings = headers.get(names).ok_or_else(|| SectionError::NotElf("it has no section names".into()))?;
        let count = u16::try_from(headers.len() + 1).ok().filter(|n| *n < 0xff00);
        let Some(count) = count.filter(|_| !headers.is_empty()) else {
            return Err(SectionError::NotElf("it has too many sections".into()));
        };
        let old_names = strings.data(endian, data)?;
        let start = align(data.len(), word);
        let names_at = start + bytes.len();
        let new_names = [old_names, NAME, b"\0"].concat();
        let headers_at = align(names_at + new_names.len(), word);
        let size = usize::from(header.e_shentsize(endian));
        let from: u64 = header.e_shoff(endian).into();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let mut table = data
            .get(from..)
            .and_then(|d| d.get(..size * headers.len()))
            .ok_or_else(|| SectionError::NotElf("its section headers lie outside the file".into()))?
            .to_vec();
        let layout = ElfFormat { wide, endian };
        // Section names moved and grew.
        let own = table.get_mut(size * names..).unwrap_or_default();
        layout.put_word(own, if wide { 24 } else { 16 }, names_at as u64);
        layout.put_word(own, if wide { 32 } else { 20 }, new_names.len() as u64);
        let mut fresh = vec![0; size];
        layout.put_u32(&mut fresh, 0, u32::try_from(old_names.len()).unwrap_or(0));
        layout.put_u32(&mut fresh, 4, elf::SHT_PROGBITS.0);
        layout.put_word(&mut fresh, if wide { 24 } else { 16 }, start as u64);
        layout.put_word(&mut fresh, if wide { 32 } else { 20 }, bytes.len() as u64);
        layout.put_word(&mut fresh, if wide { 48 } else { 32 }, 1);
        table.extend(fresh);
        let mut tail = vec![0; start - data.len()];
        tail.extend_from_slice(bytes);
        tail.extend_from_slice(&new_names);
        tail.resize(headers_at - data.len(), 0);
        tail.extend(table);
        let mut head = data.get(..if wide { 64 } else { 52 }).unwrap_or_default().to_vec();
        layout.put_word(&mut head, if wide { 40 } else { 32 }, headers_at as u64);
        let bytes_of = endian.write_u16(count);
        if let Some(place) = head.get_mut(if wide { 60..62 } else { 48..50 }) {
            place.copy_from_slice(&bytes_of);
        }
        Ok(SectionEdit { at: data.len() as u64, tail, header: head })
    }
}

fn align(at: usize, to: usize) -> usize {
    at.next_multiple_of(to)
}

/// Class and byte order of the edited file.
pub(crate) struct ElfFormat {
    /// ELFCLASS64.
    pub wide: bool,
    pub endian: Endianness,
}

impl ElfFormat {
    pub(crate) fn put_u32(&self, bytes: &mut [u8], at: usize, value: u32) {
        if let Some(place) = bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&self.endian.write_u32(value));
        }
    }

    /// Writes an address or offset: 64 or 32 bits by class.
    pub(crate) fn put_word(&self, bytes: &mut [u8], at: usize, value: u64) {
        if !self.wide {
            self.put_u32(bytes, at, u32::try_from(value).unwrap_or(u32::MAX));
        } else if let Some(place) = bytes.get_mut(at..at + 8) {
            place.copy_from_slice(&self.endian.write_u64(value));
        }
    }
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
