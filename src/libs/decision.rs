//! What is decided of one library, and what is still to be looked at.

use super::library_ref::{Named, stem};
use super::search::lib;
use crate::convert::Refusal;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// One library that another one needs.
#[derive(Debug)]
pub(super) struct Dependency {
    pub named: Named,
    /// Where the library that needs it says to look first.
    pub dirs: Vec<PathBuf>,
    /// The chain of who needs whom.
    pub because: Vec<String>,
    /// It stands for what the user named.
    pub required: bool,
    /// Whether it goes in without being referred to: as what needs it.
    pub use_of_it: Use,
}

/// What stands for a library.
#[derive(Default)]
pub(super) struct Chosen {
    pub from: Option<Source>,
    /// Its shared object, linker script or `.la` file.
    pub shared: Option<PathBuf>,
    pub how: String,
    /// Why its shared object is not converted.
    pub refusal: Option<Refusal>,
}

/// Where its code is.
pub(super) enum Source {
    Archive(PathBuf),
    /// Objects out of a fat shared object.
    Objects(PathBuf),
    /// What a shared object was converted to, and its build-id.
    Converted(PathBuf, Option<String>),
    /// It only stands for what it needs.
    Nothing,
}

impl Dependency {
    /// `libNAME` of what is needed.
    pub fn stem(&self) -> Option<OsString> {
        let of_file = |path: &Path| stem(path).map(OsStr::to_owned).or_else(|| path.file_stem().map(OsStr::to_owned));
        match &self.named {
            Named::Name(name) => Some(lib(name, "")),
            Named::File(file) => of_file(Path::new(file)),
            Named::Path(path) => of_file(path),
        }
    }
}

/// When a library becomes part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Whether it is referred to or not (`--no-as-needed`).
    Always,
    /// Only if it is referred to (`--as-needed`).
    IfNeeded,
}
