//! What other linkers took, from the map that they write (`-Map`): GNU ld, gold, lld and mold.
//!
//! All of them have a line for each section of an input with its size in the output, and name the input last: as
//! `FILE`, `ARCHIVE(MEMBER)`, `FILE:(SECTION)` or `ARCHIVE(MEMBER):(SECTION)`. GNU ld and gold write what they left out
//! before that, under a heading of its own, and break a line behind a long section name.

use super::{PlacedFile, PlacedInputs, PlacedMember, PlacedSection, SectionName};

/// Headings behind which the sections of the output are, in GNU ld's and gold's maps.
const BEGINS: [&str; 2] = ["Linker script and memory map", "Memory map"];

/// Headings of what is not in the output.
const ENDS: [&str; 2] = ["Cross Reference Table", "Discarded input sections"];

/// Of GNU ld's and gold's lists of members, with why each was taken.
const MEMBERS: [&str; 2] = [
    "Archive member included to satisfy reference by file (symbol)",
    "Archive member included because of file (symbol)",
];

/// The file that lld names for what it makes itself.
const INTERNAL: &str = "<internal>";

/// Sections that take no room in memory, so that an input of which nothing else is there was not taken.
const NOT_LOADED: [&str; 8] =
    [".debug", ".zdebug", ".comment", ".gnu.warning", ".stab", ".gnu.lto", ".gnu_debug", ".line"];

/// The inputs that a map has. `temporary` says whether a file is one that the compiler made for the link.
pub(crate) fn placed(text: &str, temporary: impl Fn(&str) -> bool) -> PlacedInputs {
    let mut found = Vec::new();
    let mut compiled = false;
    entries(text, |entry| {
        let (path, member) = split(entry.file);
        if temporary(path) {
            compiled |= is_compiled(path);
        } else {
            found.push((path.into(), PlacedMember { name: member.map(str::to_owned), bytes: entry.size }));
        }
    });
    PlacedInputs::of(found, compiled)
}

/// The sections of inputs that a map has, each with its address; of code that was compiled when it was linked too.
pub(crate) fn sections(text: &str) -> Vec<PlacedSection> {
    let mut found = Vec::new();
    entries(text, |entry| {
        let (path, member) = split(entry.file);
        let input = PlacedFile { path: path.into(), member: member.map(str::to_owned), range: None };
        let section = SectionName::Name(entry.section.to_owned());
        found.push(PlacedSection { input, section, address: entry.address, size: entry.size });
    });
    found
}

/// Whether a file has code that was compiled when it was linked.
pub(crate) fn is_compiled(path: &str) -> bool {
    path.contains("ltrans") || path.contains(".lto.")
}

/// Each section of an input that is in memory.
fn entries(text: &str, mut each: impl FnMut(MapEntry<'_>)) {
    let gnu = text.lines().any(|line| BEGINS.contains(&line.trim_end()));
    let (mut inside, mut section) = (!gnu, String::new());
    for line in text.lines() {
        let heading = line.trim_end();
        if BEGINS.contains(&heading) || ENDS.contains(&heading) || MEMBERS.contains(&heading) {
            inside = BEGINS.contains(&heading);
            continue;
        }
        let entry = Some(line).filter(|_| inside).and_then(|line| entry(line, &mut section, gnu));
        let is_input = |e: &MapEntry<'_>| !e.file.is_empty() && e.file != INTERNAL;
        if let Some(entry) = entry.filter(|e| e.size > 0 && is_input(e) && is_loaded(e.section)) {
            each(entry);
        }
    }
}

/// A section of an input.
#[derive(Debug, PartialEq, Eq)]
struct MapEntry<'a> {
    section: &'a str,
    address: u64,
    size: u64,
    file: &'a str,
}

fn is_loaded(section: &str) -> bool {
    !NOT_LOADED.iter().any(|name| section.starts_with(name))
}

