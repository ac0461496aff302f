//! The linker options that the built-in linker treats as GNU ld does: a closed table. Any other option sends the link
//! through the compiler.
//!
//! Sources: the GNU ld manual; libwild's option table (it silently ignores some options; those that would change the
//! output are not listed here); the programs of `tests/it/quick/linkers.rs`.

use super::WhyNot;
use super::linked_target;

/// How an option takes its value, and whether it is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordRow {
    /// No value.
    Flag,
    /// `--name=V` or `--name V`.
    Value,
    /// `--name` or `--name=V`.
    Optional,
    /// Dropped: it has no effect on a static program.
    DropFlag,
    /// Dropped with its value.
    DropValue,
}

/// Long names without their dashes, sorted.
static LONG: &[(&str, WordRow)] = &[
    ("Bstatic", WordRow::Flag),
    ("allow-multiple-definition", WordRow::Flag),
    ("as-needed", WordRow::Flag),
    ("build-id", WordRow::Optional),
    ("color-diagnostics", WordRow::DropFlag),
    ("compress-debug-sections", WordRow::Value),
    ("defsym", WordRow::Value),
    ("demangle", WordRow::DropFlag),
    ("dependency-file", WordRow::Value),
    ("disable-new-dtags", WordRow::DropFlag),
    ("dn", WordRow::DropFlag),
    ("eh-frame-hdr", WordRow::Flag),
    ("enable-new-dtags", WordRow::DropFlag),
    ("end-group", WordRow::DropFlag),
    ("entry", WordRow::Value),
    // Looked at in what it made.
    ("fix-cortex-a53-843419", WordRow::DropFlag),
    ("gc-sections", WordRow::Flag),
    ("hash-style", WordRow::Value),
    ("library", WordRow::Value),
    ("library-path", WordRow::Value),
    ("no-as-needed", WordRow::Flag),
    ("no-demangle", WordRow::DropFlag),
    ("no-dynamic-linker", WordRow::Flag),
    ("no-export-dynamic", WordRow::DropFlag),
    ("no-gc-sections", WordRow::Flag),
    ("no-undefined", WordRow::Flag),
    ("no-warn-execstack", WordRow::DropFlag),
    ("no-warn-rwx-segments", WordRow::DropFlag),
    ("no-whole-archive", WordRow::Flag),
    ("non_shared", WordRow::DropFlag),
    // Nothing is searched but what is named.
    ("nostdlib", WordRow::DropFlag),
    ("output", WordRow::Value),
    ("pie", WordRow::Flag),
    ("plugin", WordRow::DropValue),
    ("plugin-opt", WordRow::DropValue),
    ("pop-state", WordRow::Flag),
    ("push-state", WordRow::Flag),
    ("sort-common", WordRow::DropFlag),
    ("start-group", WordRow::DropFlag),
    ("static", WordRow::Flag),
    ("strip-all", WordRow::Flag),
    ("strip-debug", WordRow::Flag),
    ("sysroot", WordRow::Value),
    ("undefined", WordRow::Value),
    ("version-script", WordRow::Value),
    ("whole-archive", WordRow::Flag),
    ("wrap", WordRow::Value),
];

/// One-letter options with a value in the next word.
const SHORT: [u8; 5] = *b"Leluo";
/// Those of them whose value may be joined: no long option of GNU ld begins with one of these.
const JOINED: [u8; 3] = *b"Llo";
/// One-letter options without a value.
const LETTERS: [&str; 4] = ["(", ")", "S", "s"];
/// Those that ask for what is done anyway: little endian, and no symbols of the assembler's own labels.
const LETTERS_DROPPED: [&str; 2] = ["EL", "X"];
/// Values of `-z`; those that end in `=` take any number.
const Z: [&str; 13] = [
    "defs",
    "execstack",
    "lazy",
    "max-page-size=",
    "muldefs",
    "noexecstack",
    "nopack-relative-relocs",
    "norelro",
    "now",
    "origin",
    "pack-relative-relocs",
    "relro",
    "stack-size=",
];
/// Values of `-z` that are the default.
const Z_DROPPED: [&str; 5] = ["combreloc", "common-page-size=4096", "nodlopen", "separate-code", "text"];

