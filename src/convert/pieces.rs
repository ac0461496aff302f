//! Which parts of a shared object become part of a program, and in which sections.
//!
//! Code refers to its own library's data by distances that nothing records, so the distances must be kept. There are
//! two ways:
//!
//! - [`Layout::Segments`]: a section per segment, with its real access flags, and a linker script that places them at
//!   their old distances. The linker writes proper program headers. Works with GNU ld and lld.
//! - [`Layout::Data`]: one data section, which any linker accepts. `mprotect` makes its code and read-only parts so
//!   before any constructor runs; nothing is ever writable and executable.
//!
//! - [`Layout::Apart`]: the same without gaps of 64 KiB and more, which linkers before binutils 2.31 left between code and
//!   data (2 MiB): a section before and one after each, which a script of GNU ld's places. Many libraries may lie in one
//!   gap ([`super::start::nested`]).
//!
//! What only ld.so reads (symbols, names, versions, hashes, relocations), and the unwind table, which the linker
//! rebuilds, is left out at an end of a segment or where it is long, and zeroed elsewhere.

use super::library::Library;
use super::machine::{Machine, Meaning};
use super::memory::Segment;
use super::refusal::Refusal;
use object::elf;

/// How distances between parts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// One section per segment, placed by a linker script.
    Segments,
    /// One data section.
    Data,
    /// Data sections without the large gaps between them, placed by a linker script.
    Apart,
}

/// A part that becomes a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its first address in the shared object.
    pub start: u64,
    /// Its end address.
    pub end: u64,
    /// Whether it is writable when the program starts.
    pub writable: bool,
    pub executable: bool,
    /// Whether it has bytes; else it is zero.
    pub filled: bool,
}

/// The parts and their access.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pieces {
    /// By ascending address.
    pub pieces: Vec<Piece>,
    /// Ranges that are zeroed because only ld.so reads them.
    pub zeroed: Vec<(u64, u64)>,
    /// Ranges whose access changes before `main`: start, end, PROT_….
    pub protect: Vec<(u64, u64, u64)>,
    /// Bytes that are no longer loaded.
    pub dropped: u64,
    /// [`Library::page`].
    pub page: u64,
}

impl Pieces {
    /// The alignment of a section, in bytes: a page for the first, whose place decides those of all others. These have
    /// what their addresses have, up to 16, since GNU ld packs relative relocations of aligned sections only.
    pub(crate) fn align(&self, index: usize) -> u64 {
        match self.pieces.get(index) {
            Some(piece) if index > 0 => 1 << piece.start.trailing_zeros().min(4),
            _ => self.page,
        }
    }
}

/// The smallest range inside a segment that is left out, in bytes: a hole costs a program header.
const HOLE: u64 = 64 << 10;

const PROT_READ: u64 = 1;
const PROT_EXEC: u64 = 4;

