//! Debian's security tracker, as the JSON file that it publishes.

use super::package_url::PackageUrl;
use crate::packages::version_order;
use serde::Deserialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Vulnerabilities by source package.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tracker(BTreeMap<String, BTreeMap<String, Vulnerability>>);

#[derive(Debug, Deserialize)]
struct Vulnerability {
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Debug, Deserialize)]
struct Release {
    status: String,
    /// The first version that has it no more; `0` where none ever had it.
    #[serde(default)]
    fixed_version: Option<String>,
}

/// Debian's releases by the numbers in package URLs.
const RELEASES: [(&str, &str); 5] = [
    ("debian-11", "bullseye"),
    ("debian-12", "bookworm"),
    ("debian-13", "trixie"),
    ("debian-14", "forky"),
    ("debian", "sid"),
];

impl Tracker {
    /// Reads the file.
    ///
    /// # Errors
    /// It is not the tracker's.
    pub(crate) fn read(bytes: &[u8]) -> Result<Tracker, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The vulnerabilities that are in the version of a package, by its source; none where its release is not known.
    pub(crate) fn open(&self, url: &PackageUrl) -> Option<Vec<&str>> {
        let distro = url.qualifiers.get("distro")?;
        let (_, release) = RELEASES.iter().find(|(name, _)| name == distro)?;
        let (source, version) = url.source();
        let Some(known) = self.0.get(&source) else { return Some(Vec::new()) };
        let is_open = |vulnerability: &&Vulnerability| {
            vulnerability.releases.get(*release).is_some_and(|release| {
                match (&release.fixed_version, release.status.as_str()) {
                    (Some(fixed), "resolved") => version_order::deb(&version, fixed) == Ordering::Less,
                    (_, status) => status == "open",
                }
            })
        };
        Some(known.iter().filter(|(_, v)| is_open(v)).map(|(name, _)| name.as_str()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_in_a_version() {
        let text = r#"{"openssl": {
            "CVE-2026-1": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.18-1"}}},
            "CVE-2026-2": {"releases": {"bookworm": {"status": "open"}, "trixie": {"status": "resolved", "fixed_version": "0"}}},
            "CVE-2026-3": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0"}}},
            "CVE-2026-4": {"releases": {"sid": {"status": "open"}}}}}"#;
        let tracker = Tracker::read(text.as_bytes()).unwrap();
        let open = |purl: &str| tracker.open(&PackageUrl::read(purl).unwrap());
        let ssl = "pkg:deb/debian/libssl-dev@3.0.17-1?distro=debian-12&upstream=openssl";
        assert_eq!(open(ssl), Some(vec!["CVE-2026-1", "CVE-2026-2"]));
        assert_eq!(open(&ssl.replace("3.0.17", "3.0.18")), Some(vec!["CVE-2026-2"]));
        assert_eq!(open(&ssl.replace("debian-12", "debian-13")), Some(vec![]));
        assert_eq!(open(&ssl.replace("openssl", "other")), Some(vec![]));
        assert_eq!(open(&ssl.replace("debian-12", "ubuntu-24.04")), None);
        assert!(Tracker::read(b"[1]").is_err() && Tracker::read(b"{\"a\": 1}").is_err());
    }
}
