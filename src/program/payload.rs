//! What a program's file has besides the program: data behind it, and sections that are not loaded. The program finds them
//! in its own file (`/proc/self/exe`), so they go into the result: data behind the program at the same distance from the
//! file's end, sections under their names.
//!
//! Where the data say by themselves at which offset of the file they begin, they have to be at that offset again, or the
//! number is changed where its format is known ([`TRAILERS`]), or the program can't be converted.

use memchr::memmem;
use object::elf::{
    FileHeader64, SHF_ALLOC, SHT_NOBITS, SHT_NULL, SHT_REL, SHT_RELA, SHT_STRTAB, SHT_SYMTAB, SectionHeader64,
};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use object::{LittleEndian as LE, ReadCache, ReadRef, U16, U32, U64, pod};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::{offset_of, size_of};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file is mapped in pages: offsets keep their place in one.
const PAGE: u64 = 4096;

/// From this size on data keep their place in larger units too: some formats pad to 32 KiB.
const LARGE: u64 = 1 << 20;

/// How much of the beginning and end of the data is searched for their own offset. A small offset is so often the value of
/// something else that only the very first and last words count.
const EDGE: u64 = 4096;
const NARROW_EDGE: u64 = 64;

/// Offsets from here on are few enough to tell something.
const TELLING_OFFSET: u64 = 100_000;

/// Sections that compilers, linkers and debuggers make for each other, by the beginnings of their names.
const OF_TOOLS: [&[u8]; 14] = [
    b".annobin",
    b".comment",
    b".debug",
    b".deplibs",
    b".gdb_index",
    b".gnu.",
    b".gnu_debug",
    b".llvm",
    b".note.GNU-stack",
    b".note.gnu.",
    b".note.stapsdt",
    b".stab",
    b".symtab",
    b".zdebug",
];

/// Where formats note the offset of the data, from the end of the file, and what follows the note.
const TRAILERS: [Trailer; 1] = [
    // SBCL's executable images (runtime.c, search_for_embedded_core): the offset, then CORE_MAGIC, eight bytes each.
    Trailer { offset_at: 16, ends_with: b"LCBS\0\0\0\0" },
];

struct Trailer {
    /// Where the offset is, counted back from the end.
    offset_at: u64,
    ends_with: &'static [u8],
}

/// Where a known format notes an offset in the data, counted back from the end, and what it notes.
struct NotedOffset {
    from_end: u64,
    offset: u64,
}

/// A section that is not loaded.
#[derive(Debug, Clone)]
struct CarriedSection {
    name: Vec<u8>,
    header: SectionHeader64<LE>,
    range: Range<u64>,
}

/// What a file has besides the program.
#[derive(Debug, Clone)]
pub(crate) struct ProgramPayload {
    /// Where the program ends.
    pub program_end: u64,
    file_end: u64,
    sections: Vec<CarriedSection>,
}

/// Why the data can't be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error("the {0} bytes behind the program say at which offset of the file they begin, and the result is larger")]
    FixedPlace(u64),
    #[error(transparent)]
    File(#[from] io::Error),
}

impl PayloadError {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            PayloadError::FixedPlace(_) => Some(
                "convert the program without these data, and have them added again by the tool that added them"
                    .to_owned(),
            ),
            PayloadError::File(_) => None,
        }
    }
}

impl ProgramPayload {
    /// What a 64-bit little-endian program's file has; a program to the file's end where it is no such file, or its headers
    /// can't be read. Section headers that lie outside the file count as absent.
    ///
    /// # Errors
    /// A file that can't be read.
    pub(crate) fn of(file: &File) -> io::Result<ProgramPayload> {
        let file_end = file.metadata()?.len();
        let data = ReadCache::new(file);
        let found = headers(&data, file_end).unwrap_or_default();
        Ok(ProgramPayload { program_end: found.0.unwrap_or(file_end).min(file_end), file_end, sections: found.1 })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.behind() == 0
    }

    /// Where the data behind the program begin.
    pub(crate) fn behind_from(&self) -> Option<u64> {
        (self.behind() > 0).then_some(self.program_end)
    }

    /// Bytes behind the program.
    fn behind(&self) -> u64 {
        self.file_end - self.program_end
    }

