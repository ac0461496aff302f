//! The installed packages of files: from the package managers' databases, or by one query for all files; never over the
//! network.

use super::file_index::FileIndex;
use super::wanted::spellings;
use super::{Package, apk, dpkg, rpm};
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

/// The packages of archives, objects and shared objects, in the order of the files: by an index that is kept, so that a
/// link can ask each time.
pub(crate) fn owners_of_linked(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Package>> {
    if settings.hermetic {
        return vec![None; files.len()];
    }
    let Some(index) = FileIndex::of_machine(settings) else { return owners(settings, files) };
    let os = OsRelease::read();
    files.iter().map(|file| Some(index.owner(&spellings(file))?.named_by(&os))).collect()
}

/// The package of one file.
pub(crate) fn owner(settings: &Settings, file: &Path) -> Option<Package> {
    owners(settings, &[file.to_owned()]).pop()?
}
