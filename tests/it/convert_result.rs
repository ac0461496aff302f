//! What is said of converted libraries, and what policies, debuggers and profilers make of the program.

use crate::support::*;
use std::fs;

const Q: &str = fixture!("convert_result/q.c");
const MAIN: &str = "int q(unsigned);\nint main(int n, char **v) { return q(n - 1); }\n";

fn project() -> Dir {
    let dir = Dir::new();
    dir.file("q.c", Q);
    dir.file("main.c", MAIN);
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    dir
}

#[test]
fn reports_and_explain_name_package_version_build_id_and_files() {
    let dir = project();
    // The machine's own package manager does not know the library; another one's does.
    let bin = dir.join("bin");
    dir.script("bin/rpm", "case \"$*\" in -qf*libq.so) echo 'vendor-q 1.5-2.el9';; *) exit 1;; esac");
    let run = |program: &str, line: &str| {
        let run = Run::new(program).dir(dir.path()).line(line).path_first(&[&bin]);
        run.env("STATICCXX_REPORT", dir.join("report"))
    };
    run(STATICCC, "main.c -L. -lq -o x").silent();
    let report = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let value: serde_json::Value = serde_json::from_str(report.trim()).unwrap();
    let library = &value["libraries"][0];
    assert_eq!(library["package"], serde_json::json!({"name": "vendor-q", "version": "1.5-2.el9"}), "{library}");
    assert!(
        library["path"].as_str().unwrap().ends_with("/libq.so") && library["build_id"].as_str().unwrap().len() == 40
    );
    let finding = |id: &str| {
        let all = value["verdict"]["findings"].as_array().unwrap();
        all.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("{id}: {all:?}"))["paths"].clone()
    };
    // Without dlopen a directory is no more than a file.
    assert_eq!(finding("names-files"), serde_json::json!(["/etc/q.conf", "/opt/q", "/usr/lib/q/plugins"]));
    let shown = run(STATICCTL, "explain -- cc main.c -L. -lq -o x").ok();
    let line =
        |start: &str| shown.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("{shown}")).to_owned();
    let library = line("library:");
    assert!(library.contains("libq.so of vendor-q 1.5-2.el9, build-id "), "{library}");
    assert!(line("at run:").contains("libq.so may want /etc/q.conf, /opt/q"), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&run(STATICCTL, "explain --json -- cc main.c -L. -lq -o x").ok()).unwrap();
    assert_eq!(json["at_run"][0][1]["files"][0], "/etc/q.conf", "{json}");
    dir.script("build", "cc main.c -L. -lq -o y");
    let out = run(STATICCTL, "run --report r.json -- ./build").output();
    let said = text(&out.stderr) + &text(&out.stdout);
    assert!(said.contains("q (converted)") && said.contains("libq.so` of vendor-q 1.5-2.el9"), "{said}");
    let value: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!(value["programs"][0]["converted"][0]["package"]["version"], "1.5-2.el9", "{value}");
}

#[test]
fn a_library_of_plugins_is_told_by_what_it_calls() {
    let dir = project();
    let more = "#include <dlfcn.h>\nvoid *load(const char *name) { return dlopen(name, 1); }\n";
    dir.file("q.c", format!("{more}{Q}"));
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    let shown = Run::new(STATICCTL).dir(dir.path()).line("explain -- cc main.c -L. -lq -o x").ok();
    assert!(shown.contains("libq.so may load /usr/lib/q/plugins\n"), "{shown}");
    assert!(shown.contains("libq.so may want /etc/q.conf, /opt/q\n"), "{shown}");
}

#[test]
fn without_a_cache_libraries_are_converted_for_one_link() {
    let dir = project();
    dir.file("q.c", Q.replace("300000000ul", "3ul"));
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    fs::create_dir(dir.join("tmp")).unwrap();
    let run = |cache: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").env("TMPDIR", dir.join("tmp"));
        let out = run.env("XDG_CACHE_HOME", cache).output();
        let said = text(&out.stderr);
        assert!(out.status.success(), "{said}");
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "11\n");
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
        said
    };
    let said = run("/proc/nowhere");
    assert!(said.contains("can't be written") && said.lines().count() == 1, "{said}");
    let cached = dir.join("cache");
    assert_eq!(run(cached.to_str().unwrap()), "");
}

