//! Which section of a link refers to which, from the relocations of the inputs.

use super::input_objects::InputObjects;
use super::size_record::{LinkInput, LinkReference, LinkSection, LinkSymbol, SizeRecord};
use crate::parts::{PlacedFile, PlacedSection, SectionName};
use object::read::elf::{ElfFile64, ElfSection64};
use object::read::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex};
use object::{Endianness, SectionFlags, SectionKind, SymbolKind, elf};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

type Elf<'d> = ElfFile64<'d, Endianness>;

/// Unwind tables, of which each linker makes one of its own. They name the functions that they are of, which is no use of
/// these, and what a function needs when something is thrown.
const UNWIND: &str = ".eh_frame";

/// How sections begin that take no room in the file, where their objects are gone.
const ZEROS: [&str; 3] = [".bss", ".tbss", "COMMON"];

/// The record of a link. `label` says what a file is.
pub(crate) fn record(placed: &[PlacedSection], label: impl Fn(&PlacedFile) -> LinkInput, compiled: bool) -> SizeRecord {
    let mut by_input: BTreeMap<&PlacedFile, Vec<&PlacedSection>> = BTreeMap::new();
    for section in placed {
        by_input.entry(&section.input).or_default().push(section);
    }
    let files = InputObjects::open(by_input.keys().copied());
    let mut record = SizeRecord::new(compiled);
    let mut objects = Vec::new();
    for (input, sections) in &by_input {
        let elf = files.bytes(input).and_then(|bytes| Elf::parse(bytes).ok());
        let number = u32::try_from(record.inputs.len()).unwrap_or(u32::MAX);
        record.inputs.push(label(input));
        match elf {
            Some(elf) => objects.push(InputObject::of(elf, number, sections, &mut record.sections)),
            None => record.sections.extend(sections.iter().filter_map(|section| unread(section, number))),
        }
    }
    let definitions = Definitions::of(&objects);
    let mut references = References::default();
    for object in &objects {
        object.refer(&record.sections, &definitions, &mut references);
    }
    record.references = references.found.into_values().collect();
    record
}

/// A section of an object that can't be read any more.
fn unread(section: &PlacedSection, input: u32) -> Option<LinkSection> {
    let SectionName::Name(name) = &section.section else {
        return Some(linked(section, input, String::new()));
    };
    Some(LinkSection {
        zeros: ZEROS.iter().any(|zeros| name.starts_with(zeros)),
        ..linked(section, input, name.clone())
    })
}

fn linked(section: &PlacedSection, input: u32, name: String) -> LinkSection {
    LinkSection { input, name, address: section.address, size: section.size, zeros: false, symbols: Vec::new() }
}

/// An object, and which of its sections is which of the record.
struct InputObject<'d> {
    elf: Elf<'d>,
    nodes: HashMap<SectionIndex, u32>,
}

impl<'d> InputObject<'d> {
    /// Adds the sections of an object to those of a record.
    fn of(elf: Elf<'d>, input: u32, placed: &[&PlacedSection], into: &mut Vec<LinkSection>) -> InputObject<'d> {
        let mut symbols = symbols(&elf);
        let mut nodes = HashMap::new();
        let mut used = HashSet::new();
        for place in placed {
            let found = match &place.section {
                SectionName::Index(index) => elf.section_by_index(SectionIndex(*index)).ok(),
                SectionName::Name(name) => {
                    elf.sections().find(|s| s.name() == Ok(name.as_str()) && s.size() > 0 && !used.contains(&s.index()))
                }
            };
            // GNU ld gives what it makes itself (`.plt`) to the first object, and what it merges of all to the first that has
            // some of it.
            let Some(section) = found else { continue };
            used.insert(section.index());
            if !is_loaded(&section) || place.size > section.size() {
                continue;
            }
            nodes.insert(section.index(), u32::try_from(into.len()).unwrap_or(u32::MAX));
            into.push(LinkSection {
                zeros: section.kind().is_bss(),
                symbols: symbols.remove(&section.index()).unwrap_or_default(),
                ..linked(place, input, section.name().unwrap_or_default().to_owned())
            });
        }
        InputObject { elf, nodes }
    }

    /// Adds the references of an object.
    fn refer(&self, sections: &[LinkSection], definitions: &Definitions, into: &mut References) {
        for section in self.elf.sections() {
            let unwinds = section.name() == Ok(UNWIND);
            let from = match unwinds {
                true => self.first_code(),
                false => self.nodes.get(&section.index()).copied(),
            };
            let Some(from) = from else { continue };
            let names = sections.get(from as usize).filter(|_| !unwinds).map_or(&[][..], |s| &s.symbols);
            let own = |to: SectionIndex| unwinds && self.is_code(to);
            for (at, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else { continue };
                let Ok(symbol) = self.elf.symbol_by_index(index) else { continue };
                if symbol.section_index().is_some_and(own) {
                    continue;
                }
                let name = symbol.name().unwrap_or_default();
                let here = symbol.section_index().and_then(|to| self.nodes.get(&to).copied());
                let Some(to) = here.or_else(|| definitions.of_name(name).filter(|_| !symbol.is_local())) else {
                    continue;
                };
                let symbol = Symbol { name, weak: symbol.is_weak() && symbol.is_undefined() };
                into.add((from, to), containing(names, at), &symbol, || first_name(sections, to));
            }
        }
    }

    /// The section that stands for what belongs to all code of the object.
    fn first_code(&self) -> Option<u32> {
        let of_code = self.nodes.iter().filter(|(index, _)| self.is_code(**index));
        of_code.map(|(_, node)| *node).min().or_else(|| self.nodes.values().copied().min())
    }

    fn is_code(&self, index: SectionIndex) -> bool {
        self.elf.section_by_index(index).is_ok_and(|s| s.kind() == SectionKind::Text)
    }
}

fn is_loaded(section: &ElfSection64<'_, '_, Endianness>) -> bool {
    matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_ALLOC))
}

