//! Each reference of a static program beside what ld.so would have bound it to.
//!
//! The static side is the simulated linker's, the dynamic side that of [`super::dynamic_bindings`] over the shared objects
//! that the archives stand for. What the compiler's libraries and the C library refer to among each other is left out, and
//! so is code that is compiled when it is linked (LTO).

use super::archive_members::ArchiveMembers;
use super::dynamic_bindings::{OfferedSymbol, ScopeModule, SymbolScope, WantedSymbol};
use super::link_inputs::LinkInputs;
use super::member_symbols::MemberSymbols;
use super::resolution::{LinkedLibrary, Provider, Resolution};
use super::scope_files;
use super::simulated_linker::{ArchiveSymbols, LinkSymbols, SimulatedLinker};
use super::weak_bindings::may_be_bound;
use crate::args::Request;
use crate::check::BoundSymbol;
use crate::convert::Library;
use crate::model::Language;
use crate::toolchain::Facts;
use foldhash::HashMap;
use std::collections::BTreeSet;

/// The references of a link between its modules, sorted. `asked` are the symbols that the linker is asked for.
pub(crate) fn audit(
    request: &Request,
    facts: &Facts,
    language: Language,
    resolution: &Resolution,
    asked: &[String],
) -> Vec<BoundSymbol> {
    let inputs = LinkInputs::of(request, facts, language, resolution);
    let modules = Modules::of(&inputs, resolution);
    let mut link = inputs.symbols(inputs.offers_of_libraries(), false);
    link.libraries.extend(modules.converted.iter().map(whole));
    let names = link.all().flat_map(|m| m.needed.iter().chain(&m.optional)).map(|name| name.to_vec()).collect();
    link.libraries.extend(inputs.offers_of_toolchain(&names));
    let needed = asked.iter().map(String::as_bytes).collect();
    link.objects.push(MemberSymbols { needed, ..MemberSymbols::default() });
    modules.compare(&link, inputs.toolchain_modules())
}

/// A converted library: one member that has all of it.
fn whole(module: &ScopeModule) -> ArchiveSymbols<'_> {
    let of = |weak: bool| module.wanted.iter().filter(move |w| w.weak == weak).map(|w| w.name.as_slice()).collect();
    let strong = module.offered.iter().filter(|o| !o.hidden).map(|o| o.name.as_slice()).collect();
    let whole = MemberSymbols { strong, needed: of(false), optional: of(true), ..MemberSymbols::default() };
    ArchiveSymbols { members: ArchiveMembers::Read(vec![whole]), loaded: true, ..ArchiveSymbols::default() }
}

/// The libraries of a link, in the order of its [`LinkSymbols`], each with its shared object.
struct Modules {
    of_archives: Vec<Option<ScopeModule>>,
    /// Those that were converted come last.
    converted: Vec<ScopeModule>,
}

impl Modules {
    /// Reads the shared objects.
    fn of(inputs: &LinkInputs<'_>, resolution: &Resolution) -> Modules {
        let read = |library: &LinkedLibrary| {
            let shared = library.twin.as_deref().filter(|_| !library.name.ends_with(".a"))?;
            let file = resolution.path.files.get(shared)?;
            let name = file.needs(shared).soname.unwrap_or_else(|| library.name.clone());
            file.look(|bytes| Some(scope_files::module(&Library::read(bytes).ok()?, name)))?
        };
        let converted = resolution.libraries.iter().filter(|l| l.provider == Provider::Converted);
        Modules {
            of_archives: inputs.libraries.iter().map(|l| read(l)).collect(),
            converted: converted.filter_map(read).collect(),
        }
    }

    fn len(&self) -> usize {
        self.of_archives.len() + self.converted.len()
    }

    /// None for what is the toolchain's.
    fn get(&self, library: usize) -> Option<Option<&ScopeModule>> {
        match library.checked_sub(self.of_archives.len()) {
            None => self.of_archives.get(library).map(Option::as_ref),
            Some(converted) => self.converted.get(converted).map(Some),
        }
    }

