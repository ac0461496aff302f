//! What is written for each link with converted libraries: an object with the constructors of each, numbered in
//! ld.so's order, and a linker script that keeps the parts of each at their distances.
//!
//! The converted objects themselves are the same in every link, so they can be cached.

use super::library::Library;
use super::machine::{Machine, ThreadBlock};
use super::pieces::Pieces;
use super::sections::{HEAD, HEAD_SIZE, THREAD_LOCAL, base_symbol, section_name, start_symbol};
use object::write::{Object, Relocation, Symbol, SymbolSection};
use object::{BinaryFormat, Endianness, RelocationFlags, SectionFlags, SectionKind, SymbolFlags};
use object::{SymbolKind, SymbolScope, elf};
use std::fmt::Write;

/// The object that a converted library with constructors or destructors refers to. `number` is the priority in
/// `.init_array.NUMBER`; destructors have the same number and run in reverse order.
///
/// A program's have no number, and run after those of all libraries.
pub(crate) fn object(library: &Library<'_>, plan: &Pieces, tag: &str, number: Option<usize>) -> Option<Vec<u8>> {
    let base = plan.pieces.first()?.start;
    let mut object = Object::new(BinaryFormat::Elf, library.machine.architecture, Endianness::Little);
    let global = |name: String, section| Symbol {
        name: name.into_bytes(),
        value: 0,
        size: 0,
        kind: SymbolKind::Unknown,
        scope: SymbolScope::Dynamic,
        weak: false,
        section,
        flags: SymbolFlags::Elf { st_info: elf::SymbolInfo(1 << 4), st_other: elf::SymbolOther(2) },
    };
    let start = object.add_symbol(global(base_symbol(tag), SymbolSection::Undefined));
    let mut defined = false;
    let suffix = number.map_or_else(String::new, |n| format!(".{n:05}"));
    for (name, sh_type, functions) in [
        (format!(".init_array.{BEFORE_ALL:05}"), elf::SHT_INIT_ARRAY, &library.early),
        (format!(".init_array{suffix}"), elf::SHT_INIT_ARRAY, &library.constructors),
        (format!(".fini_array{suffix}"), elf::SHT_FINI_ARRAY, &library.destructors),
    ] {
        if functions.is_empty() {
            continue;
        }
        let section = object.add_section(Vec::new(), name.into_bytes(), SectionKind::Data);
        let sh_flags = elf::SectionFlags(elf::SHF_ALLOC.0 | elf::SHF_WRITE.0);
        object.section_mut(section).flags = SectionFlags::Elf { sh_type, sh_flags };
        object.append_section_data(section, &vec![0; functions.len() * 8], 8);
        for (index, function) in functions.iter().enumerate() {
            let flags = RelocationFlags::Elf { r_type: elf::RelocationType(library.machine.address) };
            let addend = function.wrapping_sub(base) as i64;
            let relocation = Relocation { offset: index as u64 * 8, symbol: start, addend, flags };
            object.add_relocation(section, relocation).ok()?;
        }
        if !std::mem::replace(&mut defined, true) {
            object.add_symbol(global(start_symbol(tag), SymbolSection::Section(section)));
        }
    }
    let note = object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
    object.section_mut(note).flags = SectionFlags::Elf { sh_type: elf::SHT_PROGBITS, sh_flags: elf::SectionFlags(0) };
    object.write().ok().filter(|_| defined)
}

/// The priority of functions that run before the constructors of all libraries.
const BEFORE_ALL: usize = 1;

/// How a linker reads a script in addition to its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// GNU ld: assignments move with INSERT, and ADDR() of an absent section is an error, which a library that nothing
    /// refers to would cause.
    Gnu,
    /// lld: only sections move.
    Lld,
}

/// One converted library in a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'a> {
    pub tag: &'a str,
    pub plan: &'a Pieces,
    /// It has fixed addresses.
    pub fixed: bool,
}

