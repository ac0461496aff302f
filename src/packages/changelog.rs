//! What Debian's changelogs say of the versions between two: the numbers of vulnerabilities that they close.

use super::version_order;
use flate2::read::MultiGzDecoder;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A longer changelog is cut off: its newest entries come first.
const MOST: u64 = 32 << 20;

/// The numbers (`CVE-2026-1234`) in the entries of an installed package's changelog that are newer than `after`; none
/// where the changelog is not installed or its newest entry is older than `until`.
pub(crate) fn closed(docs: &Path, package: &str, after: &str, until: &str) -> Option<BTreeSet<String>> {
    let dir = docs.join(package);
    let file = ["changelog.Debian.gz", "changelog.gz"].iter().find_map(|name| File::open(dir.join(name)).ok())?;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(file).take(MOST).read_to_end(&mut bytes).ok()?;
    numbers(&String::from_utf8_lossy(&bytes), after, until)
}

fn numbers(text: &str, after: &str, until: &str) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut newest = None;
    for line in text.lines() {
        if let Some(version) = entry(line) {
            newest.get_or_insert(version);
            if version_order::deb(version, after) != Ordering::Greater {
                break;
            }
        }
        if newest.is_some() {
            found.extend(line.match_indices("CVE-").filter_map(|(at, _)| number(line.get(at..)?)));
        }
    }
    newest.filter(|newest| version_order::deb(newest, until) != Ordering::Less).map(|_| found)
}

/// The version of an entry's first line: `openssl (3.0.22-1~deb12u2) bookworm-security; urgency=high`.
fn entry(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    (!name.starts_with(' ') && !name.contains(' ') && rest.contains("; urgency=")).then_some(version)
}

/// `CVE-YEAR-NUMBER` at the beginning of a text.
fn number(text: &str) -> Option<String> {
    let (year, rest) = text.strip_prefix("CVE-")?.split_once('-')?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    (is_year && digits.len() >= 4).then(|| format!("CVE-{year}-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "q (2-1) stable; urgency=high\n\n  * CVE-2026-1234 and CVE-2026-12345, not CVE-x or CVE-2026-12.\n\n \
                        -- A B <a@b>  Mon, 01 Jan 2026 00:00:00 +0000\n\nq (1-2) stable; urgency=low\n\n  * CVE-2025-0001\n\n\
                        q (1-1) stable; urgency=low\n\n  * CVE-2020-0001\n";

    #[test]
    fn numbers_between_two_versions() {
        let said =
            |after: &str, until: &str| numbers(TEXT, after, until).map(|n| n.into_iter().collect::<Vec<_>>().join(" "));
        assert_eq!(said("1-1", "2-1").as_deref(), Some("CVE-2025-0001 CVE-2026-1234 CVE-2026-12345"));
        assert_eq!(said("1-2", "2-1").as_deref(), Some("CVE-2026-1234 CVE-2026-12345"));
        assert_eq!(said("2-1", "2-1").as_deref(), Some(""));
        // It is older than what is asked about.
        assert_eq!(said("1-1", "3-1"), None);
        assert_eq!(numbers("no changelog CVE-2026-1234\n", "1", "2"), None);
    }
}
