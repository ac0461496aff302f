//! Links without a C library and for no system: as the plain compiler makes them, byte for byte.

use crate::support::*;
use std::fs;

const LINES: [&str; 6] = [
    "-m32 -nostdlib -static -T kernel.ld kernel.o",
    "-m32 -nostdlib -no-pie -Wl,-T,kernel.ld kernel.o",
    "-nostdlib -static -Wl,--script=wide.ld wide.o",
    "-ffreestanding -nostdlib -static -Wl,-Ttext=0x7c00 -Wl,--oformat=binary wide.o",
    "-m16 -nostdlib -static -Wl,-Ttext=0x7c00 -Wl,-e,start -Wl,--oformat=binary boot.o",
    "-m32 -nostdlib -static -Wl,-e,start boot.o",
];

/// Objects of a kernel, a boot sector and a program of nothing.
pub fn objects() -> Dir {
    let dir = Dir::new();
    dir.file("boot.S", fixture!("freestanding/boot.S"));
    dir.file("kernel.S", fixture!("freestanding/kernel.S"));
    dir.file("kernel.ld", fixture!("freestanding/kernel.ld"));
    dir.file("wide.ld", "ENTRY(_start)\nSECTIONS { . = 0x200000; .text : { *(.text) } }\n");
    dir.file("wide.c", "void _start(void) { for (;;); }\n");
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-m32 -c kernel.S -o kernel.o");
    gcc("-m16 -c boot.S -o boot.o");
    gcc("-O1 -ffreestanding -fno-asynchronous-unwind-tables -c wide.c -o wide.o");
    dir
}

#[test]
fn they_are_the_plain_compiler_s() {
    let dir = objects();
    for line in LINES {
        let run = |compiler: &str| {
            let out = Run::new(compiler).dir(dir.path()).line(&format!("{line} -o out")).output();
            (out.status.code(), text(&out.stdout), text(&out.stderr), fs::read(dir.join("out")).ok())
        };
        let plain = run("gcc");
        assert_eq!(plain.0, Some(0), "{line}: {plain:?}");
        fs::remove_file(dir.join("out")).unwrap();
        let ours = run(STATICCC);
        assert!(ours == plain, "{line}: {} {}", ours.1, ours.2);
        fs::remove_file(dir.join("out")).unwrap();
    }
}

#[test]
fn nothing_is_asked_of_the_toolchain() {
    let dir = objects();
    // One that can't link anything at all.
    let cache = dir.join("cache");
    let run = Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", &cache);
    run.line("-m32 -nostdlib -static -T kernel.ld kernel.o -o kernel").ok();
    assert!(!cache.exists(), "a toolchain was probed");
    // The compiler is the one that was asked for.
    let asked = recording(&dir, "other-cc", "exec gcc \"$@\"");
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &asked);
    run.line("-m32 -nostdlib -static -T kernel.ld kernel.o -o kernel").ok();
    let calls = recorded(&dir, "other-cc");
    assert_eq!(calls, [["-m32", "-nostdlib", "-static", "-T", "kernel.ld", "kernel.o", "-o", "kernel"]]);
}

#[test]
fn a_build_s_table_does_not_call_them_foreign() {
    let dir = objects();
    dir.file(
        "Makefile",
        "all:\n\tgcc -m32 -nostdlib -static -T kernel.ld kernel.o -o kernel\n\t\
         gcc -nostdlib -static -Wl,-Ttext=0x7c00 -Wl,--oformat=binary wide.o -o boot.bin\n",
    );
    let said = Run::new(STATICCTL).dir(dir.path()).line("run --report r.json -- make -s").output();
    assert!(
        said.status.success()
            && text(&said.stderr).contains("no program was linked; left as asked: `kernel`, `boot.bin`"),
        "{}",
        text(&said.stderr)
    );
    let report: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!((&report["foreign"], &report["gone"]), (&serde_json::json!([]), &serde_json::json!([])), "{report}");
    let explained = Run::new(STATICCTL).dir(dir.path()).line("explain -- gcc -nostdlib -T kernel.ld kernel.o").ok();
    assert!(explained.contains("without a C library and for no system"), "{explained}");
}
