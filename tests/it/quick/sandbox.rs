//! `staticctl try`: an empty root, as root and as an ordinary user.

use crate::support::*;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;

/// The program and a staticctl where every user can read them: `(directory, probe, staticctl)`.
pub fn probe() -> &'static (Dir, PathBuf, PathBuf) {
    static PROBE: OnceLock<(Dir, PathBuf, PathBuf)> = OnceLock::new();
    PROBE.get_or_init(|| {
        let dir = Dir::new();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sandbox/probe.c");
        Run::new(STATICCC)
            .args([source.as_os_str(), "-pthread".as_ref(), "-o".as_ref()])
            .args([dir.join("probe")])
            .silent();
        fs::copy(STATICCTL, dir.join("staticctl")).unwrap();
        let (probe, ctl) = (dir.join("probe"), dir.join("staticctl"));
        (dir, probe, ctl)
    })
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() == 0
}

/// Who runs it: root if we are, and somebody who is not.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    Us,
    Somebody,
}

const BOTH: [Who; 2] = [Who::Us, Who::Somebody];

pub fn ctl(who: Who) -> Run {
    let (_, _, ctl) = probe();
    match who {
        Who::Somebody if is_root() => {
            Run::new("setpriv").line("--reuid 12345 --regid 12345 --clear-groups --").args([ctl])
        }
        _ => Run::new(ctl),
    }
}

/// `staticctl try OPTIONS probe ARGUMENTS`
pub fn attempt(who: Who, options: &str, arguments: &str) -> Run {
    ctl(who).line("try").line(options).args([&probe().1]).line(arguments)
}

fn all(out: &Output) -> (Option<i32>, String, String) {
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn it_runs_in_nothing_as_nobody() {
    for who in BOTH {
        attempt(who, "", "hello").args(["x"]).dir("/").ok();
        assert_eq!(all(&attempt(who, "", "hello").output()), (Some(0), "hello\n".into(), String::new()), "{who:?}");
        // Not the first process: signals would pass it by.
        assert_eq!(attempt(who, "", "id").ok(), "65532 65532 2\n", "{who:?}");
        assert_eq!(attempt(who, "", "hosts").fails(1), "");
        for path in ["/proc/self", "/dev/null", "/tmp", "/etc"] {
            assert_eq!(all(&attempt(who, "", &format!("show {path}")).output()).0, Some(1), "{who:?} {path}");
        }
    }
}

#[test]
fn what_is_asked_for_is_there() {
    for who in BOTH {
        assert_eq!(attempt(who, "--with-etc", "hosts").ok(), "127.0.0.1\tlocalhost\n", "{who:?}");
        assert_eq!(attempt(who, "--with-tmp", "write /tmp/x").ok(), "written\n", "{who:?}");
        assert_eq!(attempt(who, "--with-dev", "write /dev/null").ok(), "written\n", "{who:?}");
        assert_eq!(attempt(who, "--with-dev", "write /dev/shm/x").ok(), "written\n", "{who:?}");
        assert!(attempt(who, "--with-proc", "show /proc/self/status").ok().starts_with("Name:\tprobe"), "{who:?}");
    }
}

#[test]
fn nothing_can_be_written_outside() {
    for who in BOTH {
        for path in ["/x", "/probe", "/etc/hosts", "/etc/x"] {
            let said = attempt(who, "--with-etc", &format!("write {path}")).output();
            let why = text(&said.stdout);
            // What belongs to root is not somebody else's to write to anyway.
            assert!(
                ["Read-only file system\n", "Permission denied\n"].contains(&why.as_str()),
                "{who:?} {path}: {why}"
            );
            assert_eq!(said.status.code(), Some(1));
        }
        assert!(attempt(who, "--with-proc", "write /proc/sys/kernel/hostname").output().status.code() == Some(1));
    }
    assert_eq!(text(&probe_hello().stdout), "hello\n");
}

fn probe_hello() -> Output {
    Run::new(&probe().1).output()
}

#[test]
fn streams_status_and_environment_pass() {
    let dir = Dir::new();
    let input = dir.file("in", "one\ntwo\n");
    for who in BOTH {
        let out = attempt(who, "", "cat").stdin(fs::File::open(&input).unwrap()).output();
        assert_eq!(all(&out), (Some(0), "one\ntwo\n".into(), "end\n".into()), "{who:?}");
        for status in [0, 1, 3, 125, 255] {
            assert_eq!(attempt(who, "", &format!("exit {status}")).output().status.code(), Some(status), "{who:?}");
        }
        assert_eq!(attempt(who, "", "env FOO").env("FOO", "bar").ok(), "bar\n");
        assert_eq!(attempt(who, "--env FOO=baz", "env FOO").env("FOO", "bar").ok(), "baz\n");
        assert_eq!(attempt(who, "--clear-env", "env FOO").env("FOO", "bar").ok(), "unset\n");
        // Options behind the program are the program's.
        assert_eq!(attempt(who, "", "env --trace").ok(), "unset\n");
    }
}

#[test]
fn a_signal_ends_it_as_it_would_outside() {
    for who in BOTH {
        for signal in [6, 9, 11, 15] {
            for options in ["", "--trace"] {
                let out = attempt(who, options, &format!("raise {signal}")).output();
                assert_eq!(out.status.signal(), Some(signal), "{who:?} {options}: {}", text(&out.stderr));
            }
        }
    }
}

/// Starts it, waits until it is ready, sends a signal to staticctl alone, and gives its end.
fn signalled(who: Who, options: &str, arguments: &str, signal: &str) -> Output {
    let mut child =
        attempt(who, options, arguments).command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    self::signal(signal, child.id());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stdout, &mut rest).unwrap();
    let mut out = child.wait_with_output().unwrap();
    out.stdout = rest.into_bytes();
    out
}

