//! What a program printed into a file of ours.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// All of it, from the start.
///
/// # Errors
/// The file can't be read.
pub(super) fn printed(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Its last line that is not empty, as messages have it behind how a program ended; empty if there is none.
pub(super) fn last_words(output: &[u8]) -> String {
    let said = String::from_utf8_lossy(output);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.map(|line| format!(" (last it prints: {line})")).unwrap_or_default()
}
