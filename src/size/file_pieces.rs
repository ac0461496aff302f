//! Every byte of a program's file, once: what it is and which input it is from.

use super::size_record::{LinkSection, LinkSymbol, SizeRecord};
use crate::parts::output_notes::UnreadElf;
use object::read::elf::{ElfFile, ElfFile32, ElfFile64, FileHeader};
use object::read::{Object, ObjectSection, ObjectSymbol, ReadCache, ReadRef};
use object::{Endianness, FileKind, SectionFlags, SymbolKind, elf};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;

/// What the file begins with, the table of segments and that of sections.
pub(crate) const HEADERS: &str = "[ELF headers]";
/// What aligns the rest.
pub(crate) const PADDING: &str = "[padding]";
/// No larger gap between two inputs is for their alignment.
const WIDEST_GAP: u64 = 64;

/// Some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePiece {
    /// The file name of the library or object; in brackets where no input has them.
    pub library: String,
    /// The name of the package that has the library.
    pub package: Option<String>,
    /// `libz.a(deflate.o)`.
    pub member: String,
    /// The section of the program.
    pub section: String,
    /// The symbol, as linkers name it, or the section of the input.
    pub symbol: String,
    pub bytes: u64,
}

/// A program's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePieces {
    /// The file's size: that of all pieces.
    pub bytes: u64,
    pub pieces: Vec<FilePiece>,
    /// It is linked dynamically: what it loads is not in it.
    pub dynamic: bool,
}

/// Takes a program's file apart, by the record of its link where there is one.
///
/// # Errors
/// It can't be read, or is no ELF file.
pub(crate) fn of(program: &Path, record: Option<&SizeRecord>) -> Result<FilePieces, UnreadElf> {
    let file = File::open(program)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    let cache = ReadCache::new(&file);
    match FileKind::parse(&cache) {
        Ok(FileKind::Elf64) => Ok(taken_apart(&ElfFile64::<Endianness, _>::parse(&cache)?, metadata.len(), record)),
        Ok(FileKind::Elf32) => Ok(taken_apart(&ElfFile32::<Endianness, _>::parse(&cache)?, metadata.len(), record)),
        _ => Err(UnreadElf::NotElf),
    }
}

/// A range of the file.
#[derive(Debug, Clone)]
struct FileRange {
    at: u64,
    end: u64,
    /// Of a section, its address, if it is loaded.
    address: Option<u64>,
    name: String,
}

fn taken_apart<'d, H: FileHeader<Endian = Endianness>, R: ReadRef<'d>>(
    file: &ElfFile<'d, H, R>,
    bytes: u64,
    record: Option<&SizeRecord>,
) -> FilePieces {
    let mut ranges = headers(file);
    ranges.extend(file.sections().filter_map(|section| {
        let (at, size) = section.file_range()?;
        let loaded = matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_ALLOC));
        let name = section.name().unwrap_or_default().to_owned();
        Some(FileRange { at, end: at.saturating_add(size), address: loaded.then(|| section.address()), name })
    }));
    ranges.sort_by_key(|range| (range.at, range.end));
    let owners = Owners {
        placed: record.map(Placed::of),
        symbols: if record.is_none() { own_symbols(file) } else { Vec::new() },
    };
    let mut pieces = Vec::new();
    let mut cursor = 0;
    for range in ranges {
        // Damaged files have ranges in others, and beyond their end.
        let (at, end) = (range.at.max(cursor).min(bytes), range.end.min(bytes));
        if end <= at {
            continue;
        }
        push(&mut pieces, plain(PADDING, at - cursor));
        let address = range.address.map(|address| address.wrapping_add(at - range.at));
        match address.and_then(|from| Some((from, from.checked_add(end - at)?))) {
            Some(addresses) => owners.divide(&range.name, addresses, &mut pieces),
            None => push(&mut pieces, plain(&bracketed(&range.name), end - at)),
        }
        cursor = end;
    }
    push(&mut pieces, plain(PADDING, bytes - cursor));
    let dynamic = file.elf_program_headers().iter().any(|segment| {
        use object::read::elf::ProgramHeader;
        segment.p_type(file.endian()) == elf::PT_INTERP
    });
    FilePieces { bytes, pieces, dynamic }
}

fn headers<'d, H: FileHeader<Endian = Endianness>, R: ReadRef<'d>>(file: &ElfFile<'d, H, R>) -> Vec<FileRange> {
    let (header, endian) = (file.elf_header(), file.endian());
    let table = |at: u64, number: usize, each: u16| (at, (number as u64).saturating_mul(each.into()));
    [
        (0, u64::from(header.e_ehsize(endian))),
        table(header.e_phoff(endian).into(), file.elf_program_headers().len(), header.e_phentsize(endian)),
        table(header.e_shoff(endian).into(), file.elf_section_table().len(), header.e_shentsize(endian)),
    ]
    .into_iter()
    .map(|(at, size)| FileRange { at, end: at.saturating_add(size), address: None, name: HEADERS.to_owned() })
    .collect()
}

