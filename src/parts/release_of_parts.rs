//! The release of a distribution that all parts are of.

use super::package_url::PackageUrl;

/// A release in the words of os-release(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRelease {
    /// `debian`.
    pub id: String,
    /// `12`; none where the distribution has no number yet.
    pub version: Option<String>,
}

/// The release of these package URLs; none where a package does not say it, where they are of several and where none is
/// of a distribution.
pub(crate) fn of<'u>(urls: impl Iterator<Item = &'u str>) -> Option<PartRelease> {
    let mut found = None;
    for url in urls.filter_map(PackageUrl::read).filter(|url| url.format != "generic") {
        let release = release(&url)?;
        match &found {
            None => found = Some(release),
            Some(known) if *known == release => {}
            Some(_) => return None,
        }
    }
    found
}

/// `debian-12` of a package in the namespace `debian`; an ID may have dashes itself (`opensuse-leap-15.6`).
fn release(url: &PackageUrl) -> Option<PartRelease> {
    let (id, distro) = (url.namespace.as_deref()?, url.qualifiers.get("distro")?);
    let version = match distro.strip_prefix(id)? {
        "" => None,
        rest => Some(rest.strip_prefix('-')?.to_owned()),
    };
    // os-release(5): lower-case letters, digits, `.`, `_` and `-`, nothing that a shell would need quotes for.
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    (plain(id) && version.as_deref().is_none_or(plain)).then(|| PartRelease { id: id.to_owned(), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_release_or_none() {
        let said = |urls: &[&str]| of(urls.iter().copied()).map(|r| format!("{} {:?}", r.id, r.version.as_deref()));
        let (z, ssl) = ("pkg:deb/debian/z@1?distro=debian-12", "pkg:deb/debian/ssl@1?distro=debian-12");
        let ours = "pkg:generic/staticcxx@0.1.0";
        assert_eq!(said(&[z, ours, ssl]).as_deref(), Some("debian Some(\"12\")"));
        assert_eq!(said(&["pkg:deb/debian/z@1?distro=debian"]).as_deref(), Some("debian None"));
        let leap = "pkg:rpm/opensuse-leap/z@1?distro=opensuse-leap-15.6";
        assert_eq!(said(&[leap]).as_deref(), Some("opensuse-leap Some(\"15.6\")"));
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[ours]), None);
        for other in [
            "pkg:deb/debian/q@1?distro=debian-13",
            "pkg:deb/debian/q@1",
            "pkg:deb/debian/q@1?distro=12",
            "pkg:deb/debian/q@1?distro=debian-1%0A2",
        ] {
            assert_eq!(said(&[z, other]), None, "{other}");
        }
    }
}
