//! `staticctl run`, `env`, `cmake-toolchain` and `meson-file`: whole builds under the drivers.

use crate::support::*;
use serde_json::Value;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Output, Stdio};

/// `staticctl run` in a directory, with a TMPDIR of its own that must be empty afterwards.
pub fn ctl(dir: &Dir) -> Run {
    fs::create_dir_all(dir.join("tmp")).unwrap();
    Run::new(STATICCTL).dir(dir.path()).env("TMPDIR", dir.join("tmp"))
}

/// Runs a command under the drivers; gives its output and the report.
pub fn built(dir: &Dir, command: &[&str]) -> (Output, Value) {
    let out = ctl(dir).line("run --report r.json --").args(command).output();
    assert!(out.status.success(), "{command:?}: {}\n{}{}", out.status, text(&out.stdout), text(&out.stderr));
    let left = fs::read_dir(dir.join("tmp")).unwrap().count();
    assert_eq!(left, 0, "something is left in TMPDIR");
    let report = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    (out, report)
}

/// Names of the programs in a part of the report, relative to the directory and sorted.
pub fn names(report: &Value, part: &str) -> Vec<String> {
    let directory = Path::new(report["directory"].as_str().unwrap());
    let paths = report[part].as_array().unwrap().iter().map(|p| Path::new(p["path"].as_str().unwrap()));
    let mut names: Vec<String> =
        paths.map(|p| p.strip_prefix(directory).unwrap_or(p).to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_command_s_own_streams_status_and_signal() {
    let dir = Dir::new();
    dir.file("input", "from stdin\n");
    let input = fs::File::open(dir.join("input")).unwrap();
    let out = ctl(&dir).line("run -- cat").stdin(input).output();
    assert_eq!(text(&out.stdout), "from stdin\n");
    assert_eq!(ctl(&dir).args(["run", "--", "sh", "-c", "exit 7"]).output().status.code(), Some(7));
    let out = ctl(&dir).args(["run", "--", "sh", "-c", "kill -TERM $$"]).output();
    assert_eq!(out.status.signal(), Some(15));
    let out = ctl(&dir).args(["run", "--report", "r.json", "--", "sh", "-c", "kill -KILL $$"]).output();
    assert_eq!(out.status.signal(), Some(9));
    let report: Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!((&report["signal"], &report["status"]), (&9.into(), &Value::Null));
    assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
}

#[test]
fn a_command_that_can_not_be_run() {
    let dir = Dir::new();
    dir.file("plain", "no program");
    let said = ctl(&dir).line("run -- nosuchcommand --flag").fails(127);
    assert!(said.contains("staticcxx: error: `nosuchcommand` can't be run"), "{said}");
    ctl(&dir).line("run -- ./plain").fails(126);
    ctl(&dir).line("run").fails(2);
    assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
}

#[test]
fn failed_links_are_named_and_the_status_is_the_build_s() {
    let dir = Dir::new();
    dir.file("bad.c", "int missing(void);\nint main(void) { return missing(); }\n");
    let out = ctl(&dir).line("run -- cc bad.c -o bad").output();
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stderr);
    assert!(said.contains("undefined reference to `missing'") && said.contains("1 program: 1 failed"), "{said}");
    // A question that a configure script asks in its own way is none of the build's.
    dir.script(
        "configure",
        "cc bad.c -o has-missing || echo no; cc bad.c -o other-missing 2>&1 | tail -n 1 >/dev/null; true",
    );
    let (out, report) = built(&dir, &["./configure"]);
    assert!(text(&out.stderr).contains("no program was linked"), "{}", text(&out.stderr));
    assert_eq!(names(&report, "gone"), ["has-missing", "other-missing"]);
    let out = ctl(&dir).line("run -- cc -fsanitize=address bad.c -o bad").output();
    let said = text(&out.stderr);
    assert!(said.lines().any(|l| l.starts_with("  bad ") && l.contains("refused")), "{said}");
    // Where that is wanted it is no program that was made without us.
    dir.file("good.c", HELLO_C);
    let out = ctl(&dir).env("STATICCXX_CHECK", "warn").line("run -- gcc -fsanitize=address good.c -o good").output();
    let said = text(&out.stderr);
    assert!(
        said.contains("no program was linked; left as asked: `good`") && !said.contains("without staticcxx"),
        "{said}"
    );
}

#[test]
fn a_tmpdir_that_can_not_be_written() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let run = |tmpdir: &str| Run::new(STATICCTL).dir(dir.path()).env("TMPDIR", tmpdir);
    let out = run(missing("tmp").to_str().unwrap()).line("run -- gcc h.c -o h").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("1 program: 1 static-pie"), "{}", text(&out.stderr));
    // Here gcc itself has no place for its files, with and without us.
    let out = run("/proc").args(["run", "--", "sh", "-c", "exit 3"]).output();
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("no program was linked"), "{}", text(&out.stderr));
    // Nor a cache: the names lie in a temporary directory, which goes.
    let out = ctl(&dir).env("XDG_CACHE_HOME", "/proc/nonexistent").line("run -- gcc h.c -o h").output();
    assert!(out.status.success() && is_static(&dir.join("h")), "{}", text(&out.stderr));
    assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
    let said = ctl(&dir).env("XDG_CACHE_HOME", "/proc/nonexistent").line("env").fails(2);
    assert!(said.contains("XDG_CACHE_HOME"), "{said}");
}

