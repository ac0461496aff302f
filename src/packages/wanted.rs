//! Files to be found in package lists.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files by the names that lists may use for them, with their indexes.
pub(super) struct Wanted(HashMap<Vec<u8>, Vec<usize>>);

impl Wanted {
    pub(crate) fn new(files: &[PathBuf]) -> Wanted {
        let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (number, file) in files.iter().enumerate() {
            for name in spellings(file, fs::canonicalize(file).ok()) {
                wanted.entry(name.into_os_string().into_encoded_bytes()).or_default().push(number);
            }
        }
        Wanted(wanted)
    }

    /// The indexes of the files with this name.
    pub(crate) fn places(&self, name: &[u8]) -> &[usize] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A file's path and real path, if that is known, with and without `/usr`: distributions with a merged /usr list some files by old names.
pub(super) fn spellings(file: &Path, real: Option<PathBuf>) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = Vec::new();
    for path in [Some(file.to_owned()), real].into_iter().flatten() {
        names.extend(path.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p)));
        names.push(path);
    }
    names.sort();
    names.dedup();
    names
}
