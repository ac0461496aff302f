//! Sections that are added to a finished file, behind everything else: contents, names, headers, in this order, and the ELF
//! header last, so that the file is as valid as it was at any moment. What is loaded of it stays as it is.

use object::elf;
use object::read::elf::{FileHeader, SectionHeader};
use object::{Endian, Endianness};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Why sections can't be added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not an ELF file that can carry more sections.
    #[error("it is no ELF file with section headers: {0}")]
    NotElf(String),
}

impl From<object::Error> for AppendError {
    fn from(e: object::Error) -> AppendError {
        AppendError::NotElf(e.to_string())
    }
}

/// A section that is added.
#[derive(Debug, Clone)]
pub(crate) struct AppendedSection<'a> {
    pub name: &'a [u8],
    pub sh_type: u32,
    pub content: Vec<u8>,
    /// The size of its entries, of a table.
    pub entry: usize,
    /// The section that it refers to, counted from the first one added.
    pub link: Option<usize>,
}

impl<'a> AppendedSection<'a> {
    /// SHT_PROGBITS.
    pub(crate) fn content(name: &'a [u8], bytes: &[u8]) -> AppendedSection<'a> {
        AppendedSection { name, sh_type: elf::SHT_PROGBITS.0, content: bytes.to_vec(), entry: 0, link: None }
    }
}

/// Appends sections to a file of one of these types (`ET_…`), in place: inode, mode and all loaded parts are kept.
///
/// # Errors
/// Not such a file, or one that can't be written.
pub(crate) fn append<'a>(
    file: &Path,
    types: &[elf::FileType],
    sections: impl Fn(&ElfFormat) -> Vec<AppendedSection<'a>>,
) -> Result<(), AppendError> {
    let Some(data) = map(file)? else { return Err(AppendError::NotElf("not a regular file".into())) };
    let edit = match data.get(..5) {
        Some(b"\x7fELF\x02") => SectionEdit::plan::<elf::FileHeader64<Endianness>>(&data, types, sections)?,
        Some(b"\x7fELF\x01") => SectionEdit::plan::<elf::FileHeader32<Endianness>>(&data, types, sections)?,
        _ => return Err(AppendError::NotElf("it has no ELF header".into())),
    };
    drop(data);
    let file = OpenOptions::new().write(true).open(file)?;
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

fn map(path: &Path) -> io::Result<Option<memmap2::Mmap>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    // SAFETY: the output of a link: a build that changes it meanwhile is broken anyway.
    unsafe { memmap2::Mmap::map(&file) }.map(Some)
}

/// The writes that add the sections.
struct SectionEdit {
    at: u64,
    tail: Vec<u8>,
    header: Vec<u8>,
}

impl SectionEdit {
    fn plan<'a, Elf: FileHeader<Endian = Endianness>>(
        data: &[u8],
        types: &[elf::FileType],
        sections: impl Fn(&ElfFormat) -> Vec<AppendedSection<'a>>,
    ) -> Result<SectionEdit, AppendError> {
        let header = Elf::parse(data)?;
        let endian = header.endian()?;
        if !types.contains(&header.e_type(endian)) {
            return Err(AppendError::NotElf("it has another ELF type".into()));
        }
        let format = ElfFormat { wide: header.is_type_64(), endian };
        let sections = sections(&format);
        let headers = header.section_headers(endian, data)?;
        let names = header.shstrndx(endian, data)? as usize;
        let strings = headers.get(names).ok_or_else(|| AppendError::NotElf("it has no section names".into()))?;
        let count = u16::try_from(headers.len() + sections.len()).ok().filter(|n| *n < 0xff00);
        let Some(count) = count.filter(|_| !headers.is_empty()) else {
            return Err(AppendError::NotElf("it has too many sections".into()));
        };
        let size = usize::from(header.e_shentsize(endian));
        let from: u64 = header.e_shoff(endian).into();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let mut table = data
            .get(from..)
            .and_then(|d| d.get(..size * headers.len()))
            .ok_or_else(|| AppendError::NotElf("its section headers lie outside the file".into()))?
            .to_vec();
        let mut tail = Tail { start: data.len(), bytes: Vec::new(), format: &format };
        let mut names_of_all = strings.data(endian, data)?.to_vec();
        for section in &sections {
            let at = tail.push(&section.content);
            table.extend(tail.header(section, size, (names_of_all.len(), at), headers.len()));
            names_of_all.extend([section.name, b"\0"].concat());
        }
        let names_at = tail.push(&names_of_all);
        // Section names moved and grew.
        let own = table.get_mut(size * names..).unwrap_or_default();
        format.put_place(own, names_at, names_of_all.len());
        let headers_at = tail.push(&table);
        let wide = format.wide;
        let mut head = data.get(..if wide { 64 } else { 52 }).unwrap_or_default().to_vec();
        format.put_word(&mut head, if wide { 40 } else { 32 }, headers_at as u64);
        if let Some(place) = head.get_mut(if wide { 60..62 } else { 48..50 }) {
            place.copy_from_slice(&endian.write_u16(count));
        }
        Ok(SectionEdit { at: data.len() as u64, tail: tail.bytes, header: head })
    }
}

/// What comes behind the file.
struct Tail<'a> {
    /// The length of the file.
    start: usize,
    bytes: Vec<u8>,
    format: &'a ElfFormat,
}

impl Tail<'_> {
    /// Adds bytes at a multiple of a word; gives where in the file.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let at = (self.start + self.bytes.len()).next_multiple_of(self.format.word());
        self.bytes.resize(at - self.start, 0);
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// The header of a section, `size` bytes, whose name and content are at these offsets; `first` is the number of the
    /// first one added.
    fn header(&self, section: &AppendedSection<'_>, size: usize, (name, at): (usize, usize), first: usize) -> Vec<u8> {
        let (format, wide) = (self.format, self.format.wide);
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut header = vec![0; size];
        format.put_u32(&mut header, 0, narrow(name));
        format.put_u32(&mut header, 4, section.sh_type);
        format.put_place(&mut header, at, section.content.len());
        format.put_u32(&mut header, if wide { 40 } else { 24 }, section.link.map_or(0, |n| narrow(first + n)));
        format.put_word(&mut header, if wide { 48 } else { 32 }, 1);
        format.put_word(&mut header, if wide { 56 } else { 36 }, section.entry as u64);
        header
    }
}

/// Class and byte order of the edited file.
pub(crate) struct ElfFormat {
    /// ELFCLASS64.
    pub wide: bool,
    pub endian: Endianness,
}

impl ElfFormat {
    /// The bytes of an address.
    pub(crate) fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

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

    /// Writes where a section is, and its size, into its header.
    fn put_place(&self, header: &mut [u8], at: usize, length: usize) {
        self.put_word(header, if self.wide { 24 } else { 16 }, at as u64);
        self.put_word(header, if self.wide { 32 } else { 20 }, length as u64);
    }
}
