//! The choice of libraries that are converted.

/// Which libraries are converted, `STATICCXX_CONVERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConvertMode {
    /// None but those that are named.
    Off,
    /// Those that have no archive.
    #[default]
    Auto,
    /// All but those of the toolchain.
    Prefer,
}

/// The choice of libraries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConvertChoice {
    /// The rule.
    pub mode: ConvertMode,
    /// Libraries that are converted although they have an archive: `libfoo` or `foo`.
    pub named: Vec<String>,
}

impl ConvertChoice {
    /// Reads `auto`, `off`, `prefer`, and names, with commas between.
    pub fn parse(text: &str) -> ConvertChoice {
        let mut choice = ConvertChoice::default();
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "off" | "0" => choice.mode = ConvertMode::Off,
                "auto" => choice.mode = ConvertMode::Auto,
                "prefer" => choice.mode = ConvertMode::Prefer,
                name => choice.named.push(name.strip_prefix("lib").unwrap_or(name).to_owned()),
            }
        }
        choice
    }

    pub(crate) fn names(&self, stem: &str) -> bool {
        let short = stem.strip_prefix("lib").unwrap_or(stem);
        self.named.iter().any(|n| n == short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_read_as_documented() {
        let choice =
            |mode, named: &[&str]| ConvertChoice { mode, named: named.iter().map(|n| (*n).to_owned()).collect() };
        for (text, expected) in [
            ("auto", choice(ConvertMode::Auto, &[])),
            ("off", choice(ConvertMode::Off, &[])),
            ("prefer", choice(ConvertMode::Prefer, &[])),
            ("auto,libfoo,bar", choice(ConvertMode::Auto, &["foo", "bar"])),
            ("libfoo", choice(ConvertMode::Auto, &["foo"])),
            ("off,libfoo", choice(ConvertMode::Off, &["foo"])),
            ("", choice(ConvertMode::Auto, &[])),
        ] {
            assert_eq!(ConvertChoice::parse(text), expected, "{text}");
        }
    }
}
