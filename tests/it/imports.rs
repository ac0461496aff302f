//! Reads Rust sources far enough to say which file uses which, and how long each function is.
//!
//! Not a compiler: names are resolved through `use` trees, `crate::`, `self::`, `super::`, child modules and `pub use`;
//! macros are not expanded, and what is below `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};

/// A word or one character of punctuation (`::` is one token), and its line from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The tokens of a source without comments, literals and lifetimes.
pub fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let (mut at, mut line) = (0, 1);
    let mut found = Vec::new();
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => find(bytes, at, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => find(bytes, at + 2, b"*/") + 2,
            b'"' => end_of_string(bytes, at),
            b'\'' => end_of_quote(bytes, at),
            b if b.is_ascii_alphanumeric() || b == b'_' => {
                let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let end = at + bytes[at..].iter().take_while(|b| is_word(b)).count();
                let word = &source[at..end];
                match (word, bytes.get(end)) {
                    ("r" | "br" | "cr", Some(b'"' | b'#')) if raw_string(bytes, end).is_some() => {
                        raw_string(bytes, end).unwrap()
                    }
                    ("b" | "c", Some(b'"')) => end_of_string(bytes, end),
                    ("b", Some(b'\'')) => end_of_quote(bytes, end),
                    _ => {
                        found.push(Token { text: word.to_owned(), line });
                        end
                    }
                }
            }
            b if b.is_ascii_whitespace() => at + 1,
            b':' if bytes[at..].starts_with(b"::") => {
                found.push(Token { text: "::".into(), line });
                at + 2
            }
            b => {
                found.push(Token { text: char::from(b).to_string(), line });
                at + 1
            }
        };
        line += bytes[at..end.min(bytes.len())].iter().filter(|b| **b == b'\n').count();
        at = end;
    }
    found
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(what.len()).position(|w| w == what).map_or(bytes.len(), |p| from + p)
}

fn end_of_string(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of a character, or of a lifetime.
fn end_of_quote(bytes: &[u8], quote: usize) -> usize {
    let rest = std::str::from_utf8(&bytes[quote + 1..]).unwrap_or_default();
    let Some(first) = rest.chars().next() else { return bytes.len() };
    if first == '\\' {
        // The character after the backslash may be a quote.
        return find(bytes, quote + 3, b"'") + 1;
    }
    let after = quote + 1 + first.len_utf8();
    if bytes.get(after) == Some(&b'\'') {
        return after + 1;
    }
    quote + 1 + bytes[quote + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
}

/// The end of a raw string whose `#`s or quote begin here.
fn raw_string(bytes: &[u8], from: usize) -> Option<usize> {
    let marks = bytes[from..].iter().take_while(|b| **b == b'#').count();
    (bytes.get(from + marks) == Some(&b'"')).then(|| {
        let end = [b"\"".as_slice(), &b"#".repeat(marks)].concat();
        find(bytes, from + marks + 1, &end) + end.len()
    })
}

/// The index of the bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// Leaves out each item that `#[cfg(test)]` stands before.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let marks = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_mark = tokens[at..].len() >= marks.len() && tokens[at..].iter().zip(marks).all(|(t, m)| t.text == m);
        if !is_mark {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += marks.len();
        while at < tokens.len() && !matches!(tokens[at].text.as_str(), "{" | ";") {
            at = if matches!(tokens[at].text.as_str(), "(" | "[") { closing(tokens, at) + 1 } else { at + 1 };
        }
        at = if tokens.get(at).is_some_and(|t| t.text == "{") { closing(tokens, at) + 1 } else { at + 1 };
    }
    kept
}

/// Functions that have a body: name, first line, number of lines.
pub fn functions(tokens: &[Token]) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [keyword, name] = pair else { continue };
        // A type `fn(u8)` has no name.
        if keyword.text != "fn" || !name.text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            continue;
        }
        let mut open = at + 2;
        while open < tokens.len() && !matches!(tokens[open].text.as_str(), "{" | ";") {
            open = if matches!(tokens[open].text.as_str(), "(" | "[") { closing(tokens, open) + 1 } else { open + 1 };
        }
        if tokens.get(open).is_some_and(|t| t.text == "{") {
            let last = tokens[closing(tokens, open)].line;
            found.push((name.text.clone(), keyword.line, last - keyword.line + 1));
        }
    }
    found
}

/// Structs, enums, traits, unions and type aliases that more than their own file sees, by name.
pub fn public_types(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, t)| t.text == "pub") {
        let mut next = at + 1;
        if tokens.get(next).is_some_and(|t| t.text == "(") {
            next = closing(tokens, next) + 1;
        }
        let kind = tokens.get(next).map_or("", |t| t.text.as_str());
        if matches!(kind, "struct" | "enum" | "trait" | "union" | "type") {
            found.extend(tokens.get(next + 1).map(|t| t.text.clone()));
        }
    }
    found
}

type Path = Vec<String>;

/// A leaf of a `use` tree.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Import {
    path: Path,
    /// The name by which the file knows it.
    name: String,
    is_public: bool,
}

