//! Inputs that can't be linked into a position-independent program, or into a shared object.
//!
//! A linker refuses these relocations in a PIE ("recompile with -fPIE"): absolute addresses in a field that is too
//! small, anywhere; and full-size ones in sections that are not writable, which would need text relocations. In a
//! shared object it also refuses PC-relative addresses of symbols that another module may define, and fixed offsets
//! into the program's thread-local storage. Sources: the psABI supplements of x86-64, AArch64 and i386.

use super::inputs;
use super::library_file::LibraryFiles;
use object::elf;
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, Rel, Rela, SectionHeader, Sym};
use std::path::{Path, PathBuf};

/// Relocation types of a machine.
struct Rules {
    machine: u16,
    never: &'static [u32],
    read_only: &'static [u32],
    /// Not allowed in a shared object.
    program: &'static [u32],
    /// Not allowed in a shared object against a symbol that is not bound locally.
    global: &'static [u32],
}

static RULES: [Rules; 3] = [
    // R_X86_64_32, 32S, 16, 8; R_X86_64_64.
    // TPOFF32; PC32.
    Rules { machine: 62, never: &[10, 11, 12, 14], read_only: &[1], program: &[23], global: &[2] },
    // R_AARCH64_ABS32, ABS16, MOVW_UABS_G0 to G3; ABS64.
    // TLSLE_*; ADR_PREL_PG_HI21.
    Rules {
        machine: 183,
        never: &[258, 259, 263, 264, 265, 266, 267, 268, 269],
        read_only: &[257],
        program: &[549, 550, 551],
        global: &[275, 276],
    },
    // R_386_16, 8; R_386_32.
    // TLS_LE, TLS_LE_32.
    Rules { machine: 3, never: &[20, 22], read_only: &[1], program: &[17, 34], global: &[] },
];

/// The first file with position-dependent code or data. Files that can't be read or are not ELF are skipped: the
/// linker reports them.
pub(crate) fn fixed_input(inputs: &[PathBuf], files: &LibraryFiles) -> Option<PathBuf> {
    let fixed = |path: &Path| files.look(path, |data| is_fixed(data, LinkedInto::Program)) == Some(true);
    inputs::first(&inputs::borrowed(inputs), fixed).map(Path::to_owned)
}

/// The first file that moves the address of a weak, undefined symbol by R_X86_64_GOTPCREL. wild 0.10 makes a `lea` of that
/// `mov`, as of those with the relaxable R_X86_64_GOTPCRELX, where nothing defines the symbol: in a PIE it is then the
/// program's base and not null. Assemblers write the plain type with `-mrelax-relocations=no`, and Debian's Clang 11 and
/// older does.
pub(crate) fn plain_weak_load(inputs: &[PathBuf], files: &LibraryFiles) -> Option<PathBuf> {
    let moves = |object: &[u8]| moves_absent(object).unwrap_or(false);
    let found = |path: &Path| files.look(path, |data| any_object(data, moves)) == Some(true);
    inputs::first(&inputs::borrowed(inputs), found).map(Path::to_owned)
}

/// Whether an object or archive has code or data for a fixed position.
pub(crate) fn has_fixed_code(bytes: &[u8]) -> bool {
    is_fixed(bytes, LinkedInto::Program)
}

/// Whether an object or archive has code that can't go into a shared object, as in many distributions' archives.
pub(crate) fn is_for_programs_only(path: &Path) -> bool {
    inputs::look(path, |data| is_fixed(data, LinkedInto::Shared)) == Some(true)
}

/// What the input would be linked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkedInto {
    Program,
    Shared,
}

fn is_fixed(data: &[u8], module: LinkedInto) -> bool {
    any_object(data, |object| object_is_fixed(object, module))
}

/// Whether something holds for an object, or for a member of an archive.
pub(super) fn any_object(data: &[u8], holds: impl Fn(&[u8]) -> bool) -> bool {
    if !data.starts_with(b"!<arch>\n") {
        return holds(data);
    }
    let Ok(archive) = ArchiveFile::parse(data) else { return false };
    archive.members().flatten().filter_map(|m| m.data(data).ok()).any(holds)
}

