//! What of a link's inputs is in its output, by the output's symbols: for linkers that do not say what they take.

use super::link_job::LinkJob;
use crate::args::InputKind;
use crate::args::option_table::Role;
use crate::parallel::in_parallel;
use crate::parts::linked_parts::PartSource;
use crate::parts::symbol_match::ProgramSymbols;
use crate::parts::{PlacedInputs, PlacedMember};
use std::fs;
use std::path::{Path, PathBuf};

/// The inputs of which something is in the output. None where that can't be seen: the output has no symbols, or code was
/// compiled when it was linked.
pub(super) fn placed(job: &LinkJob, sources: &[PartSource]) -> Option<PlacedInputs> {
    if job.request.has(Role::Lto) {
        return None;
    }
    let output = fs::read(job.request.output_path()).ok()?;
    let symbols = ProgramSymbols::of(&output)?;
    let places: Vec<&PathBuf> =
        sources.iter().flat_map(|source| &source.places).filter(|place| place.is_file()).collect();
    let of = |bytes: &[u8], path: &Path| -> Vec<(PathBuf, PlacedMember)> {
        let input = |name: Option<String>| (path.to_owned(), PlacedMember { name, bytes: 0 });
        match symbols.common(bytes) {
            Some(common) => common.members().map(|member| input(Some(member))).collect(),
            None if symbols.has_object(bytes) => vec![input(None)],
            None => Vec::new(),
        }
    };
    let files = &job.resolution.path.files;
    let found = in_parallel(&places, |place| files.look(place, |bytes| of(bytes, place)).unwrap_or_default());
    // An object on the command line is taken whatever it has.
    let typed = job.request.inputs.iter().filter(|input| input.kind == InputKind::Object);
    let typed = typed.map(|input| PathBuf::from(&input.text)).filter(|path| path.extension().is_some_and(|e| e == "o"));
    let typed = typed.map(|path| (path, PlacedMember { name: None, bytes: 0 }));
    Some(PlacedInputs::of(found.into_iter().flatten().chain(typed), false))
}
