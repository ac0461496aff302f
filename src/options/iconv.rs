//! Which iconv converters programs get.

use super::switch;
use std::collections::BTreeSet;

/// The default character sets of programs that convert: those of the web (encoding.spec.whatwg.org), of mail, and of
/// systems before Unicode; by the names of their conversions.
pub(crate) const COMMON: [&str; 55] = [
    "BIG5",
    "BIG5-HKSCS",
    "CP1250",
    "CP1251",
    "CP1252",
    "CP1253",
    "CP1254",
    "CP1255",
    "CP1256",
    "CP1257",
    "CP1258",
    "CP932",
    "EUC-CN",
    "EUC-JP",
    "EUC-KR",
    "GB18030",
    "GBK",
    "IBM437",
    "IBM850",
    "IBM852",
    "IBM855",
    "IBM858",
    "IBM866",
    "IBM874",
    "ISO-2022-JP",
    "ISO-2022-KR",
    "ISO-8859-1",
    "ISO-8859-10",
    "ISO-8859-11",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-9",
    "JOHAB",
    "KOI8-R",
    "KOI8-U",
    "MAC-CYRILLIC",
    "MACINTOSH",
    "SJIS",
    "TCVN5712-1",
    "TIS-620",
    "UHC",
    "UNICODE",
    "UTF-16",
    "UTF-32",
    "UTF-7",
    "VISCII",
];

/// Which converters a program gets, `STATICCXX_ICONV`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IconvChoice {
    /// `all`.
    pub all: bool,
    /// Names of character sets or converter files, in upper case.
    pub names: BTreeSet<String>,
}

impl IconvChoice {
    /// Parses `common`, `all`, `none` and names of character sets, separated by commas.
    pub(crate) fn parse(text: &str) -> IconvChoice {
        let mut choice = IconvChoice { all: false, names: BTreeSet::new() };
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "all" => choice.all = true,
                word if switch::is_off(word) => {}
                "common" => choice.names.extend(COMMON.map(str::to_owned)),
                name => drop(choice.names.insert(name.to_ascii_uppercase())),
            }
        }
        choice
    }

    /// Whether it is `none`.
    pub(crate) fn is_none(&self) -> bool {
        !self.all && self.names.is_empty()
    }

    /// Whether it is the default, `common`.
    pub(crate) fn is_common(&self) -> bool {
        *self == IconvChoice::default()
    }
}

impl Default for IconvChoice {
    fn default() -> IconvChoice {
        IconvChoice::parse("common")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_set_is_sorted() {
        assert!(COMMON.windows(2).all(|w| w[0] < w[1]));
    }
}
