//! Real libraries, converted: programs that use them for real say and return what their dynamic twins do, in an empty
//! root.

use crate::support::*;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// The flags that pkg-config knows.
fn flags(packages: &str) -> String {
    Run::new("pkg-config").line(&format!("--cflags --libs {packages}")).ok().trim().to_owned()
}

/// A program of `tests/fixtures/convert`, built by the compiler and by ours, and the last line of our report.
struct Twins {
    dir: Dir,
    converted: Vec<serde_json::Value>,
}

impl Twins {
    fn build(file: &str, options: &str, convert: &str) -> Twins {
        let dir = Dir::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/convert").join(file);
        let (theirs, ours) = if file.ends_with(".c") { ("gcc", STATICCC) } else { ("g++", STATICCXX) };
        let line = |output: &str| format!("-w -O1 {} {options} -pthread -o {output}", source.display());
        Run::new(theirs).dir(dir.path()).line(&line("dynamic")).ok();
        let run = Run::new(ours).dir(dir.path()).line(&line("static")).env("STATICCXX_CONVERT", convert);
        let out = run.env("STATICCXX_REPORT", dir.join("report")).output();
        let said = text(&out.stderr);
        assert!(out.status.success(), "{file}: {said}");
        // GNU ld's own words about dlopen, which some of these libraries call.
        assert!(said.lines().all(|l| l.contains("dlopen") || l.contains("in function")), "{said}");
        let report = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
        let value: serde_json::Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
        let libraries = value["libraries"].as_array().unwrap().iter();
        let converted = libraries.filter(|l| l["provider"] == "converted").cloned().collect();
        Twins { dir, converted }
    }

    fn converts(&self, stem: &str) {
        let is_it = |l: &&serde_json::Value| {
            Path::new(l["path"].as_str().unwrap()).file_name().unwrap().to_string_lossy().starts_with(stem)
        };
        let library = self.converted.iter().find(is_it).unwrap_or_else(|| panic!("{stem}: {:?}", self.converted));
        assert!(library["package"]["name"].as_str().is_some_and(|n| n.starts_with("lib")), "{library}");
        assert!(library["package"]["version"].as_str().is_some_and(|v| !v.is_empty()), "{library}");
    }

    fn program(&self) -> PathBuf {
        self.dir.join("static")
    }

    /// Compares what both say and return.
    fn same(&self, status: i32) {
        let theirs = Run::new(self.dir.join("dynamic")).output();
        let ours = in_empty_root(&self.program(), &[]);
        assert_eq!(text(&ours.stdout), text(&theirs.stdout));
        assert_eq!(text(&ours.stderr), text(&theirs.stderr));
        assert_eq!((ours.status.code(), theirs.status.code()), (Some(status), Some(status)));
        assert!(theirs.stdout.split(|b| *b == b'\n').count() > 4);
    }
}

#[test]
fn taglib_reads_what_it_wrote() {
    // Some releases have an archive of it.
    let twins = Twins::build("taglib.cc", &flags("taglib"), "prefer");
    twins.converts("libtag.so");
    twins.same(7);
}

#[test]
fn glibmm_throws_across_the_border() {
    let twins = Twins::build("glibmm.cc", &flags("glibmm-2.4"), "auto");
    twins.converts("libglibmm-2.4.so");
    twins.converts("libsigc-2.0.so");
    twins.same(3);
}

#[test]
fn qt_core_runs_its_loop_and_threads() {
    let twins = Twins::build("qt.cc", &format!("-fPIC {}", flags("Qt5Core")), "auto");
    twins.converts("libQt5Core.so");
    twins.same(5);
}

#[test]
fn openssl_shakes_hands_with_itself() {
    let twins = Twins::build("openssl.c", "-lssl -lcrypto", "prefer");
    twins.converts("libssl.so");
    twins.converts("libcrypto.so");
    twins.same(13);
}

/// An X server without a screen.
struct Server {
    server: Child,
    display: String,
}

impl Server {
    fn start() -> Server {
        let words = ["-displayfd", "1", "-noreset", "-screen", "0", "320x240x24", "-nolisten", "tcp"];
        let mut command = Run::new("Xvfb").args(words).command();
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Server { server, display: format!(":{}", number.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn x11_draws_on_a_server() {
    let twins = Twins::build("x11.c", "-lX11", "prefer");
    twins.converts("libX11.so");
    twins.converts("libxcb.so");
    let server = Server::start();
    let expected = Run::new(twins.dir.join("dynamic")).env("DISPLAY", &server.display).ok();
    assert!(expected.starts_with("123456 ffffff\nSTATICCXX\nReturn ff1b\nerror: BadWindow"), "{expected}");
    // The server's abstract socket needs no file.
    let root = Dir::new();
    fs::copy(twins.program(), root.join("prog")).unwrap();
    let run = Run::new("unshare").line("--user --map-root-user --mount --root").args([root.path()]).args(["/prog"]);
    // The error's text is from a file that an empty root lacks; then it is the number.
    let ours = run.env("DISPLAY", &server.display).ok();
    assert_eq!(ours.lines().take(3).collect::<Vec<_>>(), expected.lines().take(3).collect::<Vec<_>>());
    assert_eq!(Run::new(twins.program()).env("DISPLAY", &server.display).ok(), expected);
}

#[test]
fn a_fat_cdylib_of_rust_asks_for_no_executable_stack() {
    let dir = Dir::new();
    dir.file("r.rs", "#[unsafe(no_mangle)] pub extern \"C\" fn run(n: u32) -> u32 { println!(\"n {n}\"); n + 1 }\n");
    dir.file("main.c", "unsigned run(unsigned);\nint main(void) { return run(4) - 5; }\n");
    let linker = format!("linker={STATICCC}");
    let words = ["--edition", "2024", "--crate-type", "cdylib", "-O", "-C", &linker, "r.rs", "-o", "libr.so"];
    Run::new("rustc").dir(dir.path()).args(words).silent();
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lr -o x").silent();
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "n 4\n");
    let headers = Run::new("readelf").dir(dir.path()).line("-lW x").ok();
    let stack = headers.lines().find(|l| l.contains("GNU_STACK")).unwrap();
    assert!(stack.contains(" RW ") && !stack.contains("RWE"), "{stack}");
    // Assembly that says nothing of its own, as many a hand-written file.
    dir.file("a.s", ".globl run\n.type run,@function\n.text\nrun: lea 1(%rdi),%eax\n ret\n");
    Run::new(STATICCC).dir(dir.path()).line("-shared a.s -Wl,-z,noexecstack -o libr.so").silent();
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lr -o x").silent();
    let headers = Run::new("readelf").dir(dir.path()).line("-lW x").ok();
    assert!(!headers.contains("RWE"), "{headers}");
}
