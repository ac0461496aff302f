//! Which libraries are converted.

use super::switch;

/// Which libraries are converted, `STATICCXX_CONVERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ConvertMode {
    /// Only named ones.
    Off,
    /// Those without an archive.
    #[default]
    Auto,
    /// All except the toolchain's.
    Prefer,
}

/// Values of other variables, which are not names of libraries.
const NO_NAMES: [&str; 4] = ["all", "common", "strict", "warn"];

/// The parsed value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConvertChoice {
    /// The rule.
    pub mode: ConvertMode,
    /// Libraries that are converted even if they have an archive: `libfoo` or `foo`.
    pub named: Vec<String>,
}

impl ConvertChoice {
    /// Parses `auto`, `off`, `prefer` and names, separated by commas; none if a word is a value of another variable
    /// rather than a library's name (`libNAME` always is one).
    pub(crate) fn read(text: &str) -> Option<ConvertChoice> {
        let mut choice = ConvertChoice::default();
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "auto" => choice.mode = ConvertMode::Auto,
                "prefer" => choice.mode = ConvertMode::Prefer,
                word if switch::is_off(word) => choice.mode = ConvertMode::Off,
                word if switch::is_on(word) || NO_NAMES.contains(&word) => return None,
                name => choice.named.push(name.strip_prefix("lib").unwrap_or(name).to_owned()),
            }
        }
        Some(choice)
    }

    /// Converts nothing.
    pub(crate) fn off() -> ConvertChoice {
        ConvertChoice { mode: ConvertMode::Off, named: Vec::new() }
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
            assert_eq!(ConvertChoice::read(text), Some(expected), "{text}");
        }
        for off in ["none", "no", "0", "OFF"] {
            assert_eq!(ConvertChoice::read(off), Some(ConvertChoice::off()), "{off}");
        }
        for bad in ["on", "yes", "1", "true", "all", "auto,yes", "strict"] {
            assert_eq!(ConvertChoice::read(bad), None, "{bad}");
        }
        assert_eq!(ConvertChoice::read("libon,iconv"), Some(choice(ConvertMode::Auto, &["on", "iconv"])));
    }
}
