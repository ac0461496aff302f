//! Installs these programs: one file under all names, man pages and completions, and a note of all that.
//!
//! First everything is looked at, so that nothing is written where something of somebody else's is in the way; then each
//! file is put in its place at once. An installation that was interrupted is finished by the same command.

use super::build_facts::VERSION;
use super::placed::{self, Installation, InstallationNote, InstalledFile, PlacedContent, PlacedState, make_dirs};
use crate::files::{Identity, may_be_shared, place_hard_link, place_program, place_symlink, write_atomic};
use crate::image::blob::Sha;
use crate::packages;
use crate::parts::noted_program;
use crate::session::own_programs::{NAMES, STATICCTL};
use crate::settings::Settings;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The crate of our programs.
const CRATE: &str = env!("CARGO_PKG_NAME");

/// What is to be installed, and where.
pub(crate) struct PlacingRequest<'a> {
    /// This program's own file.
    pub program: &'a Path,
    /// The directory of the programs, absolute.
    pub bin: &'a Path,
    /// Files below `share`, with their texts.
    pub shared: &'a [(PathBuf, Vec<u8>)],
    /// What is in the way goes.
    pub force: bool,
}

/// How the programs lie there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// All are one file.
    HardLinks,
    /// Symbolic links to one file: the file system has no others.
    Symlinks,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlacingError {
    /// A file of somebody else's.
    #[error("`{0}` is not of staticcxx, and stays")]
    Foreign(PathBuf),
    /// A file of a package, by its name.
    #[error("`{0}` is of the package {1}, and stays")]
    Packaged(PathBuf, String),
    /// A directory, which nothing replaces.
    #[error("`{0}` is a directory")]
    Directory(PathBuf),
    /// The note of what was installed before is none.
    #[error("`{0}`: {1}")]
    DamagedNote(PathBuf, io::Error),
    /// It can't be read or written.
    #[error("`{0}`: {1}")]
    Io(PathBuf, io::Error),
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PlacingError {
    let path = path.to_owned();
    move |error| PlacingError::Io(path, error)
}

/// Installs. Gives how the names lie there.
///
/// # Errors
/// Something is in the way, and nothing was written; or something can't be written.
pub(crate) fn install(settings: &Settings, request: &PlacingRequest<'_>) -> Result<NameKind, PlacingError> {
    let share = placed::share_of(request.bin);
    let note_path = InstallationNote::place(settings, &share);
    let mut note = read_note(&note_path)?;
    let before = note.of(request.bin).cloned();
    let before = before.as_ref();
    let names = NAMES.map(|name| request.bin.join(name));
    let pages: Vec<(PathBuf, &[u8])> =
        request.shared.iter().map(|(path, text)| (share.join(path), text.as_slice())).collect();
    for name in &names {
        may_replace(settings, name, request, before, is_ours)?;
    }
    for (path, text) in &pages {
        may_replace(settings, path, request, before, |path| fs::read(path).is_ok_and(|there| there == *text))?;
    }
    let mut made = before.map(|before| before.made.clone()).unwrap_or_default();
    let dirs = pages.iter().filter_map(|(path, _)| path.parent()).chain([request.bin]).chain(note_path.parent());
    for dir in dirs {
        made.extend(make_dirs(dir).map_err(at(dir))?);
    }
    // What will be there, before anything is: an installation that was interrupted can be removed.
    let hash = Sha::of_file(request.program).map_err(at(request.program))?.hex();
    let file =
        |path: &Path, hash: String| InstalledFile { path: path.to_owned(), content: PlacedContent::Sha256(hash) };
    let mut planned: Vec<InstalledFile> = names.iter().map(|name| file(name, hash.clone())).collect();
    planned.extend(pages.iter().map(|(path, text)| file(path, Sha::of(text).hex())));
    planned.retain(|file| is_noted(before, &file.path) || file.state() != PlacedState::AsPlaced);
    let mut placement = Installation { bin: request.bin.to_owned(), version: VERSION.to_owned(), made, files: planned };
    note.write_with(&note_path, placement.clone()).map_err(at(&note_path))?;
    let kind = place_names(request, &names)?;
    for (path, text) in &pages {
        write_page(path, text).map_err(at(path))?;
    }
    drop_stale(before, &placement);
    placement.files = placement.files.iter().filter_map(|file| InstalledFile::of(&file.path).ok()).collect();
    note.write_with(&note_path, placement).map_err(at(&note_path))?;
    Ok(kind)
}

/// What was installed before.
fn read_note(path: &Path) -> Result<InstallationNote, PlacingError> {
    InstallationNote::read(path).map_err(|error| match error.kind() {
        // How serde_json calls what is no such document, or ends too early.
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => PlacingError::DamagedNote(path.to_owned(), error),
        _ => PlacingError::Io(path.to_owned(), error),
    })
}

fn is_noted(before: Option<&Installation>, path: &Path) -> bool {
    before.is_some_and(|before| before.files.iter().any(|file| file.path == path))
}

/// Refuses what is not ours: by the note, by what `known` says, or by the package that has it.
fn may_replace(
    settings: &Settings,
    path: &Path,
    request: &PlacingRequest<'_>,
    before: Option<&Installation>,
    known: impl Fn(&Path) -> bool,
) -> Result<(), PlacingError> {
    let state = match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(at(path)(e)),
        Ok(state) => state,
    };
    if state.is_dir() {
        return Err(PlacingError::Directory(path.to_owned()));
    }
    let noted = before.iter().flat_map(|before| &before.files).find(|file| file.path == path);
    let is_same = Identity::of(path).is_some_and(|there| Identity::of(request.program) == Some(there));
    if request.force || is_same || noted.is_some_and(|file| file.state() == PlacedState::AsPlaced) {
        return Ok(());
    }
    if !known(path) {
        return Err(PlacingError::Foreign(path.to_owned()));
    }
    match packages::owner(settings, path) {
        Some(package) => Err(PlacingError::Packaged(path.to_owned(), package.to_string())),
        None => Ok(()),
    }
}

