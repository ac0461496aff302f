//! `staticctl toolchain install` with bad input, and stopped half-way.

use crate::support::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};

/// An install into directories of the test's own.
fn install(dir: &Dir) -> Run {
    let run = Run::new(STATICCTL).env("XDG_DATA_HOME", dir.join("data")).env("XDG_CACHE_HOME", dir.join("cache"));
    run.line("toolchain install musl")
}

/// Nothing of a toolchain is there, and nothing of its making.
fn leaves_nothing(dir: &Dir) {
    let list = Run::new(STATICCTL).env("XDG_DATA_HOME", dir.join("data")).line("toolchain list").ok();
    assert!(!list.lines().any(|l| l.split_whitespace().next() == Some("musl")), "{list}");
    let toolchain = dir.join("data/staticcxx/toolchains/musl/toolchain");
    let builds = fs::read_dir(toolchain).map_or(0, |d| d.flatten().filter(|e| e.path().is_dir()).count());
    assert_eq!(builds, 0);
}

/// A compiler that answers questions as g++ does, but for what `answers` says.
fn compiler(dir: &Dir, answers: &str, otherwise: &str) -> std::path::PathBuf {
    dir.script(
        "fake-g++",
        &format!("case \"$*\" in\n{answers}\n-print-*|--version|-dump*) exec g++ \"$@\" ;;\nesac\n{otherwise}"),
    )
}

fn tarball(dir: &Dir, version: &str) -> std::path::PathBuf {
    dir.file(format!("gcc-{version}/gcc/BASE-VER"), format!("{version}\n"));
    Run::new("tar").args(["-cJf".to_owned(), "gcc.tar.xz".into(), format!("gcc-{version}")]).dir(dir.path()).ok();
    dir.join("gcc.tar.xz")
}

#[test]
fn all_that_is_missing_is_said_at_once_with_one_command() {
    let dir = Dir::new();
    let cxx = compiler(&dir, "-dumpfullversion) echo 99.1.0; exit ;;", "exec g++ \"$@\"");
    let musl = missing("musl").display().to_string();
    let run = install(&dir).env("STATICCXX_CXX", &cxx).args(["--musl", &musl]);
    let said = run.fails(2);
    assert!(said.contains(&format!("`{musl}` contains no musl for ")), "{said}");
    assert!(said.contains("the sources of libstdc++ for GCC 99.1.0 were not found"), "{said}");
    assert!(said.contains("hint: apt-get install") && said.contains("gcc-99-source"), "{said}");
    assert!(said.contains("--gcc-source gcc-99.1.0.tar.xz"), "{said}");
    leaves_nothing(&dir);
}

#[test]
fn sources_of_another_version_are_refused_with_both() {
    let dir = Dir::new();
    let source = tarball(&dir, "3.4.6");
    let own = Run::new("g++").args(["-dumpfullversion"]).ok();
    for path in [source, dir.join("gcc-3.4.6")] {
        let said = install(&dir).args(["--gcc-source".as_ref(), path.as_os_str()]).fails(2);
        assert!(said.contains("is GCC 3.4.6, but the compiler is GCC ") && said.contains(own.trim()), "{said}");
    }
    for (name, content, telling) in [
        ("text.tar.xz", b"text".to_vec(), "not a tar archive"),
        ("empty.tar", Vec::new(), "it is empty"),
        ("other.tar.xz", fs::read(tarball(&dir, "x")).unwrap(), "not below `gcc-VERSION`"),
    ] {
        let file = dir.file(name, content);
        let said = install(&dir).args(["--gcc-source".as_ref(), file.as_os_str()]).fails(2);
        assert!(said.contains(name) && said.contains(telling), "{name}: {said}");
    }
    leaves_nothing(&dir);
}

#[test]
fn a_truncated_archive_is_an_error_and_leaves_nothing() {
    let dir = Dir::new();
    let major = Run::new("g++").args(["-dumpversion"]).ok();
    let sources = format!("/usr/src/gcc-{}", major.trim());
    let mut whole = fs::read_dir(&sources).unwrap().flatten().map(|e| e.path());
    let whole = whole
        .find(|p| {
            p.to_string_lossy().contains(&format!("/gcc-{}.", major.trim())) && p.to_string_lossy().contains(".tar.")
        })
        .expect("tests/run install");
    let mut start = Vec::new();
    File::open(whole).unwrap().take(1 << 20).read_to_end(&mut start).unwrap();
    let cut = dir.file("cut.tar.xz", start);
    let said = install(&dir).args(["--gcc-source".as_ref(), cut.as_os_str()]).fails(2);
    assert!(said.contains("staticcxx: error: unpacking") && said.contains("cut.tar.xz"), "{said}");
    leaves_nothing(&dir);
    assert!(!dir.join("cache/staticcxx/build/musl").exists());
}

