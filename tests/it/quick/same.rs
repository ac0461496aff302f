//! The same program: archives that would make another one than their shared objects, each against the dynamic twin.

use crate::support::*;

fn gcc(dir: &Dir, line: &str) {
    Run::new("gcc").dir(dir.path()).line(line).silent();
}

/// A library as shared object and archive, both from some objects.
fn library(dir: &Dir, name: &str, shared: &str, archive: &str) {
    gcc(dir, &format!("-shared {shared} -o lib{name}.so -Wl,-soname,lib{name}.so"));
    Run::new("ar").dir(dir.path()).line(&format!("rcs lib{name}.a {archive}")).silent();
}

/// Builds a program both ways, and what both print.
fn both(dir: &Dir, line: &str) -> String {
    gcc(dir, &format!("{line} -o dynamic -Wl,-rpath,."));
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).ok();
    Run::new(STATICCC).dir(dir.path()).line(line).args(["-o", "static"]).silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
    said
}

/// The rule by which `explain` says that a shared object is taken in place of its archive.
fn passed_by(dir: &Dir, line: &str) -> String {
    let text = Run::new(STATICCTL).dir(dir.path()).line("explain -- gcc").line(line).ok();
    let found = text.lines().find(|l| l.starts_with("passed by:")).unwrap_or_default();
    found.split_once('(').map(|(_, rest)| rest.split(')').next().unwrap_or_default().to_owned()).unwrap_or_default()
}

#[test]
fn the_first_directory_wins_whatever_version_a_later_one_has() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.join("later")).unwrap();
    for (at, version) in [("", "mine"), ("later/", "other")] {
        dir.file(format!("{at}v.c"), format!("const char *version(void) {{ return \"{version}\"; }}\n"));
        gcc(&dir, &format!("-fPIC -c {at}v.c -o {at}v.o"));
        gcc(&dir, &format!("-shared {at}v.o -o {at}libv.so -Wl,-soname,libv.so"));
    }
    Run::new("ar").dir(dir.path()).line("rcs later/libv.a later/v.o").silent();
    dir.file("m.c", "#include <stdio.h>\nconst char *version(void);\nint main(void) { puts(version()); return 0; }\n");
    gcc(&dir, "-c m.c");
    assert_eq!(both(&dir, "m.o -L. -Llater -lv"), "mine\n");
    // The same library, in two directories.
    std::fs::copy(dir.join("libv.so"), dir.join("later/libv.so")).unwrap();
    std::fs::copy(dir.join("v.o"), dir.join("later/v.o")).unwrap();
    std::fs::remove_file(dir.join("later/libv.a")).unwrap();
    Run::new("ar").dir(dir.path()).line("rcs later/libv.a later/v.o").silent();
    assert_eq!(both(&dir, "m.o -L. -Llater -lv"), "mine\n");
    let text = Run::new(STATICCTL).dir(dir.path()).line("explain -- gcc m.o -L. -Llater -lv").ok();
    assert!(text.contains("later/libv.a"), "{text}");
    // An archive that is named is one.
    assert_eq!(both(&dir, "m.o -L. -Llater -l:libv.a"), "mine\n");
}

#[test]
fn an_archive_without_symbols_is_no_library() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 3; }\n");
    dir.file("nothing.c", "static int unused __attribute__((used));\n");
    dir.file("m.c", "#include <stdio.h>\nint q(void);\nint main(void) { printf(\"%d\\n\", q()); return 0; }\n");
    gcc(&dir, "-fPIC -c q.c nothing.c m.c");
    library(&dir, "q", "q.o", "nothing.o");
    assert_eq!(both(&dir, "m.o -L. -lq"), "3\n");
    assert_eq!(passed_by(&dir, "m.o -L. -lq"), "empty-archive");
}

