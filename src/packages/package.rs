//! An installed package, as in reports.

use crate::toolchain::os_release::OsRelease;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The format of packages, by its name in package URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Debian and derivatives.
    Deb,
    /// Fedora, SUSE and derivatives.
    Rpm,
    /// Alpine.
    Apk,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Package {
    /// Its format.
    pub manager: Format,
    pub name: String,
    /// Its version with the distribution's revision; Debian's also with the epoch.
    pub version: String,
    /// An rpm's epoch, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The architecture in the package manager's spelling: `amd64`, `x86_64`, `all`, `noarch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The source package.
    pub source: String,
    /// The version of the source package.
    pub source_version: String,
    /// Package URL.
    pub purl: String,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            Some(epoch) => write!(f, "{} {epoch}:{}", self.name, self.version),
            None => write!(f, "{} {}", self.name, self.version),
        }
    }
}

impl Package {
    /// Whether two packages are from the same build of one source package.
    pub(crate) fn same_build(&self, other: &Package) -> bool {
        let build = |p: &Package| (p.manager, p.epoch, p.source.clone(), p.source_version.clone());
        build(self) == build(other)
    }

    /// Sets the package URL (<https://github.com/package-url/purl-spec>), with the qualifiers by which scanners find
    /// advisories: `distro` as ID-VERSION, `upstream` as written by syft.
    pub(super) fn named_by(mut self, os: &OsRelease) -> Package {
        let id = os.value("ID").unwrap_or("linux");
        let distro = os.distro();
        let upstream = match self.manager {
            Format::Rpm => format!("{}-{}.src.rpm", self.source, self.source_version),
            _ if self.source_version == self.version => self.source.clone(),
            _ => format!("{}@{}", self.source, self.source_version),
        };
        let upstream = Some(upstream).filter(|u| !self.source.is_empty() && *u != self.name);
        // Sorted by name, as the specification requires.
        let qualifiers = [
            ("arch", self.architecture.clone()),
            ("distro", Some(distro)),
            ("epoch", self.epoch.map(|e| e.to_string())),
            ("upstream", upstream),
        ];
        let pairs = qualifiers.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", escaped(&value?))));
        let format = match self.manager {
            Format::Deb => "deb",
            Format::Rpm => "rpm",
            Format::Apk => "apk",
        };
        let (name, version) = (escaped(&self.name), escaped(&self.version));
        self.purl = format!("pkg:{format}/{}/{name}@{version}?{}", escaped(id), pairs.collect::<Vec<_>>().join("&"));
        self
    }
}

/// What the specification of package URLs does not except.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b':');

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, &ESCAPED).to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn package(manager: Format, name: &str, version: &str, source: &str, source_version: &str) -> Package {
        let text = |t: &str| t.to_owned();
        Package {
            manager,
            name: text(name),
            version: text(version),
            epoch: None,
            architecture: None,
            source: text(source),
            source_version: text(source_version),
            purl: String::new(),
        }
    }

    #[test]
    fn package_urls_have_what_scanners_need() {
        let debian = OsRelease::new("ID=debian\nVERSION_ID=\"12\"\n");
        let gcc = package(Format::Deb, "libstdc++6", "12.2.0-14+deb12u1", "gcc-12", "12.2.0-14+deb12u1");
        let gcc = Package { architecture: Some("amd64".into()), ..gcc };
        assert_eq!(
            gcc.named_by(&debian).purl,
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12"
        );
        let rebuilt = package(Format::Deb, "libq1", "1:1.2~rc1-3+b1", "q", "1:1.2~rc1-3").named_by(&debian);
        assert_eq!(rebuilt.purl, "pkg:deb/debian/libq1@1:1.2~rc1-3%2Bb1?distro=debian-12&upstream=q%401:1.2~rc1-3");
        let own = package(Format::Deb, "q", "1", "q", "1").named_by(&OsRelease::new("ID=debian\n"));
        assert_eq!(own.purl, "pkg:deb/debian/q@1?distro=debian");
        let fedora = OsRelease::new("ID=fedora\nVERSION_ID=38\n");
        let bind = package(Format::Rpm, "bind-libs", "9.18-2.fc38", "bind", "9.18-2.fc38");
        let bind = Package { epoch: Some(32), architecture: Some("x86_64".into()), ..bind };
        assert_eq!(bind.to_string(), "bind-libs 32:9.18-2.fc38");
        assert_eq!(
            bind.named_by(&fedora).purl,
            "pkg:rpm/fedora/bind-libs@9.18-2.fc38?arch=x86_64&distro=fedora-38&epoch=32&upstream=bind-9.18-2.fc38.src.rpm"
        );
    }
}
