//! Which repairs of glibc are used.

use super::switch;
use serde::{Deserialize, Serialize};

/// The repairs of a link, `STATICCXX_GLIBC_FIXES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct GlibcFixes {
    pub locale: bool,
    pub name_services: bool,
    /// iconv converters.
    pub iconv: bool,
}

impl GlibcFixes {
    /// `all`, the default.
    pub(crate) const ALL: GlibcFixes = GlibcFixes { locale: true, name_services: true, iconv: true };

    /// Parses `all`, `off` or the name of one; none if it is invalid.
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
