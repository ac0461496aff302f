//! `@file` by libiberty's rules (`expandargv` in libiberty/argv.c), which GCC, binutils and, in its
//! default mode, Clang share.
//!
//! - `@file` that cannot be opened is kept as it is; so is a lone `@`.
//! - A directory is kept too; the driver itself then rejects the call.
//! - The words of a file are put in its place and read again: files may name files, relative to
//!   the current directory, 2,000 in all.
//! - Words are split at white space; `'` and `"` group, a backslash takes the next character
//!   literally everywhere (GCC 12), `""` is an empty argument, there are no comments.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// libiberty's limit against files that name themselves.
pub const MOST_FILES: usize = 2000;

/// argv with every `@file` replaced by its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expanded {
    /// The words.
    pub words: Vec<OsString>,
    /// Whether any file was read.
    pub used_files: bool,
    /// The limit was reached: the driver will refuse the call.
    pub looping: bool,
}

/// Expands `@file` words relative to `dir` (the empty path is the current directory).
pub fn expand(argv: &[OsString], dir: &Path) -> Expanded {
    let mut out = Expanded::default();
    let mut todo: Vec<OsString> = argv.iter().rev().cloned().collect();
    let mut files = 0;
    while let Some(word) = todo.pop() {
        let content = name_of_file(&word).and_then(|name| read(&dir.join(name)));
        let Some(content) = content else {
            out.words.push(word);
            continue;
        };
        files += 1;
        if files > MOST_FILES {
            out.looping = true;
            out.words.push(word);
            break;
        }
        out.used_files = true;
        todo.extend(parse(&content).into_iter().rev());
    }
    out.words.extend(todo.into_iter().rev());
    out
}

fn name_of_file(word: &OsStr) -> Option<&OsStr> {
    word.as_bytes().strip_prefix(b"@").filter(|n| !n.is_empty()).map(OsStr::from_bytes)
}

fn read(path: &Path) -> Option<Vec<u8>> {
    // A FIFO or `/dev/fd/N` can be read once only; the compiler is the one to read it.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    fs::read(path).ok()
}

/// The words of a response file.
pub fn parse(content: &[u8]) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut bytes = content.iter().copied();
    while let Some(b) = bytes.next() {
        match (b, quote) {
            (b'\\', _) => {
                let word = word.get_or_insert_default();
                word.extend(bytes.next());
            }
            (b, Some(q)) if b == q => quote = None,
            (b, Some(_)) => word.get_or_insert_default().push(b),
            (b'\'' | b'"', None) => {
                quote = Some(b);
                word.get_or_insert_default();
            }
            (b, None) if is_space(b) => words.extend(word.take()),
            (b, None) => word.get_or_insert_default().push(b),
        }
    }
    words.extend(word);
    words.into_iter().map(OsString::from_vec).collect()
}

/// ISO C `isspace` in the "C" locale.
fn is_space(b: u8) -> bool {
    b.is_ascii_whitespace() || b == 0x0b
}

/// A response file with these words, one a line; `parse(quote(words)) == words`.
pub fn quote(words: &[OsString]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in words {
        if word.is_empty() {
            out.extend_from_slice(b"\"\"");
        }
        for &b in word.as_bytes() {
            if is_space(b) || matches!(b, b'\\' | b'\'' | b'"') {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        parse(text.as_bytes()).into_iter().map(|w| w.into_string().unwrap()).collect()
    }

    #[test]
    fn words_are_split_and_quoted_as_libiberty_does() {
        for (text, expected) in [
            ("a b\tc\nd", vec!["a", "b", "c", "d"]),
            ("'a b' \"c d\"", vec!["a b", "c d"]),
            (r"a\ b \\ \'", vec!["a b", r"\", "'"]),
            (r#""a\"b" 'c\'d'"#, vec![r#"a"b"#, "c'd"]),
            ("\"\" x", vec!["", "x"]),
            ("  \n ", vec![]),
            ("", vec![]),
            ("# no comment", vec!["#", "no", "comment"]),
            ("-DX=\"'y'\"", vec!["-DX='y'"]),
            ("'open", vec!["open"]),
            ("end\\", vec!["end"]),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }

    #[test]
    fn files_are_expanded_in_place_and_recursively() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "one @b three").unwrap();
        fs::write(dir.path().join("b"), "two").unwrap();
        let got = expand(&["x", "@a", "@missing", "@", "y"].map(OsString::from), dir.path());
        assert_eq!(got.words, ["x", "one", "two", "three", "@missing", "@", "y"]);
        assert!(got.used_files && !got.looping);
    }

    #[test]
    fn a_file_that_names_itself_ends() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "-c @a").unwrap();
        let got = expand(&[OsString::from("@a")], dir.path());
        assert!(got.looping);
        assert!(got.words.len() < 3 * MOST_FILES);
    }

    #[test]
    fn a_directory_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("d")).unwrap();
        assert_eq!(expand(&[OsString::from("@d")], dir.path()).words, ["@d"]);
    }

    proptest! {
        #[test]
        fn parse_undoes_quote(list in proptest::collection::vec(proptest::collection::vec(1u8.., 0..10), 0..10)) {
            let list: Vec<OsString> = list.into_iter().map(OsString::from_vec).collect();
            prop_assert_eq!(parse(&quote(&list)), list);
        }

        #[test]
        fn any_bytes_parse(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }
    }
}