#[test]
fn the_interface_that_is_needed_is_taken() {
    let dir = Dir::new();
    dir.file("log.c", "#ifdef SHARED\nint log_mt(void) { return 1; }\n#else\nint log_st(void) { return 2; }\n#endif\nint level(void) { return 3; }\n");
    gcc(&dir, "-fPIC -c log.c -o st.o");
    gcc(&dir, "-fPIC -DSHARED -c log.c -o mt.o");
    library(&dir, "log", "mt.o", "st.o");
    dir.file(
        "mt.c",
        "#include <stdio.h>\nint log_mt(void);\nint main(void) { printf(\"%d\\n\", log_mt()); return 0; }\n",
    );
    dir.file(
        "any.c",
        "#include <stdio.h>\nint level(void);\nint main(void) { printf(\"%d\\n\", level()); return 0; }\n",
    );
    gcc(&dir, "-c any.c");
    // Compiled by the same call.
    assert_eq!(both(&dir, "mt.c -L. -llog"), "1\n");
    gcc(&dir, "-c mt.c -o mtmain.o");
    assert_eq!(passed_by(&dir, "mtmain.o -L. -llog"), "other-interface");
    assert_eq!(both(&dir, "any.o -L. -llog"), "3\n");
    assert_eq!(passed_by(&dir, "any.o -L. -llog"), "");
    // Another library that was linked with the shared object needs it.
    dir.file("user.c", "int log_mt(void);\nint use(void) { return log_mt() + 10; }\n");
    gcc(&dir, "-fPIC -c user.c");
    gcc(&dir, "-shared user.o -o libuser.so -L. -llog -Wl,-soname,libuser.so -Wl,-rpath,.");
    Run::new("ar").dir(dir.path()).line("rcs libuser.a user.o").silent();
    dir.file("u.c", "#include <stdio.h>\nint use(void);\nint main(void) { printf(\"%d\\n\", use()); return 0; }\n");
    assert_eq!(both(&dir, "u.c -L. -luser"), "11\n");
}

#[test]
fn a_weak_reference_takes_the_interface_of_what_is_loaded() {
    let dir = Dir::new();
    dir.file("st.c", "int log_st(void) { return 2; }\n");
    dir.file("mt.c", "int log_mt(void) { return 1; }\n");
    dir.file(
        "m.c",
        "#include <stdio.h>\n#pragma weak log_mt\nint log_mt(void);\n\
         int main(void) { printf(\"%d\\n\", log_mt ? log_mt() : -1); return 0; }\n",
    );
    gcc(&dir, "-fPIC -c st.c mt.c m.c");
    library(&dir, "log", "st.o mt.o", "st.o");
    assert_eq!(both(&dir, "m.o -L. -Wl,--no-as-needed -llog"), "1\n");
    assert_eq!(passed_by(&dir, "m.o -L. -Wl,--no-as-needed -llog"), "other-interface");
    // ld.so does not load it.
    assert_eq!(both(&dir, "m.o -L. -Wl,--as-needed -llog"), "-1\n");
    assert_eq!(passed_by(&dir, "m.o -L. -Wl,--as-needed -llog"), "");
}

#[test]
fn a_linker_script_stands_for_the_shared_object_that_it_names() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 3; }\n");
    dir.file("private.c", "__attribute__((visibility(\"hidden\"))) int inside(void) { return 4; }\n");
    dir.file("m.c", fixture!("same/weak-and-where.c"));
    gcc(&dir, "-fPIC -c q.c private.c m.c");
    gcc(&dir, "-shared q.o private.o -o libq.so.1 -Wl,-soname,libq.so.1");
    Run::new("ar").dir(dir.path()).line("rcs libq.a q.o private.o").silent();
    dir.file("libq.so", "INPUT(libq.so.1)\n");
    // An alias, as libcurses.so is one.
    dir.file("libalias.so", "INPUT(-lq)\n");
    std::os::unix::fs::symlink("libq.a", dir.join("libalias.a")).unwrap();
    for name in ["q", "alias"] {
        assert_eq!(both(&dir, &format!("m.o -L. -Wl,--no-as-needed -l{name}")), "3 libq.so.1 -1\n");
    }
}

#[test]
fn a_function_of_libc_that_a_library_has_too_is_the_library_s() {
    let dir = Dir::new();
    dir.file("q.c", "long gethostid(void) { return 3; }\nint q(void) { return 1; }\n");
    dir.file("m.c", fixture!("same/weak-and-where.c"));
    gcc(&dir, "-fPIC -c q.c");
    gcc(&dir, "-Dq=gethostid -c m.c");
    library(&dir, "q", "q.o", "q.o");
    assert_eq!(both(&dir, "m.o -L. -lq"), "3 libq.so -1\n");
}

