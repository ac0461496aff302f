//! The last question to an output: is each symbol that would have been bound bound, and to the same library?
//!
//! What the plan could mend it has mended; here is what it could not (a library that may not be converted), and what the
//! linker left out though it was asked for it.

use super::link_job::LinkJob;
use crate::check::BoundSymbol;
use crate::libs::inputs;
use crate::libs::unsuitable::Unsuitable;
use crate::message;
use crate::options;
use foldhash::HashSet;
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{Endianness, elf};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The references of an output that are bound to something else than ld.so would have bound them to.
pub(super) fn differing(job: &LinkJob, output: &Path) -> Vec<BoundSymbol> {
    let mut symbols: BTreeSet<&str> = left_out(job, output);
    let unkept = job.resolution.unkept.iter().flat_map(|(_, why)| why.symbols());
    symbols.extend(unkept.map(String::as_str));
    if symbols.is_empty() {
        return Vec::new();
    }
    let bindings = job.bindings().unwrap_or_else(|why| {
        log::info!("bindings are not audited: {why}");
        Vec::new()
    });
    let differs = |b: &BoundSymbol| b.differs() && symbols.contains(b.symbol.as_str());
    bindings.into_iter().filter(differs).collect()
}

/// The symbols that the linker was asked for and that the output does not define. None if it is stripped.
fn left_out<'j>(job: &'j LinkJob, output: &Path) -> BTreeSet<&'j str> {
    if job.asked.is_empty() {
        return BTreeSet::new();
    }
    inputs::look(output, |bytes| not_defined(&job.asked, bytes)).unwrap_or_default()
}

fn not_defined<'j>(asked: &'j [String], bytes: &[u8]) -> BTreeSet<&'j str> {
    let left = match bytes.get(4) {
        Some(1) => left_of::<elf::FileHeader32<Endianness>>(asked, bytes),
        _ => left_of::<elf::FileHeader64<Endianness>>(asked, bytes),
    };
    left.unwrap_or_default().into_iter().collect()
}

/// Few are asked for, and there are thousands of symbols: these are compared in place, by how they begin.
fn left_of<'j, Elf: FileHeader<Endian = Endianness>>(asked: &'j [String], bytes: &[u8]) -> Option<Vec<&'j str>> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let (_, table) = sections.iter().enumerate().find(|(_, s)| s.sh_type(endian) == elf::SHT_SYMTAB)?;
    let names = sections.iter().nth(table.sh_link(endian) as usize)?.data(endian, bytes).ok()?;
    let symbols: &[Elf::Sym] = table.data_as_array(endian, bytes).ok()?;
    let mut left: Vec<&str> = asked.iter().map(String::as_str).collect();
    let first: HashSet<u8> = asked.iter().filter_map(|name| name.bytes().next()).collect();
    for symbol in symbols.iter().filter(|s| s.st_shndx(endian) != elf::SHN_UNDEF) {
        let name = names.get(symbol.st_name(endian) as usize..).unwrap_or_default();
        if name.first().is_some_and(|byte| first.contains(byte)) {
            left.retain(|asked| name.strip_prefix(asked.as_bytes()).and_then(<[u8]>::first) != Some(&0));
        }
    }
    Some(left)
}

/// Whether the program calls another function than its dynamic twin, which is an error unless the call itself allows
/// several definitions. Says so.
pub(super) fn refused(job: &LinkJob, output: &Path, differing: &[BoundSymbol], strict: bool) -> bool {
    const ALLOWED: [&str; 2] = ["--allow-multiple-definition", "muldefs"];
    let allows = |word: &str| ALLOWED.iter().any(|a| word.contains(a));
    let allowed = job.request.args.iter().any(|a| a.words().any(|w| allows(&w.to_string_lossy())));
    let other: Vec<&BoundSymbol> = differing.iter().filter(|b| b.statically.is_some() && !allowed).collect();
    let Some(first) = other.first() else { return false };
    let more = other.len() - 1;
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let text = format!("`{}` is not the program that a dynamic link would make: {first}{more}", output.display());
    if !strict {
        message::warning(text);
        return false;
    }
    message::error(text);
    message::hint(way_out(&job.resolution.unkept, &first.symbol));
    true
}

/// What to do about a symbol that is bound to something else: take the shared object in the place of the archive that could
/// not be kept for it. Where none is to blame, the linker left out what it was asked for, and the bindings show by what.
fn way_out(unkept: &[(PathBuf, Unsuitable)], symbol: &str) -> String {
    let blamed = unkept.iter().find(|(_, why)| why.symbols().iter().any(|s| s == symbol));
    match blamed.and_then(|(archive, _)| archive.file_stem()) {
        Some(stem) => {
            let library = stem.to_string_lossy();
            format!("`{}=auto,{library}` takes the shared object of `{library}`", options::CONVERT.name)
        }
        None => "`staticctl explain --bindings -- COMMAND` shows what each library is bound to".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn an_archive_is_named_only_if_it_is_to_blame() {
        let unkept = |names: &[&str]| {
            let names = names.iter().map(|n| (*n).to_owned()).collect();
            [(PathBuf::from("/usr/lib/libz.a"), Unsuitable::PrivateNames(names))]
        };
        let convert = "`STATICCXX_CONVERT=auto,libz` takes the shared object of `libz`";
        assert_eq!(way_out(&unkept(&["other", "helper"]), "helper"), convert);
        for none in [way_out(&unkept(&["other"]), "helper"), way_out(&[], "helper")] {
            assert_eq!(none, "`staticctl explain --bindings -- COMMAND` shows what each library is bound to");
        }
    }

    #[test]
    fn what_is_asked_for_and_not_defined_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let text = "int there, there_too;\n__attribute__((weak)) int absent(void);\n\
                    int main(void) { return absent ? 1 : there + there_too; }\n";
        std::fs::write(dir.path().join("m.c"), text).unwrap();
        let run = |program: &str, line: &[&str]| {
            assert!(Command::new(program).current_dir(dir.path()).args(line).status().unwrap().success());
        };
        run("gcc", &["m.c", "-o", "m"]);
        let asked = ["there", "ther", "absent", "main"].map(str::to_owned);
        let read = || std::fs::read(dir.path().join("m")).unwrap();
        assert_eq!(not_defined(&asked, &read()), ["ther", "absent"].into());
        run("strip", &["m"]);
        assert_eq!(not_defined(&asked, &read()), BTreeSet::new());
        assert_eq!(not_defined(&asked, b"\x7fELF"), BTreeSet::new());
    }
}
