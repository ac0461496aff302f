//! Variables of libraries that are copied into the program (COPY relocations). ld.so copies their initial content
//! at start; a static program contains it from the beginning, under all the names that the library has for it.
//!
//! The content is taken from the library itself where that is converted, else from the archive member that defines
//! the variable. Where it points to a local symbol of the member, the member is linked in with a global name for it.

use super::library::Library;
use super::machine::Meaning;
use super::memory::text_at;
use super::pieces::Pieces;
use super::refusal::Refusal;
use super::sections::base_symbol;
use super::symbols::{self, Symbol};
use super::versions::{GlibcSymbols, Versions};
use crate::toolchain_libs;
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::{LittleEndian as LE, elf};
use std::collections::BTreeMap;

/// A variable of a library in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its address in the program.
    pub at: u64,
    /// Its initial content.
    pub content: CopiedContent,
}

/// The initial content of a copied variable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopiedContent {
    /// Its bytes, as many as the program reserves.
    pub(crate) bytes: Vec<u8>,
    /// Pointers in it.
    pub(crate) places: Vec<Place>,
    /// The library's other names for it.
    pub(crate) aliases: Vec<Vec<u8>>,
    /// What the archive member that defines it needs beside: the member itself is not linked in.
    pub(crate) needs: Vec<NeededBeside>,
    /// Strings that it points to: a place without a name is an offset in them.
    pub(crate) strings: Vec<u8>,
}

/// A strong reference of an archive member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeededBeside {
    pub name: Vec<u8>,
    pub thread_local: bool,
}

/// A pointer in a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub offset: u64,
    /// The relocation type in an object file.
    pub kind: u32,
    /// The symbol that it points to.
    pub name: Vec<u8>,
    pub addend: i64,
    /// The symbol may be undefined.
    pub weak: bool,
}

impl Copied {
    pub(crate) fn is_zero(&self) -> bool {
        self.content.places.is_empty() && self.content.bytes.iter().all(|b| *b == 0)
    }
}

/// The library variables that a program reserves space for: symbol and address.
///
/// # Errors
/// A variable outside of the program's memory.
pub fn wanted<'l, 'a>(program: &'l Library<'a>) -> Result<Vec<(&'l Symbol<'a>, u64)>, Refusal> {
    let copies = program.relocations.iter().filter(|r| r.meaning == Meaning::Copy);
    let inside = |at: u64, size: u64| {
        program.memory.segment(at).is_some_and(|s| s.writable && at.checked_add(size).is_some_and(|e| e <= s.end()))
    };
    let found = copies.map(|r| match program.symbols.get(r.symbol) {
        Some(symbol) if inside(r.at, symbol.size) => Ok((symbol, r.at)),
        _ => Err(Refusal::broken("a copied variable lies outside of its memory")),
    });
    found.collect()
}

/// A converted library of the link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CopySource<'l, 'a> {
    pub library: &'l Library<'a>,
    pub tag: &'l str,
    pub plan: &'l Pieces,
}

/// The variable's content in a converted library; none where it has no variable of that name.
///
/// # Errors
/// Content that can't be expressed in an object file.
pub(crate) fn of_library(
    from: CopySource<'_, '_>,
    wanted: &Symbol<'_>,
    versions: &Versions,
    libc: &GlibcSymbols,
) -> Result<Option<CopiedContent>, Refusal> {
    let library = from.library;
    let same = |s: &&Symbol<'_>| s.exported() && s.name == wanted.name && (!s.old || s.version == wanted.version);
    let Some(symbol) = library.symbols.iter().find(same).filter(|s| s.kind != symbols::TLS) else { return Ok(None) };
    let size = wanted.size.min(symbol.size);
    let mut content =
        CopiedContent { bytes: library.content(symbol.value, size).unwrap_or_default(), ..CopiedContent::default() };
    content.bytes.resize(wanted.size as usize, 0);
    let base = from.plan.pieces.first().map_or(0, |p| p.start);
    let inside = |address: u64| (base_symbol(from.tag).into_bytes(), address.wrapping_sub(base) as i64);
    let end = symbol.value.saturating_add(size);
    for r in library.relocations.iter().filter(|r| symbol.value <= r.at && r.at < end) {
        let offset = r.at - symbol.value;
        let cut = || Refusal::Copy { symbol: shown(wanted.name) };
        let ((name, addend), weak) = match r.meaning {
            Meaning::Relative => (inside(r.addend as u64), false),
            Meaning::Address if r.symbol == 0 => (inside(r.addend as u64), false),
            Meaning::Address | Meaning::Slot => {
                let s = library.symbols.get(r.symbol).ok_or_else(cut)?;
                let addend = if r.meaning == Meaning::Address { r.addend } else { 0 };
                if s.defined() && (s.bound(library.symbolic) || !s.exported()) {
                    (inside(s.value.wrapping_add_signed(addend)), false)
                } else {
                    let name = match versions.name(s) {
                        Some(name) => name,
                        None if s.defined() => s.name.to_vec(),
                        None => libc.resolve(s)?.into_owned(),
                    };
                    ((name, addend), s.bind == symbols::WEAK && s.version.is_none() && !s.defined())
                }
            }
            _ => return Err(cut()),
        };
        content.bytes.get_mut(offset as usize..offset as usize + 8).ok_or_else(cut)?.fill(0);
        content.places.push(Place { offset, kind: library.machine.address, name, addend, weak });
    }
    let of_it = library.symbols.iter().filter(|s| s.exported() && s.value == symbol.value && s.kind == symbols::OBJECT);
    content.aliases = of_it.filter(|s| !s.old && s.name != wanted.name).map(|s| s.name.to_vec()).collect();
    Ok(Some(content))
}

