//! The archive that belongs to a shared object, and the shared object that belongs to an archive.

use super::library_ref::stem;
use super::search::SearchPath;
use super::sniff::Sniffed;
use crate::toolchain::front_end;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Endings of a library's archives.
const RENAMED: [&str; 4] = [".a", "_static.a", "-static.a", "_s.a"];

/// The archive of a shared object, next to it or next to the file that it links to.
pub(crate) fn archive_beside(shared: &Path, path: &SearchPath) -> Option<PathBuf> {
    let real = shared.canonicalize().ok();
    // `libfoo.so` may link to `libfoo-1.2.so.3`: the name as typed comes first, the real one second.
    let places = [Some(shared), real.as_deref()];
    places.into_iter().flatten().find_map(|place| {
        let (dir, stem) = (place.parent()?, stem(place)?);
        names(stem).into_iter().find_map(|n| usable_archive(dir.join(n), path))
    })
}

/// The archive of a shared object: next to it, else along the search path.
pub(crate) fn archive_of(shared: &Path, path: &SearchPath) -> Option<PathBuf> {
    archive_beside(shared, path).or_else(|| archive_elsewhere(shared, path))
}

/// The archive of a shared object along the search path.
pub(crate) fn archive_elsewhere(shared: &Path, path: &SearchPath) -> Option<PathBuf> {
    names(stem(shared)?)
        .into_iter()
        .find_map(|n| path.dirs.iter().find_map(|d| usable_archive(d.join(n.clone()), path)))
}

fn names(stem: &OsStr) -> Vec<OsString> {
    let twin = stem.as_bytes().strip_prefix(b"lib").and_then(|name| front_end::twin(OsStr::from_bytes(name)));
    let renamed = RENAMED.iter().map(|end| OsStr::from_bytes(&[stem.as_bytes(), end.as_bytes()].concat()).to_owned());
    renamed.chain(twin.map(|name| format!("lib{name}.a").into())).collect()
}

/// An archive, or a linker script in its place (glibc's `libm.a`).
fn usable_archive(path: PathBuf, search: &SearchPath) -> Option<PathBuf> {
    let (path, what) = search.usable(path)?;
    matches!(what, Sniffed::Archive { .. } | Sniffed::Text).then_some(path)
}

/// The shared object next to an archive: `libfoo.so` for `libfoo.a`.
pub(crate) fn shared_of(archive: &Path, path: &SearchPath) -> Option<(PathBuf, Sniffed)> {
    let name = archive.file_name()?.as_bytes();
    let stem = RENAMED.iter().rev().find_map(|end| name.strip_suffix(end.as_bytes()))?;
    let shared = archive.with_file_name(OsStr::from_bytes(&[stem, b".so"].concat()));
    path.usable(shared).filter(|(_, what)| matches!(what, Sniffed::Shared { .. } | Sniffed::Text))
}