#[test]
fn c_programs_with_libstdcxx_have_libm() {
    let dir = Dir::new();
    dir.file(
        "x.cc",
        "#include <charconv>\n#include <cmath>\nextern \"C\" int x(const char *text, const char *end) {\n\
         double d = 0;\nstd::from_chars(text, end, d);\nreturn (int)std::cbrt(d);\n}\n",
    );
    dir.file(
        "m.c",
        "#include <stdio.h>\nint x(const char *, const char *);\n\
         int main(void) { const char t[] = \"27.5\"; printf(\"%d\\n\", x(t, t + 4)); return 0; }\n",
    );
    Run::new("g++").dir(dir.path()).line("-c x.cc").silent();
    gcc(&dir, "-c m.c");
    for line in ["m.o x.o -lstdc++ -lm", "m.o x.o -lm -lstdc++"] {
        assert_eq!(both(&dir, line), "3\n", "{line}");
    }
    // libm is none of the program's needs, only of libstdc++'s.
    dir.file(
        "y.cc",
        "#include <charconv>\nextern \"C\" int x(const char *text, const char *end) {\n\
         long double d = 0;\nstd::from_chars(text, end, d);\nreturn d > 27;\n}\n",
    );
    Run::new("g++").dir(dir.path()).line("-c y.cc").silent();
    assert_eq!(both(&dir, "m.o y.o -lstdc++"), "1\n");
}

#[test]
fn a_second_unwinder_leaves_exceptions_alone() {
    let dir = Dir::new();
    // As libunwind has it: functions of GCC's unwinder, one of them in a member with another function.
    dir.file(
        "u.c",
        "int unw(void) { return 5; }\nvoid _Unwind_Resume(void *e) { (void)e; __builtin_trap(); }\n\
         unsigned long _Unwind_GetIP(void *c) { (void)c; __builtin_trap(); }\n",
    );
    dir.file(
        "t.cc",
        "#include <cstdio>\n#include <string>\nextern \"C\" int unw(void);\n\
         static int f(int n) { std::string kept(n, 'x'); if (n) throw n; return kept.size(); }\n\
         int main() { try { return f(unw()); } catch (int n) { std::printf(\"%d\\n\", n); } }\n",
    );
    gcc(&dir, "-fPIC -c u.c");
    // Versioned, so that the dynamic program takes libgcc_s's.
    dir.file("u.map", "{ global: unw; local: *; };\n");
    gcc(&dir, "-shared u.o -o libu.so -Wl,-soname,libu.so -Wl,--version-script,u.map");
    Run::new("ar").dir(dir.path()).line("rcs libu.a u.o").silent();
    Run::new("g++").dir(dir.path()).line("-c t.cc").silent();
    Run::new("g++").dir(dir.path()).line("t.o -L. -lu -Wl,-rpath,. -o dynamic").silent();
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).ok();
    Run::new(STATICCXX).dir(dir.path()).line("t.o -L. -lu -o static").silent();
    assert_eq!((says_in_empty_root(&dir.join("static"), &[]), said), ("5\n".into(), "5\n".into()));
    let text = Run::new(STATICCTL).dir(dir.path()).line("explain -- g++ t.o -L. -lu").ok();
    assert!(text.contains("(second-unwinder)"), "{text}");
}

#[test]
fn fixed_code_makes_a_fixed_program_or_is_replaced() {
    let dir = Dir::new();
    dir.file("q.c", "int table[4] = { 5, 6, 7, 8 };\nint q(int i) { return table[i]; }\n");
    dir.file(
        "m.c",
        "#include <stdio.h>\nint q(int);\nint main(int c, char **v) { (void)v; printf(\"%d\\n\", q(c)); return 0; }\n",
    );
    gcc(&dir, "-fPIC -c q.c m.c");
    gcc(&dir, "-fno-pic -mcmodel=small -c q.c -o fixed.o");
    library(&dir, "q", "q.o", "fixed.o");
    assert_eq!(both(&dir, "m.o -L. -lq"), "6\n");
    assert_eq!(passed_by(&dir, "m.o -L. -lq"), "");
    assert_eq!(both(&dir, "-pie m.o -L. -lq"), "6\n");
    assert_eq!(passed_by(&dir, "-pie m.o -L. -lq"), "fixed-code");
}

/// `libx` prints when it is loaded and when the program ends; nothing refers to it.
fn with_constructors() -> Dir {
    let dir = Dir::new();
    dir.file(
        "x.c",
        "#include <stdio.h>\n__attribute__((constructor)) static void c(void) { puts(\"constructor\"); }\n\
         __attribute__((destructor)) static void d(void) { puts(\"destructor\"); }\nint in_lib(void) { return 1; }\n",
    );
    dir.file("other.c", "int other(void) { return 2; }\n");
    dir.file("m.c", "int main(void) { return 0; }\n");
    dir.file("n.c", "int other(void);\nint main(void) { return other() - 2; }\n");
    gcc(&dir, "-fPIC -c x.c other.c m.c n.c");
    library(&dir, "x", "x.o other.o", "x.o other.o");
    dir
}

