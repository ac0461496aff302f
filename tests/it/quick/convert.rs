//! Shared objects without archives, converted: each program is compared with its dynamic twin.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

pub const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/convert");

pub fn source(name: &str) -> String {
    format!("{SOURCES}/{name}")
}

/// The torture library, and what its dynamic program says.
pub fn torture(options: &str) -> (Dir, String) {
    let dir = Dir::new();
    let library = format!(
        "-O2 -fPIC -shared {options} -Wl,--version-script={} -Wl,-soname,libtorture.so -Wl,-z,relro,-z,now {} -o libtorture.so",
        source("torture.map"),
        source("torture.cc")
    );
    Run::new("g++").dir(dir.path()).line(&library).ok();
    Run::new("g++").dir(dir.path()).line(&format!("-O2 -pthread {} -L. -ltorture -o dynamic", source("use.cc"))).ok();
    let said = Run::new(dir.join("dynamic")).env("LD_LIBRARY_PATH", dir.path()).ok();
    assert!(said.contains("code r-x, tables r--, data rw-"), "{said}");
    (dir, said)
}

/// Links the torture program with ours, and compares.
pub fn same(dir: &Dir, said: &str, line: &str) -> PathBuf {
    let words = format!("-O2 -pthread {line} {} -L. -ltorture -o static", source("use.cc"));
    Run::new(STATICCXX).dir(dir.path()).line(&words).silent();
    let program = dir.join("static");
    assert!(is_static(&program));
    let headers = Run::new("readelf").args([Path::new("-lW"), &program]).ok();
    assert!(!headers.contains("RWE"), "{line}: {headers}");
    assert_eq!(Run::new(&program).ok(), said, "{line}");
    program
}

#[test]
fn the_built_in_linker_takes_converted_libraries() {
    let (dir, said) = torture("");
    Run::new("g++").dir(dir.path()).args(["-O2", "-c", &source("use.cc"), "-o", "use.o"]).ok();
    for line in ["-fuse-ld=wild use.o", "-fuse-ld=wild -no-pie -static use.o", "use.o"] {
        Run::new(STATICCXX).dir(dir.path()).line(&format!("{line} -pthread -L. -ltorture -o static")).silent();
        assert_eq!(Run::new(dir.join("static")).ok(), said, "{line}");
    }
}

