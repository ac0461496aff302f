//! Atomic writes: a file is written under another name in the same directory and renamed. Only regular files are
//! replaced. Devices, FIFOs and open descriptors (`/dev/stdout`, `/dev/fd/N`) are written to, and the target of a
//! symbolic link is replaced instead of the link, as by `cp` and compilers.

use super::links::{MOST_LINKS, parent};
use nix::errno::Errno;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The file that a path leads to.
#[derive(Debug)]
pub(super) enum Destination {
    /// A regular file with its state, or no file yet; all links resolved.
    Regular(PathBuf, Option<Metadata>),
    /// Something that must not be replaced: a device, a FIFO, a socket.
    Stream,
    /// An open file of this process, by `/dev/stdout` or the like.
    Descriptor(RawFd),
}

pub(super) fn destination(path: &Path) -> io::Result<Destination> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&at) {
            Ok(m) if m.is_symlink() => {
                let dir = parent(&at);
                let real = fs::canonicalize(dir)?;
                if real.starts_with("/proc") {
                    // Links in /proc lead to open files, whatever their text.
                    let ours = real == Path::new("/proc").join(std::process::id().to_string()).join("fd");
                    let number = at.file_name().and_then(|n| n.to_str()?.parse().ok());
                    return Ok(number.filter(|_| ours).map_or(Destination::Stream, Destination::Descriptor));
                }
                at = dir.join(fs::read_link(&at)?);
            }
            Ok(m) if m.is_file() => return Ok(Destination::Regular(at, Some(m))),
            Ok(m) if m.is_dir() => return Err(Errno::EISDIR.into()),
            Ok(_) => return Ok(Destination::Stream),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Destination::Regular(at, None)),
            Err(e) => return Err(e),
        }
    }
    Err(Errno::ELOOP.into())
}

/// A file that is being written. If it is dropped before [`AtomicFile::commit`], the old file stays.
#[derive(Debug)]
pub(crate) struct AtomicFile(Way);

#[derive(Debug)]
enum Way {
    Stream(File),
    Aside { fresh: NamedTempFile, to: PathBuf },
}

impl AtomicFile {
    /// Starts writing. The file gets owner and permissions of the one that it replaces; a new file those of the umask.
    ///
    /// # Errors
    /// A directory that does not exist or can't be written; a path that is a directory.
    pub(crate) fn create(path: &Path) -> io::Result<AtomicFile> {
        let (to, old) = match destination(path)? {
            Destination::Stream => {
                return Ok(AtomicFile(Way::Stream(File::options().write(true).truncate(true).open(path)?)));
            }
            Destination::Descriptor(number) => {
                // SAFETY: it is only duplicated, which fails if the descriptor is not open.
                let open = unsafe { BorrowedFd::borrow_raw(number) };
                // Opening the path would write from the file's start, over what others write to that descriptor.
                return Ok(AtomicFile(Way::Stream(open.try_clone_to_owned()?.into())));
            }
            Destination::Regular(to, old) => (to, old),
        };
        let fresh = tempfile::Builder::new()
            .prefix(".staticcxx-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent(&to))?;
        if let Some(old) = old {
            // Only root may change owners; for others the new file is their own.
            let _ = fchown(fresh.as_file(), Some(old.uid()), Some(old.gid()));
            fresh.as_file().set_permissions(Permissions::from_mode(old.mode() & 0o777))?;
        }
        Ok(AtomicFile(Way::Aside { fresh, to }))
    }

    /// Sets the permissions of the new file; has no effect if the destination is not a regular file.
    ///
    /// # Errors
    /// Those of chmod(2).
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        match &self.0 {
            Way::Stream(_) => Ok(()),
            Way::Aside { fresh, .. } => fresh.as_file().set_permissions(Permissions::from_mode(mode)),
        }
    }

    /// Renames the file to its path.
    ///
    /// # Errors
    /// Those of rename(2); no temporary file is left.
    pub(crate) fn commit(self) -> io::Result<()> {
        match self.0 {
            Way::Stream(mut file) => file.flush(),
            Way::Aside { fresh, to } => fresh.persist(to).map(drop).map_err(|e| e.error),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Way::Stream(file) => file.write(bytes),
            Way::Aside { fresh, .. } => fresh.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Way::Stream(file) => file.flush(),
            Way::Aside { fresh, .. } => fresh.flush(),
        }
    }
}

/// Writes a file atomically; what is not a regular file is written to ([`AtomicFile`]).
///
/// # Errors
/// The file can't be written; no partial file is left.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_new_file_has_the_usual_permissions_and_a_replaced_one_keeps_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (new, usual) = (dir.path().join("new"), dir.path().join("usual"));
        fs::write(&usual, "").unwrap();
        write_atomic(&new, b"one").unwrap();
        assert_eq!((fs::read(&new).unwrap().as_slice(), mode(&new)), (b"one".as_slice(), mode(&usual)));
        fs::set_permissions(&new, Permissions::from_mode(0o640)).unwrap();
        write_atomic(&new, b"two").unwrap();
        assert_eq!((fs::read(&new).unwrap().as_slice(), mode(&new)), (b"two".as_slice(), 0o640));
        let executable = AtomicFile::create(&new).unwrap();
        executable.set_mode(0o755).unwrap();
        executable.commit().unwrap();
        assert_eq!((fs::read(&new).unwrap().len(), mode(&new)), (0, 0o755));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_not_committed_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!((fs::read(&path).unwrap(), fs::read_dir(dir.path()).unwrap().count()), (b"old".to_vec(), 1));
    }

    #[test]
    fn links_stay_links() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/file"), "old").unwrap();
        symlink("far/file", at("near")).unwrap();
        symlink("near", at("nearer")).unwrap();
        symlink("far/new", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        write_atomic(&at("nearer"), b"new").unwrap();
        write_atomic(&at("dangling"), b"made").unwrap();
        assert_eq!(fs::read(at("far/file")).unwrap(), b"new");
        assert_eq!(fs::read(at("far/new")).unwrap(), b"made");
        for link in ["near", "nearer", "dangling"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        assert!(write_atomic(&at("circle"), b"").is_err());
    }

    #[test]
    fn a_fifo_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || {
                let mut text = String::new();
                File::open(fifo).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        write_atomic(&fifo, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_descriptor_is_written_to_where_it_stands() {
        use std::os::fd::AsRawFd;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let link = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        file.write_all(b"before, ").unwrap();
        write_atomic(&link, b"between, ").unwrap();
        file.write_all(b"after").unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "before, between, after");
        assert!(write_atomic(Path::new("/proc/self/fd/987654"), b"").is_err());
    }

    #[test]
    fn directories_and_missing_ones_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(write_atomic(dir.path(), b"").unwrap_err().raw_os_error(), Some(nix::libc::EISDIR));
        assert!(write_atomic(&dir.path().join("none/file"), b"").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
