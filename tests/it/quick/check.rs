//! `staticctl check` and the reader behind it, on real files and on broken ones.

use crate::support::*;
use proptest::prelude::*;
use staticcxx::check::{self, CallEvidence, Expect};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

const X86: &str = "x86_64-linux-gnu";

fn gcc(dir: &Dir, line: &str) {
    Run::new("gcc").dir(dir.path()).line(line).ok();
}

/// The verdict on a file as JSON.
pub fn verdict(path: &Path) -> (i32, serde_json::Value) {
    let out = Run::new(STATICCTL).args([OsStr::new("check"), OsStr::new("--json"), path.as_os_str()]).output();
    (out.status.code().unwrap(), serde_json::from_slice(&out.stdout).unwrap_or_default())
}

fn findings(path: &Path) -> Vec<String> {
    let image = check::inspect(path).unwrap();
    let verdict = check::judge(&image, &Expect::from_triple(X86), &CallEvidence::default());
    verdict.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn real_programs_of_each_kind_are_told_apart() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("q.c", "int q(void) { return 1; }\n");
    for (line, expected, kind) in [
        ("h.c -o f -static", 0, "static"),
        ("h.c -o f -static-pie", 0, "static-pie"),
        ("h.c -o f -static -s", 0, "static"),
        ("h.c -o f", 1, ""),
        ("h.c -o f -no-pie", 1, ""),
        ("q.c -o f -shared -fPIC", 1, ""),
        ("-c q.c -o f", 1, ""),
        // Links without a word, has no PT_INTERP, and dies: the reason to read DT_NEEDED too.
        ("h.c -o f -static-pie -Wl,-Bdynamic", 1, ""),
    ] {
        gcc(&dir, line);
        let (status, json) = verdict(&dir.join("f"));
        assert_eq!(status, expected, "{line}: {json}");
        if expected == 0 {
            assert_eq!(json["kind"], kind, "{line}: {json}");
        } else {
            assert!(!json["failures"].as_array().unwrap().is_empty(), "{line}: {json}");
        }
        fs::remove_file(dir.join("f")).unwrap();
    }
}

/// What a file needs, by name: as `staticctl check` finds it, and as ldd says, with this `LD_LIBRARY_PATH`.
fn needs_and_ldd(path: &Path, library_path: &str) -> [BTreeMap<String, String>; 2] {
    let run = |program: &str, words: &[&str]| {
        let run = Run::new(program).args(words).args([path]).env("LD_LIBRARY_PATH", library_path);
        text(&run.dir(path.parent().unwrap()).output().stdout)
    };
    let json: serde_json::Value = serde_json::from_str(&run(STATICCTL, &["check", "--json"])).unwrap();
    let ours = json["needs"].as_array().unwrap().iter();
    let ours = ours.map(|n| {
        let found = n["path"].as_str().unwrap_or("not found");
        (n["name"].as_str().unwrap().to_owned(), found.to_owned())
    });
    // The interpreter, which ldd prints in another form.
    let ours = ours.filter(|(name, _)| !name.contains("ld-linux")).collect();
    let said = run("ldd", &[]);
    let theirs = said.lines().filter_map(|l| l.trim().split_once(" => "));
    [ours, theirs.map(|(name, rest)| (name.to_owned(), rest.split(" (").next().unwrap().to_owned())).collect()]
}

#[test]
fn libraries_are_found_where_ld_so_finds_them() {
    let dir = Dir::new();
    dir.file("b.c", "int b(void) { return 7; }\n");
    dir.file("a.c", "int b(void); int a(void) { return b(); }\n");
    dir.file("m.c", "int a(void); int main(void) { return a() - 7; }\n");
    for sub in ["libs", "other", "libs/lib/x86_64-linux-gnu"] {
        fs::create_dir_all(dir.join(sub)).unwrap();
    }
    gcc(&dir, "-shared -fPIC b.c -o libs/libb.so");
    gcc(&dir, "-shared -fPIC a.c -Llibs -lb -o libs/liba.so");
    gcc(&dir, "-shared -fPIC b.c -o other/libb.so");
    gcc(&dir, "-shared -fPIC a.c -Lother -lb -Wl,-rpath,$ORIGIN/../other -Wl,--enable-new-dtags -o other/liba.so");
    gcc(&dir, "-shared -fPIC a.c -Llibs -lb -o libs/lib/x86_64-linux-gnu/liba.so");
    let libs = dir.join("libs").display().to_string();
    let mut found = 0;
    for (options, library_path) in [
        // DT_RPATH holds for what a library needs.
        ("-Wl,-rpath,$ORIGIN/libs -Wl,--disable-new-dtags", ""),
        // DT_RUNPATH does not.
        ("-Wl,-rpath,$ORIGIN/libs -Wl,--enable-new-dtags", ""),
        ("", libs.as_str()),
        ("", "libs"),
        ("", ""),
        // The library's own DT_RUNPATH ends what is above it.
        ("-Wl,-rpath,$ORIGIN/other:$ORIGIN/libs -Wl,--disable-new-dtags", ""),
        ("-Wl,-rpath,${ORIGIN}/libs/$LIB:$ORIGIN/other -Wl,--disable-new-dtags", ""),
        // The environment is before DT_RUNPATH and after DT_RPATH.
        ("-Wl,-rpath,$ORIGIN/other -Wl,--enable-new-dtags", libs.as_str()),
        ("-Wl,-rpath,$ORIGIN/other -Wl,--disable-new-dtags", libs.as_str()),
    ] {
        gcc(&dir, &format!("m.c -Llibs -la -Wl,-rpath-link,libs {options} -o m"));
        let [ours, theirs] = needs_and_ldd(&dir.join("m"), library_path);
        assert_eq!(ours, theirs, "{options} LD_LIBRARY_PATH={library_path}");
        assert!(theirs.contains_key("liba.so") && theirs.contains_key("libc.so.6"), "{theirs:?}");
        found += usize::from(theirs.get("libb.so").is_some_and(|path| path != "not found"));
    }
    assert!(found >= 6, "{found}");
}

