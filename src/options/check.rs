//! The strictness of the check.

/// What happens if a linked program is not static, `STATICCXX_CHECK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CheckMode {
    /// The link fails (the default).
    #[default]
    Strict,
    /// A warning; the link succeeds.
    Warn,
    /// Nothing: the output is not read.
    Off,
}

impl CheckMode {
    /// Parses the value; none if it is invalid.
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