/// Reads a `use` tree from `at` on; gives the index after it.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &Path, is_public: bool, into: &mut Vec<Import>) -> usize {
    let mut path = prefix.clone();
    loop {
        match tokens.get(at).map(|t| t.text.as_str()) {
            Some("::") => at += 1,
            Some("{") => {
                let end = closing(tokens, at);
                at += 1;
                while at < end {
                    at = use_tree(tokens, at, &path, is_public, into);
                    if tokens[at].text == "," {
                        at += 1;
                    }
                }
                return end + 1;
            }
            Some("as") => {
                let name = tokens[at + 1].text.clone();
                into.push(Import { path, name, is_public });
                return at + 2;
            }
            Some("," | ";" | "}") | None => break,
            // `use a::b::{self}` is `use a::b`.
            Some("self") if !path.is_empty() => at += 1,
            Some(word) => {
                path.push(word.to_owned());
                at += 1;
            }
        }
    }
    if let Some(name) = path.last().cloned() {
        into.push(Import { path, name, is_public });
    }
    at
}

/// The imports of a file, and every other path in it that has more than one segment.
fn paths(tokens: &[Token]) -> (Vec<Import>, Vec<Path>) {
    let (mut imports, mut others) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let text = |n: usize| tokens.get(n).map_or("", |t| t.text.as_str());
        let before = if at > 0 { text(at - 1) } else { "" };
        let is_word = text(at).starts_with(|c: char| c.is_alphabetic() || c == '_');
        if text(at) == "use" && matches!(before, "" | ";" | "}" | "{" | "]" | "pub" | ")") {
            at = use_tree(tokens, at + 1, &Path::new(), matches!(before, "pub" | ")"), &mut imports);
        } else if is_word && text(at + 1) == "::" && !matches!(before, "::" | "$" | ".") {
            let mut path = vec![text(at).to_owned()];
            at += 1;
            while text(at) == "::" && text(at + 1).starts_with(|c: char| c.is_alphabetic() || c == '_') {
                path.push(text(at + 1).to_owned());
                at += 2;
            }
            others.push(path);
        } else {
            at += 1;
        }
    }
    (imports, others)
}

/// Which file uses which, and what of it.
pub struct Graph {
    pub edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// A crate's modules by path, `` for its root.
struct Crate {
    /// The file of each module.
    files: BTreeMap<Path, String>,
    /// What a module re-exports: module and name to the path that it stands for.
    exports: BTreeMap<(Path, String), Path>,
}

/// The module of a file: `src/a/mod.rs` and `src/a.rs` are both `a`.
fn module_of(file: &str) -> Path {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    if inner == "lib" { Path::new() } else { inner.split('/').map(str::to_owned).collect() }
}

impl Crate {
    /// A path as seen from a module, from the crate's root; none for other crates' and for names without a module.
    fn absolute(&self, path: &[String], module: &[String], imports: &[Import]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        let join = |base: &[String], rest: &[String]| [base, rest].concat();
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some(join(module, rest)),
            "super" => {
                let mut base = module.split_last()?.1;
                let mut rest = rest;
                while let Some(("super", more)) = rest.split_first().map(|(f, m)| (f.as_str(), m)) {
                    (base, rest) = (base.split_last()?.1, more);
                }
                Some(join(base, rest))
            }
            name => {
                if let Some(import) = imports.iter().find(|i| i.name == name) {
                    return Some(join(&self.absolute(&import.path, module, &[])?, rest));
                }
                let child = join(module, std::slice::from_ref(first));
                self.files.contains_key(&child).then(|| join(&child, rest))
            }
        }
    }

    /// The file where an absolute path leads, through re-exports, and the name there.
    fn target(&self, path: &[String], depth: usize) -> Option<(&String, String)> {
        let module = (0..=path.len()).rev().map(|n| &path[..n]).find(|p| self.files.contains_key(*p))?;
        let rest = &path[module.len()..];
        let name = rest.first().cloned().unwrap_or_default();
        match self.exports.get(&(module.to_vec(), name.clone())) {
            Some(to) if depth < 8 => self.target(&[to.as_slice(), &rest[1..]].concat(), depth + 1),
            _ => self.files.get(module).map(|file| (file, name)),
        }
    }
}

/// The graph of a crate's files: path from the crate's root, and text.
pub fn graph<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Graph {
    let read: Vec<(String, Path, Vec<Import>, Vec<Path>)> = sources
        .into_iter()
        .map(|(file, text)| {
            let (imports, others) = paths(&without_tests(&tokens(text)));
            (file.to_owned(), module_of(file), imports, others)
        })
        .collect();
    let files = read.iter().map(|(file, module, ..)| (module.clone(), file.clone())).collect();
    let mut all = Crate { files, exports: BTreeMap::new() };
    for (_, module, imports, _) in &read {
        for import in imports.iter().filter(|i| i.is_public) {
            if let Some(to) = all.absolute(&import.path, module, &[]) {
                all.exports.insert((module.clone(), import.name.clone()), to);
            }
        }
    }
    let mut edges: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (file, module, imports, others) in &read {
        let of_imports = imports.iter().filter_map(|i| all.absolute(&i.path, module, &[]));
        let of_others = others.iter().filter_map(|p| all.absolute(p, module, imports));
        for path in of_imports.chain(of_others) {
            if let Some((to, name)) = all.target(&path, 0).filter(|(to, _)| *to != file) {
                edges.entry(file.clone()).or_default().entry(to.clone()).or_default().insert(name);
            }
        }
    }
    Graph { edges }
}

