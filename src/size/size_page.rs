//! A page for browsers with a map of a program and the chains that lead to its parts. Nothing in it is fetched from elsewhere.

use super::file_pieces::{FilePiece, FilePieces};
use super::reference_chain::{ChainStart, ReferenceChains};
use super::size_record::{InputRole, SizeRecord};
use super::symbol_names;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

const TEMPLATE: &str = include_str!("page.html");

/// Marks in the template.
const TITLE: &str = "{{title}}";
const DATA: &str = "{{data}}";

/// What the script of the page reads.
#[derive(Serialize)]
struct PageData<'a> {
    program: &'a str,
    bytes: u64,
    libraries: Vec<PageNode>,
    /// Object, function and symbol of each reference, once.
    steps: Vec<(String, Option<String>, String)>,
}

/// A box of the map.
#[derive(Debug, Default, Serialize)]
struct PageNode {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    bytes: u64,
    /// It is the program's own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    own: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<PageChain>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<PageNode>,
}

/// A chain, or what there is to say in its place.
#[derive(Debug, Serialize)]
struct PageChain {
    steps: Vec<usize>,
    exact: bool,
    /// The object that has the symbol of the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<&'static str>,
}

/// The page of a program.
pub(crate) fn page(program: &str, pieces: &FilePieces, record: &SizeRecord) -> String {
    let mut chains = PageChains::of(record);
    let libraries = grouped(pieces.pieces.iter(), |piece| &piece.library, &mut |name, some| {
        let members = grouped(some.iter().copied(), |piece| &piece.member, &mut |member, some| {
            let sections = grouped(some.iter().copied(), |piece| &piece.section, &mut |_, some| {
                let symbols = grouped(some.iter().copied(), |piece| &piece.symbol, &mut |_, _| PageNode::default());
                PageNode { children: symbols.into_iter().map(demangled).collect(), ..PageNode::default() }
            });
            PageNode { why: chains.of_member(member), children: sections, ..PageNode::default() }
        });
        let package = some.iter().find_map(|piece| piece.package.clone());
        PageNode {
            package,
            own: chains.own.contains(name),
            why: chains.of_library(name),
            children: members,
            ..PageNode::default()
        }
    });
    let data = PageData { program, bytes: pieces.bytes, libraries, steps: chains.steps };
    // A name may have the end of the script in it, or what begins a comment.
    let data = serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c");
    let (head, rest) = TEMPLATE.split_once(TITLE).unwrap_or((TEMPLATE, ""));
    let (body, end) = rest.split_once(DATA).unwrap_or((rest, ""));
    [head, &escaped(program), body, &data, end].concat()
}

fn demangled(node: PageNode) -> PageNode {
    PageNode { name: symbol_names::shown(&node.name), ..node }
}

