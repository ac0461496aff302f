//! Files that the build script packed into the program: sources of toolchains, and programs that try what was built.

use liblzma::read::XzDecoder;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The files of a directory, as a tar archive in an xz stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmbeddedFiles(pub &'static [u8]);

impl EmbeddedFiles {
    /// The archive, from its beginning.
    pub(crate) fn archive(self) -> tar::Archive<XzDecoder<&'static [u8]>> {
        tar::Archive::new(XzDecoder::new(self.0))
    }

    /// The texts, by their paths in the directory.
    ///
    /// # Errors
    /// A damaged archive, or a file that is no text.
    pub(crate) fn texts(self) -> io::Result<BTreeMap<String, String>> {
        let text = |mut entry: tar::Entry<'_, _>| {
            let path = entry.path()?.to_string_lossy().into_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            Ok((path, text))
        };
        self.archive().entries()?.map(|entry| text(entry?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_is_an_error() {
        assert!(EmbeddedFiles(b"").texts().is_err());
        assert!(EmbeddedFiles(b"\xfd7zXZ\0 and more").texts().is_err());
    }
}
