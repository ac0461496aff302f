//! What a library reference resolves to.

use super::la;
use super::script::{self, Script};
use super::sniff::Sniffed;
use std::fs;
use std::path::{Path, PathBuf};

/// The file that a reference resolves to, by kind.
pub(crate) enum Located {
    /// An archive.
    Archive(PathBuf),
    /// A shared object.
    Shared(PathBuf),
    /// A linker script.
    Script(PathBuf, Script),
    /// A libtool library.
    La(PathBuf, la::La),
    /// Not a library, or not found: the linker reports it.
    Nothing,
}

pub(crate) fn understand(found: Option<(PathBuf, Sniffed)>) -> Located {
    let Some((path, what)) = found else { return Located::Nothing };
    match what {
        Sniffed::Archive { .. } => Located::Archive(path),
        Sniffed::Shared { .. } => Located::Shared(path),
        Sniffed::Text => {
            let Ok(text) = fs::read(&path) else { return Located::Nothing };
            if path.extension().is_some_and(|e| e == "la")
                && let Some(la) = la::parse(&String::from_utf8_lossy(&text))
            {
                return Located::La(path, la);
            }
            match script::parse(&text) {
                // glibc's libm.a is a script too, and counts as an archive.
                Some(_) if path.extension().is_some_and(|e| e == "a") => Located::Archive(path),
                Some(script) => Located::Script(path, script),
                None => Located::Nothing,
            }
        }
        Sniffed::Object { .. } | Sniffed::Other => Located::Nothing,
    }
}

/// Whether two paths are the same file.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