/// The symbols of an object's sections, as a record has them.
fn symbols(elf: &Elf<'_>) -> HashMap<SectionIndex, Vec<LinkSymbol>> {
    let mut found: HashMap<SectionIndex, Vec<(u64, bool, u64, String)>> = HashMap::new();
    for symbol in elf.symbols() {
        let Some(section) = symbol.section_index() else { continue };
        let name = symbol.name().unwrap_or_default();
        let is_mark = name.starts_with(".L") || name.starts_with('$');
        if !name.is_empty() && !is_mark && !matches!(symbol.kind(), SymbolKind::Section | SymbolKind::File) {
            // Global names before local ones, and the longest first.
            let key = (symbol.address(), symbol.is_local(), u64::MAX - symbol.size(), name.to_owned());
            found.entry(section).or_default().push(key);
        }
    }
    let sorted = |mut symbols: Vec<(u64, bool, u64, String)>| -> Vec<LinkSymbol> {
        symbols.sort();
        symbols.into_iter().map(|(at, _, size, name)| (name, at, u64::MAX - size)).collect()
    };
    found.into_iter().map(|(section, symbols)| (section, sorted(symbols))).collect()
}

/// The symbol that has an offset of a section in it.
fn containing(symbols: &[LinkSymbol], offset: u64) -> Option<&str> {
    let before = symbols.partition_point(|(_, at, _)| *at <= offset);
    let near = symbols.get(..before).unwrap_or_default().iter().rev();
    let first = near.clone().next().map(|(_, at, _)| *at);
    // Of several that begin in one place the first is the one to show.
    let mut starting = near.take_while(|(_, at, _)| Some(*at) == first).collect::<Vec<_>>();
    starting.reverse();
    let has = |symbol: &&&LinkSymbol| symbol.2 == 0 || offset < symbol.1.saturating_add(symbol.2);
    starting.iter().find(has).map(|(name, _, _)| name.as_str())
}

/// The name of a section's first symbol, or else its own.
fn first_name(sections: &[LinkSection], node: u32) -> String {
    let section = sections.get(node as usize);
    section.map(|s| s.symbols.first().map_or(&s.name, |(name, _, _)| name).clone()).unwrap_or_default()
}

/// Which section defines a name that all objects see.
struct Definitions {
    by_name: HashMap<String, (u32, bool)>,
}

impl Definitions {
    fn of(objects: &[InputObject<'_>]) -> Definitions {
        let mut by_name: HashMap<String, (u32, bool)> = HashMap::new();
        for object in objects {
            for symbol in object.elf.symbols().filter(|s| s.is_global() && s.is_definition()) {
                let node = symbol.section_index().and_then(|section| object.nodes.get(&section));
                let (Some(node), Ok(name)) = (node, symbol.name()) else { continue };
                let weak = symbol.is_weak();
                let known = by_name.entry(name.to_owned()).or_insert((*node, weak));
                if known.1 && !weak {
                    *known = (*node, weak);
                }
            }
        }
        Definitions { by_name }
    }

    fn of_name(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).map(|(node, _)| *node)
    }
}

/// What is referred to.
struct Symbol<'s> {
    /// Empty for a section of the same object.
    name: &'s str,
    weak: bool,
}

/// References, one for each pair of sections.
#[derive(Default)]
struct References {
    found: BTreeMap<(u32, u32), LinkReference>,
}

impl References {
    /// `target` names what is referred to without a name.
    fn add(&mut self, (from, to): (u32, u32), by: Option<&str>, symbol: &Symbol<'_>, target: impl Fn() -> String) {
        if from == to {
            return;
        }
        let made = || LinkReference {
            from,
            to,
            by: by.map(str::to_owned),
            symbol: if symbol.name.is_empty() { target() } else { symbol.name.to_owned() },
            weak: symbol.weak,
        };
        let known = self.found.entry((from, to)).or_insert_with(made);
        if known.weak && !symbol.weak {
            *known = made();
        }
    }
}

