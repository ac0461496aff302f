//! Why a thing is in a program: the shortest chain of references from the program's own objects to it.
//!
//! A linker takes a member of an archive whole, and leaves out sections only where it was told to (`--gc-sections`). So a
//! chain that leads from section to section is looked for first, which names the code that is really meant; then one
//! from member to member, of which any section may refer to the next. A weak reference makes no linker take anything, and
//! counts only where nothing else leads there. What nothing of the program's own leads to may be wanted by the start-up code.

use super::size_record::{InputRole, LinkReference, SizeRecord};
use super::symbol_names;
use serde::Serialize;
use std::collections::VecDeque;

/// A thing that a program has, and the sections of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedThing {
    pub kind: ThingKind,
    /// Indexes into the sections of the record, at least one.
    pub sections: Vec<u32>,
}

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ThingKind {
    /// A file, or the package of several.
    Library,
    Member,
    Symbol,
}

/// A chain that leads to a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ReferenceChain {
    pub from: ChainStart,
    /// Each link leads from section to section; otherwise some lead from a member to one that only another part of it needs.
    pub exact: bool,
    /// None where the thing is of the start itself.
    pub links: Vec<ChainLink>,
}

/// Where a chain begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChainStart {
    /// An object of the program's own.
    Own,
    /// Start-up code that the compiler names in each link.
    Start,
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ChainLink {
    /// `liba.a(x.o)`.
    pub from: String,
    /// The function or object in it that refers, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The symbol that it refers to.
    pub symbol: String,
    pub to: String,
}

/// Whether people may mean a library's file by a name: `libz.a`, `libz`, `z`, and of a converted one `libz.so.1` so.
pub(crate) fn is_library(file: &str, name: &str) -> bool {
    let stem = file.strip_suffix(".a").or_else(|| file.split_once(".so").map(|(stem, _)| stem));
    file == name || stem.is_some_and(|stem| stem == name || stem.strip_prefix("lib") == Some(name))
}

/// The thing of a name: a file (`libz.a`, `libz`, `z`) or package, a member (`x.o`, `libz.a(x.o)`), a symbol.
pub(crate) fn find(record: &SizeRecord, name: &str) -> Option<NamedThing> {
    let of_inputs = |kind, is: &dyn Fn(usize) -> bool| {
        let sections = numbered(record).filter(|(_, input)| is(*input)).map(|(section, _)| section).collect();
        Some(NamedThing { kind, sections }).filter(|wanted: &NamedThing| !wanted.sections.is_empty())
    };
    let input = |at: usize| record.inputs.get(at);
    let by_library = || {
        of_inputs(ThingKind::Library, &|at| {
            input(at).is_some_and(|i| is_library(&i.file, name) || i.package.as_deref() == Some(name))
        })
    };
    let by_member = || {
        of_inputs(ThingKind::Member, &|at| {
            input(at).is_some_and(|i| i.member.as_deref() == Some(name) || i.shown() == name)
        })
    };
    by_library().or_else(by_member).or_else(|| by_symbol(record, name))
}

fn numbered(record: &SizeRecord) -> impl Iterator<Item = (u32, usize)> {
    (0u32..).zip(&record.sections).map(|(at, section)| (at, section.input as usize))
}

fn by_symbol(record: &SizeRecord, name: &str) -> Option<NamedThing> {
    let found = |is: &dyn Fn(&str) -> bool| -> Vec<u32> {
        let has = (0u32..).zip(&record.sections).filter(|(_, s)| s.symbols.iter().any(|(symbol, _, _)| is(symbol)));
        has.map(|(at, _)| at).collect()
    };
    let exact = found(&|symbol| symbol == name);
    let sections = if exact.is_empty() { found(&|symbol| symbol_names::is_called(symbol, name)) } else { exact };
    Some(NamedThing { kind: ThingKind::Symbol, sections }).filter(|wanted| !wanted.sections.is_empty())
}

/// What is looked along for a chain.
#[derive(Debug, Clone, Copy)]
struct Way {
    start: ChainStart,
    /// From section to section; else from member to member.
    exact: bool,
    weak: bool,
}

