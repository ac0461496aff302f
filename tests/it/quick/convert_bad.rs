//! What is not converted, each by name, and shared objects that are damaged, hostile or strange.

use crate::support::*;
use std::fs::{self, File};
use std::path::Path;

pub const MAIN: &str = "int q(void);\nint main(void) { return q() - 42; }\n";

/// A shared object of one source, and a program that needs it.
pub fn library(source: &str, options: &str) -> Dir {
    let dir = Dir::new();
    dir.file("q.c", source);
    dir.file("main.c", MAIN);
    Run::new("gcc").dir(dir.path()).line(&format!("-w -shared -fPIC {options} q.c -o libq.so")).ok();
    dir
}

/// What a link against `libq.so` fails with. Nothing is left of the output.
fn refused(dir: &Dir) -> String {
    let said = Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").fails(1);
    assert!(!dir.join("x").exists());
    said
}

#[test]
fn what_can_t_be_had_twice_or_at_all_is_refused_by_name() {
    let cases = [
        (
            "#include <stdlib.h>\nvoid *malloc(size_t n) { return 0; }\nint q(void) { return 42; }",
            "",
            "it replaces libc's `malloc`",
        ),
        (
            "#include <signal.h>\n#include <time.h>\n__asm__(\".symver timer_create, timer_create@GLIBC_2.2.5\");\n\
             int q(void) { timer_t t; return timer_create(0, 0, &t); }",
            "",
            "it needs `timer_create@GLIBC_2.2.5`, an old variant",
        ),
        (
            "extern int _dl_debug_state(void);\n__asm__(\".symver _dl_debug_state, _dl_debug_state@GLIBC_PRIVATE\");\n\
             int q(void) { return _dl_debug_state(); }",
            "-Wl,--no-as-needed /lib64/ld-linux-x86-64.so.2",
            "it uses `_dl_debug_state@GLIBC_PRIVATE`, which only the dynamic linker has",
        ),
        ("int q(void) { return 42; }", "-Wl,-f,libother.so", "it is a filter for `libother.so`"),
    ];
    for (source, options, reason) in cases {
        let said = refused(&library(source, options));
        let line = said.lines().next().unwrap();
        assert!(line.starts_with("staticcxx: error: `-lq` has no archive"), "{said}");
        assert!(line.contains("can't be converted") && line.contains(reason), "{said}");
        assert!(said.contains("staticcxx: hint: "), "{said}");
    }
}

#[test]
fn another_libc_is_named() {
    let dir = library("int q(void) { return 42; }", "");
    dir.file("c.c", "");
    Run::new("gcc")
        .dir(dir.path())
        .line("-shared -nostdlib c.c -Wl,-soname,libc.musl-x86_64.so.1 -o libc.musl-x86_64.so.1")
        .ok();
    Run::new("gcc")
        .dir(dir.path())
        .line("-shared -fPIC -nostdlib -Wl,--no-as-needed q.c ./libc.musl-x86_64.so.1 -o libq.so")
        .ok();
    let said = refused(&dir);
    assert!(said.contains("it was built for another libc: it needs `libc.musl-x86_64.so.1`"), "{said}");
}

#[test]
fn an_underlinked_library_is_named_with_its_symbols() {
    let dir = library("int elsewhere(void);\nint q(void) { return elsewhere(); }", "");
    let said = refused(&dir);
    assert!(said.contains("undefined reference to `elsewhere'"), "{said}");
    assert!(
        said.contains(
            "libq.so`, which has no archive and was converted, needs `elsewhere`, and nothing in this link has it"
        ),
        "{said}"
    );
    // The program may define it.
    dir.file("main.c", format!("int elsewhere(void) {{ return 42; }}\n{MAIN}"));
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").silent();
    Run::new(dir.join("x")).ok();
}

#[test]
fn text_relocations_are_taken_where_the_linker_can() {
    let source = "__asm__(\".text\\n.globl q\\n.type q,@function\\nq: mov $table, %eax\\n movabs $value, %rax\\n mov (%rax), %eax\\n ret\\n\
                  .data\\nvalue: .long 42\\ntable: .long 0\\n\");";
    let source = source.replace("mov $table, %eax\\n ", "");
    let dir = library(&source, "-Wl,-z,notext");
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").silent();
    assert_eq!(Run::new(dir.join("x")).ok(), "");
    let headers = Run::new("readelf").dir(dir.path()).line("-lW x").ok();
    assert!(!headers.contains("RWE"), "{headers}");
}

#[test]
fn damaged_files_are_refused_and_leave_nothing() {
    let dir = library("int q(void) { return 42; }", "");
    let whole = fs::read(dir.join("libq.so")).unwrap();
    let header = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let cases = [
        whole[..whole.len() / 3].to_vec(),
        whole[..64].to_vec(),
        // Program headers far away, none, and too many of them.
        header(32, &[0xff; 8]),
        header(56, &[0, 0]),
        header(56, &[0xff, 0xff]),
        // The first segment's size in the file, in memory, its address, its place.
        header(64 + 32, &[0xff; 8]),
        header(64 + 40, &[0xff; 8]),
        header(64 + 16, &[0xff; 8]),
        header(64 + 8, &[0xff; 8]),
        // A writable and executable segment.
        header(64 + 4, &[7]),
    ];
    for (number, bytes) in cases.iter().enumerate() {
        fs::write(dir.join("libq.so"), bytes).unwrap();
        let said = refused(&dir);
        assert!(said.contains("can't be converted: it"), "case {number}: {said}");
    }
}

