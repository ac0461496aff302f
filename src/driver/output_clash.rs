//! An output that is one of the link's own inputs. Compilers and GNU ld refuse it before they write; the built-in linker
//! would not, and none of them knows the libraries that are chosen here.

use crate::args::ld_options::{self, LdRole};
use crate::args::{InputKind, Request};
use crate::files::overwrites;
use crate::libs::{LinkedLibrary, library_ref};
use crate::message;
use std::path::{Path, PathBuf};

/// Refuses a link whose output would destroy an input, typed or chosen. Gives whether it did.
pub(super) fn refuse(request: &Request, chosen: &[LinkedLibrary]) -> bool {
    let found = destroyed(request, chosen);
    if let Some(input) = &found {
        message::error(format!("input file `{}` is the same as output file", input.display()));
    }
    found.is_some()
}

fn destroyed(request: &Request, chosen: &[LinkedLibrary]) -> Option<PathBuf> {
    let items = ld_options::split(&request.args);
    let named = ld_options::options(&items).into_iter().filter(|o| o.role == LdRole::Output);
    let mut outputs: Vec<PathBuf> = named.filter_map(|o| o.value.map(PathBuf::from)).collect();
    outputs.push(request.output_path().to_owned());
    // Most outputs are new, or were no input before: then nothing else is looked at.
    outputs.retain(|o| o.is_file());
    if outputs.is_empty() {
        return None;
    }
    let files = request.inputs.iter().filter(|i| !matches!(i.kind, InputKind::Library | InputKind::Stdin));
    let files = files.map(|i| PathBuf::from(&i.text));
    let words = library_ref::references(&items, request).into_iter().filter_map(|r| match r.named {
        library_ref::LibraryName::Path(path) => Some(path),
        _ => None,
    });
    let chosen = chosen.iter().map(|l| l.path.clone());
    let over = |input: &Path| outputs.iter().any(|output| overwrites(output, input));
    files.chain(words).chain(chosen).find(|input| over(input))
}