impl Graph {
    /// The files that a file leads to, directly or through others.
    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut todo = vec![from];
        while let Some(file) = todo.pop() {
            for next in self.edges.get(file).into_iter().flat_map(BTreeMap::keys) {
                if found.insert(next.as_str()) {
                    todo.push(next);
                }
            }
        }
        found
    }

    /// Sets of more than one file, each of which leads to all the others.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.edges.keys().map(|f| (f.as_str(), self.reachable(f))).collect();
        let mut found: Vec<BTreeSet<&str>> = Vec::new();
        for (file, to) in &reach {
            let circle: BTreeSet<&str> =
                to.iter().copied().filter(|t| reach.get(t).is_some_and(|back| back.contains(file))).collect();
            if circle.len() > 1 && !found.contains(&circle) {
                found.push(circle);
            }
        }
        found
    }
}

fn words(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().map(|t| t.text.as_str()).collect()
}

#[test]
fn comments_literals_and_lifetimes_are_no_tokens() {
    let source = "a // b\n/* c */ \"d \\\" e\" r#\"f \" g\"# b'\\'' 'h' '\\'' &'i j b\"k\" '{' br\"l\" ':' m";
    assert_eq!(words(&tokens(source)), ["a", "&", "j", "m"]);
    assert_eq!(tokens("a\n\"x\ny\"\nb").last().map(|t| t.line), Some(4));
    assert_eq!(words(&tokens("r + r::x")), ["r", "+", "r", "::", "x"]);
}

#[test]
fn tests_are_left_out() {
    let source = "fn a() {} #[cfg(test)] #[derive(X)] mod tests { fn b() {} } fn c() {} #[cfg(test)] use d::e; f";
    let left = without_tests(&tokens(source));
    let left = words(&left).join(" ");
    assert_eq!(left, "fn a ( ) { } fn c ( ) { } f");
}

#[test]
fn functions_are_measured_from_their_first_line_to_their_last() {
    let source = "fn a() {\n}\nfn b(f: fn(u8) -> [u8; 2]) -> u8\nwhere T: U {\n if x {\n }\n}\ntrait T {\n fn c();\n}";
    let found = functions(&tokens(source));
    assert_eq!(found, [("a".into(), 1, 2), ("b".into(), 3, 5)]);
}

#[test]
fn public_types_are_named() {
    let source =
        "pub struct A; pub(crate) enum B {} struct C; pub fn d() {} pub(in crate::x) type E = u8; pub trait F {}";
    assert_eq!(public_types(&tokens(source)), ["A", "B", "E", "F"]);
}

#[test]
fn imports_are_resolved_through_modules_aliases_and_re_exports() {
    let graph = graph([
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a/mod.rs", "mod inner; mod other; pub use inner::{Thing, Second as Two};"),
        ("src/a/inner.rs", "pub struct Thing; pub struct Second;"),
        ("src/a/other.rs", "use super::{Thing, inner::{self, Second}}; fn f() { inner::g(); }"),
        ("src/b.rs", "use crate::{a::Two as Short, c}; fn f() { Short::new(); c::x(); let y = std::fs::read(); }"),
        (
            "src/c.rs",
            "// use crate::b;\nfn x() { crate::a::Thing::new(\"crate::b\"); }\n#[cfg(test)] mod t { use crate::b; }",
        ),
    ]);
    let to = |file: &str| -> Vec<(&str, String)> {
        let edges = graph.edges.get(file).into_iter().flatten();
        edges.map(|(to, names)| (to.as_str(), names.iter().cloned().collect::<Vec<_>>().join(" "))).collect()
    };
    let inner = "src/a/inner.rs";
    assert_eq!(to("src/a/mod.rs"), [(inner, "Second Thing".into())]);
    assert_eq!(to("src/a/other.rs"), [(inner, " Second Thing g".into())]);
    assert_eq!(to("src/b.rs"), [(inner, "Second".into()), ("src/c.rs", " x".into())]);
    assert_eq!(to("src/c.rs"), [(inner, "Thing".into())]);
    assert!(graph.circles().is_empty());
}

#[test]
fn circles_are_found_with_all_their_files() {
    let graph = graph([
        ("src/a.rs", "use crate::b::B; use crate::d;"),
        ("src/b.rs", "use super::c;"),
        ("src/c.rs", "fn f() -> crate::a::A {}"),
        ("src/d.rs", "use std::fs;"),
        ("src/e/mod.rs", "mod f; use f::F; pub struct E;"),
        ("src/e/f.rs", "use super::E;"),
    ]);
    let circles: Vec<Vec<&str>> = graph.circles().into_iter().map(|c| c.into_iter().collect()).collect();
    assert_eq!(circles, [vec!["src/a.rs", "src/b.rs", "src/c.rs"], vec!["src/e/f.rs", "src/e/mod.rs"]]);
}
