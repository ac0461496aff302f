//! The weak references of a link that its program would have bound under ld.so, and that it has to ask for: what is
//! read of the inputs for [`super::weak_bindings`].
//!
//! Archives that stand on the line by their file names are not asked for more: in a dynamic link too their members come
//! in for strong references only. Of sources of the same call
//! nothing is known, so that all members of its archives count as taken; then only the toolchain's libraries are asked.

use super::link_inputs::LinkInputs;
use super::member_symbols::{LooseSymbols, MemberSymbols, SymbolName};
use super::resolution::{Provider, Resolution};
use super::simulated_linker::LinkSymbols;
use super::weak_bindings;
use super::wide_streams;
use crate::args::Request;
use crate::args::option_table::Role;
use crate::model::{Language, Libc};
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
    /// No code that is linked in refers to dlopen and the like, though an input does.
    pub(crate) never_asks: bool,
}

/// Nothing where the call brings start files of its own, and with them perhaps another C library.
pub(crate) fn to_ask_for(request: &Request, facts: &Facts, language: Language, resolution: &Resolution) -> LooseEnds {
    if request.has(Role::NoStartFiles) || request.has(Role::NoStdlib) {
        return LooseEnds::default();
    }
    let inputs = LinkInputs::of(request, facts, language, resolution).with_converted();
    let found = inputs.loose();
    let chosen = found.chosen || found.compiled_later || inputs.sources_choose(request);
    // They are 6 KB: what a plugin refers to is not looked through for them.
    let plugins = || resolution.libraries.iter().any(|l| l.provider == Provider::Plugin);
    let wide = found.wide || plugins() || inputs.sources_mention(request, wide_streams::mentioned);
    let mut ends = to_bind(&inputs, resolution, found);
    if wide && facts.libc == Libc::Glibc {
        ends.names.extend(inputs.tables_of_wide_streams());
        ends.names.sort();
        ends.names.dedup();
    }
    LooseEnds { chosen, never_asks: ends.never_asks && inputs.only_as_referenced(request), ..ends }
}

fn to_bind(inputs: &LinkInputs<'_>, resolution: &Resolution, found: LooseSymbols) -> LooseEnds {
    // The linker is asked for these too.
    let mut needed: Vec<&[u8]> = resolution.started.iter().map(String::as_bytes).collect();
    needed.extend(inputs.always_taken());
    if !found.compiled_later && inputs.takes_nothing(&needed) {
        return LooseEnds { never_asks: !inputs.objects_refer(asks), ..LooseEnds::default() };
    }
    let names = found.weak;
    let unwinder = if names.is_empty() { BTreeSet::new() } else { inputs.optional_of_unwinder() };
    let all: HashSet<SymbolName> = names.iter().chain(&unwinder).cloned().collect();
    let (third, toolchain) = (inputs.offers_of_libraries(), inputs.offers_of_toolchain(&all));
    let exported = |name: &SymbolName| third.iter().chain(&toolchain).any(|library| library.exported.contains(name));
    if !names.iter().any(exported) && !inputs.archives_refer() {
        return LooseEnds::default();
    }
    let unwinder = unwinder.iter().map(Vec::as_slice).collect();
    let mut link = LinkSymbols { unwinder, ..inputs.symbols(third, found.compiled_later) };
    link.libraries.extend(toolchain);
    link.objects.push(MemberSymbols { needed, ..MemberSymbols::default() });
    let (bound, linker) = weak_bindings::bound(&link);
    let words = bound.into_iter().filter_map(|name| String::from_utf8(name).ok());
    let never_asks = !link.unknown_code && !linker.refers(asks);
    LooseEnds { names: words.filter(|name| !name.contains(',')).collect(), never_asks, ..LooseEnds::default() }
}

/// Functions for whose callers a program has tables of what is in it.
pub(crate) const ASKING: [&str; 4] = ["dladdr", "dlopen", "dlsym", "dlvsym"];

fn asks(name: &[u8]) -> bool {
    name.starts_with(b"dl") && ASKING.iter().any(|function| name.starts_with(function.as_bytes()))
}
