//! A module in its link: what the names that it lacks are bound to, and which of its own others are bound to.

use std::collections::BTreeMap;

/// What a name that a module lacks is bound to, where that is not the first definition in the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    /// Another module's, by its tag.
    Module(String),
    /// Nothing that was known when the link was planned: a source on the line may define it. Where nobody does,
    /// opening the module fails.
    Unknown,
}

/// A module in its link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleScope {
    /// Names that it lacks.
    pub(crate) bindings: BTreeMap<Vec<u8>, Binding>,
    /// Names of its own that other modules are bound to.
    pub(crate) offered: Vec<Vec<u8>>,
    /// It is a part of glibc, made together with its archives.
    pub(crate) of_libc: bool,
}

impl ModuleScope {
    /// As bytes for a key.
    pub(crate) fn key(&self) -> Vec<u8> {
        format!("{:?}", (&self.bindings, &self.offered, self.of_libc)).into_bytes()
    }
}

/// The symbol of a module's record.
pub(crate) fn record_symbol(tag: &str) -> String {
    format!("staticcxx_module_{tag}")
}

/// The symbol by which modules are bound to a name of another one.
pub(crate) fn offered_symbol(tag: &str, name: &[u8]) -> Vec<u8> {
    [b"staticcxx_of_", tag.as_bytes(), b"_", name].concat()
}

/// STB_GNU_UNIQUE: one definition in a process, whoever opened what.
pub(crate) const UNIQUE: u8 = 10;
