//! What a toolchain adds to a static link, as given in descriptors.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A toolchain's allocator for programs, in two forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allocator {
    /// An archive whose symbol index names the functions by which a program's own code allocates.
    pub offered: PathBuf,
    /// The object in that archive.
    pub object: PathBuf,
}

/// A toolchain's functions that are faster than its libc's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FastFunctions {
    /// An archive whose symbol index also names the functions of other libraries that spend their time in a member.
    pub offered: PathBuf,
    /// The same with what the members define alone.
    pub defined: PathBuf,
    /// The directory with the members' objects under their names in the archives, for a linker that is told which it takes.
    pub objects: PathBuf,
    /// An archive with what they leave to libc.
    pub rest: PathBuf,
}

/// The arguments of a static link of one kind: `before`, the user's arguments, `after`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recipe {
    /// Usually just `-static` or `-static-pie`.
    pub before: Vec<String>,
    /// Libraries and closing crt objects of toolchains whose driver does not add them.
    pub after: Vec<String>,
}
