//! A part beside what package managers offer and what is known of its vulnerabilities.

use crate::packages::offered::{MANAGERS, OfferedPackages, OfferedVersion};
use crate::packages::{changelog, version_order};
use crate::parts::osv::Osv;
use crate::parts::package_url::PackageUrl;
use crate::parts::tracker::Tracker;
use crate::parts::vex::{AskedProgram, ClearedVulnerability, Vex};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where the documentation of installed packages is.
const DOCS: &str = "/usr/share/doc";

/// Whether a program is to be built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuditVerdict {
    /// Nothing newer is offered.
    Current,
    /// It is not known of a part.
    Unknown,
    /// A part is older than what is offered, or has a vulnerability that is known.
    BuildAgain,
}

/// A part, beside what is offered.
#[derive(Debug, Serialize)]
pub(super) struct AuditedPart {
    pub(super) purl: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) verdict: AuditVerdict,
    /// The newest version that is offered, if that is newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offered: Option<String>,
    /// That one, or one between, is a security update.
    pub(super) security: bool,
    /// Vulnerabilities that are closed by it or open in what is there; `null` where that is not known.
    pub(super) vulnerabilities: Option<BTreeSet<String>>,
    /// Those that do not count, as a VEX document says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<ClearedVulnerability>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// What this machine offers.
pub(super) struct Offers {
    /// `debian-12`.
    pub(super) distro: String,
    /// By format of packages.
    pub(super) versions: BTreeMap<&'static str, OfferedPackages>,
    pub(super) tracker: Option<Tracker>,
    pub(super) osv: Option<Osv>,
    /// Each may take back what others say.
    pub(super) vex: Vec<Vex>,
}

impl Offers {
    /// A part beside what is offered; none for code of this program's own, which has no package.
    pub(super) fn part(&self, program: AskedProgram<'_>, purl: &str) -> Option<AuditedPart> {
        let url = PackageUrl::read(purl)?;
        if url.format == "generic" && url.name == "staticcxx" {
            return None;
        }
        let known = self.newest(&url);
        let open = self.open(&url);
        let mut part = AuditedPart {
            purl: purl.to_owned(),
            name: url.name.clone(),
            version: url.full_version(),
            verdict: AuditVerdict::Current,
            offered: None,
            security: false,
            vulnerabilities: Some(BTreeSet::new()),
            left_out: Vec::new(),
            why: None,
        };
        match known {
            Ok(Some((version, security))) => {
                part.verdict = AuditVerdict::BuildAgain;
                part.vulnerabilities = closed(&url, &version);
                (part.offered, part.security) = (Some(version), security);
            }
            Ok(None) => {}
            Err(why) => (part.verdict, part.vulnerabilities, part.why) = (AuditVerdict::Unknown, None, Some(why)),
        }
        let left_out = |number: &String| self.vex.iter().find_map(|vex| vex.left_out(program, &url, number));
        let named: BTreeSet<&String> = open.iter().flatten().chain(part.vulnerabilities.iter().flatten()).collect();
        part.left_out = named.into_iter().filter_map(left_out).collect();
        let counts = |number: &String| !part.left_out.iter().any(|left| left.vulnerability == *number);
        if let Some(numbers) = &mut part.vulnerabilities {
            numbers.retain(counts);
        }
        if let Some(mut open) = open {
            open.retain(counts);
            if !open.is_empty() {
                part.verdict = AuditVerdict::BuildAgain;
            }
            part.vulnerabilities.get_or_insert_default().extend(open);
        }
        Some(part)
    }

    /// What the tracker and OSV have open in the version of a package; none where neither knows its release.
    fn open(&self, url: &PackageUrl) -> Option<BTreeSet<String>> {
        let tracked = self.tracker.as_ref().and_then(|tracker| tracker.open(url));
        let tracked = tracked.map(|open| open.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
        let recorded = self.osv.as_ref().and_then(|osv| osv.open(url));
        match (tracked, recorded) {
            (None, None) => None,
            (tracked, recorded) => Some(tracked.into_iter().chain(recorded).flatten().collect()),
        }
    }

    /// The newest version that is offered, if it is newer, and whether a security update is among those that are.
    ///
    /// # Errors
    /// Why that is not known.
    fn newest(&self, url: &PackageUrl) -> Result<Option<(String, bool)>, String> {
        let Some(manager) = MANAGERS.iter().find(|manager| manager.format == url.format) else {
            return Err(format!("it is no package of apt's, dnf's or apk's but of `{}`", url.format));
        };
        match url.qualifiers.get("distro") {
            Some(distro) if branch(distro) == branch(&self.distro) => {}
            Some(distro) => return Err(format!("it is of {distro}, and this machine is {}", self.distro)),
            None => return Err("its release is not known".into()),
        }
        let (program, refresh) = (manager.program, manager.refresh);
        let lists = self.versions.get(manager.format).ok_or_else(|| format!("there is no {program} that tells"))?;
        let missing = || format!("the lists of {program} do not have it: `{refresh}` fetches them");
        let versions = lists.get(&url.name).ok_or_else(missing)?;
        let own = url.full_version();
        let order = |a: &str, b: &str| version_order::by(manager.order, a, b);
        let newer: Vec<&OfferedVersion> =
            versions.iter().filter(|o| order(&o.version, &own) == Ordering::Greater).collect();
        let newest = newer.iter().max_by(|a, b| order(&a.version, &b.version));
        Ok(newest.map(|newest| (newest.version.clone(), newer.iter().any(|o| o.security))))
    }
}

/// What the changelog of a deb says that a version closes; of others nothing is known.
fn closed(url: &PackageUrl, until: &str) -> Option<BTreeSet<String>> {
    let changelog = |url: &PackageUrl| changelog::closed(Path::new(DOCS), &url.name, &url.version, until);
    Some(url).filter(|url| url.format == "deb").and_then(changelog)
}

/// What has one archive: of Alpine 3.20.1 it is 3.20's, of AlmaLinux 9.3 that of 9.
fn branch(distro: &str) -> &str {
    let numbers = match distro.split('-').next() {
        Some("alpine") => 2,
        Some("almalinux" | "rocky" | "rhel" | "centos" | "ol") => 1,
        _ => return distro,
    };
    distro.match_indices('.').nth(numbers - 1).and_then(|(at, _)| distro.get(..at)).unwrap_or(distro)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_that_share_an_archive() {
        assert_eq!(branch("alpine-3.20.1"), branch("alpine-3.20.3"));
        assert_ne!(branch("alpine-3.20.1"), branch("alpine-3.21.0"));
        assert_eq!(branch("almalinux-9.3"), branch("almalinux-9"));
        assert_ne!(branch("ubuntu-22.04"), branch("ubuntu-22.10"));
    }
}
