//! `staticctl convert`: finished programs made static, each compared with its original.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/programs");

fn convert(program: impl AsRef<Path>, output: &Path) -> Run {
    Run::new(STATICCTL).args([Path::new("convert"), program.as_ref(), Path::new("-o"), output])
}

/// A program along PATH, whatever shims come first.
fn installed(name: &str) -> PathBuf {
    Path::new("/usr/bin").join(name)
}

/// Converts one, silently; readelf judges the result.
fn converted(program: impl AsRef<Path>, output: &Path) {
    let out = convert(program.as_ref(), output).args(["-q"]).output();
    assert!(out.status.success() && out.stderr.is_empty(), "{:?}: {}", program.as_ref(), text(&out.stderr));
    assert!(is_static(output));
    let headers = Run::new("readelf").args([Path::new("-lW"), output]).ok();
    assert!(!headers.contains("RWE"), "{headers}");
}

/// Without what dlopen of a static program adds to ld.so's words: how to link in what it lacks.
fn without_advice(said: &str) -> String {
    match said.split_once(" in this static program (") {
        Some((before, after)) => format!("{before}{}", after.split_once(" to include it)").unwrap().1),
        None => said.to_owned(),
    }
}

fn same(a: &Output, b: &Output, what: &str) {
    assert_eq!(text(&a.stdout), text(&b.stdout), "{what}");
    assert_eq!(without_advice(&text(&a.stderr)), without_advice(&text(&b.stderr)), "{what}");
    assert_eq!(a.status, b.status, "{what}");
}

/// The torture program and its library, linked with these words.
fn torture(options: &str) -> Dir {
    let dir = Dir::new();
    let library = format!("-O2 -w -fPIC -shared -Wl,-soname,liblibrary.so.1 {SOURCES}/library.cc -o liblibrary.so.1");
    Run::new("g++").dir(dir.path()).line(&library).ok();
    let line = format!("-O2 -w -pthread {SOURCES}/torture.cc liblibrary.so.1 -Wl,-rpath,$ORIGIN {options} -o original");
    Run::new("g++").dir(dir.path()).line(&line).ok();
    dir
}

const SHAPES: [&str; 8] = [
    "",
    "-fno-pie -no-pie",
    "-fno-pie -no-pie -Wl,-z,noseparate-code -rdynamic",
    "-fPIC -pie -Wl,-z,now,-z,relro -Wl,-z,pack-relative-relocs -mtls-dialect=gnu2",
    "-fuse-ld=lld",
    "-fuse-ld=lld -fno-pie -no-pie",
    "-fuse-ld=mold -s",
    "-fuse-ld=gold -Wl,-z,lazy",
];

#[test]
fn the_torture_program_in_every_shape() {
    for shape in here(&SHAPES) {
        let dir = torture(shape);
        let (original, result) = (dir.join("original"), dir.join("result"));
        let before = Run::new(&original).args(["x"]).output();
        assert_eq!(before.status.code(), Some(3), "{shape}: {}", text(&before.stderr));
        converted(&original, &result);
        same(&before, &Run::new(&result).args(["x"]).output(), shape);
        // And without a name that anything has.
        Run::new("strip").args([&result]).ok();
        same(&before, &Run::new(&result).args(["x"]).output(), shape);
    }
}

/// Converts a program of the machine and runs both: the original here, the result in a root with these files.
fn in_a_root(name: &str, files: &[(&str, &[u8])], cases: &[&[&str]]) {
    let dir = Dir::new();
    let original = installed(name);
    let result = dir.file(format!("usr/bin/{name}"), "");
    converted(&original, &result);
    for (place, content) in files {
        dir.file(place.trim_start_matches('/'), content);
    }
    for args in cases {
        let here = Run::new(&original).dir(dir.path()).args(*args).output();
        let there = Run::new("unshare")
            .line("--user --map-root-user --mount --root")
            .args([dir.path(), &original])
            .args(*args)
            .output();
        assert!(!there.stdout.is_empty() || !there.stderr.is_empty() || here.stdout.is_empty(), "{name} {args:?}");
        same(&here, &there, &format!("{name} {args:?}"));
    }
}

