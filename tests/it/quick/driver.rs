//! A driver call from outside.

use crate::support::*;
use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;

#[test]
fn a_c_and_a_cxx_program_are_static_and_run_in_nothing() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    Run::new(STATICCC).dir(dir.path()).line("-O2 h.c -o c").silent();
    Run::new(STATICCXX).dir(dir.path()).line("-O2 h.cpp -o cxx").silent();
    assert_eq!(says_in_empty_root(&dir.join("c"), &["a", "b"]), "hello a b\n");
    assert_eq!(says_in_empty_root(&dir.join("cxx"), &[]), "hello\n");
}

#[test]
fn every_shape_that_can_be_asked_for() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    for (options, kind) in [
        ("", "DYN"),
        ("-pie", "DYN"),
        ("-static-pie", "DYN"),
        ("-no-pie", "EXEC"),
        ("-static", "EXEC"),
        ("-static -pie", "EXEC"),
        ("-fno-pie", "EXEC"),
        ("-rdynamic -Wl,-rpath,/x -Wl,-Bdynamic -Wl,--dynamic-linker,/lib/ld.so", "DYN"),
        ("-Wl,-rpath -Wl,/x -Xlinker -E -Wl,--dynamic-list,none/list", "DYN"),
        ("-lgcc_s -lc -lm", "DYN"),
        ("-l:libm.so.6 -l m -Wl,-lm -Wl,--library=m", "DYN"),
    ] {
        Run::new(STATICCC).dir(dir.path()).line("h.c -o h").line(options).silent();
        let header = Run::new("readelf").arg_line("-hW", &dir.join("h")).ok();
        assert!(header.lines().any(|l| l.contains("Type:") && l.contains(kind)), "{options}: {header}");
        assert_eq!(says_in_empty_root(&dir.join("h"), &["x"]), "hello x\n", "{options}");
    }
}

impl Run {
    fn arg_line(self, flag: &str, path: &std::path::Path) -> Run {
        self.args([OsStr::new(flag), path.as_os_str()])
    }
}

#[test]
fn what_is_no_link_is_the_compiler_s_own() {
    let dir = Dir::new();
    dir.file("x.c", "#warning w\nint x;\n");
    dir.file("bad.c", "int x\n");
    for line in [
        "--version",
        "-v",
        "-dumpmachine",
        "-print-search-dirs",
        "-print-prog-name=ld",
        "-Wl,--version",
        "-E x.c",
        "-c x.c -o out.o",
        "-S x.c -o out.s",
        "-fsyntax-only bad.c",
        "-c bad.c",
        "-c nonexistent.c",
        "-c x.c -frobnicate",
        "",
        "-M x.c",
        "-Wl,-v",
        "--help",
    ] {
        let run = |program: &OsStr| {
            let out = Run::new(program).dir(dir.path()).line(line).output();
            let made = fs::read(dir.join("out.o")).or_else(|_| fs::read(dir.join("out.s"))).ok();
            let _ = (fs::remove_file(dir.join("out.o")), fs::remove_file(dir.join("out.s")));
            (out.status.code(), plain(&out.stdout), plain(&out.stderr), made)
        };
        assert_eq!(run(STATICCC.as_ref()), run(which("cc").as_ref()), "{line}");
    }
}

/// Output without the names of temporary files.
fn plain(bytes: &[u8]) -> String {
    let word = |word: &str| match word.find("/tmp/cc") {
        Some(at) => format!("{}TEMP", &word[..at]),
        None => word.to_owned(),
    };
    text(bytes).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn arguments_pass_byte_for_byte() {
    let dir = Dir::new();
    let cc = recording(&dir, "fakecc", "exit 0");
    let words = ["-c", "a b", "", "-DX=\"q\"", "$HOME", "x.c", "-frobnicate=1", "\\", "--unknown", "v"];
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).args(words).silent();
    assert_eq!(recorded(&dir, "fakecc"), [words.map(str::to_owned).to_vec()], "one call, no probe");
}

#[test]
fn bytes_on_stdin_stdout_stderr_and_the_status_are_the_compiler_s() {
    let dir = Dir::new();
    let cc = dir.script("fakecc", "cat; printf '\\377\\000out'; printf '\\376err' >&2; exit 37");
    let input = dir.file("in", b"\x00\xffin\n");
    let out = Run::new(STATICCC).env("STATICCXX_CC", &cc).line("-E -").stdin(fs::File::open(input).unwrap()).output();
    assert_eq!(out.status.code(), Some(37));
    assert_eq!(out.stdout, b"\x00\xffin\n\xff\x00out");
    assert_eq!(out.stderr, b"\xfeerr");
}

