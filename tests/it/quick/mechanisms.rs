//! What does not work with a compiler is off, is said once, and builds go on.

use crate::support::*;
use std::fs;

/// The compiler with start files or archives of `dir` before its own.
fn compiler(dir: &Dir) -> String {
    format!("gcc -B{}", dir.join("lib").display())
}

/// A call of a driver with that compiler and a cache of its own.
fn with(dir: &Dir, program: &str) -> Run {
    Run::new(program).dir(dir.path()).env("STATICCXX_CC", compiler(dir)).env("XDG_CACHE_HOME", dir.join("cache"))
}

/// A directory whose libc.a lacks `sigdescr_np`, which the start-up code of converted libraries refers to and a plain
/// program does not.
fn without_a_member() -> Dir {
    let dir = Dir::new();
    let libc = Run::new("gcc").line("-print-file-name=libc.a").ok();
    fs::create_dir(dir.join("lib")).unwrap();
    fs::copy(libc.trim(), dir.join("lib/libc.a")).unwrap();
    Run::new("ar").dir(dir.join("lib")).line("d libc.a sigdescr_np.o").ok();
    dir.file("h.c", HELLO_C);
    dir
}

#[test]
fn a_repair_that_can_t_be_had_is_named_and_builds_go_on() {
    let dir = without_a_member();
    let said = text(&with(&dir, STATICCC).line("h.c -o h").output().stderr);
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    assert!(said.lines().count() == 1 && said.starts_with("staticcxx: note: with `"), "{said}");
    assert!(said.contains("start-up code of converted libraries") && said.contains("sigdescr_np"), "{said}");
    assert!(said.contains("`staticctl doctor`"), "{said}");
    // Once.
    with(&dir, STATICCC).line("h.c -o h").silent();
    let doctor = with(&dir, STATICCTL).line("doctor").output();
    assert!(doctor.status.success());
    let doctor = text(&doctor.stdout);
    assert!(doctor.contains("start-up code of converted libraries: off, so that a shared object needs"), "{doctor}");
    assert!(doctor.contains("sigdescr_np") && doctor.contains("static-pie: linked, read back, run"), "{doctor}");
    // What needs it says why it can't be done.
    dir.file("q.c", "int q(void) { return 4; }\n");
    dir.file("m.c", "int q(void);\nint main(void) { return q(); }\n");
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    let said = with(&dir, STATICCC).line("m.c -L. -lq -o m").fails(1);
    assert!(said.contains("converted libraries do not work with this compiler on this machine: "), "{said}");
    Run::new("gcc").dir(dir.path()).line("m.c -L. -lq -Wl,-rpath,. -o twin").ok();
    let said = with(&dir, STATICCTL).line("convert twin -o m").fails(2);
    assert!(said.contains("no start-up code for converted programs"), "{said}");
}

#[test]
fn a_probe_is_not_told_what_is_off() {
    let dir = without_a_member();
    with(&dir, STATICCC).line("h.c -o conftest").silent();
    let said = text(&with(&dir, STATICCC).line("h.c -o h").output().stderr);
    assert!(said.contains("sigdescr_np"), "{said}");
}

/// A directory with start code of static-pies that ends the program unless the first word of the GOT is set, as GNU ld
/// sets it and the built-in linker does not.
fn start_code_that_reads_the_got() -> Dir {
    let dir = Dir::new();
    let start = Run::new("gcc").line("-print-file-name=rcrt1.o").ok();
    fs::create_dir(dir.join("lib")).unwrap();
    dir.file(
        "start.s",
        ".globl _start\n_start: mov _GLOBAL_OFFSET_TABLE_(%rip), %rax\n test %rax, %rax\n jnz original\n hlt\n\
         .section .note.GNU-stack,\"\",@progbits\n",
    );
    Run::new("gcc").dir(dir.path()).line("-c start.s").ok();
    Run::new("objcopy").dir(dir.path()).args(["--redefine-sym", "_start=original", start.trim(), "original.o"]).ok();
    Run::new("ld").dir(dir.path()).line("-r start.o original.o -o lib/rcrt1.o").ok();
    dir.file("h.c", HELLO_C);
    Run::new("gcc").dir(dir.path()).line("-c -fPIE h.c").ok();
    dir
}

#[test]
fn what_the_built_in_linker_links_has_to_run_before_it_counts() {
    let dir = start_code_that_reads_the_got();
    let linker = || {
        let lines = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
        let record: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        (record["linker"]["by"].as_str().unwrap().to_owned(), record["off"].to_string())
    };
    let link = |word: &str| {
        let run = with(&dir, STATICCC).env("STATICCXX_REPORT", dir.join("report"));
        let out = run.line(word).line("h.o -o h").output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
        text(&out.stderr)
    };
    let said = link("-static-pie");
    assert!(said.contains("built-in linker, static-pie (its program does not run: signal"), "{said}");
    let (by, off) = linker();
    assert!(by == "compiler" && off.contains("built-in-static-pie"), "{by} {off}");
    assert_eq!(link("-static-pie"), "");
    // Programs at fixed addresses have other start code.
    assert_eq!((link("-static"), linker().0), (String::new(), "built-in".to_owned()));
    let doctor = text(&with(&dir, STATICCTL).line("doctor").output().stdout);
    assert!(doctor.contains("built-in linker, static-pie: off, so that the compiler's linker links: "), "{doctor}");
    assert!(doctor.contains("packed relocations: off"), "{doctor}");
}

/// A link in a shell that first does `before`; another toolchain lies on PATH and says if it is called.
fn short_of(dir: &Dir, before: &str) -> std::process::Output {
    dir.script("bin/zig", "echo called >> zig-called\nexit 1");
    dir.file("h.cpp", HELLO_CXX);
    Run::new("g++").dir(dir.path()).line("-c h.cpp").ok();
    fs::create_dir_all(dir.join("tmp")).unwrap();
    let shell = format!("{before}\nexec {STATICCXX} h.o -o h");
    let run = Run::new("unshare").line("--user --map-root-user --mount sh -c").args([shell]).dir(dir.path());
    run.path_first(&[&dir.join("bin")]).env("XDG_CACHE_HOME", dir.join("cache")).output()
}

/// The same link without a shortage works, and has nothing to say.
fn works_later(dir: &Dir) {
    let run = Run::new(STATICCXX).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"));
    run.line("h.o -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    assert!(!dir.join("zig-called").exists());
}

#[test]
fn a_shortage_is_not_remembered_and_no_other_toolchain_is_tried() {
    for before in ["ulimit -f 100", "mount -t tmpfs -o size=40k tmp tmp && export TMPDIR=$PWD/tmp", "ulimit -v 60000"] {
        let dir = Dir::new();
        let out = short_of(&dir, before);
        let said = text(&out.stderr);
        assert!(!out.status.success(), "{before}: {said}");
        assert!(!said.contains("apt-get install") && !said.contains("can't link static"), "{before}: {said}");
        works_later(&dir);
    }
}

#[test]
fn programs_are_tried_elsewhere_where_temporary_files_may_not_be_run() {
    let dir = Dir::new();
    let out = short_of(&dir, "mount -t tmpfs -o noexec tmp tmp && export TMPDIR=$PWD/tmp");
    assert_eq!((text(&out.stderr).as_str(), out.status.code()), ("", Some(0)));
    works_later(&dir);
}
