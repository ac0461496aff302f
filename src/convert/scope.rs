//! The bindings of a module in a link: of its undefined names, and of other modules to its own names.

use std::collections::BTreeMap;

/// What an undefined name of a module is bound to, where that is not the first definition in the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    /// Another module, by tag.
    Module(String),
    /// Nothing known when the link was planned: a source on the command line may define it. If nothing does, opening
    /// the module fails.
    Unknown,
}

/// The bindings of a module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleScope {
    /// Bindings of its undefined names.
    pub(crate) bindings: BTreeMap<Vec<u8>, Binding>,
    /// Its names that other modules are bound to.
    pub(crate) offered: Vec<Vec<u8>>,
    /// It is part of glibc, built together with its archives.
    pub(crate) of_libc: bool,
}

impl ModuleScope {
    /// Bytes for a cache key.
    pub(crate) fn key(&self) -> Vec<u8> {
        format!("{:?}", (&self.bindings, &self.offered, self.of_libc)).into_bytes()
    }
}

/// The symbol of a module's record.
pub(crate) fn record_symbol(tag: &str) -> String {
    format!("staticcxx_module_{tag}")
}

/// The symbol through which modules bind to a name of this one.
pub(crate) fn offered_symbol(tag: &str, name: &[u8]) -> Vec<u8> {
    [b"staticcxx_of_", tag.as_bytes(), b"_", name].concat()
}

/// STB_GNU_UNIQUE: one definition per process.
pub(crate) const UNIQUE: u8 = 10;
