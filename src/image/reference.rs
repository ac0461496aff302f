//! Names and tags of images, by the grammar of the OCI distribution specification.

use std::fmt;

/// What is wrong with a name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadReference {
    /// A component outside the grammar.
    #[error(
        "`{0}` is not an image name: lower case letters and digits in parts separated by `/`, and within a part by one `.`, one or two `_`, or any number of `-`"
    )]
    Name(String),
    #[error(
        "`{0}` is not a tag: letters, digits, `_`, `.` and `-`, at most 128 of them, not beginning with `.` or `-`"
    )]
    Tag(String),
    #[error("`{0}` is not a registry: HOST or HOST:PORT")]
    Host(String),
    /// More than 255 bytes.
    #[error("`{0}` is longer than the 255 bytes that a name may have")]
    Long(String),
    /// A name to push to without a registry.
    #[error("`{0}` names no registry: HOST/NAME:TAG, such as `localhost:5000/{0}`")]
    NoHost(String),
    #[error("`{0}` has a digest, which follows from the content of the image: give a tag instead")]
    Digest(String),
}

/// A name with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageReference {
    /// `HOST` or `HOST:PORT`; none in a plain name.
    pub host: Option<String>,
    /// The name within the registry.
    pub name: String,
    /// The tag; `latest` if none was given.
    pub tag: String,
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_part(part: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = part;
    loop {
        let end = rest.bytes().position(|b| !word(b)).unwrap_or(rest.len());
        if end == 0 {
            return false;
        }
        rest = rest.get(end..).unwrap_or_default();
        let after = rest.trim_start_matches(|c| !char::is_ascii_alphanumeric(&c));
        let separator = rest.strip_suffix(after).unwrap_or_default();
        match separator {
            "" => return rest.is_empty(),
            "." | "_" | "__" => {}
            dashes if dashes.bytes().all(|b| b == b'-') => {}
            _ => return false,
        }
        rest = after;
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(tag: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    !tag.is_empty() && tag.len() <= 128 && !tag.starts_with(['.', '-']) && tag.bytes().all(inner)
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') => (name, Some(port)),
        _ => (host, None),
    };
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let address = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let named = match address {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(label),
    };
    named && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

impl ImageReference {
    /// Reads `[HOST[:PORT]/]NAME[:TAG]`. The first part is a host if it has a dot or a colon, or is `localhost`, as
    /// docker and podman have it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn parse(text: &str) -> Result<ImageReference, BadReference> {
        if text.contains('@') {
            return Err(BadReference::Digest(text.into()));
        }
        let (host, rest) = match text.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':', '[']) || first == "localhost" => (Some(first), rest),
            _ => (None, text),
        };
        if let Some(host) = host.filter(|h| !is_host(h)) {
            return Err(BadReference::Host(host.into()));
        }
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, tag),
            None => (rest, "latest"),
        };
        if !name.split('/').all(is_part) {
            return Err(BadReference::Name(name.into()));
        }
        if !is_tag(tag) {
            return Err(BadReference::Tag(tag.into()));
        }
        if host.map_or(0, |h| h.len() + 1) + name.len() > 255 {
            return Err(BadReference::Long(name.into()));
        }
        Ok(ImageReference { host: host.map(str::to_owned), name: name.into(), tag: tag.into() })
    }

    /// The same, with a registry.
    ///
    /// # Errors
    /// Also a name without one.
    pub(crate) fn parse_with_host(text: &str) -> Result<ImageReference, BadReference> {
        let reference = ImageReference::parse(text)?;
        if reference.host.is_none() {
            return Err(BadReference::NoHost(text.into()));
        }
        Ok(reference)
    }

    /// As containerd names it: `docker.io/library/hello:latest` for `hello`.
    pub(crate) fn full(&self) -> String {
        match &self.host {
            Some(_) => self.to_string(),
            None if self.name.contains('/') => format!("docker.io/{self}"),
            None => format!("docker.io/library/{self}"),
        }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        write!(f, "{}:{}", self.name, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_hosts_and_tags() {
        for (text, host, name, tag, full) in [
            ("hello", None, "hello", "latest", "docker.io/library/hello:latest"),
            ("a/b-c__d.e:1.0_x", None, "a/b-c__d.e", "1.0_x", "docker.io/a/b-c__d.e:1.0_x"),
            ("localhost/x:1", Some("localhost"), "x", "1", "localhost/x:1"),
            ("127.0.0.1:5000/x/y", Some("127.0.0.1:5000"), "x/y", "latest", "127.0.0.1:5000/x/y:latest"),
            ("[::1]:5000/x", Some("[::1]:5000"), "x", "latest", "[::1]:5000/x:latest"),
        ] {
            let r = ImageReference::parse(text).unwrap();
            assert_eq!((r.host.as_deref(), r.name.as_str(), r.tag.as_str()), (host, name, tag));
            assert_eq!(r.full(), full);
        }
    }

    #[test]
    fn outside_the_grammar_the_rule_is_quoted() {
        for bad in ["", "Hello", "a//b", "/a", "a/", "a_", "a___b", "-a", "a..b", "a._b", "ä", "a b"] {
            assert!(matches!(ImageReference::parse(bad), Err(BadReference::Name(_))), "{bad}");
        }
        for bad in ["a:", "a:.x", "a:-x", "a:b:c", "a:ü"] {
            assert!(matches!(ImageReference::parse(bad), Err(BadReference::Tag(_))), "{bad}");
        }
        assert!(matches!(ImageReference::parse(&format!("a:{}", "x".repeat(129))), Err(BadReference::Tag(_))));
        assert!(matches!(ImageReference::parse(&"a".repeat(256)), Err(BadReference::Long(_))));
        for bad in ["a:99999/x", "-x.y/z", "a.:1/x", "[::x]:1/y"] {
            assert!(matches!(ImageReference::parse(bad), Err(BadReference::Host(_))), "{bad}");
        }
        assert!(matches!(ImageReference::parse("a@sha256:00"), Err(BadReference::Digest(_))));
        assert!(matches!(ImageReference::parse_with_host("a/b"), Err(BadReference::NoHost(_))));
        assert!(ImageReference::parse("A").unwrap_err().to_string().contains("lower case"));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "[a-zA-Z0-9._:/@-]{0,40}") {
            if let Ok(r) = ImageReference::parse(&text) {
                prop_assert_eq!(ImageReference::parse(&r.to_string()), Ok(r));
            }
        }
    }
}
