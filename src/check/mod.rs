//! The check of the output: an ELF file is read back and judged.
//!
//! [`inspect`] turns bytes into an [`Image`] of facts, [`judge()`] turns facts into a [`Verdict`], purely.
//! No offset or size in a file is trusted before it has been compared with the file's length.

pub mod calls;
pub mod image;
pub mod judge;
mod read;
pub mod target;

pub use calls::{BoundSymbol, CallEvidence, NamedFiles};
pub use image::{FileType, Image, ReadError};
pub use judge::{Failure, Finding, Verdict, judge, some};
pub use target::Expect;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Reads the facts of a file. Opens without blocking, so that a FIFO can't hang a build.
///
/// # Errors
/// A file that can't be read, is no regular file, or is no sound ELF file.
pub fn inspect(path: &Path) -> Result<Image, ReadError> {
    open(path, true)
}

/// The same without the symbol table: header and dynamic section only, for libraries.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_headers(path: &Path) -> Result<Image, ReadError> {
    open(path, false)
}

fn open(path: &Path, symbols: bool) -> Result<Image, ReadError> {
    let file = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(ReadError::NotAFile);
    }
    read::image(&object::read::ReadCache::new(file), symbols)
}

/// The same as [`inspect_headers`] from bytes in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_header_bytes(bytes: &[u8]) -> Result<Image, ReadError> {
    read::image(bytes, false)
}

/// The same as [`inspect`] from bytes in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_bytes(bytes: &[u8]) -> Result<Image, ReadError> {
    read::image(bytes, true)
}