/// Plans the sections of a library.
///
/// Segments get bytes up to each address in `filled`, even where the file has none.
pub(crate) fn plan(library: &Library<'_>, unwind: Option<(u64, u64)>, layout: Layout, filled: &[u64]) -> Pieces {
    let dead = dead_ranges(library, unwind);
    let mut plan = Pieces { page: library.page, ..Pieces::default() };
    for segment in &library.memory.segments {
        let machine = library.machine;
        let (mut start, mut end) = (machine.page_start(segment.address), segment.file_end());
        end = filled.iter().copied().filter(|e| end < *e && *e <= segment.end()).max().unwrap_or(end);
        let bytes_end = end;
        if !segment.writable {
            let whole = (segment.address, end);
            if let Some((_, stop)) = dead.iter().find(|(from, to)| *from <= whole.0 && whole.0 < *to) {
                start = if *stop >= end { end } else { machine.page_start(*stop) };
            }
            if let Some((from, _)) = dead.iter().find(|(from, to)| *from < end && end <= *to) {
                end = (*from).max(start);
            }
            plan.dropped += (whole.1 - whole.0) - (end - start.max(whole.0)).min(whole.1 - whole.0);
            let inner = dead.iter().filter(|(from, to)| *from < end && start < *to);
            plan.zeroed.extend(inner.map(|(from, to)| ((*from).max(start), (*to).min(end))));
        }
        let Segment { writable, executable, .. } = *segment;
        let piece = |start, end| Piece { start, end, writable, executable, filled: true };
        for (from, to) in dead.iter().filter(|_| !writable && layout == Layout::Segments) {
            let next = machine.page_start(*to);
            if start < *from && *to < end && next.saturating_sub(*from) >= HOLE {
                plan.pieces.push(piece(start, *from));
                plan.dropped += next - *from;
                start = next;
            }
        }
        if start < end {
            plan.pieces.push(piece(start, end));
        }
        if segment.end() > bytes_end {
            let start = bytes_end.max(start);
            plan.pieces.push(Piece { start, end: segment.end(), writable: true, executable: false, filled: false });
        }
    }
    if layout != Layout::Segments {
        plan.join_for_data(layout, library.machine);
    }
    if let Some((from, to)) = library.relro {
        let (from, to) = (library.machine.page_start(from), library.machine.page_start(to));
        let end = |p: &Piece| library.machine.page_end(p.end).unwrap_or(0);
        if from < to && plan.pieces.iter().any(|p| p.writable && p.start <= from && to <= end(p)) {
            plan.protect.push((from, to, PROT_READ));
        }
    }
    plan.protect = joined(&plan.protect, &library.memory.segments);
    plan
}

/// The large gaps between pieces, in whole pages.
fn gaps(pieces: &[Piece], machine: &Machine) -> Vec<(u64, u64)> {
    let between = pieces.windows(2).filter_map(|pair| match pair {
        [before, after] => Some((machine.page_end(before.end)?, machine.page_start(after.start))),
        _ => None,
    });
    between.filter(|(from, to)| to.saturating_sub(*from) >= HOLE).collect()
}

/// Merges ranges of equal access with no part of the library between them.
fn joined(ranges: &[(u64, u64, u64)], segments: &[Segment]) -> Vec<(u64, u64, u64)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<(u64, u64, u64)> = Vec::new();
    for (from, to, access) in sorted {
        let between = |last: u64| segments.iter().any(|s| s.address < from && last < s.end());
        match joined.last_mut() {
            Some(last) if last.2 == access && !between(last.1) => last.1 = last.1.max(to),
            _ => joined.push((from, to, access)),
        }
    }
    joined
}

/// A gap between two of ld.so's tables of at most this size is padding.
const ALIGNMENT: u64 = 64;

/// Merged ranges that only ld.so reads, without those that something refers to.
fn dead_ranges(library: &Library<'_>, unwind: Option<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut ranges = library.for_loader.clone();
    ranges.extend(unwind);
    ranges.extend(library.unwind_header.and_then(|(at, size)| Some((at, at.checked_add(size)?))));
    ranges.retain(|(from, to)| from < to);
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(ALIGNMENT) && is_zero(library, last.1, from) => {
                last.1 = last.1.max(to);
            }
            _ => merged.push((from, to)),
        }
    }
    let mut live: Vec<u64> = library.relocations.iter().map(|r| r.at).collect();
    let addresses = [Meaning::Relative, Meaning::Select, Meaning::Address, Meaning::Slot];
    let own = library.relocations.iter().filter(|r| r.symbol == 0 && addresses.contains(&r.meaning));
    live.extend(own.map(|r| r.addend as u64));
    let exported = library.symbols.iter().filter(|s| s.exported() && s.kind != super::symbols::TLS);
    live.extend(exported.map(|s| s.value));
    live.sort_unstable();
    merged.retain(|(from, to)| {
        let next = live.partition_point(|a| a < from);
        live.get(next).is_none_or(|a| a >= to)
    });
    merged
}

fn is_zero(library: &Library<'_>, from: u64, to: u64) -> bool {
    from >= to || library.memory.bytes(from, to - from).is_some_and(|b| b.iter().all(|b| *b == 0))
}

