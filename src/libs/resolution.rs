//! What became of the library references of a link.

use super::missing::Missing;
use super::search::SearchPath;
use super::substitute::Substitute;
use crate::convert;
use crate::convert::file_hints::{self, Hints};
use crate::packages::{self, Package};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where the code of a library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Provider {
    /// An archive of its own.
    Archive,
    /// The objects that a shared object of the project carries ([`crate::fat`]).
    FatShared,
    /// A shared object, converted ([`crate::convert`]).
    Converted,
    /// The same, opened at run time ([`crate::supply::plugins`]).
    Plugin,
}

/// A library of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkedLibrary {
    /// As it was asked for, or the soname by which another library needs it.
    pub name: String,
    /// What it is taken from.
    pub path: PathBuf,
    /// How.
    pub provider: Provider,
    /// The shared object beside it, by which its dependencies are known.
    pub twin: Option<PathBuf>,
    /// Soname of that.
    pub soname: Option<String>,
    /// Build-id of a shared object that was converted: which state of it is in the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The package that it was installed by, where that is known ([`name_packages`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// What brought it in: nothing for a library that the user named.
    pub because: Option<String>,
}

/// What became of the library references of a link.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    /// Substitutes by item index, for the planner.
    pub substitutes: Vec<(usize, Substitute)>,
    /// Words for the libraries that those on the line need.
    pub closure: Vec<OsString>,
    /// Every library that goes in, in link order.
    pub libraries: Vec<LinkedLibrary>,
    /// Files that stand for converted libraries, and the place of each library in the list.
    pub places: Vec<(PathBuf, usize)>,
    /// Libraries without an archive.
    pub missing: Vec<Missing>,
    /// Where libraries were looked for.
    pub path: SearchPath,
    /// Archives in whose place a shared object was converted, and symbols that their members need and nothing has.
    pub incomplete: Vec<(PathBuf, Vec<String>)>,
}

impl Resolution {
    /// The libraries that are taken from their archives.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &LinkedLibrary> {
        self.libraries.iter().filter(|l| l.provider == Provider::Archive)
    }
}

/// Notes the package and its version of each converted library.
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

/// What the converted libraries of a program may want of the file system, each with its file.
pub(crate) fn hints(path: &SearchPath, libraries: &[LinkedLibrary]) -> Vec<(PathBuf, Hints)> {
    let converted = libraries.iter().filter(|l| l.provider == Provider::Converted);
    let of = |library: &LinkedLibrary| {
        let found = |bytes: &[u8]| Some(file_hints::hints(&convert::Library::read(bytes).ok()?));
        let found = path.files.get(&library.path)?.look(found)??;
        (found != Hints::default()).then(|| (library.path.clone(), found))
    };
    converted.filter_map(of).collect()
}
