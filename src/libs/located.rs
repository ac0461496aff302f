//! What stands behind a reference, as the file that is found there says.

use super::la;
use super::script::{self, Script};
use super::sniff::Sniffed;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a reference leads.
pub(crate) enum Located {
    /// An archive.
    Archive(PathBuf),
    /// A shared object.
    Shared(PathBuf),
    /// A linker script.
    Script(PathBuf, Script),
    /// A libtool library.
    La(PathBuf, la::La),
    /// No library, or none that is found: the linker is left to say so.
    Nothing,
}

/// Reads what was found.
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
                // glibc's libm.a is a script too, and an archive to everybody else.
                Some(_) if path.extension().is_some_and(|e| e == "a") => Located::Archive(path),
                Some(script) => Located::Script(path, script),
                None => Located::Nothing,
            }
        }
        Sniffed::Object { .. } | Sniffed::Other => Located::Nothing,
    }
}

/// Whether two paths lead to one file.
pub(crate) fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
