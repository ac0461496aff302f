//! `staticctl image --push` against registries that misbehave, made up here.

use crate::quick::sandbox::probe;
use crate::support::*;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Without credentials, whatever this machine has.
pub fn push(to: &str, line: &str) -> Run {
    let run = Run::new(STATICCTL).env("DOCKER_CONFIG", probe().0.join("no-docker"));
    run.args(["image".as_ref(), probe().1.as_os_str()]).args(["--push", to, "--insecure"]).line(line)
}

/// What a request said.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What a made-up registry does with a request.
pub enum Does {
    /// Status, headers, body.
    Answers(u16, Vec<(&'static str, String)>, &'static str),
    /// Closes the connection.
    BreaksOff,
    /// Says nothing for so long.
    Sleeps(Duration),
    /// Has the connection to itself, with what was sent after the head still in it.
    Takes(fn(TcpStream)),
}

/// A made-up registry: every request is noted, and answered by a function of it and its number.
pub struct Fake {
    /// `ADDRESS:PORT`
    pub host: String,
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub fn start(answer: impl Fn(&Asked, usize) -> Does + Send + Sync + 'static) -> Fake {
        Fake::start_at("127.0.0.1", answer)
    }

    /// At an address of loopback.
    pub fn start_at(address: &str, answer: impl Fn(&Asked, usize) -> Does + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, answer) = (notes.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &notes, &*answer));
            }
        });
        Fake { host: format!("{address}:{port}"), port, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn methods(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|a| a.method.clone()).collect()
    }

    pub fn push(&self, line: &str) -> Run {
        push(&format!("{}/a:1", self.host), "--timeout 1 --retries 2").line(line)
    }
}

/// Reads as much of a body as `limit` says, so that a connection can break in the middle of it.
pub fn serve(mut stream: TcpStream, notes: &Mutex<Vec<Asked>>, answer: &(impl Fn(&Asked, usize) -> Does + ?Sized)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim().split_once(':') {
                Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
                None => break,
            };
        }
        let len: usize = headers.get("content-length").map_or(0, |l| l.parse().unwrap());
        let mut asked = Asked { method, path, headers, body: Vec::new() };
        let number = notes.lock().unwrap().len();
        // A connection that breaks off does so in the middle of the body.
        let does = answer(&asked, number);
        if let Does::Takes(what) = does {
            notes.lock().unwrap().push(asked);
            return what(stream);
        }
        let read = if matches!(does, Does::BreaksOff) { len / 2 } else { len };
        asked.body = vec![0; read];
        reader.read_exact(&mut asked.body).unwrap();
        notes.lock().unwrap().push(asked.clone());
        match does {
            Does::BreaksOff | Does::Takes(_) => return,
            Does::Sleeps(time) => std::thread::sleep(time),
            Does::Answers(status, headers, body) => {
                let headers: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
                let len =
                    if asked.method == "HEAD" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
                let _ = write!(stream, "HTTP/1.1 {status} X\r\n{headers}{len}\r\n{body}");
            }
        }
    }
}

/// A registry as it should be.
pub fn good(asked: &Asked) -> Does {
    match asked.method.as_str() {
        "HEAD" => Does::Answers(404, vec![], ""),
        "POST" => Does::Answers(202, vec![("Location", "/v2/a/blobs/uploads/1?state=x".into())], ""),
        _ => Does::Answers(201, vec![], ""),
    }
}

#[test]
fn a_registry_that_refuses() {
    let denied = r#"{"errors": [{"code": "DENIED", "message": "not for you"}]}"#;
    for status in [403, 400] {
        let fake = Fake::start(move |_, _| Does::Answers(status, vec![], denied));
        let said = fake.push("").fails(2);
        assert_eq!(said.contains("hint: `docker login"), status == 403, "{said}");
        // A look has no body to tell why.
        assert!(said.contains(&format!("status {status}")), "{said}");
    }
    let fake = Fake::start(move |a, _| if a.method == "POST" { Does::Answers(403, vec![], denied) } else { good(a) });
    let said = fake.push("").fails(2);
    assert!(said.contains("status 403: DENIED: not for you"), "{said}");
    let fake = Fake::start(
        move |a, _| if a.path.contains("manifests") { Does::Answers(400, vec![], "<html>") } else { good(a) },
    );
    assert!(fake.push("").fails(2).contains("refused the manifest `1`: status 400"));
    // Nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = push(&format!("127.0.0.1:{port}/a:1"), "--retries 1").fails(2);
    assert!(said.contains("can't be reached: ") && said.contains("refused"), "{said}");
    // It stored something else.
    let fake = Fake::start(|a, _| match a.method.as_str() {
        "PUT" => Does::Answers(201, vec![("Docker-Content-Digest", format!("sha256:{}", "0".repeat(64)))], ""),
        _ => good(a),
    });
    assert!(fake.push("").fails(2).contains("the registry stored sha256:000"));
}

