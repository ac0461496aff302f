//! Hostile bytes for what converts shared objects and programs; several linkers make those that are damaged.

use crate::fuzz_targets as targets;
use crate::fuzzing::damaged;
use crate::quick::fuzz::fuzz;
use crate::support::*;
use std::fs;

/// The headers and the dynamic tables lie at the beginning, the dynamic section somewhere else.
const TABLES: usize = 0x1000;

#[test]
fn shared_objects() {
    let dir = Dir::new();
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/convert");
    let torture = format!("-O1 {sources}/torture.cc -Wl,--version-script={sources}/torture.map");
    dir.file("q.c", "__thread int t = 1; int x; int *p = &x; int q(void) { return t + *p; }\n");
    for (line, output) in [
        (torture.clone(), "a.so"),
        (format!("{torture} -mtls-dialect=gnu2 -Wl,-z,pack-relative-relocs -Wl,--hash-style=sysv"), "b.so"),
        ("-x c q.c".to_owned(), "c.so"),
        (format!("{torture} -fuse-ld=lld"), "d.so"),
    ] {
        Run::new("g++").dir(dir.path()).line(&format!("-shared -fPIC {line} -o {output}")).ok();
        Run::new("strip").dir(dir.path()).args([output]).ok();
    }
    let seeds: Vec<Vec<u8>> = ["a.so", "b.so", "c.so", "d.so"].map(|n| fs::read(dir.join(n)).unwrap()).to_vec();
    fuzz("shared", damaged(seeds, TABLES, 17), |bytes| targets::shared(bytes));
}

#[test]
fn programs() {
    let dir = Dir::new();
    dir.file("q.c", "int shared = 3; int *led = &shared;\n");
    dir.file(
        "p.c",
        "#include <stdio.h>\nextern int shared, *led; __thread int t = 1;\nextern char **environ;\n\
                     int main(void) { return printf(\"%d\", shared + *led + t + !environ); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    for (line, output) in [("", "a"), ("-fno-pie -no-pie", "b"), ("-fuse-ld=lld -Wl,-z,now", "c")] {
        Run::new("gcc").dir(dir.path()).line(&format!("{line} p.c libq.so -s -o {output}")).ok();
    }
    let seeds: Vec<Vec<u8>> = ["a", "b", "c"].map(|n| fs::read(dir.join(n)).unwrap()).to_vec();
    Run::new("gcc").dir(dir.path()).line("-c q.c").ok();
    Run::new("ar").dir(dir.path()).line("rcs libq.a q.o").ok();
    let archives = vec![fs::read(dir.join("libq.a")).unwrap()];
    fuzz("programs", damaged(seeds, TABLES, 17), |bytes| targets::programs(bytes, &archives));
}
