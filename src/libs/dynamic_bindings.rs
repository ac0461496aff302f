//! Which definition ld.so binds each reference of a dynamic program to, computed from symbols alone.
//!
//! Sources: System V ABI, "Shared Object Dependencies" (the scope is searched breadth first, the program comes first) and
//! "Symbol Visibility" (a protected definition serves its own module); glibc's `do_lookup_x` and `check_match`: a weak
//! definition counts as much as a strong one, a version must be the same unless the definition has none, and a reference
//! without a version takes the default one.

use super::member_symbols::SymbolName;
use foldhash::HashMap;

/// A definition that a module offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OfferedSymbol {
    pub name: SymbolName,
    pub version: Option<Vec<u8>>,
    /// Only references to its version find it.
    pub hidden: bool,
    /// References from its own module always find it (STV_PROTECTED).
    pub protected: bool,
}

/// A reference of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WantedSymbol {
    pub name: SymbolName,
    pub version: Option<Vec<u8>>,
    /// Null if nothing defines it.
    pub weak: bool,
}

/// The program or a shared object, in the order of ld.so's scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ScopeModule {
    /// `the program`, or a soname.
    pub name: String,
    /// Its own definitions come first for itself (`-Bsymbolic`).
    pub symbolic: bool,
    pub offered: Vec<OfferedSymbol>,
    pub wanted: Vec<WantedSymbol>,
}

/// The definitions of a scope, by name.
pub(crate) struct SymbolScope<'m> {
    modules: &'m [ScopeModule],
    /// The modules that offer a name, in order.
    offers: HashMap<&'m [u8], Vec<(usize, &'m OfferedSymbol)>>,
}

impl<'m> SymbolScope<'m> {
    pub(crate) fn of(modules: &'m [ScopeModule]) -> SymbolScope<'m> {
        let mut offers: HashMap<&[u8], Vec<(usize, &OfferedSymbol)>> = HashMap::default();
        for (at, module) in modules.iter().enumerate() {
            for symbol in &module.offered {
                offers.entry(&symbol.name).or_default().push((at, symbol));
            }
        }
        SymbolScope { modules, offers }
    }

    /// The module whose definition a reference of the module `from` is bound to; none if it is bound to nothing.
    pub(crate) fn definer(&self, from: usize, wanted: &WantedSymbol) -> Option<usize> {
        let offers = self.offers.get(wanted.name.as_slice())?;
        let fits = |symbol: &OfferedSymbol| match (&wanted.version, &symbol.version) {
            (Some(wanted), Some(offered)) => wanted == offered,
            (Some(_), None) => true,
            (None, _) => !symbol.hidden,
        };
        let symbolic = self.modules.get(from).is_some_and(|m| m.symbolic);
        let own = offers.iter().find(|(at, symbol)| *at == from && (symbolic || symbol.protected) && fits(symbol));
        let found = own.or_else(|| offers.iter().find(|(_, symbol)| fits(symbol)));
        found.map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `NAME`, `NAME@VERSION`, `NAME@@VERSION` (the default one), each with `!` before it if it is protected.
    fn offered(text: &str) -> OfferedSymbol {
        let (text, protected) = (text.trim_start_matches('!'), text.starts_with('!'));
        let (name, version) = text.split_once('@').map_or((text, None), |(n, v)| (n, Some(v)));
        let hidden = version.is_some_and(|v| !v.starts_with('@'));
        let version = version.map(|v| v.trim_start_matches('@').as_bytes().to_vec());
        OfferedSymbol { name: name.into(), version, hidden, protected }
    }

    fn wanted(text: &str) -> WantedSymbol {
        let (name, version) = text.split_once('@').map_or((text, None), |(n, v)| (n, Some(v)));
        WantedSymbol { name: name.into(), version: version.map(|v| v.as_bytes().to_vec()), weak: false }
    }

    fn module(name: &str, symbols: &str) -> ScopeModule {
        let offered = symbols.split_whitespace().map(offered).collect();
        ScopeModule { name: name.into(), offered, ..ScopeModule::default() }
    }

    fn binds(modules: &[ScopeModule], from: usize, name: &str) -> Option<usize> {
        SymbolScope::of(modules).definer(from, &wanted(name))
    }

    #[test]
    fn the_first_in_the_scope_is_taken() {
        let modules = [module("the program", "main f"), module("a", "f g"), module("b", "g h")];
        assert_eq!(binds(&modules, 1, "f"), Some(0), "the program interposes");
        assert_eq!(binds(&modules, 2, "g"), Some(1));
        assert_eq!(binds(&modules, 0, "h"), Some(2));
        assert_eq!(binds(&modules, 0, "i"), None);
    }

    #[test]
    fn a_symbolic_module_and_a_protected_definition_serve_themselves() {
        let mut modules = [module("the program", "f g"), module("a", "f !g")];
        assert_eq!((binds(&modules, 1, "f"), binds(&modules, 1, "g")), (Some(0), Some(1)));
        modules[1].symbolic = true;
        assert_eq!((binds(&modules, 1, "f"), binds(&modules, 0, "f")), (Some(1), Some(0)));
    }

    #[test]
    fn versions_are_matched() {
        let modules = [module("the program", ""), module("old", "f@V1 f@@V2"), module("none", "f g")];
        assert_eq!(binds(&modules, 0, "f@V1"), Some(1));
        assert_eq!(binds(&modules, 0, "f"), Some(1));
        assert_eq!(binds(&modules, 0, "f@V3"), Some(2), "a definition without a version fits all");
        assert_eq!(binds(&[module("the program", ""), module("old", "f@V1")], 0, "f"), None);
        assert_eq!(binds(&modules, 0, "g@V9"), Some(2));
    }

    proptest! {
        #[test]
        fn a_reference_is_bound_if_and_only_if_something_fits(
            lists in proptest::collection::vec(proptest::collection::vec("!?[ab](@@?[VW])?", 0..4), 1..4),
            from in 0usize..4,
            name in "[ab](@[VW])?",
        ) {
            let modules: Vec<ScopeModule> = lists.iter().map(|l| module("m", &l.join(" "))).collect();
            let wanted = wanted(&name);
            let fits = |s: &OfferedSymbol| s.name == wanted.name
                && match &wanted.version { Some(v) => s.version.as_ref().is_none_or(|o| o == v), None => !s.hidden };
            let any = modules.iter().any(|m| m.offered.iter().any(fits));
            let found = SymbolScope::of(&modules).definer(from, &wanted);
            prop_assert_eq!(found.is_some(), any);
            if let Some(found) = found {
                prop_assert!(modules[found].offered.iter().any(fits));
            }
        }
    }
}