#[test]
fn signals_reach_the_program() {
    for who in BOTH {
        for options in ["", "--trace"] {
            let out = signalled(who, options, "wait", "TERM");
            assert_eq!(out.status.signal(), Some(15), "{who:?} {options}");
            let out = signalled(who, options, "catch", "TERM");
            assert_eq!((out.status.code(), text(&out.stdout).as_str()), (Some(5), "caught 15\n"), "{who:?} {options}");
            let out = signalled(who, options, "wait", "INT");
            assert_eq!(out.status.signal(), Some(2), "{who:?} {options}");
        }
    }
}

#[test]
fn nothing_outlives_it() {
    // Ends at once, although a grandchild would wait for ever with our pipes open.
    for options in ["", "--trace"] {
        assert_eq!(attempt(Who::Us, options, "orphan").output().status.code(), Some(0));
    }
    // Killed, staticctl takes everything along: the pipe closes.
    let out = signalled(Who::Us, "", "wait", "KILL");
    assert_eq!(out.status.signal(), Some(9));
}

#[test]
fn a_trace_names_what_was_missing_and_what_adds_it() {
    for who in BOTH {
        let said = attempt(who, "--trace", "hosts").fails(1);
        assert!(said.contains("note: `/etc/hosts` is not there: `--etc` adds it"), "{who:?}: {said}");
        let said = attempt(who, "--trace --with-etc", "hosts").output();
        assert!(!text(&said.stderr).contains("/etc/hosts"), "{}", text(&said.stderr));
        // Across fork, exec, threads, and from a directory.
        let out = attempt(who, "--trace --with-etc", "family").output();
        assert_eq!(text(&out.stdout), "no /by/exec\n1 44\n", "{who:?}");
        let said = text(&out.stderr);
        for path in ["/by/exec", "/by/thread", "/bin/sh", "/etc/below/here"] {
            assert_eq!(said.matches(&format!("`{path}` is not there")).count(), 1, "{who:?} {path}: {said}");
        }
        assert!(said.contains("one more PROGRAM"), "{said}");
        let said = text(&attempt(who, "--trace", "write /var/log/x").output().stderr);
        assert!(said.contains("`/var/log/x` can't be made") && said.contains("--volume /var/log"), "{said}");
        let said = text(&attempt(who, "--trace", "write /tmp/x").output().stderr);
        assert!(said.contains("`--tmp`") && said.contains("`--with-tmp`"), "{said}");
    }
}

#[test]
fn the_network_is_a_loopback_of_its_own() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connect = format!("connect {}", listener.local_addr().unwrap().port());
    for who in BOTH {
        assert_eq!(attempt(who, "", &connect).ok(), "Connection refused\n", "{who:?}");
        assert_eq!(attempt(who, "--net host", &connect).ok(), "connected\n", "{who:?}");
    }
}

#[test]
fn a_root_of_one_s_own() {
    let root = Dir::new();
    root.file("etc/hosts", "from the root\n");
    root.file("data/x", "data\n");
    std::os::unix::fs::symlink("data", root.join("link")).unwrap();
    fs::create_dir(root.join("bin")).unwrap();
    fs::copy(&probe().1, root.join("bin/inside")).unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let option = format!("--root {}", root.path().display());
    for who in BOTH {
        assert_eq!(attempt(who, &option, "hosts").ok(), "from the root\n", "{who:?}");
        assert_eq!(attempt(who, &option, "show /link/x").ok(), "data\n", "{who:?}");
        assert_eq!(text(&attempt(who, &option, "write /data/y").output().stdout), "Read-only file system\n");
        let inside = ctl(who).line("try").line(&option).line("/bin/inside hosts");
        assert_eq!(inside.ok(), "from the root\n", "{who:?}");
        assert_eq!(attempt(who, &format!("{option} --with-tmp"), "write /tmp/y").ok(), "written\n", "{who:?}");
    }
    assert_eq!(fs::read_dir(root.join("data")).unwrap().count(), 1);
}

