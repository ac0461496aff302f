//! Which libraries of a link ld.so would load, and whose constructors it would therefore run.
//!
//! Source: ld's manual, `--as-needed`: a library is loaded if it is named under `--no-as-needed` or an object needs a
//! symbol of it, and then what it needs itself is loaded too.

use super::exported_names::ExportedNames;
use super::library_file::{LibraryFile, Needs};
use super::member_symbols::SymbolState;
use super::resolution::Provider;
use super::resolver::Resolver;
use super::suitability::Looked;
use super::supplier::Use;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// A library that ld.so might load.
struct Loadable {
    shared: PathBuf,
    file: Arc<LibraryFile>,
    needs: Needs,
    always: bool,
}

impl Resolver<'_> {
    /// Notes the symbols of archives' members with constructors, and has converted libraries with constructors linked in
    /// where ld.so would load them though nothing refers to them.
    pub(super) fn run_constructors(&mut self, kept: &[&Looked]) {
        let converted = self.supplier.left_to_references();
        let archives = || kept.iter().filter(|l| !l.facts.starters.names.is_empty());
        if converted.is_empty() && archives().next().is_none() {
            return;
        }
        let loaded = self.loaded();
        let is_loaded = |l: &&&Looked| l.always || l.beside.as_ref().is_some_and(|(shared, _)| loaded.contains(shared));
        let started = archives().filter(is_loaded).flat_map(|l| l.facts.starters.names.iter().cloned());
        self.out.started = started.collect();
        for shared in converted.into_iter().filter(|shared| loaded.contains(shared)) {
            self.supplier.take_always(&shared);
        }
    }

    /// The shared objects that ld.so would load.
    pub(super) fn loaded(&self) -> BTreeSet<PathBuf> {
        let all: Vec<Loadable> = self.loadable().collect();
        let mut todo: Vec<usize> = self.needed_by_objects(&all).into_iter().collect();
        todo.extend(all.iter().enumerate().filter(|(_, l)| l.always).map(|(at, _)| at));
        let mut loaded = BTreeSet::new();
        while let Some(library) = todo.pop().and_then(|at| all.get(at)) {
            if loaded.insert(library.shared.clone()) {
                let is_it = |needed: &String| all.iter().position(|l| l.needs.soname.as_ref() == Some(needed));
                todo.extend(library.needs.needed.iter().filter_map(is_it));
            }
        }
        loaded
    }

    fn loadable(&self) -> impl Iterator<Item = Loadable> {
        let libraries = self.out.libraries.iter().zip(&self.placements);
        libraries.filter(|(library, _)| library.provider != Provider::Plugin).filter_map(|(library, placement)| {
            let shared = library.twin.clone()?;
            let file = self.path.files.get(&shared)?;
            let needs = file.needs(&shared);
            Some(Loadable { shared, file, needs, always: placement.use_of_it == Use::Always })
        })
    }

    /// The first library that has each symbol which an object needs.
    fn needed_by_objects(&self, all: &[Loadable]) -> BTreeSet<usize> {
        let exported: Vec<ExportedNames<'_>> =
            all.iter().map(|l| l.file.bytes().map(ExportedNames::of).unwrap_or_default()).collect();
        let objects = self.objects.iter().filter_map(|object| self.path.files.object(object));
        let mut found = BTreeSet::new();
        for object in objects {
            let needed = object.iter().filter(|(_, state)| *state == SymbolState::Needed);
            found.extend(needed.filter_map(|(name, _)| exported.iter().position(|e| e.contains(name))));
        }
        found
    }
}
