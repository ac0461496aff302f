//! The programs in the layers of an image that somebody else made: what is visible once all layers lie over each other
//! (OCI image specification, "Whiteouts"). Nothing is unpacked but one program at a time, into a file without a place in
//! any tree.

use super::blob::Sha;
use super::tar_entries::{self, TarName};
use crate::parts::noted_program::{self, NotedProgram};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use tar::{Archive, Entry, EntryType};

/// All layers that are looked at together unpack to no more: a small one may claim anything.
pub(super) const UNPACKED: u64 = 64 << 30;
/// A larger program is none of ours.
const PROGRAM: u64 = 2 << 30;
/// More files than any image has.
const ENTRIES: usize = 4_000_000;

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What layers above hide of those below.
#[derive(Debug, Default)]
struct Above {
    /// Files and what was deleted, with everything below them.
    hidden: BTreeSet<Vec<u8>>,
    /// Directories, which hide files of their name and nothing below them.
    directories: BTreeSet<Vec<u8>>,
    /// Directories of which nothing below shows.
    opaque: BTreeSet<Vec<u8>>,
}

impl Above {
    fn hides(&self, path: &[u8]) -> bool {
        let slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        let mut parents = std::iter::once(0).chain(slashes).filter_map(|at| path.get(..at));
        self.hidden.contains(path)
            || self.directories.contains(path)
            || parents.any(|parent| self.opaque.contains(parent) || self.hidden.contains(parent))
    }

    fn len(&self) -> usize {
        self.hidden.len() + self.directories.len() + self.opaque.len()
    }
}

/// The layers of one image, from the top.
#[derive(Debug)]
pub(super) struct LayerPrograms {
    above: Above,
    found: BTreeMap<Vec<u8>, (NotedProgram, Sha)>,
    /// Bytes that may still be unpacked.
    left: u64,
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl LayerPrograms {
    /// No layer yet. `left` is how much may be unpacked.
    pub(super) fn new(left: u64) -> LayerPrograms {
        LayerPrograms { above: Above::default(), found: BTreeMap::new(), left }
    }

    /// Looks through the next layer below.
    ///
    /// # Errors
    /// It is damaged, or unpacks to too much.
    pub(super) fn add(&mut self, layer: impl Read) -> io::Result<()> {
        let mut left = self.left;
        let mut own = Above::default();
        let mut found = BTreeMap::new();
        let reader = Limited { from: unpacked(layer)?, left: &mut left };
        let mut archive = Archive::new(reader);
        tar_entries::each(archive.entries()?.raw(true), |name, entry| {
            if self.above.len() + own.len() >= ENTRIES {
                return Err(bad("it has more files than an image"));
            }
            let visible = !self.above.hides(&name.path);
            if own.note(name) && visible {
                match program(entry)? {
                    Some(noted) => drop(found.insert(name.path.clone(), noted)),
                    None => drop(found.remove(&name.path)),
                }
            }
            Ok(())
        })?;
        self.left = left;
        self.found.append(&mut found);
        self.above.hidden.append(&mut own.hidden);
        self.above.directories.append(&mut own.directories);
        self.above.opaque.append(&mut own.opaque);
        Ok(())
    }

    /// The programs by their paths, without a leading slash, with their digests; and how much may still be unpacked.
    pub(super) fn finish(self) -> (BTreeMap<Vec<u8>, (NotedProgram, Sha)>, u64) {
        (self.found, self.left)
    }
}

impl Above {
    /// Notes what an entry hides of layers below. Gives whether it is a file.
    fn note(&mut self, entry: &TarName) -> bool {
        let (directory, name) = match entry.path.iter().rposition(|b| *b == b'/') {
            Some(at) => (entry.path.get(..at).unwrap_or_default(), entry.path.get(at + 1..).unwrap_or_default()),
            None => (&b""[..], entry.path.as_slice()),
        };
        if name == OPAQUE {
            self.opaque.insert(directory.to_vec());
            return false;
        }
        if let Some(deleted) = name.strip_prefix(WHITEOUT) {
            let path = if directory.is_empty() { deleted.to_vec() } else { [directory, deleted].join(&b'/') };
            self.hidden.insert(path);
            return false;
        }
        match entry.kind {
            EntryType::Directory => drop(self.directories.insert(entry.path.clone())),
            _ => drop(self.hidden.insert(entry.path.clone())),
        }
        matches!(entry.kind, EntryType::Regular | EntryType::Continuous)
    }
}

/// What an ELF file says of its parts; none of others and of those that say nothing or are damaged.
fn program<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Option<(NotedProgram, Sha)>> {
    let mut magic = [0; 4];
    if entry.size() > PROGRAM || entry.size() < 4 {
        return Ok(None);
    }
    entry.read_exact(&mut magic)?;
    if magic != *b"\x7fELF" {
        return Ok(None);
    }
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&magic)?;
    io::copy(entry, &mut file)?;
    match noted_program::read(file.path()) {
        Ok(Some(noted)) => Ok(Some((noted, Sha::of_file(file.path())?))),
        _ => Ok(None),
    }
}

/// A layer as it was before it was compressed.
fn unpacked<'a>(layer: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut layer = BufReader::with_capacity(1 << 16, layer);
    let start = layer.fill_buf()?;
    Ok(if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(layer))
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(zstd::stream::read::Decoder::with_buffer(layer)?)
    } else {
        Box::new(layer)
    })
}

/// Reads no more than is left.
struct Limited<'a, R> {
    from: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(into)?;
        *self.left = self.left.checked_sub(n as u64).ok_or_else(|| bad("its layers unpack to more than 64 GiB"))?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(names: &[&str]) -> Above {
        let mut above = Above::default();
        for name in names {
            let kind = if name.ends_with('/') { EntryType::Directory } else { EntryType::Regular };
            let path = tar_entries::relative(name.as_bytes()).unwrap();
            above.note(&TarName { kind, path, link: None });
        }
        above
    }

    #[test]
    fn whiteouts_hide_what_is_below() {
        let above = layer(&["bin/.wh.old", "opt/.wh..wh..opq", "usr/bin/", "etc/x", ".wh.srv", "opt/new"]);
        for hidden in ["bin/old", "bin/old/x", "opt/a", "opt/a/b", "etc/x", "etc/x/y", "srv", "srv/a/b", "usr/bin"] {
            assert!(above.hides(hidden.as_bytes()), "{hidden}");
        }
        for shown in ["bin/new", "bin/older", "usr/bin/a", "etc/y", "optional", "srv2", "opt"] {
            assert!(!above.hides(shown.as_bytes()), "{shown}");
        }
        assert!(layer(&[".wh..wh..opq"]).hides(b"any"));
    }

    #[test]
    fn a_layer_that_unpacks_without_end_is_an_error() {
        let mut programs = LayerPrograms::new(4096);
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(100_000);
        archive.append_data(&mut header, "zeros", io::repeat(0).take(100_000)).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&archive.into_inner().unwrap()).unwrap();
        let packed = packed.finish().unwrap();
        assert!(programs.add(packed.as_slice()).unwrap_err().to_string().contains("unpack to more"));
        assert!(LayerPrograms::new(UNPACKED).add(packed.as_slice()).is_ok());
        assert!(LayerPrograms::new(UNPACKED).add(packed.get(..packed.len() / 2).unwrap()).is_err());
    }
}
