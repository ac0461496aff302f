//! The first run of a converted program: one that is not like the original is not written.

use crate::support::*;
use std::fs;
use std::time::{Duration, Instant};

/// A program that acts as its original as long as its own file is small, which no static program is, and then does this.
fn changed(dir: &Dir, when_static: &str, otherwise: &str) {
    dir.file(
        "p.c",
        format!(
            "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/stat.h>\n#include <unistd.h>\n\
             int main(int argc, char **argv) {{ struct stat s; const char *asked = argc > 1 ? argv[1] : \"nothing\"; (void)asked;\n\
             if (stat(\"/proc/self/exe\", &s)) return 9; if (s.st_size > 100000) {{ {when_static}; }} else {{ {otherwise}; }} return 0; }}\n"
        ),
    );
    Run::new("gcc").dir(dir.path()).line("p.c -o p").silent();
    let _ = fs::remove_file(dir.join("static"));
}

fn convert(dir: &Dir) -> Run {
    Run::new(STATICCTL).dir(dir.path()).line("convert ./p -o static")
}

#[test]
fn a_result_that_crashes_is_not_written() {
    let dir = Dir::new();
    for (when_static, otherwise, said) in [
        (
            "fputs(\"gone\\n\", stderr); raise(SIGSEGV)",
            "puts(asked)",
            "`p --version` is ended by signal 11 (last it prints: gone), the original ends with status 0",
        ),
        ("return 3", "puts(asked)", "`p --version` ends with status 3, the original ends with status 0"),
        (
            "return strcmp(asked, \"--help\") ? 4 : 0",
            "return 5",
            "`p --help` ends with status 0, the original ends with status 5",
        ),
        // One that does not answer.
        ("abort()", "sleep(100)", "`p --version` is ended by signal 6, the original does not end within 2 s"),
        (
            "return 0",
            "for (;;) puts(\"more\"), usleep(1000)",
            "`p --version` ends with status 0, the original does not end within 10 s",
        ),
    ] {
        changed(&dir, when_static, otherwise);
        let out = convert(&dir).output();
        let error = text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{error}");
        assert!(error.contains(&format!("error: the result is not like the original: {said}")), "{error}");
        assert!(error.contains("hint: nothing was written; --no-verify") && !dir.join("static").exists(), "{error}");
        convert(&dir).args(["--no-verify"]).ok();
        assert!(is_static(&dir.join("static")));
    }
}

#[test]
fn what_says_nothing_about_the_result_is_no_error() {
    let dir = Dir::new();
    for (when_static, otherwise, warning) in [
        (
            "printf(\"%s!\\n\", asked)",
            "puts(asked)",
            Some("warning: `p --version` prints something else than the original does"),
        ),
        ("return 3", "return 4", Some("warning: `p --help` ends with status 3, the original with status 4")),
        // The original says something else each time.
        ("puts(asked)", "printf(\"%d\\n\", getpid()); printf(\"%ld\\n\", (long)&s)", None),
        // It is slow, when its files are read for the first time.
        ("puts(asked)", "sleep(3); puts(asked)", None),
        // It crashes itself.
        ("return 0", "abort()", None),
        ("sleep(100)", "sleep(100)", None),
    ] {
        changed(&dir, when_static, otherwise);
        let out = convert(&dir).args(["--json"]).output();
        let said = text(&out.stderr);
        assert!(out.status.success() && dir.join("static").exists(), "{said}");
        assert_eq!(said.contains("warning: "), warning.is_some(), "{said}");
        assert!(warning.is_none_or(|w| said.contains(w)), "{said}");
        assert_eq!(json(&text(&out.stdout))["answers"].as_array().map(Vec::len), Some(0));
    }
    changed(&dir, "puts(asked)", "puts(asked)");
    let record = json(&convert(&dir).args(["--json"]).ok());
    assert_eq!(record["answers"], serde_json::json!(["--version", "--help"]));
}