    /// The scope: the program with what is linked into it in any case, the libraries, the toolchain's.
    fn scope(
        &self,
        link: &LinkSymbols<'_>,
        linker: &SimulatedLinker<'_, '_>,
        toolchain: Vec<ScopeModule>,
    ) -> Vec<ScopeModule> {
        let of_program = linker.defined.iter().filter(|(_, d)| match d.by {
            None => true,
            Some((library, _)) => self.get(library).is_some_and(|module| module.is_none()),
        });
        let offered = of_program.map(|(name, _)| OfferedSymbol { name: name.to_vec(), ..OfferedSymbol::default() });
        let program = ScopeModule { name: PROGRAM.into(), offered: offered.collect(), ..ScopeModule::default() };
        let loaded = |at: usize| {
            let taken = || linker.taken.iter().any(|(library, _)| *library == at);
            link.libraries.get(at).is_some_and(|l| l.loaded) || taken()
        };
        let own = (0..link.libraries.len())
            .map(|at| self.get(at).filter(|_| loaded(at)).flatten().cloned().unwrap_or_default());
        std::iter::once(program).chain(own).chain(toolchain).collect()
    }

    fn compare(&self, link: &LinkSymbols<'_>, toolchain: Vec<ScopeModule>) -> Vec<BoundSymbol> {
        let mut linker = SimulatedLinker::of(link);
        linker.settle();
        let scope = self.scope(link, &linker, toolchain);
        let search = SymbolScope::of(&scope);
        let wanted: Vec<HashMap<&[u8], &WantedSymbol>> =
            scope.iter().map(|m| m.wanted.iter().map(|w| (w.name.as_slice(), w)).collect()).collect();
        let index = |at: Option<usize>| match at {
            Some(library) if self.get(library).is_none_or(|module| module.is_some()) => library + 1,
            _ => 0,
        };
        let name = |at: usize| match scope.get(at) {
            Some(module) if at <= self.len() && !module.name.is_empty() => module.name.clone(),
            _ => C_LIBRARY.into(),
        };
        let mut found = BTreeSet::new();
        let members = linker.taken.iter().filter_map(|id| Some((Some(id.0), linker.member(*id)?)));
        let members = members.filter(|(_, (library, _))| !library.of_toolchain).map(|(at, (_, m))| (index(at), m));
        for (from, symbols) in members.chain(link.objects.iter().map(|object| (0, object))) {
            let needed = symbols.needed.iter().map(|n| (*n, false));
            for (symbol, weak) in needed.chain(symbols.optional.iter().map(|n| (*n, true))) {
                let statically = linker.defined.get(symbol).map(|d| index(d.by.map(|(l, _)| l)));
                // Without a definition the linker has failed, or takes one of its own.
                if !may_be_bound(symbol) || statically.is_none() && !weak {
                    continue;
                }
                let of_object = WantedSymbol { name: symbol.to_vec(), version: None, weak };
                let dynamic = match wanted.get(from).and_then(|w| w.get(symbol)) {
                    Some(wanted) => search.definer(from, wanted),
                    None if from == 0 => search.definer(0, &of_object),
                    // The shared object has bound it when it was linked.
                    None => Some(from),
                };
                let (dynamic, statically) = (dynamic.map(name), statically.map(name));
                if dynamic.as_deref() != Some(&name(from)) || dynamic != statically {
                    let symbol = String::from_utf8_lossy(symbol).into_owned();
                    found.insert(BoundSymbol { symbol, by: name(from), dynamic, statically });
                }
            }
        }
        found.into_iter().filter(|b| b.differs() || b.dynamic.is_some()).collect()
    }
}

const PROGRAM: &str = "the program";
const C_LIBRARY: &str = "the toolchain's libraries";
