//! Weak references with every linker, with musl, and of libraries of the distribution that crash or think that they
//! have no threads without them.

use super::musl::musl;
use crate::quick::weak::{project, same};
use crate::support::*;

#[test]
fn every_linker_takes_the_members() {
    let dir = project();
    for linker in here(&["-fuse-ld=lld", "-fuse-ld=mold", "-fuse-ld=gold -no-pie -static"]) {
        assert_eq!(same(&dir, "with-b.o -L. -la -lb", linker), "10 1 20 -1\n", "{linker}");
    }
}

#[test]
fn musl_s_functions_are_bound_too() {
    let dir = Dir::new();
    dir.file("a.c", "#pragma weak gethostid\nlong gethostid(void);\nint a(void) { return gethostid != 0; }\n");
    dir.file("main.c", "#include <stdio.h>\nint a(void);\nint main(void) { printf(\"%d\\n\", a()); return 0; }\n");
    let cc = |line: &str| {
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_TOOLCHAIN", "musl-gcc").line(line).silent();
    };
    cc("-c a.c main.c");
    Run::new("ar").dir(dir.path()).line("rcs liba.a a.o").silent();
    cc("main.o liba.a -o x");
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "1\n");
}

/// Builds both with g++ or gcc's words, and gives what they say.
fn twins(dir: &Dir, compiler: &str, driver: &str, line: &str) -> String {
    Run::new(compiler).dir(dir.path()).line(line).args(["-o", "dynamic"]).silent();
    let said = Run::new(dir.join("dynamic")).ok();
    Run::new(driver).dir(dir.path()).line(line).args(["-o", "static"]).ok();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
    said
}

/// gnulib's way to know of threads. Of code that is never called nothing is left, and so no reference that could be bound
/// otherwise; an error said that it was.
#[test]
fn references_of_code_that_is_collected_are_no_difference_with_musl() {
    let dir = Dir::new();
    dir.file(
        "f.c",
        "#include <pthread.h>\n#pragma weak pthread_cond_destroy\n#pragma weak pthread_key_create\n\
         int unused(void) { return pthread_cond_destroy != 0; }\nint f(void) { return pthread_key_create != 0; }\n",
    );
    dir.file("m.c", "#include <stdio.h>\nint f(void);\nint main(void) { printf(\"%d\\n\", f()); return 0; }\n");
    for linker in ["wild", "bfd", "gold", "lld"] {
        let driver = || musl(STATICCC).dir(dir.path()).env("STATICCXX_LINKER", linker);
        driver().line("-O2 -ffunction-sections -c f.c m.c").silent();
        driver().line("-O2 m.o f.o -o p").silent();
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "1\n", "{linker}");
    }
}

#[test]
fn fortran_in_a_thread_of_c_plus_plus() {
    let dir = Dir::new();
    dir.file("sub.f90", "subroutine fsub()\n  print *, 'in fsub'\nend subroutine\n");
    dir.file(
        "t.cpp",
        "#include <thread>\n#include <cstdio>\nextern \"C\" void fsub_();\n\
         int main() { std::thread t([] { fsub_(); }); t.join(); std::puts(\"done\"); }\n",
    );
    Run::new("gfortran").dir(dir.path()).line("-c sub.f90").silent();
    Run::new("g++").dir(dir.path()).line("-c t.cpp").silent();
    for sources in ["t.cpp", "t.o"] {
        let said = twins(&dir, "g++", STATICCXX, &format!("{sources} sub.o -lgfortran"));
        assert_eq!(said, " in fsub\ndone\n");
    }
}

#[test]
fn libxml2_knows_its_threads() {
    let dir = Dir::new();
    dir.file("x.c", fixture!("weak/xml-threads.c"));
    let flags = Run::new("pkg-config").line("--cflags --libs libxml-2.0").ok();
    let flags = flags.trim();
    Run::new("gcc").dir(dir.path()).line(&format!("-c x.c {flags}")).silent();
    for input in ["x.c", "x.o"] {
        let said = twins(&dir, "gcc", STATICCC, &format!("{input} {flags} -pthread"));
        assert_eq!(said, "error of the main thread: 0\n");
    }
}
