//! dlopen, dlsym and dladdr without a plugin: what a static program finds in itself, beside its dynamic twin.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Ways in which a program exports names.
const EXPORTS: [&str; 4] =
    ["", "-rdynamic", "-Wl,--export-dynamic-symbol=own_t*", "-Wl,--dynamic-list=list -Wl,--no-as-needed"];

/// A program that asks, and a library that has an archive.
pub fn asking() -> Dir {
    let dir = Dir::new();
    dir.file("asks.c", fixture!("dlopen/asks.c"));
    dir.file("used.c", fixture!("dlopen/pair_used.c"));
    dir.file("mentioned.c", fixture!("dlopen/pair_mentioned.c"));
    dir.file("list", "{\n  own_one;\n  \"of_this_file\";\n};\n");
    for line in [
        "-shared -fPIC used.c mentioned.c -Wl,-soname,libpair.so.1 -o libpair.so.1",
        "-fPIC -c used.c mentioned.c",
        "-c asks.c",
    ] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    std::os::unix::fs::symlink("libpair.so.1", dir.join("libpair.so")).unwrap();
    Run::new("ar").dir(dir.path()).line("rc libpair.a used.o mentioned.o").ok();
    dir
}

/// What the dynamic program says, linked in this way. Both are called by one name, which they print.
pub fn dynamic(dir: &Dir, line: &str) -> String {
    let path = dir.path().display();
    Run::new("gcc").dir(path.to_string()).line(&format!("{line} -L. -lpair -Wl,-rpath,{path} -o prog")).ok();
    let said = run(dir);
    fs::remove_file(dir.join("prog")).unwrap();
    said
}

fn run(dir: &Dir) -> String {
    Run::new("./prog").dir(dir.path()).args([dir.join("libpair.so.1")]).ok()
}

/// What the static program says; it is linked silently.
pub fn ours(dir: &Dir, line: &str) -> String {
    let run_of = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", dir.join("report"));
    run_of.line(&format!("{line} -L. -lpair -o prog")).silent();
    assert!(is_static(&dir.join("prog")), "{line}");
    let said = run(dir);
    fs::remove_file(dir.join("prog")).unwrap();
    said
}

#[test]
fn a_program_finds_what_it_has_as_under_ld_so() {
    let dir = asking();
    for line in EXPORTS {
        let said = dynamic(&dir, &format!("asks.o {line}"));
        assert!(said.contains("mentioned 201") && said.contains("default: ") && said.contains("thread 1"), "{said}");
        assert_eq!(said.contains("called_back main"), line == "-rdynamic", "{line}: {said}");
        assert_eq!(ours(&dir, &format!("asks.o {line}")), said, "{line}");
    }
    let of_source = ours(&dir, "asks.c -rdynamic");
    assert!(of_source.contains("thread 1, mentioned 201\nown_one is in ./prog as own_one 1\n"), "{of_source}");
    // The built-in linker takes such programs: there is no warning that it would have to give.
    let report = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let linkers: Vec<serde_json::Value> =
        report.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["linker"].clone()).collect();
    assert!(linkers.iter().any(|l| l["by"] == "built-in"), "{linkers:?}");
    assert!(!linkers.iter().any(|l| l.to_string().contains("GNU ld warning")), "{linkers:?}");
}

#[test]
fn a_library_without_an_archive_opens_itself() {
    let dir = Dir::new();
    dir.file("self.c", fixture!("dlopen/self_asking.c"));
    dir.file("main.c", fixture!("dlopen/asker.c"));
    let path = dir.path().display().to_string();
    Run::new("gcc").dir(&path).line("-O2 -shared -fPIC self.c -Wl,-soname,libself.so.3 -o libself.so.3").ok();
    std::os::unix::fs::symlink("libself.so.3", dir.join("libself.so")).unwrap();
    Run::new("gcc").dir(&path).line(&format!("main.c -L. -lself -Wl,-rpath,{path} -o dynamic")).ok();
    let said = Run::new(dir.join("dynamic")).ok();
    assert!(said.contains("libself.so.3 null") && said.ends_with("1 2 -2\n"), "{said}");
    Run::new(STATICCC).dir(&path).line("main.c -L. -lself -o static").silent();
    // Neither the library nor anything else is there.
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said);
}

