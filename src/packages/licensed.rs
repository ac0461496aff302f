//! What is installed of packages by their names, and their licences: the files, and what the package manager itself says.

use super::licensed_package::LicensedPackage;
use super::{Format, apk, dpkg, rpm};
use crate::settings::Settings;
use std::fs;
use std::path::{Path, PathBuf};

/// Where packages of dpkg's have their copyright files.
const DOCS: &str = "/usr/share/doc";
/// Where those of apk's have theirs, if they have any.
const LICENSES: &str = "/usr/share/licenses";

/// A package that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedPackage {
    pub manager: Format,
    pub name: String,
    /// In the package manager's spelling; none for any.
    pub architecture: Option<String>,
}

/// The installed packages of these names, in their order.
pub(crate) fn licensed(settings: &Settings, wanted: &[WantedPackage]) -> Vec<Option<LicensedPackage>> {
    let has = |manager| wanted.iter().any(|package| package.manager == manager);
    let status = has(Format::Deb).then(|| fs::read(Path::new(dpkg::ROOT).join("status")).unwrap_or_default());
    let status = String::from_utf8_lossy(&status.unwrap_or_default()).into_owned();
    let database = if has(Format::Apk) { apk::installed().unwrap_or_default() } else { String::new() };
    let of = |package: &WantedPackage| {
        let architecture = package.architecture.as_deref();
        match package.manager {
            Format::Deb => {
                let version = dpkg::version(&status, &package.name, architecture)?;
                let file = Path::new(DOCS).join(&package.name).join("copyright");
                Some(LicensedPackage { version, files: vec![file], stated: None })
            }
            Format::Apk => {
                let (version, stated) = apk::version_and_license(&database, &package.name)?;
                Some(LicensedPackage { version, files: below(&Path::new(LICENSES).join(&package.name)), stated })
            }
            Format::Rpm => rpm::licensed(settings, &package.name, architecture),
        }
    };
    wanted.iter().map(of).collect()
}

/// The files of a directory, sorted.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.sort();
    files
}
