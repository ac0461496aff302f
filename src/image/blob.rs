//! Bytes with their digest: what an image is stored as.

use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The SHA-256 digest of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sha([u8; 32]);

impl Sha {
    /// In 64 hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Of bytes.
    pub(crate) fn of(bytes: &[u8]) -> Sha {
        Sha(Sha256::digest(bytes).into())
    }

    /// Of a file.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn of_file(path: &Path) -> io::Result<Sha> {
        let mut hashing = Hashing::new(io::sink());
        io::copy(&mut File::open(path)?, &mut hashing)?;
        Ok(hashing.finish().1)
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// Hashes and counts what is written through it.
pub(crate) struct Hashing<W> {
    inner: W,
    hash: Sha256,
    count: u64,
}

impl<W> Hashing<W> {
    pub(crate) fn new(inner: W) -> Hashing<W> {
        Hashing { inner, hash: Sha256::new(), count: 0 }
    }

    /// The writer, the digest and the number of bytes.
    pub(crate) fn finish(self) -> (W, Sha, u64) {
        (self.inner, Sha(self.hash.finalize().into()), self.count)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..n).unwrap_or_default());
        self.count += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Where a blob's bytes are: in memory, or in an unnamed file that goes with the process.
#[derive(Debug)]
pub(crate) enum Bytes {
    Memory(Vec<u8>),
    /// In a file without a name.
    File(File),
}

#[derive(Debug)]
pub(crate) struct Blob {
    /// Its digest.
    pub sha: Sha,
    pub len: u64,
    bytes: Bytes,
}

impl Blob {
    /// Of bytes in memory.
    pub(crate) fn of(bytes: Vec<u8>) -> Blob {
        let sha = Sha(Sha256::digest(&bytes).into());
        Blob { sha, len: bytes.len() as u64, bytes: Bytes::Memory(bytes) }
    }

    /// Of bytes whose digest is known.
    pub(crate) fn from_parts(sha: Sha, len: u64, bytes: Bytes) -> Blob {
        Blob { sha, len, bytes }
    }

    /// A reader from the start. One at a time: readers of a file share its position.
    ///
    /// # Errors
    /// A file that can't be read.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        match &self.bytes {
            Bytes::Memory(bytes) => Ok(Box::new(bytes.as_slice())),
            Bytes::File(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(0))?;
                Ok(Box::new(file))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashing_is_that_of_sha256sum() {
        let mut hashing = Hashing::new(Vec::new());
        hashing.write_all(b"ab").unwrap();
        hashing.write_all(b"c").unwrap();
        let (bytes, sha, count) = hashing.finish();
        assert_eq!((bytes.as_slice(), count), (b"abc".as_slice(), 3));
        let known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((sha.to_string().as_str(), Blob::of(bytes).sha), (known, sha));
    }
}