#[test]
fn a_library_that_would_be_loaded_runs_its_constructors() {
    let dir = with_constructors();
    let ran = "constructor\ndestructor\n";
    for (line, says) in [
        ("m.o -L. -Wl,--no-as-needed -lx", ran),
        ("m.o -L. -Wl,--as-needed -lx", ""),
        // One member is taken; the constructors are in another one.
        ("n.o -L. -Wl,--no-as-needed -lx", ran),
        ("n.o -L. -Wl,--as-needed -lx", ran),
        ("m.o -L. -l:libx.a", ""),
    ] {
        assert_eq!(both(&dir, line), says, "{line}");
    }
}

#[test]
fn constructors_that_nothing_can_ask_for_run_too() {
    let dir = Dir::new();
    dir.file(
        "x.c",
        "#include <stdio.h>\n__attribute__((constructor)) static void c(void) { puts(\"constructor\"); }\n",
    );
    dir.file("m.c", "int main(void) { return 0; }\n");
    gcc(&dir, "-fPIC -c x.c m.c");
    library(&dir, "x", "x.o", "x.o");
    assert_eq!(both(&dir, "m.o -L. -Wl,--no-as-needed -lx"), "constructor\n");
    assert_eq!(passed_by(&dir, "m.o -L. -Wl,--no-as-needed -lx"), "unnamed-constructors");
}

/// `libz` and `libs` each have a private `helper`; the program may have one too.
fn with_private_names() -> Dir {
    let dir = Dir::new();
    dir.file("helper.h", "__attribute__((visibility(\"hidden\"))) int helper(void);\n");
    dir.file("z.c", "#include \"helper.h\"\nint z(void) { return helper(); }\n");
    dir.file("zhelper.c", "#include \"helper.h\"\nint helper(void) { return 100; }\n");
    dir.file("s.c", "#include \"helper.h\"\nint s(void) { return helper(); }\n");
    dir.file("shelper.c", "#include \"helper.h\"\nint helper(void) { return 200; }\n");
    dir.file(
        "m.c",
        "#include <stdio.h>\nint z(void), s(void);\nint main(void) { printf(\"%d %d\\n\", z(), s()); return 0; }\n",
    );
    dir.file("own.c", "int helper(void) { return 1; }\n");
    gcc(&dir, "-fPIC -c z.c zhelper.c s.c shelper.c m.c own.c");
    library(&dir, "z", "z.o zhelper.o", "z.o zhelper.o");
    library(&dir, "s", "s.o shelper.o", "s.o shelper.o");
    dir
}

#[test]
fn a_private_name_of_a_library_stays_its_own() {
    let dir = with_private_names();
    for line in ["m.o -L. -lz -ls", "m.o -L. -ls -lz", "m.o own.o -L. -lz -ls", "m.o -L. -lz -ls -lz -ls"] {
        assert_eq!(both(&dir, line), "100 200\n", "{line}");
        assert_eq!(passed_by(&dir, line), "private-names", "{line}");
    }
    // Nothing clashes: the archive is taken.
    dir.file("one.c", "#include <stdio.h>\nint z(void);\nint main(void) { printf(\"%d\\n\", z()); return 0; }\n");
    assert_eq!(both(&dir, "one.c -L. -lz"), "100\n");
    gcc(&dir, "-c one.c");
    assert_eq!(passed_by(&dir, "one.o -L. -lz"), "");
    assert_eq!(passed_by(&dir, "one.o -L. -lz -lz"), "");
}

