//! The interface through which library resolution gets code where there is no archive: resolution only looks up, a
//! supplier acts. [`crate::supply`] implements it for real links.

use super::convert_policy::ConvertPolicy;
use super::library_file::{LibraryFile, Needs};
use crate::convert::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When a library is linked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Always (`--no-as-needed`).
    Always,
    /// Only if it is referenced (`--as-needed`).
    IfNeeded,
}

/// A shared object whose code is requested.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedLibrary<'a> {
    pub path: &'a Path,
    pub file: &'a LibraryFile,
    /// Its soname and dependencies.
    pub needs: &'a Needs,
    /// Its index among the libraries of the link, for ld.so's order of constructors.
    pub ordinal: usize,
    /// When it is linked in.
    pub use_of_it: Use,
}

/// The objects that a shared object carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Its code: an object or archive in a temporary file.
    Object(PathBuf),
    /// It has no code of its own.
    Nothing,
}

/// A converted shared object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConvertedPlace {
    /// The file that replaces it.
    pub path: PathBuf,
    pub build_id: Option<String>,
}

/// Why a module is linked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleRole {
    /// It was named, and dlopen finds it.
    Plugin,
    /// A plugin needs it and the program does not.
    Needed,
}

/// Dynamic section entries of an added module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModuleTaken {
    pub soname: Option<String>,
    pub needed: Vec<String>,
    pub build_id: Option<String>,
}

/// ArchiveMembers with constructors or destructors that act on more than their own variables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Starters {
    /// One symbol of each member, by which it can be asked for.
    pub names: Vec<String>,
    /// There are such members without a symbol.
    pub unnamed: bool,
}

/// A list of names, in one text: it is read for each link. A byte between them that JSON need not escape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NameList(String);

/// Between the names of a list.
const BETWEEN: char = '\u{7f}';

impl NameList {
    pub(crate) fn of<'n>(names: impl Iterator<Item = &'n [u8]>) -> NameList {
        let mut names: Vec<&str> =
            names.filter_map(|n| std::str::from_utf8(n).ok()).filter(|n| !n.contains(BETWEEN)).collect();
        names.sort_unstable();
        names.dedup();
        NameList(names.join("\u{7f}"))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(BETWEEN).filter(|name| !name.is_empty())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What members of an archive look up by name when they run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NameLookups {
    /// The functions for it that members refer to, [`LOOKING_UP`]'s.
    pub functions: NameList,
    /// What the shared object exports of the members that call dlsym or dladdr.
    pub askers: NameList,
    /// Identifiers among the strings of those that call dlsym.
    pub strings: NameList,
}

/// A member of an archive that refers to functions which need files at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberCalls {
    pub member: String,
    pub calls: Vec<String>,
    /// What it defines: it was linked in if the output has one of these.
    pub defines: NameList,
}

/// Functions that look up names or files, or list files.
pub(crate) const LOOKING_UP: [&str; 6] = ["dladdr", "dladdr1", "dl_iterate_phdr", "dlopen", "dlsym", "dlvsym"];

/// Facts about an archive. Without a shared object only what its members alone tell is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchiveFacts {
    /// Symbols that its members need and the shared object contains.
    pub lacks: BTreeSet<String>,
    /// Its members have constructors or destructors without a priority.
    pub constructors: bool,
    /// It has code or data for a fixed position.
    pub fixed: bool,
    /// It defines nothing, and the shared object does.
    pub empty: bool,
    /// Global names that the shared object does not export.
    pub private: NameList,
    /// Names that the shared object exports and no member defines.
    pub only_shared: NameList,
    /// What its members refer to weakly, and may be bound.
    pub optional: NameList,
    /// There is code that is compiled when it is linked (LTO).
    pub compiled_later: bool,
    /// It defines functions that are chosen when the program starts (IFUNC).
    pub chosen: bool,
    /// It uses streams of wide characters.
    pub wide: bool,
    /// What ld.so would run though nothing refers to it.
    pub starters: Starters,
    /// It defines what GCC's unwinder does.
    pub unwinder: bool,
    /// None for an archive that was not read.
    pub lookups: Option<NameLookups>,
    /// What calls functions that need files at run time; known if `lookups` is.
    pub callers: Vec<MemberCalls>,
    /// The file with the table of its members, and the table's key.
    #[serde(skip)]
    pub members: Option<(PathBuf, u128)>,
}

/// Supplies code. The files that it names exist once all of them are written, after the resolution.
pub(crate) trait Supplier {
    /// Which shared objects are converted; none if conversion is off.
    fn policy(&self) -> Option<&ConvertPolicy>;

    /// The code that a shared object carries, if it is usable.
    fn carried(&mut self, library: SharedLibrary<'_>) -> Option<Carried>;

    /// Converts a shared object; none if conversion is off.
    ///
    /// # Errors
    /// Why it can't be converted.
    fn convert(&mut self, library: SharedLibrary<'_>) -> Option<Result<ConvertedPlace, Refusal>>;

    /// The converted libraries with constructors that are linked in only if something refers to them.
    fn left_to_references(&self) -> Vec<PathBuf>;

    /// Has a converted library linked in though nothing refers to it.
    fn take_always(&mut self, shared: &Path);

    /// Whether a link may use shared objects instead of incomplete archives.
    fn replaces_archives(&self) -> bool;

    /// Whether something is converted, so that constructors are numbered.
    fn numbers_constructors(&self) -> bool;

    /// A copy of an archive with numbered constructors; `library` is its shared object.
    ///
    /// # Errors
    /// No temporary file can be created.
    fn number(&mut self, archive: &Arc<LibraryFile>, library: SharedLibrary<'_>) -> io::Result<PathBuf>;

    /// Facts about an archive, and its shared object if it has one.
    fn archive_facts(&self, archive: &LibraryFile, shared: Option<&LibraryFile>) -> ArchiveFacts;

    /// The names that none of the archives defines.
    fn lacking(&self, names: &BTreeSet<String>, archives: &[Arc<LibraryFile>]) -> BTreeSet<String>;

    /// Adds a shared object that is opened at run time.
    ///
    /// # Errors
    /// Why it can't be a module.
    fn module(&mut self, path: &Path, file: &LibraryFile, role: ModuleRole) -> Result<ModuleTaken, Refusal>;
}