#[test]
fn a_compiler_that_is_not_gcc_or_does_not_work_is_named() {
    let dir = Dir::new();
    let said = install(&dir).env("STATICCXX_CXX", "clang++").fails(2);
    assert!(said.contains("clang++` is not GCC"), "{said}");
    let said = install(&dir).env("STATICCXX_CXX", dir.script("mute", "exit 0")).fails(2);
    assert!(said.contains("mute` is not GCC"), "{said}");
    let broken = compiler(&dir, "", "echo 'internal compiler error: broken' >&2\nexit 1");
    let said = install(&dir).env("STATICCXX_CXX", &broken).env("STATICCXX_CC", &broken).fails(2);
    assert!(said.contains("staticcxx: error: ") && said.contains("broken"), "{said}");
    leaves_nothing(&dir);
}

#[test]
fn names_that_are_no_names_are_refused() {
    let dir = Dir::new();
    for name in ["../x", ".x", "a/b", ""] {
        let said = install(&dir).args(["--name", name]).fails(2);
        assert!(said.contains("is not a valid toolchain name"), "{said}");
    }
}

/// Runs the install in a mount namespace in which a file system is mounted on one of its directories.
fn with_mount(dir: &Dir, on: &str, options: &str) -> String {
    fs::create_dir_all(dir.join(on)).unwrap();
    let script = format!("mount -t tmpfs -o {options} none \"$1\" && exec \"$2\" toolchain install musl");
    let run = Run::new("unshare").args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    let run = run.args([dir.join(on).as_os_str(), STATICCTL.as_ref()]);
    run.env("XDG_DATA_HOME", dir.join("data")).env("XDG_CACHE_HOME", dir.join("cache")).fails(2)
}

#[test]
fn a_full_disk_and_a_read_only_directory_are_told() {
    let dir = Dir::new();
    let said = with_mount(&dir, "cache", "size=30m");
    assert!(said.contains("iB free, ") && said.contains("hint: free some space there"), "{said}");
    let said = with_mount(&dir, "data", "ro");
    assert!(said.contains("can't be written") && said.contains("data/staticcxx/toolchains/musl"), "{said}");
    leaves_nothing(&dir);
}

/// Starts an install and waits for a line that has `word` in it.
fn started(dir: &Dir, word: &str) -> (Child, Vec<String>) {
    let mut command = install(dir).command();
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut seen = Vec::new();
    for line in BufReader::new(child.stderr.as_mut().unwrap()).lines() {
        seen.push(line.unwrap());
        if seen.last().unwrap().contains(word) {
            break;
        }
    }
    assert!(seen.iter().any(|l| l.contains(word)), "{seen:?}");
    (child, seen)
}

fn stopped(mut child: Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(signal as i32));
}

#[test]
fn an_interrupted_build_goes_on_where_it_was() {
    let dir = Dir::new();
    let (child, seen) = started(&dir, "[2/");
    assert!(seen.iter().any(|l| l.contains("[1/")), "{seen:?}");
    stopped(child, Signal::SIGINT);
    leaves_nothing(&dir);
    let (child, seen) = started(&dir, "[3/");
    assert!(!seen.iter().any(|l| l.contains("[1/")), "{seen:?}");
    stopped(child, Signal::SIGTERM);
    leaves_nothing(&dir);
    // What it started is gone with it.
    let marker = dir.join("cache").display().to_string();
    let left = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|p| fs::read(p.path().join("cmdline")).is_ok_and(|c| text(&c).contains(&marker)));
    let left: Vec<_> = left.filter(|p| p.path().join("cmdline").exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn two_installs_wait_for_each_other() {
    let dir = Dir::new();
    let place = dir.join("data/staticcxx/toolchains/musl/toolchain");
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join(".lock")).unwrap();
    lock.lock().unwrap();
    let (child, seen) = started(&dir, "waiting for it");
    assert!(!seen.iter().any(|l| l.contains("[1/")), "{seen:?}");
    drop(lock);
    stopped(child, Signal::SIGTERM);
    assert!(Path::new(&place).is_dir());
}