pub fn is_alive(pid: &str) -> bool {
    // A zombie has ended; whoever adopted it may not have looked yet.
    fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|s| !s.contains(") Z "))
}

#[test]
fn interrupted_builds_leave_nobody_behind() {
    for (signal, group) in [("INT", true), ("TERM", false), ("HUP", false)] {
        let dir = Dir::new();
        let script = "sh -c 'trap \"\" INT; sleep 300' & echo $! > one; sleep 300 & echo $! > two; touch ready; wait";
        let mut command = ctl(&dir).args(["run", "--", "sh", "-c", script]).command();
        let mut child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the build starts", || dir.join("ready").exists());
        let target = if group { format!("-{}", child.id()) } else { child.id().to_string() };
        self::signal(signal, target);
        let status = child.wait().unwrap();
        let number = match signal {
            "INT" => 2,
            "TERM" => 15,
            _ => 1,
        };
        assert_eq!(status.signal(), Some(number), "{signal}");
        for name in ["one", "two"] {
            let pid = fs::read_to_string(dir.join(name)).unwrap();
            assert!(!is_alive(&pid), "{signal}: {name} still runs");
        }
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn what_can_not_be_done_is_said_before_the_build() {
    let dir = Dir::new();
    let report = missing("r.json").display().to_string();
    let cannot = format!("the report `{report}` can't be written");
    for (line, says) in [
        ("run --toolchain nosuch -- touch started", "there is no toolchain `nosuch`"),
        (&format!("run --report {report} -- touch started"), &cannot),
        ("run --report . -- touch started", "can't be written"),
        ("env --toolchain nosuch", "there is no toolchain `nosuch`"),
        ("meson-file --toolchain nosuch", "there is no toolchain `nosuch`"),
        ("conan-profile --toolchain nosuch", "there is no toolchain `nosuch`"),
        ("vcpkg-triplet --toolchain nosuch", "there is no toolchain `nosuch`"),
    ] {
        let said = ctl(&dir).line(line).fails(2);
        assert!(said.contains(says), "{line}: {said}");
    }
    assert!(!dir.join("started").exists());
    assert_eq!(dir.names(), ["tmp"]);
}

#[test]
fn files_for_conan_and_vcpkg() {
    let dir = Dir::new();
    let profile = ctl(&dir).line("conan-profile").ok();
    let major = format!("compiler.version={}\n", gcc_major());
    assert!(profile.contains("compiler=gcc\n") && profile.contains(&major) && !profile.contains('@'), "{profile}");
    assert!(profile.contains(&format!("CC={STATICCC}\n")), "{profile}");
    // What the triplet names is a file that stays.
    let triplet = ctl(&dir).line("vcpkg-triplet").ok();
    let chained = triplet.lines().find_map(|l| l.strip_prefix("set(VCPKG_CHAINLOAD_TOOLCHAIN_FILE \"")).unwrap();
    assert!(Path::new(chained.trim_end_matches("\")")).is_file() && !triplet.contains('@'), "{triplet}");
}

#[test]
fn a_package_for_bazel() {
    let dir = Dir::new();
    let bazel = |line: &str| ctl(&dir).line(&format!("bazel {line}"));
    assert!(bazel("w/static").fails(2).contains("is in no workspace of Bazel"));
    dir.file("w/MODULE.bazel", "");
    dir.file("w/static/BUILD.bazel", "# of the user's\n");
    assert!(bazel("w/static").fails(2).contains("BUILD.bazel` exists"));
    assert!(!dir.join("w/static/toolchain.bzl").exists(), "nothing is written by halves");
    let said = bazel("w/static --force").ok();
    assert!(said.starts_with("bazel --bazelrc=") && said.contains("/w/static/static.bazelrc build"), "{said}");
    for (name, part) in [
        ("BUILD.bazel", "@platforms//os:linux"),
        ("toolchain.bzl", STATICCC),
        ("static.bazelrc", "--extra_toolchains=//static:toolchain\n"),
    ] {
        let text = fs::read_to_string(dir.join("w/static").join(name)).unwrap();
        assert!(text.contains(part) && !text.contains("@C") && !text.contains("@LABEL"), "{name}: {text}");
    }
    // Ours are made anew.
    bazel("w/static").ok();
}
