//! Headers and functions that the musl toolchain adds to musl: programs of `tests/mass/musl-compat` do what they do with glibc.

use super::musl::data;
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

const COMPILERS: [&str; 2] = ["musl", "musl-clang"];

fn with(toolchain: &str, program: &str) -> Run {
    Run::new(program).env("XDG_DATA_HOME", data()).env("STATICCXX_TOOLCHAIN", toolchain)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mass/musl-compat").join(name)
}

/// Compiles a program into a directory of its own: with glibc, and with each musl toolchain. All have the same name.
fn twins(dir: &Dir, name: &str, options: &str) -> Vec<PathBuf> {
    let program = name.split_once('.').unwrap().0;
    let cxx = name.ends_with(".cpp");
    let place = |of: &str| {
        let place = dir.join(of);
        fs::create_dir_all(&place).unwrap();
        place
    };
    let glibc = place("glibc");
    let line = format!("-w -D_GNU_SOURCE -U_FORTIFY_SOURCE {options} -o {program}");
    let compiler = if cxx { "g++" } else { "gcc" };
    Run::new(compiler).dir(&glibc).line(&line).args([source(name)]).silent();
    let mut all = vec![glibc];
    for toolchain in COMPILERS {
        let place = place(toolchain);
        let driver = if cxx { STATICCXX } else { STATICCC };
        with(toolchain, driver).dir(&place).line(&line).args([source(name)]).silent();
        assert!(is_static(&place.join(program)), "{toolchain} {name}");
        all.push(place);
    }
    all
}

/// Stdout, stderr and how it ended.
fn said(dir: &Path, program: &str, args: &[&str]) -> String {
    let out = Run::new(format!("./{program}")).dir(dir).args(args).output();
    format!("{}{}{}", text(&out.stdout), text(&out.stderr), out.status)
}

#[test]
fn functions_do_what_glibc_s_do() {
    let dir = Dir::new();
    for name in [
        "error.c",
        "queue.c",
        "obstack.c",
        "execinfo.c",
        "small.c",
        "own.c",
        "partly.c",
        "renamed.c",
        "malloc.c",
        "strerror.c",
    ] {
        let places = twins(&dir, name, "-O1");
        let program = name.trim_end_matches(".c");
        for args in [&[][..], &["1"]] {
            let expected = said(&places[0], program, args);
            assert!(expected.contains("exit status"), "{name}: {expected}");
            for place in &places[1..] {
                assert_eq!(said(place, program, args), expected, "{name} in {}", place.display());
            }
        }
    }
}

/// The first lines that differ, of two outputs.
fn assert_same(place: &Path, found: &str, expected: &str) {
    let differs = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let lines =
        |of: &str| of.lines().skip(differs.unwrap_or(0).saturating_sub(12)).take(20).collect::<Vec<_>>().join("\n");
    assert!(expected == found, "{}\n--- glibc\n{}\n--- musl\n{}", place.display(), lines(expected), lines(found));
}

/// Runs a program that tries many cases, without and with an argument, and says at the end how many.
fn tries_as_glibc_s(name: &str, least: usize) {
    let dir = Dir::new();
    let places = twins(&dir, name, "-O1");
    let program = name.trim_end_matches(".c");
    for args in [&[][..], &["1"]] {
        let expected = said(&places[0], program, args);
        let last = expected.lines().rev().nth(1).unwrap();
        let tried: usize = last.split_once(' ').unwrap().0.parse().unwrap();
        assert!(tried > least && expected.ends_with("exit status: 0"), "{last}");
        for place in &places[1..] {
            assert_same(place, &said(place, program, args), &expected);
        }
    }
}

#[test]
fn options_are_read_as_by_glibc_s_getopt() {
    tries_as_glibc_s("getopt.c", 90_000);
}

#[test]
fn files_are_found_as_by_glibc_s_glob() {
    tries_as_glibc_s("glob.c", 3_000);
}

