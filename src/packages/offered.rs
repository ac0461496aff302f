//! The versions of packages that the lists of apt, dnf and apk have, without a network.

use super::version_order::Order;
use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// A version that can be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedVersion {
    pub version: String,
    /// It is in an archive for security updates.
    pub security: bool,
}

/// The versions of packages, by name.
pub(crate) type OfferedPackages = BTreeMap<String, Vec<OfferedVersion>>;

/// Who offers packages of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackageOffers {
    /// The format in package URLs.
    pub format: &'static str,
    /// The program that is asked.
    pub program: &'static str,
    /// What fetches its lists.
    pub refresh: &'static str,
    pub order: Order,
}

/// apt, dnf, apk.
pub(crate) const MANAGERS: [PackageOffers; 3] = [
    PackageOffers { format: "deb", program: "apt-cache", refresh: "apt-get update", order: Order::Deb },
    PackageOffers { format: "rpm", program: "dnf", refresh: "dnf makecache", order: Order::Rpm },
    PackageOffers { format: "apk", program: "apk", refresh: "apk update", order: Order::Apk },
];

impl PackageOffers {
    /// What its lists have of these packages; none where it is not on this machine or can't say.
    pub(crate) fn versions(&self, settings: &Settings, names: &[String]) -> Option<OfferedPackages> {
        let program = find::program(OsStr::new(self.program), settings, &Chain::default())?;
        let said = |words: &[&str]| {
            let command = Command::new([program.as_os_str()]).args(words).args(names).env("LC_ALL", "C");
            run::capture::capture(&command).ok().map(|said| said.text())
        };
        match self.format {
            "deb" => Some(apt(&said(&["madison"])?)),
            "rpm" => {
                let all = [DNF.as_slice(), &[FIELDS]].concat();
                let secure = [DNF.as_slice(), &["--security", FIELDS]].concat();
                Some(dnf(&said(&all)?, &said(&secure).unwrap_or_default()))
            }
            _ => Some(apk(&said(&["--no-network", "policy"])?)),
        }
    }
}

/// From what is cached alone.
const DNF: [&str; 3] = ["-q", "-C", "repoquery"];
/// dnf5 ends no line by itself.
const FIELDS: &str = "--qf=%{name} %{epoch}:%{version}-%{release}\\n";

/// Lines `NAME EPOCH:VERSION-RELEASE`, and those of them that an advisory about security names.
fn dnf(said: &str, secure: &str) -> OfferedPackages {
    let mut found = OfferedPackages::new();
    let secure: Vec<&str> = secure.lines().map(str::trim).collect();
    for line in said.lines().map(str::trim) {
        let Some((name, version)) = line.split_once(' ').filter(|(_, version)| version.contains(':')) else { continue };
        let version = version.strip_prefix("0:").unwrap_or(version).to_owned();
        found.entry(name.to_owned()).or_default().push(OfferedVersion { version, security: secure.contains(&line) });
    }
    found
}

/// `NAME policy:`, then `  VERSION:` with the repositories that have it. Alpine has no archive for security alone.
fn apk(said: &str) -> OfferedPackages {
    let mut found = OfferedPackages::new();
    let mut name = None;
    for line in said.lines() {
        if let Some(of) = line.strip_suffix(" policy:").filter(|of| !of.starts_with(' ')) {
            name = Some(of);
        } else if let (Some(name), Some(version)) = (name, line.strip_prefix("  ").and_then(|l| l.strip_suffix(':')))
            && !version.starts_with(' ')
        {
            let version = OfferedVersion { version: version.to_owned(), security: false };
            found.entry(name.to_owned()).or_default().push(version);
        }
    }
    found
}

/// Lines `NAME | VERSION | ARCHIVE SUITE/COMPONENT ARCHITECTURE Packages`, among others about sources.
fn apt(said: &str) -> OfferedPackages {
    let mut found = OfferedPackages::new();
    for line in said.lines().filter(|line| line.ends_with(" Packages")) {
        let mut fields = line.split('|').map(str::trim);
        let (Some(name), Some(version), Some(from)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let security = from.split_whitespace().take(2).any(|word| word.contains("security"));
        found.entry(name.to_owned()).or_default().push(OfferedVersion { version: version.to_owned(), security });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_packages_with_their_archives() {
        let said = "libssl-dev | 3.0.22-1~deb12u2 | http://deb/debian-security bookworm-security/main amd64 Packages\n\
                    libssl-dev | 3.0.20-1 | http://deb/debian bookworm/main amd64 Packages\n\
                    \u{20}  openssl | 3.0.22-1 | http://deb/debian bookworm/main Sources\nN: nothing\n";
        let found = apt(said);
        let of = |version: &str, security| OfferedVersion { version: version.into(), security };
        assert_eq!(found.get("libssl-dev").unwrap(), &[of("3.0.22-1~deb12u2", true), of("3.0.20-1", false)]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn dnf_s_with_their_advisories() {
        let said = "zlib-devel 0:1.2.13-3.fc38\n\nzlib-devel 0:1.2.13-4.fc38\nopenssl-devel 1:3.0.9-2.fc38\nerror\n";
        let found = dnf(said, "zlib-devel 0:1.2.13-4.fc38\n");
        let of = |version: &str, security| OfferedVersion { version: version.into(), security };
        assert_eq!(found["zlib-devel"], [of("1.2.13-3.fc38", false), of("1.2.13-4.fc38", true)]);
        assert_eq!(found["openssl-devel"], [of("1:3.0.9-2.fc38", false)]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn apk_s_policies() {
        let said = "zlib-static policy:\n  1.3.1-r1:\n    lib/apk/db/installed\n  1.3.1-r2:\n    https://mirror/alpine/v3.20/main\n\
                    musl-dev policy:\n  1.2.5-r0:\n    https://mirror/alpine/v3.20/main\n";
        let found = apk(said);
        let versions = |name: &str| found[name].iter().map(|o| o.version.as_str()).collect::<Vec<_>>();
        assert_eq!((versions("zlib-static"), versions("musl-dev")), (vec!["1.3.1-r1", "1.3.1-r2"], vec!["1.2.5-r0"]));
        assert!(apk("ERROR: nothing:\n").is_empty());
    }
}
