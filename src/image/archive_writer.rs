//! Where an image is written: complete under its name, or not at all.

use super::ContainerImage;
use super::config::Undescribable;
use super::layout::{MARK, OciLayout};
use crate::files::{AtomicFile, place_directory, workplace};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageOutput {
    /// `-o FILE`: one archive.
    Archive(PathBuf),
    /// `-o DIR/`: a layout in a directory.
    Directory(PathBuf),
    /// `-o -`: one archive on stdout.
    Stdout,
}

/// Why it can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("`{path}` can't be written: {1}", path = .0.display())]
    Io(PathBuf, io::Error),
    /// There is a directory that is no layout.
    #[error("`{path}` is a directory that contains something other than an image", path = .0.display())]
    Occupied(PathBuf),
    #[error(transparent)]
    Document(#[from] Undescribable),
}

impl ImageOutput {
    /// Reads the value of `-o`: a slash at the end or a directory that exists is a directory.
    pub(crate) fn parse(path: &Path) -> ImageOutput {
        if path == Path::new("-") {
            return ImageOutput::Stdout;
        }
        if path.as_os_str().as_bytes().ends_with(b"/") || path.is_dir() {
            return ImageOutput::Directory(path.components().collect());
        }
        ImageOutput::Archive(path.to_owned())
    }

    /// A directory on the file system that it goes to, for what does not fit into memory.
    pub(crate) fn directory(&self) -> PathBuf {
        match self {
            ImageOutput::Archive(path) => workplace(path).unwrap_or_else(|_| parent(path)),
            ImageOutput::Directory(path) => parent(path),
            ImageOutput::Stdout => std::env::temp_dir(),
        }
    }

    /// Writes an image. Gives the number of bytes.
    ///
    /// # Errors
    /// No partial output is left then.
    pub(crate) fn write(&self, image: &ContainerImage, interrupted: &dyn Fn() -> bool) -> Result<u64, OutputError> {
        let top = image.top()?;
        let layout = OciLayout::new(&top, image.blobs(), image.time);
        match self {
            ImageOutput::Archive(path) => {
                archive(path, &layout, interrupted).map_err(|e| OutputError::Io(path.clone(), e))
            }
            ImageOutput::Directory(path) => directory(path, &layout),
            ImageOutput::Stdout => {
                let mut counted = CountingWriter { to: crate::message::sink(), count: 0, interrupted };
                let written = layout.write_archive(BufWriter::new(&mut counted));
                written.map_err(|e| OutputError::Io("stdout".into(), e))?;
                Ok(counted.count)
            }
        }
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => ".".into(),
    }
}

/// Counts, and fails once the user wants to stop.
struct CountingWriter<'a, W> {
    to: W,
    count: u64,
    interrupted: &'a dyn Fn() -> bool,
}

impl<W: Write> Write for CountingWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.interrupted)() {
            return Err(io::Error::other("interrupted"));
        }
        let n = self.to.write(bytes)?;
        self.count += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn archive(path: &Path, layout: &OciLayout<'_>, interrupted: &dyn Fn() -> bool) -> io::Result<u64> {
    let mut file = AtomicFile::create(path)?;
    let mut counted = CountingWriter { to: &mut file, count: 0, interrupted };
    layout.write_archive(BufWriter::with_capacity(1 << 18, &mut counted))?;
    let count = counted.count;
    file.commit()?;
    Ok(count)
}

fn directory(path: &Path, layout: &OciLayout<'_>) -> Result<u64, OutputError> {
    let io = |e| OutputError::Io(path.to_owned(), e);
    let there = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(io(e)),
    };
    if there && !path.join(MARK).is_file() {
        return Err(OutputError::Occupied(path.to_owned()));
    }
    let mut builder = tempfile::Builder::new();
    // Less what the umask takes.
    builder.prefix(".staticctl-image-").permissions(fs::Permissions::from_mode(0o777));
    let fresh = builder.tempdir_in(parent(path)).map_err(io)?;
    layout.write_directory(fresh.path()).map_err(io)?;
    let count = size(fresh.path()).map_err(io)?;
    place_directory(fresh, path).map_err(io)?;
    Ok(count)
}

fn size(directory: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { size(&entry.path())? } else { meta.len() };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_or_a_directory_is_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ImageOutput::parse(Path::new("-")), ImageOutput::Stdout);
        assert_eq!(ImageOutput::parse(Path::new("x.tar")), ImageOutput::Archive("x.tar".into()));
        assert_eq!(ImageOutput::parse(Path::new("new/")), ImageOutput::Directory("new".into()));
        assert_eq!(ImageOutput::parse(dir.path()), ImageOutput::Directory(dir.path().into()));
        assert_eq!(ImageOutput::parse(Path::new("x.tar")).directory(), Path::new("."));
    }
}