#[test]
fn getopt_stops_at_operands_where_glibc_s_does() {
    let dir = Dir::new();
    let posix = "-D_POSIX_C_SOURCE=200809L";
    let mut stops = 0;
    for macros in [
        "",
        "-D_GNU_SOURCE",
        posix,
        "-D_POSIX_C_SOURCE=1",
        "-D_POSIX_C_SOURCE=2",
        "-D_POSIX_SOURCE",
        "-D_XOPEN_SOURCE=700",
        "-D_XOPEN_SOURCE=400",
        "-D_XOPEN_SOURCE",
        "-D_DEFAULT_SOURCE",
        "-D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=199309L",
        "-D_DEFAULT_SOURCE -D_POSIX_SOURCE",
        "-D_XOPEN_SOURCE=600 -D_POSIX_C_SOURCE=200112L",
        "-D_GNU_SOURCE -D_POSIX_C_SOURCE=200809L",
        "-D_POSIX_C_SOURCE=200809L -include getopt.h",
        "-D_POSIX_C_SOURCE=200809L -DDECLARED",
    ] {
        for standard in ["gnu11", "c99"] {
            let line = format!("-w -std={standard} {macros} -o mode");
            let with = |mut cc: Run| {
                cc = cc.dir(dir.path()).line(&line).args([source("getopt_mode.c")]);
                cc.silent();
                Run::new(dir.join("mode")).ok()
            };
            let expected = with(Run::new("gcc"));
            stops += usize::from(expected == "-1\n");
            for toolchain in COMPILERS {
                // Clang takes a function without a declaration for an error from version 16 on, and -w not for its end.
                assert_eq!(with(self::with(toolchain, STATICCC)), expected, "{toolchain} {line}");
            }
        }
    }
    assert!((10..28).contains(&stops), "{stops}");
}

#[test]
fn what_takes_the_place_of_musl_s_does_so_with_each_linker() {
    let dir = Dir::new();
    let glibc = twins(&dir, "partly.c", "-O1").remove(0);
    let expected = said(&glibc, "partly", &[]);
    for linker in ["wild", "bfd", "gold", "lld", "mold"] {
        let cc = |name: &str| {
            let cc = with("musl", STATICCC).dir(dir.path()).env("STATICCXX_STACK_SIZE", "0");
            cc.env("STATICCXX_LINKER", linker).line("-O1 -w -D_GNU_SOURCE -o partly").args([source(name)]).silent();
        };
        cc("partly.c");
        assert_eq!(said(dir.path(), "partly", &[]), expected, "{linker}");
        cc("getopt_mode.c");
        assert_eq!(said(dir.path(), "partly", &[]), "97\nexit status: 0", "{linker}");
    }
}

#[test]
fn objects_that_were_compiled_with_musl_s_own_headers_are_served() {
    let dir = Dir::new();
    dir.file(
        "p.c",
        "#include <glob.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n\
         #ifdef GLOB_BRACE\n#error another header\n#endif\n\
         int main(int c, char **v) { glob_t g[2]; memset(g, 0x55, sizeof g); g->gl_offs = 1;\n\
         int r = glob(\"/dev/nul*\", GLOB_DOOFFS, 0, g) + glob(\"/dev/zer*\", GLOB_DOOFFS | GLOB_APPEND | GLOB_MARK, 0, g);\n\
         printf(\"%d %d %s %s %d\\n\", r, (int)g->gl_pathc, g->gl_pathv[1], g->gl_pathv[2], getopt(c, v, \"a\"));\n\
         globfree(g); return g[1].gl_pathc != 0x5555555555555555; }\n",
    );
    let json = fs::read_to_string(data().join("staticcxx/toolchains/musl/toolchain.json")).unwrap();
    let descriptor: serde_json::Value = serde_json::from_str(&json).unwrap();
    let archive = PathBuf::from(descriptor["compat"].as_str().unwrap());
    let headers = Run::new("gcc").line("-print-file-name=include").ok();
    let gcc = Run::new("gcc").dir(dir.path()).line("-O1 -c p.c -nostdinc -isystem");
    gcc.args([archive.parent().unwrap().with_file_name("include")]).line("-isystem").args([headers.trim()]).silent();
    with("musl", STATICCC).dir(dir.path()).line("p.o -o p").silent();
    assert_eq!(said(dir.path(), "p", &["x", "-a"]), "0 2 /dev/null /dev/zero 97\nexit status: 0");
}

