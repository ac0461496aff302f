//! The tables of variables and exit codes as text: for a terminal, for the manual (Markdown) and for man pages (roff).

use super::exit_codes::{self, ExitRow};
use super::table::{EnvOption, documented};
use std::fmt::Write;

/// The assumed width of a terminal.
const WIDTH: usize = 80;
/// The start of the second column.
const COLUMN: usize = 24;

/// The variables for a terminal.
pub fn environment() -> String {
    let mut text = String::from(
        "Environment variables of staticcc, staticcxx and staticctl. An empty one counts\n\
         as unset. Switches take on/off, 1/0, yes/no, true/false.\n",
    );
    for option in documented() {
        let applies = format!("applies to: {}; default: {}", applies(option), option.default);
        let lines = [option.form(), option.help.to_owned(), applies];
        let mut name = option.name;
        text.push('\n');
        for line in lines.iter().flat_map(|l| wrapped(l, WIDTH - COLUMN)) {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name:COLUMN$}{line}");
            name = "";
        }
    }
    text
}

/// The exit codes for a terminal.
pub fn exit_codes() -> String {
    let of = exit_codes::TABLE.iter().map(|r| r.of.len()).max().unwrap_or_default() + 2;
    let code = 5;
    let mut text = String::from("Exit codes. A command that is not listed has those of staticctl.\n\n");
    let mut last = "";
    for row in &exit_codes::TABLE {
        let name = if row.of == last { "" } else { row.of };
        last = row.of;
        let mut columns = (name, number(row));
        for line in wrapped(row.means, WIDTH - of - code) {
            let _ = writeln!(text, "{:of$}{:code$}{line}", columns.0, columns.1);
            columns = ("", String::new());
        }
    }
    text
}

/// The variables as a Markdown table.
pub fn environment_markdown() -> String {
    let mut text = String::from("| variable | values | default | applies to | meaning |\n|---|---|---|---|---|\n");
    for option in documented() {
        let (form, default) = (cell(&option.form()), cell(option.default));
        let _ = writeln!(
            text,
            "| `{}` | `{form}` | {default} | {} | {} |",
            option.name,
            applies(option),
            cell(option.help)
        );
    }
    text
}

/// The exit codes as a Markdown table.
pub fn exit_codes_markdown() -> String {
    let mut text = String::from("| program | code | meaning |\n|---|---|---|\n");
    for row in &exit_codes::TABLE {
        let _ = writeln!(text, "| `{}` | {} | {} |", row.of, number(row), cell(row.means));
    }
    text
}

/// The variables as paragraphs of a man page.
pub fn environment_roff() -> String {
    let mut text = String::new();
    for option in documented() {
        let _ = writeln!(
            text,
            ".TP\n.BR {} =\\fI{}\\fR\n{}\nApplies to: {}. Default: {}.",
            option.name,
            roff(&option.form()),
            roff(&sentence(option.help)),
            applies(option),
            roff(option.default)
        );
    }
    text
}

/// The exit codes of one program as paragraphs of a man page.
pub(crate) fn exit_codes_roff(of: &str) -> String {
    let rows = exit_codes::TABLE.iter().filter(|r| r.of == of);
    rows.map(|r| format!(".TP\n.B {}\n{}\n", number(r), roff(&sentence(r.means)))).collect()
}

fn applies(option: &EnvOption) -> String {
    option.applies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn number(row: &ExitRow) -> String {
    row.code.map_or_else(|| "N".into(), |c| c.to_string())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Escapes text for roff; what is in backticks becomes bold.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('…', "...");
    let parts = text.split('`').enumerate();
    let line: String = parts.map(|(n, p)| if n % 2 == 1 { format!("\\fB{p}\\fR") } else { p.to_owned() }).collect();
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

/// Wraps text to lines of at most `width` letters, unless a word is longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|l| l.chars().count() + 1 + word.chars().count() <= width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::table::TABLE;
    use super::*;

    #[test]
    fn tables_fit_a_terminal_and_are_aligned() {
        for text in [environment(), exit_codes()] {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH && line.trim_end() == line, "{line:?}");
            }
        }
        let text = environment();
        for line in text.lines().skip(3).filter(|l| !l.is_empty()) {
            let (left, right) = line.split_at(COLUMN);
            assert!((left.trim().is_empty() || left.starts_with("STATICCXX_")) && !right.starts_with(' '), "{line:?}");
        }
    }

    #[test]
    fn every_table_has_every_variable_but_those_of_our_own() {
        for text in [environment(), environment_markdown(), environment_roff()] {
            for option in &TABLE {
                assert_eq!(text.contains(option.name), !option.is_internal(), "{}\n{text}", option.name);
            }
        }
    }

    #[test]
    fn columns_of_markdown_are_as_many_in_each_row() {
        for (text, columns) in [(environment_markdown(), 5), (exit_codes_markdown(), 3)] {
            for line in text.lines() {
                assert_eq!(line.replace("\\|", "").matches('|').count(), columns + 1, "{line}");
            }
        }
    }

    #[test]
    fn man_pages_take_text_as_it_is() {
        assert_eq!(roff("-x `a-b` c\\…"), "\\-x \\fBa\\-b\\fR c\\e...");
        assert_eq!(roff(".TP"), "\\&.TP");
        assert_eq!(wrapped("aa bb cccccc d", 5), ["aa bb", "cccccc", "d"]);
    }
}
