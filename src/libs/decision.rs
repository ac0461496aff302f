//! Decisions on libraries, and libraries still to be resolved.

use super::library_ref::{LibraryName, stem};
use super::script::Script;
use super::search::lib;
use super::supplier::{ConvertedPlace, Use};
use crate::convert::Refusal;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A library that another one needs.
#[derive(Debug)]
pub(super) struct Dependency {
    pub named: LibraryName,
    /// Directories to search first, given by the library that needs it.
    pub dirs: Vec<PathBuf>,
    /// The chain of libraries that need it.
    pub because: Vec<String>,
    /// It is part of a library that the user named.
    pub required: bool,
    /// Whether it is linked in unreferenced; the same as for what needs it.
    pub use_of_it: Use,
}

/// What replaces a library in the link.
#[derive(Debug, Default)]
pub(super) struct Decision {
    pub code: Option<CodeSource>,
    /// Its shared object, linker script or `.la` file.
    pub shared: Option<PathBuf>,
    pub how: String,
    /// Why its shared object is not converted.
    pub refusal: Option<Refusal>,
    /// What is used if its archive turns out to be incomplete.
    pub origin: Option<Origin>,
}

/// Where its code is.
#[derive(Debug)]
pub(super) enum CodeSource {
    Archive(PathBuf),
    /// The object of a fat shared object.
    Objects(PathBuf),
    /// A converted shared object.
    Converted(ConvertedPlace),
    /// None: it only has dependencies.
    Nothing,
}

/// The file that the archive replaced.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// The shared object of the archive.
    Shared(PathBuf),
    /// A linker script.
    Script(Script),
}

impl Dependency {
    /// `libNAME`.
    pub(crate) fn stem(&self) -> Option<OsString> {
        let of_file = |path: &Path| stem(path).map(OsStr::to_owned).or_else(|| path.file_stem().map(OsStr::to_owned));
        match &self.named {
            LibraryName::Name(name) => Some(lib(name, "")),
            LibraryName::File(file) => of_file(Path::new(file)),
            LibraryName::Path(path) => of_file(path),
        }
    }
}

/// Where a library's words are on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// They replace the reference with this item index.
    Reference(usize),
    /// In the closure, at this index.
    Closure(usize),
    /// Nowhere: it is opened at run time.
    None,
}

/// How a library got into the result.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    pub slot: Slot,
    /// Its index among all libraries, for ld.so's order of constructors.
    pub ordinal: usize,
    pub use_of_it: Use,
    /// Only plugins need it.
    pub for_plugins: bool,
    /// The reference or dependency.
    pub named: Option<LibraryName>,
    /// The chain of libraries that need it.
    pub because: Vec<String>,
    pub origin: Option<Origin>,
}