#[test]
fn one_object_in_two_libraries_is_the_same_code_if_it_keeps_no_state() {
    let dir = Dir::new();
    let hidden = "__attribute__((visibility(\"hidden\")))";
    dir.file("z.c", format!("{hidden} int common(int);\nint z(void) {{ return common(1); }}\n"));
    dir.file("s.c", format!("{hidden} int common(int);\nint s(void) {{ return common(2); }}\n"));
    dir.file("free.c", format!("static const int ten = 10, *const table[] = {{ &ten }};\n{hidden} int common(int n) {{ return n + **table; }}\n"));
    dir.file("counts.c", format!("static int calls;\n{hidden} int common(int n) {{ return n + 10 * ++calls; }}\n"));
    dir.file("calls.c", format!("{hidden} int below(void);\n{hidden} int common(int n) {{ return n + below(); }}\n"));
    dir.file("zbelow.c", format!("{hidden} int below(void) {{ return 100; }}\n"));
    dir.file("sbelow.c", format!("{hidden} int below(void) {{ return 200; }}\n"));
    dir.file(
        "m.c",
        "#include <stdio.h>\nint z(void), s(void);\nint main(void) { printf(\"%d %d\\n\", z(), s()); return 0; }\n",
    );
    gcc(&dir, "-fPIC -c z.c s.c free.c counts.c calls.c zbelow.c sbelow.c m.c");
    for (common, zs, said, rule) in [
        ("free.o", ["", ""], "11 12\n", ""),
        ("counts.o", ["", ""], "11 12\n", "private-names"),
        // The code is the same, what it calls is not; then that is too.
        ("calls.o", ["zbelow.o", "sbelow.o"], "101 202\n", "private-names"),
        ("calls.o", ["zbelow.o", "zbelow.o"], "101 102\n", ""),
    ] {
        for (name, below) in ["z", "s"].into_iter().zip(zs) {
            let _ = std::fs::remove_file(dir.join(format!("lib{name}.a")));
            let objects = format!("{name}.o {common} {below}");
            library(&dir, name, &objects, &objects);
        }
        for line in ["m.o -L. -lz -ls", "m.o -L. -ls -lz"] {
            // In a dynamic program each has a copy of its own.
            assert_eq!(both(&dir, line), said, "{common} {zs:?} {line}");
            assert_eq!(passed_by(&dir, line), rule, "{common} {zs:?} {line}");
        }
    }
    // Where the program has the name too, it is no longer theirs alone.
    dir.file("own.c", "int common(int n) { return 1000; }\n");
    gcc(&dir, "-c own.c");
    assert_eq!(passed_by(&dir, "m.o own.o -L. -lz -ls"), "private-names");
    assert_eq!(both(&dir, "m.o own.o -L. -lz -ls"), "101 102\n");
}

#[test]
fn an_archive_that_uses_private_names_of_another_goes_with_it() {
    let dir = Dir::new();
    dir.file("low.c", "int packet(void) { return 7; }\nint low(void) { return packet(); }\n");
    dir.file("high.c", "int packet(void);\nint high(void) { return packet() + 10; }\n");
    dir.file("packet.c", "int packet(void) { return 1; }\n");
    dir.file("hidden.map", "{ global: low; high; local: *; };\n");
    dir.file("m.c", "#include <stdio.h>\nint high(void), low(void);\nint main(void) { printf(\"%d %d\\n\", high(), low()); return 0; }\n");
    gcc(&dir, "-fPIC -c low.c high.c packet.c m.c");
    library(&dir, "low", "low.o -Wl,--version-script=hidden.map", "low.o");
    library(&dir, "high", "high.o low.o -Wl,--version-script=hidden.map", "high.o");
    assert_eq!(both(&dir, "m.o -L. -lhigh -llow"), "17 7\n");
    assert_eq!(passed_by(&dir, "m.o -L. -lhigh -llow"), "");
    // The program's own function takes the place of the private one.
    assert_eq!(both(&dir, "m.o packet.o -L. -lhigh -llow"), "17 7\n");
    assert_eq!(both(&dir, "m.o packet.o -L. -lhigh -llow -lhigh -llow"), "17 7\n");
}

#[test]
fn explain_lists_bindings_and_what_differs() {
    let dir = with_private_names();
    let explain = |options: &str, line: &str| {
        let run = Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_CONVERT", "off");
        run.line(options).args(["--", "gcc"]).line(line).output()
    };
    let out = text(&explain("explain --bindings", "m.o -L. -lz -ls").stdout);
    let differs: Vec<&str> = out.lines().filter(|l| l.starts_with("differs:")).collect();
    assert_eq!(differs, ["differs:   libs.so: helper: dynamic libs.so, static libz.so"], "{out}");
    assert!(out.contains("same:      the program: z: dynamic libz.so, static libz.so"), "{out}");
    let json = explain("explain --bindings --json", "m.o -L. -lz -ls").stdout;
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["bindings"][0]["symbol"], "helper");
    let refused = explain("explain --bindings", "m.c -L. -lz -ls");
    assert!(!refused.status.success() && text(&refused.stderr).contains("`m.c` is compiled first"));
}

