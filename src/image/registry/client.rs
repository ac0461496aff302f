//! One registry over HTTP: requests with authorisation, redirects and retries.

use super::auth::{Challenge, Credential, credential};
use super::push_error::PushError;
use crate::image::blob::Blob;
use crate::message::transfer::Transfer;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, SendBody};

/// How we speak to registries.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// Plain HTTP, which is for this machine only.
    pub insecure: bool,
    /// How long it may be silent.
    pub timeout: Duration,
    /// How often something that failed for a reason that may pass is tried again.
    pub retries: u32,
    /// Certificate authorities in PEM; the first that exists counts.
    pub bundles: Vec<PathBuf>,
    /// Docker's configuration; without the file there are no credentials.
    pub docker_config: Option<PathBuf>,
}

/// The longest that a registry may make us wait between two tries.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first pause, which doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// Redirects of one request.
const HOPS: usize = 5;
/// How much of an error response is read.
const TALK: u64 = 64 * 1024;

pub(super) struct Client {
    agent: Agent,
    manner: Manner,
    host: String,
    /// `https://HOST`.
    pub(super) origin: String,
    scope: String,
    credential: Option<Option<Credential>>,
    authorization: Option<String>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The address that answered, after redirects.
    pub(super) address: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error that it describes.
    pub(super) fn complaint(&self) -> String {
        let json: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let first = json.as_ref().and_then(|j| j.get("errors")?.get(0));
        let text = |name: &str| first.and_then(|e| e.get(name)?.as_str()).unwrap_or_default();
        match (text("code"), text("message")) {
            ("", "") => format!("status {}", self.status),
            (code, message) => format!("status {}: {code}: {message}", self.status),
        }
    }
}

/// What goes with a request.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    Nothing,
    Bytes(&'a [u8], &'a str),
    Blob(&'a Blob, &'a Transfer),
}

/// Counts what was sent into a bar.
struct Sent<'a> {
    from: Box<dyn Read + 'a>,
    bar: &'a Transfer,
    count: i64,
}

impl Read for Sent<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(into)?;
        let sent = i64::try_from(n).unwrap_or(0);
        self.count += sent;
        self.bar.moved(sent);
        Ok(n)
    }
}

fn origin_of(address: &str) -> &str {
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(after_scheme..).and_then(|rest| rest.find(['/', '?', '#']));
    address.get(..end.map_or(address.len(), |e| after_scheme + e)).unwrap_or(address)
}

/// The address that a Location means.
pub(super) fn resolve(base: &str, location: &str) -> String {
    if location.starts_with("http://") || location.starts_with("https://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{}:{location}", base.split(':').next().unwrap_or("https"))
    } else if location.starts_with('/') {
        format!("{}{location}", origin_of(base))
    } else {
        let path = base.split(['?', '#']).next().unwrap_or(base);
        let directory = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or(path);
        format!("{directory}{location}")
    }
}