/// The entry of a line. `section` is the name on a line of its own before it, and is set from such a line.
fn entry<'a>(line: &'a str, section: &'a mut String, gnu: bool) -> Option<MapEntry<'a>> {
    if gnu { gnu_entry(line, section) } else { placed_entry(line) }
}

/// ` .text  0x401000  0x1b FILE`; the name may be on the line before.
fn gnu_entry<'a>(line: &'a str, section: &'a mut String) -> Option<MapEntry<'a>> {
    let body = line.strip_prefix(' ')?;
    let (name, rest) = match body.starts_with(' ') {
        true => ("", body.trim_start()),
        false => body.split_once(' ').unwrap_or((body, "")),
    };
    let rest = rest.trim_start();
    if rest.is_empty() {
        section.clear();
        section.push_str(name.trim_end());
        return None;
    }
    if !name.is_empty() {
        section.clear();
        section.push_str(name);
    }
    let (address, rest) = number(rest, true)?;
    let (size, file) = number(rest, true)?;
    // Without a name of a section it is one of the script's own lines.
    (!section.is_empty()).then_some(MapEntry { section, address, size, file: file.trim_end() })
}

/// lld: `VMA LMA SIZE ALIGN FILE:(SECTION)`; mold: `VMA SIZE ALIGN FILE:(SECTION)`. Numbers are hexadecimal with lld.
fn placed_entry(line: &str) -> Option<MapEntry<'_>> {
    let mut numbers = Vec::new();
    let mut rest = line.trim_start();
    // lld's addresses have no prefix, mold's have.
    let mold = rest.starts_with("0x");
    let wanted = if mold { 3 } else { 4 };
    while numbers.len() < wanted {
        let (value, behind) = number(rest, numbers.is_empty() || !mold)?;
        numbers.push(value);
        rest = behind;
    }
    let (address, size) = (*numbers.first()?, *numbers.get(wanted - 2)?);
    let (file, section) = rest.trim_end().strip_suffix(')')?.rsplit_once(":(")?;
    Some(MapEntry { section, address, size, file })
}

/// The number at the beginning, in hexadecimal with or without `0x` or in decimal, and what is behind the blanks after it.
fn number(text: &str, hexadecimal: bool) -> Option<(u64, &str)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (digits, base) = match word.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (word, if hexadecimal { 16 } else { 10 }),
    };
    Some((u64::from_str_radix(digits, base).ok()?, rest.trim_start()))
}