#[test]
fn a_registry_that_stumbles_is_asked_again() {
    // Busy at first, then broken off in the middle of a blob, then gone away without an answer.
    let fake = Fake::start(|a, number| match number {
        0 => Does::Answers(503, vec![("Retry-After", "0".into())], ""),
        3 => Does::BreaksOff,
        5 => Does::Answers(500, vec![], ""),
        _ => good(a),
    });
    let out = fake.push("").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let layer: Vec<usize> =
        fake.asked.lock().unwrap().iter().filter(|a| a.method == "PUT").map(|a| a.body.len()).collect();
    assert!(layer.len() == 5 && layer[0] == layer[1] / 2 && layer[1] == layer[2], "{layer:?}");
    assert_eq!(fake.methods()[..7], ["HEAD", "HEAD", "POST", "PUT", "POST", "PUT", "POST"]);
    // As often as was asked for, and no more.
    let fake = Fake::start(|a, _| if a.method == "PUT" { Does::BreaksOff } else { good(a) });
    let said = fake.push("").fails(2);
    assert!(said.contains("can't be reached"), "{said}");
    assert_eq!(fake.methods().iter().filter(|m| *m == "PUT").count(), 3);
    let fake = Fake::start(|_, _| Does::Sleeps(Duration::from_secs(20)));
    let said = fake.push("").fails(2);
    assert!(said.contains("can't be reached") && said.contains("timeout"), "{said}");
    assert_eq!(fake.methods().len(), 3);
}

