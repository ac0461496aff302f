//! What is decided of one library, and what is still to be looked at.

use super::library_ref::{LibraryName, stem};
use super::script::Script;
use super::search::lib;
use super::supplier::{ConvertedPlace, Use};
use crate::convert::Refusal;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// One library that another one needs.
#[derive(Debug)]
pub(super) struct Dependency {
    pub named: LibraryName,
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
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub code: Option<CodeSource>,
    /// Its shared object, linker script or `.la` file.
    pub shared: Option<PathBuf>,
    pub how: String,
    /// Why its shared object is not converted.
    pub refusal: Option<Refusal>,
    /// What stands for it if its archive turns out to be incomplete.
    pub origin: Option<Origin>,
}

/// Where its code is.
#[derive(Debug)]
pub(super) enum CodeSource {
    Archive(PathBuf),
    /// Objects out of a fat shared object.
    Objects(PathBuf),
    /// What a shared object was converted to.
    Converted(ConvertedPlace),
    /// It only stands for what it needs.
    Nothing,
}

/// What was found first, before its archive was taken in its place.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// The shared object beside the archive.
    Shared(PathBuf),
    /// A linker script.
    Script(Script),
}

impl Dependency {
    /// `libNAME` of what is needed.
    pub(crate) fn stem(&self) -> Option<OsString> {
        let of_file = |path: &Path| stem(path).map(OsStr::to_owned).or_else(|| path.file_stem().map(OsStr::to_owned));
        match &self.named {
            LibraryName::Name(name) => Some(lib(name, "")),
            LibraryName::File(file) => of_file(Path::new(file)),
            LibraryName::Path(path) => of_file(path),
        }
    }
}

/// Where the words for a library stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// In the place of the reference with this item index.
    Reference(usize),
    /// In the closure, at this index.
    Closure(usize),
    /// Nowhere: it is opened at run time.
    None,
}

/// How a library came into the result.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    pub slot: Slot,
    /// Its place among all libraries, by which ld.so's order of constructors is kept.
    pub ordinal: usize,
    pub use_of_it: Use,
    /// Only plugins need it.
    pub for_plugins: bool,
    /// How it was asked for.
    pub named: Option<LibraryName>,
    /// The chain of who needs whom.
    pub because: Vec<String>,
    pub origin: Option<Origin>,
}
