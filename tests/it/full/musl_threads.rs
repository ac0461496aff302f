//! Locks of threads in programs with musl: their answers and counts beside those of a dynamic program.

use super::musl::musl;
use crate::support::*;
use std::path::Path;

/// The lines that a program prints; the first that differs from a twin's is told.
fn same_lines(program: &str, said: &str, twin: &str) {
    for (line, expected) in said.lines().zip(twin.lines()) {
        assert_eq!(line, expected, "{program}");
    }
    assert_eq!(said.lines().count(), twin.lines().count(), "{program}");
}

/// Whether a program has the toolchain's own way to wait for a mutex.
fn waits_by_itself(program: &Path) -> bool {
    Run::new("nm").args([program]).ok().lines().any(|l| l.ends_with(" t wait_for"))
}

#[test]
fn locks_answer_as_those_of_a_dynamic_program() {
    let dir = Dir::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mass/musl-functions/threads.c");
    let words = |out: &str| format!("-O2 -pthread -o {out}");
    Run::new("gcc").dir(dir.path()).line(&words("twin")).args([&source]).silent();
    let twin = Run::new(dir.join("twin")).ok();
    assert!(twin.lines().count() > 50 && twin.ends_with(" done\n"), "{twin}");
    for (fast, linker, kind) in
        [("on", "wild", "-static-pie"), ("on", "bfd", "-static"), ("on", "wild", "-static"), ("off", "wild", "-static")]
    {
        let cc = musl(STATICCC).dir(dir.path()).env("STATICCXX_FAST", fast).env("STATICCXX_LINKER", linker);
        cc.line(&words("ours")).args([kind]).args([&source]).silent();
        assert_eq!(waits_by_itself(&dir.join("ours")), fast == "on", "{linker}");
        same_lines(&format!("{fast} {linker} {kind}"), &says_in_empty_root(&dir.join("ours"), &[]), &twin);
    }
}

#[test]
fn the_standard_library_s_locks_count_as_in_a_dynamic_program() {
    let dir = Dir::new();
    dir.file("l.cpp", fixture!("musl/locks.cpp"));
    Run::new("g++").dir(dir.path()).line("-O2 -std=c++17 -pthread l.cpp -o twin").silent();
    let twin = Run::new(dir.join("twin")).ok();
    assert!(twin.contains("once: 1, again: 1"), "{twin}");
    for option in ["-O0", "-O2"] {
        let cxx = musl(STATICCXX).dir(dir.path());
        cxx.line("-std=c++17 -pthread l.cpp -o ours").args([option]).silent();
        assert!(waits_by_itself(&dir.join("ours")));
        same_lines(option, &says_in_empty_root(&dir.join("ours"), &[]), &twin);
    }
}

#[test]
fn a_program_s_own_locks_come_first() {
    let dir = Dir::new();
    dir.file("own.c", "#include <pthread.h>\n#include <stdio.h>\nstatic int called;\nint pthread_mutex_lock(pthread_mutex_t *m) { (void)m; return called++, 0; }\nint pthread_mutex_unlock(pthread_mutex_t *m) { (void)m; return called++, 0; }\nint main(void) { pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&m); pthread_mutex_unlock(&m); printf(\"%d\\n\", called); return 0; }\n");
    musl(STATICCC).dir(dir.path()).line("-O2 own.c -o own").silent();
    assert_eq!(says_in_empty_root(&dir.join("own"), &[]), "2\n");
    assert!(!waits_by_itself(&dir.join("own")));
}
