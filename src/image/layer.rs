//! A tree of files → the compressed tar archive that is a layer, the same bytes every time.

use super::blob::{Blob, Bytes, Hashing, Sha};
use crate::rootfs::tree::{FileContent, FileTree, Node};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tar::{Builder, EntryType, Header};

/// How layers are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// gzip at this level, which every tool reads.
    Gzip(u32),
    /// zstd at this level; needs containerd 1.5, docker 23, podman 3 or newer.
    Zstd(i32),
    /// The same with the largest window that every zstd unpacks without being asked to, for files that are like each other.
    ZstdLong(i32),
    None,
}

impl Default for Packing {
    fn default() -> Packing {
        Packing::Gzip(GZIP_LEVEL)
    }
}

/// Small images, still in milliseconds.
const GZIP_LEVEL: u32 = 6;
/// Smaller than gzip's best in less time.
const ZSTD_LEVEL: i32 = 19;
/// As a power of two; the limit of `zstd -d` without options (zstd manual, "--long").
const WINDOW: u32 = 27;

impl FromStr for Packing {
    type Err = String;

    fn from_str(text: &str) -> Result<Packing, String> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level)),
            None => (text, None),
        };
        let within = |most: i32| match level.map(str::parse::<i32>) {
            None => Ok(None),
            Some(Ok(n)) if (1..=most).contains(&n) => Ok(Some(n)),
            Some(_) => Err(format!("the level of {name} is a number from 1 to {most}")),
        };
        match name {
            "gzip" => Ok(Packing::Gzip(within(9)?.and_then(|n| u32::try_from(n).ok()).unwrap_or(GZIP_LEVEL))),
            "zstd" => Ok(Packing::Zstd(within(22)?.unwrap_or(ZSTD_LEVEL))),
            "none" if level.is_none() => Ok(Packing::None),
            _ => Err("gzip, gzip:LEVEL, zstd, zstd:LEVEL or none".into()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Layer {
    pub blob: Blob,
    /// The digest of the archive before it was compressed.
    pub diff_id: Sha,
    /// How it was compressed.
    pub packing: Packing,
}

/// Layers up to this size stay in memory; larger ones go to a file without a name, so that memory stays the same.
const IN_MEMORY: usize = 16 << 20;

/// Why a layer can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LayerError {
    /// A file of this machine can't be read.
    #[error("`{path}` can't be read: {1}", path = .0.display())]
    Read(PathBuf, io::Error),
    /// It became shorter or longer meanwhile.
    #[error("`{path}` changed while it was read", path = .0.display())]
    Changed(PathBuf),
    #[error("the layer can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Memory first, a file later.
enum Spool {
    Memory(Vec<u8>),
    File(File),
}

struct Spooled<'a> {
    spool: Spool,
    /// Directory of the file.
    directory: &'a Path,
    interrupted: &'a dyn Fn() -> bool,
}

impl Write for Spooled<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.interrupted)() {
            return Err(io::Error::other("interrupted"));
        }
        if let Spool::Memory(memory) = &mut self.spool {
            if memory.len() + bytes.len() <= IN_MEMORY {
                memory.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            let mut file = tempfile::tempfile_in(self.directory)?;
            file.write_all(memory)?;
            self.spool = Spool::File(file);
        }
        match &mut self.spool {
            Spool::File(file) => file.write(bytes),
            Spool::Memory(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum LayerWriter<W: Write> {
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    None(W),
}

impl<W: Write> LayerWriter<W> {
    fn new(packing: Packing, to: W) -> io::Result<LayerWriter<W>> {
        Ok(match packing {
            // No time, no name, no operating system: nothing of when and where.
            Packing::Gzip(level) => {
                LayerWriter::Gzip(GzBuilder::new().mtime(0).operating_system(255).write(to, Compression::new(level)))
            }
            Packing::Zstd(level) => LayerWriter::Zstd(zstd::stream::write::Encoder::new(to, level)?),
            Packing::ZstdLong(level) => {
                let mut encoder = zstd::stream::write::Encoder::new(to, level)?;
                encoder.window_log(WINDOW)?;
                encoder.long_distance_matching(true)?;
                encoder.include_checksum(true)?;
                LayerWriter::Zstd(encoder)
            }
            Packing::None => LayerWriter::None(to),
        })
    }

    fn finish(self) -> io::Result<W> {
        match self {
            LayerWriter::Gzip(gzip) => gzip.finish(),
            LayerWriter::Zstd(zstd) => zstd.finish(),
            LayerWriter::None(to) => Ok(to),
        }
    }
}

impl<W: Write> Write for LayerWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            LayerWriter::Gzip(w) => w.write(bytes),
            LayerWriter::Zstd(w) => w.write(bytes),
            LayerWriter::None(w) => w.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            LayerWriter::Gzip(w) => w.flush(),
            LayerWriter::Zstd(w) => w.flush(),
            LayerWriter::None(w) => w.flush(),
        }
    }
}

/// What a layer is made with.
pub(crate) struct LayerSettings<'a> {
    /// How it is compressed.
    pub packing: Packing,
    /// Time of all its files, in seconds since 1970.
    pub time: u64,
    /// Directory for what does not fit into memory.
    pub directory: &'a Path,
    /// Whether to give up.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// Makes a layer out of a tree.
