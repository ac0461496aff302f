//! What `staticctl shims --install` placed: a note of it, by which it is updated and removed.

use crate::files::write_atomic;
use crate::image::blob::Sha;
use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The note's name, in our data directory or, where there is no home, in `share/staticcxx` beside what was placed.
const NOTE: &str = "installed.json";

/// What a file was when it was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlacedContent {
    /// SHA-256 of a regular file.
    Sha256(String),
    /// The text of a symbolic link.
    Link(PathBuf),
}

/// A file that was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstalledFile {
    pub path: PathBuf,
    #[serde(flatten)]
    pub content: PlacedContent,
}

/// How a placed file is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlacedState {
    AsPlaced,
    Changed,
    Gone,
}

/// One directory's installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installation {
    /// The directory of the programs.
    pub bin: PathBuf,
    pub version: String,
    /// The directories that were made for it, each behind the one that it is in.
    pub made: Vec<PathBuf>,
    pub files: Vec<InstalledFile>,
}

/// A note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstallationNote {
    pub placements: Vec<Installation>,
}

impl InstalledFile {
    /// A file as it is now.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn of(path: &Path) -> io::Result<InstalledFile> {
        let content = match fs::symlink_metadata(path)?.is_symlink() {
            true => PlacedContent::Link(fs::read_link(path)?),
            false => PlacedContent::Sha256(Sha::of_file(path)?.hex()),
        };
        Ok(InstalledFile { path: path.to_owned(), content })
    }

    /// How it is now; what can't be read counts as changed.
    pub(crate) fn state(&self) -> PlacedState {
        match InstalledFile::of(&self.path) {
            Ok(now) if now == *self => PlacedState::AsPlaced,
            Err(e) if e.kind() == io::ErrorKind::NotFound => PlacedState::Gone,
            _ => PlacedState::Changed,
        }
    }
}

impl InstallationNote {
    /// Where the note about a directory is: in the data directory, else below the prefix.
    pub(crate) fn place(settings: &Settings, share: &Path) -> PathBuf {
        settings.data_dir.as_ref().map_or_else(|| share.join("staticcxx"), PathBuf::clone).join(NOTE)
    }

    /// Reads a note; an empty one if there is none.
    ///
    /// # Errors
    /// It can't be read, or is none.
    pub(crate) fn read(path: &Path) -> io::Result<InstallationNote> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(InstallationNote::default())
            }
            Err(e) => Err(e),
        }
    }

    /// The installation into a directory.
    pub(crate) fn of(&self, bin: &Path) -> Option<&Installation> {
        self.placements.iter().find(|placement| placement.bin == bin)
    }

    /// Notes an installation in place of an earlier one into the same directory.
    ///
    /// # Errors
    /// The note can't be written.
    pub(crate) fn write_with(&mut self, path: &Path, placement: Installation) -> io::Result<()> {
        self.placements.retain(|other| other.bin != placement.bin);
        self.placements.push(placement);
        write_atomic(path, &serde_json::to_vec_pretty(self)?)
    }
}

/// The directory for man pages and completions of a directory of programs: `share` beside a `bin`, in it otherwise.
pub(crate) fn share_of(bin: &Path) -> PathBuf {
    match bin.parent() {
        Some(prefix) if bin.file_name().is_some_and(|name| name == "bin") => prefix.join("share"),
        _ => bin.join("share"),
    }
}

/// Makes a directory and those above it; gives the ones that were not there, from above.
///
/// # Errors
/// One can't be made; those before it stay.
pub(crate) fn make_dirs(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut missing: Vec<PathBuf> =
        dir.ancestors().take_while(|above| fs::symlink_metadata(above).is_err()).map(Path::to_owned).collect();
    missing.reverse();
    fs::create_dir_all(dir)?;
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert_eq!(InstallationNote::read(&at(NOTE)).unwrap(), InstallationNote::default());
        fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        let files: Vec<InstalledFile> = ["file", "link"].map(|name| InstalledFile::of(&at(name)).unwrap()).to_vec();
        let placement = Installation { bin: at("bin"), version: "1".into(), made: vec![], files };
        let mut note = InstallationNote::default();
        note.write_with(&at(NOTE), Installation { version: "0".into(), ..placement.clone() }).unwrap();
        note.write_with(&at(NOTE), placement.clone()).unwrap();
        let read = InstallationNote::read(&at(NOTE)).unwrap();
        assert_eq!((read.placements.len(), read.of(&at("bin"))), (1, Some(&placement)));
        assert!(placement.files.iter().all(|file| file.state() == PlacedState::AsPlaced));
        fs::write(at("file"), "y").unwrap();
        fs::remove_file(at("link")).unwrap();
        let states: Vec<PlacedState> = placement.files.iter().map(InstalledFile::state).collect();
        assert_eq!(states, [PlacedState::Changed, PlacedState::Gone]);
        fs::write(at(NOTE), "{").unwrap();
        assert!(InstallationNote::read(&at(NOTE)).is_err());
    }

    #[test]
    fn pages_lie_below_the_same_prefix() {
        assert_eq!(share_of(Path::new("/usr/local/bin")), Path::new("/usr/local/share"));
        assert_eq!(share_of(Path::new("/opt/tools")), Path::new("/opt/tools/share"));
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("a/b"));
        assert_eq!(make_dirs(&b).unwrap(), [a.clone(), b.clone()]);
        assert_eq!(make_dirs(&b).unwrap(), [""; 0].map(PathBuf::from));
    }
}
