//! The last question to an output: is each symbol that would have been bound bound, and to the same library?
//!
//! What the plan could mend it has mended; here is what it could not (a library that may not be converted), and what the
//! linker left out though it was asked for it.

use super::link_job::LinkJob;
use crate::check::BoundSymbol;
use crate::libs::inputs;
use crate::message;
use crate::options;
use object::{Object, ObjectSymbol};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// The references of an output that are bound to something else than ld.so would have bound them to.
pub(super) fn differing(job: &LinkJob, output: &Path) -> Vec<BoundSymbol> {
    let mut symbols: BTreeSet<&str> = left_out(job, output);
    let unkept = job.resolution.unkept.iter().flat_map(|(_, why)| why.symbols());
    symbols.extend(unkept.map(String::as_str));
    if symbols.is_empty() {
        return Vec::new();
    }
    let bindings = job.bindings().unwrap_or_else(|why| {
        log::info!("bindings are not audited: {why}");
        Vec::new()
    });
    let differs = |b: &BoundSymbol| b.differs() && symbols.contains(b.symbol.as_str());
    bindings.into_iter().filter(differs).collect()
}

/// The symbols that the linker was asked for and that the output does not define. None if it is stripped.
fn left_out<'j>(job: &'j LinkJob, output: &Path) -> BTreeSet<&'j str> {
    if job.asked.is_empty() {
        return BTreeSet::new();
    }
    inputs::look(output, |bytes| not_defined(&job.asked, bytes)).unwrap_or_default()
}

fn not_defined<'j>(asked: &'j [String], bytes: &[u8]) -> BTreeSet<&'j str> {
    let mut left: HashMap<&[u8], &str> = asked.iter().map(|name| (name.as_bytes(), name.as_str())).collect();
    let Ok(file) = object::File::parse(bytes) else { return BTreeSet::new() };
    if file.symbol_table().is_none() {
        return BTreeSet::new();
    }
    for symbol in file.symbols().filter(|s| !s.is_undefined()) {
        if let Ok(name) = symbol.name_bytes() {
            left.remove(name);
        }
    }
    left.into_values().collect()
}

/// Whether the program calls another function than its dynamic twin, which is an error unless the call itself allows
/// several definitions. Says so.
pub(super) fn refused(job: &LinkJob, output: &Path, differing: &[BoundSymbol], strict: bool) -> bool {
    const ALLOWED: [&str; 2] = ["--allow-multiple-definition", "muldefs"];
    let allows = |word: &str| ALLOWED.iter().any(|a| word.contains(a));
    let allowed = job.request.args.iter().any(|a| a.words().any(|w| allows(&w.to_string_lossy())));
    let other: Vec<&BoundSymbol> = differing.iter().filter(|b| b.statically.is_some() && !allowed).collect();
    let Some(first) = other.first() else { return false };
    let more = other.len() - 1;
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    let text = format!("`{}` is not the program that a dynamic link would make: {first}{more}", output.display());
    if !strict {
        message::warning(text);
        return false;
    }
    message::error(text);
    let archive = job.resolution.unkept.iter().map(|(archive, _)| archive).next();
    let library = archive.and_then(|a| a.file_stem()).map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    message::hint(format!("`{}=auto,{library}` takes the shared object of `{library}`", options::CONVERT.name));
    true
}
