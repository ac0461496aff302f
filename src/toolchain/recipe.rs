//! What a toolchain adds to a static link, as descriptors say it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An allocator for programs of a toolchain, twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allocator {
    /// An archive whose index names what a program's own code allocates with.
    pub offered: PathBuf,
    /// The object in it.
    pub object: PathBuf,
}

/// What a static link of one kind adds to the user's arguments, in this order:
/// `before`, the user's arguments, `after`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recipe {
    /// Put before the user's arguments; usually just `-static` or `-static-pie`.
    pub before: Vec<String>,
    /// Put after them: libraries and closing crt objects of toolchains whose driver can't do it.
    pub after: Vec<String>,
}
