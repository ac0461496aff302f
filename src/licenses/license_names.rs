//! The names of licences in Debian's copyright files, as SPDX has them (<https://spdx.org/licenses/>). What has no certain
//! counterpart has none: `BSD`, `MIT` and `GPL` are several licences, and Debian's `MIT` may be any of X's.

use std::fmt::Write as _;

/// Names with a version, by what stands before it: SPDX's name, and the versions that it has.
const VERSIONED: [(&str, &str, &[&str]); 5] = [
    ("GPL", "GPL", &["1.0", "2.0", "3.0"]),
    ("LGPL", "LGPL", &["2.0", "2.1", "3.0"]),
    ("AGPL", "AGPL", &["1.0", "3.0"]),
    ("GFDL", "GFDL", &["1.1", "1.2", "1.3"]),
    ("GFDL-NIV", "GFDL", &["1.1", "1.2", "1.3"]),
];

/// Debian's names that are not SPDX's.
const RENAMED: [(&str, &str); 16] = [
    ("Apache-1", "Apache-1.0"),
    ("Apache-2", "Apache-2.0"),
    ("Artistic-1", "Artistic-1.0"),
    ("Artistic-2", "Artistic-2.0"),
    ("BSD-2-clause", "BSD-2-Clause"),
    ("BSD-3-clause", "BSD-3-Clause"),
    ("BSD-4-clause", "BSD-4-Clause"),
    ("CC0", "CC0-1.0"),
    ("CDDL", "CDDL-1.0"),
    ("CPL", "CPL-1.0"),
    ("Expat", "MIT"),
    ("MPL-1", "MPL-1.0"),
    ("MPL-2", "MPL-2.0"),
    ("OpenLDAP-2.8", "OLDAP-2.8"),
    ("Zope-2", "ZPL-2.0"),
    ("Zope-2.1", "ZPL-2.1"),
];

/// SPDX's names that copyright files use as they are.
const SAME: [&str; 72] = [
    "0BSD",
    "AFL-2.0",
    "AFL-2.1",
    "AFL-3.0",
    "Apache-1.0",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "Beerware",
    "Bitstream-Vera",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-4-Clause",
    "BSD-4-Clause-UC",
    "BSD-Source-Code",
    "BSL-1.0",
    "bzip2-1.0.6",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-2.5",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CPL-1.0",
    "curl",
    "EPL-1.0",
    "EPL-2.0",
    "FSFAP",
    "FSFUL",
    "FSFULLR",
    "FSFULLRWD",
    "FTL",
    "HPND",
    "ICU",
    "IJG",
    "ISC",
    "JasPer-2.0",
    "libpng-2.0",
    "libtiff",
    "LPPL-1.3c",
    "MIT-0",
    "MIT-CMU",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "NCSA",
    "NTP",
    "OFL-1.0",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "PHP-3.01",
    "PostgreSQL",
    "PSF-2.0",
    "Python-2.0",
    "QPL-1.0",
    "SSLeay-standalone",
    "TCL",
    "Unicode-3.0",
    "Unicode-DFS-2015",
    "Unicode-DFS-2016",
    "Unlicense",
    "W3C",
    "WTFPL",
    "X11",
    "Zlib",
];

/// The longest name that is taken for one: what is longer is a text.
const LONGEST: usize = 120;

/// Whether a field's first line is a name, or names with `and` and `or` between them.
pub(super) fn is_name(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let joined = words.iter().filter(|word| is_joint(word)).count();
    let exceptions = words.iter().filter(|word| word.eq_ignore_ascii_case("exception")).count();
    line.len() <= LONGEST && words.len() <= 2 * joined + 1 + 3 * exceptions
}

fn is_joint(word: &str) -> bool {
    ["and", "or", "and/or"].iter().any(|joint| word.eq_ignore_ascii_case(joint))
}

/// The SPDX expression of Debian's: `GPL-2+ or Artistic-2.0, and Expat`; none if one of its names has no counterpart.
pub(super) fn spdx(stated: &str) -> Option<String> {
    let (mut whole, mut rest) = (String::new(), stated);
    let (mut parts, mut between) = (0, None);
    // A comma before `and` or `or` binds less than either of them.
    loop {
        let cut = [(", and ", " AND "), (", or ", " OR ")]
            .into_iter()
            .filter_map(|(word, joint)| Some((rest.find(word)?, word.len(), joint)))
            .min();
        let part = cut.map_or(Some(rest), |(at, _, _)| rest.get(..at))?;
        let (expression, names) = joined(part)?;
        let alone = names == 1 || parts == 0 && cut.is_none();
        let _ = if alone { write!(whole, "{expression}") } else { write!(whole, "({expression})") };
        parts += 1;
        let Some((at, length, joint)) = cut else { return Some(whole) };
        // Where both are mixed it is not known which of them goes first.
        if *between.get_or_insert(joint) != joint {
            return None;
        }
        whole += joint;
        rest = rest.get(at + length..)?;
    }
}