/// Whether a program is one of ours, of any version.
pub(crate) fn is_ours(program: &Path) -> bool {
    noted_program::crate_of(program).is_some_and(|(name, _)| name == CRATE)
}

/// Puts the program and its names in place; what is there already stays.
fn place_names(request: &PlacingRequest<'_>, names: &[PathBuf]) -> Result<NameKind, PlacingError> {
    let main = request.bin.join(STATICCTL);
    let same = |one: &Path, other: &Path| Identity::of(one).is_some_and(|id| Identity::of(other) == Some(id));
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|state| state.is_symlink());
    let is_there = same(&main, request.program) && !is_link(&main);
    // A copy and no link: what is written over it one day is not written over the file that it came from.
    if !is_there && !has_content(&main, request.program) {
        place_program(request.program, &main).map_err(at(&main))?;
    }
    let mut kind = NameKind::HardLinks;
    for name in names.iter().filter(|name| **name != main) {
        if same(name, &main) && !is_link(name) {
            continue;
        }
        if place_hard_link(&main, name).is_err() {
            place_symlink(Path::new(STATICCTL), name).map_err(at(name))?;
            kind = NameKind::Symlinks;
        }
    }
    Ok(kind)
}

/// Whether a file is a copy of a program that everyone may run.
fn has_content(file: &Path, program: &Path) -> bool {
    let hash = |path: &Path| Sha::of_file(path).ok().map(|sha| sha.hex());
    may_be_shared(file)
        && fs::symlink_metadata(file).is_ok_and(|state| state.is_file())
        && hash(file).is_some_and(|own| hash(program) == Some(own))
}

/// Writes a page unless it is there; a link in its place goes.
fn write_page(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(state) if state.is_symlink() => fs::remove_file(path)?,
        Ok(_) if fs::read(path).is_ok_and(|there| there == text) => return Ok(()),
        _ => {}
    }
    write_atomic(path, text)
}

/// Removes what an earlier version placed and this one has no more, as long as nobody changed it.
fn drop_stale(before: Option<&Installation>, now: &Installation) {
    let is_stale = |file: &&InstalledFile| now.files.iter().all(|other| other.path != file.path);
    for file in before.iter().flat_map(|before| &before.files).filter(is_stale) {
        if file.state() == PlacedState::AsPlaced {
            let _ = fs::remove_file(&file.path);
        }
    }
}