/// Runs a program with `mprotect(…, PROT_EXEC)` forbidden, as systemd's MemoryDenyWriteExecute and SELinux do.
const FORBIDS: &str = fixture!("convert_result/forbids.c");

#[test]
fn no_memory_is_ever_writable_and_executable() {
    let dir = project();
    dir.file("q.c", Q.replace("300000000ul", "3ul"));
    dir.file("forbids.c", FORBIDS);
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    Run::new("gcc").dir(dir.path()).line("-static forbids.c -o forbids").ok();
    for (linker, by_headers) in [("bfd", true), ("lld", true), ("mold", false), ("wild", false)] {
        Run::new("gcc").dir(dir.path()).line("-c main.c").ok();
        Run::new(STATICCC).dir(dir.path()).line(&format!("-fuse-ld={linker} main.o -L. -lq -o x")).silent();
        let calls = "-f -o calls -e trace=mmap,mprotect,pkey_mprotect,mremap ./x";
        Run::new("strace").dir(dir.path()).line(calls).ok();
        let calls = fs::read_to_string(dir.join("calls")).unwrap();
        let both = |l: &&str| l.contains("PROT_WRITE") && l.contains("PROT_EXEC");
        assert_eq!(calls.lines().find(both), None, "{linker}: {calls}");
        assert_eq!(!calls.contains("PROT_EXEC"), by_headers, "{linker}: {calls}");
        let forbidden = Run::new(dir.join("forbids")).dir(dir.path()).args(["./x"]).output();
        let said = text(&forbidden.stderr);
        match by_headers {
            true => assert_eq!((forbidden.status.code(), text(&forbidden.stdout)), (Some(0), "11\n".into()), "{said}"),
            false => {
                assert_eq!(forbidden.status.code(), Some(127), "{said}");
                assert!(said.contains("can't be made executable: the system forbids it"), "{said}");
            }
        }
    }
}

#[test]
fn perf_gdb_and_addr2line_know_the_library_before_and_after_strip() {
    let dir = project();
    for linker in ["bfd", "lld"] {
        Run::new(STATICCC).dir(dir.path()).line(&format!("-g -fuse-ld={linker} main.c -L. -lq -o x")).silent();
        for strip in ["", "strip --strip-debug", "objcopy --compress-debug-sections"] {
            if let Some((tool, option)) = strip.split_once(' ') {
                Run::new(tool).dir(dir.path()).args([option, "x"]).silent();
            }
            let symbols = Run::new("nm").dir(dir.path()).line("x").ok();
            let spin = symbols.lines().find(|l| l.ends_with(" W spin")).unwrap_or_else(|| panic!("{linker}: {strip}"));
            let address = spin.split(' ').next().unwrap();
            let named = Run::new("addr2line").dir(dir.path()).args(["-f", "-e", "x", address]).ok();
            assert!(named.starts_with("spin\n"), "{linker}: {strip}: {named}");
            let words = ["-batch", "-nx", "-ex", "break spin", "-ex", "run", "-ex", "backtrace", "x"];
            let traced = Run::new("gdb").dir(dir.path()).env("HOME", dir.path()).args(words).ok();
            assert!(traced.contains("in spin ()") && traced.contains("in q ()"), "{linker}: {strip}: {traced}");
        }
        let record = "record -q -e cpu-clock -o data ./x";
        Run::new("perf").dir(dir.path()).env("HOME", dir.path()).line(record).ok();
        let said =
            Run::new("perf").dir(dir.path()).env("HOME", dir.path()).line("report -i data --stdio --sort sym").ok();
        assert!(said.lines().any(|l| l.contains('%') && l.ends_with("spin")), "{linker}: {said}");
        Run::new("strip").dir(dir.path()).args(["x"]).silent();
        assert_eq!(Run::new(dir.join("x")).ok(), "11\n");
    }
}