/// The file names of libraries that nothing was taken of, for a record.
pub(crate) fn unused<'p>(files: impl Iterator<Item = &'p std::path::Path>) -> Vec<String> {
    let names: BTreeSet<String> =
        files.filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::size_record::InputRole;
    use super::*;
    use object::write::{Object as Written, Relocation, Symbol as NewSymbol, SymbolSection};
    use object::{Architecture, BinaryFormat, RelocationEncoding, RelocationFlags, RelocationKind};
    use object::{SymbolFlags, SymbolScope};
    use std::path::Path;

    /// An object of functions of 16 bytes, each in a section of its own, which refer to others: `a -> b c?` (weak).
    fn object(functions: &str) -> Vec<u8> {
        let mut object = Written::new(BinaryFormat::Elf, Architecture::X86_64, object::Endianness::Little);
        let new = |name: &str, section, weak| NewSymbol {
            name: name.into(),
            value: 0,
            size: if section == SymbolSection::Undefined { 0 } else { 16 },
            kind: SymbolKind::Text,
            scope: if section == SymbolSection::Undefined { SymbolScope::Unknown } else { SymbolScope::Linkage },
            weak,
            section,
            flags: SymbolFlags::None,
        };
        for line in functions.lines() {
            let (name, refers) = line.split_once("->").unwrap();
            let name = name.trim();
            let section = object.add_section(vec![], format!(".text.{name}").into_bytes(), SectionKind::Text);
            object.append_section_data(section, &[0x90; 16], 16);
            object.add_symbol(new(name, SymbolSection::Section(section), false));
            for (at, other) in refers.split_whitespace().enumerate() {
                let (other, weak) = other.strip_suffix('?').map_or((other, false), |name| (name, true));
                let known = object.symbol_id(other.as_bytes());
                let symbol = known.unwrap_or_else(|| object.add_symbol(new(other, SymbolSection::Undefined, weak)));
                let flags = RelocationFlags::Generic {
                    kind: RelocationKind::Relative,
                    encoding: RelocationEncoding::Generic,
                    size: 32,
                };
                object
                    .add_relocation(section, Relocation { offset: at as u64 * 4, symbol, addend: -4, flags })
                    .unwrap();
            }
        }
        object.write().unwrap()
    }

    fn label(file: &PlacedFile) -> LinkInput {
        let file = file.path.file_name().unwrap().to_string_lossy().into_owned();
        LinkInput { file, member: None, package: None, role: InputRole::Own }
    }

    fn placed(path: &Path, section: &str, address: u64) -> PlacedSection {
        let input = PlacedFile { path: path.into(), member: None, range: None };
        PlacedSection { input, section: SectionName::Name(section.into()), address, size: 16 }
    }

    #[test]
    fn references_lead_from_section_to_section() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("1.o"), dir.path().join("2.o"));
        std::fs::write(&one, object("main -> near far\nnear -> missing maybe?")).unwrap();
        std::fs::write(&two, object("far -> near\nmaybe ->\nleft ->")).unwrap();
        let all = [
            placed(&one, ".text.main", 0x10),
            placed(&one, ".text.near", 0x20),
            placed(&two, ".text.far", 0x30),
            placed(&two, ".text.maybe", 0x40),
            placed(&dir.path().join("gone.o"), ".bss.x", 0x50),
        ];
        let merged = PlacedSection { size: 17, ..placed(&two, ".text.left", 0x60) };
        let made = placed(&one, ".plt", 0x70);
        let record = record(&[&all[..], &[merged, made]].concat(), label, false);
        let inputs: Vec<&str> = record.inputs.iter().map(|i| i.file.as_str()).collect();
        assert_eq!(inputs, ["1.o", "2.o", "gone.o"]);
        assert_eq!(record.sections[0].symbols, [("main".to_owned(), 0, 16)]);
        assert!(record.sections[4].zeros && record.sections[4].symbols.is_empty());
        let refers = |r: &LinkReference| format!("{}>{} {} {}", r.from, r.to, r.by.as_deref().unwrap(), r.symbol);
        let shown: Vec<(String, bool)> = record.references.iter().map(|r| (refers(r), r.weak)).collect();
        assert_eq!(
            shown,
            [
                ("0>1 main near".into(), false),
                ("0>2 main far".into(), false),
                ("1>3 near maybe".into(), true),
                ("2>1 far near".into(), false)
            ]
        );
    }

    #[test]
    fn the_symbol_that_an_offset_is_in() {
        let symbols =
            [("a".to_owned(), 0, 8), ("alias".to_owned(), 0, 4), ("b".to_owned(), 16, 4), ("c".into(), 32, 0)];
        let of = |offset| containing(&symbols, offset);
        assert_eq!([of(0), of(7), of(8), of(19), of(20)], [Some("a"), Some("a"), None, Some("b"), None]);
        assert_eq!((of(40), containing(&[], 1)), (Some("c"), None));
    }

    #[test]
    fn files_that_are_no_objects_have_a_place_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("x.o");
        std::fs::write(&text, "no object").unwrap();
        let record = record(&[placed(&text, ".text", 7)], label, true);
        assert!(record.compiled && record.references.is_empty());
        assert_eq!((record.sections.len(), record.sections[0].address), (1, 7));
    }
}
