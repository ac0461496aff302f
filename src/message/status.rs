//! A line at the bottom of the terminal, below what a build prints.
//!
//! The rows above it are made the scrolling region, so that the build's own output moves there and never meets the
//! line; the cursor is put back where it was after each change.

use std::io::{self, IsTerminal, Write};
use terminal_size::{Height, Width, terminal_size_of};

/// The line; it goes when this is dropped.
pub struct Status {
    rows: u16,
    columns: u16,
}

impl Status {
    /// Takes the last row of the terminal on stderr; none where there is no terminal, or one of very few rows.
    pub fn new() -> Option<Status> {
        let (columns, rows) = size().filter(|(_, rows)| *rows >= 5)?;
        let status = Status { rows, columns };
        // A new line and back: the cursor leaves the last row, if it was there.
        write_escape(&format!("\n\x1b7\x1b[1;{}r\x1b8\x1b[1A", rows - 1));
        Some(status)
    }

    /// Shows a text, as much of it as there is room for.
    pub fn show(&mut self, text: &str) {
        if let Some((columns, rows)) = size().filter(|s| *s != (self.columns, self.rows) && s.1 >= 5) {
            // The window has another size: the old row is an ordinary one now.
            write_escape(&format!("\x1b7\x1b[{};1H\x1b[2K\x1b[1;{}r\x1b8", self.rows.min(rows), rows - 1));
            (self.columns, self.rows) = (columns, rows);
        }
        let room = usize::from(self.columns).saturating_sub(1);
        let shown: String = text.chars().filter(|c| !c.is_control()).take(room).collect();
        write_escape(&format!("\x1b7\x1b[{};1H\x1b[2K\x1b[7m{shown}\x1b[0m\x1b8", self.rows));
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        write_escape(&format!("\x1b7\x1b[{};1H\x1b[2K\x1b[r\x1b8", self.rows));
    }
}

fn size() -> Option<(u16, u16)> {
    let stderr = io::stderr();
    let (Width(columns), Height(rows)) = terminal_size_of(&stderr).filter(|_| stderr.is_terminal())?;
    Some((columns, rows))
}

/// Writes in one piece, so that nothing of the build's comes between the parts of a sequence.
fn write_escape(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
