//! Converters of iconv and name services that are linked in, in a root without any file.

use crate::support::*;
use std::fs;
use std::path::Path;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plugins");

fn source(name: &str) -> String {
    format!("{SOURCES}/{name}")
}

/// Every linker and every shape that it has.
const MATRIX: [&str; 9] = [
    "",
    "-no-pie -static",
    "-fuse-ld=bfd -Wl,--gc-sections",
    "-fuse-ld=lld",
    "-fuse-ld=lld -no-pie -static -Wl,--gc-sections",
    "-fuse-ld=mold",
    "-fuse-ld=mold -no-pie -static",
    "-fuse-ld=gold -no-pie -static",
    "-fuse-ld=wild",
];

/// The converting program, dynamic and as an object.
fn program() -> Dir {
    let dir = Dir::new();
    for line in ["-o dynamic", "-c -o iconv.o"] {
        Run::new("gcc").dir(dir.path()).line(&format!("-O2 {} {line}", source("iconv.c"))).ok();
    }
    dir
}

/// What `iconv -l` lists.
fn names() -> Vec<String> {
    let text = Run::new("iconv").args(["-l"]).ok();
    let words = text.split([',', '\n', ' ']).map(|w| w.trim().trim_end_matches('/'));
    words.filter(|w| !w.is_empty() && !w.contains('/')).map(str::to_owned).collect()
}

#[test]
fn the_common_set_is_in_every_program_that_converts() {
    let dir = program();
    let words =
        ["61", "ISO-8859-2", "latin9", "WINDOWS-1252", "EUC-JP", "UTF-16", "UTF-7", "SJIS", "GB18030", "ISO-2022-JP"];
    let said = Run::new(dir.join("dynamic")).args(words).ok();
    assert!(said.lines().count() == 9 && !said.contains("no "), "{said}");
    let report = dir.join("report");
    for line in here(&MATRIX) {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", &report);
        run.line(&format!("{line} iconv.o -o static")).silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &words), said, "{line}");
    }
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", &report).line("-s iconv.o -o static").silent();
    let lines = fs::read_to_string(report.join("links.jsonl")).unwrap();
    assert!(lines.lines().count() == here(&MATRIX).len() + 1 && !lines.contains("needs-iconv"), "{lines}");
    // From its source, and with a table of the machine's that is never read.
    for line in ["", "-fuse-ld=mold"] {
        Run::new(STATICCC).dir(dir.path()).line(&format!("{line} -O2 {} -o static", source("iconv.c"))).silent();
        let out = Run::new(dir.join("static")).args(words).env("GCONV_PATH", missing("gconv")).ok();
        assert_eq!(out, said, "{line}");
    }
    let out = Run::new(dir.join("static")).args(["61", "EBCDIC-IT"]).ok();
    assert_eq!(out, "EBCDIC-IT: no 1 1\n");
}

#[test]
fn all_of_glibc_s_converters_do_what_they_do_in_a_dynamic_program() {
    let dir = program();
    // `tests/run iconv-all`: every code point and every pair of bytes.
    let stride = std::env::var("STATICCXX_ICONV_STRIDE").unwrap_or_else(|_| "251".to_owned());
    let names = names();
    assert!(names.len() > 1000);
    let words: Vec<&str> = [stride.as_str()].into_iter().chain(names.iter().map(String::as_str)).collect();
    let said = Run::new(dir.join("dynamic")).args(&words).ok();
    let built = ["", "-no-pie -fuse-ld=lld", "-fuse-ld=mold"];
    let shapes = if stride == "1" { &built[..1] } else { &built };
    for line in shapes {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_ICONV", "all");
        run.line(&format!("{line} iconv.o -o static")).silent();
        let ours = says_in_empty_root(&dir.join("static"), &words);
        let differ: Vec<_> = said.lines().zip(ours.lines()).filter(|(a, b)| a != b).collect();
        assert!(differ.is_empty() && said.lines().count() == ours.lines().count(), "{line}: {differ:?}");
    }
    assert_eq!(said.lines().filter(|l| l.contains("no ")).count(), 0, "{said}");
}

#[test]
fn a_list_names_character_sets_and_none_leaves_iconv_as_it_was() {
    let dir = program();
    let link = |value: &str| {
        let run =
            Run::new(STATICCC).dir(dir.path()).env("STATICCXX_ICONV", value).env("STATICCXX_REPORT", dir.join(value));
        let out = run.line("iconv.o -o static").output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        (text(&out.stderr), says_in_empty_root(&dir.join("static"), &["61", "ISO-8859-2", "IBM1047", "UTF-8"]))
    };
    let said = Run::new(dir.join("dynamic")).args(["61", "ISO-8859-2", "IBM1047", "UTF-8"]).ok();
    let line = |n: usize| said.lines().nth(n).unwrap();
    let (heard, ours) = link("latin2,utf-8");
    assert_eq!((heard.as_str(), ours), ("", format!("{}\nIBM1047: no 1 1\n{}\n", line(0), line(2))));
    let (heard, ours) = link("common,ibm1047");
    assert_eq!((heard.as_str(), ours), ("", said.clone()));
    let (heard, ours) = link("none");
    assert_eq!((heard.as_str(), ours), ("", format!("ISO-8859-2: no 1 1\nIBM1047: no 1 1\n{}\n", line(2))));
    assert!(fs::read_to_string(dir.join("none/links.jsonl")).unwrap().contains("needs-iconv"));
    let (heard, _) = link("latin2,nonsense");
    assert!(heard.contains("warning: STATICCXX_ICONV: `NONSENSE` is not a character set"), "{heard}");
    let (heard, ours) = {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_GLIBC_FIXES", "off");
        let out = run.line("iconv.o -o static").output();
        (text(&out.stderr), says_in_empty_root(&dir.join("static"), &["61", "ISO-8859-2"]))
    };
    assert_eq!((heard.as_str(), ours.as_str()), ("", "ISO-8859-2: no 1 1\n"));
}