#[test]
fn a_program_may_have_its_own() {
    let dir = Dir::new();
    dir.file("own.c", fixture!("dlopen/own.c"));
    Run::new("gcc").dir(dir.path()).line("-c own.c").ok();
    Run::new("gcc").dir(dir.path()).line("own.o -o dynamic").ok();
    Run::new(STATICCC).dir(dir.path()).line("own.o -o static").silent();
    let said = Run::new(dir.join("dynamic")).ok();
    assert_eq!(said, "own dlopen, another 1\n1 1\n");
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said);
}

const OPENER: &str = "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **v) {\n\
    void *h = dlopen(v[1], RTLD_NOW); puts(h ? \"ok\" : dlerror()); return !h; }\n";

#[test]
fn what_is_not_inside_is_not_loaded_and_one_line_says_how_to_add_it() {
    let dir = asking();
    dir.file("main.c", OPENER);
    Run::new("gcc").dir(dir.path()).line("-c main.c").ok();
    Run::new(STATICCC).dir(dir.path()).line("-fuse-ld=bfd main.o -o static").silent();
    let library = dir.join("libpair.so.1").display().to_string();
    let out = Run::new(dir.join("static")).args([&library]).output();
    let said = text(&out.stdout);
    assert_eq!((out.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.starts_with(&format!("{library}: cannot open shared object file: No such file")), "{said}");
    assert!(said.contains(&format!("STATICCXX_PLUGINS={library}")), "{said}");
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "libpair.so.1,symbol:main");
    // It calls back into a program that lacks what it needs.
    dir.file("back.c", "int called_back(void) { return 1; }");
    run.line("main.o back.c -o with").silent();
    assert_eq!(says_in_empty_root(&dir.join("with"), &[&library]), "ok\n");
}

#[test]
fn glibc_s_own_is_back_on_request_and_other_programs_never_change() {
    let dir = Dir::new();
    dir.file("main.c", OPENER);
    dir.file("hello.c", HELLO_C);
    Run::new("gcc").dir(dir.path()).line("-c main.c hello.c").ok();
    let link = |choice: &str, line: &str| {
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_DLOPEN", choice).line(line).output()
    };
    let defined = |file: &str| Run::new("nm").args([dir.join(file)]).ok();
    let out = link("system", "-fuse-ld=bfd main.o -o system");
    assert!(out.status.success() && text(&out.stderr).contains("Using 'dlopen' in static"), "{}", text(&out.stderr));
    assert!(!defined("system").contains("staticcxx_dlopen"));
    assert!(link("ours", "main.o -o ours").status.success());
    assert!(defined("ours").contains("staticcxx_dlopen"));
    for line in ["hello.o", "-fuse-ld=bfd hello.o", "hello.c"] {
        let [one, two] = ["ours", "system"].map(|choice| {
            assert!(link(choice, &format!("{line} -o {choice}")).stderr.is_empty(), "{line}");
            fs::read(dir.join(choice)).unwrap()
        });
        assert!(one == two, "{line}");
    }
    let out =
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_DLOPEN", "system").env("STATICCXX_PLUGINS", "symbol:main");
    let said = text(&out.line("main.o -o system").output().stderr);
    assert!(said.contains("warning: STATICCXX_PLUGINS is ignored: STATICCXX_DLOPEN=system leaves dlopen"), "{said}");
}

#[test]
fn libgomp_s_is_ours_too() {
    let dir = Dir::new();
    dir.file(
        "main.c",
        "#include <omp.h>\n#include <stdio.h>\nint main(void) { int sum = 0;\n#pragma omp parallel for reduction(+:sum)\n\
         for (int i = 0; i < 10; i++) sum += i;\n printf(\"%d %d\\n\", sum, omp_get_num_devices()); return 0; }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-fopenmp main.c -o dynamic").ok();
    for line in ["-fopenmp main.c", "-fuse-ld=bfd -fopenmp main.c"] {
        Run::new(STATICCC).dir(dir.path()).line(&format!("{line} -o static")).silent();
        let said = says_in_empty_root(&dir.join("static"), &[]);
        assert_eq!(said, Run::new(dir.join("dynamic")).ok(), "{line}");
        assert!(Run::new("nm").args([dir.join("static")]).ok().contains(" staticcxx_dlopen\n"), "{line}");
    }
}