/// What an original wants that it has not got there, the result wants too: no difference, and nothing is said.
#[test]
fn originals_that_want_more_than_a_first_run_has() {
    let dir = Dir::new();
    for wants in [
        "if (!isatty(0)) { fputs(\"no terminal\\n\", stderr); return 7; } puts(asked)",
        "if (!getenv(\"DISPLAY\")) { fputs(\"no display\\n\", stderr); return 6; } puts(asked)",
        "if (setuid(1234)) { perror(\"setuid\"); return 5; } puts(asked)",
        "if (nice(-20) < 0) { perror(\"nice\"); return 4; } puts(asked)",
        "if (access(\"/dev/kvm\", R_OK)) { perror(\"kvm\"); return 3; } puts(asked)",
    ] {
        changed(&dir, wants, wants);
        let out = convert(&dir).output();
        let said = text(&out.stderr);
        assert!(out.status.success() && is_static(&dir.join("static")), "{wants}: {said}");
        assert!(!said.contains("warning: ") && !said.contains("error: "), "{wants}: {said}");
    }
    // One that looks at its own bytes, and stops: the result is not like it.
    changed(&dir, "fputs(\"my file was changed\\n\", stderr); return 3", "puts(asked)");
    let said = convert(&dir).fails(1);
    assert!(said.contains("ends with status 3 (last it prints: my file was changed)"), "{said}");
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Writes here and to /tmp, connects to a port of this machine's, looks at /run and for a display, and prints what it could.
const ACTS_C: &str = fixture!("first_run/acts.c");

/// What a program does that takes no notice of its arguments stays without consequences.
#[test]
fn the_first_run_can_change_nothing() {
    let dir = Dir::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    dir.file("p.c", ACTS_C);
    let place = dir.join("there");
    let line = format!("p.c -o p -DPORT={port} -DPLACE=\"{}\"", place.display());
    Run::new("gcc").dir(dir.path()).line(&line).silent();
    let record = json(&convert(&dir).args(["--json"]).env("DISPLAY", ":0").ok());
    assert_eq!(record["answers"].as_array().unwrap().len(), 2, "{record}");
    assert!(!dir.join("written").exists() && !place.exists());
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it reached the machine's network");
    // The same program does all of it where it may.
    let said = Run::new(dir.join("static")).dir(dir.path()).env("DISPLAY", ":0").ok();
    assert_eq!(said, "1 1 1 1 display\n");
    assert!(listener.accept().is_ok());
}

/// In a container that allows no namespaces nothing is run, and that is said.
#[test]
fn without_namespaces_nothing_is_run() {
    let dir = Dir::new();
    changed(&dir, "abort()", "puts(asked)");
    let script = format!("echo 0 > /proc/sys/user/max_user_namespaces && exec '{STATICCTL}' convert ./p -o static");
    let out = Run::new("unshare").dir(dir.path()).line("--user --map-root-user sh -c").args([script]).output();
    let said = text(&out.stderr);
    assert!(
        out.status.success() && said.contains("note: the result was not run: namespaces can't be created"),
        "{said}"
    );
    assert!(is_static(&dir.join("static")));
}

#[test]
fn runs_with_the_user_s_arguments_have_an_end() {
    let dir = Dir::new();
    // What it leaves behind holds its output.
    for endless in
        ["for (;;);", "if (!fork()) for (;;) sleep(1); sleep(100)", "signal(SIGTERM, SIG_IGN); for (;;) sleep(1)"]
    {
        changed(&dir, endless, endless);
        let start = Instant::now();
        let said = convert(&dir).line("--verify --timeout 1").fails(2);
        assert!(said.contains("original and result can't be compared: it did not end within 1 s"), "{said}");
        assert!(said.contains("hint: --timeout SECONDS") && !dir.join("static").exists(), "{said}");
        assert!(start.elapsed() < Duration::from_secs(30), "{endless}");
        // A signal ends it, whatever the program makes of it.
        let mut child = convert(&dir).line("--verify").command();
        let mut child = child.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1500));
        signal("TERM", child.id().to_string());
        let sent = Instant::now();
        let ended = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(15), "{endless}: {ended}");
        assert!(sent.elapsed() < Duration::from_secs(15), "{endless}: {:?}", sent.elapsed());
    }
}

#[test]
fn archives_that_say_something_else_are_not_taken() {
    let dir = Dir::new();
    dir.file("said.c", "const char *said(void) { return BUILD; }");
    dir.file("p.c", "#include <stdio.h>\nconst char *said(void);\nint main(void) { return puts(said()) < 0; }");
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-DBUILD=\"shared\" -fPIC -shared -Wl,-soname,libsaid.so said.c -o libsaid.so");
    gcc("-DBUILD=\"archive\" -c said.c -o said.o");
    Run::new("ar").dir(dir.path()).line("rc libsaid.a said.o").silent();
    gcc("p.c -L. -lsaid -Wl,-rpath,$ORIGIN -o p");
    let said = convert(&dir).output();
    let error = text(&said.stderr);
    assert!(said.status.success() && error.contains("with archives `./p` did something else"), "{error}");
    assert!(!error.contains("warning"), "{error}");
    let table = text(&said.stdout);
    assert!(table.lines().any(|l| l.contains("libsaid.so") && l.contains("converted")), "{table}");
    assert_eq!(Run::new(dir.join("static")).ok(), "shared\n");
    // Nothing is compared, and the archive is taken.
    convert(&dir).line("--no-verify").ok();
    assert_eq!(Run::new(dir.join("static")).ok(), "archive\n");
}
