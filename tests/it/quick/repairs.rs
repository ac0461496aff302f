//! What glibc can't do in static programs, repaired: UTF-8 locales, name services. And what is said when a link fails.

use crate::support::*;
use std::fs;

const LOCALE: &str = fixture!("repairs/locale.c");

/// Runs a program in an empty root with these variables.
pub fn in_nothing(dir: &Dir, program: &str, variable: &str, value: &str) -> String {
    let root = Dir::new();
    assert!(is_static(&dir.join(program)));
    fs::hard_link(dir.join(program), root.join("prog")).unwrap();
    let run = Run::new("unshare").line("--user --map-root-user --root").args([root.path()]).args(["/prog"]);
    run.env(variable, value).ok()
}

#[test]
fn utf_8_locales_work_where_there_is_no_file() {
    let dir = Dir::new();
    dir.file("u.c", LOCALE);
    for options in here(&[
        "",
        "-static",
        "-O2 -flto",
        "-Wl,--gc-sections -ffunction-sections",
        "-s",
        "-fuse-ld=gold",
        "-pthread -lm",
    ]) {
        Run::new(STATICCC).dir(dir.path()).line("u.c -o u").line(options).silent();
        for name in ["C.UTF-8", "en_US.UTF-8", "de_AT.utf8", "xx_YY.UTF-8@euro"] {
            assert_eq!(in_nothing(&dir, "u", "LC_ALL", name), format!("{name} UTF-8 3 20ac c4 1\n"), "{options}");
        }
        assert!(in_nothing(&dir, "u", "LC_ALL", "C").starts_with("C ANSI_X3.4-1968 -1"), "{options}");
        assert!(in_nothing(&dir, "u", "LC_ALL", "de_DE.ISO-8859-1").starts_with("none"), "{options}");
    }
    // The same from an object, and through an archive of the user's.
    Run::new(STATICCC).dir(dir.path()).line("-c u.c -Dmain=inner -o inner.o").silent();
    dir.file("m.c", "int inner(void); int main(void) { return inner(); }\n");
    Run::new("ar").dir(dir.path()).line("rcs libinner.a inner.o").ok();
    Run::new(STATICCC).dir(dir.path()).line("m.c -L. -linner -o u").silent();
    assert!(in_nothing(&dir, "u", "LC_ALL", "C.UTF-8").starts_with("C.UTF-8 UTF-8"));
}

#[test]
fn std_locale_takes_the_user_s_name() {
    let dir = Dir::new();
    dir.file("l.cc", "#include <iostream>\n#include <locale>\nint main() { std::locale l(\"\"); std::cout << l.name() << std::endl; std::cout << std::hex << (unsigned)std::use_facet<std::ctype<wchar_t>>(l).toupper(0xe4) << std::endl; }\n");
    Run::new(STATICCXX).dir(dir.path()).line("l.cc -o l").silent();
    assert_eq!(in_nothing(&dir, "l", "LC_ALL", "en_US.UTF-8"), "en_US.UTF-8\nc4\n");
    Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_GLIBC_FIXES", "off").line("l.cc -o l").silent();
    assert!(
        !in_empty_root(&dir.join("l"), &[]).status.success() || in_nothing(&dir, "l", "LC_ALL", "C").starts_with('C')
    );
}

#[test]
fn warnings_that_are_still_true_stay() {
    let dir = Dir::new();
    dir.file(
        "d.c",
        "#include <pwd.h>\n#include <stdio.h>\nint main(void) { return !getpwnam(\"x\") && tmpnam(0) != 0; }\n",
    );
    let ours = Run::new(STATICCC).dir(dir.path()).line("d.c -o d").output();
    assert!(ours.status.success());
    let said = text(&ours.stderr);
    assert!(
        said.contains("`tmpnam' is dangerous") && said.contains("in function `main'") && !said.contains("getpwnam"),
        "{said}"
    );
}

#[test]
fn the_report_names_who_calls_what_can_t_be_repaired() {
    let dir = Dir::new();
    dir.file("d.c", "#include <dlfcn.h>\nvoid *load(void) { return dlopen(\"x\", 1); }\n");
    dir.file("i.c", "#include <iconv.h>\nint convert(void) { return iconv_open(\"a\", \"b\") != 0; }\n");
    dir.file("unused.c", "#include <dlfcn.h>\nvoid *unused(void) { return dlopen(\"y\", 1); }\n");
    dir.file("main.c", "#include <pwd.h>\n#include <locale.h>\nvoid *load(void); int convert(void);\nint main(void) { setlocale(LC_ALL, \"\"); return load() || convert() || getpwnam(\"x\"); }\n");
    for name in ["d", "i", "unused", "main"] {
        Run::new("gcc").dir(dir.path()).args(["-c", "-fPIC", &format!("{name}.c")]).ok();
    }
    Run::new("ar").dir(dir.path()).line("rcs libp.a i.o unused.o").ok();
    let findings = |fixes: &str, converters: &str| {
        let run = Run::new(STATICCC)
            .dir(dir.path())
            .env("STATICCXX_REPORT", dir.join("report"))
            .env("STATICCXX_GLIBC_FIXES", fixes)
            .env("STATICCXX_ICONV", converters);
        assert!(run.line("main.o d.o -L. -lp -o x").output().status.success());
        let lines = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
        let record: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        let list = record["verdict"]["findings"].as_array().unwrap().clone();
        list.into_iter().map(|f| (f["id"].as_str().unwrap().to_owned(), f["callers"].to_string())).collect::<Vec<_>>()
    };
    let repaired = findings("all", "common");
    assert!(repaired.len() == 1 && repaired[0].0 == "needs-dlopen", "{repaired:?}");
    let repaired = findings("all", "none");
    let names: Vec<&str> = repaired.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(names, ["needs-iconv", "needs-dlopen"], "{repaired:?}");
    assert!(repaired[0].1.contains("libp.a(i.o)") && repaired[1].1 == "[\"d.o\"]", "{repaired:?}");
    let plain = findings("off", "common");
    let names: Vec<&str> = plain.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(names, ["needs-name-services", "needs-iconv", "needs-locales", "needs-dlopen"], "{plain:?}");
}