#[test]
fn programs_that_can_t_run() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let run = |name: &str| Run::new(STATICCTL).dir(dir.path()).args(["try", name]);
    assert!(run("./missing").fails(127).contains("`./missing` can't be read"));
    Run::new("gcc").dir(dir.path()).line("h.c -o dynamic").silent();
    let said = run("./dynamic").fails(126);
    assert!(said.contains("can't run in an empty root: it has the interpreter") && said.contains("hint: "), "{said}");
    dir.script("script", "echo no");
    assert!(run("./script").fails(126).contains("a script for `/bin/sh`"));
    let whole = fs::read(&probe().1).unwrap();
    dir.file("truncated", &whole[..whole.len() / 2]);
    assert!(run("./truncated").fails(126).contains("broken ELF file"));
    dir.file("plain", &whole);
    assert!(run("./plain").fails(126).contains("not executable"));
    dir.file("empty", "");
    assert!(run("./empty").fails(126).contains("empty"));
    // Set-user-ID has no effect, and that is said.
    dir.file("suid", &whole);
    fs::set_permissions(dir.join("suid"), fs::Permissions::from_mode(0o4755)).unwrap();
    let out = run("./suid").args(["id"]).output();
    assert_eq!(text(&out.stdout), "65532 65532 2\n");
    assert!(text(&out.stderr).contains("no effect"), "{}", text(&out.stderr));
    // A machine that this one is not: nothing is run in its place.
    let mut foreign = whole.clone();
    foreign[18] = 22;
    foreign[19] = 0;
    dir.file("foreign", &foreign);
    fs::set_permissions(dir.join("foreign"), fs::Permissions::from_mode(0o755)).unwrap();
    let said = run("./foreign").fails(126);
    assert!(said.contains("s390x") && said.contains("qemu-user-static"), "{said}");
    for line in ["try", "try --net tcp x", "try --env X ./x"] {
        let out = Run::new(STATICCTL).line(line).output();
        assert!(!out.status.success(), "{line}");
    }
    let root = missing("root");
    assert!(
        Run::new(STATICCTL)
            .args(["try".as_ref(), "--root".as_ref(), root.as_os_str(), "x".as_ref()])
            .fails(125)
            .contains("is not a directory")
    );
}

#[test]
fn where_namespaces_are_refused_nothing_runs() {
    // A user namespace that may not have another one inside: what a machine that forbids them looks like.
    let (_, probe, ctl) = probe();
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces || exit 77; '{}' try '{}' hello",
        ctl.display(),
        probe.display()
    );
    let run = Run::new("unshare").line("--user --map-root-user --mount --").args(["sh", "-c", &script]);
    let out = run.output();
    let said = text(&out.stderr);
    assert_eq!(all(&out), (Some(125), String::new(), said.clone()));
    assert!(said.contains("which was not run: namespaces can't be created"), "{said}");
    assert!(said.contains("hint: user namespaces are switched off here"), "{said}");
}

#[test]
fn its_output_goes_to_who_reads_it() {
    let mut child = attempt(Who::Us, "", "cat").command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "line by line").unwrap();
    drop(stdin);
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "line by line\n");
}

