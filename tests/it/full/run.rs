//! `staticctl run` around make, on a terminal, and with other compilers.

use crate::quick::run::{built, ctl, is_alive, names};
use crate::support::*;
use serde_json::Value;
use std::fs;

fn makefile(dir: &Dir, recipe: &str) {
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    dir.file("Makefile", format!("all:\n\t{}\n", recipe.replace('\n', "\n\t")));
}

#[test]
fn a_makefile_that_names_its_compilers_itself() {
    let dir = Dir::new();
    makefile(
        &dir,
        &format!(
            "g++ -O1 h.cpp -o a\ngcc-{} h.c -o b\nx86_64-linux-gnu-gcc h.c -o sub/c\ncc h.c -o d\nclang h.c -o e\n$(CXX) h.cpp -o f",
            gcc_major()
        ),
    );
    fs::create_dir(dir.join("sub")).unwrap();
    let (out, report) = built(&dir, &["make", "-s"]);
    assert_eq!(text(&out.stdout), "");
    assert_eq!(names(&report, "programs"), ["a", "b", "d", "e", "f", "sub/c"]);
    for (name, says) in [("a", "hello\n"), ("b", "hello\n"), ("sub/c", "hello\n"), ("e", "hello\n"), ("f", "hello\n")] {
        assert_eq!(says_in_empty_root(&dir.join(name), &[]), says);
    }
    let said = text(&out.stderr);
    assert!(said.contains("staticcxx: note: 6 programs: 6 static-pie"), "{said}");
    let row = said.lines().find(|l| l.starts_with("  a ")).unwrap();
    assert!(row.contains("static-pie") && row.contains("MiB") && row.contains("host-gcc"), "{row}");
    let a = &report["programs"][0];
    assert_eq!((&a["static"], &a["kind"], &a["outcome"]), (&true.into(), &"static-pie".into(), &"verified".into()));
    assert!(a["bytes"].as_u64().unwrap() == fs::metadata(dir.join("a")).unwrap().len());
    assert!(a["milliseconds"].as_f64().unwrap() > 0.0);
    assert_eq!((&report["status"], names(&report, "foreign").len()), (&0.into(), 0));
    assert_eq!(report["command"], serde_json::json!(["make", "-s"]));
}

#[test]
fn libraries_findings_and_copies_are_reported() {
    let dir = Dir::new();
    let source = "#include <zlib.h>\n#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { printf(\"%d\\n\", zlibVersion()[0] + (dlopen(\"x\", 1) != 0)); return 0; }\n";
    dir.file("z.c", source);
    dir.file("Makefile", "all:\n\tcc -c z.c\n\tcc z.o -lz -o z\n\tmkdir -p dest\n\tcp z dest/z\n\tstrip -o dest/stripped z\n\trm -f gone\n\tcc z.o -lz -o gone\n\trm gone\n");
    let (out, report) = built(&dir, &["make"]);
    let z = &report["programs"][0];
    assert_eq!(names(&report, "programs"), ["z"]);
    assert!(z["libraries"][0].as_str().unwrap().ends_with("/libz.a"), "{z}");
    assert_eq!(z["copies"].as_array().unwrap().len(), 2, "{z}");
    assert_eq!(z["findings"][0]["id"], "needs-dlopen");
    assert_eq!((names(&report, "gone"), names(&report, "foreign").len()), (vec!["gone".to_owned()], 0));
    assert!(text(&out.stderr).contains("`z`: needs-dlopen"), "{}", text(&out.stderr));
}

#[test]
fn probes_are_left_out() {
    let dir = Dir::new();
    makefile(
        &dir,
        "gcc h.c -o conftest\nmkdir -p CMakeFiles\ngcc h.c -o CMakeFiles/cmTC_1234\ngcc h.c -o h\ngcc h.c -o /dev/null",
    );
    let (_, report) = built(&dir, &["make"]);
    assert_eq!((names(&report, "programs"), names(&report, "foreign")), (vec!["h".to_owned()], vec![]));
    assert_eq!(names(&report, "gone"), Vec::<String>::new());
}