#[test]
fn two_finished_files_are_compared() {
    let dir = with_constructors();
    let line = "m.o -L. -Wl,--no-as-needed -lx";
    both(&dir, line);
    let check = |file: &str| {
        let run = Run::new(STATICCTL).dir(dir.path()).args(["check", "--against", "dynamic", file]).output();
        (run.status.code(), text(&run.stdout) + &text(&run.stderr))
    };
    assert_eq!(check("static"), (Some(0), "static: bound as dynamic\n".into()));
    gcc(&dir, "-static m.o -o without");
    let gone = "without: bound-differently: libx.so: constructors: dynamic libx.so, static null\n";
    assert_eq!(check("without"), (Some(1), gone.into()));
    Run::new("strip").dir(dir.path()).args(["without", "-o", "stripped"]).silent();
    let (code, said) = check("stripped");
    assert!(code == Some(2) && said.contains("has no symbols to compare"), "{said}");
    let (code, said) = check("dynamic");
    assert!(code == Some(1) && said.contains("is not a static program"), "{said}");
}

#[test]
fn what_can_not_be_kept_is_an_error_with_both_sides() {
    let dir = with_private_names();
    let link = |settings: &[(&str, &str)], line: &str| {
        let run = settings.iter().fold(Run::new(STATICCC).dir(dir.path()), |run, (name, value)| run.env(name, value));
        run.env("STATICCXX_REPORT", dir.join("report")).line(line).args(["-o", "static"]).output()
    };
    let line = "m.o -L. -lz -ls";
    let out = link(&[("STATICCXX_CONVERT", "off")], line);
    assert!(!out.status.success() && !dir.join("static").exists());
    let said = text(&out.stderr);
    assert!(
        said.contains(
            "error: `static` is not the program that a dynamic link would make: helper: dynamic libs.so, static libz.so"
        ),
        "{said}"
    );
    assert!(said.contains("hint: `STATICCXX_CONVERT=auto,libs` takes the shared object"), "{said}");
    // As the hint says.
    assert!(link(&[("STATICCXX_CONVERT", "auto,libs")], line).status.success());
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "100 200\n");
    let out = link(&[("STATICCXX_CONVERT", "off"), ("STATICCXX_CHECK", "warn")], line);
    assert!(out.status.success() && text(&out.stderr).contains("warning: `static` is not the program"));
    let report = std::fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    let findings = last["verdict"]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["id"] == "bound-differently" && f["symbol"] == "helper"), "{last}");
    // Who allows several definitions gets them.
    assert!(link(&[("STATICCXX_CONVERT", "off")], "m.o -L. -lz -ls -Wl,-z,muldefs").status.success());
}

#[test]
fn odd_symbols_are_bound_as_dynamically() {
    let dir = Dir::new();
    dir.file(
        "odd.c",
        "__thread int local = 5;\n\
         static int one(void) { return 1; }\nstatic void *choose(void) { return (void *)one; }\n\
         int chosen(void) __attribute__((ifunc(\"choose\")));\n\
         int real(void) { return ++local; }\nint alias(void) __attribute__((alias(\"real\")));\n\
         int shared_block;\n__attribute__((weak)) int replaced(void) { return 1; }\nint asks(void) { return replaced(); }\n\
         __attribute__((visibility(\"protected\"))) int kept(void) { return 3; }\n\
         #ifdef CLASH\n__attribute__((visibility(\"hidden\"))) int helper(void) { return 100; }\nint helps(void) { return helper(); }\n\
         #else\nint helps(void) { return 100; }\n#endif\n",
    );
    dir.file(
        "m.c",
        "#include <stdio.h>\nextern __thread int local;\nint chosen(void), alias(void), real(void), asks(void), kept(void), helps(void);\n\
         extern int shared_block;\nint replaced(void) { return 2; }\nint helper(void) { return 1; }\n\
         int main(void) { shared_block = 4; printf(\"%d %d %d %d \", chosen(), alias(), real(), local);\n\
         printf(\"%d %d %d %d\\n\", asks(), kept(), helps() + helper(), shared_block); return 0; }\n",
    );
    for (clash, rule) in [("", ""), ("-DCLASH", "private-names")] {
        gcc(&dir, &format!("-fPIC -fcommon {clash} -c odd.c"));
        gcc(&dir, "-c m.c");
        library(&dir, "odd", "odd.o", "odd.o");
        assert_eq!(both(&dir, "m.o -L. -lodd"), "1 7 6 5 2 3 101 4\n", "{clash}");
        assert_eq!(passed_by(&dir, "m.o -L. -lodd"), rule);
    }
}