/// The variable's content in a shared object of glibc, if that is numbers and strings: the archives lack what is there for
/// old programs only.
pub(crate) fn of_glibc(library: &Library<'_>, wanted: &Symbol<'_>) -> Option<CopiedContent> {
    let same = |s: &&Symbol<'_>| s.defined() && s.name == wanted.name && s.version == wanted.version;
    let symbol = library.symbols.iter().find(same).filter(|s| s.kind != symbols::TLS)?;
    let size = wanted.size.min(symbol.size);
    let mut content =
        CopiedContent { bytes: library.content(symbol.value, size).unwrap_or_default(), ..CopiedContent::default() };
    content.bytes.resize(wanted.size as usize, 0);
    let end = symbol.value.checked_add(size)?;
    for r in library.relocations.iter().filter(|r| symbol.value <= r.at && r.at < end) {
        let target = r.addend as u64;
        let is_text = library.memory.segment(target).is_some_and(|s| !s.writable && !s.executable);
        let text = library.memory.from(target).and_then(|rest| text_at(rest, 0));
        let text = text.filter(|_| r.meaning == Meaning::Relative && is_text)?;
        let (offset, addend) = (r.at - symbol.value, content.strings.len() as i64);
        content.bytes.get_mut(offset as usize..offset as usize + 8)?.fill(0);
        content.strings.extend_from_slice(text);
        content.strings.push(0);
        let kind = library.machine.address;
        content.places.push(Place { offset, kind, name: Vec::new(), addend, weak: false });
    }
    let of_it = library.symbols.iter().filter(|s| s.defined() && s.value == symbol.value && s.kind == symbols::OBJECT);
    content.aliases =
        of_it.filter(|s| s.name != wanted.name && s.bind != symbols::LOCAL).map(|s| s.name.to_vec()).collect();
    Some(content)
}

/// Archive members that are linked in with global names for local symbols, by index of the archive and offset in it.
pub type Members = BTreeMap<(usize, u64), Vec<u8>>;

/// The variable's content in the first of the archives that defines it.
///
/// # Errors
/// A malformed member.
pub fn of_archives(
    archives: &[Vec<u8>],
    wanted: &Symbol<'_>,
    members: &mut Members,
) -> Result<Option<CopiedContent>, Refusal> {
    let broken = |e: object::Error| Refusal::broken(format!("an archive that it needs is malformed: {e}"));
    for (number, bytes) in archives.iter().enumerate() {
        let Ok(archive) = ArchiveFile::parse(&**bytes) else { continue };
        let Ok(Some(mut index)) = archive.symbols() else { continue };
        let Some(found) = index.find_map(|s| s.ok().filter(|s| s.name() == wanted.name)) else { continue };
        let member = archive.member(found.offset()).and_then(|m| m.data(&**bytes)).map_err(broken)?;
        let key = (number, found.offset().0);
        let member = members.get(&key).map_or(member, Vec::as_slice);
        let (content, changed) = of_member(member, wanted, key)?;
        if let Some(changed) = changed {
            members.insert(key, changed);
        }
        if content.is_some() {
            return Ok(content);
        }
    }
    Ok(None)
}

