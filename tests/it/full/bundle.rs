//! `staticctl bundle` with an interpreter and in a container.

use super::image::Podman;
use crate::quick::bundle::application;
use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn an_image_runs_what_was_run() {
    let dir = application();
    fs::remove_file(dir.join("app/secret")).unwrap();
    let said = Run::new(STATICCTL).dir(dir.path()).line("bundle app/app -o app.tar -t app:1 -- x").ok();
    assert!(said.contains("3 static programs; an image: `docker load -i app.tar`"), "{said}");
    let expected = "argument: x\ndata\nnot there\nplugin: 42\nhelper: 2\n";
    assert_eq!(Podman::new().load_and_run(&dir, "app.tar", "app:1", ""), expected);
    assert_eq!(Podman::new().load_and_run(&dir, "app.tar", "app:1", "y"), expected.replace(": x", ": y"));
}

#[test]
fn python_with_an_environment_and_without() {
    let dir = Dir::new();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let at = |line: &str| Run::new("/usr/bin/python3").dir(dir.path()).line(line);
    at("-m venv --without-pip venv").silent();
    let version = at("-c").args(["import sys; print('python%d.%d' % sys.version_info[:2])"]).ok();
    let package = format!("venv/lib/{}/site-packages/greeting", version.trim());
    dir.file(format!("{package}/__init__.py"), "from .words import HELLO\n");
    dir.file(format!("{package}/words.py"), "HELLO = 'hello from the environment'\n");
    dir.file(
        "app.py",
        "import greeting, hashlib, json, sqlite3, sys\nprint(greeting.HELLO, hashlib.sha256(b'x').hexdigest()[:8])\n\
         print(json.loads('[1]'), sqlite3.connect(':memory:').execute('select 6*7').fetchone(), sys.prefix != sys.base_prefix)\n",
    );
    let expected = "hello from the environment 2d711642\n[1] (42,) True\n";
    let app = dir.path().canonicalize().unwrap().join("app.py");
    // Once before, so that what Python keeps of its sources is there.
    assert_eq!(Run::new(dir.join("venv/bin/python3")).args([&app]).ok(), expected);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let line = "bundle venv/bin/python3 -o out/ --";
    let said = Run::new(STATICCTL).dir(dir.path()).line(line).args([&app]).ok();
    // pyvenv.cfg names the directory of the interpreter.
    let last = said.lines().last().unwrap();
    assert!(
        last.contains("1 static programs; it must be the root of the file system: `staticctl try --root out "),
        "{said}"
    );
    fs::rename(dir.join("venv"), dir.join("gone")).unwrap();
    let program = dir.path().canonicalize().unwrap().join("venv/bin/python3");
    let tried =
        Run::new(STATICCTL).dir(dir.path()).line("try --root out --with-proc --with-dev").args([&program, &app]);
    assert_eq!(tried.ok(), expected);
    // Without an environment Python finds its library from where it is.
    dir.file("plain.py", "import json, sys\nprint(json.dumps(sys.version_info[:1]))\n");
    let said = Run::new(STATICCTL).dir(dir.path()).line("bundle /usr/bin/python3 -o plain/ -- plain.py").ok();
    assert!(said.lines().last().unwrap().contains("it runs from any directory: `plain/usr/bin/python3`"), "{said}");
    fs::rename(dir.join("plain"), dir.join("moved")).unwrap();
    assert_eq!(Run::new(dir.join("moved/usr/bin/python3")).dir(dir.path()).line("plain.py").ok(), "[3]\n");
}