#[test]
fn a_program_that_converts_nothing_is_the_same_byte_for_byte() {
    let dir = Dir::new();
    dir.file("hello.c", HELLO_C);
    dir.file("hello.cc", HELLO_CXX);
    Run::new("gcc").dir(dir.path()).line("-c hello.c").ok();
    Run::new("g++").dir(dir.path()).line("-c hello.cc -o hello++.o").ok();
    for object in ["hello.o", "hello++.o", "hello++.o -lstdc++"] {
        for line in ["", "-fuse-ld=bfd", "-fuse-ld=lld", "-fuse-ld=mold", "-no-pie"] {
            let link = |value: &str| {
                let driver = if object.contains("++") { STATICCXX } else { STATICCC };
                let run = Run::new(driver).dir(dir.path()).env("STATICCXX_ICONV", value);
                run.line(&format!("{line} {object} -Wl,--build-id=none -o x")).silent();
                fs::read(dir.join("x")).unwrap()
            };
            assert!(link("none") == link("common"), "{line} {object}");
        }
    }
}

#[test]
fn a_cxx_program_and_a_library_that_convert() {
    let dir = program();
    dir.file(
        "convert.c",
        "#include <iconv.h>\nint opens(const char *name) { iconv_t c = iconv_open(\"UTF-8\", name); \
                           if (c == (iconv_t)-1) return 0; iconv_close(c); return 1; }\n",
    );
    dir.file("main.cc", fixture!("iconv/threads.cc"));
    Run::new("gcc").dir(dir.path()).line("-c convert.c").ok();
    Run::new("ar").dir(dir.path()).line("rc libconvert.a convert.o").ok();
    Run::new("g++").dir(dir.path()).line("-c main.cc").ok();
    for line in ["", "-fuse-ld=bfd", "-fuse-ld=lld", "-fuse-ld=mold", "-no-pie", "-lstdc++"] {
        let words = format!("main.o -L. -lconvert {line} -pthread -o x");
        Run::new(STATICCXX).dir(dir.path()).line(&words).silent();
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "2000\n", "{line}");
    }
}

#[test]
fn a_name_service_is_linked_in() {
    let dir = Dir::new();
    Run::new("gcc").dir(dir.path()).line(&format!("-O2 -c {} -o hosts.o", source("hosts.c"))).ok();
    let words = ["some.localhost", "localhost", "nowhere.invalid", "user:nobody-of-this-name"];
    for line in
        here(&["", "-no-pie -static", "-fuse-ld=bfd", "-fuse-ld=lld", "-fuse-ld=mold", "-fuse-ld=gold -no-pie -static"])
    {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_NSS", "myhostname");
        run.line(&format!("{line} hosts.o -o static")).silent();
        let said = says_in_empty_root(&dir.join("static"), &words);
        assert!(said.starts_with("some.localhost: ") && !said.starts_with("some.localhost: no"), "{line}: {said}");
        assert!(said.contains("127.0.0.1") && said.contains("nowhere.invalid: no"), "{line}: {said}");
    }
    Run::new(STATICCC).dir(dir.path()).line("hosts.o -o static").silent();
    let said = says_in_empty_root(&dir.join("static"), &words);
    assert!(said.starts_with("some.localhost: no\n"), "{said}");
    let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_NSS", "nonesuch").line("hosts.o -o x").fails(1);
    assert!(
        said.contains("error: STATICCXX_NSS: `libnss_nonesuch.so.2` was not found") && said.contains("hint: "),
        "{said}"
    );
    assert!(!dir.join("x").exists());
    dir.file("hello.c", HELLO_C);
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_NSS", "myhostname").env("STATICCXX_ICONV", "all");
    let out = run.env("STATICCXX_TOOLCHAIN", "musl-gcc").line("hello.c -o x").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("STATICCXX_ICONV and STATICCXX_NSS is ignored"), "{said}");
}

#[test]
fn plugins_converters_and_services_in_one_program() {
    let dir = program();
    dir.file("p.c", "#include <iconv.h>\nint run(void) { return iconv_open(\"UTF-8\", \"EUC-KR\") != (iconv_t)-1; }\n");
    dir.file("main.c", fixture!("iconv/service.c"));
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC p.c -o p.so").ok();
    for line in ["main.c", "-fuse-ld=lld main.c", "-fuse-ld=mold -no-pie main.c"] {
        let run =
            Run::new(STATICCC).dir(dir.path()).env("STATICCXX_NSS", "myhostname").env("STATICCXX_PLUGINS", "p.so");
        run.line(&format!("{line} -o x")).silent();
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "1 1 0 1\n", "{line}");
    }
    assert!(is_static(Path::new(&dir.join("x"))));
}
