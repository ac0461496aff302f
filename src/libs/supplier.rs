//! What the resolution of libraries asks of those who supply code where there is no archive to take: the resolution
//! looks up, a supplier acts. [`crate::supply`] is the one of real links.

use super::convert_policy::ConvertPolicy;
use super::library_file::{LibraryFile, Needs};
use crate::convert::Refusal;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When a library becomes part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Whether it is referred to or not (`--no-as-needed`).
    Always,
    /// Only if it is referred to (`--as-needed`).
    IfNeeded,
}

/// A shared object for whose code somebody is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedLibrary<'a> {
    /// Where it was found.
    pub path: &'a Path,
    /// The file.
    pub file: &'a LibraryFile,
    /// What it needs.
    pub needs: &'a Needs,
    /// Its place among the libraries of the link, by which ld.so's order of constructors is kept.
    pub ordinal: usize,
    /// When it goes in.
    pub use_of_it: Use,
}

/// The objects that a shared object carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Its code, as an object or an archive in a file of ours.
    Object(PathBuf),
    /// It has no code of its own.
    Nothing,
}

/// A shared object that is converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConvertedPlace {
    /// The file that stands for it.
    pub path: PathBuf,
    /// Its build-id.
    pub build_id: Option<String>,
}

/// Why a module is in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleRole {
    /// It was named: dlopen finds it.
    Plugin,
    /// A plugin needs it, and the program does not.
    Needed,
}

/// What was read of a module when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModuleTaken {
    /// DT_SONAME.
    pub soname: Option<String>,
    /// DT_NEEDED.
    pub needed: Vec<String>,
    /// Its build-id.
    pub build_id: Option<String>,
}

/// What is to be known of an archive that has a shared object beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ArchiveFacts {
    /// Symbols that its members need and that the shared object has inside.
    pub lacks: BTreeSet<String>,
    /// Its members have constructors or destructors without a number.
    pub constructors: bool,
}

/// Supplies code. Files that are named in answers are there when all of them are written, after the resolution.
pub(crate) trait Supplier {
    /// Which shared objects are converted; none where none is.
    fn policy(&self) -> Option<&ConvertPolicy>;

    /// The code that a shared object carries, if it carries any that can be used.
    fn carried(&mut self, library: SharedLibrary<'_>) -> Option<Carried>;

    /// Converts a shared object; none where nothing is converted.
    ///
    /// # Errors
    /// Why this one can't be.
    fn convert(&mut self, library: SharedLibrary<'_>) -> Option<Result<ConvertedPlace, Refusal>>;

    /// Whether a link may take shared objects in the place of archives that turn out to be incomplete.
    fn replaces_archives(&self) -> bool;

    /// Whether something is converted, so that constructors are numbered.
    fn numbers_constructors(&self) -> bool;

    /// An archive with its constructors numbered; `library` is the shared object beside it.
    ///
    /// # Errors
    /// That there can be no temporary file.
    fn number(&mut self, archive: &Arc<LibraryFile>, library: SharedLibrary<'_>) -> io::Result<PathBuf>;

    /// What is to be known of an archive with a shared object beside it.
    fn archive_facts(&mut self, archive: &LibraryFile, shared: &LibraryFile) -> ArchiveFacts;

    /// Those of the names that none of the archives defines.
    fn lacking(&self, names: &BTreeSet<String>, archives: &[Arc<LibraryFile>]) -> BTreeSet<String>;

    /// Takes a shared object that is opened at run time.
    ///
    /// # Errors
    /// Why it can't be one.
    fn module(&mut self, path: &Path, file: &LibraryFile, role: ModuleRole) -> Result<ModuleTaken, Refusal>;
}
