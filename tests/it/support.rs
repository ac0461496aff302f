//! What the tests share: directories, real runs, empty roots, readelf as the independent judge.

use crate::world;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The driver for C.
pub const STATICCC: &str = env!("CARGO_BIN_EXE_staticcc");
/// The driver for C++.
pub const STATICCXX: &str = env!("CARGO_BIN_EXE_staticcxx");
/// The tool.
pub const STATICCTL: &str = env!("CARGO_BIN_EXE_staticctl");

/// A C program that prints `hello` and its arguments.
pub const HELLO_C: &str = "#include <stdio.h>\nint main(int n, char **v) { printf(\"hello\"); \
                           for (int i = 1; i < n; i++) printf(\" %s\", v[i]); puts(\"\"); return 0; }\n";
/// A C++ program that throws, catches and prints `hello`.
pub const HELLO_CXX: &str = "#include <iostream>\n#include <stdexcept>\nint main() { try { throw std::runtime_error(\"hello\"); } \
                             catch (const std::exception &e) { std::cout << e.what() << std::endl; } }\n";

/// The text of a file below `tests/fixtures`.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/", $path))
    };
}

/// A directory of a test's own, removed at its end.
pub struct Dir(tempfile::TempDir);

impl Dir {
    pub fn new() -> Dir {
        Dir(tempfile::Builder::new().prefix("staticcxx-test").tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the directories it needs.
    pub fn file(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes an executable script for `sh`.
    pub fn script(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.file(name, format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// A run of a program in the world of the tests; see `world.rs`.
pub struct Run(Command);

impl Run {
    pub fn new(program: impl AsRef<OsStr>) -> Run {
        let mut c = Command::new(program);
        c.stdin(Stdio::null()).env_clear().envs(world::VARIABLES.iter().map(|(name, value)| (name, value)));
        Run(c)
    }

    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
        self.0.args(args);
        self
    }

    /// Arguments from a line without quotes.
    pub fn line(self, line: &str) -> Run {
        self.args(line.split_whitespace())
    }

    pub fn dir(mut self, dir: impl AsRef<Path>) -> Run {
        self.0.current_dir(dir);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.0.env(name, value);
        self
    }

    /// Directories before those of PATH.
    pub fn path_first(self, dirs: &[&Path]) -> Run {
        let all = dirs.iter().map(PathBuf::from).chain(std::env::split_paths(&*world::PATH));
        self.env("PATH", std::env::join_paths(all).unwrap())
    }

    /// Our drivers before everything else on PATH, as `CC` and `CXX`.
    pub fn with_our_compilers(self) -> Run {
        self.path_first(&[Path::new(STATICCC).parent().unwrap()]).env("CC", "staticcc").env("CXX", "staticcxx")
    }

    pub fn stdin(mut self, file: impl Into<Stdio>) -> Run {
        self.0.stdin(file);
        self
    }

    pub fn command(self) -> Command {
        self.0
    }

    pub fn output(mut self) -> Output {
        // A program that was just copied may still be open for writing in a child that another test has just forked.
        for _ in 0..200 {
            match self.0.output() {
                Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => return other.unwrap_or_else(|e| panic!("{:?}: {e}", self.0.get_program())),
            }
        }
        panic!("{:?} stays open for writing", self.0.get_program());
    }

    /// Runs it; it must succeed. Gives its stdout.
    pub fn ok(self) -> String {
        let shown = format!("{:?}", self.0);
        let out = self.output();
        assert!(out.status.success(), "{shown}: {}\n{}{}", out.status, text(&out.stdout), text(&out.stderr));
        text(&out.stdout)
    }

    /// Runs it; it must succeed without a word.
    pub fn silent(self) {
        let shown = format!("{:?}", self.0);
        let out = self.output();
        assert!(out.status.success(), "{shown}: {}\n{}", out.status, text(&out.stderr));
        assert_eq!((text(&out.stdout), text(&out.stderr)), (String::new(), String::new()), "{shown}");
    }

    /// Runs it; it must fail with this status. Gives its stderr.
    pub fn fails(self, status: i32) -> String {
        let shown = format!("{:?}", self.0);
        let out = self.output();
        assert_eq!(out.status.code(), Some(status), "{shown}\n{}{}", text(&out.stdout), text(&out.stderr));
        let said = text(&out.stderr);
        assert!(!said.contains("panicked"), "{said}");
        said
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What readelf, a reader of somebody else's, says of a file: whether it has an interpreter or needs libraries.
pub fn is_static(path: &Path) -> bool {
    let segments = Run::new("readelf").arg_path("-lW", path).ok();
    let dynamic = Run::new("readelf").arg_path("-dW", path).ok();
    assert!(segments.contains("Program Headers"), "{} is no program", path.display());
    !segments.contains("INTERP") && !dynamic.contains("(NEEDED)")
}

impl Run {
    fn arg_path(mut self, flag: &str, path: &Path) -> Run {
        self.0.arg(flag).arg(path);
        self
    }
}

/// Asserts that a program is static, and runs it in a root directory that holds nothing but the program.
pub fn in_empty_root(program: &Path, args: &[&str]) -> Output {
    assert!(is_static(program), "{} is not static", program.display());
    let root = Dir::new();
    // A copy would stay open for writing in a child that another test forks meanwhile, and could not be run then.
    if fs::hard_link(program.canonicalize().unwrap(), root.join("prog")).is_err() {
        fs::copy(program, root.join("prog")).unwrap();
    }
    let mut run = Run::new("unshare").line("--user --map-root-user --mount --root");
    run.0.arg(root.path()).arg("/prog").args(args);
    run.output()
}

/// The same for a program that must succeed; gives its stdout.
pub fn says_in_empty_root(program: &Path, args: &[&str]) -> String {
    let out = in_empty_root(program, args);
    assert!(out.status.success(), "{}: {}\n{}", program.display(), out.status, text(&out.stderr));
    text(&out.stdout)
}

/// The JSON in a file of the cache, which has a hash of it.
pub fn unsealed(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|e| panic!("{e}: {text}"))[1].take()
}

/// Writes a file of the cache as we do, with a hash that is right.
pub fn sealed(path: &Path, json: &str) {
    fs::write(path, format!("[\"{}\",{json}]", digest(json.as_bytes()))).unwrap();
}

/// The hash of what is kept.
pub fn digest(bytes: &[u8]) -> String {
    format!("{:032x}", twox_hash::XxHash3_128::oneshot(bytes))
}

/// A path that is surely missing: in a directory that was just made and is gone.
pub fn missing(name: &str) -> PathBuf {
    Dir::new().join(name)
}

/// Sends a signal by its name to a process, or to a group of them as `-GROUP`. The shell's own `kill` needs no package.
pub fn signal(name: &str, to: impl std::fmt::Display) {
    Run::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", name, &to.to_string()]).silent();
}

/// Waits for what another process does. The limit is for one that hangs, and says nothing of how fast it is.
pub fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let hangs = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < hangs, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A real program along PATH.
pub fn which(name: &str) -> PathBuf {
    world::which(name).unwrap_or_else(|| panic!("`{name}` is missing: run `tests/run install`"))
}

/// A compiler that notes its arguments, NUL after each and newline after a call, and goes on as `behind`.
pub fn recording(dir: &Dir, name: &str, behind: &str) -> PathBuf {
    let log = dir.join(format!("{name}.log"));
    dir.script(name, &format!("{{ printf '%s\\0' \"$@\"; echo; }} >> '{}'\n{behind}", log.display()))
}

/// What a recording compiler noted: calls of words.
pub fn recorded(dir: &Dir, name: &str) -> Vec<Vec<String>> {
    let bytes = fs::read(dir.join(format!("{name}.log"))).unwrap_or_default();
    let calls = bytes.split(|b| *b == b'\n').filter(|c| !c.is_empty());
    calls.map(|c| text(c).split_terminator('\0').map(str::to_owned).collect()).collect()
}

/// Those of some lines of options that this machine's binutils can follow: GNU gold went after 2.43, and is a package of
/// its own where a distribution still has it.
pub fn here<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    static GOLD: LazyLock<bool> = LazyLock::new(|| {
        let said = Run::new("ld").line("--version").ok();
        let version = said.lines().next().and_then(|l| l.rsplit(' ').next()).unwrap();
        let number: Vec<u32> = version.split('.').map(|n| n.parse().unwrap_or(0)).collect();
        number < vec![2, 44] || Path::new("/usr/bin/ld.gold").exists()
    });
    lines.iter().copied().filter(|line| *GOLD || !line.contains("gold")).collect()
}

/// The major version of this machine's GCC.
pub fn gcc_major() -> String {
    Run::new("gcc").line("-dumpversion").ok().split('.').next().unwrap().trim().to_owned()
}

/// The name of this machine's Python with its version: `python3.11`.
pub fn python() -> String {
    let target = fs::canonicalize("/usr/bin/python3").unwrap();
    target.file_name().unwrap().to_str().unwrap().to_owned()
}