#[test]
fn trees_of_macros_are_in_order_and_balanced() {
    let dir = Dir::new();
    // glibc has no such header.
    let headers = dir.join("headers/sys");
    fs::create_dir_all(&headers).unwrap();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("toolchains/musl/compat/include/sys/tree.h");
    fs::copy(ours, headers.join("tree.h")).unwrap();
    fs::copy(source("tree.c"), dir.join("tree.cpp")).unwrap();
    let run = |cc: Run, line: &str, file: &Path| {
        cc.dir(dir.path()).line("-Wall -Wextra -Werror -pedantic -O2 -o tree").line(line).args([file]).silent();
        said(dir.path(), "tree", &[])
    };
    let expected = run(Run::new("gcc"), "-I headers", &source("tree.c"));
    assert!(expected.starts_with("4280 removed, 86 left, 1\n") && expected.ends_with("exit status: 0"), "{expected}");
    for toolchain in COMPILERS {
        for standard in ["-std=c99", "-std=gnu17"] {
            assert_eq!(run(with(toolchain, STATICCC), standard, &source("tree.c")), expected, "{toolchain} {standard}");
        }
        for standard in ["-std=c++98", "-std=c++17"] {
            let found = run(with(toolchain, STATICCXX), standard, &dir.join("tree.cpp"));
            assert_eq!(found, expected, "{toolchain} {standard}");
        }
    }
}

#[test]
fn argp_parses_and_helps_as_glibc_s() {
    let dir = Dir::new();
    let places = twins(&dir, "argp.c", "-O1");
    let run = |place: &Path| Run::new("sh").dir(place).args([source("argp.sh")]).ok();
    let expected = run(&places[0]);
    assert!(expected.lines().filter(|line| line.starts_with("status ")).count() > 700, "{expected}");
    for place in &places[1..] {
        assert_same(place, &run(place), &expected);
    }
}

#[test]
fn trees_are_walked_as_by_glibc_s_fts() {
    let dir = Dir::new();
    let glibc = dir.join("glibc");
    fs::create_dir_all(&glibc).unwrap();
    Run::new("gcc").dir(&glibc).line("-O1 -w -D_GNU_SOURCE -o fts").args([source("fts.c")]).silent();
    // Debian's musl has one of its own, most others have not and are given ours.
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("toolchains/musl/compat");
    let headers = dir.join("headers");
    fs::create_dir_all(&headers).unwrap();
    fs::copy(sources.join("include/fts.h"), headers.join("fts.h")).unwrap();
    let ours = COMPILERS.map(|toolchain| {
        let place = dir.join(toolchain);
        fs::create_dir_all(&place).unwrap();
        let cc = with(toolchain, STATICCC).dir(&place).line("-O1 -w -D_GNU_SOURCE -o fts -I").args([&headers]);
        cc.args([source("fts.c"), sources.join("fts.c")]).silent();
        place
    });
    let expected = said(&glibc, "fts", &[]);
    assert!(expected.lines().count() > 5000 && expected.ends_with("exit status: 0"), "{expected}");
    for place in &ours {
        let found = said(place, "fts", &[]);
        let differs = expected.lines().zip(found.lines()).find(|(a, b)| a != b);
        assert!(found == expected, "{}: {differs:?}", place.display());
    }
}

#[test]
fn overflows_end_programs_from_each_level_on() {
    /// Within bounds, and each overflow of the program's.
    const CASES: std::ops::RangeInclusive<u32> = 0..=41;
    for level in 0..=3 {
        let dir = Dir::new();
        let places = twins(&dir, "fortify.c", &format!("-O2 -D_FORTIFY_SOURCE={level}"));
        for case in CASES {
            // Without checks there is nothing to compare with: memory is overwritten.
            if level == 0 && case != 0 {
                continue;
            }
            let args = [case.to_string()];
            let expected = said(&places[0], "fortify", &[&args[0]]);
            let found = case == 0 || case == 40 && level < 2 || case == 41 && level < 3;
            assert_eq!(expected.contains("terminated"), !found && case != 39, "{level} {case}: {expected}");
            for place in &places[1..] {
                // Clang knows members of a structure where it sees them alone, not in a function that it puts in line.
                if !(case == 40 && place.ends_with("musl-clang")) {
                    assert_eq!(said(place, "fortify", &[&args[0]]), expected, "{level} {case} in {}", place.display());
                }
            }
        }
    }
    // Without optimization nothing is checked, as with glibc.
    let dir = Dir::new();
    for place in &twins(&dir, "fortify.c", "-O0 -D_FORTIFY_SOURCE=2")[1..] {
        assert!(!Run::new("nm").args([place.join("fortify")]).ok().contains(" __chk_fail"), "{}", place.display());
    }
}

