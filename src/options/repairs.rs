//! Which of glibc's traps are repaired.

use serde::{Deserialize, Serialize};
use std::ffi::OsStr;

/// Which repairs a link takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GlibcFixes {
    /// UTF-8 locales.
    pub locale: bool,
    /// Name services.
    pub name_services: bool,
    /// Converters of iconv.
    pub iconv: bool,
}

impl GlibcFixes {
    /// `off` and `0` are none, `locale`, `nss` and `iconv` one, everything else all.
    pub fn read(value: Option<&OsStr>) -> GlibcFixes {
        let value = value.and_then(OsStr::to_str).unwrap_or_default();
        let only = |name: &str| value == name || !["off", "0", "locale", "nss", "iconv"].contains(&value);
        GlibcFixes { locale: only("locale"), name_services: only("nss"), iconv: only("iconv") }
    }
}
