//! Files that are looked for in lists.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files by the names that lists may have for them, each with its places in the list of files.
pub(super) struct Wanted(HashMap<Vec<u8>, Vec<usize>>);

impl Wanted {
    pub(crate) fn new(files: &[PathBuf]) -> Wanted {
        let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (number, file) in files.iter().enumerate() {
            for name in spellings(file) {
                wanted.entry(name.into_os_string().into_encoded_bytes()).or_default().push(number);
            }
        }
        Wanted(wanted)
    }

    /// The places of the files that have this name.
    pub(crate) fn places(&self, name: &[u8]) -> &[usize] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A file's path and its real path. Distributions with a merged /usr still list some files by their old names.
fn spellings(file: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = Vec::new();
    for path in [Some(file.to_owned()), fs::canonicalize(file).ok()].into_iter().flatten() {
        names.extend(path.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p)));
        names.push(path);
    }
    names.sort();
    names.dedup();
    names
}
