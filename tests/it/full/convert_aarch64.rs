//! Conversion for AArch64, cross from this machine: the torture library and the torture program beside their dynamic twins
//! under qemu, and what is refused. `tests/run aarch64-convert` is the whole.

use crate::support::*;
use std::fs;
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
const TOOLCHAIN: &str = "aarch64-linux-gnu";

fn cross(dir: &Dir, line: &str) {
    Run::new("aarch64-linux-gnu-g++").dir(dir.path()).line(line).ok();
}

fn ours(program: &str, dir: &Dir, line: &str) -> Run {
    let run = Run::new(program).dir(dir.path()).env("STATICCXX_TOOLCHAIN", TOOLCHAIN);
    run.env("STATICCXX_CONVERT", "prefer").line(line)
}

/// What a program says and returns, without the line about access, which qemu shows for whole mappings only.
fn says(dir: &Dir, program: &str, words: &str) -> (Option<i32>, String) {
    let run = Run::new("qemu-aarch64-static").dir(dir.path());
    let line = format!("-L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH={} {program} {words}", dir.path().display());
    let out = run.line(&line).output();
    let lines: Vec<String> = text(&out.stdout).lines().filter(|l| !l.starts_with("code ")).map(str::to_owned).collect();
    (out.status.code(), lines.join("\n"))
}

#[test]
fn the_torture_library_with_thread_locals_of_each_kind() {
    let source = |name: &str| format!("{FIXTURES}/convert/{name}");
    for (library, link) in [
        ("", ""),
        ("-mtls-dialect=trad -mbranch-protection=standard", "-no-pie -static"),
        // One data section, which becomes code when the program starts.
        ("", "-B/usr/lib"),
        ("-Wl,-z,max-page-size=4096", ""),
    ] {
        let dir = Dir::new();
        let (map, torture) = (source("torture.map"), source("torture.cc"));
        let words = format!("-Wl,--version-script={map} -Wl,-soname,libtorture.so {torture} -o libtorture.so");
        cross(&dir, &format!("-O2 -w -fPIC -shared {library} {words}"));
        cross(&dir, &format!("-O2 -w -pthread {} -L. -ltorture -o dynamic", source("use.cc")));
        let line = format!("-O2 -w -pthread {link} {} -L. -ltorture -o static", source("use.cc"));
        ours(STATICCXX, &dir, &line).ok();
        assert!(is_static(&dir.join("static")));
        let headers = Run::new("readelf").args([Path::new("-lW"), &dir.join("static")]).ok();
        assert!(!headers.contains("RWE"), "{headers}");
        let expected = says(&dir, "dynamic", "");
        assert!(expected.0 == Some(0) && expected.1.contains("thread: 22 12 7 19 33 5 22 64"), "{expected:?}");
        assert_eq!(says(&dir, "static", ""), expected, "{library} {link}");
    }
}

#[test]
fn a_run_path_of_a_library_in_another_root() {
    let dir = Dir::new();
    dir.file("inner.c", "int inner(void) { return 40; }");
    dir.file("outer.c", "int inner(void); int outer(void) { return inner() + 2; }");
    dir.file(
        "main.c",
        "#include <stdio.h>\nint outer(void); int main(void) { return printf(\"%d\\n\", outer()) < 0; }",
    );
    fs::create_dir_all(dir.join("root/opt/deep")).unwrap();
    fs::create_dir_all(dir.join("root/usr/lib")).unwrap();
    cross(&dir, "-x c -shared -fPIC -Wl,-soname,libinner.so.1 inner.c -o root/opt/deep/libinner.so.1");
    let words = "-Wl,-soname,libouter.so -Wl,-rpath,/opt/deep -Wl,-rpath-link,root/opt/deep";
    let inner = "-x none root/opt/deep/libinner.so.1";
    cross(&dir, &format!("-x c -shared -fPIC {words} outer.c {inner} -o root/usr/lib/libouter.so"));
    let link = format!("main.c --sysroot={} -Lroot/usr/lib -louter -o static", dir.join("root").display());
    ours(STATICCC, &dir, &link).ok();
    assert!(is_static(&dir.join("static")));
    assert_eq!(says(&dir, "static", ""), (Some(0), "42".into()));
    // Not this machine's: without the root there is no such directory.
    let said = ours(STATICCC, &dir, "main.c -Lroot/usr/lib -louter -o other").fails(1);
    assert!(said.contains("inner"), "{said}");
}

