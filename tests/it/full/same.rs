//! Real programs and libraries of the distribution beside their dynamic twins; more of them are in `tests/mass/same`.

use crate::support::*;
use std::path::Path;

/// Builds a program in a directory both ways, as `dynamic` and `static`.
fn twins(dir: &Dir, compiler: &str, driver: &str, line: &str) {
    Run::new(compiler).dir(dir.path()).line(line).args(["-o", "dynamic"]).silent();
    Run::new(driver).dir(dir.path()).line(line).args(["-o", "static"]).ok();
}

/// The same, and what both say.
fn both(dir: &Dir, compiler: &str, driver: &str, line: &str) -> String {
    twins(dir, compiler, driver, line);
    let said = Run::new(dir.join("dynamic")).ok();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
    said
}

#[test]
fn fortran_with_openmp_in_threads_of_c_plus_plus() {
    let dir = Dir::new();
    dir.file("main.cc", fixture!("same/fortran.cc"));
    dir.file("sum.f90", fixture!("same/fortran.f90"));
    let said = both(&dir, "g++", STATICCXX, "-w -fopenmp main.cc sum.f90 -lgfortran");
    assert!(said.lines().count() == 4 && said.contains(" by 3") && said.contains("thrown after: task 3"), "{said}");
}

#[test]
fn objective_c_in_threads() {
    let dir = Dir::new();
    dir.file("main.m", fixture!("same/objective-c.m"));
    let said = both(&dir, "gcc", STATICCC, "-w -std=gnu11 -fobjc-exceptions main.m -lobjc -pthread");
    assert!(said.starts_with("8000\ncaught Counter\n"), "{said}");
}

/// Whether a profile that a program wrote has an address of its busy function, whose bounds it says on stderr.
fn is_profiled(dir: &Dir, program: &str) -> bool {
    let profile = dir.join(format!("{program}.prof"));
    let out = Run::new(dir.join(program)).env("CPUPROFILE", &profile).output();
    assert!(out.status.success(), "{out:?}");
    let said = text(&out.stderr);
    let bounds: Vec<u64> = said.split_whitespace().take(2).map(|w| u64::from_str_radix(w, 16).unwrap()).collect();
    let words = |path: &Path| -> Vec<u64> {
        let data = std::fs::read(path).unwrap_or_default();
        data.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
    };
    words(&profile).iter().any(|word| (bounds[0]..bounds[1]).contains(word))
}

#[test]
fn gperftools_write_a_profile_for_their_name_on_the_line() {
    let dir = Dir::new();
    dir.file("main.c", fixture!("same/profiled.c"));
    twins(&dir, "gcc", STATICCC, "-w -O1 main.c -Wl,--no-as-needed -lprofiler");
    assert!(is_static(&dir.join("static")));
    assert_eq!(["dynamic", "static"].map(|program| is_profiled(&dir, program)), [true, true]);
}

#[test]
fn gperftools_leave_exceptions_alone() {
    let dir = Dir::new();
    dir.file(
        "main.cc",
        "#include <gperftools/malloc_extension.h>\n#include <gperftools/profiler.h>\n#include <cstdio>\n#include <new>\n\
         int main() {\n\
         \tProfilerEnable();\n\
         \ttry { throw std::bad_alloc(); } catch (const std::bad_alloc &) { std::puts(\"caught\"); }\n\
         \tchar text[20] = \"\";\n\tMallocExtension::instance()->GetStats(text, sizeof text);\n\
         \tstd::puts(text[0] ? \"statistics\" : \"nothing\");\n}\n",
    );
    let said = both(&dir, "g++", STATICCXX, "-w main.cc -lprofiler -ltcmalloc");
    assert_eq!(said, "caught\nstatistics\n");
}
