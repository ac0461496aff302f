//! Programs with musl by the built-in linker, and by GNU ld.

use super::linkers::PROGRAMS;
use super::musl::musl;
use crate::quick::linkers::linked_by;
use crate::support::*;
use std::collections::BTreeSet;
use std::fs;

const LINKERS: [&str; 2] = ["wild", "bfd"];

/// Links in a project; gives the program's name.
fn linked(dir: &Dir, linker: &str, line: &str) -> String {
    let out = format!("p-{linker}");
    let driver = musl(STATICCXX).dir(dir.path()).env("STATICCXX_LINKER", linker);
    let made = driver.env("STATICCXX_REPORT", dir.join("report")).line(line).line(&format!("-o {out}")).output();
    let (by, why) = linked_by(dir);
    // Whether wild puts thread-local storage right depends on the size of what stands before it.
    let noticed = why.contains("its thread-local storage is not aligned");
    assert!((by == "built-in") == (linker == "wild") || noticed, "{line}: {why}");
    let said = text(&made.stderr);
    assert!(made.status.success() && (said.is_empty() || noticed), "{line}: {linker}: {said}");
    assert!(is_static(&dir.join(&out)), "{line}: {linker}");
    out
}

#[test]
fn programs_with_musl_run_whoever_links_them() {
    // musl's start code resolves no functions.
    for program in PROGRAMS.iter().filter(|p| p.name != "ifunc") {
        let dir = Dir::new();
        let mut objects = Vec::new();
        for (name, text) in program.sources {
            dir.file(name, text);
            let Some((stem, ending)) = name.split_once('.').filter(|(_, e)| *e == "c" || *e == "cc") else { continue };
            let compiler = musl(if ending == "c" { STATICCC } else { STATICCXX }).dir(dir.path());
            compiler.line(program.compile).line(&format!("-c {name} -o {stem}.o")).silent();
            match stem.starts_with("lib") {
                true => drop(Run::new("ar").line(&format!("rc {stem}.a {stem}.o")).dir(dir.path()).ok()),
                false => objects.push(format!("{stem}.o")),
            }
        }
        for (kind, linker) in ["-static", "-static-pie"].into_iter().flat_map(|k| LINKERS.map(|l| (k, l))) {
            let out = linked(&dir, linker, &format!("{kind} {} {}", objects.join(" "), program.link));
            // It does not know of DT_PREINIT_ARRAY either.
            let prints = program.prints.trim_start_matches("pre ");
            assert_eq!(says_in_empty_root(&dir.join(out), &[]), prints, "{}: {linker} {kind}", program.name);
        }
    }
}

/// Which of the toolchain's own functions, and of libstdc++'s facets that are linked by use, a program has.
fn optional_parts(dir: &Dir, program: &str) -> BTreeSet<String> {
    let symbols = Run::new("nm").line("-C").args([dir.join(program)]).ok();
    let lib = optional_symbols();
    // Facets of the C locale; which templates are kept beside them depends on how sections are collected.
    let told = |name: &&str| lib.contains(*name) || name.starts_with("(anonymous namespace)::");
    symbols.lines().filter_map(|line| line.get(19..)).filter(told).map(str::to_owned).collect()
}

/// The names that the allocator and the faster functions alone define.
fn optional_symbols() -> &'static BTreeSet<String> {
    static NAMES: std::sync::OnceLock<BTreeSet<String>> = std::sync::OnceLock::new();
    NAMES.get_or_init(|| {
        let lib = musl(STATICCC).line("-print-file-name=libc.a").ok();
        let lib = std::path::Path::new(lib.trim()).parent().unwrap().to_owned();
        let defined = |archive: &str| -> BTreeSet<String> {
            let said = Run::new("nm").line("-C --defined-only").args([lib.join(archive)]).output();
            text(&said.stdout).lines().filter_map(|line| line.get(19..)).map(str::to_owned).collect()
        };
        let of_all: BTreeSet<String> =
            ["libc.a", "libstdc++-narrow.a", "libm.a"].iter().flat_map(|archive| defined(archive)).collect();
        let optional = ["libmimalloc-offered.a", "libfast-offered.a"];
        optional.iter().flat_map(|archive| defined(archive)).filter(|name| !of_all.contains(name)).collect()
    })
}

