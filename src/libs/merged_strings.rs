//! References to sections of strings and constants that a linker merges (SHF_MERGE).

use super::inputs;
use super::library_file::LibraryFiles;
use super::pic::any_object;
use object::elf;
use object::read::elf::{CompressionHeader, FileHeader, SectionHeader, Sym};
use std::path::{Path, PathBuf};

/// How far behind its section an address may lie: as much as the longest x86 instruction has.
const SLACK: i64 = 16;

/// The first file with a reference that leads out of its merged section, as no compiler makes it. wild 0.10 searches
/// the string of such an address backwards, byte by byte, from wherever the reference says, and counts one before its
/// section as one 2^64 behind it: of a damaged file without end. What is relative to the end of an instruction refers to the
/// string's name, since GNU ld too takes an address before the section for an error.
pub(crate) fn stray_reference(inputs: &[PathBuf], files: &LibraryFiles) -> Option<PathBuf> {
    let strays = |object: &[u8]| has_stray(object).unwrap_or(false);
    let found = |path: &Path| files.look(path, |data| any_object(data, strays)) == Some(true);
    inputs::first(&inputs::borrowed(inputs), found).map(Path::to_owned)
}

fn has_stray(data: &[u8]) -> Option<bool> {
    let header = elf::FileHeader64::<object::Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_type(endian) != elf::ET_REL {
        return None;
    }
    let sections = header.sections(endian, data).ok()?;
    let is_merged = |s: &elf::SectionHeader64<_>| s.sh_flags(endian).0 & elf::SHF_MERGE.0 != 0;
    // Of a compressed section that of what is packed in it.
    let size = |s: &elf::SectionHeader64<_>| match s.compression(endian, data) {
        Ok(Some((header, ..))) => header.ch_size(endian),
        _ => s.sh_size(endian),
    };
    let sizes: Vec<Option<u64>> = sections.iter().map(|s| is_merged(s).then(|| size(s))).collect();
    if sizes.iter().all(Option::is_none) {
        return None;
    }
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).ok()?;
    // By symbol: the size of its merged section, its place there, and whether it is that of the section.
    let places: Vec<Option<(i64, i64, bool)>> = symbols
        .enumerate()
        .map(|(index, symbol)| {
            let section = symbols.symbol_section(endian, symbol, index).ok()??;
            let size = i64::try_from((*sizes.get(section.0)?)?).unwrap_or(i64::MAX - SLACK);
            Some((size, symbol.st_value(endian).cast_signed(), symbol.st_name(endian) == 0))
        })
        .collect();
    let is_stray = |at: i64, size: i64| !(0..=size.saturating_add(SLACK)).contains(&at);
    if places.iter().flatten().any(|(size, at, _)| is_stray(*at, *size)) {
        return Some(true);
    }
    for section in sections.iter() {
        let Some((relocations, _)) = section.rela(endian, data).ok()? else { continue };
        let found = relocations.iter().any(|r| {
            let place = places.get(r.r_sym(endian, false) as usize).copied().flatten();
            // What is added to a name does not say which string it is.
            place.is_some_and(|(size, at, whole)| whole && is_stray(at.wrapping_add(r.r_addend.get(endian)), size))
        });
        if found {
            return Some(true);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    #[test]
    fn references_out_of_a_merged_section_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let strays = |name: &str, reference: &str| {
            let text = format!(
                ".section .rodata.str1.1,\"aMS\",@progbits,1\n.string \"text\"\n.Lnamed:\n.string \"more\"\n.data\n.quad {reference}\n"
            );
            let (source, object) = (dir.path().join(format!("{name}.s")), dir.path().join(format!("{name}.o")));
            fs::write(&source, text).unwrap();
            assert!(Command::new("gcc").arg("-c").arg(&source).arg("-o").arg(&object).status().unwrap().success());
            has_stray(&fs::read(object).unwrap())
        };
        for (name, reference, stray) in [
            ("inside", ".rodata.str1.1+5", None),
            ("end", ".rodata.str1.1+10", None),
            ("before", ".rodata.str1.1-4", Some(true)),
            ("far", ".rodata.str1.1+0x7fffffffffff", Some(true)),
            ("below", ".rodata.str1.1-1000", Some(true)),
            ("named", ".Lnamed-97", None),
            ("other", ".data+0x7fffffffffff", None),
        ] {
            assert_eq!(strays(name, reference), stray, "{name}");
        }
    }

    #[test]
    fn hostile_bytes_are_passed_over() {
        for bytes in [&b""[..], b"\x7fELF\x02", b"\x7fELF\x02\x01\x01", &[0xff; 200]] {
            assert_eq!(has_stray(bytes), None);
        }
    }
}
