//! One registry over HTTP: requests with authorisation, redirects and retries.
//!
//! Who learns what: a password or a token goes to the registry itself, at an address that it or we named, and a password
//! also to the realm that the registry itself named. What another host names or asks for, after a redirect or an upload
//! that leads there, gets neither. All of it goes over TLS, or stays on this machine.

use super::address::Address;
use super::auth::{Challenge, Credential, credential, percent, scope};
use super::pace::Pace;
use super::push_error::PushError;
use crate::image::blob::Blob;
use crate::message::transfer::Transfer;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Method, Request, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, Body, SendBody};

/// How we speak to registries.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// Plain HTTP, which is for this machine only.
    pub insecure: bool,
    /// How long each step may take: to connect, to take 1 KiB for each second of it, to answer, to finish its answer.
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
/// How much of an answer is read.
const TALK: u64 = 64 * 1024;
/// And of a document that was asked for: what registries take as a manifest (OCI distribution specification).
const DOCUMENT: u64 = 4 << 20;
/// Timeouts that one request may take with its redirects, its challenge and its token.
const STEPS: u32 = 6;
/// What is handed to the system at once: few enough bytes for a look at the clock in between.
const PIECE: usize = 16 * 1024;

pub(super) struct Client {
    agent: Agent,
    manner: Manner,
    host: String,
    /// `https://HOST`.
    pub(super) origin: Address,
    /// The name within the registry.
    name: String,
    /// When the request that is under way must have ended.
    until: Instant,
    credential: Option<Option<Credential>>,
    authorization: Option<String>,
}

/// Where to send something, and on whose word.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub(super) address: Address,
    /// We or the registry itself named it, and it is the registry. Another host may name the registry too, but not with
    /// our secrets.
    pub(super) own: bool,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Who answered, after redirects.
    pub(super) from: Recipient,
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
        let status = match self.from.own {
            true => format!("status {}", self.status),
            false => format!("status {} of `{}`", self.status, self.from.address.origin()),
        };
        match (text("code"), text("message")) {
            ("", "") => status,
            (code, message) => format!("{status}: {code}: {message}"),
        }
    }
}

/// What goes with a request.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    Nothing,
    /// Only the media type of what is wanted.
    Wanted(&'a str),
    Bytes(&'a [u8], &'a str),
    Blob(&'a Blob, &'a Transfer),
}

impl<'a> Payload<'a> {
    fn len(self) -> u64 {
        match self {
            Payload::Nothing | Payload::Wanted(_) => 0,
            Payload::Bytes(bytes, _) => bytes.len() as u64,
            Payload::Blob(blob, _) => blob.len,
        }
    }

    /// Its media type.
    fn kind(self) -> Option<&'a str> {
        match self {
            Payload::Nothing | Payload::Wanted(_) => None,
            Payload::Bytes(_, kind) => Some(kind),
            Payload::Blob(..) => Some("application/octet-stream"),
        }
    }
}

/// Counts what was sent into a bar, and breaks off where it is too slow.
struct Sent<'a> {
    from: Box<dyn Read + 'a>,
    bar: &'a Transfer,
    count: i64,
    pace: Pace,
}

impl Read for Sent<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.pace.check()?;
        let n = self.from.read(into)?;
        self.pace.moved(n as u64);
        let sent = i64::try_from(n).unwrap_or(0);
        self.count += sent;
        self.bar.moved(sent);
        Ok(n)
    }
}

impl Client {
    pub(super) fn new(host: &str, name: &str, manner: Manner) -> Result<Client, PushError> {
        let api = if host == "docker.io" { "registry-1.docker.io" } else { host };
        let scheme = if manner.insecure { "http" } else { "https" };
        let address = format!("{scheme}://{api}/");
        let origin = Address::parse(&address).ok_or(PushError::BadAddress(address))?;
        if manner.insecure && !origin.is_loopback() {
            return Err(PushError::Insecure(host.to_owned()));
        }
        Ok(Client {
            agent: agent(&manner),
            host: host.to_owned(),
            origin,
            name: name.to_owned(),
            until: Instant::now(),
            manner,
            credential: None,
            authorization: None,
        })
    }

