//! Sources of apt with source packages, derived from those that a machine has for its binary ones (sources.list(5)).

use std::collections::BTreeSet;

/// A file of one line an entry: each `deb` and `deb-src` as `deb-src`, unless it was seen; nothing else.
pub(crate) fn one_line(text: &str, seen: &mut BTreeSet<String>) -> String {
    let mut lines = String::new();
    for line in text.lines().map(str::trim) {
        let Some((kind, rest)) = line.split_once([' ', '\t']) else { continue };
        let derived = format!("deb-src {}", rest.trim());
        if ["deb", "deb-src"].contains(&kind) && seen.insert(derived.clone()) {
            lines.push_str(&format!(
                "{derived}
"
            ));
        }
    }
    lines
}

/// A file of stanzas in the form of deb822: each that is on, with `deb-src` as its only type, unless it was seen.
pub(crate) fn stanzas(text: &str, seen: &mut BTreeSet<String>) -> String {
    let mut found: Vec<String> = Vec::new();
    // A line of a key that is given in the file has a dot where it is empty, so that each empty line ends a stanza.
    let mut stanza: Vec<&str> = Vec::new();
    for line in text.lines().chain([""]) {
        if !line.trim().is_empty() {
            stanza.push(line);
            continue;
        }
        let derived = derived_stanza(&std::mem::take(&mut stanza));
        found.extend(derived.filter(|d| seen.insert(d.clone())));
    }
    found.join("\n")
}

fn derived_stanza(lines: &[&str]) -> Option<String> {
    let mut text = String::new();
    let (mut has_type, mut on) = (false, true);
    for line in lines.iter().filter(|line| !line.starts_with('#')) {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        if line.starts_with([' ', '\t']) {
            text.push_str(&format!("{line}\n"));
        } else if key.eq_ignore_ascii_case("types") {
            has_type = value.split_whitespace().any(|t| ["deb", "deb-src"].contains(&t));
            text.push_str("Types: deb-src\n");
        } else {
            on &= !(key.eq_ignore_ascii_case("enabled") && ["no", "false", "0", "off"].contains(&value.trim()));
            text.push_str(&format!("{line}\n"));
        }
    }
    (has_type && on).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_those_of_sources() {
        let text = "# deb http://no/ x main\ndeb [signed-by=/k arch=amd64] http://a/ stable main\n\
                    deb-src [signed-by=/k arch=amd64] http://a/ stable main\ndeb-src\thttp://b/ s main\nrpm http://c/\n";
        let expected = "deb-src [signed-by=/k arch=amd64] http://a/ stable main\ndeb-src http://b/ s main\n";
        let seen = &mut BTreeSet::new();
        assert_eq!(one_line(text, seen), expected);
        assert_eq!(one_line(text, seen) + &one_line("", seen), "");
    }

    #[test]
    fn stanzas_become_those_of_sources() {
        let text = "Types: deb-src\nURIs: http://a/\nSuites: s\n\nTypes: deb\n# a comment\nURIs: http://a/\nSuites: s\n\n\
                    types: deb deb-src\nURIs: http://b/\nSigned-By:\n key\n .\n key\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://c/\n";
        let expected = "Types: deb-src\nURIs: http://a/\nSuites: s\n\n\
                        Types: deb-src\nURIs: http://b/\nSigned-By:\n key\n .\n key\n";
        let seen = &mut BTreeSet::new();
        assert_eq!(stanzas(text, seen), expected);
        assert_eq!(stanzas(text, seen) + &stanzas("URIs: http://c/\n", seen), "");
    }
}