#[test]
fn a_program_is_found_from_here_whether_it_is_copied_or_bound() {
    let dir = Dir::new();
    dir.file(
        "small.c",
        "void _start(void) { __asm__ volatile(\"syscall\" :: \"a\"(60), \"D\"(7)); __builtin_unreachable(); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-Os -s -static -nostdlib small.c -o small").silent();
    dir.file("large.c", "int main(void) { return 7; }\n");
    Run::new(STATICCC).dir(dir.path()).line("large.c -o large").silent();
    fs::copy(dir.join("large"), dir.join("private")).unwrap();
    fs::set_permissions(dir.join("private"), fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::symlink(".", dir.join("here")).unwrap();
    for program in ["./small", "./large", "./private", "here/private"] {
        Run::new(STATICCTL).dir(dir.path()).args(["try", program]).fails(7);
    }
    fs::create_dir(dir.join("root")).unwrap();
    fs::copy(dir.join("small"), dir.join("root/small")).unwrap();
    std::os::unix::fs::symlink("small", dir.join("root/link")).unwrap();
    Run::new(STATICCTL).dir(dir.path()).line("try --root root /link").fails(7);
}

/// ncurses looks for a terminal only where there is a directory for terminals.
pub const LIKE_NCURSES: &str = "#include <stdio.h>\n#include <unistd.h>\n\
    int main(void) {\n\
    \tconst char *dirs[] = {\"/etc/terminfo\", \"/lib/terminfo\", \"/usr/share/terminfo\"};\n\
    \tfor (int i = 0; i < 3; i++) {\n\
    \t\tchar path[64];\n\
    \t\tif (access(dirs[i], R_OK)) continue;\n\
    \t\tsnprintf(path, sizeof path, \"%s/v/vt100\", dirs[i]);\n\
    \t\tif (!access(path, R_OK)) return puts(\"vt100\") < 0;\n\
    \t}\n\
    \treturn puts(\"dumb\") < 0;\n\
    }\n";

#[test]
fn a_trace_names_the_terminal_that_is_missing() {
    let dir = Dir::new();
    dir.file("m.c", LIKE_NCURSES);
    Run::new(STATICCC).dir(dir.path()).line("m.c -o m").silent();
    let (code, said, trace) = all(&Run::new(STATICCTL).dir(dir.path()).line("try --trace ./m").output());
    assert_eq!((code, &*said), (Some(0), "dumb\n"), "{trace}");
    assert!(trace.contains("`/usr/share/terminfo/v/vt100` is not there: `--terminfo vt100` adds it"), "{trace}");
    // Without a trace the root is empty.
    let listed = Run::new(STATICCTL).line("try").args([&probe().1]).line("show /usr").output();
    assert!(!listed.status.success());
}

/// A terminal: what a person sees and types on, and what programs have.
fn terminal() -> (File, File) {
    use nix::libc;
    let (mut person, mut program) = (0, 0);
    // SAFETY: two numbers are written; the descriptors are nobody else's.
    unsafe {
        let (name, termios, size) = (std::ptr::null_mut(), std::ptr::null(), std::ptr::null());
        assert_eq!(libc::openpty(&mut person, &mut program, name, termios, size), 0);
        let mut raw = std::mem::zeroed();
        libc::cfmakeraw(&mut raw);
        assert_eq!(libc::tcsetattr(program, libc::TCSANOW, &raw), 0);
        (File::from_raw_fd(person), File::from_raw_fd(program))
    }
}

#[test]
fn nothing_is_typed_on_the_caller_s_terminal() {
    use nix::libc;
    for options in ["", "--trace"] {
        let (mut person, program) = terminal();
        let copy = || program.try_clone().unwrap();
        let mut command = attempt(Who::Us, options, "type").stdin(copy()).command();
        command.stdout(Stdio::piped());
        // SAFETY: two system calls between fork and exec: a session with this terminal.
        unsafe {
            command.pre_exec(|| match libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                true => Err(std::io::Error::last_os_error()),
                false => Ok(()),
            });
        }
        let out = command.output().unwrap();
        let said = text(&out.stdout);
        let ways: Vec<&str> = said.lines().collect();
        let denied = |way: &str| format!("{way}: Operation not permitted");
        let compat = if cfg!(target_arch = "x86_64") { vec![denied("i386")] } else { Vec::new() };
        let expected = ["TIOCSTI", "high bits", "TIOCLINUX"].map(denied).into_iter().chain(compat);
        assert_eq!(ways, expected.chain(["size known".into()]).collect::<Vec<_>>(), "{}", text(&out.stderr));
        // Only what the person types is there.
        person.write_all(b"x").unwrap();
        let mut typed = [0; 8];
        assert_eq!((copy().read(&mut typed).unwrap(), typed[0]), (1, b'x'));
    }
}

#[test]
fn the_caller_s_keys_are_not_inside() {
    let (_, probe, ctl) = probe();
    for who in BOTH {
        let with_key = |words: &[&OsStr]| {
            let run = if matches!(who, Who::Somebody) && is_root() {
                Run::new("setpriv").line("--reuid 12345 --regid 12345 --clear-groups --").args([probe])
            } else {
                Run::new(probe)
            };
            run.line("with-key").args(words).ok()
        };
        let outside = with_key(&[probe.as_os_str(), "find-key".as_ref()]);
        let inside = with_key(&[ctl.as_os_str(), "try".as_ref(), probe.as_os_str(), "find-key".as_ref()]);
        match outside.starts_with("no keyrings") {
            // A container whose calls are filtered: there is nothing to inherit.
            true => assert_eq!(inside, outside, "{who:?}"),
            false => assert_eq!((outside.as_str(), inside.as_str()), ("secret\n", "no key\n"), "{who:?}"),
        }
    }
}
