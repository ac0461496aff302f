//! A finished static program beside a dynamic one: what ld.so binds there, and is not in the static one.

use super::dynamic_bindings::{ScopeModule, SymbolScope};
use super::ld_so;
use super::member_symbols::SymbolName;
use super::scope_files;
use super::weak_bindings::may_be_bound;
use crate::check::{BoundSymbol, Image};
use crate::convert::Library;
use foldhash::{HashMap, HashSet};
use object::{Object, ObjectSymbol};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Why two files can't be compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotCompared {
    /// The first is not a dynamic program for a supported machine.
    NotDynamic(String),
    /// A shared object of it is not found.
    NotFound(String),
    /// The second has no symbols.
    Stripped,
    /// One can't be read.
    Unreadable(String),
}

/// A difference between two files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct FileDifference {
    #[serde(flatten)]
    pub binding: BoundSymbol,
    /// The static program has the code that refers to it. Otherwise it has other code of that library, and whether this
    /// too its symbols do not tell: GNU ld leaves out weak references that are null.
    pub certain: bool,
}

/// The names of a static program.
#[derive(Default)]
struct StaticNames {
    defined: HashSet<SymbolName>,
    /// Weak references that are null, where the linker has kept them.
    null: HashSet<SymbolName>,
}

/// What differs, sorted: references of the dynamic program and of those of its libraries that the static one contains,
/// and libraries with constructors of which nothing is there.
///
/// # Errors
/// Why they can't be compared.
pub(crate) fn differences(
    dynamic: &Path,
    image: &Image,
    statically: &Path,
    library_path: &[PathBuf],
) -> Result<Vec<FileDifference>, NotCompared> {
    let unreadable = |e: std::io::Error| NotCompared::Unreadable(e.to_string());
    let program = fs::read(dynamic).map_err(unreadable)?;
    let program = Library::read_program(&program).map_err(|e| NotCompared::NotDynamic(e.to_string()))?;
    let list = ld_so::load_list(dynamic, image, library_path);
    if let Some(absent) = list.absent.first() {
        return Err(NotCompared::NotFound(absent.name.clone()));
    }
    let there = names(&fs::read(statically).map_err(unreadable)?).ok_or(NotCompared::Stripped)?;
    let mut modules = vec![scope_files::module(&program, "the program".into())];
    let mut starts = vec![false];
    for loaded in &list.loaded {
        let bytes = fs::read(&loaded.path).map_err(unreadable)?;
        let Ok(library) = Library::read(&bytes) else { continue };
        starts.push(library.has_constructors());
        modules.push(scope_files::module(&library, loaded.name.clone()));
    }
    Ok(compare(&modules, &starts, &there))
}

/// The names of a program; none if it is stripped.
fn names(bytes: &[u8]) -> Option<StaticNames> {
    let object = object::File::parse(bytes).ok()?;
    let mut names = StaticNames::default();
    for symbol in object.symbols() {
        let Ok(name) = symbol.name_bytes() else { continue };
        if symbol.is_definition() || symbol.is_common() {
            names.defined.insert(name.to_vec());
        } else if symbol.is_undefined() {
            names.null.insert(name.to_vec());
        }
    }
    (!names.defined.is_empty()).then_some(names)
}

/// The same of what was read. `starts`: which modules have constructors of their own.
fn compare(modules: &[ScopeModule], starts: &[bool], there: &StaticNames) -> Vec<FileDifference> {
    let scope = SymbolScope::of(modules);
    let parts: Vec<Part> = only_there(modules).iter().map(|names| Part::of(names, &there.defined)).collect();
    let part = |at: usize| if at == 0 { Part::All } else { parts.get(at).copied().unwrap_or(Part::Nothing) };
    let mut found = BTreeSet::new();
    for (from, module) in modules.iter().enumerate().filter(|(from, _)| part(*from) != Part::Nothing) {
        let null = module.wanted.iter().filter(|w| !there.defined.contains(&w.name) && (from == 0 || w.weak));
        for wanted in null.filter(|w| may_be_bound(&w.name)) {
            let definer = scope.definer(from, wanted).filter(|to| *to != from);
            let Some(to) = definer.and_then(|to| modules.get(to)) else { continue };
            let binding = BoundSymbol {
                symbol: String::from_utf8_lossy(&wanted.name).into_owned(),
                by: module.name.clone(),
                dynamic: Some(to.name.clone()),
                statically: None,
            };
            let certain = part(from) == Part::All || there.null.contains(&wanted.name);
            found.insert(FileDifference { binding, certain });
        }
    }
    for (at, module) in modules.iter().enumerate() {
        if starts.get(at) == Some(&true) && part(at) == Part::Nothing {
            let name = || module.name.clone();
            let binding =
                BoundSymbol { symbol: "constructors".into(), by: name(), dynamic: Some(name()), statically: None };
            found.insert(FileDifference { binding, certain: true });
        }
    }
    found.into_iter().collect()
}

