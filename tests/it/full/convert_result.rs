//! What policies, debuggers and profilers make of a program with converted libraries.

use crate::quick::convert_result::{Q, project};
use crate::support::*;
use std::fs;

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