    /// A path of the registry.
    pub(super) fn own(&self, path: &str) -> Recipient {
        Recipient { address: self.origin.with_path(path), own: true }
    }

    /// What an answer's `Location` means.
    pub(super) fn led(&self, answer: &Answer, location: &str) -> Result<Recipient, PushError> {
        let from = &answer.from;
        let address = from.address.join(location).ok_or_else(|| PushError::BadAddress(location.to_owned()))?;
        if from.address.tls && !address.tls {
            return Err(PushError::Downgraded(address.to_string()));
        }
        let own = from.own && address.same_origin(&self.origin);
        Ok(Recipient { address, own })
    }

    fn unreachable(&self, place: &Recipient, error: &ureq::Error) -> PushError {
        let other = !place.address.same_origin(&self.origin);
        let host = if other { place.address.origin() } else { self.host.clone() };
        PushError::Unreachable { host, why: error.to_string() }
    }

    /// A request until it is answered, with as many tries as are left; for what may be asked twice.
    pub(super) fn request(
        &mut self,
        method: &Method,
        place: &Recipient,
        payload: Payload<'_>,
    ) -> Result<Answer, PushError> {
        self.with_retries(|client| client.request_once(method, place, payload))
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

    /// A request with authorisation: a challenge of the registry itself is answered once.
    pub(super) fn request_once(
        &mut self,
        method: &Method,
        place: &Recipient,
        payload: Payload<'_>,
    ) -> Result<Answer, PushError> {
        // Twice: what was sent for a challenge is sent again.
        let sending = Pace::longest(payload.len()).saturating_mul(2);
        self.until = Instant::now() + self.manner.timeout * STEPS + sending;
        let answer = self.follow(method, place, payload)?;
        if answer.status != 401 || !answer.from.own {
            return Ok(answer);
        }
        let challenge = answer.header("www-authenticate").and_then(Challenge::parse);
        match challenge {
            Some(challenge) if self.answer(&challenge)? => self.follow(method, place, payload),
            _ => Ok(answer),
        }
    }

    fn follow(&self, method: &Method, place: &Recipient, payload: Payload<'_>) -> Result<Answer, PushError> {
        let mut place = place.clone();
        for _ in 0..HOPS {
            let authorization = self.authorization.as_deref().filter(|_| place.own);
            let answer = self.send(method, &place, payload, authorization)?;
            let same_method = matches!(answer.status, 307 | 308)
                || (matches!(answer.status, 301..=303) && matches!(*method, Method::GET | Method::HEAD));
            let Some(location) = answer.header("location").filter(|_| same_method) else { return Ok(answer) };
            place = self.led(&answer, location)?;
        }
        Err(PushError::Circling(place.address.to_string()))
    }

    fn send(
        &self,
        method: &Method,
        place: &Recipient,
        payload: Payload<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, PushError> {
        let address = place.address.to_string();
        let here = self.manner.insecure && place.address.is_loopback();
        if !here && !place.address.tls {
            return Err(PushError::Downgraded(address));
        }
        let mut request = Request::builder().method(method.clone()).uri(&address);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            request = request.header(header::CONTENT_LENGTH, payload.len());
        }
        if let Some(kind) = payload.kind() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if let Payload::Wanted(kind) = payload {
            request = request.header(header::ACCEPT, kind);
        }
        let bad = |_| PushError::BadAddress(address.clone());
        let response = match payload {
            Payload::Nothing | Payload::Wanted(_) if matches!(*method, Method::GET | Method::HEAD) => {
                self.run(request.body(()).map_err(bad)?)
            }
            Payload::Nothing | Payload::Wanted(_) => {
                self.run(request.body(SendBody::from_reader(&mut io::empty())).map_err(bad)?)
            }
            Payload::Bytes(mut bytes, _) => self.run(request.body(SendBody::from_reader(&mut bytes)).map_err(bad)?),
            Payload::Blob(blob, bar) => {
                let from = blob.open().map_err(PushError::Blob)?;
                let mut sent = Sent { from, bar, count: 0, pace: Pace::new(self.manner.timeout) };
                let response = self.run(request.body(SendBody::from_reader(&mut sent)).map_err(bad)?);
                if !response.as_ref().is_ok_and(|r| r.status().is_success()) {
                    bar.moved(-sent.count);
                }
                response
            }
        };
        let most = if matches!(payload, Payload::Wanted(_)) { DOCUMENT } else { TALK };
        Ok(read(response.map_err(|e| self.unreachable(place, &e))?, place, most))
    }

    /// Sends a request in what is left of the time.
    fn run(&self, request: Request<impl AsSendBody>) -> Result<Response<Body>, ureq::Error> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(ureq::Timeout::Global));
        }
        let request = self.agent.configure_request(request).timeout_global(Some(left)).build();
        self.agent.run(request)
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
            Challenge::Bearer { realm, service, scope: asked } => {
                let scope = scope(asked.as_deref(), &self.name);
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
        let realm = Address::parse(realm).ok_or_else(|| PushError::BadAddress(realm.to_owned()))?;
        let place = Recipient { address: realm.clone(), own: false };
        let mut fields = vec![("scope", scope)];
        fields.extend(service.map(|s| ("service", s)));
        let encoded = |fields: &[(&str, &str)]| {
            fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect::<Vec<_>>().join("&")
        };
        let answer = match credential {
            Some(Credential::Identity(token)) => {
                fields.extend([("grant_type", "refresh_token"), ("client_id", "staticctl"), ("refresh_token", token)]);
                let form = encoded(&fields);
                let form = Payload::Bytes(form.as_bytes(), "application/x-www-form-urlencoded");
                self.send(&Method::POST, &place, form, None)?
            }
            other => {
                let place = Recipient { address: realm.with_query(&encoded(&fields)), own: false };
                let basic = other.and_then(Credential::basic);
                self.send(&Method::GET, &place, Payload::Nothing, basic.as_deref())?
            }
        };
        let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let text = |name: &str| json.as_ref().and_then(|j| j.get(name)?.as_str()).map(str::to_owned);
        let token = text("token").or_else(|| text("access_token")).filter(|t| t.bytes().all(|b| b.is_ascii_graphic()));
        match token.filter(|_| answer.status == 200) {
            Some(token) => Ok(token),
            None => Err(PushError::Refused {
                what: format!("a token from `{realm}`"),
                why: answer.complaint(),
                login: true,
            }),
        }
    }
}

