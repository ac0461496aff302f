//! The compilers behind the names of toolchains: musl-gcc, Clang, zig.

use crate::quick::toolchains::sources;
use crate::support::*;
use std::fs;
use std::path::Path;

#[test]
fn musl_gcc_makes_static_c_and_says_that_it_has_no_cxx() {
    let dir = sources();
    for (options, kind) in [("-static", "EXEC"), ("-static-pie", "DYN"), ("", "DYN")] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_TOOLCHAIN", "musl-gcc");
        run.line("h.c -o h").line(options).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &["m"]), "hello m\n");
        let header = Run::new("readelf").args(["-hW".as_ref(), dir.join("h").as_os_str()]).ok();
        assert!(header.contains(kind), "{options}: {header}");
        let symbols = Run::new("nm").args([dir.join("h")]).ok();
        assert!(!symbols.contains("_IO_stdin_used"), "glibc's start code is in");
    }
    let said = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_TOOLCHAIN", "musl-gcc").line("h.cpp -o h").fails(1);
    assert!(said.contains("toolchain `musl-gcc` does not support C++") && said.contains("staticcxx: hint: "), "{said}");
}

#[test]
fn clang_by_toolchain_by_variable_and_by_name() {
    let dir = sources();
    let made = || {
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
        let comment = Run::new("readelf").args(["-p", ".comment", "h"]).dir(dir.path()).ok();
        assert!(comment.contains("clang"), "{comment}");
        fs::remove_file(dir.join("h")).unwrap();
    };
    Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_TOOLCHAIN", "host-clang").line("h.cpp -o h").silent();
    made();
    Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_CXX", "clang++ -O1").line("h.cpp -o h").silent();
    made();
    fs::create_dir(dir.join("bin")).unwrap();
    std::os::unix::fs::symlink(STATICCC, dir.join("bin/clang")).unwrap();
    Run::new("clang").path_first(&[&dir.join("bin")]).dir(dir.path()).line("h.c -o h").silent();
    made();
}

#[test]
fn zig_makes_static_musl_programs() {
    let dir = sources();
    let python = which("python3");
    let zig = Run::new(python).args(["-c", "import ziglang, os; print(os.path.dirname(ziglang.__file__))"]).ok();
    let run =
        || Run::new(STATICCC).dir(dir.path()).path_first(&[Path::new(zig.trim())]).env("STATICCXX_TOOLCHAIN", "zig");
    run().line("h.c -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    run().line("-c h.c -o h.o").silent();
    run().line("-rdynamic h.o -o h2 -lm -Wl,-rpath,/x").silent();
    assert_eq!(says_in_empty_root(&dir.join("h2"), &[]), "hello\n");
}