/// The arguments for the built-in linker.
///
/// # Errors
/// The first option that is not in the tables.
pub(crate) fn checked(line: &[String]) -> Result<Vec<String>, WhyNot> {
    let mut out = Vec::with_capacity(line.len());
    let mut words = line.iter();
    while let Some(word) = words.next() {
        let unknown = || WhyNot::Word(word.clone());
        let Some(name) = word.strip_prefix('-').filter(|n| !n.is_empty()) else {
            out.push(word.clone());
            continue;
        };
        if let Some((row, joined)) = long(name) {
            let value = match (row, joined) {
                (WordRow::Value | WordRow::DropValue, false) => Some(words.next().ok_or_else(unknown)?),
                (WordRow::Flag | WordRow::DropFlag, true) => return Err(unknown()),
                _ => None,
            };
            if !matches!(row, WordRow::DropFlag | WordRow::DropValue) {
                out.push(word.clone());
                out.extend(value.cloned());
            }
            continue;
        }
        let letter = name.as_bytes().first().copied().unwrap_or_default();
        let rest = name.get(1..).unwrap_or_default();
        if LETTERS.contains(&name) {
            if !matches!(name, "(" | ")") {
                out.push(word.clone());
            }
        } else if LETTERS_DROPPED.contains(&name) {
        } else if letter == b'm' || letter == b'z' {
            let value = if rest.is_empty() { words.next().ok_or_else(unknown)?.as_str() } else { rest };
            match letter {
                b'm' if linked_target::is_emulation(value) => out.extend(["-m".to_owned(), value.to_owned()]),
                b'z' if Z.iter().any(|z| *z == value || (z.ends_with('=') && value.starts_with(z))) => {
                    out.extend(["-z".to_owned(), value.to_owned()]);
                }
                b'z' if Z_DROPPED.contains(&value) => {}
                _ => return Err(WhyNot::Word(format!("-{} {value}", char::from(letter)))),
            }
        } else if letter == b'O' && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) {
            // GNU ld's effort in merging strings.
        } else if (rest.is_empty() && SHORT.contains(&letter)) || JOINED.contains(&letter) {
            let value = if rest.is_empty() { Some(words.next().ok_or_else(unknown)?) } else { None };
            out.push(word.clone());
            out.extend(value.cloned());
        } else {
            return Err(unknown());
        }
    }
    Ok(out)
}

/// The row of a long option, and whether its value is in the same word. One dash or two, but `-o…` is always `-o`.
fn long(name: &str) -> Option<(WordRow, bool)> {
    let (two, name) = name.strip_prefix('-').map_or((false, name), |n| (true, n));
    let (head, joined) = name.split_once('=').map_or((name, false), |(h, _)| (h, true));
    if !two && (name.starts_with('o') || head.len() == 1) {
        return None;
    }
    LONG.binary_search_by(|(n, _)| (*n).cmp(head)).ok().and_then(|i| LONG.get(i)).map(|(_, row)| (*row, joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        checked(&words).map(|w| w.join(" ")).map_err(|e| e.to_string())
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(LONG.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn known_words_pass_with_their_values() {
        for (line, expected) in [
            ("-static -pie --no-dynamic-linker -z text -o x a.o", "-static -pie --no-dynamic-linker -o x a.o"),
            ("-plugin p.so -plugin-opt=x --build-id -m elf_x86_64", "--build-id -m elf_x86_64"),
            (
                "--wrap f --wrap=g -wrap h -u s -e main -L/d -L /d -lm",
                "--wrap f --wrap=g -wrap h -u s -e main -L/d -L /d -lm",
            ),
            ("--start-group a.a -( b.a -) --end-group -O2 -s", "a.a b.a -s"),
            (
                "-znow -z relro -z stack-size=100 -z max-page-size=4096",
                "-z now -z relro -z stack-size=100 -z max-page-size=4096",
            ),
            ("--defsym=a=b --build-id=0xab -output", "--defsym=a=b --build-id=0xab -output"),
        ] {
            assert_eq!(of(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn everything_else_sends_the_link_through_the_compiler() {
        for line in [
            "-Map=x",
            "-Map x",
            "--icf=all",
            "-T s",
            "-r",
            "-shared",
            "-us",
            "-export-dynamic",
            "--fatal-warnings",
            "-Ttext=0",
            "--section-start=.a=1",
            "-z interpose",
            "-m elf_i386",
            "--trace",
            "-t",
            "-y f",
            "--cref",
            "-x",
            "--gc-sections=1",
            "--unknown",
            "-wrap",
            "-z",
            "--print-map",
            "-M",
            "-R d",
            "-d",
            "-N",
            "--emit-relocs",
            "-q",
            "--no-relax",
            "-E",
        ] {
            assert!(of(line).is_err(), "{line}");
        }
    }
}
