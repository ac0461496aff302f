//! Which archives: the library references of a link, resolved as ld would resolve them for a dynamic
//! program, then replaced by archives; and what those archives need in turn.
//!
//! What a dynamic link would have pulled in is known exactly: the DT_NEEDED entries of the shared twin
//! of an archive, recursively. Nothing is added because it happens to define a symbol.

pub mod callers;
pub mod closure;
pub mod counterpart;
pub mod decision;
pub mod foreign;
pub mod index;
pub mod inputs;
pub mod la;
pub mod library_ref;
pub mod located;
pub mod missing;
pub mod needs;
pub mod pc;
pub mod pic;
mod placement;
pub mod plugin_list;
mod plugins;
pub mod script;
pub mod search;
pub mod sniff;
pub mod substitute;
pub mod toolchain_libs;

pub use missing::Missing;
pub use search::SearchPath;

use self::substitute::Substitute;
use crate::args::Request;
use crate::args::ld_options::Item;
use crate::convert;
use crate::convert::file_hints::{self, Hints};
use crate::fat;
use crate::model::Language;
use crate::settings::Settings;
use crate::supply::converted::{self, Means};
use crate::toolchain::Facts;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// Where the code of a library comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// An archive of its own.
    Archive,
    /// The objects that a shared object of the project carries ([`crate::fat`]).
    FatShared,
    /// A shared object, converted ([`crate::convert`]).
    Converted,
    /// The same, opened at run time ([`crate::plugins`]).
    Plugin,
}

/// A library of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
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
    pub package: Option<crate::packages::query::Package>,
    /// What brought it in: nothing for a library that the user named.
    pub because: Option<String>,
}

/// What became of the library references of a link.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Substitutes by item index, for the planner.
    pub substitutes: Vec<(usize, Substitute)>,
    /// Words for the libraries that those on the line need.
    pub closure: Vec<OsString>,
    /// Every library that goes in, in link order.
    pub libraries: Vec<Library>,
    /// Files that stand for converted libraries, and the place of each library in the list.
    pub places: Vec<(PathBuf, usize)>,
    /// Libraries without an archive.
    pub missing: Vec<Missing>,
    /// Where libraries were looked for.
    pub path: SearchPath,
    /// Archives in whose place a shared object was converted, and symbols that their members need and nothing has.
    pub incomplete: Vec<(PathBuf, Vec<String>)>,
    /// What was taken out of shared objects; the files live as long as this.
    pub store: fat::Store,
}

impl Resolution {
    /// The libraries that are taken from their archives.
    pub fn archives(&self) -> impl Iterator<Item = &Library> {
        self.libraries.iter().filter(|l| l.provider == Provider::Archive)
    }
}

/// Resolves the references among the items of a link; with `means`, shared objects without an archive are converted.
pub fn resolve(
    items: &[Item],
    request: &Request,
    facts: &Facts,
    path: &SearchPath,
    language: Language,
    means: Option<&Means>,
) -> Resolution {
    let references = library_ref::references(items, request);
    let found = closure::Resolver::new(path, facts, language, means).run(&references);
    Resolution { path: path.clone(), ..found }
}

/// Notes the package and its version of each converted library.
pub fn name_packages(settings: &Settings, libraries: &mut [Library]) {
    let converted = || |l: &&mut Library| matches!(l.provider, Provider::Converted | Provider::Plugin);
    let files: Vec<PathBuf> = libraries.iter_mut().filter(converted()).map(|l| l.path.clone()).collect();
    if files.is_empty() {
        return;
    }
    let packages = crate::packages::query::packages(settings, &files);
    for (library, package) in libraries.iter_mut().filter(converted()).zip(packages) {
        library.package = package;
    }
}

/// What the converted libraries of a program may want of the file system, each with its file.
pub fn hints(libraries: &[Library]) -> Vec<(PathBuf, Hints)> {
    let converted = libraries.iter().filter(|l| l.provider == Provider::Converted);
    converted
        .filter_map(|library| {
            let bytes = converted::read(&library.path).ok()?;
            let found = file_hints::hints(&convert::Library::read(&bytes).ok()?);
            (found != Hints::default()).then(|| (library.path.clone(), found))
        })
        .collect()
}

/// What is to be known of the archives of a resolution before shared objects are converted beside them.
#[derive(Debug, Default)]
pub struct Archives {
    /// Those that can't be linked, and what they lack.
    pub incomplete: Vec<(PathBuf, Vec<String>)>,
    /// Those with constructors.
    pub with_constructors: Vec<PathBuf>,
}

/// Looks at the archives that have a shared object beside them.
pub fn archives(found: &Resolution, facts: &Facts, means: &Means) -> Archives {
    let all = || found.libraries.iter().filter(|l| l.provider == Provider::Archive);
    let paths: Vec<PathBuf> = all().map(|l| l.path.clone()).collect();
    let mut archives = Archives::default();
    for library in all() {
        let beside = || Some(counterpart::shared_of(&library.path, &found.path)?.0);
        let Some(twin) = library.twin.clone().or_else(beside) else { continue };
        let (lacks, constructors) =
            crate::supply::incomplete::of(&library.path, &twin, &facts.library_dirs, means.cache.as_deref());
        let lacks = crate::supply::incomplete::still_lacking(&lacks, &paths);
        if !lacks.is_empty() {
            archives.incomplete.push((library.path.clone(), lacks.into_iter().collect()));
        }
        if constructors {
            archives.with_constructors.push(library.path.clone());
        }
    }
    archives
}
