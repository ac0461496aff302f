//! Whether programs name their parts.

/// What programs say of their parts, `STATICCXX_PARTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PartsMode {
    /// Nothing: `off`.
    Off,
    /// Packages, and the files of each: `note` (the default).
    #[default]
    Note,
    /// Also digests, build IDs and sizes: `full`.
    Full,
}

impl PartsMode {
    /// Parses the value; none if it is invalid.
    pub(crate) fn read(value: &str) -> Option<PartsMode> {
        match value {
            "off" => Some(PartsMode::Off),
            "note" => Some(PartsMode::Note),
            "full" => Some(PartsMode::Full),
            _ => None,
        }
    }
}
