//! The replacement of a library reference.

use std::ffi::OsString;

/// The replacement of a library reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitute {
    /// The words that replace it; empty drops it.
    pub words: Vec<OsString>,
    /// Why, in one line.
    pub how: String,
}
