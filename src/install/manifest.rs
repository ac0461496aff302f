//! What a toolchain was built from, and its test results: stored next to it, shown by `staticctl toolchain list`.

use super::selftest::SelftestResult;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The version of this file's schema.
pub(crate) const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub schema: u32,
    pub name: String,
    /// What it makes programs for.
    pub target: String,
    /// When it was finished, in seconds since 1970.
    pub created: u64,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// The version of this program.
    pub made_by: String,
    pub compiler: PathBuf,
    /// First line of its `--version`.
    pub compiler_version: String,
    pub musl: String,
    /// The sources of the C++ library.
    pub source: PathBuf,
    pub source_version: String,
    /// The archive of the C library that it was made from.
    #[serde(default)]
    pub musl_archive: PathBuf,
    /// A header of the kernel's that went in.
    #[serde(default)]
    pub kernel_header: PathBuf,
    /// Whether locales are linked only as far as they are used.
    pub lean: bool,
    /// What could not be done with these sources.
    pub notes: Vec<String>,
    pub libraries: Vec<String>,
    /// Bytes of all files.
    pub size: u64,
    pub tests: Vec<SelftestResult>,
}

impl Manifest {
    /// Reads one; none where there is none or it is another program's.
    pub(crate) fn load(path: &Path) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (manifest.schema == SCHEMA).then_some(manifest)
    }

    /// Writes it.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(crate) fn store(&self, path: &Path) -> std::io::Result<()> {
        fs::write(path, serde_json::to_vec_pretty(self)?)
    }

    /// How the self-test went, in two words.
    pub(crate) fn tests_passed(&self) -> String {
        let passed = self.tests.iter().filter(|t| t.failed.is_none()).count();
        format!("{passed}/{} tests", self.tests.len())
    }
}

/// An age in words: days, or what is left of one.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        s if s >= 2 * 86_400 => format!("{} days", s / 86_400),
        s if s >= 2 * 3600 => format!("{} hours", s / 3600),
        s => format!("{} minutes", s / 60),
    }
}