#[test]
fn a_program_that_needs_no_repair_has_none() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    for (driver, source) in [(STATICCC, "h.c"), (STATICCXX, "h.cpp")] {
        Run::new(driver).dir(dir.path()).args([source, "-o", "with"]).silent();
        Run::new(driver).dir(dir.path()).env("STATICCXX_GLIBC_FIXES", "off").args([source, "-o", "without"]).silent();
        let [with, without] = ["with", "without"].map(|n| fs::metadata(dir.join(n)).unwrap().len());
        assert_eq!(with, without, "{source}");
    }
}

#[test]
fn a_launcher_that_leaves_a_server_behind_does_not_hold_the_link() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let launcher = dir.script("launch", "sleep 300 & echo $! >> servers; exec \"$@\"");
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_LAUNCHER", &launcher).line("h.c -o h");
    // The server keeps our caller's pipes open, as it would without us: files do not mind.
    let file = fs::File::create(dir.join("out")).unwrap();
    let mut command = run.command();
    command.stdout(file.try_clone().unwrap()).stderr(file);
    assert!(command.status().unwrap().success());
    // The link is over, and they all still run.
    let servers = fs::read_to_string(dir.join("servers")).unwrap();
    assert!(servers.lines().count() > 0);
    for server in servers.lines() {
        assert_eq!(fs::read(format!("/proc/{server}/comm")).unwrap(), b"sleep\n");
        signal("TERM", server);
    }
}

#[test]
fn nothing_of_ours_looks_like_a_library_of_the_compiler() {
    let dir = Dir::new();
    dir.file("h.cpp", "#include <iostream>\n#include <locale>\nint q();\nint main() { std::locale l(\"\"); std::cout << q() << '\\n'; }\n");
    dir.file("q.cpp", "int q() { return 4; }\n");
    Run::new("g++").dir(dir.path()).line("-fPIC -shared q.cpp -o libq.so").silent();
    Run::new("g++").dir(dir.path()).line("-c h.cpp").silent();
    let line = "h.o -L. -Wl,--no-as-needed -lq -v -o h";
    for linker in ["-fuse-ld=bfd", ""] {
        let out = Run::new(STATICCXX).dir(dir.path()).line(line).line(linker).output();
        let said = text(&out.stderr);
        assert!(out.status.success(), "{said}");
        let words: Vec<&str> = said.lines().find(|l| l.contains("/collect2 ")).unwrap().split(' ').collect();
        // What CMake and autoconf take for one that each program needs.
        let taken: Vec<&&str> = words.iter().filter(|w| w.starts_with('/') && w.ends_with(".a")).collect();
        assert!(taken.is_empty(), "{linker}: {taken:?}");
        assert!(words.iter().any(|w| w.ends_with("/locale.ar")) && words.iter().any(|w| w.ends_with("/libq.so.ar")));
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "4\n");
    }
}

/// A directory of converters of our own before the machine's: one that works and one that is no shared object.
fn own_converters(dir: &Dir) -> String {
    let found = Run::new("gcc").line("-print-file-name=gconv").ok();
    std::os::unix::fs::symlink(format!("{}/ISO8859-15.so", found.trim()), {
        dir.file("before/gconv/BROKEN.so", "no shared object");
        dir.join("before/gconv/ISO8859-15.so")
    })
    .unwrap();
    let conversions = "module ISO-8859-15// INTERNAL ISO8859-15 1\nmodule INTERNAL ISO-8859-15// ISO8859-15 1\n\
                       module BROKEN-SET// INTERNAL BROKEN 1\nmodule INTERNAL BROKEN-SET// BROKEN 1\n";
    dir.file("before/gconv/gconv-modules", conversions);
    format!("gcc -B{}", dir.join("before").display())
}

#[test]
fn a_converter_that_can_t_be_had_is_named_and_the_others_work() {
    let dir = Dir::new();
    let compiler = own_converters(&dir);
    dir.file("i.c", fixture!("repairs/euro.c"));
    let link = |sets: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &compiler).env("STATICCXX_ICONV", sets);
        run.env("XDG_CACHE_HOME", dir.join("cache")).line("i.c -o i").output()
    };
    // Said each time, not only when the archive is made.
    for _ in 0..2 {
        let out = link("ISO-8859-15,BROKEN-SET");
        let said = text(&out.stderr);
        assert!(out.status.success() && said.lines().count() == 1, "{said}");
        assert!(said.contains("STATICCXX_ICONV: left out: `BROKEN.so`, which can't be converted: "), "{said}");
        assert_eq!(says_in_empty_root(&dir.join("i"), &[]), "ISO-8859-15: \u{20ac}\nBROKEN-SET: none\n");
    }
    let out = link("BROKEN-SET");
    assert!(
        !out.status.success() && text(&out.stderr).contains("BROKEN.so` can't be converted"),
        "{}",
        text(&out.stderr)
    );
}