#[test]
fn jq_in_an_empty_root() {
    in_a_root(
        "jq",
        &[("d.json", br#"{"a":[1,2,{"b":"c"}],"x":"A-1 B-22"}"#)],
        &[
            &["-n", "1+1"],
            &["-c", ".a[2].b, (.x|[match(\"[0-9]+\";\"g\").string]), (.a|map(numbers)|add)", "d.json"],
            &["-r", "@base64 \"\\(.x)\"", "d.json"],
            &[".a[", "d.json"],
            &["-n", "[limit(5;range(100))]|@json, (now|type), (1.5|sin)"],
            &["--version"],
        ],
    );
}

#[test]
fn sqlite3_in_an_empty_root() {
    let script =
        b"create table t(a, b);\ninsert into t values (1, 'x'), (2, 'y'), (3, null);\n.mode table\nselect * from t;\n\
                   select sum(a), json_group_array(b), sqlite_version() from t;\nselect load_extension('none');\n";
    in_a_root(
        "sqlite3",
        &[("q.sql", script)],
        &[&[":memory:", "select 6*7, upper('a'), sqrt(2)"], &[":memory:", ".read q.sql"], &["-version"], &["-nosuch"]],
    );
}

#[test]
fn file_with_its_magic_in_an_empty_root() {
    let magic = fs::read("/usr/lib/file/magic.mgc").unwrap();
    in_a_root(
        "file",
        &[("m.mgc", &magic), ("t.txt", b"text\n"), ("s.sh", b"#!/bin/sh\n"), ("z", &[0x1f, 0x8b, 8])],
        &[
            &["-m", "m.mgc", "t.txt", "s.sh", "z", "m.mgc"],
            &["-i", "-m", "m.mgc", "t.txt"],
            &["-m", "nowhere.mgc", "t.txt"],
        ],
    );
}

#[test]
fn xz_and_ls_and_openssl_in_an_empty_root() {
    let many: Vec<u8> = (0..300_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
    in_a_root("xz", &[("many", &many)], &[&["-k", "-c", "-T1", "many"], &["-l", "many"], &["--help"]]);
    in_a_root(
        "ls",
        &[("sub/one", b"1"), ("sub/two", b"22")],
        &[&["-1", "--size", "sub"], &["-lnR", "--time-style=+", "sub"], &["--color=always", "-F", "sub"], &["nowhere"]],
    );
    in_a_root(
        "openssl",
        &[("many", &many)],
        &[
            &["dgst", "-sha256", "many"],
            &["enc", "-aes-256-cbc", "-K", "00", "-iv", "00", "-in", "many"],
            &["ecparam", "-list_curves"],
            &["list", "-digest-algorithms"],
            &["nosuch"],
        ],
    );
}

/// A server for https on loopback, with a certificate for `localhost`.
struct Server {
    child: std::process::Child,
    port: String,
}

impl Server {
    fn start(dir: &Dir) -> Server {
        let line = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
                    -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
        Run::new("openssl").dir(dir.path()).line(line).ok();
        dir.file("page.txt", "over https\n");
        let mut command = Run::new("openssl")
            .dir(dir.path())
            .line("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -WWW")
            .command();
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        // ACCEPT 127.0.0.1:PORT
        let line = lines.find_map(|l| l.ok().filter(|l| l.starts_with("ACCEPT"))).unwrap();
        let port = line.rsplit(':').next().unwrap().trim().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn curl_fetches_over_https_in_an_empty_root() {
    let (served, root) = (Dir::new(), Dir::new());
    let server = Server::start(&served);
    converted(installed("curl"), &root.join("curl"));
    fs::copy(served.join("cert.pem"), root.join("cert.pem")).unwrap();
    root.file("etc/hosts", "127.0.0.1 localhost\n");
    root.file("etc/ssl/certs/ca-certificates.crt", fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap());
    let url = format!("https://localhost:{}/page.txt", server.port);
    let there = |args: &[&str]| {
        Run::new("unshare")
            .line("--user --map-root-user --mount --root")
            .args([root.path(), Path::new("/curl")])
            .args(args)
    };
    let args = ["-sS", "--cacert", "cert.pem", &url];
    assert_eq!(there(&args).ok(), "over https\n");
    assert_eq!(Run::new(installed("curl")).dir(root.path()).args(args).ok(), "over https\n");
    // The certificate is looked at: by the machine's own authorities it is not known.
    let (here, there) = (Run::new(installed("curl")).args(["-sS", &url]).output(), there(&["-sS", &url]).output());
    assert_eq!((there.status.code(), text(&there.stderr)), (Some(60), text(&here.stderr)));
}

#[test]
fn programs_of_the_full_file_system() {
    let dir = Dir::new();
    // Not a PIE, with its own library of modules in Python.
    let name = python();
    let python = dir.join(&name);
    converted(installed(&name), &python);
    let code = "import json, re, os, sys, threading, hashlib; t = threading.Thread(target=lambda: print('thread')); t.start(); \
                t.join(); print(json.dumps({'a': [1, 2.5]}), re.sub('a+', 'b', 'caat'), hashlib.sha256(b'x').hexdigest(), sys.argv)";
    for args in [&["-c", code, "x"][..], &["-c", "raise SystemExit(7)"], &["-c", "1/0"]] {
        same(&Run::new(installed(&name)).args(args).output(), &Run::new(&python).args(args).output(), &name);
    }
    let git = dir.join("git");
    converted(installed("git"), &git);
    let work = dir.join("work");
    fs::create_dir(&work).unwrap();
    for git in [&git, &installed("git")] {
        let run = |line: &str| Run::new(git).dir(&work).env("GIT_CONFIG_GLOBAL", "/dev/null").line(line);
        run("init -q .").ok();
        fs::write(work.join("f"), "one\n").unwrap();
        run("add f").ok();
        run("-c user.name=n -c user.email=e commit -q -m m --date 2020-01-01T00:00:00 --allow-empty").ok();
    }
    let said = |git: &Path| Run::new(git).dir(&work).line("log --stat --format=%s").ok();
    assert_eq!(said(&git), said(&installed("git")));
    // A clone over loopback.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let line = format!("--export-all --listen=127.0.0.1 --port={port} --base-path={}", dir.path().display());
    // By itself: `git daemon` would leave it behind.
    let daemon = Path::new(Run::new(installed("git")).args(["--exec-path"]).ok().trim()).join("git-daemon");
    let mut daemon = Run::new(daemon).line(&line).command().spawn().unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(daemon.try_wait().unwrap().is_none(), "git daemon ended");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let clone = Run::new(&git).dir(dir.path()).line(&format!("clone -q git://127.0.0.1:{port}/work clone")).output();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(clone.status.success(), "{}", text(&clone.stderr));
    assert_eq!(fs::read(dir.join("clone/f")).unwrap(), b"one\n");
    // A compiler, in GCC's own directory.
    let cc1 = Run::new("gcc").line("-print-prog-name=cc1").ok();
    let result = dir.join("cc1");
    converted(cc1.trim(), &result);
    dir.file("x.c", "double area(double r) { return r * r * 3.14; }\nint count(const char *s) { int n = 0; while (*s++) n++; return n; }\n");
    let compile = |cc1: &Path| {
        let out = Run::new(cc1).dir(dir.path()).line("-quiet -O2 x.c -o -").output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        text(&out.stdout)
    };
    assert_eq!(compile(&result), compile(Path::new(cc1.trim())));
}

/// The record of a conversion.
fn record(dir: &Dir, words: &[&str]) -> serde_json::Value {
    let out = Run::new(STATICCTL).dir(dir.path()).args(["convert", "--json", "-o", "result"]).args(words).ok();
    serde_json::from_str(&out).unwrap()
}

fn part<'a>(record: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let parts = record["parts"].as_array().unwrap();
    parts.iter().find(|p| p["name"].as_str().unwrap() == name).unwrap_or_else(|| panic!("no {name} in {record}"))
}

#[test]
fn the_record_says_what_is_in_a_program_and_from_where() {
    let dir = Dir::new();
    let xz = record(&dir, &["/usr/bin/xz"]);
    let lzma = part(&xz, "liblzma.so.5");
    assert_eq!((lzma["from"].as_str(), &lzma["why"]), (Some("archive"), &serde_json::Value::Null), "{lzma}");
    assert!(lzma["path"].as_str().unwrap().ends_with("/liblzma.a") && lzma["shared"].as_str().is_some());
    let program = part(&xz, "xz");
    assert_eq!(program["from"], "program");
    let version = Run::new("dpkg-query").args(["-W", "-f=${Version}", "xz-utils"]).ok();
    assert_eq!(
        (program["package"]["name"].as_str(), program["package"]["version"].as_str()),
        (Some("xz-utils"), Some(version.as_str()))
    );
    assert!(program["purl"].as_str().unwrap().starts_with("pkg:deb/"), "{program}");
    let notes = Run::new("readelf").args(["-n", "/usr/bin/xz"]).ok();
    assert!(notes.contains(program["build_id"].as_str().unwrap()), "{notes}");
    assert_eq!(part(&xz, "libc.so.6")["from"], "toolchain");
    assert_eq!((xz["kind"].as_str(), xz["image"]["bytes"].as_u64()), (Some("static-pie"), xz["bytes"].as_u64()));
    for words in [["--from-so", "all"], ["--from-so", "liblzma"], ["--from-so", "libnone,lzma"]] {
        let forced = Run::new(STATICCTL).dir(dir.path()).args(["convert", "--json", "-o", "result", "/usr/bin/xz"]);
        let out = forced.args(words).output();
        assert_eq!(text(&out.stderr).contains("needs no library `none`"), words[1].starts_with("libnone"));
        let record = serde_json::from_slice(&out.stdout).unwrap();
        let lzma = part(&record, "liblzma.so.5");
        assert_eq!((lzma["from"].as_str(), lzma["why"].as_str()), (Some("converted"), Some("asked")), "{lzma}");
        assert_eq!(
            Run::new(dir.join("result")).args(["--version"]).ok(),
            Run::new("/usr/bin/xz").args(["--version"]).ok()
        );
    }
}

#[test]
fn an_archive_of_another_version_is_not_taken() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 1; }\nint both(void) { return 1; }\n");
    dir.file("old.c", "int q(void) { return 2; }\n");
    dir.file("main.c", "#include <stdio.h>\nint q(void); int main(void) { return printf(\"%d\\n\", q()) < 0; }\n");
    let run = |program: &str, line: &str| drop(Run::new(program).dir(dir.path()).line(line).ok());
    run("gcc", "-shared -fPIC q.c -o libq.so");
    run("gcc", "main.c libq.so -Wl,-rpath,$ORIGIN -o program");
    run("gcc", "-c old.c -o q.o");
    run("ar", "rcs libq.a q.o");
    let old = record(&dir, &["program"]);
    assert_eq!(
        (part(&old, "libq.so")["from"].as_str(), part(&old, "libq.so")["why"].as_str()),
        (Some("converted"), Some("other-version"))
    );
    assert_eq!(Run::new(dir.join("result")).ok(), "1\n");
    // With all that the shared object exports it passes for the same.
    run("gcc", "-c q.c -o q.o");
    run("ar", "rcs libq.a q.o");
    assert_eq!(part(&record(&dir, &["program"]), "libq.so")["from"], "archive");
    assert_eq!(Run::new(dir.join("result")).ok(), "1\n");
}

#[test]
fn original_and_result_are_compared() {
    let dir = Dir::new();
    let source = fixture!("programs/echo.c");
    dir.file("p.c", source);
    let input = dir.file("input", "one\ntwo\n");
    Run::new("gcc").dir(dir.path()).line("-w p.c -o program").ok();
    let verify = |args: &[&str]| {
        let _ = fs::remove_file(dir.join("result"));
        let stdin = fs::File::open(&input).unwrap();
        let run = Run::new(STATICCTL).dir(dir.path()).stdin(stdin).line("convert -q program -o result --verify --");
        run.args(args).output()
    };
    let out = verify(&["x", "input"]);
    assert_eq!((out.status.code(), text(&out.stderr).as_str()), (Some(0), ""));
    // It ran in copies of the directory.
    assert_eq!(fs::read(&input).unwrap(), b"one\ntwo\n");
    assert!(dir.join("result").exists());
    let out = verify(&["exe"]);
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("error: stdout, line 1: ") && said.contains("hint: "), "{said}");
    assert!(!dir.join("result").exists());
    let out = verify(&["pid"]);
    assert_eq!(out.status.code(), Some(0));
    assert!(text(&out.stderr).contains("note: stdout differs between two runs of the original"));
}

#[test]
fn modules_of_python_and_perl_are_linked_in() {
    let dir = Dir::new();
    let name = python();
    let python = dir.join(&name);
    let modules = format!("/usr/lib/{name}/lib-dynload");
    convert(installed(&name), &python).args(["-q", "--plugin", &modules]).silent();
    assert!(is_static(&python));
    let code = "import ctypes, decimal, lzma, sqlite3, ssl, sys; print(ssl.OPENSSL_VERSION, decimal.Decimal(1) / 7, \
                sqlite3.connect(':memory:').execute('select 6 * 7').fetchone(), lzma.decompress(lzma.compress(b'x' * 99)), \
                sys.modules['_ssl'].__file__)";
    let said = |python: &Path| Run::new(python).args(["-c", code]).ok();
    assert_eq!(said(&python), said(&installed(&name)));
    // One that was not named fails, and says how to add it.
    let perl = dir.join("perl");
    let find = "find -L /usr/lib/x86_64-linux-gnu/perl /usr/lib/x86_64-linux-gnu/perl-base -name *.so -path */auto/* \
                -not -path */5.36/* -not -path */Socket/*";
    let modules = Run::new("find").line(find.strip_prefix("find ").unwrap()).ok();
    dir.file("modules", modules);
    let list = format!("@{}", dir.join("modules").display());
    convert(installed("perl"), &perl).args(["-q", "--plugin", &list]).silent();
    let code = "use POSIX; use Encode; use Digest::SHA 'sha1_hex'; use threads; print sha1_hex('x'), POSIX::floor(2.5), \
                encode('UTF-16', 'a'), \"\\n\"; threads->create(sub { print \"thread\\n\" })->join";
    let said = |perl: &Path| Run::new(perl).args(["-e", code]).ok();
    assert_eq!(said(&perl), said(&installed("perl")));
    let failed = Run::new(&perl).args(["-MSocket", "-e", "1"]).output();
    assert!(!failed.status.success() && text(&failed.stderr).contains("--plugin"), "{}", text(&failed.stderr));
}