#[test]
fn what_is_no_file_or_too_large_is_refused_at_once() {
    let dir = library("int q(void) { return 42; }", "");
    let archive = |file: &str| Run::new(STATICCTL).dir(dir.path()).args(["archive", file, "-o", "x.a"]).fails(2);
    // Sparse: no such length is read.
    let large = File::create(dir.join("large.so")).unwrap();
    large.set_len(3 << 30).unwrap();
    assert!(archive("large.so").contains("more than the limit of 1073741824"));
    Run::new("mkfifo").dir(dir.path()).line("fifo.so").ok();
    for (file, reason) in [
        ("fifo.so", "not a 64-bit ELF file"),
        ("/dev/zero", "not a 64-bit ELF file"),
        (".", "not a 64-bit ELF file"),
        ("missing.so", "can't be read"),
        ("main.c", "not a 64-bit ELF file"),
        ("/bin/true", "can't be converted"),
    ] {
        let said = archive(file);
        assert!(said.contains(reason), "{file}: {said}");
    }
    Run::new("gcc").dir(dir.path()).line("-c main.c -o main.o").ok();
    assert!(archive("main.o").contains("it is an object file, not a shared object"));
    assert!(archive("/lib/x86_64-linux-gnu/libc.so.6").contains("it is part of glibc itself"));
    assert!(!dir.join("x.a").exists());
}

#[test]
fn half_a_gigabyte_is_converted() {
    // Most of it zeros in the file; bounded memory is measured in benches/convert.
    let dir = library("int q(void) { return 42; }", "");
    dir.file("q.s", ".globl q\n.type q,@function\n.text\nq: mov $42, %eax\n ret\n.data\n.skip 500000000\n.byte 1\n.section .note.GNU-stack,\"\",@progbits\n");
    Run::new("gcc").dir(dir.path()).line("-shared q.s -o libq.so").ok();
    assert!(fs::metadata(dir.join("libq.so")).unwrap().len() > 500_000_000);
    Run::new(STATICCTL).dir(dir.path()).line("archive libq.so").ok();
    Run::new("gcc").dir(dir.path()).line("-static main.c libq.a -o x").ok();
    Run::new(dir.join("x")).ok();
}

#[test]
fn a_library_that_is_replaced_meanwhile_is_never_half_of_two() {
    let dir = library("int q(void) { return 42; }", "");
    let whole = fs::read(dir.join("libq.so")).unwrap();
    let file = dir.join("libq.so");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                fs::write(&file, &whole[..whole.len() / 2]).unwrap();
                fs::write(&file, &whole).unwrap();
            }
        });
        for _ in 0..10 {
            let out = Run::new(STATICCTL).dir(dir.path()).line("archive libq.so -o x.a").output();
            match out.status.code() {
                Some(0) => {
                    Run::new("gcc").dir(dir.path()).line("-static main.c x.a -o x").ok();
                    Run::new(dir.join("x")).ok();
                }
                code => {
                    let said = text(&out.stderr);
                    assert_eq!(code, Some(2), "{said}");
                    assert!(
                        said.contains("it changed while")
                            || said.contains("malformed")
                            || said.contains("not a 64-bit ELF"),
                        "{said}"
                    );
                }
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(Path::new(&file).exists());
}

#[test]
fn relocations_without_a_meaning_are_refused_by_their_number() {
    use object::{Object, ObjectSection};
    let dir = library("int v = 42;\nint *p = &v;\nint q(void) { return *p; }", "-Wl,-Bsymbolic");
    let mut bytes = fs::read(dir.join("libq.so")).unwrap();
    let range = {
        let file = object::File::parse(&*bytes).unwrap();
        file.section_by_name(".rela.dyn").unwrap().file_range().unwrap()
    };
    let at = usize::try_from(range.0).unwrap();
    let entries = at..at + usize::try_from(range.1).unwrap();
    let relative = entries.step_by(24).find(|e| bytes[e + 8] == 8).unwrap();
    // R_X86_64_COPY is for programs, and 200 for nothing.
    for kind in [5, 200] {
        bytes[relative + 8] = kind;
        fs::write(dir.join("libq.so"), &bytes).unwrap();
        let said = refused(&dir);
        assert!(
            said.contains(&format!("it has relocations of type {kind}, which are not possible in a static program")),
            "{said}"
        );
    }
}

#[test]
fn libraries_that_replace_malloc_on_this_machine() {
    for name in ["libasan", "libtsan", "liblsan"] {
        let found = Run::new("gcc").args([format!("-print-file-name={name}.so")]).ok();
        let said = Run::new(STATICCTL).args(["archive", found.trim(), "-o", "/dev/null/x.a"]).fails(2);
        assert!(said.contains("it replaces libc's"), "{said}");
    }
}
