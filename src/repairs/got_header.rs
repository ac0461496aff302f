//! Start code that reads the first word of the GOT, as that of glibc before 2.35 does in a static-pie.
//!
//! GNU ld writes the address of `_DYNAMIC` there (System V ABI, x86-64 supplement, 5.2); the built-in linker reserves no
//! such word. The one member of libc.a that reads it is edited instead.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, Rela, SectionHeader, Sym};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};

const NAME: &[u8] = b"_GLOBAL_OFFSET_TABLE_\0";
const RELOCATES: &[u8] = b"_dl_relocate_static_pie\0";

/// Whether a member of libc.a relocates static-pies and reads the GOT's header for that. Every object that uses the GOT
/// names it; one that reads from its start has a relocation against that name.
pub(super) fn is_read_by(member: &[u8]) -> bool {
    [RELOCATES, NAME].iter().all(|name| memchr::memmem::find(member, name).is_some()) && reads(member).unwrap_or(false)
}

fn reads(member: &[u8]) -> Option<bool> {
    let file = object::File::parse(member).ok()?;
    let named = |symbol: &object::Symbol<'_, '_>, name: &[u8]| {
        symbol.name_bytes().is_ok_and(|n| name.strip_suffix(b"\0") == Some(n))
    };
    let defines = file.symbols().any(|s| !s.is_undefined() && named(&s, RELOCATES));
    let mut targets = file.sections().flat_map(|s| s.relocations().collect::<Vec<_>>()).map(|(_, r)| r.target());
    let reads = targets.any(|target| match target {
        RelocationTarget::Symbol(index) => file.symbol_by_index(index).is_ok_and(|s| named(&s, NAME)),
        _ => false,
    });
    Some(defines && reads)
}

/// The member, with the load address taken from the ELF header (at link time 0) instead of
/// computed from the GOT's first word: `sub _GLOBAL_OFFSET_TABLE_(%rip), %r` becomes `lea __ehdr_start(%rip), %r`, which
/// is as long. None if the header is read in any other way.
pub(super) fn without_got_header(member: &[u8]) -> Option<Vec<u8>> {
    const OTHER: &[u8] = b"__ehdr_start\0";
    let header = elf::FileHeader64::<Endianness>::parse(member).ok()?;
    let endian = header.endian().ok().filter(|e| *e == Endianness::Little)?;
    let sections = header.sections(endian, member).ok()?;
    let symbols = sections.symbols(endian, member, elf::SHT_SYMTAB).ok()?;
    let of_got = |name: u32| symbols.strings().get(name).is_ok_and(|n| NAME.strip_suffix(b"\0") == Some(n));
    let mut bytes = member.to_vec();
    let mut any = false;
    for section in sections.iter() {
        let Some((relocations, _)) = section.rela(endian, member).ok().flatten() else { continue };
        let code = sections.section(object::SectionIndex(section.sh_info(endian) as usize)).ok()?;
        for (number, relocation) in relocations.iter().enumerate() {
            let symbol = symbols.symbol(relocation.symbol(endian, false)?).ok()?;
            if !of_got(symbol.st_name(endian)) {
                continue;
            }
            let place = usize::try_from(code.sh_offset(endian).checked_add(relocation.r_offset(endian))?).ok()?;
            let [rex, opcode, operand] = bytes.get_mut(place.checked_sub(3)?..place)? else { return None };
            let reads = *rex & 0xf8 == 0x48 && *opcode == 0x2b && *operand & 0xc7 == 5;
            let kind = relocation.r_type(endian, false);
            if !reads || kind != elf::R_X86_64_GOTPC32 || relocation.r_addend(endian) != -4 {
                return None;
            }
            *opcode = 0x8d;
            let at =
                usize::try_from(section.sh_offset(endian)).ok()? + number * size_of::<elf::Rela64<Endianness>>() + 8;
            bytes.get_mut(at..at + 4)?.copy_from_slice(&elf::R_X86_64_PC32.0.to_le_bytes());
            any = true;
        }
    }
    let name = memchr::memmem::find(&bytes, NAME)?;
    bytes.get_mut(name..name + OTHER.len())?.copy_from_slice(OTHER);
    any.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    /// As glibc 2.31 was compiled.
    const READS: &str = ".globl _dl_relocate_static_pie\n.hidden _dl_relocate_static_pie\n\
        _dl_relocate_static_pie:\n lea _DYNAMIC(%rip), %r14\n sub _GLOBAL_OFFSET_TABLE_(%rip), %r14\n \
        mov %r14, loaded(%rip)\n ret\n .comm loaded, 8\n";

    fn assembled(dir: &Path, text: &str) -> Vec<u8> {
        std::fs::write(dir.join("x.s"), text).unwrap();
        let made = Command::new("cc").args(["-c", "x.s"]).current_dir(dir).status();
        assert!(made.unwrap().success());
        std::fs::read(dir.join("x.o")).unwrap()
    }

    #[test]
    fn the_load_address_comes_from_the_elf_header() {
        let dir = tempfile::tempdir().unwrap();
        let member = assembled(dir.path(), READS);
        assert!(is_read_by(&member) && !is_read_by(b"_GLOBAL_OFFSET_TABLE_\0"));
        let newer = READS.replace("sub _GLOBAL_OFFSET_TABLE_(%rip)", "sub start@GOTPCREL(%rip)");
        let caller = READS.replace("_dl_relocate_static_pie:\n", "start: call _dl_relocate_static_pie\n");
        for other in [newer + " .globl _GLOBAL_OFFSET_TABLE_\n", caller] {
            assert!(!is_read_by(&assembled(dir.path(), &other)), "{other}");
        }
        let edited = without_got_header(&member).unwrap();
        let file = object::File::parse(&*edited).unwrap();
        let names: Vec<&str> = file.symbols().filter(|s| s.is_undefined()).filter_map(|s| s.name().ok()).collect();
        assert!(names.contains(&"__ehdr_start") && !names.contains(&"_GLOBAL_OFFSET_TABLE_"), "{names:?}");
        let code = file.section_by_name(".text").unwrap().data().unwrap().to_vec();
        assert_eq!(code[7..10], [0x4c, 0x8d, 0x35]);
    }

    #[test]
    fn code_that_reads_it_in_another_way_is_not_edited() {
        let dir = tempfile::tempdir().unwrap();
        for other in ["mov _GLOBAL_OFFSET_TABLE_(%rip), %r14", "sub _GLOBAL_OFFSET_TABLE_+8(%rip), %r14", "nop"] {
            let text = READS.replace("sub _GLOBAL_OFFSET_TABLE_(%rip), %r14", other);
            assert_eq!(without_got_header(&assembled(dir.path(), &text)), None, "{other}");
        }
        assert_eq!(without_got_header(b"no object"), None);
    }
}