#[test]
fn cxx_programs_have_it_too() {
    let dir = Dir::new();
    let places = twins(&dir, "cxx.cpp", "-O2 -D_FORTIFY_SOURCE=2");
    for (args, ends) in [(&[][..], "exit status"), (&["12345678"], "signal: 6")] {
        let expected = said(&places[0], "cxx", args);
        assert!(expected.contains(ends), "{expected}");
        for place in &places[1..] {
            assert_eq!(said(place, "cxx", args), expected, "{}", place.display());
        }
    }
}

#[test]
fn headers_are_those_of_any_standard() {
    let dir = Dir::new();
    fs::copy(source("headers.c"), dir.join("h.c")).unwrap();
    fs::copy(source("headers.c"), dir.join("h.cpp")).unwrap();
    let all = "-O2 -U_FORTIFY_SOURCE -Wall -Wextra -Werror -pedantic -c -o h.o";
    for toolchain in COMPILERS {
        for options in [
            "-D_FORTIFY_SOURCE=0 -D_GNU_SOURCE -D_GNU_STRERROR_R",
            "-D_FORTIFY_SOURCE=3",
            "-D_FORTIFY_SOURCE=3 -D_GNU_SOURCE",
        ] {
            for standard in ["c99", "c11", "gnu17"] {
                let line = format!("{all} {options} -std={standard} h.c");
                with(toolchain, STATICCC).dir(dir.path()).line(&line).silent();
            }
            for standard in ["c++98", "c++17"] {
                let line = format!("{all} {options} -std={standard} h.cpp");
                with(toolchain, STATICCXX).dir(dir.path()).line(&line).silent();
            }
        }
    }
}

#[test]
fn a_program_s_own_functions_and_its_libraries_take_precedence() {
    let dir = Dir::new();
    dir.file(
        "l.c",
        "#include <stdio.h>\nvoid error(int s, int n, const char *f, ...) { (void)s, (void)n; puts(f); }\n\
         int getopt(int c, char *const *v, const char *f) { (void)c, (void)v; puts(f); return 0; }\n\
         int glob(const char *p, int f, void *e, void *g) { (void)f, (void)e, (void)g; puts(p); return 0; }\n",
    );
    dir.file(
        "p.c",
        "#include <error.h>\n#include <glob.h>\n#include <unistd.h>\n\
         int main(int c, char **v) { glob_t g; if (getopt(c, v, \"own\") == glob(\"/none\", 0, 0, &g)) c = 0;\n\
         error(3, 0, \"the library's\"); return c; }\n",
    );
    for linker in ["bfd", "gold", "lld", "mold"] {
        let cc = || with("musl", STATICCC).dir(dir.path()).env("STATICCXX_STACK_SIZE", "0");
        cc().line("-O2 -c l.c").silent();
        Run::new("ar").dir(dir.path()).line("rcs libl.a l.o").silent();
        cc().line(&format!("-O2 -w -fuse-ld={linker} p.c -L. -ll -o p")).silent();
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "own\n/none\nthe library's\n", "{linker}");
        // Without the library it is the layer's, which ends the program.
        cc().line(&format!("-O2 -w -fuse-ld={linker} p.c -o p")).silent();
        assert_eq!(
            Run::new(dir.join("p")).fails(3),
            format!("{}: the library's\n", dir.join("p").display()),
            "{linker}"
        );
    }
}

#[test]
fn programs_that_use_nothing_of_it_do_not_change() {
    let dir = Dir::new();
    let json = fs::read_to_string(data().join("staticcxx/toolchains/musl/toolchain.json")).unwrap();
    let mut descriptor: serde_json::Value = serde_json::from_str(&json).unwrap();
    let archive = descriptor.as_object_mut().unwrap().remove("compat").unwrap();
    assert!(Path::new(archive.as_str().unwrap()).is_file());
    descriptor["name"] = "musl-plain".into();
    let plain = dir.file("plain.json", descriptor.to_string());
    dir.file("c.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n");
    dir.file("x.cpp", "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }\n");
    for (driver, source) in [(STATICCC, "c.c"), (STATICCXX, "x.cpp")] {
        // The list of parts is given room for what is offered, before it is known what of it is linked in.
        let made = |toolchain: &str| {
            let call = with(toolchain, driver).dir(dir.path()).env("STATICCXX_PARTS", "off");
            call.line("-O2 -o p").args([source]).silent();
            fs::read(dir.join("p")).unwrap()
        };
        assert!(made("musl") == made(plain.to_str().unwrap()), "{source}");
    }
}
