//! A project's own shared libraries: made as asked, and linked into static programs all the same. Each program is
//! compared with its dynamic twin.

use crate::support::*;
use std::fs;

/// Builds the same lines with the plain compilers and with ours in two copies of a project, and compares what the
/// program `x` prints, ours in an empty root.
pub fn same_as_dynamic(files: &[(&str, &str)], lines: &[&str]) -> Dir {
    let run = |ours: bool| {
        let dir = Dir::new();
        for (name, text) in files {
            dir.file(name, text);
        }
        for line in lines {
            let (program, rest) = line.split_once(' ').unwrap();
            let compiler = match (program, ours) {
                ("cc", true) => STATICCC,
                ("c++", true) => STATICCXX,
                _ => program,
            };
            let out = Run::new(compiler).dir(dir.path()).line(rest).output();
            assert!(out.status.success(), "{line} (ours: {ours}): {}", text(&out.stderr));
            assert_eq!(text(&out.stderr), "", "{line} (ours: {ours})");
        }
        dir
    };
    let (theirs, ours) = (run(false), run(true));
    let expected = Run::new(theirs.join("x")).dir(theirs.path()).env("LD_LIBRARY_PATH", theirs.path()).ok();
    assert!(!is_static(&theirs.join("x")));
    assert!(!expected.is_empty());
    assert_eq!(says_in_empty_root(&ours.join("x"), &[]), expected, "{lines:?}");
    ours
}

pub const Q: &str = "#include <stdio.h>\nstatic int calls;\nint helper(void) { return ++calls; }\n\
                 __attribute__((constructor)) static void start(void) { puts(\"start q\"); }\nint q(void) { return 40 + helper(); }\n";

pub const MAIN: &str = "#include <stdio.h>\nint q(void);\nint main(void) { printf(\"%d\\n\", q() + q()); return 0; }\n";

#[test]
fn a_program_against_a_shared_library_of_the_same_build() {
    for link in [
        "cc main.c -L. -lq -Wl,-rpath,. -o x",
        "cc main.c ./libq.so -o x",
        "cc main.c -L. -l:libq.so -o x",
        "cc -Wl,--no-as-needed -L. -lq main.c -o x",
    ] {
        same_as_dynamic(&[("q.c", Q), ("main.c", MAIN)], &["cc -fPIC -c q.c", "cc -shared q.o -o libq.so", link]);
    }
    // From the source in one step.
    same_as_dynamic(
        &[("q.c", Q), ("main.c", MAIN)],
        &["cc -O2 -shared -fPIC q.c -o libq.so", "cc main.c -L. -lq -o x"],
    );
}

#[test]
fn a_library_that_nothing_refers_to_counts_as_for_the_dynamic_linker() {
    let unused = "#include <stdio.h>\n__attribute__((constructor)) static void start(void) { puts(\"start\"); }\nint unused(void) { return 0; }\n";
    let main = "#include <stdio.h>\nint main(void) { puts(\"main\"); return 0; }\n";
    for state in [
        "",
        "-Wl,--as-needed",
        "-Wl,--no-as-needed",
        "-Wl,--no-as-needed,--push-state,--as-needed",
        "-Wl,--as-needed -Wl,--no-as-needed",
    ] {
        let link = format!("cc main.c -L. {state} -lu -o x");
        same_as_dynamic(&[("u.c", unused), ("main.c", main)], &["cc -shared -fPIC u.c -o libu.so", &link]);
    }
}

#[test]
fn it_survives_cp_install_strip_and_the_loss_of_its_objects() {
    let dir = same_as_dynamic(
        &[("q.c", Q), ("main.c", MAIN)],
        &[
            "cc -g -fPIC -c q.c",
            "cc -shared -Wl,-soname,libq.so.1 q.o -o libq.so.1",
            "ln -s libq.so.1 libq.so",
            "cc main.c -L. -lq -o x",
        ],
    );
    let expected = says_in_empty_root(&dir.join("x"), &[]);
    fs::remove_file(dir.join("q.o")).unwrap();
    for (step, place) in [
        ("cp libq.so.1 copy.so", "copy.so"),
        ("install -m755 -s libq.so.1 inst.so", "inst.so"),
        ("strip --strip-unneeded copy.so", "copy.so"),
        ("strip copy.so", "copy.so"),
    ] {
        let (program, rest) = step.split_once(' ').unwrap();
        Run::new(program).dir(dir.path()).line(rest).ok();
        Run::new(STATICCC).dir(dir.path()).args(["main.c", place, "-o", "y"]).silent();
        assert_eq!(says_in_empty_root(&dir.join("y"), &[]), expected, "{step}");
    }
}