#[test]
fn what_passes_us_by_is_found_and_named() {
    let dir = Dir::new();
    makefile(
        &dir,
        "env -i PATH=/usr/bin gcc h.c -o cleaned\n/usr/bin/gcc -static h.c -o absolute\n/usr/bin/gcc -shared -fPIC h.c -o lib.so\nenv -i PATH=/usr/bin gcc -static h.c -o static\ngcc h.c -o ours",
    );
    let (out, report) = built(&dir, &["make"]);
    assert_eq!(names(&report, "programs"), ["absolute", "ours"]);
    assert_eq!(names(&report, "foreign"), ["cleaned", "static"]);
    let said = text(&out.stderr);
    assert!(said.contains("warning: `cleaned` was built without staticcxx"), "{said}");
    assert!(said.contains("libc.so.6") && said.contains("env -i"), "{said}");
    assert!(said.contains("note: `static` was reported by no driver, and is static"), "{said}");
}

#[test]
fn a_build_that_copies_the_directory_of_names() {
    let dir = Dir::new();
    makefile(
        &dir,
        "cp -r $$(dirname $$(command -v gcc)) links\nmkdir copies\ncp -L $$(command -v gcc g++) copies\n\
         PATH=$$PWD/links:$$PATH g++ h.cpp -o a\nPATH=$$PWD/copies:$$PATH g++ h.cpp -o b\nPATH=$$PWD/copies:/usr/bin:/bin gcc h.c -o c",
    );
    let (_, report) = built(&dir, &["make"]);
    assert_eq!(names(&report, "programs"), ["a", "b", "c"]);
    for name in ["a", "b", "c"] {
        assert_eq!(says_in_empty_root(&dir.join(name), &[]), "hello\n");
    }
}

#[test]
fn runs_within_runs() {
    let dir = Dir::new();
    makefile(&dir, &format!("gcc h.c -o outer\n'{STATICCTL}' run --report inner.json -- g++ h.cpp -o inner"));
    let (out, report) = built(&dir, &["make"]);
    assert_eq!(names(&report, "programs"), ["inner", "outer"]);
    let inner: Value = serde_json::from_slice(&fs::read(dir.join("inner.json")).unwrap()).unwrap();
    assert_eq!(names(&inner, "programs"), ["inner"]);
    let said = text(&out.stderr);
    assert!(said.contains("1 program: 1 static-pie") && said.contains("2 programs: 2 static-pie"), "{said}");
    // A directory that the user asked for gets the records too.
    ctl(&dir).env("STATICCXX_REPORT", dir.join("records")).line("run -- gcc h.c -o outer").ok();
    assert_eq!(fs::read_to_string(dir.join("records/links.jsonl")).unwrap().lines().count(), 1);
}

/// Runs `staticctl run` on a terminal of its own, sends it bytes after a text was seen, and prints what it showed.
const TERMINAL: &str = r#"
import os, pty, sys, select, fcntl, termios, struct
seen, send = sys.argv[1].encode(), sys.argv[2].encode().decode("unicode_escape").encode()
pid, fd = pty.fork()
if pid == 0:
    # Before it starts: a terminal without a size has no last row.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(sys.argv[3], sys.argv[3:])
out = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
    if send and seen in out:
        os.write(fd, send)
        send = b""
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(out)
print("\nSIGNAL", os.WTERMSIG(status) if os.WIFSIGNALED(status) else "none", os.WEXITSTATUS(status))
"#;

fn on_a_terminal(dir: &Dir, seen: &str, send: &str, args: &[&str]) -> String {
    dir.file("terminal.py", TERMINAL);
    let run = Run::new("python3").dir(dir.path()).env("TMPDIR", dir.join("tmp")).env("TERM", "xterm");
    fs::create_dir_all(dir.join("tmp")).unwrap();
    run.args(["terminal.py", seen, send, STATICCTL]).args(args).ok()
}

#[test]
fn a_build_keeps_the_terminal_and_ctrl_c() {
    let dir = Dir::new();
    let shown = on_a_terminal(
        &dir,
        "name?",
        "me\n",
        &["run", "--", "sh", "-c", "test -t 0 && printf 'name? ' && read n && echo hello $n"],
    );
    assert!(shown.contains("hello me") && shown.contains("SIGNAL none 0"), "{shown}");
    let shown = on_a_terminal(
        &dir,
        "ready",
        "\\x03",
        &["run", "--", "sh", "-c", "sleep 300 & echo $! > pid; echo ready; wait"],
    );
    assert!(shown.contains("SIGNAL 2"), "{shown}");
    assert!(!is_alive(&fs::read_to_string(dir.join("pid")).unwrap()));
    // Once, as without us: a program that counts its interrupts sees one.
    let counting = "import signal, time\nn = [0]\ndef h(*a): n[0] += 1\nsignal.signal(signal.SIGINT, h)\nprint('ready', flush=True)\nend = time.time() + 1\nwhile time.time() < end: time.sleep(0.05)\nprint('interrupts', n[0])\n";
    dir.file("count.py", counting);
    let shown = on_a_terminal(&dir, "ready", "\\x03", &["run", "--", "python3", "count.py"]);
    assert!(shown.contains("interrupts 1") && shown.contains("SIGNAL none 0"), "{shown}");
    assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
}