#[test]
fn a_library_that_needs_itself_and_one_whose_versions_nobody_has() {
    let dir = Dir::new();
    dir.file("a.c", "int a(void) { return 1; }\n");
    dir.file("m.c", "#include <stdio.h>\nint a(void);\nint main(void) { printf(\"%d\\n\", a()); return 0; }\n");
    dir.file("v.map", "V1 { global: a; };\n");
    gcc(&dir, "-fPIC -c a.c m.c");
    gcc(&dir, "-shared a.o -o libother.so -Wl,-soname,liba.so");
    library(&dir, "a", "a.o -Wl,--no-as-needed libother.so", "a.o");
    assert_eq!(both(&dir, "m.o -L. -la"), "1\n");
    // The program was linked with another version of the library than is there now.
    library(&dir, "a", "a.o -Wl,--version-script=v.map", "a.o");
    assert_eq!(both(&dir, "m.o -L. -la"), "1\n");
    let text = Run::new(STATICCTL).dir(dir.path()).line("explain --bindings -- gcc m.o -L. -la").ok();
    assert!(text.contains("same:      the program: a: dynamic liba.so, static liba.so"), "{text}");
    // An archive that is newer than its shared object: what only it has is taken, as the shared object has not.
    dir.file("more.c", "int more(void) { return 2; }\n");
    gcc(&dir, "-fPIC -c more.c");
    Run::new("ar").dir(dir.path()).line("rcs liba.a a.o more.o").silent();
    assert_eq!(both(&dir, "m.o -L. -la"), "1\n");
}

#[test]
fn code_that_is_compiled_at_the_link_is_not_audited_and_links() {
    let dir = with_private_names();
    gcc(&dir, "-flto -c m.c -o lto.o");
    gcc(&dir, "-flto -fPIC -c z.c -o zlto.o");
    Run::new("gcc-ar").dir(dir.path()).line("rcs liblto.a zlto.o zhelper.o").silent();
    gcc(&dir, "-shared z.o zhelper.o -o liblto.so -Wl,-soname,liblto.so");
    dir.file("one.c", "#include <stdio.h>\nint z(void);\nint main(void) { printf(\"%d\\n\", z()); return 0; }\n");
    assert_eq!(both(&dir, "-flto one.c -L. -llto"), "100\n");
    let out = Run::new(STATICCTL).dir(dir.path()).line("explain --bindings -- gcc -flto lto.o -L. -lz").output();
    assert!(text(&out.stderr).contains("not audited: its code is compiled when it is linked"));
}

#[test]
fn a_program_of_two_hundred_libraries() {
    let dir = Dir::new();
    let count = 200;
    let mut main = String::from("#include <stdio.h>\n");
    for n in 0..count {
        let next = if n + 1 < count { format!("int f{0}(void);\n", n + 1) } else { String::new() };
        let calls = if n + 1 < count { format!("f{}() + helper()", n + 1) } else { "helper()".into() };
        let hidden = "__attribute__((visibility(\"hidden\"))) int helper(void) { return 1; }";
        dir.file(format!("f{n}.c"), format!("{next}{hidden}\nint f{n}(void) {{ return {calls}; }}\n"));
    }
    main.push_str("int f0(void);\nint main(void) { printf(\"%d\\n\", f0()); return 0; }\n");
    dir.file("m.c", main);
    let sources: Vec<String> = (0..count).map(|n| format!("f{n}.c")).collect();
    gcc(&dir, &format!("-fPIC -c m.c {}", sources.join(" ")));
    for n in (0..count).rev() {
        gcc(&dir, &format!("-shared f{n}.o -o libf{n}.so -Wl,-soname,libf{n}.so"));
        Run::new("ar").dir(dir.path()).line(&format!("rcs libf{n}.a f{n}.o")).silent();
    }
    let names: Vec<String> = (0..count).map(|n| format!("-lf{n}")).collect();
    assert_eq!(both(&dir, &format!("m.o -L. {}", names.join(" "))), "200\n");
}