/// How much of a module a static program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Some,
    Nothing,
}

impl Part {
    fn of(names: &HashSet<&SymbolName>, there: &HashSet<SymbolName>) -> Part {
        match names.iter().filter(|n| there.contains(**n)).count() {
            0 => Part::Nothing,
            count if count == names.len() => Part::All,
            _ => Part::Some,
        }
    }
}

/// The names of each module that no other one has.
fn only_there(modules: &[ScopeModule]) -> Vec<HashSet<&SymbolName>> {
    let mut owners: HashMap<&SymbolName, BTreeSet<usize>> = HashMap::default();
    for (at, module) in modules.iter().enumerate() {
        for symbol in &module.offered {
            owners.entry(&symbol.name).or_default().insert(at);
        }
    }
    let mut only: Vec<HashSet<&SymbolName>> = modules.iter().map(|_| HashSet::default()).collect();
    for (name, of) in owners {
        if let (1, Some(names)) = (of.len(), of.first().and_then(|at| only.get_mut(*at))) {
            names.insert(name);
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use super::super::dynamic_bindings::{OfferedSymbol, WantedSymbol};
    use super::*;

    fn module(name: &str, offered: &str, strong: &str, weak: &str) -> ScopeModule {
        let offer = |n: &str| OfferedSymbol { name: n.into(), ..OfferedSymbol::default() };
        let want = |n: &str, weak| WantedSymbol { name: n.into(), version: None, weak };
        let strong = strong.split_whitespace().map(|n| want(n, false));
        ScopeModule {
            name: name.into(),
            offered: offered.split_whitespace().map(offer).collect(),
            wanted: strong.chain(weak.split_whitespace().map(|n| want(n, true))).collect(),
            ..ScopeModule::default()
        }
    }

    fn lines(modules: &[ScopeModule], starts: &[bool], there: &str) -> Vec<String> {
        let defined = there.split_whitespace().map(|n| n.as_bytes().to_vec()).collect();
        let found = compare(modules, starts, &StaticNames { defined, ..StaticNames::default() });
        let line =
            |d: &FileDifference| format!("{}{}: {}", if d.certain { "" } else { "perhaps " }, d.binding.by, d.binding);
        found.iter().map(line).collect()
    }

    #[test]
    fn weak_references_and_constructors_that_are_gone_are_named() {
        let modules = [
            module("the program", "main", "xml", ""),
            module("libxml.so", "xml more", "", "lock"),
            module("libprofiler.so", "profile", "", "lock"),
            module("libc.so", "lock", "", ""),
        ];
        let starts = [false, false, true, true];
        assert_eq!(lines(&modules, &starts, "main xml lock profile"), [""; 0]);
        assert_eq!(
            lines(&modules, &starts, "main xml lock"),
            ["libprofiler.so: constructors: dynamic libprofiler.so, static null"]
        );
        let null = "libxml.so: lock: dynamic libc.so, static null";
        assert_eq!(lines(&modules, &[false; 4], "main xml more"), [null]);
        assert_eq!(lines(&modules, &[false; 4], "main xml"), [format!("perhaps {null}")]);
        assert_eq!(lines(&modules, &[false; 4], "main"), ["the program: xml: dynamic libxml.so, static null"]);
    }

    #[test]
    fn a_stripped_program_has_no_names() {
        assert!(names(b"").is_none() && names(b"\x7fELF").is_none());
    }
}