#[test]
fn what_is_linked_by_use_is_the_same_by_both() {
    let dir = Dir::new();
    dir.file("puts.c", "#include <stdio.h>\nint main(void) { puts(\"9\"); return 0; }\n");
    dir.file("getline.c", fixture!("musl/getline.c"));
    dir.file("own.c", fixture!("musl/own-malloc.c"));
    dir.file("uses.c", "#include <stdio.h>\nint f(void);\nint main(void) { printf(\"%d\\n\", f()); return 0; }\n");
    dir.file("libf.c", "#include <stdlib.h>\n#include <string.h>\nint f(void) { char *p = malloc(9); memset(p, 9, 9); int n = p[8]; free(p); return n; }\n");
    dir.file("libg.c", "#include <stdlib.h>\nstatic int order(const void *a, const void *b) { return *(int *)a - *(int *)b; }\nvoid g(int *p) { qsort(p, 2, 4, order); }\n");
    dir.file("hello.cc", HELLO_CXX);
    dir.file("strings.cc", fixture!("musl/strings.cpp"));
    dir.file("wide.cc", "#include <iostream>\nint main() { std::wcout << L\"wide\" << std::endl; }\n");
    dir.file("regex.cc", "#include <iostream>\n#include <regex>\nint main(int, char **v) { std::cout << std::regex_search(v[0], std::regex(\"p-[wb]\")) << std::endl; }\n");
    dir.file("time.cc", "#include <iomanip>\n#include <iostream>\nint main() { std::tm t{}; std::cout << std::put_time(&t, \"%H:%M\") << std::put_money(123) << std::endl; }\n");
    for name in ["puts.c", "getline.c", "own.c", "uses.c", "libf.c", "libg.c"] {
        musl(STATICCC).dir(dir.path()).line("-O2 -fno-builtin -c").line(name).silent();
    }
    for name in ["hello.cc", "strings.cc", "wide.cc", "regex.cc", "time.cc"] {
        musl(STATICCXX).dir(dir.path()).line("-O2 -std=c++20 -c").line(name).silent();
    }
    Run::new("ar").line("rc libf.a libf.o libg.o").dir(dir.path()).silent();
    Run::new("ar").line("rcT libthin.a libf.o libg.o").dir(dir.path()).silent();
    let mut some = 0;
    for line in [
        "puts.o",
        "puts.o -L. -Wl,--whole-archive -lf -Wl,--no-whole-archive",
        "getline.o",
        "uses.o libf.o own.o",
        "uses.o -L. -lf",
        "uses.o -L. -lthin",
        "uses.o libf.o",
        "hello.o",
        "strings.o",
        "wide.o",
        "regex.o",
        "time.o",
        "time.o wide.o -Wl,--allow-multiple-definition",
    ] {
        let [(built_in, first), (gnu, second)] = LINKERS.map(|linker| {
            let out = linked(&dir, linker, line);
            (optional_parts(&dir, &out), says_in_empty_root(&dir.join(&out), &[]))
        });
        assert_eq!(built_in, gnu, "{line}");
        assert_eq!(first, second, "{line}");
        some += usize::from(!gnu.is_empty());
    }
    assert!(some > 8, "{some}");
}

#[test]
fn hello_is_no_larger_than_gnu_ld_s() {
    let dir = Dir::new();
    dir.file("hello.cc", HELLO_CXX);
    dir.file("hello.c", HELLO_C);
    let size = |name: &str| fs::metadata(dir.join(name)).unwrap().len();
    for (compiler, source) in [(STATICCXX, "hello.cc"), (STATICCC, "hello.c")] {
        musl(compiler).dir(dir.path()).line("-O2 -c -o hello.o").line(source).silent();
        let [built_in, gnu] = LINKERS.map(|linker| size(&linked(&dir, linker, "-s hello.o")));
        assert!(built_in <= gnu, "{source}: {built_in} and {gnu} bytes");
    }
}
