//! What a shared object offers to a link.

use super::member_symbols::SymbolName;
use foldhash::HashSet;
use object::read::elf::{FileHeader, Sym};
use object::{Endianness, elf};

/// What a shared object offers to those that are linked with it: default versions, none of them glibc's private one.
pub(crate) fn exported(bytes: &[u8]) -> HashSet<SymbolName> {
    exported_if(bytes, |_| true)
}

/// Those of them for which `wanted` holds.
pub(crate) fn exported_if(bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> HashSet<SymbolName> {
    match bytes.get(4) {
        Some(1) => exported_of::<elf::FileHeader32<Endianness>>(bytes, wanted),
        _ => exported_of::<elf::FileHeader64<Endianness>>(bytes, wanted),
    }
    .unwrap_or_default()
}

fn exported_of<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    wanted: impl Fn(&[u8]) -> bool,
) -> Option<HashSet<SymbolName>> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, elf::SHT_DYNSYM).ok()?;
    let versions = sections.versions(endian, bytes).ok()?;
    let mut found = HashSet::default();
    for (index, symbol) in symbols.enumerate() {
        if symbol.is_undefined(endian) || symbol.st_bind() == elf::STB_LOCAL {
            continue;
        }
        let name = symbols.symbol_name(endian, symbol).ok()?;
        // Linkers define an absolute symbol for each version.
        let version = symbol.is_absolute(endian) && symbol.st_value(endian).into() == 0;
        if version || !wanted(name) {
            continue;
        }
        if let Some(versions) = &versions {
            let version = versions.version_index(endian, index);
            let private =
                versions.version(version.index()).ok().flatten().is_some_and(|v| v.name() == b"GLIBC_PRIVATE");
            if version.is_hidden() || private {
                continue;
            }
        }
        found.insert(name.to_vec());
    }
    Some(found)
}

/// What a shared object needs of others.
pub(crate) fn undefined(bytes: &[u8]) -> Vec<SymbolName> {
    match bytes.get(4) {
        Some(1) => undefined_of::<elf::FileHeader32<Endianness>>(bytes),
        _ => undefined_of::<elf::FileHeader64<Endianness>>(bytes),
    }
    .unwrap_or_default()
}

fn undefined_of<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Vec<SymbolName>> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let symbols = header.sections(endian, bytes).ok()?.symbols(endian, bytes, elf::SHT_DYNSYM).ok()?;
    let needed = symbols.iter().filter(|s| s.is_undefined(endian) && s.st_bind() == elf::STB_GLOBAL);
    needed.map(|s| symbols.symbol_name(endian, s).ok().map(<[u8]>::to_vec)).collect()
}
