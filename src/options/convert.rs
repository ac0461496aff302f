//! The choice of libraries that are converted.

/// Which libraries are converted, `STATICCXX_CONVERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
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
pub struct Choice {
    /// The rule.
    pub mode: Mode,
    /// Libraries that are converted although they have an archive: `libfoo` or `foo`.
    pub named: Vec<String>,
}

impl Choice {
    /// Reads `auto`, `off`, `prefer`, and names, with commas between.
    pub fn parse(text: &str) -> Choice {
        let mut choice = Choice::default();
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "off" | "0" => choice.mode = Mode::Off,
                "auto" => choice.mode = Mode::Auto,
                "prefer" => choice.mode = Mode::Prefer,
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

/// Libraries that come with GCC or glibc and are taken from their archives, by the names behind `-l`.
pub(crate) const OF_THE_TOOLCHAIN: [&str; 17] = [
    "anl",
    "atomic",
    "crypt",
    "gcc_s",
    "gfortran",
    "gomp",
    "itm",
    "m",
    "mvec",
    "nsl",
    "objc",
    "quadmath",
    "resolv",
    "ssp",
    "stdc++",
    "thread_db",
    "util",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_read_as_documented() {
        let choice = |mode, named: &[&str]| Choice { mode, named: named.iter().map(|n| (*n).to_owned()).collect() };
        for (text, expected) in [
            ("auto", choice(Mode::Auto, &[])),
            ("off", choice(Mode::Off, &[])),
            ("prefer", choice(Mode::Prefer, &[])),
            ("auto,libfoo,bar", choice(Mode::Auto, &["foo", "bar"])),
            ("libfoo", choice(Mode::Auto, &["foo"])),
            ("off,libfoo", choice(Mode::Off, &["foo"])),
            ("", choice(Mode::Auto, &[])),
        ] {
            assert_eq!(Choice::parse(text), expected, "{text}");
        }
    }
}
