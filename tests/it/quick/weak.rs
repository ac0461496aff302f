//! Weak references: bound where the dynamic twin has them bound, null where it has them null.

use super::linkers::{driver, linked_by};
use crate::support::*;

/// `liba` refers weakly to functions of `libb` and of libc, of which nothing else refers to any; both as archive and
/// shared object. `main.o` prints what it finds.
pub fn project() -> Dir {
    let dir = Dir::new();
    dir.file(
        "a.c",
        "#include <pthread.h>\n\
         #pragma weak pthread_barrier_init\n\
         #pragma weak pthread_barrier_wait\n\
         #pragma weak extra\n#pragma weak inside\n\
         int extra(void), inside(void);\n\
         int a(void) {\n\
         \tpthread_barrier_t b;\n\
         \treturn pthread_barrier_init && pthread_barrier_wait\n\
         \t\t&& !pthread_barrier_init(&b, 0, 1) && pthread_barrier_wait(&b) == PTHREAD_BARRIER_SERIAL_THREAD;\n\
         }\n\
         int a_extra(void) { return extra ? extra() : -1; }\n\
         int a_inside(void) { return inside ? inside() : -1; }\n",
    );
    dir.file("b.c", "int b(void) { return 10; }\n");
    // What a member that is taken for a weak reference refers to weakly counts too.
    dir.file(
        "extra.c",
        "#pragma weak further\nint further(void);\nint extra(void) { return further ? further() : -2; }\n",
    );
    dir.file("further.c", "int further(void) { return 20; }\n");
    dir.file("inside.c", "__attribute__((visibility(\"hidden\"))) int inside(void) { return 30; }\n");
    dir.file(
        "main.c",
        "#include <stdio.h>\n\
         int a(void), a_extra(void), a_inside(void), b(void);\n\
         int main(void) {\n\
         #ifdef USE_B\n\tprintf(\"%d \", b());\n#endif\n\
         \tprintf(\"%d %d %d\\n\", a(), a_extra(), a_inside());\n\treturn 0;\n}\n",
    );
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-c -fPIC a.c b.c extra.c further.c inside.c");
    gcc("-shared a.o -o liba.so");
    gcc("-shared b.o extra.o further.o inside.o -o libb.so");
    Run::new("ar").dir(dir.path()).line("rcs liba.a a.o").silent();
    Run::new("ar").dir(dir.path()).line("rcs libb.a b.o extra.o further.o inside.o").silent();
    gcc("-c main.c -o without-b.o");
    gcc("-c -DUSE_B main.c -o with-b.o");
    dir
}

/// What the static program says, and that the dynamic one says the same.
pub fn same(dir: &Dir, line: &str, linker: &str) -> String {
    Run::new("gcc").dir(dir.path()).line(line).args(["-Wl,-rpath,.", "-o", "dynamic"]).silent();
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).ok();
    Run::new(STATICCC).dir(dir.path()).line(line).line(linker).args(["-o", "static"]).silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line} {linker}");
    said
}

const LINES: [(&str, &str); 5] = [
    ("with-b.o -L. -la -lb", "10 1 20 -1\n"),
    ("with-b.o -Wl,--as-needed -L. -lb -la", "10 1 20 -1\n"),
    ("without-b.o -L. -Wl,--no-as-needed -la -lb", "1 20 -1\n"),
    // ld.so does not load libb then.
    ("without-b.o -L. -la -Wl,--as-needed -lb", "1 -1 -1\n"),
    // An archive is one for a dynamic program too.
    ("with-b.o -L. -la ./libb.a", "10 1 -1 -1\n"),
];

#[test]
fn a_static_program_has_the_weak_references_of_its_dynamic_twin() {
    let dir = project();
    for (line, says) in LINES {
        for linker in ["", "-fuse-ld=bfd", "-fuse-ld=bfd -no-pie -Wl,--gc-sections"] {
            assert_eq!(same(&dir, line, linker), says, "{line} {linker}");
        }
    }
}

#[test]
fn libraries_that_are_converted_have_them_too() {
    for gone in ["liba.a", "libb.a", "liba.a libb.a"] {
        let dir = project();
        for archive in gone.split(' ') {
            std::fs::remove_file(dir.join(archive)).unwrap();
        }
        for (line, says) in LINES.into_iter().filter(|(line, _)| !line.contains("libb.a")) {
            assert_eq!(same(&dir, line, "-fuse-ld=bfd"), says, "{gone}: {line}");
        }
    }
}

#[test]
fn a_converted_program_has_those_that_it_had() {
    let dir = project();
    // The program's own too: what no library of its has stays null.
    dir.file(
        "own.c",
        "#include <stdio.h>\n#pragma weak extra\n#pragma weak gethostid\n#pragma weak nowhere\n\
         int extra(void), nowhere(void), b(void);\nlong gethostid(void);\n\
         int main(void) { printf(\"%d %d %d %d\\n\", extra != 0, gethostid != 0, nowhere != 0, B); return 0; }\n",
    );
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    let converted = |archives: bool| {
        let says = Run::new(dir.join("dynamic")).dir(dir.path()).ok();
        let convert = Run::new(STATICCTL).dir(dir.path()).line("convert ./dynamic -o static");
        if archives { convert } else { convert.line("--from-so all") }.ok();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), says);
        says
    };
    for archives in [true, false] {
        for (line, says) in LINES {
            gcc(&format!("{line} -Wl,-rpath,. -o dynamic"));
            assert_eq!(converted(archives), says, "{line} {archives}");
        }
        gcc("-fPIE -DB=b() own.c -L. -lb -Wl,-rpath,. -o dynamic");
        assert_eq!(converted(archives), "1 1 0 10\n");
        gcc("-fPIE -DB=0 own.c -Wl,-rpath,. -o dynamic");
        assert_eq!(converted(archives), "0 1 0 0\n");
    }
}

