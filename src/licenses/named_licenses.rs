//! What a text about licences names: licences that want something of who links, and Debian's files of common ones.

use serde::Serialize;
use std::collections::BTreeSet;

/// Licences that are looked for in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum GnuLicense {
    #[serde(rename = "LGPL")]
    Lesser,
    #[serde(rename = "GPL")]
    General,
    #[serde(rename = "AGPL")]
    Affero,
}

/// How texts name them: a phrase, and how a word begins.
const NAMED: [(GnuLicense, &[&str], &str); 3] = [
    (
        GnuLicense::Lesser,
        &[
            "gnu lesser general public",
            "lesser general public license",
            "gnu library general public",
            "library general public license",
        ],
        "lgpl",
    ),
    (GnuLicense::General, &["gnu general public"], "gpl"),
    (GnuLicense::Affero, &["affero general public"], "agpl"),
];

/// Which of them a text names, for whatever it names them.
pub(super) fn gnu(text: &str) -> BTreeSet<GnuLicense> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().filter(|word| !["*", "#", "//", ";", "."].contains(word)).collect();
    let flowing = words.join(" ");
    let starts = |start: &str| {
        flowing.match_indices(start).any(|(at, _)| {
            flowing.get(..at).is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        })
    };
    let is_named = |(_, phrases, start): &&(GnuLicense, &[&str], &str)| {
        phrases.iter().any(|phrase| flowing.contains(phrase)) || starts(start)
    };
    NAMED.iter().filter(is_named).map(|(license, _, _)| *license).collect()
}

/// Where Debian has the texts that many packages have in common.
pub(super) const COMMON: &str = "/usr/share/common-licenses/";

/// The names of the common licences that a text refers to.
pub(super) fn common(text: &str) -> BTreeSet<String> {
    let name = |(at, path): (usize, &str)| {
        let rest = text.get(at + path.len()..)?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let name = rest.get(..end)?.trim_end_matches(['.', '-', '_']);
        (!name.is_empty() && !name.starts_with('.')).then(|| name.to_owned())
    };
    text.match_indices(COMMON).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_found_in_names_and_in_texts() {
        use GnuLicense::{Affero, General, Lesser};
        for (text, found) in [
            ("License: LGPL-2.1+", &[Lesser][..]),
            ("the GNU\n * Lesser General\n Public License", &[Lesser]),
            ("under the GNU Library General Public License", &[Lesser]),
            ("/usr/share/common-licenses/GPL-2'", &[General]),
            ("GNU General Public\n .\n License", &[General]),
            ("LGPL-3 or GPL-2", &[Lesser, General]),
            ("(GPLv3+)", &[General]),
            ("GNU Affero General Public License", &[Affero]),
            ("AGPL-3", &[Affero]),
            ("Expat and BSD; xgpl, the general public", &[]),
            ("", &[]),
        ] {
            assert_eq!(gnu(text).into_iter().collect::<Vec<_>>(), found, "{text}");
        }
    }

    #[test]
    fn names_of_common_licences_and_no_other_paths() {
        let text = "see `/usr/share/common-licenses/GPL-2', /usr/share/common-licenses/LGPL-2.1. and\n\
                    /usr/share/common-licenses/Apache-2.0\n/usr/share/common-licenses/../../../etc/shadow\n\
                    /usr/share/common-licenses/\n/usr/share/common-licenses/é /usr/share/common-licenses/GPL-2";
        assert_eq!(common(text).into_iter().collect::<Vec<_>>(), ["Apache-2.0", "GPL-2", "LGPL-2.1"]);
    }
}
