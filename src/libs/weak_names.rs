//! The weak references of a link that its program would have bound under ld.so, and that it has to ask for: what is
//! read of the inputs for [`super::weak_bindings`].
//!
//! Archives that stand on the line by their file names are not asked for more: in a dynamic link too their members come
//! in for strong references only. Of sources of the same call
//! nothing is known, so that all members of its archives count as taken; then only the toolchain's libraries are asked.

use super::link_inputs::LinkInputs;
use super::member_symbols::{MemberSymbols, SymbolName};
use super::resolution::Resolution;
use super::simulated_linker::LinkSymbols;
use super::weak_bindings;
use crate::args::Request;
use crate::args::option_table::Role;
use crate::model::Language;
use crate::toolchain::Facts;
use foldhash::HashSet;
use std::collections::BTreeSet;

/// What the loose symbols of a link ask for.
#[derive(Debug, Default)]
pub(crate) struct LooseEnds {
    /// Weak references that a dynamic program would have bound, sorted.
    pub(crate) names: Vec<String>,
    /// Its inputs define functions that are chosen when the program starts, or may.
    pub(crate) chosen: bool,
}

/// Nothing where the call brings start files of its own, and with them perhaps another C library.
pub(crate) fn to_ask_for(request: &Request, facts: &Facts, language: Language, resolution: &Resolution) -> LooseEnds {
    if request.has(Role::NoStartFiles) || request.has(Role::NoStdlib) {
        return LooseEnds::default();
    }
    let inputs = LinkInputs::of(request, facts, language, resolution).with_converted();
    let found = inputs.loose();
    let chosen = found.chosen || found.compiled_later || inputs.sources_choose(request);
    LooseEnds { names: to_bind(&inputs, resolution, found.weak, found.compiled_later), chosen }
}

fn to_bind(
    inputs: &LinkInputs<'_>,
    resolution: &Resolution,
    names: BTreeSet<SymbolName>,
    compiled_later: bool,
) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    let unwinder = inputs.optional_of_unwinder();
    let all: HashSet<SymbolName> = names.iter().chain(&unwinder).cloned().collect();
    let (third, toolchain) = (inputs.offers_of_libraries(), inputs.offers_of_toolchain(&all));
    let exported = |name: &SymbolName| third.iter().chain(&toolchain).any(|library| library.exported.contains(name));
    if !names.iter().any(exported) {
        return Vec::new();
    }
    let unwinder = unwinder.iter().map(Vec::as_slice).collect();
    let mut link = LinkSymbols { unwinder, ..inputs.symbols(third, compiled_later) };
    link.libraries.extend(toolchain);
    // The linker is asked for these too.
    let started = resolution.started.iter().map(String::as_bytes);
    let needed = started.chain(inputs.always_taken()).collect();
    link.objects.push(MemberSymbols { needed, ..MemberSymbols::default() });
    let words = weak_bindings::bound(&link).into_iter().filter_map(|name| String::from_utf8(name).ok());
    words.filter(|name| !name.contains(',')).collect()
}
