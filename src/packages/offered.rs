//! The versions of packages that apt's lists have, without a network.

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

/// What apt offers of these packages, by name; none without apt.
pub(crate) fn offered(settings: &Settings, names: &[String]) -> Option<BTreeMap<String, Vec<OfferedVersion>>> {
    let cache = find::program(OsStr::new("apt-cache"), settings, &Chain::default())?;
    let command = Command::new([cache.as_os_str()]).args(["madison"]).args(names).env("LC_ALL", "C");
    let said = run::capture::capture(&command).ok()?;
    Some(versions(&said.text()))
}

/// Lines `NAME | VERSION | ARCHIVE SUITE/COMPONENT ARCHITECTURE Packages`, among others about sources.
fn versions(said: &str) -> BTreeMap<String, Vec<OfferedVersion>> {
    let mut found: BTreeMap<String, Vec<OfferedVersion>> = BTreeMap::new();
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
        let found = versions(said);
        let of = |version: &str, security| OfferedVersion { version: version.into(), security };
        assert_eq!(found.get("libssl-dev").unwrap(), &[of("3.0.22-1~deb12u2", true), of("3.0.20-1", false)]);
        assert_eq!(found.len(), 1);
    }
}
