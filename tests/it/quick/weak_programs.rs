//! Weak references of finished programs: what ld.so leaves null stays null, in the program and in its converted libraries.

use crate::support::*;

/// What start files of compiler-rt and of old GCC do: hand the unwind table to GCC's unwinder, if it is there.
const START_C: &str = fixture!("weak/registers.c");

const ASK_C: &str = fixture!("weak/asks.c");

/// Functions enough that a walk over an unwind table which is not there runs into something else.
fn many() -> String {
    (0..2000)
        .map(|i| format!("int f{i}(int *p) {{ extern void use(int *); int a[9] = {{*p}}; use(a); return a[3]; }}\n"))
        .collect()
}

#[test]
fn weak_references_that_were_null_stay_null() {
    let dir = Dir::new();
    let run = |tool: &str, line: &str| Run::new(tool).dir(dir.path()).line(line).silent();
    dir.file("start.c", START_C);
    dir.file("many.c", many() + "void use(int *p) { p[3] = 1; }\n");
    for asked in ["program", "library"] {
        dir.file(format!("{asked}.c"), ASK_C.replace("ASKED", asked));
    }
    dir.file("main.c", "void ask_program(void); void ask_library(void); int of_the_program(void) { return 1; }\nint main(void) { ask_program(); ask_library(); return 0; }\n");
    dir.file("more.cc", "#include <cstdio>\n#include <stdexcept>\nextern \"C\" { void ask_program(); void ask_library(); int of_the_program() { return 1; } }\n\
        int main(int n, char **) { ask_program(); ask_library(); try { if (n) throw std::runtime_error(\"caught\"); } catch (std::exception &e) { puts(e.what()); } }\n");
    run("gcc", "-O1 -fPIC -c start.c many.c program.c library.c");
    run("gcc", "-shared start.o many.o library.o -o liblibrary.so");
    let rest = "start.o many.o program.o -L. -llibrary -Wl,-rpath,$ORIGIN -rdynamic -o dynamic";
    for (compiler, source) in [("gcc", "main.c"), ("g++", "more.cc")] {
        for kind in ["-fpie -pie", "-fno-pie -no-pie"] {
            run(compiler, &format!("-O1 {kind} {source} {rest}"));
            let said = Run::new(dir.join("dynamic")).ok();
            // The C++ program has GCC's unwinder.
            let expected = if compiler == "gcc" { "library: 0 0 1 0 1 0 1" } else { "library: 1 1 1 0 1 1 1" };
            assert!(said.contains(expected), "{said}");
            Run::new(STATICCTL).dir(dir.path()).line("convert dynamic -o static").ok();
            assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{compiler} {kind}");
        }
    }
}