/// What speaks HTTP. Every wait has an end: `Client::run` adds one for all of them.
fn agent(manner: &Manner) -> Agent {
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
    let wait = Some(manner.timeout);
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("staticctl/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .output_buffer_size(PIECE)
        .timeout_resolve(wait)
        .timeout_connect(wait)
        .timeout_send_request(wait)
        .timeout_recv_response(wait)
        .timeout_recv_body(wait)
        .timeout_per_read(wait)
        .timeout_per_write(wait);
    if manner.insecure {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

fn read(response: Response<Body>, from: &Recipient, most: u64) -> Answer {
    let (parts, mut body) = response.into_parts();
    let body = body.with_config().limit(most).read_to_vec();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        // A complaint that breaks off is still one.
        body: body.unwrap_or_default(),
        from: from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_with_tls_leads_nowhere_without() {
        let manner = Manner {
            insecure: false,
            timeout: Duration::from_secs(1),
            retries: 0,
            bundles: Vec::new(),
            docker_config: None,
        };
        let client = Client::new("registry.example", "a", manner).unwrap();
        let from = client.own("/v2/a/x");
        let answer = Answer { status: 307, headers: HeaderMap::new(), body: Vec::new(), from };
        for (to, own) in [("/y", true), ("https://registry.example:443/y", true), ("https://127.0.0.1/y", false)] {
            assert_eq!(client.led(&answer, to).unwrap().own, own, "{to}");
        }
        for plain in ["http://registry.example/y", "http://127.0.0.1/y"] {
            assert!(matches!(client.led(&answer, plain), Err(PushError::Downgraded(_))), "{plain}");
            let realm = client.token(plain, None, "x", None);
            assert!(matches!(realm, Err(PushError::Downgraded(_))), "{plain}");
        }
    }
}
