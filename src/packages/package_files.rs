//! The files of installed packages.

use super::{apk, dpkg, rpm};
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// All files of the packages that own these files, by the first package manager that knows one of them.
pub(crate) fn files_beside(settings: &Settings, files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let of_dpkg = dpkg::files_beside(Path::new(dpkg::ROOT), files);
    if !of_dpkg.is_empty() {
        return of_dpkg;
    }
    let of_apk = apk::installed().map(|database| apk::files_beside(&database, files)).unwrap_or_default();
    if of_apk.is_empty() { of_rpm(settings, files) } else { of_apk }
}

fn of_rpm(settings: &Settings, files: &[PathBuf]) -> BTreeSet<PathBuf> {
    // It prints the lists of the owners that it finds.
    let words = std::iter::once(OsStr::new("-qlf")).chain(files.iter().map(|file| file.as_os_str()));
    let said = rpm::said(settings, words).unwrap_or_default();
    said.lines().filter(|line| line.starts_with('/')).map(PathBuf::from).collect()
}