/// In this order.
const WAYS: [Way; 6] = [
    Way { start: ChainStart::Own, exact: true, weak: false },
    Way { start: ChainStart::Own, exact: false, weak: false },
    Way { start: ChainStart::Own, exact: false, weak: true },
    Way { start: ChainStart::Start, exact: true, weak: false },
    Way { start: ChainStart::Start, exact: false, weak: false },
    Way { start: ChainStart::Start, exact: false, weak: true },
];

/// All that the start leads to, along each way.
pub(crate) struct ReferenceChains<'r> {
    record: &'r SizeRecord,
    trees: Vec<(Way, Tree<'r>)>,
}

/// By what each thing, a section or an input, was reached.
struct Tree<'r> {
    reached: Vec<Option<Reached<'r>>>,
}

#[derive(Clone, Copy)]
struct Reached<'r> {
    distance: u32,
    /// None where it begins.
    along: Option<&'r LinkReference>,
}

impl<'r> ReferenceChains<'r> {
    /// Follows all references of a link.
    pub(crate) fn of(record: &'r SizeRecord) -> ReferenceChains<'r> {
        let trees = WAYS.iter().map(|way| (*way, Tree::grown(record, *way))).collect();
        ReferenceChains { record, trees }
    }

    /// The shortest chain to one of these sections; none if nothing refers to them: the linker was told to take them.
    pub(crate) fn to(&self, sections: &[u32]) -> Option<ReferenceChain> {
        self.trees.iter().find_map(|(way, tree)| {
            let distance = |section: &u32| Some(tree.at(self.record, *way, *section)?.distance);
            let nearest = sections.iter().filter(|s| distance(s).is_some()).min_by_key(|s| distance(s))?;
            Some(self.walked(*way, tree, *nearest))
        })
    }

    fn walked(&self, way: Way, tree: &Tree<'r>, section: u32) -> ReferenceChain {
        let mut links = Vec::new();
        let mut at = section;
        while let Some(reference) = tree.at(self.record, way, at).and_then(|reached| reached.along) {
            links.push(ChainLink {
                from: self.shown(reference.from),
                by: reference.by.as_deref().map(symbol_names::shown),
                symbol: symbol_names::shown(&reference.symbol),
                to: self.shown(reference.to),
            });
            at = reference.from;
        }
        links.reverse();
        ReferenceChain { from: way.start, exact: way.exact, links }
    }

    fn shown(&self, section: u32) -> String {
        let section = self.record.sections.get(section as usize);
        section.and_then(|s| self.record.inputs.get(s.input as usize)).map(|i| i.shown()).unwrap_or_default()
    }
}

/// The number of the thing that a section is of.
fn node(record: &SizeRecord, way: Way, section: u32) -> usize {
    match way.exact {
        true => section as usize,
        false => record.sections.get(section as usize).map_or(0, |s| s.input as usize),
    }
}

impl<'r> Tree<'r> {
    fn at(&self, record: &SizeRecord, way: Way, section: u32) -> Option<Reached<'r>> {
        self.reached.get(node(record, way, section)).copied().flatten()
    }

    /// Breadth first, so that each thing is reached by a shortest chain.
    fn grown(record: &'r SizeRecord, way: Way) -> Tree<'r> {
        let nodes = if way.exact { record.sections.len() } else { record.inputs.len() };
        let mut leads: Vec<Vec<&LinkReference>> = vec![Vec::new(); nodes];
        for reference in record.references.iter().filter(|r| way.weak || !r.weak) {
            if let Some(list) = leads.get_mut(node(record, way, reference.from)) {
                list.push(reference);
            }
        }
        let mut reached: Vec<Option<Reached<'_>>> = vec![None; nodes];
        let mut queue = VecDeque::new();
        let role = if way.start == ChainStart::Own { InputRole::Own } else { InputRole::Start };
        for (section, input) in numbered(record) {
            let begins = record.inputs.get(input).is_some_and(|i| i.role == role);
            let at = node(record, way, section);
            if let Some(place @ None) = reached.get_mut(at).filter(|_| begins) {
                *place = Some(Reached { distance: 0, along: None });
                queue.push_back(at);
            }
        }
        while let Some(at) = queue.pop_front() {
            let distance = reached.get(at).copied().flatten().map_or(0, |r| r.distance) + 1;
            for reference in leads.get(at).into_iter().flatten() {
                let to = node(record, way, reference.to);
                if let Some(place @ None) = reached.get_mut(to) {
                    *place = Some(Reached { distance, along: Some(reference) });
                    queue.push_back(to);
                }
            }
        }
        Tree { reached }
    }
}

#[cfg(test)]
mod tests {
    use super::super::size_record::tests::chain;
    use super::*;

