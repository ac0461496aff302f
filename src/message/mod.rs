//! Everything that we print ourselves goes through this room.
//!
//! Diagnostics are single lines in the style of GCC, `staticcxx: error|warning|note|hint: …`, each
//! written to stderr with one `write`, so that lines of parallel jobs never mix.
//! A successful call of a driver prints nothing at all.

pub mod progress;
pub mod size;
pub mod status;
pub mod table;
#[cfg(feature = "push")]
pub mod transfer;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};

fn line(kind: &str, text: &dyn Display) {
    let text = text.to_string();
    // A message is one line and no order to the terminal, whatever a file name or a registry puts into it.
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = io::stderr().lock().write_all(format!("staticcxx: {kind}: {flat}\n").as_bytes());
}

/// What is wrong, and where. The call is going to fail.
pub fn error(text: impl Display) {
    line("error", &text);
}

/// Something that the user should know while the call goes on.
pub fn warning(text: impl Display) {
    line("warning", &text);
}

/// More about the message before it.
pub fn note(text: impl Display) {
    line("note", &text);
}

/// The next command to type, or the setting to change.
pub fn hint(text: impl Display) {
    line("hint", &text);
}

/// Passes on what a compiler said on its stderr, byte for byte.
pub fn pass_on(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}

/// Passes on what a compiler said on its stdout, byte for byte.
pub fn pass_on_stdout(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// A table, on stderr in one piece: stdout is the build's.
pub fn table(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Our stderr, as the stdout of a program whose output is no product of ours.
///
/// # Errors
/// No more file descriptors.
pub fn stderr() -> io::Result<OwnedFd> {
    io::stderr().as_fd().try_clone_to_owned()
}

/// Whether our stderr is a terminal, so that compilers would use colours.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether our stdin is a terminal, so that there is no input to be had.
pub fn input_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Writes the product of a `staticctl` command to stdout.
///
/// # Errors
/// What writing to stdout gives; a reader that went away (`BrokenPipe`) counts as success.
pub fn product(text: impl Display) -> io::Result<()> {
    match sink().write_all(text.to_string().as_bytes()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Stdout for a product that is bytes, too large to be held.
pub fn sink() -> impl Write {
    Stdout
}

/// Stdout without the library's buffer, whose last line is lost silently on a full disk, and without its opinion that
/// nobody misses what is written to a closed stdout.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(nix::unistd::write(io::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether stdout is a terminal, which can't use bytes.
pub fn product_is_shown() -> bool {
    io::stdout().is_terminal()
}