#[test]
fn progress_is_the_terminal_s_last_row() {
    let dir = Dir::new();
    makefile(&dir, "@gcc h.c -o first\n@sleep 1\n@echo between\n@gcc h.c -o second\n@sleep 1");
    let shown = on_a_terminal(&dir, "", "", &["run", "--progress", "--", "make"]);
    for part in
        ["\x1b[1;23r", "\x1b[24;1H", "1 linked, last: first static-pie", "2 linked, last: second static-pie", "\x1b[r"]
    {
        assert!(shown.contains(part), "{part:?}: {shown:?}");
    }
    assert!(shown.contains("between\r\n"), "{shown:?}");
    assert!(shown.contains("SIGNAL none 0"), "{shown}");
    // Without a terminal there is nothing to show it on.
    let out = ctl(&dir).line("run --progress -- make").output();
    assert!(out.status.success() && !text(&out.stderr).contains('\x1b'), "{}", text(&out.stderr));
}

#[test]
fn the_user_s_own_compiler_goes_behind_the_driver() {
    let dir = Dir::new();
    makefile(&dir, "$(CC) h.c -o h");
    ctl(&dir).env("CC", "clang -DX=1").line("run -- make").ok();
    assert!(Run::new("readelf").args(["-p", ".comment", "h"]).dir(dir.path()).ok().contains("clang"));
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    let (_, report) = built(&dir, &["make"]);
    assert_eq!(report["programs"][0]["toolchain"], "host-gcc");
    ctl(&dir).env("CC", "clang").line("run --toolchain musl-gcc --report r.json -- make").ok();
    let report: Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!(report["programs"][0]["toolchain"], "musl-gcc");
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn the_environment_can_be_sourced() {
    let dir = Dir::new();
    makefile(&dir, "g++ h.cpp -o h\n$(CC) h.c -o i");
    dir.script("build", &format!("eval \"$('{STATICCTL}' env)\" && exec make"));
    Run::new(dir.join("build")).dir(dir.path()).ok();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    assert!(is_static(&dir.join("i")));
    let json: Value = serde_json::from_str(&ctl(&dir).line("env --shell json").ok()).unwrap();
    for name in ["PATH", "CC", "CXX", "AR", "LD", "NM", "RANLIB", "PKG_CONFIG", "CMAKE_TOOLCHAIN_FILE", "GOFLAGS"] {
        assert!(json[name].is_string(), "{name}: {json}");
    }
    // Tools that judge a compiler by its name know it.
    let cc = json["CC"].as_str().unwrap();
    assert!(cc.ends_with("/bin/gcc") && fs::canonicalize(cc).unwrap() == fs::canonicalize(STATICCC).unwrap(), "{cc}");
    let fish = ctl(&dir).line("env --shell fish").ok();
    assert!(fish.contains(&format!("set -gx CC '{cc}'\n")) && fish.contains(" $PATH\n"), "{fish}");
}

#[test]
fn pkg_config_leaves_the_closure_to_the_drivers() {
    let dir = Dir::new();
    // pkgconf 2.5 finds no package whose name is one letter.
    dir.file("lib/pkgconfig/qq.pc", "Name: qq\nDescription: q\nVersion: 1\nLibs: -lz\nLibs.private: -lnosuchlibrary\n");
    makefile(&dir, "gcc h.c $$(pkg-config --static --libs qq) -o a\ngcc h.c $$($(PKG_CONFIG) --libs --static qq) -o b");
    let run = || ctl(&dir).env("PKG_CONFIG_PATH", dir.join("lib/pkgconfig"));
    run().line("run -- make").ok();
    assert!(is_static(&dir.join("a")) && is_static(&dir.join("b")));
    assert_eq!(run().line("run -- pkg-config --modversion qq").ok(), "1\n");
    run().line("run -- pkg-config --exists nosuch").fails(1);
}