impl Pieces {
    /// Makes data of all pieces: one, or one before and after each gap. Access changes by whole pages of the largest size,
    /// which is as much as a kernel may have.
    fn join_for_data(&mut self, layout: Layout, machine: &Machine) {
        let (Some(first), Some(last)) = (self.pieces.first().copied(), self.pieces.last().copied()) else { return };
        let gaps = if layout == Layout::Apart { gaps(&self.pieces, machine) } else { Vec::new() };
        for piece in self.pieces.iter().filter(|p| !p.writable) {
            let end = piece.end.checked_next_multiple_of(self.page).unwrap_or(piece.end);
            let start = piece.start & !(self.page - 1);
            self.protect.push((start, end, if piece.executable { PROT_READ | PROT_EXEC } else { PROT_READ }));
        }
        let end = last.end.checked_next_multiple_of(self.page).unwrap_or(last.end);
        let starts = std::iter::once(first.start & !(self.page - 1)).chain(gaps.iter().map(|(_, to)| *to));
        let ends = gaps.iter().map(|(from, _)| *from).chain([end]);
        let piece = |(start, end)| Piece { start, end, writable: true, executable: false, filled: true };
        self.pieces = starts.zip(ends).map(piece).collect();
    }

    /// The piece that contains an address; for an end address the piece before it.
    pub(crate) fn holding(&self, address: u64) -> Option<usize> {
        let inside = self.pieces.iter().position(|p| p.start <= address && address < p.end);
        inside.or_else(|| self.pieces.iter().rposition(|p| p.end == address))
    }

    /// Bytes of it in an object.
    pub(crate) fn filled(&self) -> u64 {
        self.pieces.iter().filter(|p| p.filled).map(|p| p.end - p.start).sum()
    }
}

/// Section flags of a piece.
pub(crate) fn section_flags(piece: &Piece) -> elf::SectionFlags {
    let mut flags = elf::SHF_ALLOC.0;
    if piece.writable {
        flags |= elf::SHF_WRITE.0;
    }
    if piece.executable {
        flags |= elf::SHF_EXECINSTR.0;
    }
    elf::SectionFlags(flags)
}

/// The bytes of a piece, with what only ld.so reads zeroed.
pub(super) fn content(library: &Library<'_>, plan: &Pieces, piece: &Piece) -> Result<Vec<u8>, Refusal> {
    let length = usize::try_from(piece.end - piece.start).map_err(|_| Refusal::broken("it is too large"))?;
    let mut bytes = vec![0u8; length];
    for segment in &library.memory.segments {
        let Segment { address, file_size, .. } = *segment;
        let (from, to) = (address.max(piece.start), (address + file_size).min(piece.end));
        if from >= to {
            continue;
        }
        let source = library.memory.bytes(from, to - from).ok_or_else(|| Refusal::broken("a segment is cut short"))?;
        let at = (from - piece.start) as usize;
        if let Some(place) = bytes.get_mut(at..at + source.len()) {
            place.copy_from_slice(source);
        }
    }
    for (from, to) in &plan.zeroed {
        let (from, to) = ((*from).max(piece.start), (*to).min(piece.end));
        if from < to
            && let Some(place) = bytes.get_mut((from - piece.start) as usize..(to - piece.start) as usize)
        {
            place.fill(0);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_one_access_are_joined_across_nothing() {
        let segment = |address, memory_size| Segment {
            address,
            offset: 0,
            file_size: memory_size,
            memory_size,
            writable: false,
            executable: false,
        };
        let segments = [segment(0x1000, 0x800), segment(0x3100, 0x1f00), segment(0x6000, 0x1000)];
        // Rodata and relro; code of another access; something writable between.
        let ranges = [(0x3000, 0x4000, 1), (0x1000, 0x2000, 1), (0x6000, 0x7000, 1)];
        assert_eq!(joined(&ranges, &segments), [(0x1000, 0x4000, 1), (0x6000, 0x7000, 1)]);
        assert_eq!(joined(&[(0x1000, 0x2000, 5), (0x3000, 0x4000, 1)], &segments).len(), 2);
    }
}
