//! Addresses that registries name. They are compared part by part, never by how a text begins.

use std::net::IpAddr;
use ureq::http::Uri;
use ureq::http::uri::Scheme;

/// `http://` or `https://`, without a user's name and without a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) tls: bool,
    /// In lower case; IPv6 in brackets.
    host: String,
    /// The scheme's own where none is written.
    port: u16,
    /// Host and port as they were written.
    authority: String,
    /// From the slash on, with the query.
    rest: String,
}

impl Address {
    /// Reads an absolute address; none for what is not HTTP or names a user.
    pub(super) fn parse(text: &str) -> Option<Address> {
        let uri: Uri = text.split('#').next()?.parse().ok()?;
        let tls = match uri.scheme()? {
            s if *s == Scheme::HTTPS => true,
            s if *s == Scheme::HTTP => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.port_u16() {
            Some(port) => port,
            // `HOST:` is not worth a guess.
            None if authority.as_str() != authority.host() => return None,
            None => [80, 443][usize::from(tls)],
        };
        Some(Address {
            tls,
            host: authority.host().to_ascii_lowercase(),
            port,
            authority: authority.as_str().to_owned(),
            rest: uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        })
    }

    /// What a `Location` in an answer from here means.
    pub(super) fn join(&self, location: &str) -> Option<Address> {
        let path = self.rest.split('?').next().unwrap_or_default();
        let head = location.split(['/', '?', '#']).next().unwrap_or_default();
        Address::parse(&if head.contains(':') {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{}:{location}", self.scheme())
        } else if location.starts_with('/') {
            format!("{}{location}", self.origin())
        } else if location.starts_with('?') {
            format!("{}{path}{location}", self.origin())
        } else {
            let directory = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
            format!("{}{directory}{location}", self.origin())
        })
    }

    /// The same with more in its query, which is encoded already.
    pub(super) fn with_query(&self, more: &str) -> Address {
        let separator = if self.rest.contains('?') { '&' } else { '?' };
        Address { rest: format!("{}{separator}{more}", self.rest), ..self.clone() }
    }

    /// The same server with another path.
    pub(super) fn with_path(&self, path: &str) -> Address {
        Address { rest: path.to_owned(), ..self.clone() }
    }

    fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// `https://HOST:PORT`, as it was written.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority)
    }

    /// Whether both are the same server in the same encryption.
    pub(super) fn same_origin(&self, other: &Address) -> bool {
        (self.tls, &self.host, self.port) == (other.tls, &other.host, other.port)
    }

    /// Whether it is this machine, by its name alone.
    pub(super) fn is_loopback(&self) -> bool {
        let number = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || number.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.origin(), self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn locations_are_absolute_or_not() {
        let base = address("http://localhost:5000/v2/a/blobs/uploads/?x=/y");
        for (location, meant) in [
            ("https://x/y", "https://x/y"),
            ("HTTPS://x/y#z", "https://x/y"),
            ("/v2/z?_state=1", "http://localhost:5000/v2/z?_state=1"),
            ("uuid", "http://localhost:5000/v2/a/blobs/uploads/uuid"),
            ("?a=b", "http://localhost:5000/v2/a/blobs/uploads/?a=b"),
            ("//x/y", "http://x/y"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), meant);
        }
        for none in ["ftp://x/y", "file:///etc/passwd", "http://", "http:///x", "//", "javascript:x", "http://a b/"] {
            assert_eq!(base.join(none), None, "{none}");
        }
        assert_eq!(address("https://h").with_query("a=b").to_string(), "https://h/?a=b");
        assert_eq!(address("https://h/t?a").with_query("b").to_string(), "https://h/t?a&b");
    }

    #[test]
    fn origins_are_compared_part_by_part() {
        let ours = address("https://registry.example");
        for same in ["https://registry.example:443/x", "https://Registry.Example/?y"] {
            assert!(address(same).same_origin(&ours), "{same}");
        }
        for other in [
            "http://registry.example",
            "https://registry.example:444",
            "https://registry.example.evil.example",
            "https://evil.example/registry.example",
        ] {
            assert!(!address(other).same_origin(&ours), "{other}");
        }
        // A name before the host makes a host look like another.
        for none in ["https://registry.example@evil.example/", "https://a:b@registry.example", r"https://a\@b/"] {
            assert_eq!(Address::parse(none), None, "{none}");
        }
    }

    #[test]
    fn loopback_by_name_or_number() {
        for yes in ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.8.8.8:1", "[::1]:5000"] {
            assert!(address(&format!("http://{yes}/")).is_loopback(), "{yes}");
        }
        for no in ["localhost.example", "10.0.0.1", "[fe80::1]", "127.evil.example:1", "127.1", "2130706433", "0"] {
            assert!(!address(&format!("http://{no}/")).is_loopback(), "{no}");
        }
    }
}
