//! GNU ld linker scripts in the place of a library: `INPUT`, `GROUP`, `AS_NEEDED`, `SEARCH_DIR`.
//! (ld manual, "Commands Dealing with Files".)

use super::library_ref::{LibraryName, by_name};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A parsed script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// Libraries in order.
    pub(crate) inputs: Vec<LibraryName>,
    /// `SEARCH_DIR`s.
    pub(crate) dirs: Vec<PathBuf>,
}

/// The largest script that is read.
const MOST_BYTES: usize = 64 * 1024;

/// Parses a script; none for text that does not represent a library: with no inputs, or commands other than those
/// above and `OUTPUT_FORMAT`, `OUTPUT_ARCH`, `TARGET`.
pub fn parse(text: &[u8]) -> Option<Script> {
    let tokens = tokens(text.get(..MOST_BYTES.min(text.len()))?);
    let mut script = Script::default();
    let mut rest = tokens.iter().map(Vec::as_slice).peekable();
    while let Some(command) = rest.next() {
        if command == b";" {
            continue;
        }
        if rest.next() != Some(b"(") {
            return None;
        }
        let mut depth = 1;
        let mut arguments = Vec::new();
        while depth > 0 {
            match rest.next()? {
                b"(" => depth += 1,
                b")" => depth -= 1,
                b"AS_NEEDED" | b"," => {}
                word => arguments.push(word),
            }
        }
        match command {
            b"INPUT" | b"GROUP" => script.inputs.extend(arguments.iter().map(|w| input(w))),
            b"SEARCH_DIR" => script.dirs.extend(arguments.iter().map(|w| path(w))),
            b"OUTPUT_FORMAT" | b"OUTPUT_ARCH" | b"TARGET" => {}
            _ => return None,
        }
    }
    (!script.inputs.is_empty()).then_some(script)
}

fn input(word: &[u8]) -> LibraryName {
    match word.strip_prefix(b"-l") {
        Some(name) => by_name(OsStr::from_bytes(name)),
        None if word.contains(&b'/') => LibraryName::Path(path(word)),
        None => LibraryName::File(OsStr::from_bytes(word).to_owned()),
    }
}

/// A path; a leading `=` is the sysroot, `/` by default.
fn path(word: &[u8]) -> PathBuf {
    OsStr::from_bytes(word.strip_prefix(b"=").unwrap_or(word)).into()
}

fn tokens(text: &[u8]) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    let mut word = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b'/' if bytes.peek() == Some(&b'*') => {
                let mut last = 0;
                bytes.next();
                for b in bytes.by_ref() {
                    if last == b'*' && b == b'/' {
                        break;
                    }
                    last = b;
                }
            }
            b'"' => word.extend(bytes.by_ref().take_while(|b| *b != b'"')),
            b'(' | b')' | b',' | b';' => {
                if !word.is_empty() {
                    tokens.push(std::mem::take(&mut word));
                }
                tokens.push(vec![b]);
            }
            b if b.is_ascii_whitespace() => {
                if !word.is_empty() {
                    tokens.push(std::mem::take(&mut word));
                }
            }
            b => word.push(b),
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_scripts_of_a_debian_are_understood() {
        let libc = b"/* GNU ld script\n*/\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a  AS_NEEDED ( /lib64/ld.so.2 ) )";
        let paths = ["/lib/libc.so.6", "/usr/lib/libc_nonshared.a", "/lib64/ld.so.2"];
        assert_eq!(parse(libc).unwrap().inputs, paths.map(|p| LibraryName::Path(p.into())));
        let ncurses = parse(b"INPUT(libncurses.so.6 -ltinfo)").unwrap();
        assert_eq!(ncurses.inputs, [LibraryName::File("libncurses.so.6".into()), LibraryName::Name("tinfo".into())]);
        let dirs = parse(b"SEARCH_DIR(\"=/opt/my lib\"); INPUT(-l:x.a)").unwrap();
        assert_eq!((dirs.dirs, dirs.inputs), (vec!["/opt/my lib".into()], vec![LibraryName::File("x.a".into())]));
    }

    #[test]
    fn other_texts_are_no_library() {
        for text in
            ["", "SECTIONS { . = 0; }", "INPUT(", "INPUT(a", "hello world", "OUTPUT_FORMAT(x)", "{ global: *; };"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }

        #[test]
        fn any_script_like_text_is_read(text in "(INPUT|GROUP|AS_NEEDED|SEARCH_DIR|[ (),;\"/*a-z-]){0,30}") {
            parse(text.as_bytes());
        }
    }
}
