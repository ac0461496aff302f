//! `staticctl image --push` against Debian's docker-registry.

use crate::quick::registry::push;
use crate::quick::sandbox::probe;
use crate::support::*;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// docker-registry on a free port of loopback.
pub struct Registry {
    child: Child,
    pub port: u16,
    _dir: Dir,
}

impl Registry {
    pub fn start(more: &str) -> Registry {
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
