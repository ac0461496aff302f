//! A tree of files for a root of its own.

pub(crate) mod tree;
