//! The source packages of what is in a pack, as the GPL wants them offered, fetched by apt.

use super::pack_manifest::PackedPackage;
use crate::run::{Command, Ended, Guard};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why sources were not fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourcesError {
    #[error("`{path}` can't be written: {error}", path = path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("`apt-get` can't be run: {0}")]
    NoApt(io::Error),
    /// Those that apt has not.
    #[error("apt has no sources for {0}")]
    NotFetched(String),
    #[error("interrupted")]
    Interrupted,
}

impl SourcesError {
    /// The next command to type.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            SourcesError::NotFetched(_) => Some("sources.list needs lines with deb-src, then `apt-get update`".into()),
            _ => None,
        }
    }
}

/// Fetches them into a directory, those of one version once; apt tells what it does unless it is to be `quiet`.
///
/// # Errors
/// What can't be fetched, after all others were.
pub(crate) fn fetch(packages: &[PackedPackage], dir: &Path, quiet: bool, guard: &Guard) -> Result<(), SourcesError> {
    fs::create_dir_all(dir).map_err(|error| SourcesError::Unwritable { path: dir.to_owned(), error })?;
    let mut missing = Vec::new();
    for word in words(packages) {
        let command = Command::new(["apt-get", "source", "--download-only", "--only-source"]);
        let command = command.args([if quiet { "-qq" } else { "-q" }, "--"]).arg(&word);
        let ran = guard.run_to_stderr(&command.in_dir(dir)).map_err(SourcesError::NoApt)?;
        match (ran.interrupted, ran.ended) {
            (Some(_), _) => return Err(SourcesError::Interrupted),
            (None, Ended::Exited(0)) => {}
            (None, _) => missing.push(word),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(SourcesError::NotFetched(missing.join(", "))) }
}

/// As apt names them.
fn words(packages: &[PackedPackage]) -> BTreeSet<String> {
    packages.iter().map(|p| format!("{}={}", p.source, p.source_version)).collect()
}