#[test]
fn a_registry_that_redirects() {
    // Uploads go to another server, which is not told who we are; its own Location is absolute.
    let store = Fake::start(|a, _| good(a));
    let port = store.port;
    let dir = Dir::new();
    let front = Fake::start(move |a, _| match a.method.as_str() {
        _ if !a.headers.contains_key("authorization") => {
            Does::Answers(401, vec![("WWW-Authenticate", "Basic realm=x".into())], "")
        }
        "POST" => Does::Answers(202, vec![("Location", format!("http://127.0.0.1:{port}/store?x=1"))], ""),
        "PUT" if a.path.contains("manifests") => {
            Does::Answers(307, vec![("Location", format!("http://127.0.0.1:{port}/manifest"))], "")
        }
        _ => good(a),
    });
    dir.file("config.json", format!(r#"{{"auths": {{"127.0.0.1:{}": {{"auth": "dXNlcjpzZWNyZXQ="}}}}}}"#, front.port));
    front.push("").env("DOCKER_CONFIG", dir.path()).ok();
    let stored = store.asked.lock().unwrap().clone();
    assert_eq!(stored.len(), 3, "{stored:?}");
    assert!(stored.iter().all(|a| !a.headers.contains_key("authorization")), "{stored:?}");
    assert!(stored[0].path.starts_with("/store?x=1&digest=sha256%3A") && stored[2].path == "/manifest");
    assert!(!stored[2].body.is_empty());
    assert!(front.asked.lock().unwrap().iter().skip(1).all(|a| a.headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="));
    // Round and round.
    let circle = Fake::start(|a, _| Does::Answers(307, vec![("Location", a.path.clone())], ""));
    assert!(circle.push("").fails(2).contains("redirects too often"));
}

#[test]
fn a_token_is_fetched_where_the_registry_says() {
    let fake = Fake::start(|a, _| {
        if a.path.starts_with("/token?service=reg&scope=") || a.path.contains("scope=") {
            return Does::Answers(200, vec![], r#"{"token": "abc"}"#);
        }
        if a.headers.get("authorization").map(String::as_str) == Some("Bearer abc") {
            return good(a);
        }
        let host = &a.headers["host"];
        let challenge = format!(r#"Bearer realm="http://{host}/token",service="reg",scope="repository:a:pull,push""#);
        Does::Answers(401, vec![("WWW-Authenticate", challenge)], "")
    });
    fake.push("").ok();
    let asked = fake.asked.lock().unwrap().clone();
    let tokens: Vec<&Asked> = asked.iter().filter(|a| a.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1, "one token for all: {asked:?}");
    assert_eq!(tokens[0].path, "/token?scope=repository%3Aa%3Apull%2Cpush&service=reg");
    let fake = Fake::start(|a, _| match a.path.starts_with("/token") {
        true => Does::Answers(403, vec![], ""),
        false => Does::Answers(
            401,
            vec![("WWW-Authenticate", format!(r#"Bearer realm="http://{}/token""#, a.headers["host"]))],
            "",
        ),
    });
    assert!(fake.push("").fails(2).contains("refused a token from"));
}

#[test]
fn names_to_push_to() {
    for (to, told) in [
        ("a/b:1", "names no registry"),
        ("localhost:5000/A", "lower case"),
        ("localhost:99999/a", "HOST or HOST:PORT"),
        ("registry.example/a:1", "uses plain HTTP, and only to this machine"),
    ] {
        let said = push(to, "").fails(2);
        assert!(said.contains(told), "{to}: {said}");
    }
    // Without --insecure it is TLS or nothing.
    let fake = Fake::start(|a, _| good(a));
    let run = Run::new(STATICCTL).args(["image".as_ref(), probe().1.as_os_str()]).line("--retries 0 --push");
    let said = run.args([format!("127.0.0.1:{}/a:1", fake.port)]).fails(2);
    assert!(said.contains("can't be reached"), "{said}");
    assert!(fake.methods().is_empty());
}

#[test]
fn a_document_about_an_image_is_found_by_the_registry_or_by_a_tag() {
    const OTHER: &str = r#"{"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "artifactType": "a/b"}]}"#;
    // Manifests that were put, by what the registry says of a subject and of the tag.
    let put = |lists: bool, there: Option<&'static str>, status: i32| {
        let fake = Fake::start(move |a, _| match (a.method.as_str(), there) {
            ("PUT", _) if a.path.contains("manifests") && lists => {
                Does::Answers(201, vec![("OCI-Subject", "sha256:x".into())], "")
            }
            ("GET", None) => Does::Answers(404, vec![], ""),
            ("GET", Some(index)) => Does::Answers(200, vec![], index),
            _ => good(a),
        });
        let out = fake.push("--sbom").output();
        assert_eq!(out.status.code(), Some(status), "{}", text(&out.stderr));
        let asked = fake.asked();
        let accepted = asked.iter().filter(|a| a.method == "GET").all(|a| a.headers["accept"].contains("image.index"));
        assert!(accepted, "{asked:?}");
        let manifests = asked.into_iter().filter(|a| a.method == "PUT" && a.path.contains("manifests"));
        let put: Vec<(String, serde_json::Value)> = manifests
            .map(|a| (a.path.rsplit('/').next().unwrap().to_owned(), serde_json::from_slice(&a.body).unwrap()))
            .collect();
        (put, text(&out.stderr))
    };
    let (listed, _) = put(true, None, 0);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0].1["artifactType"], "application/vnd.cyclonedx+json");
    assert!(listed[0].0.starts_with("sha256:") && listed[1].0 == "1");
    let (fresh, _) = put(false, None, 0);
    let subject = fresh[0].1["subject"]["digest"].as_str().unwrap().replace(':', "-");
    assert_eq!((fresh.len(), &fresh[1].0), (3, &subject));
    assert_eq!(fresh[1].1["manifests"].as_array().unwrap().len(), 1);
    // What others put there stays.
    let (beside, _) = put(false, Some(OTHER), 0);
    assert_eq!(beside[1].1["manifests"][0]["artifactType"], "a/b");
    assert_eq!(beside[1].1["manifests"].as_array().unwrap().len(), 2);
    // What is no index is not written over, and the name leads to what it led to before.
    for bad in ["<html>", "{}", r#"{"schemaVersion": 2, "config": {}, "layers": []}"#] {
        let (left, said) = put(false, Some(bad), 2);
        assert!(left.len() == 1 && said.contains(&format!("the tag `{subject}`")), "{said}");
    }
}
