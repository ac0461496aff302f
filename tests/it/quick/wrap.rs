//! `--wrap`: it reaches what it reaches in the dynamic twin, and nothing else.

use crate::support::*;

/// `libq` calls `inner`, which it defines in another member, and malloc; as archive and shared object. `libown` calls
/// malloc, and is an archive only.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("main.c", fixture!("wrap/main.c"));
    dir.file(
        "outer.c",
        "#include <stdlib.h>\nint inner(int);\nint outer(int n) { free(malloc(n)); return 10 + inner(n); }\n",
    );
    dir.file("inner.c", "int inner(int n) { return n; }\n");
    dir.file("own.c", "#include <stdlib.h>\nint own(void) { free(malloc(3)); return 5; }\n");
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-c -fPIC -fno-builtin main.c outer.c inner.c own.c");
    gcc("-shared outer.o inner.o -o libq.so");
    Run::new("ar").dir(dir.path()).line("rcs libq.a outer.o inner.o").silent();
    Run::new("ar").dir(dir.path()).line("rcs libown.a own.o").silent();
    dir
}

/// What both say.
fn same(dir: &Dir, line: &str, extra: &str) -> String {
    let compile = |driver: &str, more: &str, out: &str| {
        let wrap = ["-Wl,--wrap=inner,--wrap,malloc", "-Wl,-rpath,."];
        Run::new(driver).dir(dir.path()).line(line).line(more).args(wrap).args(["-o", out]).silent();
    };
    compile("gcc", "", "dynamic");
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).ok();
    compile(STATICCC, extra, "static");
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line} {extra}");
    said
}

#[test]
fn it_reaches_the_program_and_its_archives_but_not_what_stands_for_shared_objects() {
    let dir = project();
    for (line, says) in [
        ("main.o -L. -lown -lq", "101 11 5 1\n"),
        ("main.o libown.a ./libq.so", "101 11 5 1\n"),
        ("-fno-builtin main.c own.c -L. -lq", "101 11 5 1\n"),
        ("-O2 -flto -fno-builtin main.c own.c -L. -lq", "101 11 5 1\n"),
        // Where a dynamic link takes the archive, it is reached too.
        ("main.o -L. -lown -Wl,-Bstatic -lq -Wl,-Bdynamic", "101 111 5 2\n"),
        ("main.o -L. -lown libq.a", "101 111 5 2\n"),
    ] {
        for extra in ["", "-fuse-ld=bfd", "-no-pie"] {
            assert_eq!(same(&dir, line, extra), says, "{line} {extra}");
        }
    }
}

#[test]
fn a_library_that_is_converted_or_carried_is_not_reached() {
    let dir = project();
    std::fs::remove_file(dir.join("libq.a")).unwrap();
    assert_eq!(same(&dir, "main.o -L. -lown -lq", ""), "101 11 5 1\n");
    Run::new(STATICCC).dir(dir.path()).line("-shared outer.o inner.o -o libq.so").silent();
    assert_eq!(same(&dir, "main.o -L. -lown -lq", ""), "101 11 5 1\n");
}

#[test]
fn a_library_that_was_itself_linked_with_it_stays_as_it_is() {
    let dir = project();
    dir.file(
        "counting.c",
        "#include <stdlib.h>\nvoid *__real_malloc(size_t);\nint n;\n\
         void *__wrap_malloc(size_t s) { n++; return __real_malloc(s); }\nint count(void) { free(malloc(1)); return n; }\n",
    );
    dir.file(
        "plain.c",
        "#include <stdio.h>\n#include <stdlib.h>\nint count(void);\n\
         int main(void) { free(malloc(2)); printf(\"%d\\n\", count()); return 0; }\n",
    );
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-c -fPIC -fno-builtin counting.c plain.c");
    gcc("-shared counting.o -Wl,--wrap=malloc -o libcounting.so");
    Run::new("ar").dir(dir.path()).line("rcs libcounting.a counting.o").silent();
    assert_eq!(same(&dir, "plain.o -L. -lcounting", ""), "2\n");
}

#[test]
fn an_explicit_static_link_stays_what_it_says() {
    let dir = project();
    let line = "-static main.o -L. -lown -lq -Wl,--wrap=inner,--wrap,malloc -o";
    Run::new("gcc").dir(dir.path()).line(line).line("plain").silent();
    Run::new(STATICCC).dir(dir.path()).line(line).line("ours").silent();
    let said = Run::new(dir.join("plain")).ok();
    assert!(said.starts_with("101 111 5 "), "{said}");
    assert_eq!(Run::new(dir.join("ours")).ok(), said);
}
