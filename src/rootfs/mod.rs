//! Trees of files for the roots of images and sandboxes.

pub(crate) mod tree;
