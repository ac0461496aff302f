//! A tree out of an archive or a directory.

use super::pack_error::{PackError, at};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};
use tar::{Archive, EntryType};

/// zstd's frames (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window that a frame may ask for, as a power of two: what a 64-bit zstd takes.
const WINDOW: u32 = 31;

/// Puts a pack's tree into an empty directory.
///
/// # Errors
/// A file that is no pack, or is damaged, and a directory that can't be written.
pub(crate) fn unpack(pack: &Path, into: &Path, interrupted: &dyn Fn() -> bool) -> Result<(), PackError> {
    if pack.is_dir() {
        return copy(pack, into, interrupted);
    }
    let mut file = File::open(pack).map_err(at(pack, "read"))?;
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_err() || magic != ZSTD {
        return Err(PackError::NoPack(pack.to_owned(), "it is neither a directory nor compressed with zstd".into()));
    }
    let file = File::open(pack).map_err(at(pack, "read"))?;
    let damaged = |error: io::Error| PackError::Damaged(pack.to_owned(), error.to_string());
    let mut decoder = zstd::stream::read::Decoder::new(file).map_err(damaged)?;
    decoder.window_log_max(WINDOW).map_err(damaged)?;
    let mut archive = Archive::new(decoder);
    archive.set_preserve_mtime(true);
    archive.set_preserve_permissions(true);
    for entry in archive.entries().map_err(damaged)? {
        if interrupted() {
            return Err(PackError::Interrupted);
        }
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let strange = |what: &str| PackError::NoPack(pack.to_owned(), format!("`{}` {what}", path.display()));
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Directory | EntryType::Symlink) {
            return Err(strange("is neither a file nor a directory nor a link"));
        }
        if !stays_inside(&path, entry.link_name().map_err(damaged)?.as_deref()) {
            return Err(strange("leads out of it"));
        }
        match entry.unpack_in(into) {
            Ok(true) => {}
            Ok(false) => return Err(strange("leads out of it")),
            Err(error) if is_of_the_disk(&error) => {
                return Err(PackError::Io { path: into.join(&path), doing: "written", error: of_system(error) });
            }
            Err(error) => return Err(damaged(error)),
        }
    }
    Ok(())
}

/// Whether a path, and what it links to, are below the top, by their texts alone.
fn stays_inside(path: &Path, link: Option<&Path>) -> bool {
    let depth = |path: &Path, from: i32| {
        path.components().try_fold(from, |depth, part| match part {
            Component::Normal(_) => Some(depth + 1),
            Component::CurDir => Some(depth),
            Component::ParentDir => Some(depth - 1).filter(|depth| *depth >= 0),
            Component::RootDir | Component::Prefix(_) => None,
        })
    };
    let Some(own) = depth(path, 0) else { return false };
    link.is_none_or(|link| depth(link, own - 1).is_some())
}

/// Whether an error is of the place that is written to, not of the archive.
fn is_of_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()).map(io::Error::kind);
    let kinds = [StorageFull, PermissionDenied, ReadOnlyFilesystem, QuotaExceeded];
    kinds.contains(&error.kind()) || cause.is_some_and(|kind| kinds.contains(&kind))
}

/// The system's own error in one that archives wrap it in, whose text leaves it out.
fn of_system(error: io::Error) -> io::Error {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut all = std::iter::successors(first, |error| error.source());
    let code = all.find_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error());
    code.map_or(error, io::Error::from_raw_os_error)
}

/// A tree that lies in a directory. Links of it are kept, what else is in it is left.
fn copy(pack: &Path, into: &Path, interrupted: &dyn Fn() -> bool) -> Result<(), PackError> {
    super::PackManifest::load(pack)?;
    for entry in walkdir::WalkDir::new(pack).min_depth(1).sort_by_file_name() {
        if interrupted() {
            return Err(PackError::Interrupted);
        }
        let entry = entry.map_err(|e| PackError::Io { path: pack.to_owned(), doing: "read", error: e.into() })?;
        let from = entry.path();
        let to = into.join(from.strip_prefix(pack).unwrap_or(from));
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir(&to).map_err(at(&to, "written"))?;
        } else if kind.is_symlink() {
            let target = fs::read_link(from).map_err(at(from, "read"))?;
            std::os::unix::fs::symlink(target, &to).map_err(at(&to, "written"))?;
        } else if kind.is_file() {
            fs::copy(from, &to).map_err(at(&to, "written"))?;
            let changed = fs::metadata(from).and_then(|m| m.modified()).map_err(at(from, "read"))?;
            let times = File::open(&to).and_then(|file| file.set_modified(changed));
            times.map_err(at(&to, "written"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of one entry.
    fn archive(kind: EntryType, path: &str, link: Option<&str>) -> Vec<u8> {
        let mut builder = tar::Builder::new(zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(if kind == EntryType::Regular { 4 } else { 0 });
        // By hand: the crate refuses to write what is tried here.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        if let Some(link) = link {
            header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_cksum();
        builder.append(&header, if kind == EntryType::Regular { &b"text"[..] } else { b"" }).unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> (tempfile::TempDir, Result<(), PackError>) {
        let t = tempfile::tempdir().unwrap();
        let (file, into) = (t.path().join("p.tar.zst"), t.path().join("into"));
        fs::write(&file, bytes).unwrap();
        fs::create_dir(&into).unwrap();
        let done = unpack(&file, &into, &|| false);
        (t, done)
    }

    #[test]
    fn files_and_links_come_out() {
        let (t, done) = unpacked(&archive(EntryType::Regular, "a/b", None));
        done.unwrap();
        assert_eq!(fs::read(t.path().join("into/a/b")).unwrap(), b"text");
        unpacked(&archive(EntryType::Symlink, "a/b", Some("../c"))).1.unwrap();
    }

    #[test]
    fn nothing_leaves_the_tree() {
        for (kind, path, link) in [
            (EntryType::Regular, "../x", None),
            (EntryType::Regular, "/x", None),
            (EntryType::Symlink, "a", Some("/etc/passwd")),
            (EntryType::Symlink, "a/b", Some("../../x")),
            (EntryType::Link, "a", Some("b")),
            (EntryType::Fifo, "a", None),
        ] {
            let (t, done) = unpacked(&archive(kind, path, link));
            assert!(matches!(done, Err(PackError::NoPack(..))), "{path}: {done:?}");
            assert!(!t.path().join("x").exists());
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_damaged() {
        let whole = archive(EntryType::Regular, "a/b", None);
        for cut in [8, whole.len() / 2, whole.len() - 1] {
            let (_, done) = unpacked(&whole[..cut]);
            assert!(matches!(done, Err(PackError::Damaged(..))), "{cut}: {done:?}");
        }
        for bytes in [&b""[..], b"PK\x03\x04", b"\x1f\x8b\x08\x00aaaaaaaaaa"] {
            assert!(matches!(unpacked(bytes).1, Err(PackError::NoPack(..))));
        }
    }
}
