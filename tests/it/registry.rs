//! `staticctl image --push` against Debian's docker-registry, and against registries that misbehave.

use crate::sandbox::probe;
use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// docker-registry on a free port of loopback.
struct Registry {
    child: Child,
    port: u16,
    _dir: Dir,
}

impl Registry {
    fn start(more: &str) -> Registry {
        let dir = Dir::new();
        for _ in 0..5 {
            // Somebody else may take the port between the two; then the next one.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n{more}",
                dir.join("storage").display()
            );
            dir.file("config.yml", config);
            let mut command = Run::new("docker-registry").args(["serve".into(), dir.join("config.yml")]).command();
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let start = Instant::now();
            while child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Registry { child, port, _dir: dir };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("docker-registry does not start");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Without credentials, whatever this machine has.
fn push(to: &str, line: &str) -> Run {
    let run = Run::new(STATICCTL).env("DOCKER_CONFIG", probe().0.join("no-docker"));
    run.args(["image".as_ref(), probe().1.as_os_str()]).args(["--push", to, "--insecure"]).line(line)
}

fn skopeo() -> Run {
    Run::new("skopeo").line("--insecure-policy")
}

#[test]
fn what_is_pushed_comes_back() {
    let registry = Registry::start("");
    let name = format!("localhost:{}/some/probe", registry.port);
    let dir = Dir::new();
    let local =
        Run::new(STATICCTL).dir(dir.path()).args(["image".as_ref(), probe().1.as_os_str()]).line("--etc -o x.tar").ok();
    let digest = local.trim().rsplit(' ').next().unwrap().to_owned();
    let out = push(&format!("{name}:1"), "--etc").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(text(&out.stdout), format!("{name}@{digest}\n"));
    assert!(text(&out.stderr).contains("3 blobs sent, 0 already there"), "{}", text(&out.stderr));
    // What is there is not sent again: the part that both have, and the program.
    let said = text(&push(&format!("{name}:2"), "--etc --env A=b").output().stderr);
    assert!(said.contains("1 blobs sent, 2 already there"), "{said}");
    assert_eq!(text(&push(&format!("{name}:2"), "--etc --env A=b -q").output().stderr), "");
    let shown = skopeo().line(&format!("inspect --tls-verify=false docker://{name}:1")).ok();
    assert!(shown.contains(&digest), "{shown}");
    skopeo().dir(dir.path()).line(&format!("copy --src-tls-verify=false docker://{name}:1 oci:layout:1")).ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:1 bundle").ok();
    let line = format!("try --root {} /probe hello", dir.join("bundle/rootfs").display());
    assert_eq!(Run::new(STATICCTL).line(&line).ok(), "hello\n");
    // For several machines.
    let mut other = fs::read(&probe().1).unwrap();
    other[18] = 183;
    dir.file("probe", &other);
    fs::set_permissions(dir.join("probe"), fs::Permissions::from_mode(0o755)).unwrap();
    push(&format!("{name}:all"), "").args([dir.join("probe")]).ok();
    for architecture in ["amd64", "arm64"] {
        let line = format!("--override-arch {architecture} inspect --tls-verify=false docker://{name}:all");
        assert!(skopeo().line(&line).ok().contains(architecture));
    }
}

#[test]
fn credentials_come_from_docker_s_configuration_and_helpers() {
    let dir = Dir::new();
    // bcrypt of `secret`.
    let passwords = dir.file("htpasswd", "user:$2b$05$gHAkZHR/07w30U4khZe1OOweih1KkFD8vehpcJyz7I16vNoBWhIJG\n");
    let registry = Registry::start(&format!("auth: {{htpasswd: {{realm: test, path: '{}'}}}}\n", passwords.display()));
    let host = format!("localhost:{}", registry.port);
    let to = format!("{host}/a:1");
    let with = |config: &str| {
        dir.file("config.json", config);
        push(&to, "").env("DOCKER_CONFIG", dir.path()).path_first(&[dir.path()])
    };
    let said = with("{}").fails(2);
    assert!(said.contains("status 401") && said.contains(&format!("hint: `docker login {host}`")), "{said}");
    let auth = |text: &str| format!(r#"{{"auths": {{"{host}": {{"auth": "{text}"}}}}}}"#);
    with(&auth("dXNlcjp3cm9uZw==")).fails(2);
    with(&auth("dXNlcjpzZWNyZXQ=")).ok();
    dir.script(
        "docker-credential-test",
        r#"cat > /dev/null; echo '{"ServerURL": "x", "Username": "user", "Secret": "secret"}'"#,
    );
    with(&format!(r#"{{"credHelpers": {{"{host}": "test"}}}}"#)).ok();
    with(r#"{"credsStore": "test"}"#).ok();
    dir.script("docker-credential-test", "cat > /dev/null; echo broken >&2; exit 1");
    let said = with(r#"{"credsStore": "test"}"#).fails(2);
    assert!(said.contains("credentials for") && said.contains("broken"), "{said}");
}

/// What a request said.
#[derive(Debug, Clone)]
struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// What a made-up registry does with a request.
enum Does {
    /// Status, headers, body.
    Answers(u16, Vec<(&'static str, String)>, &'static str),
    /// Closes the connection.
    BreaksOff,
    /// Says nothing for so long.
    Sleeps(Duration),
}

/// A made-up registry: every request is noted, and answered by a function of it and its number.
struct Fake {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    fn start(answer: impl Fn(&Asked, usize) -> Does + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, answer) = (notes.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &notes, &*answer));
            }
        });
        Fake { port, asked }
    }

    fn methods(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|a| a.method.clone()).collect()
    }

    fn push(&self, line: &str) -> Run {
        push(&format!("127.0.0.1:{}/a:1", self.port), "--timeout 1 --retries 2").line(line)
    }
}

/// Reads as much of a body as `limit` says, so that a connection can break in the middle of it.
fn serve(mut stream: TcpStream, notes: &Mutex<Vec<Asked>>, answer: &(impl Fn(&Asked, usize) -> Does + ?Sized)) {
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
        let read = if matches!(does, Does::BreaksOff) { len / 2 } else { len };
        asked.body = vec![0; read];
        reader.read_exact(&mut asked.body).unwrap();
        notes.lock().unwrap().push(asked.clone());
        match does {
            Does::BreaksOff => return,
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
fn good(asked: &Asked) -> Does {
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
    assert!(circle.push("").fails(2).contains("redirects without an end"));
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
        ("registry.example/a:1", "only to this machine itself"),
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