/// Linkers define it.
const GOT: &[u8] = b"_GLOBAL_OFFSET_TABLE_";

/// A symbol that a member gets: name, section index, value.
type NamedSymbol = (Vec<u8>, u16, u64);

fn of_member(
    member: &[u8],
    wanted: &Symbol<'_>,
    key: (usize, u64),
) -> Result<(Option<CopiedContent>, Option<Vec<u8>>), Refusal> {
    let broken = |e: object::Error| Refusal::broken(format!("an archive that it needs is malformed: {e}"));
    let header = elf::FileHeader64::<LE>::parse(member).map_err(broken)?;
    let sections = header.sections(LE, member).map_err(broken)?;
    let table = sections.symbols(LE, member, elf::SHT_SYMTAB).map_err(broken)?;
    let named = |s: &&elf::Sym64<LE>| s.st_bind() != elf::STB_LOCAL && s.st_shndx(LE) != elf::SHN_UNDEF;
    let name_of = |s: &elf::Sym64<LE>| s.name(LE, table.strings()).unwrap_or_default().to_vec();
    let Some(symbol) = table.iter().filter(named).find(|s| name_of(s) == wanted.name) else { return Ok((None, None)) };
    let size = wanted.size.min(symbol.st_size(LE));
    let mut content = CopiedContent { bytes: vec![0; wanted.size as usize], ..CopiedContent::default() };
    let index = symbol.st_shndx(LE);
    if index == elf::SHN_COMMON {
        return Ok((Some(content), None));
    }
    let section = sections.section(object::SectionIndex(index.0.into())).map_err(broken)?;
    let start = symbol.st_value(LE);
    let data = section.data(LE, member).unwrap_or_default();
    if let Some(bytes) = data.get(start as usize..(start + size) as usize) {
        content.bytes.get_mut(..bytes.len()).unwrap_or_default().copy_from_slice(bytes);
    }
    let mut fresh: Vec<NamedSymbol> = Vec::new();
    for relocations in sections.iter().filter(|s| s.sh_type(LE) == elf::SHT_RELA && s.sh_info(LE) == u32::from(index.0))
    {
        let Ok(Some((entries, _))) = relocations.rela(LE, member) else { continue };
        for r in entries.iter().filter(|r| start <= r.r_offset.get(LE) && r.r_offset.get(LE) < start + size) {
            let target = table.symbol(object::SymbolIndex(r.r_sym(LE, false) as usize)).map_err(broken)?;
            let offset = r.r_offset.get(LE) - start;
            let (kind, addend) = (r.r_type(LE, false).0, r.r_addend.get(LE));
            if target.st_bind() != elf::STB_LOCAL {
                let weak = target.st_bind() == elf::STB_WEAK && target.st_shndx(LE) == elf::SHN_UNDEF;
                content.places.push(Place { offset, kind, name: name_of(target), addend, weak });
                continue;
            }
            // A section symbol is relative to the section's start, as is the value here.
            let name = format!("staticcxx_inner_{}_{}_{:x}", key.0, key.1, r.r_offset.get(LE)).into_bytes();
            fresh.push((name.clone(), target.st_shndx(LE).0, target.st_value(LE).wrapping_add_signed(addend)));
            content.places.push(Place { offset, kind, name, addend: 0, weak: false });
        }
    }
    let of_it = table.iter().filter(named).filter(|s| s.st_shndx(LE) == index && s.st_value(LE) == start);
    content.aliases = of_it.map(name_of).filter(|n| n != wanted.name).collect();
    let needed = |s: &&elf::Sym64<LE>| s.st_shndx(LE) == elf::SHN_UNDEF && s.st_bind() == elf::STB_GLOBAL;
    let needed = table.iter().filter(needed).filter(|s| name_of(s) != GOT);
    content.needs =
        needed.map(|s| NeededBeside { name: name_of(s), thread_local: s.st_type() == elf::STT_TLS }).collect();
    let changed = (!fresh.is_empty()).then(|| with_names(member, &fresh)).transpose()?;
    Ok((Some(content), changed))
}