pub fn converted(report: &Path) -> Vec<String> {
    let text = fs::read_to_string(report).unwrap();
    let value: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let libraries = value["libraries"].as_array().unwrap().iter().filter(|l| l["provider"] == "converted");
    libraries
        .map(|l| {
            assert!(l["build_id"].as_str().is_some_and(|id| id.len() == 40), "{l}");
            assert!(l["path"].as_str().unwrap().contains(".so"), "{l}");
            l["name"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// A small project: files, then lines of `cc` and other programs, run with ours where `ours` says so.
pub fn project(files: &[(&str, &str)], lines: &[&str]) -> Dir {
    let dir = Dir::new();
    for (name, text) in files {
        dir.file(name, text);
    }
    for line in lines {
        let (program, rest) = line.split_once(' ').unwrap();
        Run::new(program).dir(dir.path()).line(rest).ok();
    }
    dir
}

const Q: &str = "#include <stdio.h>\nint q(void) { return 40; }\n__attribute__((constructor)) static void start(void) { puts(\"start q\"); }\n";

const MAIN: &str = "#include <stdio.h>\nint q(void);\nint main(void) { printf(\"%d\\n\", q() + 2); return 0; }\n";

#[test]
fn the_variable_says_which_libraries() {
    let dir = project(&[("q.c", Q), ("main.c", MAIN)], &["gcc -shared -fPIC q.c -o libq.so"]);
    let link =
        |value: &str| Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", value).line("main.c -L. -lq -o x");
    let said = link("off").fails(1);
    assert!(said.contains("`-lq` has no archive") && !said.contains("can't be converted"), "{said}");
    for value in ["auto", "prefer", "off,libq", "q"] {
        link(value).silent();
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "start q\n42\n", "{value}");
    }
    let shown = Run::new(STATICCTL).dir(dir.path()).line("explain -- cc main.c -L. -lq -o x").ok();
    assert!(shown.contains("library:   -lq converted from ") && shown.contains("libq.so"), "{shown}");
}

#[test]
fn conversions_are_kept_by_content_and_made_again_where_they_are_broken() {
    let dir = project(&[("q.c", Q), ("main.c", MAIN)], &["gcc -shared -fPIC q.c -o libq.so"]);
    let link = |cache: &Path| {
        Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", cache).line("main.c -L. -lq -o x").silent();
        assert_eq!(Run::new(dir.join("x")).ok(), "start q\n42\n");
        fs::read(dir.join("x")).unwrap()
    };
    let kept = || -> Vec<PathBuf> {
        let files = fs::read_dir(dir.join("cache/staticcxx/converted")).unwrap();
        files.map(|f| f.unwrap().path()).filter(|f| f.extension().is_some_and(|e| e == "a")).collect()
    };
    let first = link(&dir.join("cache"));
    assert_eq!(kept().len(), 1);
    let bytes = fs::read(&kept()[0]).unwrap();
    // The same bytes, from the cache, anew after damage, and without a cache.
    assert_eq!(link(&dir.join("cache")), first);
    let mut edited = bytes.clone();
    *edited.last_mut().unwrap() ^= 1;
    for broken in [&bytes[..bytes.len() / 2], b"", b"nonsense", &edited] {
        fs::write(&kept()[0], broken).unwrap();
        assert_eq!(link(&dir.join("cache")), first);
        assert_eq!(fs::read(&kept()[0]).unwrap(), bytes);
    }
    fs::rename(dir.join("cache/staticcxx/converted"), dir.join("aside")).unwrap();
    dir.file("cache/staticcxx/converted", "no directory");
    assert_eq!(link(&dir.join("cache")), first);
    fs::remove_file(dir.join("cache/staticcxx/converted")).unwrap();
    fs::rename(dir.join("aside"), dir.join("cache/staticcxx/converted")).unwrap();
    // Another content is another library.
    dir.file("q.c", Q.replace("40", "41"));
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC q.c -o libq.so").ok();
    Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache")).line("main.c -L. -lq -o x").silent();
    assert_eq!(Run::new(dir.join("x")).ok(), "start q\n43\n");
    assert_eq!(kept().len(), 2);
}

#[test]
fn constructors_run_in_order_also_against_archives() {
    let life = |n: &str, calls: &str| {
        format!(
            "#include <stdio.h>\n{calls}\n__attribute__((constructor)) static void start(void) {{ puts(\"start {n}\"); }}\n\
             __attribute__((destructor)) static void end(void) {{ puts(\"end {n}\"); }}\n"
        )
    };
    let files = [
        ("low.c", life("low", "int low(void) { return 1; }")),
        ("mid.c", life("mid", "int low(void);\nint mid(void) { return low() + 1; }")),
        ("top.c", life("top", "int mid(void);\nint top(void) { return mid() + 1; }")),
        ("main.c", life("main", "int top(void);\nint main(void) { printf(\"%d\\n\", top()); return 0; }")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    // The library in the middle has an archive.
    let dir = project(
        &files,
        &[
            "gcc -shared -fPIC low.c -Wl,-soname,liblow.so -o liblow.so",
            "gcc -shared -fPIC mid.c -L. -llow -Wl,-soname,libmid.so -o libmid.so",
            "gcc -fPIC -c mid.c",
            "ar rcs libmid.a mid.o",
            "gcc -shared -fPIC top.c -L. -lmid -Wl,-rpath-link,. -Wl,-soname,libtop.so -o libtop.so",
            "gcc main.c -L. -ltop -Wl,-rpath-link,. -o dynamic",
        ],
    );
    let expected = Run::new(dir.join("dynamic")).env("LD_LIBRARY_PATH", dir.path()).ok();
    assert!(expected.starts_with("start low\nstart mid\nstart top\nstart main\n3\n"), "{expected}");
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -ltop -o static").silent();
    assert_eq!(Run::new(dir.join("static")).ok(), expected);
}

#[test]
fn a_rust_cdylib() {
    let source = "#[unsafe(no_mangle)] pub extern \"C\" fn run(n: u32) -> u32 {\n\
                  let sums: Vec<u32> = (0..n).map(|i| std::thread::spawn(move || i * i).join().unwrap()).collect();\n\
                  let caught = std::panic::catch_unwind(|| if n > 2 { panic!(\"caught\") });\n\
                  println!(\"{sums:?} {}\", caught.is_err()); sums.iter().sum() }\n";
    let main = "#include <stdio.h>\nunsigned run(unsigned);\nint main(void) { printf(\"%u\\n\", run(4)); return 0; }\n";
    let dir = project(
        &[("r.rs", source), ("main.c", main)],
        &["rustc --edition 2024 --crate-type cdylib -O r.rs -o libr.so", "gcc main.c -L. -lr -o dynamic"],
    );
    let expected = Run::new(dir.join("dynamic")).env("LD_LIBRARY_PATH", dir.path()).ok();
    Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lr -o static").silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), expected);
    assert_eq!(expected, "[0, 1, 4, 9] true\n14\n");
}
