//! Removes what was installed, by the notes about it, and what is kept.

use super::placed::{Installation, InstallationNote, PlacedState, share_of};
use crate::files::write_atomic;
use crate::settings::Settings;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What went and what stays.
#[derive(Debug, Default)]
pub(crate) struct RemovedInstallation {
    /// Files and directories that went, in this order.
    pub gone: Vec<PathBuf>,
    /// Files that were changed since they were placed.
    pub changed: Vec<PathBuf>,
    /// What can't be removed, and why.
    pub failed: Vec<(PathBuf, io::Error)>,
}

/// The notes that there may be: in our data directory, and beside this program where there was no home.
pub(crate) fn notes(settings: &Settings) -> Vec<PathBuf> {
    let home_less = Settings { data_dir: None, ..Settings::default() };
    let beside = settings.program_dir.as_deref().map(|bin| InstallationNote::place(&home_less, &share_of(bin)));
    let own = settings.data_dir.as_ref().map(|_| InstallationNote::place(settings, Path::new("")));
    own.into_iter().chain(beside).filter(|note| note.is_file()).collect()
}

/// Removes all that a note names, and the note; with `dry` it only tells what would go. What can't be removed stays noted.
///
/// # Errors
/// The note can't be read.
pub(crate) fn remove(note: &Path, dry: bool) -> io::Result<RemovedInstallation> {
    let mut removed = RemovedInstallation::default();
    let mut left = InstallationNote::default();
    let mut dirs = Vec::new();
    for placement in InstallationNote::read(note)?.placements {
        let failed = remove_files(&placement, dry, &mut removed);
        dirs.extend(placement.made.iter().cloned());
        if !failed.is_empty() {
            left.placements.push(Installation { files: failed, ..placement });
        }
    }
    if !left.placements.is_empty() && !dry {
        write_atomic(note, &serde_json::to_vec_pretty(&left)?)?;
        return Ok(removed);
    }
    removed.take(note, dry, |path| fs::remove_file(path));
    // Deepest first; one that others use by now stays without a word.
    dirs.sort();
    dirs.dedup();
    for dir in dirs.iter().rev() {
        let is_empty = match dry {
            true => {
                fs::read_dir(dir).is_ok_and(|mut all| all.all(|e| e.is_ok_and(|e| removed.gone.contains(&e.path()))))
            }
            false => fs::remove_dir(dir).is_ok(),
        };
        if is_empty {
            removed.gone.push(dir.clone());
        }
    }
    // Nobody misses it: it is made where something is kept in it.
    if let Some(dir) = note.parent().filter(|dir| !dry && !dirs.iter().any(|made| made == *dir)) {
        let _ = fs::remove_dir(dir);
    }
    Ok(removed)
}

/// Removes the files of an installation; gives those that can't be removed.
fn remove_files(
    placement: &Installation,
    dry: bool,
    removed: &mut RemovedInstallation,
) -> Vec<super::placed::InstalledFile> {
    let mut failed = Vec::new();
    for file in &placement.files {
        match file.state() {
            PlacedState::Gone => {}
            PlacedState::Changed => removed.changed.push(file.path.clone()),
            PlacedState::AsPlaced => {
                if !removed.take(&file.path, dry, |path| fs::remove_file(path)) {
                    failed.push(file.clone());
                }
            }
        }
    }
    failed
}

/// Removes directories of ours with all that is in them.
pub(crate) fn remove_kept(dirs: &[&Path], dry: bool) -> RemovedInstallation {
    let mut removed = RemovedInstallation::default();
    for dir in dirs.iter().filter(|dir| dir.is_dir()) {
        removed.take(dir, dry, |path| fs::remove_dir_all(path));
    }
    removed
}

impl RemovedInstallation {
    /// Removes a path, and notes how that went.
    fn take(&mut self, path: &Path, dry: bool, remove: impl Fn(&Path) -> io::Result<()>) -> bool {
        match if dry { Ok(()) } else { remove(path) } {
            Ok(()) => self.gone.push(path.to_owned()),
            Err(error) => self.failed.push((path.to_owned(), error)),
        }
        self.failed.last().is_none_or(|(failed, _)| failed != path)
    }

    /// Adds another one.
    pub(crate) fn add(&mut self, other: RemovedInstallation) {
        self.gone.extend(other.gone);
        self.changed.extend(other.changed);
        self.failed.extend(other.failed);
    }
}