    fn shown(record: &SizeRecord, name: &str) -> Option<(bool, String)> {
        let wanted = find(record, name)?;
        let chain = ReferenceChains::of(record).to(&wanted.sections)?;
        let links =
            chain.links.iter().map(|l| format!("{}:{}>{}>{}", l.from, l.by.as_deref().unwrap_or("-"), l.symbol, l.to));
        Some((chain.exact, links.collect::<Vec<_>>().join(" ")))
    }

    #[test]
    fn from_section_to_section_or_else_from_member_to_member() {
        let record = chain();
        assert_eq!(shown(&record, "x"), Some((true, "main.c:main>x>liba.a(x.o)".into())));
        let whole = "main.c:main>x>liba.a(x.o) liba.a(x.o):other>y>libb.a(y.o)";
        // The function that refers to it is there only since its member is.
        for name in ["y", "libb.a", "b", "libb-dev", "y.o", "libb.a(y.o)"] {
            assert_eq!(shown(&record, name), Some((false, whole.into())), "{name}");
        }
        let mut direct = record.clone();
        direct.references.push(LinkReference { from: 2, to: 4, by: Some("x".into()), symbol: "y".into(), weak: false });
        let exact = "main.c:main>x>liba.a(x.o) liba.a(x.o):x>y>libb.a(y.o)";
        assert_eq!(shown(&direct, "y"), Some((true, exact.into())));
    }

    #[test]
    fn names_are_those_of_files_before_members_and_symbols() {
        let record = chain();
        let kind = |name: &str| find(&record, name).map(|w| (w.kind, w.sections));
        assert_eq!(kind("a"), Some((ThingKind::Library, vec![2, 3])));
        assert!(["libz.so.1.2", "libz", "z"].iter().all(|name| is_library("libz.so.1.2", name)));
        assert!(!is_library("libz.a", "lib") && !is_library("libz.a", "libz.so") && !is_library("z.o", "z"));
        assert_eq!(kind("x.o"), Some((ThingKind::Member, vec![2, 3])));
        assert_eq!(kind("other"), Some((ThingKind::Symbol, vec![3])));
        assert_eq!(kind("foo::bar<std::map<int, int> >"), None);
        assert_eq!(kind("void foo::bar<std::map<int, int> >()"), Some((ThingKind::Symbol, vec![1])));
        assert_eq!(kind("sqlite3"), None);
    }

    #[test]
    fn the_program_s_own_is_no_chain_and_start_files_lead_to_what_else_is_there() {
        let record = chain();
        assert_eq!(shown(&record, "main"), Some((true, String::new())));
        let mut started = record.clone();
        started.references = vec![LinkReference { from: 0, to: 4, by: None, symbol: "y".into(), weak: false }];
        assert_eq!(shown(&started, "y"), Some((true, "crt1.o:->y>libb.a(y.o)".into())));
        started.references.clear();
        assert_eq!(shown(&started, "y"), None);
    }

    #[test]
    fn weak_references_count_where_nothing_else_does() {
        let mut record = chain();
        record.references.iter_mut().for_each(|r| r.weak = true);
        assert_eq!(shown(&record, "x"), Some((false, "main.c:main>x>liba.a(x.o)".into())));
        record.references.push(LinkReference { from: 1, to: 2, by: None, symbol: "strong".into(), weak: false });
        assert_eq!(shown(&record, "x").unwrap().1, "main.c:->strong>liba.a(x.o)");
    }
}
