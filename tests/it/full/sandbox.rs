//! `staticctl try` beside strace, and on a terminal.

use crate::quick::sandbox::{Who, attempt, probe};
use crate::support::*;
use std::fs;

#[test]
fn a_trace_is_what_strace_sees() {
    let root = Dir::new();
    fs::copy(&probe().1, root.join("probe")).unwrap();
    let log = root.join("log");
    let mut run = Run::new("strace")
        .line("-f -e trace=%file -o")
        .args([&log])
        .line("unshare --user --map-root-user --mount --root");
    run = run.args([root.path()]).line("/probe family");
    run.output();
    let log = fs::read_to_string(log).unwrap();
    let after = log.split_once("execve(\"/probe\"").unwrap().1;
    let mut expected: Vec<String> = after
        .lines()
        .filter(|l| l.contains("ENOENT"))
        .filter_map(|l| l.split('"').nth(1).filter(|p| p.starts_with('/')).map(str::to_owned))
        .collect();
    expected.sort();
    expected.dedup();
    assert!(expected.len() >= 3, "{log}");
    let said = text(&attempt(Who::Us, "--trace", "family").output().stderr);
    let mut seen: Vec<String> = said
        .lines()
        .filter_map(|l| l.strip_prefix("staticcxx: note: `")?.split('`').next().map(str::to_owned))
        .collect();
    seen.sort();
    assert_eq!(seen, expected, "{said}");
}

#[test]
fn a_terminal_s_interrupt_comes_once() {
    // The whole foreground group gets it from the terminal; staticctl must not send a second one.
    let (_, probe, ctl) = probe();
    let code = r#"
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "try", sys.argv[2], "catch-int"])
seen = b""
while b"ready" not in seen:
    seen += os.read(fd, 100)
os.write(fd, b"\x03")
try:
    while True:
        more = os.read(fd, 100)
        if not more:
            break
        seen += more
except OSError:
    pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.count(b"interrupt"))
"#;
    let out = Run::new("python3").args(["-c", code]).args([ctl, probe]).ok();
    assert_eq!(out, "6 1\n");
}

#[test]
fn a_shell_stops_it_continues_it_and_ends_it() {
    let (_, probe, ctl) = probe();
    let code = r#"
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-i"])
seen = b""
def until(what):
    global seen
    while what not in seen:
        more = os.read(fd, 1000)
        if not more:
            sys.exit(f"no {what}: {seen}")
        seen += more
    seen = seen.split(what, 1)[1]
os.write(fd, f"PS1='at''your service'; {sys.argv[1]} try {sys.argv[2]} wait\n".encode())
until(b"ready")
os.write(fd, b"\x1a")
until(b"Stopped")
os.write(fd, b"echo stopped by $?\n")
until(b"stopped by 148")
until(b"atyour service")
os.write(fd, b"fg\n")
until(b"wait\r\n")
# The shell names the job before it gives it the terminal.
while os.tcgetpgrp(fd) == pid:
    time.sleep(0.01)
os.write(fd, b"\x03")
until(b"atyour service")
os.write(fd, b"echo ended by $?\n")
until(b"ended by 130")
print("as it should")
"#;
    let out = Run::new("timeout").line("60 python3").args(["-c", code]).args([ctl, probe]).ok();
    assert_eq!(out, "as it should\n");
}
