//! What is finished under another name, put into its place.

use super::atomic::{AtomicFile, Destination, destination, parent};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Moves a finished file of the same file system to a path, with its permissions. What is no regular file there gets
/// the content ([`AtomicFile`]), and the finished one stays.
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

/// A directory where what goes to a path can be made: that of the file itself, or the one for temporary files where the
/// path leads to no regular file.
///
/// # Errors
/// A path that is a directory.
pub(crate) fn workplace(path: &Path) -> io::Result<PathBuf> {
    Ok(match destination(path)? {
        Destination::Regular(to, _) => parent(&to).to_owned(),
        Destination::Stream | Destination::Descriptor(_) => tempfile::env::temp_dir(),
    })
}

/// A link may lead from the directory where the file was made to another file system.
fn same_device(finished: &Path, to: &Path) -> bool {
    let device = |p: &Path| super::Identity::of(p).map(|i| i.device);
    device(finished) == device(parent(to))
}

/// Moves a finished directory to a path, symbolic links followed. One that is there already gives way in the same moment, and is removed.
///
/// # Errors
/// Those of renameat2(2). The finished one is removed then.
pub(crate) fn place_directory(finished: TempDir, path: &Path) -> io::Result<()> {
    if let Ok(old) = fs::canonicalize(path) {
        match renameat2(AT_FDCWD, finished.path(), AT_FDCWD, &old, RenameFlags::RENAME_EXCHANGE) {
            // The old one has the temporary name now, and goes with it.
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
    // Its name is another one now.
    let _ = finished.keep();
    Ok(())
}

/// Makes a symbolic link in the place of whatever file or link is at a path.
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
