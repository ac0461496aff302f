//! A project's own shared libraries with make, CMake, Meson and libtool, and with libraries of the system.

use crate::quick::shared::{MAIN, Q, same_as_dynamic};
use crate::support::*;
use std::fs;
use std::path::Path;

#[test]
fn a_chain_of_libraries_and_what_they_need_of_the_system() {
    let a = "int b(double);\nint a(void) { return b(2.5); }\n";
    let b =
        "#include <math.h>\n#include <zlib.h>\nint b(double x) { return (int)floor(x) + (zlibVersion()[0] == '1'); }\n";
    let main = "#include <stdio.h>\nint a(void);\nint main(void) { printf(\"%d\\n\", a()); return 0; }\n";
    same_as_dynamic(
        &[("a.c", a), ("b.c", b), ("main.c", main)],
        &[
            "cc -shared -fPIC b.c -lz -lm -o libb.so",
            "cc -shared -fPIC a.c -L. -lb -o liba.so",
            "cc main.c -L. -la -Wl,-rpath-link,. -o x",
        ],
    );
}

#[test]
fn a_libtool_project_without_archives() {
    let dir = Dir::new();
    dir.file("configure.ac", "AC_INIT([p],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAM_PROG_AR\nLT_INIT\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n");
    dir.file(
        "Makefile.am",
        "lib_LTLIBRARIES = libq.la libr.la\nlibq_la_SOURCES = q.c\nlibq_la_LDFLAGS = -version-info 2:1:1\nlibr_la_SOURCES = r.c\nlibr_la_LIBADD = libq.la -lz\nbin_PROGRAMS = x\nx_SOURCES = main.c\nx_LDADD = libr.la\n",
    );
    dir.file("q.c", Q);
    dir.file("r.c", "#include <zlib.h>\nint q(void);\nint r(void) { return q() + (zlibVersion()[0] == '1'); }\n");
    dir.file("main.c", "#include <stdio.h>\nint r(void);\nint main(void) { printf(\"%d\\n\", r()); return 0; }\n");
    Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    let run = |tool: &str, line: &str| Run::new(which(tool)).dir(dir.path()).with_our_compilers().line(line).ok();
    run("sh", "configure --disable-static --prefix=/usr");
    run("make", "");
    let program = if dir.join(".libs/x").is_file() { dir.join(".libs/x") } else { dir.join("x") };
    assert_eq!(says_in_empty_root(&program, &[]), "start q\n42\n");
    run("make", &format!("install DESTDIR={}", dir.join("dest").display()));
    assert_eq!(says_in_empty_root(&dir.join("dest/usr/bin/x"), &[]), "start q\n42\n");
    // Installed, stripped, the build tree gone: a program of somebody else's links against it.
    run("make", "clean");
    Run::new("strip").args([dir.join("dest/usr/lib/libq.so.1.1.1"), dir.join("dest/usr/lib/libr.so.0.0.0")]).ok();
    Run::new(STATICCC).dir(dir.path()).line("main.c -Ldest/usr/lib -lr -o y").silent();
    assert_eq!(says_in_empty_root(&dir.join("y"), &[]), "start q\n42\n");
}

#[test]
fn cmake_shared_libraries() {
    let dir = Dir::new();
    dir.file(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nadd_library(q SHARED q.c)\nset_target_properties(q PROPERTIES VERSION 1.2 SOVERSION 1)\nadd_library(r SHARED r.c)\n\
         target_link_libraries(r PRIVATE q)\nadd_executable(x main.c)\ntarget_link_libraries(x r)\ninstall(TARGETS q r x)\n",
    );
    dir.file("q.c", Q);
    dir.file("r.c", "int q(void);\nint r(void) { return q() + 1; }\n");
    dir.file("main.c", "#include <stdio.h>\nint r(void);\nint main(void) { printf(\"%d\\n\", r()); return 0; }\n");
    let cmake = |line: &str| Run::new(which("cmake")).dir(dir.path()).with_our_compilers().line(line).ok();
    cmake("-B build -DCMAKE_INSTALL_PREFIX=/usr");
    cmake("--build build");
    assert_eq!(says_in_empty_root(&dir.join("build/x"), &[]), "start q\n42\n");
    Run::new(which("cmake"))
        .dir(dir.path())
        .with_our_compilers()
        .env("DESTDIR", dir.join("dest"))
        .line("--install build --strip")
        .ok();
    assert_eq!(says_in_empty_root(&dir.join("dest/usr/bin/x"), &[]), "start q\n42\n");
    fs::remove_dir_all(dir.join("build")).unwrap();
    Run::new(STATICCC).dir(dir.path()).line("main.c dest/usr/lib/libr.so -Wl,-rpath-link,dest/usr/lib -o y").silent();
    assert_eq!(says_in_empty_root(&dir.join("y"), &[]), "start q\n42\n");
}

#[test]
fn meson_libraries_of_both_kinds() {
    let dir = Dir::new();
    dir.file(
        "meson.build",
        "project('p', 'c')\nq = both_libraries('q', 'q.c')\nr = shared_library('r', 'r.c', link_with: q.get_shared_lib())\nexecutable('x', 'main.c', link_with: r)\n",
    );
    dir.file("q.c", Q);
    dir.file("r.c", "int q(void);\nint r(void) { return q() + 1; }\n");
    dir.file("main.c", "#include <stdio.h>\nint r(void);\nint main(void) { printf(\"%d\\n\", r()); return 0; }\n");
    let run = |tool: &str, line: &str| Run::new(which(tool)).dir(dir.path()).with_our_compilers().line(line).ok();
    run("meson", "setup build");
    run("ninja", "-C build");
    assert_eq!(says_in_empty_root(&dir.join("build/x"), &[]), "start q\n42\n");
}

#[test]
fn a_plain_makefile() {
    let dir = Dir::new();
    dir.file(
        "Makefile",
        "CC ?= cc\nx: main.o libq.so\n\t$(CC) -o $@ main.o -L. -lq -Wl,-rpath,.\nlibq.so: q.o\n\t$(CC) -shared -o $@ $^\n%.o: %.c\n\t$(CC) -fPIC -c $<\n",
    );
    dir.file("q.c", Q);
    dir.file("main.c", MAIN);
    Run::new("make").dir(dir.path()).with_our_compilers().ok();
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "start q\n83\n");
    assert!(no_temporary_files(dir.path()));
}

fn no_temporary_files(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().flatten().all(|e| !e.file_name().to_string_lossy().starts_with("staticcxx"))
}