/// A plugin that needs a library with an archive, whose members need one without.
fn chain(dir: &Dir) -> PathBuf {
    for (name, text) in [
        ("low.c", "int low(void) { return 3; }"),
        ("mid.c", "int low(void); int mid(void) { return low() * 10; }"),
        ("top.c", "int mid(void); int top(void) { return mid() + 1; }"),
    ] {
        dir.file(name, text);
    }
    for line in [
        "-shared -fPIC low.c -Wl,-soname,liblow.so -o liblow.so",
        "-shared -fPIC mid.c -Wl,-soname,libmid.so -L. -llow -o libmid.so",
        "-shared -fPIC top.c -L. -lmid -Wl,-rpath,$ORIGIN -o top.so",
        "-c -fPIC mid.c",
    ] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    Run::new("ar").dir(dir.path()).line("rc libmid.a mid.o").ok();
    dir.join("top.so")
}

#[test]
fn what_the_archive_of_a_plugin_needs_belongs_to_the_program() {
    let dir = Dir::new();
    let plugin = chain(&dir);
    dir.file(
        "main.c",
        "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **v) { void *h = dlopen(v[1], RTLD_NOW);\n\
         int (*f)(void) = h ? (int (*)(void))dlsym(h, \"top\") : 0; printf(\"%d\\n\", f ? f() : -1); return 0; }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-c main.c").ok();
    for list in [plugin.clone(), PathBuf::from(format!("{},liblow.so", plugin.display()))] {
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", &list).line("main.o -o static").silent();
        let said = says_in_empty_root(&dir.join("static"), &[plugin.to_str().unwrap()]);
        assert_eq!(said, "31\n", "{}", Path::new(&list).display());
    }
}

/// The words of the last link in a report.
fn last_link(dir: &Dir) -> String {
    let report = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    last["command"].to_string()
}

#[test]
fn a_table_of_names_is_for_programs_whose_code_asks() {
    let dir = Dir::new();
    let path = dir.path().display().to_string();
    dir.file(
        "load.c",
        "#include <dlfcn.h>\nint load(void) { void *all = dlopen(0, RTLD_NOW); return all && dlsym(all, \"plain\") ? 1 : 2; }\n",
    );
    dir.file("plain.c", "int plain(void) { return 3; }\n");
    dir.file("quiet.c", "int plain(void);\nint main(void) { return plain(); }\n");
    dir.file("asks.c", "int load(void);\nint main(void) { return load(); }\n");
    for line in ["-shared -fPIC load.c plain.c -o libtwo.so", "-fPIC -c load.c plain.c quiet.c asks.c"] {
        Run::new("gcc").dir(&path).line(line).ok();
    }
    Run::new("ar").dir(&path).line("rc libtwo.a load.o plain.o").ok();
    for (line, table) in [("quiet.o", false), ("quiet.o -Wl,-u,load", true), ("asks.o", true)] {
        Run::new("gcc").dir(&path).line(&format!("{line} -L. -ltwo -Wl,-rpath,{path} -o dynamic")).ok();
        // The facts of the archive are new first, then kept.
        for _ in 0..2 {
            let run_of = Run::new(STATICCC).dir(&path).env("STATICCXX_REPORT", dir.join("report"));
            run_of.line(&format!("{line} -L. -ltwo -o static")).silent();
            let words = last_link(&dir);
            assert_eq!(words.contains("/plugins.ar"), table, "{line}: {words}");
            let [dynamic, ours] =
                ["./dynamic", "./static"].map(|name| Run::new(name).dir(&path).output().status.code());
            assert_eq!(dynamic, ours, "{line}");
        }
    }
}
