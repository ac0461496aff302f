//! What a failed link says of symbols that two inputs define, and of code that can't be in a PIE.
//!
//! Under ld.so the program's own definition counts, else that of the first library. A converted shared object is linked
//! in the same way; so the hint is to convert the later ones. It never is to let the linker take any definition: the
//! functions of one library would then work on the data of another.

use super::link_job::LinkJob;
use crate::args::InputKind;
use crate::libs::member_symbols::SymbolState;
use crate::libs::{self, LinkedLibrary, Provider, library_ref};
use crate::linker_output::Listener;
use crate::message;
use crate::model::StaticKind;
use crate::options;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An input that defines a symbol.
enum Definer<'a> {
    /// An object of the program, as typed.
    Own(String),
    Library(&'a LinkedLibrary),
}

impl Definer<'_> {
    fn shown(&self) -> String {
        match self {
            Definer::Own(name) => format!("the program's own `{name}`"),
            Definer::Library(library) => {
                let path = library.path.display();
                match &library.because {
                    Some(because) => format!("`{path}`, which `{because}` needs"),
                    None => format!("`{path}`, named by `{}`", library.name),
                }
            }
        }
    }

    /// The shared object that a dynamic program would have in its place.
    fn twin(&self) -> Option<&Path> {
        match self {
            Definer::Library(l) if l.provider == Provider::Archive && !l.name.ends_with(".a") => l.twin.as_deref(),
            _ => None,
        }
    }
}

/// Names the definers, and what can be done.
pub(super) fn explain(job: &LinkJob, listener: &Listener) {
    let symbols: BTreeSet<&str> = listener.defined_twice().collect();
    let by_libraries = libs::index::defining(symbols.iter().copied(), &job.resolution.libraries);
    let mut to_convert: Vec<&Path> = Vec::new();
    let own: Vec<(String, String)> = if symbols.is_empty() { Vec::new() } else { own_definitions(job, &symbols) };
    for symbol in symbols {
        let of_program = own.iter().filter(|(name, _)| name == symbol).map(|(_, file)| Definer::Own(file.clone()));
        let libraries = by_libraries.get(symbol).into_iter().flatten().map(|l| Definer::Library(l));
        let definers: Vec<Definer<'_>> = of_program.chain(libraries).collect();
        let [first, second, ..] = &definers[..] else { continue };
        message::note(format!("`{symbol}` is defined by {} and by {}", first.shown(), second.shown()));
        // What a dynamic program has in it comes before all shared objects.
        let inside = definers.iter().any(|d| d.twin().is_none());
        let twins = by_libraries.get(symbol).into_iter().flatten().filter(|l| Definer::Library(l).twin().is_some());
        for twin in twins.skip(usize::from(!inside)).filter_map(|l| l.twin.as_deref()) {
            if !to_convert.contains(&twin) {
                to_convert.push(twin);
            }
        }
    }
    if let Some(hint) = conversion(&to_convert) {
        message::hint(hint);
    }
    if listener.refused_fixed_code() && job.plan.kind == StaticKind::StaticPie {
        message::hint("code with fixed addresses can't be in a PIE: compile it with `-fPIE`, or link with `-no-pie`");
    }
}

fn conversion(twins: &[&Path]) -> Option<String> {
    let stem = |twin: &&Path| library_ref::stem(twin).map(|s| s.to_string_lossy().into_owned());
    let stems: Vec<String> = twins.iter().filter_map(stem).collect();
    let files: Vec<String> = twins.iter().map(|t| format!("`{}`", t.display())).collect();
    (!stems.is_empty()).then(|| {
        format!(
            "{}=auto,{} takes {} instead: as under ld.so, the first definition counts for all",
            options::CONVERT.name,
            stems.join(","),
            files.join(" and ")
        )
    })
}

/// Which objects of the program define the symbols: pairs of symbol and file.
fn own_definitions(job: &LinkJob, symbols: &BTreeSet<&str>) -> Vec<(String, String)> {
    let objects = job.request.inputs.iter().filter(|i| i.kind == InputKind::Object).map(|i| PathBuf::from(&i.text));
    let mut found = Vec::new();
    for object in objects {
        let Some(read) = job.resolution.path.files.object(&object) else { continue };
        let strong = read.iter().filter(|(_, state)| *state == SymbolState::Strong);
        let names = strong.map(|(name, _)| String::from_utf8_lossy(name).into_owned());
        let source = job.compiled.as_ref().and_then(|c| c.source(&object));
        let shown = source.map_or_else(|| object.display().to_string(), str::to_owned);
        found.extend(names.filter(|n| symbols.contains(n.as_str())).map(|n| (n, shown.clone())));
    }
    found
}