///
/// # Errors
/// What can't be read or written.
pub(crate) fn make(tree: &FileTree, making: &LayerSettings<'_>) -> Result<Layer, LayerError> {
    let LayerSettings { packing, time, directory, interrupted } = *making;
    let spooled = Spooled { spool: Spool::Memory(Vec::new()), directory, interrupted };
    let packer = LayerWriter::new(packing, Hashing::new(spooled))?;
    let mut archive = Builder::new(Hashing::new(packer));
    for (path, node) in tree.iter() {
        append(&mut archive, path, node, time)?;
    }
    let (packer, diff_id, _) = archive.into_inner()?.finish();
    let (spooled, sha, len) = packer.finish()?.finish();
    let bytes = match spooled.spool {
        Spool::Memory(memory) => Bytes::Memory(memory),
        Spool::File(file) => Bytes::File(file),
    };
    Ok(Layer { blob: Blob::from_parts(sha, len, bytes), diff_id, packing })
}

fn append<W: Write>(archive: &mut Builder<W>, path: &Path, node: &Node, time: u64) -> Result<(), LayerError> {
    let mut header = Header::new_gnu();
    header.set_mtime(time);
    let (kind, mode, owner) = match node {
        Node::Directory { mode, owner } => (EntryType::Directory, *mode, *owner),
        Node::File { executable, .. } => (EntryType::Regular, if *executable { 0o755 } else { 0o644 }, 0),
        Node::Link { .. } => (EntryType::Symlink, 0o777, 0),
    };
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner.into());
    header.set_gid(owner.into());
    header.set_size(0);
    match node {
        // A directory's name ends in a slash, as every tar writes it.
        Node::Directory { .. } => archive.append_data(&mut header, path.join(""), io::empty())?,
        Node::Link { target } => archive.append_link(&mut header, path, target)?,
        Node::File { content, .. } => {
            header.set_size(content.len());
            match content {
                FileContent::Bytes(bytes) => archive.append_data(&mut header, path, &bytes[..])?,
                FileContent::File(source, len) => {
                    let file = File::open(source).map_err(|e| LayerError::Read(source.clone(), e))?;
                    let mut exact = Exact { file, left: *len, failed: None };
                    archive.append_data(&mut header, path, &mut exact)?;
                    if let Some(error) = exact.failed {
                        return Err(LayerError::Read(source.clone(), error));
                    }
                    let longer = exact.file.read(&mut [0]).map_err(|e| LayerError::Read(source.clone(), e))? > 0;
                    if exact.left > 0 || longer {
                        return Err(LayerError::Changed(source.clone()));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Reads as much as the header says, so that the archive is sound whatever happens to the file meanwhile, and keeps
/// an error of the file apart from those of the archive.
struct Exact {
    file: File,
    left: u64,
    failed: Option<io::Error>,
}

impl Read for Exact {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        match self.file.read(into.get_mut(..most).unwrap_or_default()) {
            Ok(n) => {
                self.left -= n as u64;
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(e),
            Err(e) => {
                self.failed = Some(e);
                Ok(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn tree(pairs: &[(&str, &'static str)]) -> FileTree {
        let mut tree = FileTree::default();
        for (path, text) in pairs {
            let content = FileContent::Bytes(Cow::Borrowed(text.as_bytes()));
            tree.put(Path::new(path), Node::File { content, executable: false }, "x").unwrap();
        }
        tree
    }

    fn layer(tree: &FileTree, packing: Packing) -> Layer {
        make(tree, &LayerSettings { packing, time: 7, directory: Path::new("/tmp"), interrupted: &|| false }).unwrap()
    }

    #[test]
    fn the_order_of_adding_is_no_matter() {
        let (a, b) = (tree(&[("/a/b", "1"), ("/c", "2")]), tree(&[("/c", "2"), ("/a/b", "1")]));
        for packing in [Packing::Gzip(6), Packing::Zstd(3), Packing::None] {
            let (a, b) = (layer(&a, packing), layer(&b, packing));
            assert_eq!((a.blob.sha, a.diff_id), (b.blob.sha, b.diff_id));
            assert_eq!(packing == Packing::None, a.blob.sha == a.diff_id);
        }
    }

    #[test]
    fn what_is_in_it_reads_back() {
        let long = format!("/{}", "d/".repeat(90) + "file");
        let made = layer(&tree(&[(&long, "1"), ("/c", "two")]), Packing::None);
        let mut archive = tar::Archive::new(made.blob.open().unwrap());
        let mut seen = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let h = entry.header().clone();
            assert_eq!((h.uid().unwrap(), h.gid().unwrap(), h.mtime().unwrap()), (0, 0, 7));
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            seen.push((entry.path().unwrap().into_owned(), text));
        }
        assert_eq!(seen.first(), Some(&("c".into(), "two".into())));
        assert_eq!(seen.last(), Some(&(long[1..].into(), "1".into())));
        assert_eq!(made.diff_id, made.blob.sha);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_not_a_broken_archive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "1234").unwrap();
        let mut tree = FileTree::default();
        tree.add(&path, Path::new("/f")).unwrap();
        let making = LayerSettings { packing: Packing::None, time: 0, directory: dir.path(), interrupted: &|| false };
        for text in ["12", "123456"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(make(&tree, &making), Err(LayerError::Changed(_))), "{text}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(make(&tree, &making), Err(LayerError::Read(..))));
    }

    #[test]
    fn levels_have_limits() {
        assert_eq!("gzip".parse(), Ok(Packing::default()));
        assert_eq!("zstd:3".parse(), Ok(Packing::Zstd(3)));
        assert_eq!("none".parse(), Ok(Packing::None));
        for bad in ["gzip:10", "gzip:0", "zstd:23", "xz", "", "none:1", "gzip:x"] {
            assert!(bad.parse::<Packing>().is_err(), "{bad}");
        }
    }
}
