//! Package URLs, taken apart (<https://github.com/package-url/purl-spec>).

use std::collections::BTreeMap;

/// A package URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageUrl {
    /// `deb`, `rpm`, `apk`, `generic`.
    pub format: String,
    /// `debian`; none for `generic`.
    pub namespace: Option<String>,
    pub name: String,
    pub version: String,
    /// By key: `arch`, `distro`, `upstream`, `epoch`.
    pub qualifiers: BTreeMap<String, String>,
}

impl PackageUrl {
    /// Takes one apart; none of what has no name or version.
    pub(crate) fn read(text: &str) -> Option<PackageUrl> {
        let rest = text.strip_prefix("pkg:")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (path, version) = rest.rsplit_once('@')?;
        let (format, path) = path.split_once('/')?;
        let (namespace, name) = match path.rsplit_once('/') {
            Some((namespace, name)) => (Some(decoded(namespace)), name),
            None => (None, path),
        };
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let url = PackageUrl {
            format: format.to_owned(),
            namespace,
            name: decoded(name),
            version: decoded(version),
            qualifiers: pairs.map(|(key, value)| (key.to_owned(), decoded(value))).collect(),
        };
        (!url.name.is_empty() && !url.version.is_empty()).then_some(url)
    }

    /// The source package and its version.
    pub(crate) fn source(&self) -> (String, String) {
        let upstream = self.qualifiers.get("upstream").map(String::as_str).unwrap_or(&self.name);
        if let Some(stem) = upstream.strip_suffix(".src.rpm").filter(|_| self.format == "rpm") {
            let mut words = stem.rsplitn(3, '-');
            if let (Some(release), Some(version), Some(name)) = (words.next(), words.next(), words.next()) {
                return (name.to_owned(), format!("{version}-{release}"));
            }
        }
        match upstream.split_once('@') {
            Some((name, version)) => (name.to_owned(), version.to_owned()),
            None => (upstream.to_owned(), self.version.clone()),
        }
    }

    /// The version as its package manager writes it: rpm's with the epoch.
    pub(crate) fn full_version(&self) -> String {
        match self.qualifiers.get("epoch") {
            Some(epoch) => format!("{epoch}:{}", self.version),
            None => self.version.clone(),
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_sources() {
        let read = |text: &str| PackageUrl::read(text).unwrap();
        let q =
            read("pkg:deb/debian/libq%2B%2B1@1:1.2~rc1-3%2Bb1?arch=amd64&distro=debian-12&upstream=q%401:1.2~rc1-3");
        assert_eq!(
            (q.name.as_str(), q.version.as_str(), q.namespace.as_deref()),
            ("libq++1", "1:1.2~rc1-3+b1", Some("debian"))
        );
        assert_eq!(q.source(), ("q".into(), "1:1.2~rc1-3".into()));
        let bind = read("pkg:rpm/fedora/bind-libs@9.18-2.fc38?epoch=32&upstream=bind-9.18-2.fc38.src.rpm");
        assert_eq!(
            (bind.source(), bind.full_version()),
            (("bind".into(), "9.18-2.fc38".into()), "32:9.18-2.fc38".into())
        );
        let own = read("pkg:generic/musl@1.2.5");
        assert_eq!((own.source(), own.namespace), (("musl".into(), "1.2.5".into()), None));
        for bad in ["", "pkg:", "pkg:deb/debian/x", "deb/x@1", "pkg:deb@1", "pkg:generic/@1", "pkg:generic/x@"] {
            assert_eq!(PackageUrl::read(bad), None, "{bad}");
        }
        assert_eq!(decoded("a%2"), "a%2");
    }
}
