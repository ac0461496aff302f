//! `staticctl image --push` against registries that lie, on 127.0.0.1 and 127.0.0.2 as two hosts: who gets to see a
//! password, how long is a push held, what is believed.

use crate::quick::registry::{Asked, Does, Fake, good, push};
use crate::support::*;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// `user:secret` in an `Authorization` header.
const SECRET: &str = "dXNlcjpzZWNyZXQ=";
/// An address that nobody has.
const ELSEWHERE: &str = "192.0.2.1:9";

/// Docker's configuration with a password for each host.
fn logged_in(hosts: &[&str]) -> Dir {
    let dir = Dir::new();
    let entries: Vec<String> = hosts.iter().map(|h| format!(r#""{h}": {{"auth": "{SECRET}"}}"#)).collect();
    dir.file("config.json", format!(r#"{{"auths": {{{}}}}}"#, entries.join(", ")));
    dir
}

/// Without a second try.
fn once(fake: &Fake, line: &str) -> Run {
    push(&format!("{}/a:1", fake.host), "--timeout 1 --retries 0").line(line)
}

fn answers(status: u16, name: &'static str, value: impl Into<String>) -> Does {
    Does::Answers(status, vec![(name, value.into())], "")
}

fn bearer(realm: impl std::fmt::Display) -> Does {
    answers(401, "WWW-Authenticate", format!(r#"Bearer realm="{realm}",service="reg""#))
}

fn own_realm(asked: &Asked) -> Does {
    bearer(format!("http://{}/token", asked.headers["host"]))
}

fn authorization(asked: &Asked) -> Option<&str> {
    asked.headers.get("authorization").map(String::as_str)
}

/// A registry that wants the password, and a token after it; `then` answers those who have one.
fn with_token(asked: &Asked, then: impl Fn(&Asked) -> Does) -> Does {
    match authorization(asked) {
        _ if asked.path.starts_with("/token") => Does::Answers(200, vec![], r#"{"token": "abc"}"#),
        Some("Bearer abc") => then(asked),
        _ => own_realm(asked),
    }
}

/// Nobody there has seen a secret, or was asked for a token.
fn knows_nothing(fake: &Fake) {
    let asked = fake.asked();
    assert!(!asked.is_empty(), "nobody came");
    assert!(asked.iter().all(|a| authorization(a).is_none() && !a.path.starts_with("/token")), "{asked:?}");
}

#[test]
fn another_host_can_ask_for_a_password_in_vain() {
    // It is reached by a redirect of each request, or by the address of an upload; it wants a name or a token.
    for (method, basic) in [("HEAD", false), ("HEAD", true), ("POST", false), ("upload", false), ("upload", true)] {
        let other = Fake::start_at("127.0.0.2", move |a, _| match a.path.starts_with("/token") {
            true => Does::Answers(200, vec![], r#"{"token": "abc"}"#),
            false if basic => answers(401, "WWW-Authenticate", "Basic realm=x"),
            false => own_realm(a),
        });
        let to = other.host.clone();
        let front = Fake::start(move |a, _| {
            with_token(a, |a| match a.method.as_str() {
                m if m == method => answers(307, "Location", format!("http://{to}{}", a.path)),
                "POST" if method == "upload" => answers(202, "Location", format!("http://{to}/up")),
                _ => good(a),
            })
        });
        // Even one who has a password there.
        let config = logged_in(&[&front.host, &other.host]);
        let said = front.push("").env("DOCKER_CONFIG", config.path()).fails(2);
        assert!(said.contains(&format!("status 401 of `http://{}`", other.host)), "{method}: {said}");
        assert!(!said.contains("docker login"), "{said}");
        knows_nothing(&other);
        assert!(front.asked().iter().any(|a| authorization(a) == Some(&format!("Basic {SECRET}"))), "{method}");
    }
}

#[test]
fn what_another_host_names_has_no_password_even_at_home() {
    // The registry leads to a host that leads back: to a path of the host's choice.
    let home = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let back = home.clone();
    let other = Fake::start_at("127.0.0.2", move |_, _| {
        answers(307, "Location", format!("http://{}/v2/victim/x", back.lock().unwrap()))
    });
    let to = other.host.clone();
    let front = Fake::start(move |a, _| match a.path.contains("victim") {
        true => own_realm(a),
        false => with_token(a, |_| answers(307, "Location", format!("http://{to}/x"))),
    });
    home.lock().unwrap().clone_from(&front.host);
    let config = logged_in(&[&front.host]);
    let said = front.push("").env("DOCKER_CONFIG", config.path()).fails(2);
    assert!(said.contains("status 401 of"), "{said}");
    knows_nothing(&other);
    let victim: Vec<Asked> = front.asked().into_iter().filter(|a| a.path.contains("victim")).collect();
    assert!(victim.len() == 1 && authorization(&victim[0]).is_none(), "{victim:?}");
}

#[test]
fn nothing_leaves_this_machine_unencrypted() {
    // The realm, a redirect, an upload: `--insecure` is for loopback, and for no other address that is named.
    let place = format!("http://{ELSEWHERE}/x");
    for what in ["realm", "redirect", "upload"] {
        let to = place.clone();
        let front = Fake::start(move |a, _| match (what, a.method.as_str()) {
            ("realm", _) => bearer(&to),
            ("redirect", _) => answers(307, "Location", to.clone()),
            (_, "POST") => answers(202, "Location", to.clone()),
            _ => good(a),
        });
        let config = logged_in(&[&front.host]);
        let said = front.push("").env("DOCKER_CONFIG", config.path()).fails(2);
        assert!(said.contains(&format!("leads to `{place}")) && said.contains("not encrypted"), "{what}: {said}");
    }
    // Names that only look like loopback, and what is no address of a registry.
    for bad in ["http://127.0.0.1@192.0.2.1/x", "ftp://127.0.0.1/x", "http://localhost:x/", "file:///dev/null"] {
        let front = Fake::start(move |_, _| answers(307, "Location", bad));
        let said = front.push("").fails(2);
        assert!(said.contains(&format!("`{bad}` is not an address")), "{bad}: {said}");
    }
}

#[test]
fn a_realm_of_another_host_of_this_machine_is_the_registrys_choice() {
    let realm = Fake::start_at("127.0.0.2", |_, _| Does::Answers(200, vec![], r#"{"access_token": "abc"}"#));
    let at = format!("http://{}/token?account=a", realm.host);
    let front = Fake::start(move |a, _| match authorization(a) {
        Some("Bearer abc") => good(a),
        _ => answers(
            401,
            "WWW-Authenticate",
            format!(r#"Bearer realm="{at}",service="a&b=c",scope="repository:other/secret:pull,push,delete""#),
        ),
    });
    let config = logged_in(&[&front.host]);
    front.push("").env("DOCKER_CONFIG", config.path()).ok();
    let asked = realm.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(authorization(&asked[0]), Some(format!("Basic {SECRET}").as_str()));
    // For our own repository, to pull and push, whatever the challenge says.
    assert_eq!(asked[0].path, "/token?account=a&scope=repository%3Aa%3Apull%2Cpush&service=a%26b%3Dc");
    // A realm that sends on does not send the password on.
    let third = Fake::start(|_, _| Does::Answers(200, vec![], r#"{"token": "abc"}"#));
    let to = format!("http://{}/", third.host);
    let realm = Fake::start_at("127.0.0.2", move |_, _| answers(307, "Location", to.clone()));
    let at = format!("http://{}/token", realm.host);
    let front = Fake::start(move |_, _| bearer(&at));
    let config = logged_in(&[&front.host]);
    assert!(front.push("").env("DOCKER_CONFIG", config.path()).fails(2).contains("refused a token from"));
    assert!(third.asked().is_empty());
}

#[test]
fn a_password_belongs_to_a_host_and_a_port() {
    let wants = |a: &Asked| match authorization(a) {
        None => answers(401, "WWW-Authenticate", "Basic realm=x"),
        Some(_) => good(a),
    };
    let front = Fake::start(move |a, _| wants(a));
    let near = ["127.0.0.1", "127.0.0.1:1", "127.0.0.2", "localhost", &format!("127.0.0.2:{}", front.port)];
    let config = logged_in(&near);
    let said = front.push("").env("DOCKER_CONFIG", config.path()).fails(2);
    assert!(said.contains("status 401") && said.contains("hint: `docker login"), "{said}");
    knows_nothing(&front);
    // A helper is asked for the registry alone, also when it leads elsewhere.
    let other = Fake::start_at("127.0.0.2", |a, _| own_realm(a));
    let to = other.host.clone();
    let front = Fake::start(move |a, _| match (authorization(a), a.method.as_str()) {
        (None, _) => answers(401, "WWW-Authenticate", "Basic realm=x"),
        (_, "POST") => answers(202, "Location", format!("http://{to}/up")),
        _ => good(a),
    });
    let dir = Dir::new();
    dir.file("config.json", r#"{"credsStore": "test"}"#);
    let helper =
        r#"cat >> "$0.log"; echo >> "$0.log"; echo '{"ServerURL": "x", "Username": "user", "Secret": "secret"}'"#;
    dir.script("docker-credential-test", helper);
    let said = front.push("").env("DOCKER_CONFIG", dir.path()).path_first(&[dir.path()]).fails(2);
    assert!(said.contains("status 401 of"), "{said}");
    assert_eq!(fs::read_to_string(dir.join("docker-credential-test.log")).unwrap().trim(), front.host);
    knows_nothing(&other);
}

#[test]
fn challenges_end() {
    // A new token each time, and never good enough.
    let front = Fake::start(|a, number| match a.path.starts_with("/token") {
        true if number % 2 == 0 => Does::Answers(200, vec![], r#"{"token": "even"}"#),
        true => Does::Answers(200, vec![], r#"{"token": "odd"}"#),
        false => own_realm(a),
    });
    let config = logged_in(&[&front.host]);
    assert!(front.push("").env("DOCKER_CONFIG", config.path()).fails(2).contains("status 401"));
    assert_eq!(front.asked().len(), 3);
    // A token that is no word, and one without an end.
    for token in [r#"{"token": "a\r\nX-Y: z"}"#, r#"{"token": 7}"#, "[]", "", "{"] {
        let front = Fake::start(move |a, _| match a.path.starts_with("/token") {
            true => Does::Answers(200, vec![], token),
            false => own_realm(a),
        });
        assert!(front.push("").fails(2).contains("refused a token from"), "{token}");
    }
}

/// Sends the same for as long as somebody listens.
fn without_end(mut to: TcpStream, head: &str, again: &str) {
    let _ = to.write_all(head.as_bytes());
    while to.write_all(again.as_bytes()).is_ok() {}
}

/// A byte at a time, all of it in half a minute: who is patient gets what is sent.
fn drop_by_drop(mut to: TcpStream, head: &str, rest: &str) {
    let _ = to.write_all(head.as_bytes());
    for byte in [b' '; 300].iter().chain(rest.as_bytes()) {
        std::thread::sleep(Duration::from_millis(100));
        if to.write_all(&[*byte]).is_err() {
            return;
        }
    }
}

#[test]
fn answers_without_an_end_are_cut_off() {
    let line = |to| without_end(to, "HTTP/1.1 200 X\r\n", "a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n");
    let one_line = |to| without_end(to, "HTTP/1.1 200 X\r\na: ", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    let interim = |to| without_end(to, "", "HTTP/1.1 103 X\r\n\r\n");
    for head in [line, one_line, interim] {
        let front = Fake::start(move |_, _| Does::Takes(head));
        let said = once(&front, "").fails(2);
        assert!(said.contains("can't be reached"), "{said}");
    }
    // A body after an answer without one, to a manifest, in chunks.
    let body = |to| without_end(to, "HTTP/1.1 400 X\r\n\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    let chunks = |to| without_end(to, "HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nxxxx\r\n");
    for body in [body, chunks] {
        for method in ["HEAD", "POST", "PUT"] {
            let front = Fake::start(move |a, _| if a.method == method { Does::Takes(body) } else { good(a) });
            let said = once(&front, "").fails(2);
            assert!(said.contains("status 400") || said.contains("can't be reached"), "{method}: {said}");
        }
    }
}

#[test]
fn a_push_is_not_held() {
    let head = |to| drop_by_drop(to, "HTTP/1.1 200 X\r\na:", "\r\n\r\n");
    let front = Fake::start(move |_, _| Does::Takes(head));
    let said = once(&front, "").fails(2);
    assert!(said.contains("can't be reached: timeout"), "{said}");
    // The body of a token.
    let token = |to| drop_by_drop(to, "HTTP/1.1 200 X\r\nContent-Length: 316\r\n\r\n", r#"{"token": "abc"}"#);
    let front = Fake::start(move |a, _| match authorization(a) {
        Some(_) => good(a),
        None if a.path.starts_with("/token") => Does::Takes(token),
        None => own_realm(a),
    });
    let said = once(&front, "").fails(2);
    assert!(said.contains("refused a token"), "{said}");
    // Each step in time, but too many steps.
    let front = Fake::start(|a, number| {
        std::thread::sleep(Duration::from_millis(900));
        match number % 5 {
            _ if a.path.starts_with("/token") => Does::Answers(200, vec![], r#"{"token": "abc"}"#),
            4 => own_realm(a),
            _ => answers(307, "Location", a.path.clone()),
        }
    });
    let said = once(&front, "").fails(2);
    assert!(said.contains("can't be reached: timeout"), "{said}");
    // A blob that is taken slower than it may be: 64 KiB at first, nothing for half a minute, then all of it.
    let slow = |mut from: TcpStream| {
        let mut bytes = vec![0; 64 << 10];
        let _ = from.read_exact(&mut bytes);
        for _ in 0..300 {
            std::thread::sleep(Duration::from_millis(100));
            if from.read_exact(&mut bytes[..1]).is_err() {
                return;
            }
        }
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    };
    let front = Fake::start(move |a, _| match a.method.as_str() {
        "PUT" if !a.path.contains("manifests") => Does::Takes(slow),
        _ => good(a),
    });
    let dir = Dir::new();
    let data = dir.file("data", vec![7; 32 << 20]);
    let add = format!("--compress none --add {}:/data", data.display());
    let said = once(&front, &add).fails(2);
    assert!(said.contains("can't be reached: timeout"), "{said}");
}

#[test]
fn what_a_registry_says_is_not_believed() {
    // It has taken what was never sent.
    let front = Fake::start(|a, _| if a.method == "POST" { Does::Answers(201, vec![], "") } else { good(a) });
    let said = front.push("").fails(2);
    assert!(said.contains("refused the begin of an upload: status 201"), "{said}");
    // It has orders for the terminal.
    let orders = r#"{"errors": [{"code": "DENIED", "message": "\u001b[2J\u0007\u009b31m\nstaticcxx: note: pushed"}]}"#;
    let front = Fake::start(move |a, _| if a.method == "POST" { Does::Answers(403, vec![], orders) } else { good(a) });
    let out = front.push("").output();
    let said = text(&out.stderr);
    assert!(said.contains("DENIED") && !said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    assert!(said.lines().all(|l| !l.starts_with("staticcxx: note: pushed")), "{said}");
    // It wants to be asked again in three thousand years.
    let front = Fake::start(|_, number| match number {
        0 => answers(503, "Retry-After", "18446744073709551616"),
        1 => answers(503, "Retry-After", "-1"),
        _ => Does::Answers(403, vec![], ""),
    });
    assert!(front.push("").fails(2).contains("status 403"));
}