fn bracketed(name: &str) -> String {
    match name {
        HEADERS => HEADERS.to_owned(),
        _ => format!("[{name}]"),
    }
}

/// Bytes that no input has.
fn plain(name: &str, bytes: u64) -> FilePiece {
    let section = name.trim_start_matches('[').trim_end_matches(']');
    let section = if matches!(name, PADDING | HEADERS) { name } else { section };
    FilePiece {
        library: name.to_owned(),
        package: None,
        member: name.to_owned(),
        section: section.to_owned(),
        symbol: name.to_owned(),
        bytes,
    }
}

fn push(pieces: &mut Vec<FilePiece>, piece: FilePiece) {
    if piece.bytes > 0 {
        pieces.push(piece);
    }
}

/// Whose a section's bytes are.
struct Owners<'r> {
    placed: Option<Placed<'r>>,
    /// Without a record: the program's own symbols, by address.
    symbols: Vec<(u64, u64, String)>,
}

impl Owners<'_> {
    /// Divides a section that has these addresses.
    fn divide(&self, section: &str, (from, to): (u64, u64), pieces: &mut Vec<FilePiece>) {
        let rest = |bytes: u64| plain(&bracketed(section), bytes);
        let Some(placed) = &self.placed else {
            let symbols = between(&self.symbols, from, to, |(at, size, _)| (*at, *size));
            walk(from, to, symbols, |bytes, symbol, _| {
                let symbol = symbol.map(|(_, _, name)| name.clone());
                push(pieces, FilePiece { symbol: symbol.unwrap_or_else(|| bracketed(section)), ..rest(bytes) });
            });
            return;
        };
        let inputs = between(&placed.sections, from, to, |s| (s.address, s.size));
        let some = !inputs.is_empty();
        walk(from, to, inputs, |bytes, input, (from, to)| match input {
            Some(input) => placed.divide(input, section, (from, to), pieces),
            None if some && bytes < WIDEST_GAP => {
                push(pieces, FilePiece { section: section.to_owned(), ..plain(PADDING, bytes) });
            }
            None => push(pieces, rest(bytes)),
        });
    }
}

/// The sections of inputs, by address.
struct Placed<'r> {
    record: &'r SizeRecord,
    sections: Vec<&'r LinkSection>,
}

impl<'r> Placed<'r> {
    fn of(record: &'r SizeRecord) -> Placed<'r> {
        // Zeros of threads have the addresses of what is behind them.
        let mut sections: Vec<&LinkSection> = record.sections.iter().filter(|s| !s.zeros && s.size > 0).collect();
        sections.sort_by_key(|section| section.address);
        Placed { record, sections }
    }

    /// Divides the section of an input by its symbols.
    fn divide(&self, input: &LinkSection, section: &str, (from, to): (u64, u64), pieces: &mut Vec<FilePiece>) {
        let Some(of) = self.record.inputs.get(input.input as usize) else { return };
        let symbols: Vec<_> = input.symbols.iter().collect();
        let place = |symbol: &&LinkSymbol| (input.address.saturating_add(symbol.1), symbol.2);
        walk(from, to, places(symbols, place), |bytes, symbol, _| {
            let symbol = symbol.map_or(&input.name, |(name, _, _)| name);
            let piece = FilePiece {
                library: of.file.clone(),
                package: of.package.clone(),
                member: of.shown(),
                section: section.to_owned(),
                symbol: symbol.clone(),
                bytes,
            };
            push(pieces, piece);
        });
    }
}

/// Things with the address and size of each.
fn places<T>(things: Vec<T>, place: impl Fn(&T) -> (u64, u64)) -> Vec<(u64, u64, T)> {
    let placed = things.into_iter().map(|thing| {
        let (at, size) = place(&thing);
        (at, at.saturating_add(size), thing)
    });
    placed.collect()
}

/// Those of sorted things that begin in a range.
fn between<T>(sorted: &[T], from: u64, to: u64, place: impl Fn(&T) -> (u64, u64)) -> Vec<(u64, u64, &T)> {
    let first = sorted.partition_point(|thing| place(thing).0 < from);
    let some = sorted.get(first..).unwrap_or_default().iter().take_while(|thing| place(thing).0 < to);
    places(some.collect(), |thing| place(thing))
}

/// Goes through a range once: what is of each thing, and what is between them, with its range. Of what two have, the first
/// gets all.
fn walk<T>(from: u64, to: u64, things: Vec<(u64, u64, T)>, mut each: impl FnMut(u64, Option<&T>, (u64, u64))) {
    let mut cursor = from;
    for (at, end, thing) in &things {
        let (at, end) = ((*at).max(cursor), (*end).min(to));
        if end <= at {
            continue;
        }
        if at > cursor {
            each(at - cursor, None, (cursor, at));
        }
        each(end - at, Some(thing), (at, end));
        cursor = end;
    }
    if to > cursor {
        each(to - cursor, None, (cursor, to));
    }
}

/// The symbols that a program has itself, by address; of several for one place the longest, then the global one.
fn own_symbols<'d, H: FileHeader<Endian = Endianness>, R: ReadRef<'d>>(
    file: &ElfFile<'d, H, R>,
) -> Vec<(u64, u64, String)> {
    let mut found: HashMap<u64, (u64, bool, String)> = HashMap::new();
    for symbol in file.symbols().filter(|s| s.is_definition() && s.size() > 0) {
        // Addresses of threads' variables are not those of memory.
        if matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data | SymbolKind::Unknown) {
            let this = (symbol.size(), symbol.is_global(), symbol.name().unwrap_or_default().to_owned());
            let known = found.entry(symbol.address()).or_insert_with(|| this.clone());
            if (this.0, this.1) > (known.0, known.1) {
                *known = this;
            }
        }
    }
    let mut symbols: Vec<_> = found.into_iter().map(|(at, (size, _, name))| (at, size, name)).collect();
    symbols.sort();
    symbols
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::loaded_identity::tests::program;
    use super::super::size_record::tests::chain;
    use super::*;
    use proptest::prelude::*;

