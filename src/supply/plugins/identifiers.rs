//! Identifiers among the strings of an input, which a program may pass to dlsym.

use object::{Object, ObjectSection, SectionFlags, elf};

/// Passes each identifier among the strings in loaded data to `found`.
pub(crate) fn of_object(file: &object::File<'_>, found: &mut dyn FnMut(&[u8])) {
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        let loaded = sh_flags.0 & elf::SHF_ALLOC.0 != 0 && sh_flags.0 & elf::SHF_EXECINSTR.0 == 0;
        if loaded
            && section.name_bytes() != Ok(b".dynstr")
            && let Ok(data) = section.data()
        {
            of_data(data, found);
        }
    }
}

/// The most of a file's data that is read, in bytes.
const MOST: usize = 256 << 20;

/// The same for the strings in a file from an offset on, an image of SBCL's for example.
pub(super) fn of_file(bytes: &[u8], from: u64, found: &mut dyn FnMut(&[u8])) {
    let data = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
    of_data(data.get(..MOST).unwrap_or(data), found);
}

/// The same for those in quotes in a source.
pub(crate) fn of_source(text: &[u8], found: &mut dyn FnMut(&[u8])) {
    let names = text.split(|b| *b == b'"').filter(|part| part.iter().all(in_a_name) && may_be_one(part));
    names.for_each(found);
}

/// Whether a byte can be part of an identifier.
pub(super) fn in_a_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

fn may_be_one(name: &[u8]) -> bool {
    (2..=256).contains(&name.len()) && !name.first().is_some_and(u8::is_ascii_digit)
}

/// NUL-terminated strings that are an identifier.
fn of_data(data: &[u8], found: &mut dyn FnMut(&[u8])) {
    let mut at = 0;
    for end in memchr::memchr_iter(0, data) {
        let chunk = data.get(at..end).unwrap_or_default();
        at = end + 1;
        let length = chunk.iter().rev().take_while(|b| in_a_name(b)).count();
        let (before, name) = chunk.split_at(chunk.len() - length);
        let alone = before.last().is_none_or(|b| !(b.is_ascii_graphic() || *b == b' '));
        if alone && may_be_one(name) {
            found(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn shown(found: &BTreeSet<Vec<u8>>) -> String {
        found.iter().map(|n| String::from_utf8_lossy(n)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn identifiers_among_strings() {
        let mut found = BTreeSet::new();
        of_data(b"puts\0not this\0x\0\x01\x02open64\0 spaced\09lives\0last", &mut |name| {
            found.insert(name.to_vec());
        });
        assert_eq!(shown(&found), "open64 puts");
        found.clear();
        of_source(b"f(\"one\", \"no name\", '\"', \"two_2\");", &mut |name| {
            found.insert(name.to_vec());
        });
        assert!(shown(&found).contains("one") && shown(&found).contains("two_2"), "{found:?}");
    }
}