/// Whether a host is this machine, by its name.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Client {
    pub(super) fn new(host: &str, name: &str, manner: Manner) -> Result<Client, PushError> {
        if manner.insecure && !is_loopback(host) {
            return Err(PushError::Insecure(host.to_owned()));
        }
        let pem = manner.bundles.iter().find_map(|path| std::fs::read(path).ok());
        let authorities: Vec<Certificate<'static>> = pem
            .iter()
            .flat_map(|pem| parse_pem(pem))
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        // Without a bundle on this machine, the one that came with the TLS library.
        let roots = if authorities.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&authorities) };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("staticctl/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_connect(Some(manner.timeout))
            .timeout_recv_response(Some(manner.timeout))
            .timeout_per_read(Some(manner.timeout))
            .timeout_per_write(Some(manner.timeout));
        if manner.insecure {
            config = config.proxy(None);
        }
        let api = if host == "docker.io" { "registry-1.docker.io" } else { host };
        let scheme = if manner.insecure { "http" } else { "https" };
        Ok(Client {
            agent: config.build().new_agent(),
            host: host.to_owned(),
            origin: format!("{scheme}://{api}"),
            scope: format!("repository:{name}:pull,push"),
            manner,
            credential: None,
            authorization: None,
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> PushError {
        PushError::Unreachable { host: self.host.clone(), why: error.to_string() }
    }

    /// A request until it is answered, with as many tries as are left; for what may be asked twice.
    pub(super) fn request(
        &mut self,
        method: &Method,
        address: &str,
        payload: Payload<'_>,
    ) -> Result<Answer, PushError> {
        self.with_retries(|client| client.request_once(method, address, payload))
    }

    /// Does something again, after a pause, as long as it fails for a reason that may pass.
    pub(super) fn with_retries(
        &mut self,
        mut work: impl FnMut(&mut Client) -> Result<Answer, PushError>,
    ) -> Result<Answer, PushError> {
        let mut tries = 0;
        loop {
            let outcome = work(self);
            let asked = match &outcome {
                Ok(answer) if [408, 429, 500, 502, 503, 504].contains(&answer.status) => {
                    answer.header("retry-after").and_then(|s| s.parse().ok()).map(Duration::from_secs)
                }
                Err(PushError::Unreachable { .. }) => None,
                _ => return outcome,
            };
            if tries == self.manner.retries {
                return outcome;
            }
            std::thread::sleep(asked.unwrap_or(PAUSE * 2_u32.saturating_pow(tries)).min(PATIENCE));
            tries += 1;
        }
    }

    /// A request with authorisation: a challenge is answered once.
    pub(super) fn request_once(
        &mut self,
        method: &Method,
        address: &str,
        payload: Payload<'_>,
    ) -> Result<Answer, PushError> {
        let answer = self.follow(method, address, payload)?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let challenge = answer.header("www-authenticate").and_then(Challenge::parse);
        match challenge {
            Some(challenge) if self.answer(&challenge)? => self.follow(method, address, payload),
            _ => Ok(answer),
        }
    }

    fn follow(&self, method: &Method, address: &str, payload: Payload<'_>) -> Result<Answer, PushError> {
        let mut address = address.to_owned();
        for _ in 0..HOPS {
            // Credentials are not sent to other hosts.
            let own = origin_of(&address) == self.origin;
            let answer =
                self.send(method, &address, payload, own.then_some(self.authorization.as_deref()).flatten())?;
            let same_method = matches!(answer.status, 307 | 308)
                || (matches!(answer.status, 301..=303) && matches!(*method, Method::GET | Method::HEAD));
            let Some(location) = answer.header("location").filter(|_| same_method) else { return Ok(answer) };
            let next = resolve(&address, location);
            if address.starts_with("https://") && !next.starts_with("https://") {
                return Err(PushError::Downgraded(next));
            }
            address = next;
        }
        Err(PushError::Circling(address))
    }

    fn send(
        &self,
        method: &Method,
        address: &str,
        payload: Payload<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, PushError> {
        let mut request = Request::builder().method(method.clone()).uri(address);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let (len, kind) = match payload {
            Payload::Nothing => (0, None),
            Payload::Bytes(bytes, kind) => (bytes.len() as u64, Some(kind)),
            Payload::Blob(blob, _) => (blob.len, Some("application/octet-stream")),
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            request = request.header(header::CONTENT_LENGTH, len);
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let bad = |_| PushError::BadAddress(address.to_owned());
        let response = match payload {
            Payload::Nothing if matches!(*method, Method::GET | Method::HEAD) => {
                self.agent.run(request.body(()).map_err(bad)?)
            }
            Payload::Nothing => self.agent.run(request.body(SendBody::from_reader(&mut io::empty())).map_err(bad)?),
            Payload::Bytes(mut bytes, _) => {
                self.agent.run(request.body(SendBody::from_reader(&mut bytes)).map_err(bad)?)
            }
            Payload::Blob(blob, bar) => {
                let mut sent = Sent { from: blob.open().map_err(PushError::Blob)?, bar, count: 0 };
                let response = self.agent.run(request.body(SendBody::from_reader(&mut sent)).map_err(bad)?);
                if !response.as_ref().is_ok_and(|r| r.status().is_success()) {
                    bar.moved(-sent.count);
                }
                response
            }
        };
        self.read(response.map_err(|e| self.unreachable(&e))?, address)
    }

    fn read(&self, response: Response<Body>, address: &str) -> Result<Answer, PushError> {
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(TALK).read_to_vec();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            // A complaint that breaks off is still one.
            body: body.unwrap_or_default(),
            address: address.to_owned(),
        })
    }

    /// Gets an authorisation. Gives whether there is a new one.
    fn answer(&mut self, challenge: &Challenge) -> Result<bool, PushError> {
        if self.credential.is_none() {
            let logged_in = self.manner.docker_config.as_ref().is_some_and(|file| file.exists());
            let known = if logged_in { credential(&self.host).map_err(PushError::Credentials)? } else { None };
            self.credential = Some(known);
        }
        let credential = self.credential.clone().flatten();
        let fresh = match challenge {
            Challenge::Basic => credential.as_ref().and_then(Credential::basic),
            Challenge::Bearer { realm, service, scope } => {
                let scope = scope.clone().unwrap_or_else(|| self.scope.clone());
                Some(format!("Bearer {}", self.token(realm, service.as_deref(), &scope, credential.as_ref())?))
            }
        };
        let changed = fresh.is_some() && fresh != self.authorization;
        self.authorization = fresh;
        Ok(changed)
    }

    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        credential: Option<&Credential>,
    ) -> Result<String, PushError> {
        let secret_ok = realm.starts_with("https://") || self.manner.insecure;
        if !secret_ok {
            return Err(PushError::Downgraded(realm.to_owned()));
        }
        let mut fields = vec![("scope", scope)];
        fields.extend(service.map(|s| ("service", s)));
        let encoded = |fields: &[(&str, &str)]| {
            fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect::<Vec<_>>().join("&")
        };
        let answer = match credential {
            Some(Credential::Identity(token)) => {
                fields.extend([("grant_type", "refresh_token"), ("client_id", "staticctl"), ("refresh_token", token)]);
                let form = encoded(&fields);
                self.send(
                    &Method::POST,
                    realm,
                    Payload::Bytes(form.as_bytes(), "application/x-www-form-urlencoded"),
                    None,
                )?
            }
            other => {
                let separator = if realm.contains('?') { '&' } else { '?' };
                let address = format!("{realm}{separator}{}", encoded(&fields));
                let basic = other.and_then(Credential::basic);
                self.send(&Method::GET, &address, Payload::Nothing, basic.as_deref())?
            }
        };
        let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let text = |name: &str| json.as_ref().and_then(|j| j.get(name)?.as_str()).map(str::to_owned);
        match text("token").or_else(|| text("access_token")).filter(|_| answer.status == 200) {
            Some(token) => Ok(token),
            None => Err(PushError::Refused {
                what: format!("a token from `{realm}`"),
                why: answer.complaint(),
                login: true,
            }),
        }
    }
}

/// For a query or a form.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_absolute_or_not() {
        let base = "http://localhost:5000/v2/a/blobs/uploads/?x=/y";
        for (location, address) in [
            ("https://x/y", "https://x/y"),
            ("/v2/z?_state=1", "http://localhost:5000/v2/z?_state=1"),
            ("uuid", "http://localhost:5000/v2/a/blobs/uploads/uuid"),
            ("//x/y", "http://x/y"),
        ] {
            assert_eq!(resolve(base, location), address);
        }
        assert_eq!(origin_of("https://h:1?x"), "https://h:1");
        assert_eq!(percent("a b:/ä"), "a%20b%3A%2F%C3%A4");
    }

    #[test]
    fn loopback_by_name_or_number() {
        for yes in ["localhost", "localhost:5000", "127.0.0.1", "127.8.8.8:1", "[::1]:5000"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in ["localhost.example", "10.0.0.1", "[fe80::1]", "127.evil.example:1"] {
            assert!(!is_loopback(no), "{no}");
        }
    }
}
