//! The list of plugins: `PATH`, `DIRECTORY`, `GLOB`, `SONAME`, `symbol:PATTERN`, `@FILE` with one of these per line.

use super::sniff::{Sniffed, sniff};
use crate::check;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A shared object to link in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Plugin {
    /// Its absolute path, as the program may open it.
    pub path: PathBuf,
    /// It was named itself; one found in a directory or by a pattern may be left out.
    pub named: bool,
}

/// A parsed list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PluginList {
    /// Shared objects, in the order of the list.
    pub plugins: Vec<Plugin>,
    /// Patterns of program symbols that dlsym finds.
    pub symbols: Vec<String>,
}

/// Why a list can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListError {
    /// A word that matches nothing.
    #[error("`{word}` is not a shared object, directory or matching pattern")]
    Nothing { word: String },
    /// A list file that can't be read.
    #[error("`{file}` can't be read: {error}")]
    Unreadable { file: String, error: String },
    /// List files that include each other.
    #[error("`{file}` is included by itself, or too deeply")]
    Circle { file: String },
}

/// How deeply lists may include lists.
const DEPTH: usize = 8;

/// Splits the value of a variable at commas.
pub(crate) fn words(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Expands words. Relative paths are below `dir`; a word without a slash that is not a file there is a soname, searched
/// for in `libraries`.
///
/// # Errors
/// The first word that matches nothing.
pub(crate) fn read(words: &[String], dir: &Path, libraries: &[PathBuf]) -> Result<PluginList, ListError> {
    let mut reader = PluginListReader { wanted: PluginList::default(), seen: BTreeSet::new(), libraries };
    for word in words {
        reader.word(word, dir, 0)?;
    }
    Ok(reader.wanted)
}

struct PluginListReader<'a> {
    wanted: PluginList,
    seen: BTreeSet<PathBuf>,
    libraries: &'a [PathBuf],
}

impl PluginListReader<'_> {
    fn word(&mut self, word: &str, dir: &Path, depth: usize) -> Result<(), ListError> {
        if let Some(pattern) = word.strip_prefix("symbol:") {
            self.wanted.symbols.push(pattern.to_owned());
            return Ok(());
        }
        if let Some(file) = word.strip_prefix('@') {
            return self.file(file, dir, depth);
        }
        let nothing = || ListError::Nothing { word: word.to_owned() };
        let path = dir.join(word);
        if path.is_dir() {
            self.directory(&path);
            return Ok(());
        }
        if self.plugin(&path, true) {
            return Ok(());
        }
        if word.contains(['*', '?', '[']) {
            let pattern = path.to_str().ok_or_else(nothing)?;
            let mut some = false;
            for found in glob::glob(pattern).map_err(|_| nothing())?.flatten() {
                // Others may have named it before.
                some |= if found.is_dir() { self.directory(&found) } else { self.plugin(&found, false) };
            }
            return if some { Ok(()) } else { Err(nothing()) };
        }
        let found = !word.contains('/') && self.libraries.iter().any(|d| self.plugin(&d.join(word), true));
        if found { Ok(()) } else { Err(nothing()) }
    }

    fn file(&mut self, file: &str, dir: &Path, depth: usize) -> Result<(), ListError> {
        let path = dir.join(file);
        if depth >= DEPTH {
            return Err(ListError::Circle { file: file.to_owned() });
        }
        let text = fs::read_to_string(&path)
            .map_err(|e| ListError::Unreadable { file: path.display().to_string(), error: e.to_string() })?;
        let dir = path.parent().unwrap_or(dir).to_owned();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            self.word(line, &dir, depth + 1)?;
        }
        Ok(())
    }

    /// Adds all shared objects below a directory, under any name.
    /// Adds the shared objects below a directory, and returns whether there are some.
    fn directory(&mut self, dir: &Path) -> bool {
        let entries = walkdir::WalkDir::new(dir).sort_by_file_name();
        let mut some = false;
        for entry in entries.into_iter().flatten().filter(|e| !e.path().is_dir()) {
            some |= self.plugin(entry.path(), false);
        }
        some
    }

    /// Adds a file if it is a shared object, and returns whether it is. PIE programs have the same ELF type.
    fn plugin(&mut self, path: &Path, named: bool) -> bool {
        if !matches!(sniff(path), Some(Sniffed::Shared { .. })) {
            return false;
        }
        if !named && check::inspect_headers(path).is_ok_and(|i| i.interpreter.is_some() || i.pie_flag) {
            return false;
        }
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(real) {
            self.wanted.plugins.push(Plugin { path: absolute(path), named });
        }
        true
    }
}

/// An absolute path without `.` and `..`; symbolic links are not resolved.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a shared object for x86-64.
    fn shared(path: &Path) {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(64, 0);
        (header[16], header[18], header[20]) = (3, 62, 1);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, header).unwrap();
    }

    #[test]
    fn every_kind_of_word() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["a.so", "p/b.so", "p/deep/c.so", "g/d1.so", "g/d2.so", "lib/libe.so.1"] {
            shared(&root.join(name));
        }
        fs::write(root.join("p/readme"), "text").unwrap();
        std::os::unix::fs::symlink("b.so", root.join("p/b.link")).unwrap();
        fs::write(root.join("p/list"), "# what\n../a.so\n\nsymbol:str*\n").unwrap();
        fs::write(root.join("circle"), "@circle\n").unwrap();
        let libraries = [root.join("lib")];
        let names = |words: &str| {
            let wanted = read(&super::words(words), &root, &libraries)?;
            let shown = |p: &Plugin| p.path.strip_prefix(&root).unwrap().display().to_string();
            Ok::<_, ListError>((wanted.plugins.iter().map(shown).collect::<Vec<_>>().join(" "), wanted.symbols))
        };
        assert_eq!(names("a.so, a.so").unwrap().0, "a.so");
        assert_eq!(names("p").unwrap().0, "p/b.link p/deep/c.so");
        assert_eq!(names("p/b.so,p").unwrap().0, "p/b.so p/deep/c.so");
        assert_eq!(names("g/d*.so").unwrap().0, "g/d1.so g/d2.so");
        assert_eq!(names("libe.so.1").unwrap().0, "lib/libe.so.1");
        assert_eq!(names("@p/list").unwrap(), ("a.so".into(), vec!["str*".into()]));
        assert_eq!(names("nothing.so").unwrap_err(), ListError::Nothing { word: "nothing.so".into() });
        assert!(matches!(names("x*.so").unwrap_err(), ListError::Nothing { .. }));
        assert!(matches!(names("p/readme").unwrap_err(), ListError::Nothing { .. }));
        assert!(matches!(names("@none").unwrap_err(), ListError::Unreadable { .. }));
        assert!(matches!(names("@circle").unwrap_err(), ListError::Circle { .. }));
    }
}
