//! Authentication: a registry's challenges, and docker's stored credentials.

use docker_credential::{CredentialRetrievalError, DockerCredential};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token from somewhere.
    Bearer {
        realm: String,
        service: Option<String>,
        /// For what; see [`scope`].
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header.
    pub(crate) fn parse(header: &str) -> Option<Challenge> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| parameters.iter().find(|p| p.0.eq_ignore_ascii_case(name)).map(|p| p.1.clone());
        Some(Challenge::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") })
    }
}

/// `name="value", name=value`; commas inside quotes belong to the value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut end = quoted.len();
                let mut escaped = false;
                for (at, c) in quoted.char_indices() {
                    match c {
                        _ if escaped => {
                            value.push(c);
                            escaped = false;
                        }
                        '\\' => escaped = true,
                        '"' => {
                            end = at + 1;
                            break;
                        }
                        _ => value.push(c),
                    }
                }
                (value, quoted.get(end..).unwrap_or_default())
            }
            None => {
                let end = after.find(',').unwrap_or(after.len());
                let (value, next) = after.split_at(end);
                (value.trim().to_owned(), next)
            }
        };
        found.push((name.trim_matches([' ', ',']).to_owned(), value));
        rest = next;
    }
    found
}

/// What a token is asked for: to pull and push one repository. It is the one that we push to, or as a registry with
/// several names calls it (`team/app` may be `local/team/app` inside); a challenge can't ask for more than that, because
/// the registry gets the token.
pub(crate) fn scope(asked: Option<&str>, name: &str) -> String {
    let inner = asked.and_then(|a| a.strip_prefix("repository:")?.rsplit_once(':')).map(|(name, _actions)| name);
    let ours = |inner: &&str| match inner.strip_suffix(name) {
        Some(outer) => (outer.is_empty() || outer.ends_with('/')) && !outer.contains([' ', ':']),
        None => false,
    };
    format!("repository:{}:pull,push", inner.filter(ours).unwrap_or(name))
}

/// Name and password, or a token for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    Password(String, String),
    /// A token by which others are given.
    Identity(String),
}

impl Credential {
    /// The value of an `Authorization` header, for name and password.
    pub(crate) fn basic(&self) -> Option<String> {
        match self {
            Credential::Password(user, password) => Some(format!("Basic {}", base64(&format!("{user}:{password}")))),
            Credential::Identity(_) => None,
        }
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// For a query or a form.
pub(crate) fn percent(text: &str) -> String {
    // What RFC 3986 calls unreserved.
    const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &ESCAPED).to_string()
}

/// What `docker login` left for a registry: in docker's config.json, in one of its credential helpers, or nothing.
///
/// # Errors
/// A configuration or a helper that is broken; an anonymous push would only hide that.
pub(crate) fn credential(host: &str) -> Result<Option<Credential>, String> {
    let server = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
    match docker_credential::get_credential(server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            // Helpers give a token for tokens under this name.
            let token = user == "<token>";
            Ok(Some(if token { Credential::Identity(password) } else { Credential::Password(user, password) }))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Credential::Identity(token))),
        Err(CredentialRetrievalError::ConfigNotFound | CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        // A helper that knows nothing of a registry fails with these words.
        Err(CredentialRetrievalError::HelperFailure { stdout, stderr, .. })
            if [&stdout, &stderr].iter().any(|t| t.contains("credentials not found")) =>
        {
            Ok(None)
        }
        Err(e) => Err(format!("docker's credentials for `{host}` can't be read: {e}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_ours() {
        for (asked, given) in [
            (None, "a/b"),
            (Some("repository:a/b:pull"), "a/b"),
            (Some("repository:local/a/b:pull,push,delete"), "local/a/b"),
            (Some("repository:other/a:pull,push"), "a/b"),
            (Some("repository:xa/b:*"), "a/b"),
            (Some("repository:x:push repository:a/b:pull"), "a/b"),
            (Some("repository:x:push repository:y/a/b:pull"), "a/b"),
            (Some("registry:catalog:*"), "a/b"),
            (Some("repository"), "a/b"),
        ] {
            assert_eq!(scope(asked, "a/b"), format!("repository:{given}:pull,push"), "{asked:?}");
        }
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(percent("a b:/ä&"), "a%20b%3A%2F%C3%A4%26");
    }

    #[test]
    fn challenges() {
        let header =
            r#"Bearer realm="https://auth.example/token?a=b",service="reg, istry",scope="repository:a/b:pull,push""#;
        let Some(Challenge::Bearer { realm, service, scope }) = Challenge::parse(header) else { panic!() };
        assert_eq!(realm, "https://auth.example/token?a=b");
        assert_eq!(service.as_deref(), Some("reg, istry"));
        assert_eq!(scope.as_deref(), Some("repository:a/b:pull,push"));
        assert_eq!(Challenge::parse(r#"basic realm="x""#), Some(Challenge::Basic));
        for bad in ["", "Negotiate", "Bearer", "Bearer service=x", "Bearer =", "Bearer realm"] {
            assert_eq!(Challenge::parse(bad), None, "{bad}");
        }
        assert_eq!(Credential::Password("a".into(), "b".into()).basic().as_deref(), Some("Basic YTpi"));
    }
}