#[test]
fn the_shared_object_itself_is_what_it_was() {
    let dir = Dir::new();
    dir.file("q.c", Q);
    dir.file("load.c", "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **v) { void *h = dlopen(v[1], RTLD_NOW); \
                        if (!h) return puts(dlerror()); int (*q)(void) = (int (*)(void))dlsym(h, \"q\"); printf(\"%d\\n\", q()); return 0; }\n");
    Run::new("gcc").dir(dir.path()).line("load.c -o load").ok();
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC q.c -o fat.so").silent();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_FAT_SHARED", "0").line("-shared -fPIC q.c -o lean.so").silent();
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o plain.so").silent();
    assert_eq!(fs::read(dir.join("lean.so")).unwrap(), fs::read(dir.join("plain.so")).unwrap());
    let loaded = |name: &str| Run::new(dir.join("load")).args([dir.join(name)]).ok();
    assert_eq!(loaded("fat.so"), loaded("plain.so"));
    let segments = |name: &str| Run::new("readelf").dir(dir.path()).args(["-ldW", "--dyn-syms", name]).ok();
    let without = |t: String| t.lines().filter(|l| !l.contains("File:")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without(segments("fat.so")), without(segments("plain.so")));
    Run::new("readelf").dir(dir.path()).line("-aW fat.so").silent_stderr();
}

impl Run {
    fn silent_stderr(self) {
        let out = self.output();
        assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
    }
}

#[test]
fn private_symbols_of_two_libraries_never_clash() {
    let lib = |name: &str, value: u32| {
        format!(
            "int shared_name(void);\nint hidden(void) {{ return {value}; }}\nint {name}(void) {{ return hidden(); }}\n"
        )
    };
    let (a, b) = (lib("a", 1), lib("b", 2));
    let map = |name: &str| format!("{{ global: {name}; local: *; }};\n");
    let (map_a, map_b) = (map("a"), map("b"));
    let main = "#include <stdio.h>\nint a(void), b(void);\nint hidden(void) { return 7; }\nint main(void) { printf(\"%d %d %d\\n\", a(), b(), hidden()); return 0; }\n";
    same_as_dynamic(
        &[("a.c", &a), ("b.c", &b), ("main.c", main), ("a.map", &map_a), ("b.map", &map_b)],
        &[
            "cc -shared -fPIC a.c -Wl,--version-script=a.map -o liba.so",
            "cc -shared -fPIC b.c -Wl,--version-script,b.map -o libb.so",
            "cc main.c -L. -la -lb -o x",
        ],
    );
    // Visibility does the same.
    let a =
        "__attribute__((visibility(\"hidden\"))) int hidden(void) { return 1; }\nint a(void) { return hidden(); }\n";
    let b = "static int hidden(void) { return 2; }\nint b(void) { return hidden(); }\n";
    same_as_dynamic(
        &[("a.c", a), ("b.c", b), ("main.c", main)],
        &["cc -shared -fPIC a.c -o liba.so", "cc -shared -fPIC b.c -o libb.so", "cc main.c -L. -la -lb -o x"],
    );
}

