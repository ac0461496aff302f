//! Shared objects and programs as modules of ld.so's scope.

use super::dynamic_bindings::{OfferedSymbol, ScopeModule, WantedSymbol};
use crate::convert::Library;
use crate::convert::symbols::{Symbol, WEAK};
use object::read::archive::ArchiveFile;
use std::collections::BTreeSet;

/// STV_PROTECTED.
const PROTECTED: u8 = 3;

/// A file's definitions and references. What it exports and refers to itself counts as a reference where ld.so looks it
/// up.
pub(super) fn module(library: &Library<'_>, name: String) -> ScopeModule {
    let version = |s: &Symbol<'_>| s.version.map(<[u8]>::to_vec);
    let offered = library.symbols.iter().filter(|s| s.exported()).map(|s| OfferedSymbol {
        name: s.name.to_vec(),
        version: version(s),
        hidden: s.old,
        protected: s.visibility == PROTECTED,
    });
    let looked_up: BTreeSet<usize> = library.relocations.iter().map(|r| r.symbol).collect();
    let refers = |(at, s): &(usize, &Symbol<'_>)| {
        !s.name.is_empty()
            && !s.of_the_module()
            && (!s.defined() || s.exported() && !s.bound(library.symbolic) && looked_up.contains(at))
    };
    let wanted = library.symbols.iter().enumerate().filter(refers).map(|(_, s)| WantedSymbol {
        name: s.name.to_vec(),
        version: version(s),
        weak: s.bind == WEAK && !s.defined(),
    });
    ScopeModule { name, symbolic: library.symbolic, offered: offered.collect(), wanted: wanted.collect() }
}
/// What a shared object of an archive's members would offer. What is reserved for the C library may be its own.
pub(super) fn module_of_archive(archive: &[u8], name: String) -> Option<ScopeModule> {
    let symbols = ArchiveFile::parse(archive).ok()?.symbols().ok()??;
    let names = symbols.filter_map(|symbol| Some(symbol.ok()?.name())).filter(|name| !name.starts_with(b"_"));
    let offered = names.map(|name| OfferedSymbol { name: name.to_vec(), ..OfferedSymbol::default() });
    Some(ScopeModule { name, offered: offered.collect(), ..ScopeModule::default() })
}
