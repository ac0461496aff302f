//! What the README and the book say about whole builds, run as it stands there.

use crate::full::blocks;
use crate::support::*;
use std::fs;
use std::path::Path;

/// Runs a line of the README or the book in a directory, with our programs on PATH.
fn documented(dir: &Path, line: &str) -> String {
    let said = blocks::pages().iter().any(|page| page.text.lines().any(|l| l == line));
    assert!(said, "neither the README nor the book says: {line}");
    typed(dir, line)
}

fn typed(dir: &Path, line: &str) -> String {
    let own = Path::new(STATICCTL).parent().unwrap();
    let go = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache");
    let run = Run::new("sh").dir(dir).path_first(&[own]).env("GOCACHE", go).env("GOFLAGS", "-mod=mod");
    run.env("CARGO_TARGET_DIR", dir.join("target")).args(["-ec", line]).ok()
}

/// A block of the book by its language and a text in it.
fn block(language: &str, with: &str) -> String {
    let pages = blocks::pages();
    let mut found = pages.iter().flat_map(|page| blocks::blocks(&page.text));
    let block = found.find(|b| b.language == language && b.text.contains(with));
    block.unwrap_or_else(|| panic!("no {language} block with {with}")).text
}

#[test]
fn a_line_for_each_build_system() {
    let project = |files: &[(&str, &str)]| {
        let dir = Dir::new();
        for (name, text) in files {
            dir.file(name, text);
        }
        dir
    };
    let hello = ("hello.cpp", HELLO_CXX);
    for (line, program, files) in [
        ("staticctl run -- make", "hello", &[hello, ("Makefile", "hello: hello.cpp\n\tg++ hello.cpp -o hello\n")][..]),
        (
            "staticctl run -- sh -c 'cmake -B build && cmake --build build'",
            "build/hello",
            &[
                hello,
                (
                    "CMakeLists.txt",
                    "cmake_minimum_required(VERSION 3.16)\nproject(h CXX)\nadd_executable(hello hello.cpp)\n",
                ),
            ],
        ),
        (
            "staticctl run -- sh -c 'meson setup build && ninja -C build'",
            "build/hello",
            &[hello, ("meson.build", "project('h', 'cpp')\nexecutable('hello', 'hello.cpp')\n")],
        ),
        (
            "staticctl run -- cargo build",
            "target/debug/hello",
            &[
                ("Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
                ("src/main.rs", "fn main() { println!(\"hello\"); }\n"),
            ],
        ),
        (
            "staticctl run -- go build -o app .",
            "app",
            &[
                ("go.mod", "module example.org/app\n\ngo 1.19\n"),
                (
                    "main.go",
                    "package main\n\n// #include <stdlib.h>\nimport \"C\"\nimport \"fmt\"\n\nfunc main() { C.abs(1); fmt.Println(\"hello\") }\n",
                ),
            ],
        ),
    ] {
        let dir = project(files);
        documented(dir.path(), line);
        assert_eq!(says_in_empty_root(&dir.join(program), &[]), "hello\n", "{line}");
    }
    let dir = project(&[
        ("hello.c", HELLO_C),
        (
            "configure.ac",
            "AC_INIT([h],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
        ),
        ("Makefile.am", "bin_PROGRAMS = hello\n"),
    ]);
    Run::new("autoreconf").dir(dir.path()).line("-fi").output();
    documented(dir.path(), "staticctl run -- sh -c './configure && make'");
    assert_eq!(says_in_empty_root(&dir.join("hello"), &[]), "hello\n");
}

/// The stages of the Dockerfile without Docker: its command for the build, here, and a root with what the last
/// stage copies.
#[test]
fn the_dockerfile_s_last_stage_holds_what_is_needed() {
    let text = block("dockerfile", "FROM scratch");
    let build = text.lines().find_map(|l| l.strip_prefix("RUN cd /src && ")).unwrap();
    let dir = Dir::new();
    dir.file("hello.cpp", HELLO_CXX);
    dir.file("Makefile", "hello: hello.cpp\n\tg++ hello.cpp -o hello\n");
    typed(dir.path(), build);
    let copied = text.lines().find_map(|l| l.strip_prefix("COPY --from=build /src/")).unwrap();
    let (from, to) = copied.split_once(" /").unwrap();
    assert_eq!(text.lines().last().unwrap(), format!("ENTRYPOINT [\"/{to}\"]"));
    assert_eq!(says_in_empty_root(&dir.join(from), &[]), "hello\n");
}

#[test]
fn the_lines_for_ci_fail_where_a_program_is_not_static() {
    let lines = block("sh", "jq -e");
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("Makefile", "all:\n\tgcc h.c -o a\n");
    typed(dir.path(), &lines);
    dir.file("Makefile", "all:\n\tgcc h.c -o a\n\tenv -i PATH=/usr/bin gcc h.c -o b\n");
    let own = Path::new(STATICCTL).parent().unwrap();
    let out = Run::new("sh").dir(dir.path()).path_first(&[own]).args(["-ec", &lines]).output();
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert!(fs::read_to_string(dir.join("static.json")).unwrap().contains("\"foreign\""));
}
