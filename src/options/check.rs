//! What the verdict on a link's output is worth.

/// What to do with the verdict of the check, `STATICCXX_CHECK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CheckMode {
    /// A link whose output is not a verified static program fails (the default).
    #[default]
    Strict,
    /// It is said on stderr and the link succeeds.
    Warn,
    /// The output is not read.
    Off,
}

impl CheckMode {
    /// Reads the value; none for one that is none of the three.
    pub(crate) fn read(value: &str) -> Option<CheckMode> {
        match value {
            "strict" => Some(CheckMode::Strict),
            "warn" => Some(CheckMode::Warn),
            "off" => Some(CheckMode::Off),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_modes_are_the_documented_three() {
        for (text, mode) in [("strict", CheckMode::Strict), ("warn", CheckMode::Warn), ("off", CheckMode::Off)] {
            assert_eq!(CheckMode::read(text), Some(mode));
        }
        assert_eq!(CheckMode::read("no"), None);
    }
}