#[test]
fn weaknesses_are_findings() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    // An object without the note is one for an executable stack to some linkers only.
    dir.file("exec.S", ".globl f\nf: ret\n.section .note.GNU-stack,\"x\",@progbits\n");
    dir.file(
        "nss.c",
        "#include <netdb.h>\n#include <pwd.h>\nint main(void) { return !getpwnam(\"x\") + !gethostbyname(\"y\"); }\n",
    );
    dir.file("bare.c", "void _start(void) { for (;;) ; }\n");
    for (line, telling) in [
        ("h.c -o f -static", "not-pie"),
        ("h.c exec.S -o f -static", "executable-stack"),
        ("h.c -o f -static -z execstack", "executable-stack"),
        ("h.c -o f -static -Wl,-z,norelro", "no-relro"),
        ("bare.c -o f -nostdlib -static -Wl,-N", "writable"),
        ("nss.c -o f -static", "getpwnam"),
        ("nss.c -o f -static-pie", "gethostbyname"),
        ("nss.c -o f -static -s", "needs-name-services"),
        ("h.c -o f -static-pie -Wl,-rpath,/x", "/x"),
    ] {
        gcc(&dir, line);
        let found = findings(&dir.join("f")).join("\n");
        assert!(found.to_lowercase().contains(telling), "{line}: {found}");
        fs::remove_file(dir.join("f")).unwrap();
    }
    gcc(&dir, "h.c -o f -static-pie");
    assert_eq!(findings(&dir.join("f")), Vec::<String>::new());
}

#[test]
fn another_machine_is_no_program_for_this_one() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    gcc(&dir, "h.c -o f -static");
    let image = check::inspect(&dir.join("f")).unwrap();
    let verdict = check::judge(&image, &Expect::from_triple("aarch64-linux-gnu"), &CallEvidence::default());
    assert!(!verdict.is_static() && verdict.failures[0].to_string().contains("x86-64"), "{:?}", verdict.failures);
}

#[test]
fn what_can_t_be_read_is_an_error_with_a_reason() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    gcc(&dir, "h.c -o good -static");
    let good = fs::read(dir.join("good")).unwrap();
    dir.file("empty", "");
    dir.file("script", "#!/bin/sh\n");
    dir.file("short", &good[..40]);
    dir.file("cut", &good[..good.len() / 2]);
    fs::create_dir(dir.join("dir")).unwrap();
    nix::unistd::mkfifo(&dir.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (name, telling) in [
        ("nothing", "No such file"),
        ("empty", "empty"),
        ("script", "script for `/bin/sh`"),
        ("short", "broken ELF"),
        ("cut", "broken ELF"),
        ("dir", "is not a regular file"),
        ("fifo", "is not a regular file"),
    ] {
        let said = Run::new(STATICCTL).args([OsStr::new("check"), dir.join(name).as_os_str()]).fails(2);
        assert!(said.starts_with("staticcxx: error: ") && said.contains(telling), "{name}: {said}");
    }
    let odd = dir.join(OsStr::from_bytes(b"odd \xff"));
    fs::copy(dir.join("good"), &odd).unwrap();
    assert_eq!(verdict(&odd).0, 0);
}

/// A small static program, for mutations.
fn sample() -> &'static [u8] {
    static SAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let dir = Dir::new();
        dir.file("x.c", "void _start(void) { for (;;) ; }\n");
        gcc(&dir, "-nostdlib -static-pie x.c -o f -Wl,-rpath,/x -g");
        fs::read(dir.join("f")).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn mutated_files_never_panic(changes in proptest::collection::vec((0usize..6000, any::<u8>()), 1..12), cut in 0usize..20000) {
        let mut bytes = sample().to_vec();
        for (at, value) in changes {
            // Half of them into the headers, where they matter.
            let at = at % bytes.len().min(if at % 2 == 0 { 512 } else { usize::MAX });
            bytes[at] = value;
        }
        bytes.truncate(cut.max(1));
        if let Ok(image) = check::inspect_bytes(&bytes) {
            let _ = check::judge(&image, &Expect::from_triple(X86), &CallEvidence::default());
        }
    }
}

#[test]
fn a_program_that_runs_is_never_called_broken() {
    // Everything in the system's program directory that is an ELF file for this machine.
    let mut seen = 0;
    for entry in fs::read_dir("/usr/bin").unwrap().flatten() {
        let path = entry.path();
        let Ok(bytes) = fs::read(&path) else { continue };
        if bytes.starts_with(b"\x7fELF") {
            seen += 1;
            check::inspect(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }
    assert!(seen > 50);
}