#[test]
fn a_signal_that_kills_the_compiler_kills_the_driver() {
    let dir = Dir::new();
    let cc = dir.script("fakecc", "[ -z \"$DIE\" ] && exec gcc \"$@\"; kill -SEGV $$");
    let run = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc);
    dir.file("h.c", HELLO_C);
    run().line("h.c -o h").silent();
    for line in ["-c h.c", "h.c -o h"] {
        assert_eq!(run().env("DIE", "1").line(line).output().status.signal(), Some(11), "{line}");
    }
}

#[test]
fn inherited_descriptors_reach_the_compiler() {
    let dir = Dir::new();
    let cc = dir.script("fakecc", "[ -n \"$TOKEN\" ] && echo token >&$TOKEN; exec gcc \"$@\"");
    dir.file("h.c", HELLO_C);
    for line in ["-c h.c", "h.c -o h"] {
        let jobserver = fs::File::create(dir.join("jobs")).unwrap();
        let fd = jobserver.as_raw_fd();
        nix::fcntl::fcntl(&jobserver, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc);
        run.env("TOKEN", fd.to_string()).line(line).silent();
        // The probe of a first link has it as well.
        assert!(fs::read_to_string(dir.join("jobs")).unwrap().ends_with("token\n"), "{line}");
    }
}

#[test]
fn shared_and_relocatable_links_are_as_asked() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 42; }\n");
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC q.c -o libq.so -Wl,-soname,libq.so.1").silent();
    let dynamic = Run::new("readelf").arg_line("-dW", &dir.join("libq.so")).ok();
    assert!(dynamic.contains("libq.so.1"), "{dynamic}");
    Run::new(STATICCC).dir(dir.path()).line("-r q.c -o q.o").silent();
    let header = Run::new("readelf").arg_line("-hW", &dir.join("q.o")).ok();
    assert!(header.contains("REL (Relocatable"), "{header}");
}

#[test]
fn v_with_inputs_prints_what_really_runs() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let out = Run::new(STATICCC).dir(dir.path()).line("-v h.c -o h").output();
    let line = text(&out.stderr);
    let link = line.lines().find(|l| l.contains("collect2")).unwrap();
    assert!(link.contains("rcrt1.o") && link.contains("-static"), "{link}");
    let before = dir.names();
    let out = Run::new(STATICCC).dir(dir.path()).line("-### h.c -o nothing").output();
    assert!(out.status.success() && text(&out.stderr).contains("rcrt1.o"), "{}", text(&out.stderr));
    assert_eq!(dir.names(), before);
}

#[test]
fn a_failed_link_is_the_linker_s_own_failure() {
    let dir = Dir::new();
    dir.file("x.c", "int no(void); int main(void) { return no(); }\n");
    let plain = Run::new("gcc").dir(dir.path()).line("-static-pie -fPIE -c x.c").output();
    assert!(plain.status.success());
    let ours = Run::new(STATICCC).dir(dir.path()).line("x.o -o x").fails(1);
    let theirs = Run::new("gcc").dir(dir.path()).line("-static-pie x.o -o x").fails(1);
    assert_eq!(ours, theirs);
    assert!(!dir.join("x").exists());
}

#[test]
fn response_files_are_read_as_the_compiler_reads_them() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("args", "h.c -o 'h h' @more \"-DX=a b\"\n");
    dir.file("more", "-O2 \\-lm");
    Run::new(STATICCC).dir(dir.path()).line("@args").silent();
    assert_eq!(says_in_empty_root(&dir.join("h h"), &[]), "hello\n");
    dir.file("loop", "@loop");
    fs::create_dir(dir.join("d")).unwrap();
    for line in ["@loop", "@d h.c", "@nonexistent", "-c @nonexistent"] {
        let [ours, theirs] = [STATICCC.into(), which("cc")].map(|p| Run::new(p).dir(dir.path()).line(line).output());
        assert_eq!(ours.status, theirs.status, "{line}");
        assert_eq!(plain(&ours.stderr), plain(&theirs.stderr), "{line}");
    }
}

#[test]
fn a_command_line_of_many_objects_fits() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    Run::new(STATICCC).dir(dir.path()).line("-c h.c").silent();
    // Empty objects under long names: a megabyte of arguments, more than one page of the response file.
    let name = format!("an_object_with_a_long_name_{:0200}.o", 0);
    dir.file("empty.s", ".section .note.GNU-stack,\"\",@progbits\n");
    Run::new("gcc").dir(dir.path()).args(["-c", "empty.s", "-o", &name]).silent();
    let list: String = std::iter::repeat_n(name + "\n", 5_000).collect();
    dir.file("args", format!("h.o -o h\n{list}"));
    Run::new(STATICCC).dir(dir.path()).line("@args").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn paths_that_are_not_utf_8_work() {
    let dir = Dir::new();
    let source = dir.file(OsStr::from_bytes(b"h\xff\xfe.c"), HELLO_C);
    let out = dir.join(OsStr::from_bytes(b"out \xff"));
    Run::new(STATICCC).args([source.as_os_str(), OsStr::new("-o"), out.as_os_str()]).silent();
    assert_eq!(says_in_empty_root(&out, &[]), "hello\n");
}

