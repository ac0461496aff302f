//! The result of resolving the libraries of a link.

use super::missing::Missing;
use super::search::SearchPath;
use super::substitute::Substitute;
use super::supplier::ArchiveFacts;
use super::unsuitable::Unsuitable;
use crate::convert;
use crate::convert::file_hints::{self, Hints};
use crate::packages::{self, Package};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the code of a library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Provider {
    /// An archive of its own.
    Archive,
    /// The objects in a fat shared object ([`crate::fat`]).
    FatShared,
    /// A converted shared object ([`crate::convert`]).
    Converted,
    /// A converted shared object that is opened at run time ([`crate::supply::plugins`]).
    Plugin,
}

/// A library of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkedLibrary {
    /// As typed, or the soname by which another library needs it.
    pub name: String,
    /// The file that its code is from.
    pub path: PathBuf,
    pub provider: Provider,
    /// Its shared object, which gives its dependencies.
    pub twin: Option<PathBuf>,
    /// The soname of that.
    pub soname: Option<String>,
    /// Build ID of a converted shared object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The package that installed it, if known ([`name_packages`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// The library that needs it; none for one that the user named.
    pub because: Option<String>,
}

/// The result.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    /// Replacements by item index, for the planner.
    pub substitutes: Vec<(usize, Substitute)>,
    /// Words for the libraries that those on the line need.
    pub closure: Vec<OsString>,
    /// All libraries in link order.
    pub libraries: Vec<LinkedLibrary>,
    /// Those of which nothing was linked in, once that is known.
    pub unused: Vec<LinkedLibrary>,
    /// Files that replace converted libraries, with the index of each library.
    pub places: Vec<(PathBuf, usize)>,
    /// The archive of each plugin, with the plugin.
    pub modules: Vec<(PathBuf, PathBuf)>,
    /// Libraries without an archive.
    pub missing: Vec<Missing>,
    /// Where libraries were searched for.
    pub path: SearchPath,
    /// What is known of the archives.
    pub facts: Vec<(PathBuf, Arc<ArchiveFacts>)>,
    /// Archives that their shared objects replaced, and why.
    pub replaced: Vec<(PathBuf, Unsuitable)>,
    /// Archives that would have been replaced, if their shared objects could be converted.
    pub unkept: Vec<(PathBuf, Unsuitable)>,
    /// An archive with code for a fixed position.
    pub fixed: Option<PathBuf>,
    /// Time to find out which archives would make another program.
    pub audit: Duration,
    /// Symbols of members with constructors that ld.so would run though nothing refers to them.
    pub started: Vec<String>,
}

impl Resolution {
    /// The libraries that come from archives.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &LinkedLibrary> {
        self.libraries.iter().filter(|l| l.provider == Provider::Archive)
    }
}

/// Sets the package of each converted library.
pub(crate) fn name_packages(settings: &Settings, libraries: &mut [LinkedLibrary]) {
    let converted = || |l: &&mut LinkedLibrary| matches!(l.provider, Provider::Converted | Provider::Plugin);
    let files: Vec<PathBuf> = libraries.iter_mut().filter(converted()).map(|l| l.path.clone()).collect();
    if files.is_empty() {
        return;
    }
    let owners = packages::owners(settings, &files);
    for (library, package) in libraries.iter_mut().filter(converted()).zip(owners) {
        library.package = package;
    }
}

/// The files that each converted library may open at run time, with the library's path.
pub(crate) fn hints(path: &SearchPath, libraries: &[LinkedLibrary]) -> Vec<(PathBuf, Hints)> {
    let converted = libraries.iter().filter(|l| l.provider == Provider::Converted);
    let of = |library: &LinkedLibrary| {
        let found = |bytes: &[u8]| Some(file_hints::hints(&convert::Library::read(bytes).ok()?));
        let found = path.files.get(&library.path)?.look(found)??;
        (found != Hints::default()).then(|| (library.path.clone(), found))
    };
    converted.filter_map(of).collect()
}