    /// A file that has the code of a record, and a header.
    pub(crate) fn pieces_of(record: &SizeRecord) -> FilePieces {
        let owners = Owners { placed: Some(Placed::of(record)), symbols: vec![] };
        let mut pieces = vec![plain(HEADERS, 64)];
        owners.divide(".text", (0x1000, 0x1100), &mut pieces);
        FilePieces { bytes: 64 + 0x100, pieces, dynamic: false }
    }

    fn read(bytes: &[u8], record: Option<&SizeRecord>) -> Result<FilePieces, UnreadElf> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p");
        std::fs::write(&file, bytes).unwrap();
        of(&file, record)
    }

    fn sum(pieces: &FilePieces) -> u64 {
        pieces.pieces.iter().map(|p| p.bytes).sum()
    }

    #[test]
    fn a_section_is_divided_by_inputs_and_symbols() {
        let record = chain();
        let owners = Owners { placed: Some(Placed::of(&record)), symbols: vec![] };
        let mut pieces = Vec::new();
        owners.divide(".text", (0x1000, 0x1100), &mut pieces);
        let shown: Vec<(&str, &str, u64)> =
            pieces.iter().map(|p| (p.member.as_str(), p.symbol.as_str(), p.bytes)).collect();
        assert_eq!(
            shown,
            [
                ("crt1.o", "_start", 0x10),
                ("main.c", "main", 0x18),
                ("main.c", "_ZN3foo3barISt3mapIiiEEEvv", 8),
                ("liba.a(x.o)", "x", 8),
                ("liba.a(x.o)", "other", 8),
                (PADDING, PADDING, 0x10),
                ("libb.a(y.o)", "y", 8),
                ("libb.a(y.o)", ".text", 8),
                ("[.text]", "[.text]", 0xa0),
            ]
        );
        assert_eq!(pieces.iter().map(|p| p.bytes).sum::<u64>(), 0x100);
        assert!(pieces.iter().all(|p| p.section == ".text"));
        assert_eq!(pieces[3].package.as_deref(), Some("liba-dev"));
    }

    #[test]
    fn things_that_lie_over_each_other_count_once() {
        let mut seen = Vec::new();
        let things = vec![(0, 10, 'a'), (5, 12, 'b'), (6, 8, 'c'), (20, 99, 'd')];
        walk(2, 30, things, |bytes, thing, range| seen.push((bytes, thing.copied(), range)));
        assert_eq!(
            seen,
            [(8, Some('a'), (2, 10)), (2, Some('b'), (10, 12)), (8, None, (12, 20)), (10, Some('d'), (20, 30))]
        );
    }

    #[test]
    fn each_byte_of_a_file_is_one_piece_s() {
        let bytes = program(b"some code");
        let pieces = read(&bytes, None).unwrap();
        assert_eq!((sum(&pieces), pieces.bytes), (bytes.len() as u64, bytes.len() as u64));
        assert!(pieces.pieces.iter().any(|p| p.section == ".text" && p.bytes == 9));
        assert!(pieces.pieces.iter().any(|p| p.library == HEADERS && p.section == HEADERS));
        assert!(!pieces.dynamic);
        assert!(matches!(read(b"text", None), Err(UnreadElf::NotElf)));
    }

    proptest! {
        #[test]
        fn sums_are_exact_of_damaged_files_too(cut in 0usize..1024, changes in proptest::collection::vec((0usize..1024, any::<u8>()), 0..8)) {
            let mut bytes = program(b"some code that is here");
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let keep = bytes.len().saturating_sub(cut / 8);
            bytes.truncate(keep);
            for record in [None, Some(&chain())] {
                if let Ok(pieces) = read(&bytes, record) {
                    prop_assert_eq!(sum(&pieces), bytes.len() as u64);
                }
            }
        }
    }
}
