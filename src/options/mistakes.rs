//! Mistakes in variables: invalid values and unknown names.

use super::table::{EnvOption, TABLE, Values};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// An invalid value; the default is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadValue {
    pub option: &'static EnvOption,
    pub value: OsString,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EnvOption { name, values, default, .. } = self.option;
        let is = match values {
            Values::Switch => "one of `on`, `off`".to_owned(),
            Values::Words(words) => format!("one of `{}`", words.join("`, `")),
            Values::Checked { is, .. } => (*is).to_owned(),
            Values::Open(form) => format!("of the form {form}"),
        };
        write!(f, "{name}={} is not {is}: using the default, `{default}`", self.value.to_string_lossy())
    }
}

/// A variable whose name resembles ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Misspelt {
    pub name: String,
    /// The variable that is probably meant.
    pub meant: Option<&'static str>,
}

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a variable of staticcxx: ", self.name)?;
        match self.meant {
            Some(meant) => write!(f, "did you mean {meant}?"),
            None => f.write_str("`staticctl help environment` lists them"),
        }
    }
}

/// Variables of this project's own build, tests and benchmarks, which run builds themselves; all that begin with
/// `STATICCXX_TEST_` are too.
const OF_TESTS: [&str; 9] = [
    "STATICCXX_ARGV",
    "STATICCXX_BIN",
    "STATICCXX_CORPUS",
    "STATICCXX_CORPUS_PACKAGES",
    "STATICCXX_FUZZ_SECONDS",
    "STATICCXX_ICONV_STRIDE",
    "STATICCXX_JOBS",
    "STATICCXX_SCRATCH",
    "STATICCXX_WORK",
];

/// The largest distance of a misspelling from a name, exclusive.
const FAR: usize = 3;

/// Whether a name can only be a misspelling of ours: `STATICCXX_` without a row, or another prefix and at most two
/// wrong letters.
pub(crate) fn misspelt(name: &OsStr) -> Option<Misspelt> {
    if !name.as_encoded_bytes().starts_with(b"STATIC") || TABLE.iter().any(|o| name == o.name) {
        return None;
    }
    let name = name.to_string_lossy().into_owned();
    let documented = TABLE.iter().filter(|o| !o.is_internal());
    let nearest = documented.map(|o| (distance(&name, o.name), o.name)).min()?;
    let of_tests = OF_TESTS.contains(&name.as_str()) || name.starts_with("STATICCXX_TEST_");
    match name.starts_with("STATICCXX_") {
        true if of_tests => None,
        true => Some(Misspelt { name, meant: (nearest.0 <= FAR).then_some(nearest.1) }),
        false => (nearest.0 < FAR).then_some(Misspelt { name, meant: Some(nearest.1) }),
    }
}

/// The number of letters to change, add, remove or swap with a neighbour to turn one word into another (optimal string
/// alignment).
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    // The last two rows of the table of distances between prefixes.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(a != b));
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::table::{CHECK, STACK_SIZE};
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (from, to, expected) in
            [("", "", 0), ("", "ab", 2), ("CHEK", "CHECK", 1), ("TOOLCHIAN", "TOOLCHAIN", 1), ("abc", "xyz", 3)]
        {
            assert_eq!((distance(from, to), distance(to, from)), (expected, expected), "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_name_is_proposed() {
        let meant = |name: &str| misspelt(OsStr::new(name)).map(|m| m.meant);
        for (name, expected) in [
            ("STATICCXX_CHEK", Some(Some("STATICCXX_CHECK"))),
            ("STATICCXX_TOOLCHIAN", Some(Some("STATICCXX_TOOLCHAIN"))),
            ("STATICXX_LINKER", Some(Some("STATICCXX_LINKER"))),
            ("STATICCXX_FROBNICATION", Some(None)),
            ("STATICCXX_", Some(Some("STATICCXX_CC"))),
            ("STATICCXX_CHECK", None),
            ("STATICCXX_REAL_COMPILER", None),
            ("STATICCXX_TEST_PATH", None),
            ("STATICCXX_BIN", None),
            ("STATIC_CC", None),
            ("STATIC", None),
            ("CC", None),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
    }

    #[test]
    fn a_warning_names_the_values_and_the_default() {
        let bad = |option, value: &str| BadValue { option, value: value.into() }.to_string();
        assert_eq!(
            bad(&CHECK, "lax"),
            "STATICCXX_CHECK=lax is not one of `strict`, `warn`, `off`: using the default, `strict`"
        );
        assert_eq!(
            bad(&STACK_SIZE, "8M"),
            "STATICCXX_STACK_SIZE=8M is not a number of bytes: using the default, `8388608`"
        );
        assert_eq!(
            misspelt(OsStr::new("STATICCXX_CHEK")).unwrap().to_string(),
            "STATICCXX_CHEK is not a variable of staticcxx: did you mean STATICCXX_CHECK?"
        );
    }
}