    /// What there is, for people.
    pub(crate) fn text(&self) -> Option<String> {
        let names: Vec<_> = self.sections.iter().map(|s| format!("`{}`", String::from_utf8_lossy(&s.name))).collect();
        let behind = (self.behind() > 0).then(|| format!("{} bytes behind the program", self.behind()));
        let sections = (!names.is_empty()).then(|| format!("the sections {} that are not loaded", names.join(", ")));
        let all: Vec<String> = behind.into_iter().chain(sections).collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    /// Adds it to the result. `program`: the original's bytes up to [`ProgramPayload::program_end`].
    ///
    /// # Errors
    /// Data that have to be where the result has something else; a file that can't be read or written.
    pub(crate) fn add(&self, program: &[u8], original: &File, result: &Path) -> Result<(), PayloadError> {
        let mut out = OpenOptions::new().read(true).write(true).open(result)?;
        self.add_sections(original, &mut out)?;
        if self.behind() == 0 {
            return Ok(());
        }
        let (at, end) = (self.program_end, out.metadata()?.len());
        let note = self.trailer(original)?;
        let fixed = note.is_some() || self.names_its_place(program, original)?;
        // At its old offset where there is room, unless that would make much of nothing.
        let place = match at.checked_sub(end) {
            Some(room) if fixed || room <= end => at,
            None if fixed && note.is_none() => return Err(PayloadError::FixedPlace(self.behind())),
            _ => congruent(end, at, if self.behind() < LARGE { PAGE } else { 16 * PAGE }),
        };
        copy(original, at..self.file_end, &mut out, place)?;
        if let Some(note) = note {
            let offset = note.offset - at + place;
            out.write_all_at(&offset.to_le_bytes(), place + self.behind() - note.from_end)?;
        }
        Ok(())
    }

    /// What a known format notes.
    fn trailer(&self, original: &File) -> io::Result<Option<NotedOffset>> {
        for trailer in &TRAILERS {
            if self.behind() < trailer.offset_at {
                continue;
            }
            let mut noted = vec![0; trailer.offset_at as usize];
            original.read_exact_at(&mut noted, self.file_end - trailer.offset_at)?;
            let offset = noted.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            // There may be padding before it.
            if noted.ends_with(trailer.ends_with) && (self.program_end..self.file_end).contains(&offset) {
                return Ok(Some(NotedOffset { from_end: trailer.offset_at, offset }));
            }
        }
        Ok(None)
    }

    /// Whether the offset of the data is written in them, or in decimal digits in the program.
    fn names_its_place(&self, program: &[u8], original: &File) -> io::Result<bool> {
        let at = self.program_end;
        let digits = at.to_string();
        let telling = at >= TELLING_OFFSET && !at.is_power_of_two();
        let is_number = |bytes: &[u8]| {
            telling
                && memmem::find_iter(bytes, digits.as_bytes()).any(|found| {
                    let beside = [found.checked_sub(1), Some(found + digits.len())];
                    beside.iter().flatten().all(|i| bytes.get(*i).is_none_or(|b| !b.is_ascii_alphanumeric()))
                })
        };
        let edge = self.behind().min(if at < TELLING_OFFSET { NARROW_EDGE } else { EDGE });
        for start in [at, self.file_end - edge] {
            let mut bytes = vec![0; edge as usize];
            original.read_exact_at(&mut bytes, start)?;
            if memmem::find(&bytes, &at.to_le_bytes()).is_some() || is_number(&bytes) {
                return Ok(true);
            }
        }
        Ok(is_number(program))
    }

    /// Adds the sections, and a new table of section headers behind them.
    fn add_sections(&self, original: &File, out: &mut File) -> io::Result<()> {
        if self.sections.is_empty() {
            return Ok(());
        }
        let invalid = |e: object::Error| io::Error::new(io::ErrorKind::InvalidData, e);
        let (mut table, mut names, strings) = {
            let data = ReadCache::new(&*out);
            let header = FileHeader64::<LE>::parse(&data).map_err(invalid)?;
            let table = header.section_headers(LE, &data).map_err(invalid)?.to_vec();
            let strings = header.shstrndx(LE, &data).map_err(invalid)? as usize;
            let names =
                table.get(strings).map(|s| s.data(LE, &data).map(<[u8]>::to_vec)).transpose().map_err(invalid)?;
            (table, names.unwrap_or_default(), strings)
        };
        let mut end = out.metadata()?.len();
        for section in &self.sections {
            let (start, length) = (section.range.start, section.range.end - section.range.start);
            let unit = if length < PAGE { section.header.sh_addralign(LE).clamp(1, PAGE) } else { PAGE };
            let place = congruent(end, start, unit);
            copy(original, section.range.clone(), out, place)?;
            end = place + length;
            let mut header = section.header;
            header.sh_name = U32::new(LE, names.len() as u32);
            header.sh_offset = U64::new(LE, place);
            header.sh_link = U32::new(LE, 0);
            header.sh_info = U32::new(LE, 0);
            names.extend_from_slice(&section.name);
            names.push(0);
            table.push(header);
        }
        if let Some(strings) = table.get_mut(strings) {
            strings.sh_offset = U64::new(LE, end);
            strings.sh_size = U64::new(LE, names.len() as u64);
        }
        out.write_all_at(&names, end)?;
        let at = (end + names.len() as u64).next_multiple_of(8);
        out.write_all_at(pod::bytes_of_slice(&table), at)?;
        let count = u16::try_from(table.len()).map_err(|_| io::Error::other("it has too many sections"))?;
        out.write_all_at(&at.to_le_bytes(), offset_of!(FileHeader64<LE>, e_shoff) as u64)?;
        out.write_all_at(pod::bytes_of(&U16::new(LE, count)), offset_of!(FileHeader64<LE>, e_shnum) as u64)
    }
}

/// The first offset from `end` on that is the same distance from a multiple of `unit` as `like`.
fn congruent(end: u64, like: u64, unit: u64) -> u64 {
    let within = like % unit;
    let place = end - end % unit + within;
    if place < end { place + unit } else { place }
}

fn copy(from: &File, range: Range<u64>, to: &mut File, place: u64) -> io::Result<()> {
    let mut from = from;
    from.seek(SeekFrom::Start(range.start))?;
    to.seek(SeekFrom::Start(place))?;
    let length = range.end - range.start;
    match io::copy(&mut Read::take(from, length), to)? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Where the program ends in the file, and the sections that are carried; none of another kind of file.
fn headers<'d>(data: impl ReadRef<'d>, file_end: u64) -> Option<(Option<u64>, Vec<CarriedSection>)> {
    let header = FileHeader64::<LE>::parse(data).ok()?;
    let programs = header.program_headers(LE, data).ok()?;
    let table = header.e_phoff(LE) + size_of::<object::elf::ProgramHeader64<LE>>() as u64 * programs.len() as u64;
    let segments = programs.iter().filter_map(|p| p.p_offset(LE).checked_add(p.p_filesz(LE)));
    let mut end = segments.chain([table]).max()?;
    let sections = header.sections(LE, data).ok();
    let all = sections.iter().flat_map(|s| s.iter());
    let stored = |s: &&SectionHeader64<LE>| ![SHT_NULL, SHT_NOBITS].contains(&s.sh_type(LE));
    let range = |s: &SectionHeader64<LE>| Some(s.sh_offset(LE)..s.sh_offset(LE).checked_add(s.sh_size(LE))?);
    let inside = |s: &SectionHeader64<LE>| range(s).filter(|r| r.end <= file_end);
    end = all.clone().filter(stored).filter_map(inside).map(|r| r.end).chain([end]).max()?;
    if sections.as_ref().is_some_and(|s| !s.is_empty()) {
        let count = sections.iter().flat_map(|s| s.iter()).count() as u64;
        let headers_end = header.e_shoff(LE).checked_add(count * size_of::<SectionHeader64<LE>>() as u64);
        end = end.max(headers_end.filter(|e| *e <= file_end).unwrap_or(0));
    }
    let carried = all.filter(stored).filter_map(|s| {
        let name = sections.as_ref()?.section_name(LE, s).ok()?;
        let of_tools = [SHT_SYMTAB, SHT_STRTAB, SHT_REL, SHT_RELA].contains(&s.sh_type(LE))
            || OF_TOOLS.iter().any(|begin| name.starts_with(begin));
        let loaded = s.sh_flags(LE).contains(SHF_ALLOC) || s.sh_size(LE) == 0 || name.is_empty();
        (!of_tools && !loaded).then(|| Some(CarriedSection { name: name.to_vec(), header: *s, range: inside(s)? }))?
    });
    Some((Some(end), carried.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file with one segment, the sections `.own` and `.shstrtab`, and five bytes behind its section headers.
    fn file() -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        let put = |bytes: &mut Vec<u8>, at: usize, value: u64, size: usize| {
            bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        };
        for (at, value, size) in [(16, 2, 2), (18, 62, 2), (20, 1, 4), (32, 64, 8), (40, 140, 8), (52, 64, 2)] {
            put(&mut bytes, at, value, size);
        }
        for (at, value) in [(54, 56), (56, 1), (58, 64), (60, 3), (62, 2)] {
            put(&mut bytes, at, value, 2);
        }
        // PT_LOAD of the headers.
        put(&mut bytes, 64, 1, 4);
        put(&mut bytes, 96, 120, 8);
        bytes.extend_from_slice(b"hello\0.own\0.strtab");
        bytes.resize(140 + 3 * 64, 0);
        for (header, name, kind, offset, size) in [(1, 1, 1, 120, 5), (2, 6, 3, 125, 14)] {
            let at = 140 + header * 64;
            put(&mut bytes, at, name, 4);
            put(&mut bytes, at + 4, kind, 4);
            put(&mut bytes, at + 24, offset, 8);
            put(&mut bytes, at + 32, size, 8);
            put(&mut bytes, at + 48, 1, 8);
        }
        bytes.extend_from_slice(b"after");
        bytes
    }

    #[test]
    fn sections_and_what_is_behind_the_program() {
        let bytes = file();
        let (end, sections) = headers(&*bytes, bytes.len() as u64).unwrap();
        assert_eq!(end, Some(bytes.len() as u64 - 5));
        let found: Vec<_> = sections.iter().map(|s| (s.name.as_slice(), s.range.clone())).collect();
        assert_eq!(found, [(&b".own"[..], 120..125)]);
        assert_eq!(congruent(1000, 4096 * 3 + 7, PAGE), 4103);
        assert_eq!((congruent(7, 7, PAGE), congruent(8, 7, PAGE)), (7, 4096 + 7));
    }

    proptest! {
        #[test]
        fn damaged_headers_give_ranges_inside_the_file(changes in prop::collection::vec((0usize..340, any::<u8>()), 0..8), cut in 0usize..340) {
            let mut bytes = file();
            for (at, value) in changes {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            let length = bytes.len() as u64;
            if let Some((_, sections)) = headers(&*bytes, length) {
                prop_assert!(sections.iter().all(|s| s.range.start <= s.range.end && s.range.end <= length));
            }
        }
    }
}
