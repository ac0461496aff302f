//! Tables: columns aligned, and as wide as the terminal at most. There a text in the last column goes on below itself;
//! elsewhere, for `grep` and its kin, a row is a line.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use terminal_size::{Width, terminal_size_of};

/// How the cells of a column stand below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Between two columns.
const GAP: usize = 2;

/// With less room than this beside the others the last column has lines of its own.
const LEAST: usize = 24;

/// How far these stand to the right of the row's begin.
const INDENT: usize = 4;

/// Rows of as many cells as there are columns.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Align>,
    indent: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows; each begins behind so many blanks.
    pub fn new(columns: &[Align], indent: usize) -> Table {
        Table { columns: columns.to_vec(), indent, rows: Vec::new() }
    }

    /// Adds a row. Cells that are too many are dropped, and those that are missing are empty.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut row: Vec<String> = cells.into_iter().map(Into::into).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// The text, a newline after each line. `width` is the number of characters in a line; none for as many as it takes.
    /// Words are never broken, so that a path can be copied: a line of one word may be longer.
    pub fn render(&self, width: Option<usize>) -> String {
        let chars = |cell: &String| cell.chars().count();
        let widest = |column: usize| self.rows.iter().filter_map(|r| r.get(column)).map(chars).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let Some((last, before)) = widths.split_last() else { return String::new() };
        let start = self.indent + before.iter().map(|w| w + GAP).sum::<usize>();
        let mut text = String::new();
        for row in &self.rows {
            let Some((end, cells)) = row.split_last() else { continue };
            let mut line = " ".repeat(self.indent);
            for ((cell, width), align) in cells.iter().zip(before).zip(&self.columns) {
                line += &match align {
                    Align::Left => format!("{cell:<width$}  "),
                    Align::Right => format!("{cell:>width$}  "),
                };
            }
            let fits = width.is_none_or(|width| start + chars(end) <= width);
            match width.filter(|_| !fits) {
                None if self.columns.last() == Some(&Align::Right) => line += &format!("{end:>last$}"),
                None => line += end,
                Some(width) if start + LEAST <= width => line += &wrapped(end, start, width),
                Some(width) => {
                    let under = self.indent + INDENT;
                    line = format!("{}\n{}{}", line.trim_end(), " ".repeat(under), wrapped(end, under, width));
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

/// A text whose lines, but for the first, begin at a column.
fn wrapped(text: &str, at: usize, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let long = word.chars().count();
        if used > 0 && at + used + 1 + long > width {
            lines += "\n";
            lines += &" ".repeat(at);
            used = 0;
        }
        if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines += word;
        used += long;
    }
    lines
}

/// Characters in a line of the terminal on stdout, if it is one.
pub fn stdout_width() -> Option<usize> {
    width(std::io::stdout())
}

/// The same for stderr.
pub fn stderr_width() -> Option<usize> {
    width(std::io::stderr())
}

fn width(stream: impl AsFd + IsTerminal) -> Option<usize> {
    let (Width(columns), _) = terminal_size_of(&stream).filter(|_| stream.is_terminal())?;
    Some(columns.into()).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[Align::Left, Align::Right, Align::Left], 2);
        table.row(["name", "size", "what"]);
        table.row(["a", "9 KiB", "one word"]);
        table.row(["lönger", "2.1 MiB", "the quick brown fox jumps over the lazy dog and is gone for ever after"]);
        table
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let expected = "  name       size  what\n  a         9 KiB  one word\n  \
            lönger  2.1 MiB  the quick brown fox jumps over the lazy dog and is gone for ever after\n";
        assert_eq!(table().render(None), expected);
        let mut numbers = Table::new(&[Align::Left, Align::Right], 0);
        numbers.row(["a", "1"]);
        numbers.row(["b"]);
        numbers.row(["c", "100", "too many"]);
        assert_eq!(numbers.render(None), "a    1\nb\nc  100\n");
        assert_eq!(Table::new(&[], 0).render(Some(80)), "");
    }

    #[test]
    fn the_last_column_goes_on_below_itself() {
        let expected = "  name       size  what\n  a         9 KiB  one word\n  \
            lönger  2.1 MiB  the quick brown fox jumps over the lazy dog and is gone for\n\
            \x20                  ever after\n";
        assert_eq!(table().render(Some(80)), expected);
    }

    #[test]
    fn without_room_it_has_lines_of_its_own() {
        let text = table().render(Some(40));
        assert!(
            text.contains("\n  lönger  2.1 MiB\n      the quick brown fox jumps over the\n      lazy dog"),
            "{text}"
        );
        assert!(text.lines().all(|l| l.chars().count() <= 40), "{text}");
        let mut path = Table::new(&[Align::Left, Align::Left], 0);
        path.row(["needs", "/a/path/that/is/longer/than/the/line not found"]);
        assert_eq!(path.render(Some(20)), "needs\n    /a/path/that/is/longer/than/the/line\n    not found\n");
    }

    #[test]
    fn every_width_keeps_the_words() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for width in 1..100 {
            assert_eq!(words(&table().render(Some(width))), words(&table().render(None)), "{width}");
        }
    }
}
