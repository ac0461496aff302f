//! The installed packages of files: from the package managers' databases, or by one query for all files; never over the
//! network.

use super::file_index::FileIndex;
use super::wanted::spellings;
use super::{Package, apk, dpkg, rpm};
use crate::files::RealPaths;
use crate::settings::Settings;
use crate::toolchain::os_release::OsRelease;
use std::path::{Path, PathBuf};

/// A package manager's answer, one entry per file.
type Lookup = fn(&Settings, &[PathBuf]) -> Vec<Option<Package>>;

/// The packages of files, in the order of the files, by one pass over the databases.
pub(crate) fn owners(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Package>> {
    let mut owners = dpkg::owners(Path::new(dpkg::ROOT), files);
    let managers: [Lookup; 2] =
        [|_, files| apk::installed().map_or(Vec::new(), |text| apk::owners(&text, files)), rpm::owners];
    // A machine may have several package managers: the next one is asked about what the first does not know.
    for of in managers {
        let open: Vec<usize> = owners.iter().enumerate().filter(|(_, o)| o.is_none()).map(|(at, _)| at).collect();
        let unknown: Vec<PathBuf> = open.iter().filter_map(|at| files.get(*at).cloned()).collect();
        if unknown.is_empty() {
            break;
        }
        for (at, owner) in open.into_iter().zip(of(settings, &unknown)) {
            if let Some(place) = owners.get_mut(at) {
                *place = owner;
            }
        }
    }
    let os = OsRelease::read();
    owners.into_iter().map(|owner| owner.map(|package| package.named_by(&os))).collect()
}

/// The packages of archives, objects and shared objects, by an index that is kept, so that a link can ask each time.
#[derive(Debug)]
pub(crate) enum LinkedOwners {
    Indexed(FileIndex, OsRelease),
    /// There is no directory to keep an index in.
    Listed,
    /// A hermetic call does not ask for the machine's packages.
    Unasked,
}

impl LinkedOwners {
    /// Opens the index.
    pub(crate) fn open(settings: &Settings) -> LinkedOwners {
        if settings.hermetic {
            return LinkedOwners::Unasked;
        }
        match FileIndex::of_machine(settings) {
            Some(index) => LinkedOwners::Indexed(index, OsRelease::read()),
            None => LinkedOwners::Listed,
        }
    }

    /// The archives that packages of this machine have, with their packages; none without an index.
    pub(crate) fn archives(&self) -> Vec<(PathBuf, Package)> {
        match self {
            LinkedOwners::Indexed(index, os) => {
                index.archives().into_iter().map(|(path, package)| (path, package.named_by(os))).collect()
            }
            LinkedOwners::Listed | LinkedOwners::Unasked => Vec::new(),
        }
    }

    /// The packages of files, in their order.
    pub(crate) fn of(&self, settings: &Settings, paths: &RealPaths, files: &[PathBuf]) -> Vec<Option<Package>> {
        match self {
            LinkedOwners::Indexed(index, os) => {
                let owner = |file: &PathBuf| index.owner(&spellings(file, paths.known(file)));
                files.iter().map(|file| Some(owner(file)?.named_by(os))).collect()
            }
            LinkedOwners::Listed => owners(settings, files),
            LinkedOwners::Unasked => vec![None; files.len()],
        }
    }
}

/// The package of one file.
pub(crate) fn owner(settings: &Settings, file: &Path) -> Option<Package> {
    owners(settings, &[file.to_owned()]).pop()?
}
