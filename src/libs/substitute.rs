//! What becomes of one library reference of the line.

use std::ffi::OsString;

/// What becomes of one library reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitute {
    /// The words that stand in its place; none drops it.
    pub words: Vec<OsString>,
    /// Why, in one line.
    pub how: String,
}