/// Pieces by a name of theirs, largest first. `make` gives what is inside of one.
fn grouped<'p>(
    pieces: impl Iterator<Item = &'p FilePiece>,
    name: impl Fn(&'p FilePiece) -> &'p String,
    make: &mut dyn FnMut(&str, &[&'p FilePiece]) -> PageNode,
) -> Vec<PageNode> {
    let mut by_name: BTreeMap<&str, Vec<&FilePiece>> = BTreeMap::new();
    for piece in pieces {
        by_name.entry(name(piece)).or_default().push(piece);
    }
    let node = |(name, some): (&str, Vec<&'p FilePiece>)| {
        let bytes = some.iter().map(|piece| piece.bytes).sum();
        let made = make(name, &some);
        // A single thing of the same name says nothing more.
        let plain = made.children.len() == 1 && made.children.iter().all(|c| c.name == name && c.why.is_none());
        let children = if plain { Vec::new() } else { made.children };
        PageNode { name: name.to_owned(), bytes, children, ..made }
    };
    let mut nodes: Vec<PageNode> = by_name.into_iter().map(node).collect();
    nodes.sort_by_key(|node| std::cmp::Reverse(node.bytes));
    nodes
}

/// Text of a document.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The chains that the page tells.
struct PageChains<'r> {
    chains: ReferenceChains<'r>,
    /// Sections, by the file and by the member that they are of.
    by_library: HashMap<&'r str, Vec<u32>>,
    by_member: HashMap<String, Vec<u32>>,
    /// Names of the program's own objects, and of those that the compiler names.
    own: HashSet<&'r str>,
    start: HashSet<&'r str>,
    steps: Vec<(String, Option<String>, String)>,
    numbers: HashMap<(String, Option<String>, String), usize>,
}

impl<'r> PageChains<'r> {
    fn of(record: &'r SizeRecord) -> PageChains<'r> {
        let mut by_library: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut by_member: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, section) in (0u32..).zip(&record.sections) {
            if let Some(input) = record.inputs.get(section.input as usize) {
                by_library.entry(&input.file).or_default().push(number);
                by_member.entry(input.shown()).or_default().push(number);
            }
        }
        let of_role = |role| record.inputs.iter().filter(|i| i.role == role).map(|i| i.file.as_str()).collect();
        let chains = ReferenceChains::of(record);
        let (own, start) = (of_role(InputRole::Own), of_role(InputRole::Start));
        PageChains { chains, by_library, by_member, own, start, steps: Vec::new(), numbers: HashMap::new() }
    }

    fn of_library(&mut self, name: &str) -> Option<PageChain> {
        let sections = self.by_library.get(name)?.clone();
        Some(self.chain(name, &sections))
    }

    fn of_member(&mut self, name: &str) -> Option<PageChain> {
        let sections = self.by_member.get(name)?.clone();
        Some(self.chain(name, &sections))
    }

    fn chain(&mut self, name: &str, sections: &[u32]) -> PageChain {
        let told = |told| PageChain { steps: Vec::new(), exact: true, end: None, told: Some(told) };
        if self.own.contains(name) {
            return told("It is the program’s own.");
        }
        if self.start.contains(name) {
            return told("It is start-up code that the compiler names in each link.");
        }
        let Some(chain) = self.chains.to(sections) else {
            return told("No reference leads to it: the linker was told to take it, or what leads to it is not known.");
        };
        if chain.links.is_empty() {
            return told(match chain.from {
                ChainStart::Own => "It is the program’s own.",
                ChainStart::Start => "It is start-up code that the compiler names in each link.",
            });
        }
        let end = chain.links.last().map(|link| link.to.clone());
        let steps = chain.links.into_iter().map(|link| self.step((link.from, link.by, link.symbol))).collect();
        PageChain { steps, exact: chain.exact, end, told: None }
    }

    fn step(&mut self, step: (String, Option<String>, String)) -> usize {
        let next = self.steps.len();
        let number = *self.numbers.entry(step.clone()).or_insert(next);
        if number == next {
            self.steps.push(step);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::super::file_pieces::tests::pieces_of;
    use super::super::size_record::tests::chain;
    use super::*;
    use serde_json::Value;

    fn data(page: &str) -> Value {
        let (_, rest) = page.split_once("id=\"data\">").unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn boxes_have_the_sums_of_what_is_in_them_and_the_chains() {
        let record = chain();
        let page = page("prog", &pieces_of(&record), &record);
        let data = data(&page);
        fn check(node: &Value) {
            if let Some(children) = node["children"].as_array() {
                let sum: u64 = children.iter().map(|c| c["bytes"].as_u64().unwrap()).sum();
                assert_eq!(node["bytes"].as_u64().unwrap(), sum, "{node}");
                children.iter().for_each(check);
            }
        }
        let libraries = data["libraries"].as_array().unwrap();
        libraries.iter().for_each(check);
        assert_eq!(libraries.iter().map(|l| l["bytes"].as_u64().unwrap()).sum::<u64>(), data["bytes"]);
        let library = |name: &str| libraries.iter().find(|l| l["name"] == name).unwrap();
        let steps: Vec<&Value> = library("libb.a")["why"]["steps"].as_array().unwrap().iter().collect();
        assert_eq!((steps.len(), &data["steps"][1]), (2, &serde_json::json!(["liba.a(x.o)", "other", "y"])));
        assert_eq!(library("libb.a")["why"]["end"], "libb.a(y.o)");
        assert!(library("main.c")["why"]["told"].as_str().unwrap().contains("own"));
        assert!(page.contains("foo::bar\\u003cstd::map") && page.contains("<title>prog</title>"));
    }

    #[test]
    fn names_are_no_markup() {
        let mut record = chain();
        record.inputs[2].file = "</script><img src=x onerror=\"alert(1)\">.a".into();
        record.sections[2].symbols[0].0 = "<!--<script>&'\"".into();
        let page = page("a\"<b>&.c", &pieces_of(&record), &record);
        assert!(page.contains("<title>a&quot;&lt;b&gt;&amp;.c</title>"));
        assert!(!page.contains("<img") && page.matches("</script>").count() == 2 && !page.contains("<!--<"));
        let data = data(&page);
        assert_eq!(data["program"], "a\"<b>&.c");
        assert!(data["libraries"].as_array().unwrap().iter().any(|l| l["name"] == record.inputs[2].file.as_str()));
    }
}