/// The script for libraries in [`super::Layout::Segments`]. They are placed before the program's `.bss`: after it, file
/// offsets would overlap the addresses of the zeros, and perf would confuse the two.
pub(crate) fn script(libraries: &[Placed<'_>], machine: &Machine, dialect: Dialect) -> String {
    let mut text = String::from("SECTIONS\n{\n");
    for Placed { tag, plan, fixed } in libraries {
        let at = match dialect {
            Dialect::Gnu => format!("staticcxx_at_{tag}"),
            Dialect::Lld => format!("ADDR({})", section_name(tag, 0)),
        };
        let base = plan.pieces.first().map_or(0, |p| p.start);
        // Writing to a String can't fail.
        if *fixed {
            let _ = writeln!(text, "  HIDDEN(staticcxx_here = .);\n  HIDDEN({at} = {base:#x});");
            // The file's headers are at the start of the page, before the section at its end.
            let head = base.saturating_sub(HEAD_SIZE);
            let _ = writeln!(text, "  {HEAD} {head:#x} : {{ KEEP(*({HEAD})) }}");
        } else if dialect == Dialect::Gnu {
            // A page in between starts a new segment, even where the preceding one is writable and the user wants code
            // and data in one (`-z noseparate-code`).
            let page = plan.page.max(machine.page);
            let _ = writeln!(text, "  . = ALIGN({page}) + {page};\n  HIDDEN({at} = .);");
        }
        for (index, piece) in plan.pieces.iter().enumerate() {
            let (name, distance) = (section_name(tag, index), piece.start - base);
            let place = match (dialect, index) {
                (Dialect::Lld, 0) => format!(": ALIGN({})", plan.page.max(machine.page)),
                _ => format!("({at} + {distance:#x}) :"),
            };
            let _ = writeln!(text, "  {name} {place} {{ KEEP(*({name})) }}");
        }
        if *fixed {
            text.push_str("  . = staticcxx_here;\n");
        }
    }
    text.push_str("}\nINSERT BEFORE .bss;\n");
    text
}

/// The GNU ld script for libraries in [`super::Layout::Apart`]: as many as find room share the first one's gap, each moved
/// by whole pages, so that there are two segments for all of them.
pub(crate) fn nested(libraries: &[Placed<'_>], machine: &Machine) -> String {
    let mut text = String::from("SECTIONS\n{\n");
    let mut rest = libraries;
    let mut group = 0;
    while !rest.is_empty() {
        let offsets = shared_gap(rest, machine);
        let (members, later) = rest.split_at(offsets.len());
        let at = format!("staticcxx_gap_{group}");
        let page = members.iter().map(|m| m.plan.page).fold(machine.page, u64::max);
        let _ = writeln!(text, "  . = ALIGN({page}) + {page};\n  HIDDEN({at} = .);");
        let most = members.iter().map(|m| m.plan.pieces.len()).max().unwrap_or(0);
        for index in 0..most {
            // Distance and length.
            let extent = |(member, offset): (&Placed<'_>, &u64)| {
                let base = member.plan.pieces.first().map_or(0, |p| p.start);
                member.plan.pieces.get(index).map(|piece| (offset + piece.start - base, piece.end - piece.start))
            };
            let extents: Vec<Option<(u64, u64)>> = members.iter().zip(&offsets).map(extent).collect();
            for (number, (member, extent)) in members.iter().zip(&extents).enumerate() {
                let Some((place, length)) = extent else { continue };
                let name = section_name(member.tag, index);
                // Up to the next one, unless that is far: a page between them would be the end of a segment.
                let next = extents.get(number + 1).copied().flatten().map(|(next, _)| next - place);
                let near = next.filter(|next| next.saturating_sub(*length) <= FILLER);
                let filler = near.map_or_else(String::new, |next| format!(" . = {next:#x};"));
                let _ = writeln!(text, "  {name} ({at} + {place:#x}) : {{ KEEP(*({name})){filler} }}");
            }
        }
        (rest, group) = (later, group + 1);
    }
    text.push_str("}\nINSERT BEFORE .bss;\n");
    text
}

/// The most bytes that are stored to save a program header.
const FILLER: u64 = 64 << 10;

/// How far each of the first libraries is moved to lie in the gap of the first of all; at least that one.
fn shared_gap(libraries: &[Placed<'_>], machine: &Machine) -> Vec<u64> {
    // Distance and length of the second part, and the length of the first.
    let parts = |placed: &Placed<'_>| match placed.plan.pieces.as_slice() {
        [first, second] => Some((second.start - first.start, second.end - second.start, first.end - first.start)),
        _ => None,
    };
    let mut offsets = vec![0];
    let Some(Some((gap, mut length, mut before))) = libraries.first().map(parts) else { return offsets };
    let (mut offset, mut distance) = (0, gap);
    for next in libraries.iter().skip(1) {
        let Some((its_distance, its_length, its_before)) = parts(next) else { break };
        let after = (offset + before).max((offset + distance + length).saturating_sub(its_distance));
        let page = next.plan.page.max(machine.page);
        let Some(moved) = after.checked_next_multiple_of(page) else { break };
        if moved + its_before > gap {
            break;
        }
        offsets.push(moved);
        (offset, distance, length, before) = (moved, its_distance, its_length, its_before);
    }
    offsets
}

/// The GNU ld script that places the thread-locals of a program after all others, or before them. In the first case
/// zero-initialised ones come before them, and so get bytes in the file too; in the second no other may be aligned to
/// more than the head before them or they themselves.
pub(crate) fn thread_locals(align: u64, block: ThreadBlock) -> String {
    if let ThreadBlock::Above(head) = block {
        let most = head.max(align);
        return format!(
            "SECTIONS\n{{\n  .staticcxx_tdata : {{ KEEP(*({THREAD_LOCAL})) }}\n}}\nINSERT BEFORE .tdata;\n\
             ASSERT(MAX(ALIGNOF(.tdata), ALIGNOF(.tbss)) <= {most}, \"thread-local variables of an archive are aligned to \
             more than {most} bytes, and those of the program must keep their place\")\n"
        );
    }
    format!(
        "SECTIONS\n{{\n  .staticcxx_tdata :\n  {{\n    *(.tbss .tbss.* .gnu.linkonce.tb.* .tcommon)\n    . = ALIGN({align});\n    \
         KEEP(*({THREAD_LOCAL}))\n  }}\n}}\nINSERT AFTER .tdata;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::pieces::Piece;
    use super::*;

    #[test]
    fn the_script_keeps_distances() {
        let piece = |start, end, executable| Piece { start, end, writable: false, executable, filled: true };
        let pieces =
            Pieces { pieces: vec![piece(0x1000, 0x2000, true), piece(0x5000, 0x5010, false)], ..Pieces::default() };
        let machine = Machine::of(62).unwrap();
        let placed = Placed { tag: "t", plan: &pieces, fixed: false };
        assert_eq!(
            script(&[placed], machine, Dialect::Gnu),
            "SECTIONS\n{\n  . = ALIGN(4096) + 4096;\n  HIDDEN(staticcxx_at_t = .);\n  \
             .staticcxx.t.0 (staticcxx_at_t + 0x0) : { KEEP(*(.staticcxx.t.0)) }\n  \
             .staticcxx.t.1 (staticcxx_at_t + 0x4000) : { KEEP(*(.staticcxx.t.1)) }\n}\nINSERT BEFORE .bss;\n"
        );
        assert_eq!(
            script(&[placed], machine, Dialect::Lld),
            "SECTIONS\n{\n  .staticcxx.t.0 : ALIGN(4096) { KEEP(*(.staticcxx.t.0)) }\n  \
             .staticcxx.t.1 (ADDR(.staticcxx.t.0) + 0x4000) : { KEEP(*(.staticcxx.t.1)) }\n}\nINSERT BEFORE .bss;\n"
        );
    }

    #[test]
    fn libraries_with_gaps_share_one() {
        let piece = |start, end| Piece { start, end, writable: true, executable: false, filled: true };
        let plan = |length: u64| Pieces {
            pieces: vec![piece(0, length), piece(0x20_0000, 0x20_0000 + 0x3000)],
            ..Pieces::default()
        };
        let plans = [plan(0x1000), plan(0x4000), plan(0x1f_0000), plan(0x1_0000)];
        let tags = ["a", "b", "c", "d"];
        let placed: Vec<Placed<'_>> =
            plans.iter().zip(tags).map(|(plan, tag)| Placed { tag, plan, fixed: false }).collect();
        let machine = Machine::of(62).unwrap();
        assert_eq!(shared_gap(&placed, machine), [0, 0x3000, 0x7000]);
        let text = nested(&placed, machine);
        let line = |name: &str| text.lines().find(|l| l.contains(&format!("  .staticcxx.{name} "))).unwrap().trim();
        assert_eq!(
            line("b.1"),
            ".staticcxx.b.1 (staticcxx_gap_0 + 0x203000) : { KEEP(*(.staticcxx.b.1)) . = 0x4000; }"
        );
        assert!(line("d.0").contains("(staticcxx_gap_1 + 0x0)"), "{text}");
        let order: Vec<usize> = ["a.0", "b.0", "c.0", "a.1", "c.1", "d.0"].map(|n| text.find(line(n)).unwrap()).into();
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn a_program_that_is_no_pie_stays_where_it_was() {
        let piece = Piece { start: 0x400000, end: 0x402000, writable: false, executable: true, filled: true };
        let plan = Pieces { pieces: vec![piece], ..Pieces::default() };
        let placed = Placed { tag: "t", plan: &plan, fixed: true };
        assert_eq!(
            script(&[placed], Machine::of(62).unwrap(), Dialect::Gnu),
            "SECTIONS\n{\n  HIDDEN(staticcxx_here = .);\n  HIDDEN(staticcxx_at_t = 0x400000);\n  \
             .staticcxx_head 0x3ffff0 : { KEEP(*(.staticcxx_head)) }\n  \
             .staticcxx.t.0 (staticcxx_at_t + 0x0) : { KEEP(*(.staticcxx.t.0)) }\n  . = staticcxx_here;\n}\n\
             INSERT BEFORE .bss;\n"
        );
    }
}