fn object_is_fixed(data: &[u8], module: LinkedInto) -> bool {
    let fixed = match data.get(..5) {
        Some(b"\x7fELF\x02") => scan::<elf::FileHeader64<object::Endianness>>(data, module),
        Some(b"\x7fELF\x01") => scan::<elf::FileHeader32<object::Endianness>>(data, module),
        _ => None,
    };
    fixed.unwrap_or(false)
}

fn scan<Elf: FileHeader<Endian = object::Endianness>>(data: &[u8], module: LinkedInto) -> Option<bool> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_type(endian) != elf::ET_REL {
        return None;
    }
    let machine = header.e_machine(endian).0;
    // x32 has 32-bit addresses.
    let rules = RULES.iter().find(|r| r.machine == machine && (machine != 62 || header.is_type_64()))?;
    let sections = header.section_headers(endian, data).ok()?;
    for section in sections {
        let kind = section.sh_type(endian);
        if kind != elf::SHT_RELA && kind != elf::SHT_REL {
            continue;
        }
        let Some(target) = sections.get(section.sh_info(endian) as usize) else { continue };
        let flags: u64 = target.sh_flags(endian).0;
        if flags & elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let writable = flags & elf::SHF_WRITE.0 != 0;
        let symbols: &[Elf::Sym] = match module {
            LinkedInto::Program => &[],
            LinkedInto::Shared => sections.get(section.sh_link(endian) as usize)?.data_as_array(endian, data).ok()?,
        };
        let elsewhere = |symbol: u32| symbols.get(symbol as usize).is_some_and(is_open);
        let bad = |kind: u32, symbol: u32| {
            rules.never.contains(&kind)
                || (!writable && rules.read_only.contains(&kind))
                || (module == LinkedInto::Shared
                    && (rules.program.contains(&kind) || (rules.global.contains(&kind) && elsewhere(symbol))))
        };
        let found = if kind == elf::SHT_RELA {
            let entries: &[Elf::Rela] = section.data_as_array(endian, data).ok()?;
            entries.iter().any(|r| bad(r.r_type(endian, false).0, r.r_sym(endian, false)))
        } else {
            let entries: &[Elf::Rel] = section.data_as_array(endian, data).ok()?;
            entries.iter().any(|r| bad(r.r_type(endian).0, r.r_sym(endian)))
        };
        if found {
            return Some(true);
        }
    }
    Some(false)
}

/// Whether code of an x86-64 object is as [`plain_weak_load`] tells.
fn moves_absent(data: &[u8]) -> Option<bool> {
    let header = elf::FileHeader64::<object::Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.e_type(endian) != elf::ET_REL || header.e_machine(endian) != elf::EM_X86_64 {
        return None;
    }
    let sections = header.sections(endian, data).ok()?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).ok()?;
    let is_absent = |s: &elf::Sym64<_>| s.is_undefined(endian) && s.st_bind() == elf::STB_WEAK;
    // Few objects have one, and symbols are fewer than relocations.
    if !symbols.iter().any(is_absent) {
        return None;
    }
    for section in sections.iter() {
        let Some((relocations, _)) = section.rela(endian, data).ok()? else { continue };
        let code = sections.section(object::SectionIndex(section.sh_info(endian) as usize)).ok()?;
        let code = code.data(endian, data).ok()?;
        // The operand of `mov symbol@GOTPCREL(%rip), register` is behind its opcode and ModRM.
        let moves = |at: u64| at.checked_sub(2).is_some_and(|at| code.get(at as usize) == Some(&0x8b));
        let found = relocations.iter().any(|r| {
            r.r_type(endian, false) == elf::R_X86_64_GOTPCREL
                && moves(r.r_offset.get(endian))
                && symbols.symbol(object::SymbolIndex(r.r_sym(endian, false) as usize)).is_ok_and(is_absent)
        });
        if found {
            return Some(true);
        }
    }
    None
}

/// A symbol that another module may define.
fn is_open<S: Sym>(symbol: &S) -> bool {
    symbol.st_bind() != elf::STB_LOCAL && symbol.st_visibility() == elf::STV_DEFAULT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bytes_are_passed_over() {
        for bytes in [&b""[..], b"\x7fELF\x02", b"\x7fELF\x01\x01\x01", &[0xff; 200]] {
            assert!(!object_is_fixed(bytes, LinkedInto::Program) && !object_is_fixed(bytes, LinkedInto::Shared));
        }
    }
}