#[test]
fn exported_symbols_are_pre_empted_as_ld_so_does() {
    let a = "int common(void) { return 1; }\nint a(void) { return common(); }\n";
    let b = "int common(void) { return 2; }\nint b(void) { return common(); }\n";
    let main =
        "#include <stdio.h>\nint a(void), b(void);\nint main(void) { printf(\"%d %d\\n\", a(), b()); return 0; }\n";
    let own = "#include <stdio.h>\nint a(void), b(void);\nint common(void) { return 9; }\nint main(void) { printf(\"%d %d\\n\", a(), b()); return 0; }\n";
    for (option, main) in
        [("", main), ("", own), ("-Wl,-Bsymbolic", main), ("-Wl,-Bsymbolic", own), ("-Wl,-Bsymbolic-functions", own)]
    {
        let lines = [
            format!("cc -shared -fPIC a.c {option} -o liba.so"),
            format!("cc -shared -fPIC b.c {option} -o libb.so"),
            // The program's own symbols reach the libraries: ld exports those that a library refers to.
            "cc main.c -L. -la -lb -o x".to_owned(),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        same_as_dynamic(&[("a.c", a), ("b.c", b), ("main.c", main)], &lines);
    }
}

#[test]
fn cxx_across_the_former_boundary() {
    let header = fixture!("shared/boundary.h");
    let a = fixture!("shared/boundary_a.cc");
    let b = fixture!("shared/boundary_b.cc");
    let main = fixture!("shared/boundary_main.cc");
    for option in ["", "-fvisibility-inlines-hidden", "-ffunction-sections -Wl,--gc-sections", "-g -O2"] {
        let lines = [
            format!("c++ -shared -fPIC {option} b.cc -o libb.so"),
            format!("c++ -shared -fPIC {option} a.cc -L. -lb -o liba.so"),
            format!("c++ {option} main.cc -L. -la -lb -pthread -o x"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        same_as_dynamic(&[("h.h", header), ("a.cc", a), ("b.cc", b), ("main.cc", main)], &lines);
    }
}

#[test]
fn versioned_symbols_bind_to_the_default_version() {
    let q = "int new_f(void) { return 2; }\nint old_f(void) { return 1; }\n__asm__(\".symver new_f, f@@V2\");\n__asm__(\".symver old_f, f@V1\");\n";
    let main = "#include <stdio.h>\nint f(void);\nint main(void) { printf(\"%d\\n\", f()); return 0; }\n";
    same_as_dynamic(
        &[("q.c", q), ("main.c", main), ("q.map", "V1 { local: *; };\nV2 { global: f; } V1;\n")],
        &["cc -shared -fPIC q.c -Wl,--version-script=q.map -o libq.so", "cc main.c -L. -lq -o x"],
    );
}

#[test]
fn libraries_made_of_archives_and_of_other_libraries() {
    let part = "#include <stdio.h>\n__attribute__((constructor)) static void start(void) { puts(\"part\"); }\nint part(void) { return 1; }\n";
    let unused = "#include <stdio.h>\n__attribute__((constructor)) static void start(void) { puts(\"unused\"); }\n";
    let main = "#include <stdio.h>\nint part(void);\nint main(void) { printf(\"%d\\n\", part()); return 0; }\n";
    let files = [
        ("part.c", part),
        ("unused.c", unused),
        ("main.c", main),
        ("main2.c", MAIN),
        ("q.c", "int part(void);\nint q(void) { return part(); }\n"),
    ];
    let archive = ["cc -fPIC -c part.c", "cc -fPIC -c unused.c", "ar rcs libparts.a part.o unused.o"];
    for link in [
        "cc -shared -Wl,--whole-archive libparts.a -Wl,--no-whole-archive -o libw.so",
        "cc -shared -Wl,--whole-archive -L. -lparts -Wl,--no-whole-archive -o libw.so",
        "cc -shared -Wl,-u,part libparts.a -o libw.so",
    ] {
        let lines = [&archive[..], &[link, "rm libparts.a part.o", "cc main.c -L. -lw -o x"]].concat();
        same_as_dynamic(&files, &lines);
    }
    // A member that one of the library's own objects refers to.
    let lines =
        [&archive[..], &["cc -shared -fPIC q.c libparts.a -o libq.so", "rm libparts.a", "cc main2.c -L. -lq -o x"]]
            .concat();
    same_as_dynamic(&files, &lines);
    // Made of another shared library only.
    let lines = [
        "cc -shared -fPIC part.c -o libpart.so",
        "cc -shared -Wl,--no-as-needed -L. -lpart -Wl,-rpath,$ORIGIN -o libmeta.so",
        "cc main.c -L. -Wl,--no-as-needed -lmeta -lpart -o x",
    ];
    same_as_dynamic(&files, &lines);
}

#[test]
fn lto_objects() {
    for option in ["-flto", "-flto -ffat-lto-objects"] {
        let lines = [
            format!("cc {option} -O2 -fPIC -c q.c"),
            format!("cc {option} -O2 -shared q.o -o libq.so"),
            "rm q.o".to_owned(),
            "cc -O2 main.c -L. -lq -o x".to_owned(),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        same_as_dynamic(&[("q.c", Q), ("main.c", MAIN)], &lines);
    }
}

#[test]
fn a_damaged_or_newer_section_is_a_note() {
    let dir = Dir::new();
    dir.file("q.c", Q);
    dir.file("main.c", MAIN);
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC q.c -o libq.so").silent();
    let good = fs::read(dir.join("libq.so")).unwrap();
    let at = good.windows(8).position(|w| w == b"STATICXX").unwrap();
    for (change, telling) in [(at, "does not begin"), (at + 8, "format"), (at + 40, "damaged")] {
        let mut bad = good.clone();
        bad[change] ^= 0x55;
        fs::write(dir.join("libq.so"), bad).unwrap();
        let run = |convert: &str| {
            Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", convert).line("main.c -L. -lq -o x")
        };
        let said = run("off").fails(1);
        assert!(said.contains("staticcxx: note: ") && said.contains(telling), "{said}");
        assert!(said.contains("`-lq` has no archive"), "{said}");
        // It is a shared object like any other, and can be converted.
        assert!(run("auto").output().status.success());
        // An archive of that name elsewhere is taken, as without the section.
        dir.file("other/empty", "");
        Run::new("gcc").dir(dir.path()).line("-fPIC -c q.c -o other/q.o").ok();
        Run::new("ar").dir(dir.path()).line("rcs other/libq.a other/q.o").ok();
        let out = Run::new(STATICCC).dir(dir.path()).line("main.c -L. -Lother -lq -o x").output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        fs::remove_file(dir.join("other/libq.a")).unwrap();
    }
}

#[test]
fn two_libraries_with_one_soname() {
    let dir = Dir::new();
    dir.file("one.c", "int one(void) { return 1; }\n");
    dir.file("two.c", "int two(void) { return 2; }\n");
    dir.file("main.c", "int one(void), two(void); int main(void) { return one() + two(); }\n");
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC one.c -Wl,-soname,libq.so -o libone.so").silent();
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC two.c -Wl,-soname,libq.so -o libtwo.so").silent();
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lone -ltwo -o x").silent();
    assert_eq!(in_empty_root(&dir.join("x"), &[]).status.code(), Some(3));
}