/// Names with `and` and `or` between them, which bind as in SPDX, and how many there are.
fn joined(text: &str) -> Option<(String, usize)> {
    let mut words = text.split_whitespace();
    let mut expression = spdx_name(words.next()?)?;
    let mut names = 1;
    while let Some(joint) = words.next() {
        let joint = match joint.to_ascii_lowercase().as_str() {
            "and" => "AND",
            "or" => "OR",
            _ => return None,
        };
        expression = format!("{expression} {joint} {}", spdx_name(words.next()?)?);
        names += 1;
    }
    Some((expression, names))
}

/// SPDX's name for one of Debian's.
fn spdx_name(name: &str) -> Option<String> {
    if let Some((_, spdx)) = RENAMED.iter().find(|(debian, _)| debian.eq_ignore_ascii_case(name)) {
        return Some((*spdx).to_owned());
    }
    if let Some(same) = SAME.iter().find(|same| same.eq_ignore_ascii_case(name)) {
        return Some((*same).to_owned());
    }
    let (name, later) = match (name.strip_suffix('+'), name.strip_suffix("-or-later"), name.strip_suffix("-only")) {
        (Some(name), _, _) | (_, Some(name), _) => (name, "or-later"),
        (_, _, Some(name)) => (name, "only"),
        _ => (name, "only"),
    };
    let (start, version) = name.rsplit_once('-')?;
    let (start, version) = (start.to_ascii_uppercase(), version.to_owned());
    let version = if version.contains('.') { version } else { format!("{version}.0") };
    let (_, spdx, versions) = VERSIONED.iter().find(|(debian, _, _)| *debian == start)?;
    let known = versions.iter().find(|known| **known == version)?;
    let invariants = if start == "GFDL-NIV" { "-no-invariants" } else { "" };
    Some(format!("{spdx}-{known}{invariants}-{later}"))
}

/// The names of rpm's field and apk's that SPDX has, if all are: Alpine and newer releases of Fedora use SPDX's.
pub(super) fn spdx_as_it_is(stated: &str) -> Option<String> {
    let known = |word: &str| {
        let name = word.trim_matches(['(', ')']);
        let versioned = name.strip_suffix("-only").or(name.strip_suffix("-or-later"));
        ["AND", "OR", "MIT"].contains(&name)
            || SAME.contains(&name)
            || versioned.is_some_and(|_| spdx_name(name).is_some_and(|spdx| spdx == name))
    };
    (!stated.trim().is_empty() && stated.split_whitespace().all(known)).then(|| stated.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_counterpart() {
        for (debian, spdx) in [
            ("GPL-2+", "GPL-2.0-or-later"),
            ("gpl-3", "GPL-3.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            ("LGPL-2.1", "LGPL-2.1-only"),
            ("LGPL-2.1-or-later", "LGPL-2.1-or-later"),
            ("LGPL-2+", "LGPL-2.0-or-later"),
            ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            ("Expat", "MIT"),
            ("zlib", "Zlib"),
            ("BSD-3-clause", "BSD-3-Clause"),
            ("LGPL-3+ or GPL-2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
            ("BSL-1.0 and Zlib or Expat", "BSL-1.0 AND Zlib OR MIT"),
            ("GPL-2+ or Expat, and ISC", "(GPL-2.0-or-later OR MIT) AND ISC"),
            ("ISC, and GPL-2+ or Expat", "ISC AND (GPL-2.0-or-later OR MIT)"),
        ] {
            assert_eq!(super::spdx(debian).as_deref(), Some(spdx), "{debian}");
            assert!(is_name(debian), "{debian}");
        }
    }

    #[test]
    fn no_guess() {
        for name in [
            "GPL",
            "LGPL",
            "MIT",
            "BSD",
            "BSD3_Google",
            "public-domain",
            "GPL-9",
            "GPL-",
            "-2",
            "GPL-2+ with OpenSSL exception",
            "GPLv3+",
            "",
            " ",
            "or",
            "ISC or",
            "ISC Expat",
            "ISC, Expat",
            "ISC, and Expat, or Zlib",
            "ISC or Expat, and X11, or Zlib",
            "LGPL-1",
            "ISC, and",
            "Artistic",
            "é-1",
            "GPL-2.",
            "GPL-2.5",
        ] {
            assert_eq!(super::spdx(name), None, "{name}");
        }
        assert!(is_name("GPL-2+ with OpenSSL exception") && !is_name("Permission is hereby granted, free of charge"));
    }

    #[test]
    fn what_other_package_managers_state() {
        assert!(spdx_as_it_is("MIT").is_some() && spdx_as_it_is("(GPL-2.0-or-later OR Zlib) AND MIT").is_some());
        for text in ["", "GPLv2+", "GPL-2", "Zlib and MIT", "BSD", "GPL-9.0-only"] {
            assert_eq!(spdx_as_it_is(text), None, "{text}");
        }
    }

    #[test]
    fn the_tables_are_sound() {
        let sorted = |names: Vec<String>| names.windows(2).all(|pair| pair[0].to_lowercase() < pair[1].to_lowercase());
        assert!(sorted(SAME.map(str::to_owned).into()));
        assert!(sorted(RENAMED.map(|(debian, _)| debian.to_owned()).into()));
        let known = |spdx: &str| SAME.contains(&spdx) || ["MIT", "ZPL-2.0", "ZPL-2.1"].contains(&spdx);
        assert!(RENAMED.iter().all(|(_, spdx)| known(spdx)));
    }
}