/// Opened, called, closed and opened again, with a thread-local and a name that only a table tells; then without it.
#[test]
fn a_plugin() {
    let dir = Dir::new();
    dir.file("plug.c", "static __thread int kept = 7;\nint plug(int a) { return a + kept++; }\n");
    let main = r#"#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **words)
{
    for (int round = 0; round < 2; round++) {
        void *opened = dlopen("./libplug.so", RTLD_NOW);
        if (!opened)
            return puts("not there") < 0;
        int (*plug)(int) = (int (*)(int))dlsym(opened, count > 1 ? words[1] : "plug");
        if (!plug)
            return puts("no such name") < 0;
        int first = plug(3), second = plug(3);
        printf("%d %d %d\n", first, second, dlclose(opened));
    }
    return 0;
}"#;
    dir.file("opens.c", main);
    cross(&dir, "-x c -shared -fPIC plug.c -o libplug.so");
    cross(&dir, "-x c opens.c -o dynamic");
    let opens = |program: &str, words: &str| {
        let run = Run::new("qemu-aarch64-static").dir(dir.path());
        text(&run.line(&format!("-L /usr/aarch64-linux-gnu {program} {words}")).output().stdout)
    };
    let (expected, none) = (opens("./dynamic", ""), opens("./dynamic", "other"));
    assert!(expected.starts_with("10 11 0\n") && none == "no such name\n", "{expected}{none}");
    for (linker, kind) in [("wild", "-static-pie"), ("wild", "-static"), ("bfd", "-static-pie"), ("bfd", "-static")] {
        let link = |plugins: &str, out: &str| {
            let run = ours(STATICCC, &dir, &format!("{kind} opens.c -o {out}")).env("STATICCXX_LINKER", linker);
            if plugins.is_empty() { run } else { run.env("STATICCXX_PLUGINS", plugins) }.ok()
        };
        link("./libplug.so", "with");
        link("", "without");
        assert!(is_static(&dir.join("with")) && is_static(&dir.join("without")));
        fs::rename(dir.join("libplug.so"), dir.join("hidden")).unwrap();
        assert_eq!(
            (opens("./with", ""), opens("./with", "other")),
            (expected.clone(), none.clone()),
            "{linker} {kind}"
        );
        assert_eq!(opens("./without", ""), "not there\n", "{linker} {kind}");
        fs::rename(dir.join("hidden"), dir.join("libplug.so")).unwrap();
    }
}

#[test]
fn the_torture_program() {
    let dir = Dir::new();
    let library = format!("-O2 -w -fPIC -shared -Wl,-soname,liblibrary.so.1 {FIXTURES}/programs/library.cc");
    cross(&dir, &format!("{library} -o liblibrary.so.1"));
    for options in ["", "-fno-pie -no-pie"] {
        let line = format!("-O2 -w -pthread {FIXTURES}/programs/torture.cc liblibrary.so.1 -Wl,-rpath,$ORIGIN");
        cross(&dir, &format!("{line} {options} -o original"));
        ours(STATICCTL, &dir, "convert -q original -o result").ok();
        assert!(is_static(&dir.join("result")));
        let expected = says(&dir, "./original", "x");
        assert_eq!(expected.0, Some(3), "{expected:?}");
        assert_eq!(says(&dir, "./result", "x"), expected, "{options}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let dir = Dir::new();
    dir.file("q.c", "__attribute__((aligned(64))) __thread int wide[16] = {1};\nint *q(void) { return wide; }\n");
    dir.file("main.c", "static __thread int own = 41;\nint *q(void);\nint main(void) { return own + *q() - 42; }\n");
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line("main.c -L. -lq -Wl,-rpath,$ORIGIN -o program").ok();
    let said = ours(STATICCTL, &dir, "convert program -o result").fails(2);
    assert!(said.contains("aligned to 4 bytes") && said.contains("some are to 64"), "{said}");
    // As a library of a program that is linked from objects it may have any alignment.
    ours(STATICCC, &dir, "main.c -L. -lq -o static").ok();
    assert_eq!(says(&dir, "static", "").0, Some(0));
    let said = ours(STATICCTL, &dir, "convert --root /nowhere program -o result").fails(2);
    assert!(said.contains("--root: `/nowhere` is no directory"), "{said}");
    // A library of this machine, and a program of it.
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    ours(STATICCC, &dir, "main.c ./libq.so -o host").fails(1);
    Run::new("gcc").dir(dir.path()).line("main.c -L. -lq -o here").ok();
    let said = ours(STATICCTL, &dir, "convert here -o result").fails(2);
    assert!(said.contains("is for x86-64, and the toolchain `aarch64-linux-gnu` makes programs for"), "{said}");
    assert!(!dir.join("result").exists() && !dir.join("host").exists());
    // Big-endian.
    let mut bytes = fs::read(dir.join("program")).unwrap();
    (bytes[5], bytes[18], bytes[19]) = (2, 0, 183);
    fs::write(dir.join("program"), bytes).unwrap();
    ours(STATICCTL, &dir, "convert program -o result").fails(2);
}
