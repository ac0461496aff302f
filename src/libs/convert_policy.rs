//! Which shared objects are converted, and with what.

use super::missing::is_nothing_alone;
use crate::convert::start::Dialect;
use crate::options::convert::{ConvertChoice, ConvertMode};
use crate::toolchain_libs;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

/// A program to be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramFile {
    /// Its path.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where the link finds what it is converted to: an object; beside it an archive of what that needs.
    pub place: PathBuf,
}

impl ProgramFile {
    /// The archive.
    pub(crate) fn members(&self) -> PathBuf {
        self.place.with_extension("a")
    }
}

/// What a link needs to know to convert libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConvertPolicy {
    /// Which ones.
    pub choice: ConvertChoice,
    /// How the linker takes a script beside its own; none where it takes none.
    pub dialect: Option<Dialect>,
    /// Our cache directory.
    pub cache: Option<PathBuf>,
    /// Where glibc's own files are looked for.
    pub library_dirs: Vec<PathBuf>,
    /// The program that is converted with its libraries, if it is one.
    pub program: Option<Arc<ProgramFile>>,
}

impl ConvertPolicy {
    /// Whether a library is converted although it has an archive.
    pub(crate) fn prefers(&self, stem: &OsStr) -> bool {
        let stem = stem.to_string_lossy();
        let short = stem.strip_prefix("lib").unwrap_or(&stem);
        self.choice.names(&stem) || self.choice.mode == ConvertMode::Prefer && !toolchain_libs::is_archive_only(short)
    }

    /// Whether a library without an archive is converted; `asked` is whether the user named it on the line. One that is
    /// nothing without its plugins is so only by name: a configure step does better to hear that it is not there.
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
        // Nothing without its plugins.
        assert!(!allows("auto", "libpam", true) && allows("auto", "libpam", false));
        assert!(allows("auto,libpam", "libpam", true) && allows("prefer", "libpam", true));
    }
}