/// `ARCHIVE(MEMBER)` or a file.
fn split(file: &str) -> (&str, Option<&str>) {
    let archive = file.strip_suffix(')').and_then(|f| f.rsplit_once('('));
    // A file may have a bracket in its name.
    match archive.filter(|(path, _)| !path.is_empty() && !path.ends_with('/')) {
        Some((path, member)) => (path, Some(member)),
        None => (file, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::PlacedInput;

    fn names(text: &str) -> Vec<(String, Option<String>, u64)> {
        let placed = placed(text, |file| file.starts_with("/tmp/cc"));
        let of = |i: PlacedInput| i.members.into_iter().map(move |m| (i.path.display().to_string(), m.name, m.bytes));
        placed.inputs.into_iter().flat_map(of).collect()
    }

    fn taken(path: &str, member: Option<&str>, bytes: u64) -> (String, Option<String>, u64) {
        (path.to_owned(), member.map(str::to_owned), bytes)
    }

    #[test]
    fn gnu_ld() {
        let text = "Archive member included to satisfy reference by file (symbol)\n\n/usr/lib/libz.a(left.o)\n\
                    \u{20}                             h.o (x)\n\nDiscarded input sections\n\n\
                    \u{20}.text.gone     0x0000000000000000       0x10 /usr/lib/libq.a(gone.o)\n\n\
                    Memory Configuration\n\nName             Origin             Length\n*default*        0x0 0xff\n\n\
                    Linker script and memory map\n\nLOAD /usr/lib/crt1.o\nSTART GROUP\n\
                    .text           0x0000000000401000     0x1234\n *(.text.unlikely .text.*_unlikely)\n\
                    \u{20}.text          0x0000000000401000       0x26 /usr/lib/gcc/12/../../../crt1.o\n\
                    \u{20}.text.very_long_name\n                0x0000000000401030       0x10 /usr/lib/libz.a(a b.o)\n\
                    \u{20}               0x0000000000401030                symbol\n\
                    \u{20}.text          0x0000000000401040        0x0 /usr/lib/libz.a(empty.o)\n\
                    \u{20}*fill*         0x0000000000401040        0x8 \n\
                    \u{20}.comment       0x0000000000000000       0x1f /usr/lib/libq.a(gone.o)\n\
                    \u{20}.data          0x0000000000403000        0x4 h.o\n                0x0000000000403000                x\n\
                    OUTPUT(h elf64-x86-64)\n\nCross Reference Table\n\nx  h.o\n";
        assert_eq!(
            names(text),
            [
                taken("/usr/lib/gcc/12/../../../crt1.o", None, 0x26),
                taken("/usr/lib/libz.a", Some("a b.o"), 16),
                taken("h.o", None, 4)
            ]
        );
        let sections = sections(text);
        let shown: Vec<(&SectionName, u64, u64)> = sections.iter().map(|s| (&s.section, s.address, s.size)).collect();
        let name = |name: &str| SectionName::Name(name.to_owned());
        let long = name(".text.very_long_name");
        assert_eq!(
            shown,
            [(&name(".text"), 0x40_1000, 0x26), (&long, 0x40_1030, 0x10), (&name(".data"), 0x40_3000, 4)]
        );
    }

    #[test]
    fn lld_and_mold() {
        let lld = "             VMA              LMA     Size Align Out     In      Symbol\n\
                   \u{20}         200190           200190       20     4 .note\n\
                   \u{20}         200190           200190       20     4         /usr/lib/crt1.o:(.note.ABI-tag)\n\
                   \u{20}         2001b0           2001b0       12     4         /usr/lib/libc.a(printf.o):(.text)\n\
                   \u{20}         2001b0           2001b0        0     1                 printf\n\
                   \u{20}              0                0       12     1         <internal>:(.comment)\n\
                   \u{20}         2001c2           2001c2        4     1         <internal>:(.rodata)\n";
        let of_lld = [taken("/usr/lib/crt1.o", None, 0x20), taken("/usr/lib/libc.a", Some("printf.o"), 0x12)];
        assert_eq!(names(lld), of_lld);
        assert_eq!((sections(lld).len(), sections(lld)[1].address), (2, 0x20_01b0));
        let mold = "               VMA       Size Align Out     In      Symbol\n           0x200190         32     4 .note\n\
                    \u{20}          0x200190         32     4         /usr/lib/crt1.o:(.note.ABI-tag)\n\
                    \u{20}          0x2001b0         18     4         /usr/lib/libc.a(printf.o):(.text)\n\
                    \u{20}          0x2001b0          0     0                 printf\n";
        assert_eq!(names(mold), of_lld);
        assert_eq!((sections(mold)[1].address, sections(mold)[1].size), (0x20_01b0, 18));
    }

    #[test]
    fn code_that_is_compiled_at_link_time_has_no_name_of_its_own() {
        let text = "Linker script and memory map\n\n .text          0x401000       0x26 /tmp/cc1.ltrans0.ltrans.o\n\
                    \u{20}.text          0x401030       0x26 h.o\n";
        let placed = placed(text, |file| file.starts_with("/tmp/cc"));
        assert!(placed.compiled && placed.inputs.len() == 1);
    }

    #[test]
    fn nothing_of_what_is_no_map() {
        for text in [
            "",
            "\n\n",
            "Linker script and memory map",
            " .text 0x1",
            "0x1 2 3 x:(",
            "zz",
            "1 2 3 4 f:(.text",
            " a 0x1 0x",
        ] {
            assert_eq!(names(text), [], "{text}");
        }
    }
}