/// An object file with more global symbols: symbol and string table are rewritten at its end.
fn with_names(member: &[u8], fresh: &[NamedSymbol]) -> Result<Vec<u8>, Refusal> {
    let unknown = || Refusal::broken("an archive that it needs has a member in an unsupported format");
    let header = elf::FileHeader64::<LE>::parse(member).map_err(|_| unknown())?;
    let headers = header.section_headers(LE, member).map_err(|_| unknown())?;
    let at = headers.iter().position(|s| s.sh_type(LE) == elf::SHT_SYMTAB).ok_or_else(unknown)?;
    let table = headers.get(at).ok_or_else(unknown)?;
    let link = table.sh_link(LE) as usize;
    let strings = headers.get(link).ok_or_else(unknown)?;
    let mut symbols = table.data(LE, member).map_err(|_| unknown())?.to_vec();
    let mut names = strings.data(LE, member).map_err(|_| unknown())?.to_vec();
    for (name, section, value) in fresh {
        symbols.extend((names.len() as u32).to_le_bytes());
        // STB_GLOBAL, STT_NOTYPE, STV_HIDDEN.
        symbols.extend([1 << 4, 2]);
        symbols.extend(section.to_le_bytes());
        symbols.extend(value.to_le_bytes());
        symbols.extend(0u64.to_le_bytes());
        names.extend_from_slice(name);
        names.push(0);
    }
    let mut object = member.to_vec();
    let start = header.e_shoff(LE) as usize;
    for (number, bytes) in [(at, symbols), (link, names)] {
        object.resize(object.len().next_multiple_of(8), 0);
        let (offset, size) = (object.len() as u64, bytes.len() as u64);
        object.extend(bytes);
        // `sh_offset` and `sh_size` are at 24 and 32 in a header of 64 bytes.
        let field = object.get_mut(start + number * 64 + 24..start + number * 64 + 40).ok_or_else(unknown)?;
        field.copy_from_slice(&[offset.to_le_bytes(), size.to_le_bytes()].concat());
    }
    Ok(object)
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Whether glibc has the variable, so that its archives define it.
pub(crate) fn is_of_glibc(symbol: &Symbol<'_>) -> bool {
    symbol.from.is_some_and(toolchain_libs::is_glibc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object, Relocation, StandardSection, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope};

    fn member() -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let data = object.section_id(StandardSection::Data);
        object.append_section_data(data, &[7; 24], 8);
        let symbol = |name: &str, value, scope| object::write::Symbol {
            name: name.into(),
            value,
            size: 16,
            kind: SymbolKind::Data,
            scope,
            weak: false,
            section: SymbolSection::Section(data),
            flags: SymbolFlags::None,
        };
        object.add_symbol(symbol("first", 8, SymbolScope::Dynamic));
        object.add_symbol(symbol("second", 8, SymbolScope::Dynamic));
        let hidden = object.add_symbol(symbol("own", 0, SymbolScope::Compilation));
        let flags = RelocationFlags::Elf { r_type: elf::RelocationType(1) };
        object.add_relocation(data, Relocation { offset: 16, symbol: hidden, addend: 4, flags }).unwrap();
        object.write().unwrap()
    }

    #[test]
    fn a_variable_of_a_member_comes_with_its_names_and_what_it_leads_to() {
        let wanted = Symbol { name: b"first", size: 16, ..Symbol::default() };
        let bytes = member();
        let (content, changed) = of_member(&bytes, &wanted, (3, 9)).unwrap();
        let content = content.unwrap();
        assert_eq!(content.aliases, [b"second".to_vec()]);
        assert_eq!(content.bytes.get(..8), Some(&[7; 8][..]));
        let name = b"staticcxx_inner_3_9_10".to_vec();
        assert_eq!(content.places, [Place { offset: 8, kind: 1, name: name.clone(), addend: 0, weak: false }]);
        let changed = changed.unwrap();
        let file = elf::FileHeader64::<LE>::parse(&*changed).unwrap();
        let sections = file.sections(LE, &*changed).unwrap();
        let table = sections.symbols(LE, &*changed, elf::SHT_SYMTAB).unwrap();
        let added = table.iter().find(|s| s.name(LE, table.strings()).unwrap() == name).unwrap();
        assert_eq!((added.st_value(LE), added.st_bind()), (4, elf::STB_GLOBAL));
        let absent = Symbol { name: b"none", size: 16, ..Symbol::default() };
        assert_eq!(of_member(&bytes, &absent, (0, 0)).unwrap(), (None, None));
    }
}
