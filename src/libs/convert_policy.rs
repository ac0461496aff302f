//! Which shared objects are converted, and how.

use super::missing::is_nothing_alone;
use crate::convert::NullNames;
use crate::convert::start::Dialect;
use crate::options::convert::{ConvertChoice, ConvertMode};
use crate::toolchain_libs;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

/// A program to be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramFile {
    pub path: PathBuf,
    pub bytes: Arc<Vec<u8>>,
    /// Where its object is written, with an archive of what that needs next to it.
    pub place: PathBuf,
    /// Where data behind the program begin in its file.
    pub data_from: Option<u64>,
    /// Names of weak references, its own and its libraries', that nothing loaded with it defines.
    pub null: NullNames,
    /// Without what only debuggers and exceptions read: symbols and its unwind table.
    pub bare: bool,
}

impl ProgramFile {
    pub(crate) fn members(&self) -> PathBuf {
        self.place.with_extension("a")
    }
}

/// How a link converts libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConvertPolicy {
    /// Which libraries.
    pub choice: ConvertChoice,
    /// How the linker reads an additional script; none if it reads none.
    pub dialect: Option<Dialect>,
    /// Our cache directory.
    pub cache: Option<PathBuf>,
    /// Where glibc's own files are searched for.
    pub library_dirs: Vec<PathBuf>,
    /// The program that is converted with its libraries, if there is one.
    pub program: Option<Arc<ProgramFile>>,
}

impl ConvertPolicy {
    /// Whether a library is converted even if it has an archive.
    pub(crate) fn prefers(&self, stem: &OsStr) -> bool {
        let stem = stem.to_string_lossy();
        let short = stem.strip_prefix("lib").unwrap_or(&stem);
        self.choice.names(&stem) || self.choice.mode == ConvertMode::Prefer && !toolchain_libs::is_archive_only(short)
    }

    /// Whether a library without an archive is converted; `asked`: the user named it on the command line. One that is
    /// useless without its plugins only if it is named in the setting: a configure step should find it missing.
    pub(crate) fn allows(&self, stem: &OsStr, asked: bool) -> bool {
        let stem = stem.to_string_lossy();
        let offered = match self.choice.mode {
            ConvertMode::Off => false,
            ConvertMode::Auto => !(asked && is_nothing_alone(&stem)),
            ConvertMode::Prefer => true,
        };
        offered || self.choice.names(&stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred() {
        let policy = |text: &str| ConvertPolicy {
            choice: ConvertChoice::read(text).unwrap(),
            dialect: None,
            cache: None,
            library_dirs: vec![],
            program: None,
        };
        let prefers = |text: &str, stem: &str| policy(text).prefers(OsStr::new(stem));
        assert!(prefers("prefer", "libz") && !prefers("prefer", "libresolv") && !prefers("auto", "libz"));
        assert!(prefers("auto,z", "libz") && prefers("off,libz", "libz"));
        let allows = |text: &str, stem: &str, asked| policy(text).allows(OsStr::new(stem), asked);
        assert!(allows("auto", "libq", true) && !allows("off", "libq", true));
        // Useless without its plugins.
        assert!(!allows("auto", "libpam", true) && allows("auto", "libpam", false));
        assert!(allows("auto,libpam", "libpam", true) && allows("prefer", "libpam", true));
    }
}
