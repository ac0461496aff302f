//! Moves finished files and directories into place.

use super::atomic::{AtomicFile, Destination, destination};
use super::links::parent;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Moves a finished file on the same file system to a path, with its permissions. If the path is not a regular file,
/// the content is written to it ([`AtomicFile`]), and the finished file stays.
///
/// # Errors
/// Those of rename(2) and write(2).
pub(crate) fn place_file(finished: &Path, path: &Path) -> io::Result<()> {
    match destination(path)? {
        Destination::Regular(to, _) if same_device(finished, &to) => fs::rename(finished, to),
        _ => {
            let mut file = AtomicFile::create(path)?;
            io::copy(&mut File::open(finished)?, &mut file)?;
            file.set_mode(std::os::unix::fs::MetadataExt::mode(&fs::metadata(finished)?) & 0o777)?;
            file.commit()
        }
    }
}

/// The directory to build a file for a path in: that of the path, or the one for temporary files if the path is not a
/// regular file.
///
/// # Errors
/// A path that is a directory.
pub(crate) fn workplace(path: &Path) -> io::Result<PathBuf> {
    Ok(match destination(path)? {
        Destination::Regular(to, _) => parent(&to).to_owned(),
        Destination::Stream | Destination::Descriptor(_) => tempfile::env::temp_dir(),
    })
}

/// Whether both are on one file system; a symbolic link may lead to another.
fn same_device(finished: &Path, to: &Path) -> bool {
    let device = |p: &Path| super::Identity::of(p).map(|i| i.device);
    device(finished) == device(parent(to))
}

/// Moves a finished directory to a path, symbolic links followed. An existing one is replaced atomically and removed.
///
/// # Errors
/// Those of renameat2(2). The finished directory is then removed.
pub(crate) fn place_directory(finished: TempDir, path: &Path) -> io::Result<()> {
    if let Ok(old) = fs::canonicalize(path) {
        match renameat2(AT_FDCWD, finished.path(), AT_FDCWD, &old, RenameFlags::RENAME_EXCHANGE) {
            // The old one has the temporary name now, and is removed with it.
            Ok(()) => return Ok(()),
            // A file system that can't exchange names.
            Err(Errno::EINVAL | Errno::ENOSYS) => {
                let aside = tempfile::Builder::new().prefix(".staticcxx-").tempdir_in(parent(&old))?;
                fs::rename(&old, aside.path().join("old"))?;
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    fs::rename(finished.path(), path)?;
    // It was renamed.
    let _ = finished.keep();
    Ok(())
}

/// Creates a symbolic link, replacing any file or link at a path.
///
/// # Errors
/// Those of symlink(2) and rename(2).
pub(crate) fn place_symlink(target: &Path, path: &Path) -> io::Result<()> {
    let aside = tempfile::Builder::new().prefix(".staticcxx-").tempdir_in(parent(path))?;
    let fresh = aside.path().join("link");
    symlink(target, &fresh)?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<PathBuf> {
        let mut names: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_and_links_are_replaced_and_devices_are_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("finished"), "new").unwrap();
        fs::write(at("old"), "old").unwrap();
        symlink("old", at("link")).unwrap();
        place_file(&at("finished"), &at("link")).unwrap();
        assert_eq!(fs::read(at("old")).unwrap(), b"new");
        assert_eq!(names(dir.path()), [PathBuf::from("link"), "old".into()]);
        let open = tempfile::NamedTempFile::new().unwrap();
        let descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        place_file(&at("old"), Path::new(&descriptor)).unwrap();
        assert_eq!((fs::read(open.path()).unwrap(), at("old").exists()), (b"new".to_vec(), true));
        place_symlink(Path::new("elsewhere"), &at("link")).unwrap();
        assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("elsewhere"));
        assert_eq!(names(dir.path()), [PathBuf::from("link"), "old".into()]);
    }

    #[test]
    fn a_directory_gives_way_to_another() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("place");
        for text in ["one", "two"] {
            let finished = tempfile::tempdir_in(dir.path()).unwrap();
            fs::write(finished.path().join("file"), text).unwrap();
            place_directory(finished, &to).unwrap();
            assert_eq!(fs::read(to.join("file")).unwrap(), text.as_bytes());
            assert_eq!(names(dir.path()), [PathBuf::from("place")]);
        }
    }
}
