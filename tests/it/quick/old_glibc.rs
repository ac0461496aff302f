//! What is different with glibc before 2.34, in worlds that look like one: a compiler whose headers say 2.33, with a
//! libpthread and a libdl of their own; a libc.a whose start code reads the GOT's header.

use super::linkers::{driver, linked_by};
use crate::support::*;
use object::{Object, ObjectSection};
use std::fs;
use std::path::{Path, PathBuf};

/// A compiler for glibc 2.33, and its libraries in the same directory.
fn old_compiler(dir: &Dir) -> PathBuf {
    let header = "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE 1\n#endif\n#include <features.h>\n#undef __GLIBC_MINOR__\n#define __GLIBC_MINOR__ 33\n";
    let header = dir.file("old/old.h", header);
    let old = dir.join("old");
    dir.script("old/cc", &format!("exec gcc -include '{}' -B'{}/' \"$@\"", header.display(), old.display()))
}

/// An archive with a member for each source.
fn archive(dir: &Dir, name: &str, sources: &[&str]) {
    let objects: Vec<String> = (0..sources.len()).map(|n| format!("{name}{n}.o")).collect();
    for (source, object) in sources.iter().zip(&objects) {
        dir.file("member.c", source);
        Run::new("gcc").dir(dir.path()).line(&format!("-fPIC -c member.c -o {object}")).silent();
    }
    let path = dir.join(name);
    Run::new("ar").dir(dir.path()).args(["rcs".as_ref(), path.as_os_str()]).args(&objects).ok();
}

#[test]
fn of_libpthread_comes_what_is_referred_to_weakly_and_nothing_twice() {
    let dir = Dir::new();
    let cc = old_compiler(&dir);
    let members = ["int __pthread_initialize_minimal(void) { return 31; }", "int mtx_lock(void) { return 0; } int io;"];
    archive(&dir, "old/libpthread.a", &members);
    archive(&dir, "old/librt.a", &["int mq_open_of_test(void) { return 7; }"]);
    dir.file(
        "p.c",
        "extern int puts(const char *), printf(const char *, ...);\n\
         __attribute__((weak)) int __pthread_initialize_minimal(void);\nint mtx_lock(void) { return 5; }\n\
         int main(void) { if (!__pthread_initialize_minimal) puts(\"none\"); else printf(\"%d %d\\n\", \
         __pthread_initialize_minimal(), mtx_lock()); return 0; }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-c p.c").silent();
    for (words, prints) in [
        ("-pthread", "31 5\n"),
        ("-lpthread", "31 5\n"),
        ("-lpthread -lm -lpthread", "31 5\n"),
        ("-lrt", "31 5\n"),
        ("-Wl,--whole-archive -lpthread -Wl,--no-whole-archive", "31 5\n"),
        ("-static -Wl,--whole-archive,-lpthread,--no-whole-archive -pthread", "31 5\n"),
        ("-lm", "none\n"),
    ] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc);
        run.line("p.o -o p").line(words).ok();
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), prints, "{words}");
    }
}

#[test]
fn dlopen_is_ours_though_libdl_is_named_first() {
    let dir = Dir::new();
    let cc = old_compiler(&dir);
    let theirs = "void *dlopen(const char *n, int f) { return 0; } char *dlerror(void) { return \"theirs\"; }";
    archive(&dir, "old/libdl.a", &[theirs]);
    dir.file(
        "d.c",
        "extern int puts(const char *); extern void *dlopen(const char *, int); extern char *dlerror(void);\n\
         int main(void) { return dlopen(\"./libnone.so\", 1) || puts(dlerror()) < 0; }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-c d.c").silent();
    for words in ["-ldl", "-Wl,-ldl", "-lm -ldl -lm", "-l:libdl.a"] {
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).line("d.o -o d").line(words).ok();
        let said = says_in_empty_root(&dir.join("d"), &[]);
        assert!(said.contains("libnone.so: cannot open shared object file"), "{words}: {said}");
    }
}

/// A directory with a libc.a of the machine's, whose code that relocates a static-pie is this.
fn libc_with(dir: &Dir, relocates: &str) -> String {
    let libc = Run::new("gcc").line("-print-file-name=libc.a").ok();
    fs::create_dir_all(dir.join("l")).unwrap();
    fs::copy(libc.trim(), dir.join("l/libc.a")).unwrap();
    // What the compiler's own programs are linked with.
    let script = Run::new("gcc").line("-print-file-name=libc.so").ok();
    fs::copy(script.trim(), dir.join("l/libc.so")).unwrap();
    dir.file("l/relocate.s", relocates);
    let run = |program: &str, line: &str| drop(Run::new(program).dir(dir.join("l")).line(line).ok());
    run("ar", "x libc.a dl-reloc-static-pie.o");
    run("objcopy", "--redefine-sym _dl_relocate_static_pie=staticcxx_test_original dl-reloc-static-pie.o");
    run("gcc", "-c relocate.s");
    run("ar", "rs libc.a dl-reloc-static-pie.o relocate.o");
    format!("g++ -B{}/", dir.join("l").display())
}

#[test]
fn start_code_that_reads_the_got_s_header_works_with_the_built_in_linker() {
    let dir = Dir::new();
    let cc = libc_with(&dir, fixture!("old_glibc/relocate.s"));
    dir.file("h.c", HELLO_C);
    Run::new("gcc").dir(dir.path()).line("-c h.c").silent();
    let link = |dir: &Dir, cc: &str| {
        driver(dir, "wild").env("STATICCXX_CXX", cc).line("h.o -o h").ok();
        assert_eq!(says_in_empty_root(&dir.join("h"), &["x"]), "hello x\n");
        linked_by(dir)
    };
    assert_eq!(link(&dir, &cc).0, "built-in");
    // Read in a way that is not understood.
    let text = fixture!("old_glibc/relocate.s").replace("sub\t", "mov %rax, %rdx; mov\t");
    let text = text.replace("\tlea\t__ehdr", "\tsub\t%rax, %rdx\n\tmov\t%rdx, %rax\n\tlea\t__ehdr");
    let cc = libc_with(&dir, &text);
    let (by, why) = link(&dir, &cc);
    assert!(by != "built-in" && why.contains("its program does not run"), "{by}: {why}");
}

#[test]
fn fields_with_a_relocation_are_empty_in_what_is_converted() {
    let dir = Dir::new();
    dir.file(
        "q.cc",
        "void f(int n) { if (n) throw n; }\nint q(int n) { try { f(n); } catch (int m) { return m; } return 0; }\n",
    );
    Run::new("g++").dir(dir.path()).line("-shared -fPIC q.cc -Wl,-soname,libq.so -o libq.so").silent();
    Run::new(STATICCTL).dir(dir.path()).line("archive libq.so -o libq.a").ok();
    Run::new("ar").dir(dir.path()).line("x libq.a").ok();
    let objects = dir.names().into_iter().filter(|n| n.ends_with(".o"));
    let mut seen = 0;
    for name in objects {
        let bytes = fs::read(dir.join(name)).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let Some(table) = file.section_by_name(".eh_frame") else { continue };
        let data = table.data().unwrap();
        for (at, _) in table.relocations() {
            // GNU ld before 2.37 adds what stands there.
            assert_eq!(data[at as usize..at as usize + 4], [0; 4], "{at:#x}");
            seen += 1;
        }
    }
    assert!(seen > 2 && Path::new(&dir.join("libq.a")).is_file());
}
