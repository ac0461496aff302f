//! Which of glibc's traps are repaired.

use super::switch;
use serde::{Deserialize, Serialize};

/// Which repairs a link takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct GlibcFixes {
    /// UTF-8 locales.
    pub locale: bool,
    /// Name services.
    pub name_services: bool,
    /// Converters of iconv.
    pub iconv: bool,
}

impl GlibcFixes {
    /// All of them, `all`: the default.
    pub(crate) const ALL: GlibcFixes = GlibcFixes { locale: true, name_services: true, iconv: true };

    /// Reads `all`, `off` or the name of one; none for any other value.
    pub(crate) fn read(value: &str) -> Option<GlibcFixes> {
        let none = GlibcFixes::default();
        match value {
            "locale" => Some(GlibcFixes { locale: true, ..none }),
            "nss" => Some(GlibcFixes { name_services: true, ..none }),
            "iconv" => Some(GlibcFixes { iconv: true, ..none }),
            "all" => Some(GlibcFixes::ALL),
            other => switch::read(other).map(|on| if on { GlibcFixes::ALL } else { none }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_read_as_documented() {
        let fixes = |locale, name_services, iconv| Some(GlibcFixes { locale, name_services, iconv });
        for (value, expected) in [
            ("all", fixes(true, true, true)),
            ("on", fixes(true, true, true)),
            ("off", fixes(false, false, false)),
            ("none", fixes(false, false, false)),
            ("0", fixes(false, false, false)),
            ("locale", fixes(true, false, false)),
            ("nss", fixes(false, true, false)),
            ("iconv", fixes(false, false, true)),
            ("locales", None),
        ] {
            assert_eq!(GlibcFixes::read(value), expected, "{value}");
        }
    }
}
