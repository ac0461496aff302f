//! The files of an image that is there: a layout in a directory, or an archive of one or of `docker save`.

use super::layout::MARK;
use super::tar_entries::{self, relative};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tar::{Archive, EntryType};

/// The largest document that registries take (OCI distribution specification), and more than any has.
const DOCUMENT: u64 = 4 << 20;
/// More files than any archive of an image has: each layer is three at most.
const FILES: usize = 100_000;

/// Where a file of an archive is.
#[derive(Debug)]
enum ArchivePlace {
    /// Offset and length.
    Bytes(u64, u64),
    /// Another name of it: `docker save` of old writes a layer once.
    Link(Vec<u8>),
}

#[derive(Debug)]
pub(super) enum StoredImage {
    Directory(PathBuf),
    Archive(File, BTreeMap<Vec<u8>, ArchiveEntry>),
}

/// A file of an archive.
#[derive(Debug)]
pub(super) struct ArchiveEntry(ArchivePlace);

fn bad(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

impl StoredImage {
    /// Opens one; none for what is no image.
    ///
    /// # Errors
    /// It can't be read, or it is an archive of something else.
    pub(super) fn open(path: &Path) -> io::Result<Option<StoredImage>> {
        if path.is_dir() {
            return Ok(path.join(MARK).is_file().then(|| StoredImage::Directory(path.to_owned())));
        }
        let mut file = File::open(path)?;
        let mut magic = [0; 5];
        // Where POSIX and GNU have it in the first header.
        if file.read_exact_at(&mut magic, 257).is_err() || magic != *b"ustar" {
            return Ok(None);
        }
        let entries = entries(&mut file)?;
        let files = StoredImage::Archive(file, entries);
        if !files.has("index.json") && !files.has("manifest.json") {
            return Err(bad("it is an archive of something other than an image"));
        }
        Ok(Some(files))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            StoredImage::Directory(top) => top.join(name).is_file(),
            StoredImage::Archive(_, entries) => entries.contains_key(name.as_bytes()),
        }
    }

    /// A reader of a file. One at a time: readers of an archive share its position.
    ///
    /// # Errors
    /// It is not there, or can't be read.
    pub(super) fn reader(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("`{name}` is not in it"));
        let (mut file, entries) = match self {
            StoredImage::Directory(top) => {
                let file =
                    File::open(top.join(name)).map_err(|e| io::Error::new(e.kind(), format!("`{name}`: {e}")))?;
                return Ok(Box::new(file));
            }
            StoredImage::Archive(file, entries) => (file, entries),
        };
        let mut place = entries.get(&relative(name.as_bytes())?);
        if let Some(ArchiveEntry(ArchivePlace::Link(to))) = place {
            place = entries.get(to);
        }
        match place {
            Some(ArchiveEntry(ArchivePlace::Bytes(at, len))) => {
                file.seek(SeekFrom::Start(*at))?;
                Ok(Box::new(file.take(*len)))
            }
            _ => Err(missing()),
        }
    }

    /// The bytes of a document.
    ///
    /// # Errors
    /// As above, and one that is too long.
    pub(super) fn document(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(name)?.take(DOCUMENT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > DOCUMENT {
            return Err(bad(format!("`{name}` is longer than 4 MiB")));
        }
        Ok(bytes)
    }
}

fn entries(file: &mut File) -> io::Result<BTreeMap<Vec<u8>, ArchiveEntry>> {
    let mut found = BTreeMap::new();
    let mut archive = Archive::new(file);
    tar_entries::each(archive.entries_with_seek()?.raw(true), |name, entry| {
        let place = match (name.kind, &name.link) {
            (EntryType::Regular | EntryType::Continuous, _) => {
                ArchivePlace::Bytes(entry.raw_file_position(), entry.size())
            }
            (EntryType::Link, Some(to)) => ArchivePlace::Link(relative(to)?),
            (EntryType::Symlink, Some(to)) => match beside(&name.path, to) {
                Some(to) => ArchivePlace::Link(to),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if found.len() == FILES {
            return Err(bad("it has more files than an image"));
        }
        found.insert(name.path.clone(), ArchiveEntry(place));
        Ok(())
    })?;
    Ok(found)
}

/// Where a symbolic link leads to, within the archive: `../0a1b/layer.tar` in `2c3d/layer.tar`.
fn beside(link: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = link.split(|b| *b == b'/').collect();
    parts.pop();
    for part in to.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_within() {
        let to = |link: &str, to: &str| beside(link.as_bytes(), to.as_bytes()).map(|b| String::from_utf8(b).unwrap());
        assert_eq!(to("2c/layer.tar", "../0a/layer.tar").as_deref(), Some("0a/layer.tar"));
        assert_eq!(to("a", "./b").as_deref(), Some("b"));
        assert_eq!(to("a", "../../etc/passwd"), None);
    }
}