#[test]
fn the_built_in_linker_takes_the_members() {
    let dir = project();
    driver(&dir, "auto").line("with-b.o -L. -la -lb -o static").silent();
    assert_eq!(linked_by(&dir), ("built-in".into(), String::new()));
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "10 1 20 -1\n");
}

#[test]
fn members_of_a_thin_archive_count() {
    let dir = project();
    std::fs::create_dir(dir.join("thin")).unwrap();
    Run::new("ar").dir(dir.path()).line("rcsT thin/liba.a a.o").silent();
    for line in ["with-b.o thin/liba.a -L. -lb", "without-b.o -Lthin -L. -la -Wl,--no-as-needed -lb"] {
        let expected = if line.starts_with("with-b") { "10 1 20 -1\n" } else { "1 20 -1\n" };
        assert_eq!(same(&dir, line, ""), expected, "{line}");
    }
}

#[test]
fn what_sources_of_the_same_call_need_counts() {
    let dir = project();
    Run::new(STATICCC).dir(dir.path()).line("-DUSE_B main.c -L. -la -lb -o static").silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "10 1 20 -1\n");
}

#[test]
fn who_replaces_malloc_gets_no_second_one() {
    let dir = Dir::new();
    dir.file(
        "m.c",
        "#include <stddef.h>\n#pragma weak malloc_usable_size\nsize_t malloc_usable_size(void *);\n\
         static char heap[1 << 20];\nstatic size_t used;\n\
         void *malloc(size_t n) { void *p = heap + used; used += (n + 15) & ~15ul; return p; }\n\
         void *calloc(size_t n, size_t m) { return malloc(n * m); }\nvoid *realloc(void *p, size_t n) { return p ? 0 : malloc(n); }\n\
         void free(void *p) { if (malloc_usable_size) used = 0; }\n",
    );
    dir.file("main.c", "#include <stdio.h>\nint main(void) { puts(\"own\"); return 0; }\n");
    Run::new("gcc").dir(dir.path()).line("-c -fno-builtin m.c").silent();
    for line in ["main.c m.o", "-c main.c", "main.o m.o"] {
        Run::new(STATICCC).dir(dir.path()).line(line).silent();
    }
    assert_eq!(says_in_empty_root(&dir.join("a.out"), &[]), "own\n");
}

#[test]
fn explain_names_them_and_plain_programs_have_none() {
    const RULE: &str = "bind-weak-references";
    let dir = project();
    let explained = |line: &str| Run::new(STATICCTL).dir(dir.path()).line("explain --").line(line).ok();
    let said = explained("cc with-b.o -L. -la -lb -o x");
    let names = "extra, further, pthread_barrier_init, pthread_barrier_wait";
    assert!(said.contains(RULE) && said.contains(names), "{said}");
    dir.file("main.cpp", "#include <iostream>\nint main() { std::cout << 1; }\n");
    Run::new("g++").dir(dir.path()).line("-c main.cpp -o cpp.o").silent();
    for line in [
        "cc main.c",
        "cc -pthread without-b.o",
        "c++ main.cpp",
        "c++ -pthread cpp.o",
        "cc with-b.o -nostdlib -L. -la -lb",
        "cc with-b.o -nostartfiles -L. -la -lb",
    ] {
        let said = explained(line);
        assert!(!said.contains(RULE), "{line}: {said}");
    }
    // Of libc, only what is named is on the line.
    let said = explained("cc with-b.o -nodefaultlibs -L. -la -lb");
    assert!(said.contains("for extra, further\n"), "{said}");
}

/// Clang 11 writes these relocations, and assemblers that are told to.
#[test]
fn a_weak_symbol_that_nothing_defines_is_null_however_it_is_loaded() {
    let dir = Dir::new();
    dir.file("w.c", "#include <stdio.h>\nvoid absent(void) __attribute__((weak));\nint main(void) { void (*volatile p)(void) = absent; return puts(p ? \"there\" : \"null\") < 0; }\n");
    for relax in ["no", "yes"] {
        let object = format!("w-{relax}.o");
        Run::new("gcc")
            .dir(dir.path())
            .line(&format!("-fPIE -O1 -Wa,-mrelax-relocations={relax} -c w.c -o {object}"))
            .ok();
        Run::new("ar").dir(dir.path()).line(&format!("rcs lib{relax}.a {object}")).ok();
        for inputs in [object.clone(), format!("-L. -Wl,-u,main -l{relax}")] {
            for kind in ["-static-pie", "-static"] {
                Run::new(STATICCC).dir(dir.path()).line(&format!("{kind} {inputs} -o w")).silent();
                assert_eq!(says_in_empty_root(&dir.join("w"), &[]), "null\n", "{inputs} {kind}");
            }
        }
    }
}