#[test]
fn a_source_on_stdin_is_linked() {
    let dir = Dir::new();
    let source = dir.file("h.c", HELLO_C);
    let run = Run::new(STATICCC).dir(dir.path()).line("-xc - -o h");
    run.stdin(fs::File::open(source).unwrap()).silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn an_output_that_is_no_regular_file_is_never_removed() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    Run::new(STATICCC).dir(dir.path()).line("h.c -o /dev/null").silent();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    // `-o -` is no stdout but a file, as for every linker.
    Run::new(STATICCC).dir(dir.path()).line("h.c -o -").silent();
    assert!(is_static(&dir.join("-").canonicalize().unwrap()));
}

#[test]
fn a_program_that_came_out_dynamic_is_an_error_and_no_file() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let cc = dir.script(
        "badcc",
        "[ -z \"$DYNAMIC\" ] && exec gcc \"$@\"\nfor a; do shift; case $a in -static*) ;; *) set -- \"$@\" \"$a\";; esac; done; exec gcc \"$@\"",
    );
    let run = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).line("h.c -o h");
    run().silent();
    let said = run().env("DYNAMIC", "1").fails(1);
    assert!(said.contains("staticcxx: error: `h` is not a static program") && said.contains("libc.so.6"), "{said}");
    assert!(said.contains("staticcxx: hint: "), "{said}");
    assert!(!dir.join("h").exists());
    let out = run().env("DYNAMIC", "1").env("STATICCXX_CHECK", "warn").output();
    assert!(out.status.success() && text(&out.stderr).starts_with("staticcxx: warning: "), "{}", text(&out.stderr));
    assert!(dir.join("h").exists());
    run().env("DYNAMIC", "1").env("STATICCXX_CHECK", "off").silent();
}

#[test]
fn an_unknown_check_mode_is_said_and_strict() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let out = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CHECK", "lax").line("h.c").output();
    assert!(out.status.success() && text(&out.stderr).contains("warning: STATICCXX_CHECK=lax"));
}

#[test]
fn sanitizers_that_need_a_dynamic_program_are_refused() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let run = || Run::new(STATICCC).dir(dir.path()).line("-fsanitize=address h.c -o h");
    let said = run().fails(1);
    assert!(said.contains("error: `-fsanitize=address`") && said.contains("hint: "), "{said}");
    assert!(!dir.join("h").exists());
    let out = run().env("STATICCXX_CHECK", "warn").output();
    assert!(out.status.success() && text(&out.stderr).contains("warning: "), "{}", text(&out.stderr));
    Run::new(STATICCC).dir(dir.path()).line("-fsanitize=address -c h.c").silent();
    // The one that is a matter of code alone.
    Run::new(STATICCC)
        .dir(dir.path())
        .line("-fsanitize=undefined -fsanitize-undefined-trap-on-error h.c -o u")
        .silent();
    assert_eq!(says_in_empty_root(&dir.join("u"), &[]), "hello\n");
}

#[test]
fn parallel_links_each_report_one_line() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let report = dir.join("report");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let (dir, report) = (&dir, &report);
            scope.spawn(move || {
                let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", report);
                run.args(["h.c", "-o", &format!("h{i}")]).silent();
            });
        }
    });
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", &report).line("h.c -o bad -lnope").fails(1);
    let lines = fs::read_to_string(report.join("links.jsonl")).unwrap();
    let records: Vec<serde_json::Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(records.len(), 9);
    let good: Vec<_> = records.iter().filter(|r| r["outcome"] == "verified").collect();
    assert_eq!(good.len(), 8);
    for record in good {
        assert_eq!(record["kind"], "static-pie");
        assert!(record["times"]["link"].as_f64().unwrap() > 0.0);
        assert!(record["image"]["bytes"].as_u64().unwrap() > 100_000);
        assert!(record["rules"].as_array().unwrap().iter().any(|r| r["rule"] == "static-kind"));
    }
    assert_eq!(records[8]["status"], 1);
}

#[test]
fn the_log_says_what_is_run() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let out = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_LOG", "debug").line("h.c -o h -rdynamic").output();
    let said = text(&out.stderr);
    assert!(said.contains("-static-pie") && said.contains("no-dynamic-exports"), "{said}");
}
