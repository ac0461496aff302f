//! What objects of GCC's `-flto` tell, whose code is made when they are linked: their symbols and strings.
//!
//! Sources: `lto-plugin/lto-plugin.c` of GCC for the table of symbols, which is not compressed; `gcc/lto-section-in.c`
//! and `gcc/data-streamer-out.c` for the other sections, and for strings in them: the length, NUL included, in LEB128,
//! then the bytes.

use super::identifiers::in_a_name;
use object::{Object, ObjectSection};
use std::io::Read;

/// A row of the table of symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IntermediateSymbol<'a> {
    pub name: &'a [u8],
    pub undefined: bool,
    pub hidden: bool,
}

/// The most bytes that a section may have.
const LIMIT: u64 = 256 << 20;

/// Passes the symbols of an object to `found`; none if it is not of this kind.
pub(crate) fn symbols(object: &object::File<'_>, found: &mut dyn FnMut(IntermediateSymbol<'_>)) {
    for section in object.sections() {
        if section.name_bytes().is_ok_and(|n| n.starts_with(b".gnu.lto_.symtab"))
            && let Ok(data) = section.data()
        {
            let mut rest = data;
            while let Some((symbol, after)) = symbol(rest) {
                found(symbol);
                rest = after;
            }
        }
    }
}

/// Name and COMDAT group, each NUL-terminated, then kind, visibility, eight bytes of size and four of the slot.
fn symbol(bytes: &[u8]) -> Option<(IntermediateSymbol<'_>, &[u8])> {
    const UNDEFINED: [u8; 2] = [2, 3];
    const HIDDEN: [u8; 2] = [2, 3];
    let (name, rest) = bytes.split_at(bytes.iter().position(|b| *b == 0)?);
    let rest = rest.get(1..)?;
    let rest = rest.get(rest.iter().position(|b| *b == 0)? + 1..)?;
    let (kind, visibility) = (rest.first()?, rest.get(1)?);
    let symbol = IntermediateSymbol { name, undefined: UNDEFINED.contains(kind), hidden: HIDDEN.contains(visibility) };
    Some((symbol, rest.get(14..)?))
}

/// Passes each identifier among the strings of such an object to `found`.
pub(crate) fn strings(object: &object::File<'_>, found: &mut dyn FnMut(&[u8])) {
    const TABLES: [&[u8]; 3] = [b".gnu.lto_.symtab", b".gnu.lto_.ext_symtab", b".gnu.lto_.opts"];
    for section in object.sections() {
        let Ok(name) = section.name_bytes() else { continue };
        if name.starts_with(b".gnu.lto_")
            && !TABLES.iter().any(|t| name.starts_with(t))
            && let Ok(data) = section.data()
        {
            of_section(&decompressed(data), found);
        }
    }
}

/// GCC compresses with zstd or zlib, as it was built.
fn decompressed(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let zstd = zstd::stream::read::Decoder::new(data).and_then(|d| d.take(LIMIT).read_to_end(&mut bytes));
    if zstd.is_ok() {
        return bytes;
    }
    bytes.clear();
    match flate2::read::ZlibDecoder::new(data).take(LIMIT).read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(_) => data.to_vec(),
    }
}

fn of_section(data: &[u8], found: &mut dyn FnMut(&[u8])) {
    let mut at = 0;
    for end in memchr::memchr_iter(0, data) {
        let chunk = data.get(at..end).unwrap_or_default();
        at = end + 1;
        let length = chunk.iter().rev().take_while(|b| in_a_name(b)).count();
        let (before, mut name) = chunk.split_at(chunk.len() - length);
        // The length may look like a letter.
        if before.last().is_none_or(|b| usize::from(*b) != length + 1) {
            match name.split_first() {
                Some((first, rest)) if usize::from(*first) == length => name = rest,
                _ => continue,
            }
        }
        if name.len() > 1 && !name.first().is_some_and(u8::is_ascii_digit) {
            found(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn symbols_and_strings_of_an_object_for_lto() {
        let dir = tempfile::tempdir().unwrap();
        let (source, object) = (dir.path().join("l.c"), dir.path().join("l.o"));
        let long = "a".repeat(64);
        std::fs::write(
            &source,
            format!(
                "void *dlsym(void *, const char *); int own(void) {{ return 1; }}\n\
                 __attribute__((visibility(\"hidden\"))) int concealed;\n\
                 void *f(void) {{ concealed = 1; return dlsym(0, \"looked_up\") ? dlsym(0, \"{long}\") : dlsym(0, \"no name\"); }}\n"
            ),
        )
        .unwrap();
        let line = ["-flto", "-fno-fat-lto-objects", "-c"];
        assert!(Command::new("gcc").args(line).arg(&source).arg("-o").arg(&object).status().unwrap().success());
        let bytes = std::fs::read(&object).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let mut rows = Vec::new();
        symbols(&file, &mut |s| rows.push((String::from_utf8_lossy(s.name).into_owned(), s.undefined, s.hidden)));
        for row in [("own", false, false), ("concealed", false, true), ("dlsym", true, false)] {
            assert!(rows.contains(&(row.0.to_owned(), row.1, row.2)), "{row:?}: {rows:?}");
        }
        let mut found = Vec::new();
        strings(&file, &mut |name| found.push(String::from_utf8_lossy(name).into_owned()));
        assert!(found.contains(&"looked_up".to_owned()) && found.contains(&long), "{found:?}");
        assert!(!found.contains(&"name".to_owned()), "{found:?}");
    }
}
