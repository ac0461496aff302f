//! What a link reads of its libraries, as strace sees it: each file once.

use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Opens and bytes that were read of each library, by the process that the trace begins with.
#[derive(Default)]
struct Traced {
    opens: BTreeMap<PathBuf, usize>,
    read: u64,
}

impl Traced {
    /// Reads a trace by `strace -f -y`.
    fn of(trace: &str, below: &Path) -> Traced {
        let driver = trace.split_whitespace().next().unwrap();
        let mut traced = Traced::default();
        for line in trace.lines().filter(|l| l.split_whitespace().next() == Some(driver)) {
            let named = |text: &str| Some(PathBuf::from(text.split_once('<')?.1.split_once('>')?.0));
            let of_ours = |path: &PathBuf| path.starts_with(below);
            let (call, result) = line.rsplit_once(" = ").unwrap_or_default();
            if call.contains("openat(") {
                if let Some(path) = named(result).filter(of_ours) {
                    *traced.opens.entry(path).or_default() += 1;
                }
            } else if let (Some(_), Ok(bytes)) = (named(call).filter(of_ours), result.parse::<u64>()) {
                traced.read += bytes;
            }
        }
        traced
    }
}

/// Libraries of every kind: without an archive, with one that lacks a part, with one that has constructors, with a
/// plain one; and the program that calls them all.
fn libraries(dir: &Dir) -> PathBuf {
    let lib = dir.join("lib");
    fs::create_dir(&lib).unwrap();
    let padding = "const char padding_NAME[1 << 20] = { 1 };\n";
    let sources = [
        ("deep", "int deep(void) { return 1; }\n"),
        ("conv", "int deep(void);\nint conv(void) { return 10 + deep(); }\n"),
        ("inner", "int inner(void) { return 100; }\n"),
        ("lacks", "int inner(void);\nint lacks(void) { return inner(); }\n"),
        (
            "ctor",
            "static int at;\n__attribute__((constructor)) static void start(void) { at = 1000; }\nint ctor(void) { return at; }\n",
        ),
        ("plain", "int plain(void) { return 10000; }\n"),
    ];
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    for (name, text) in sources {
        dir.file(format!("{name}.c"), padding.replace("NAME", name) + text);
        gcc(&format!("-O1 -fPIC -c {name}.c"));
    }
    gcc("-shared deep.o -o lib/libdeep.so");
    gcc("-shared conv.o -Llib -ldeep -o lib/libconv.so");
    // The helper is inside the shared object, and in no archive.
    gcc("-shared lacks.o inner.o -o lib/liblacks.so");
    for name in ["ctor", "plain"] {
        gcc(&format!("-shared {name}.o -o lib/lib{name}.so"));
    }
    for name in ["lacks", "ctor", "plain"] {
        Run::new("ar").dir(dir.path()).line(&format!("rcs lib/lib{name}.a {name}.o")).silent();
    }
    dir.file(
        "main.c",
        "#include <stdio.h>\nint conv(void), lacks(void), ctor(void), plain(void);\n\
         int main(void) { printf(\"%d\\n\", conv() + lacks() + ctor() + plain()); return 0; }\n",
    );
    gcc("-c main.c");
    lib
}

#[test]
fn each_file_is_opened_once_and_read_once() {
    let dir = Dir::new();
    let lib = libraries(&dir).canonicalize().unwrap();
    let line = "main.o -Llib -lconv -llacks -lctor -lplain -o main";
    Run::new("gcc").dir(dir.path()).line(&line.replace("-o main", "-o twin -Wl,-rpath-link,lib")).silent();
    let said = Run::new(dir.join("twin")).dir(dir.path()).env("LD_LIBRARY_PATH", &lib).ok();
    assert_eq!(said, "11111\n");
    // The first link measures the toolchain and fills the caches.
    for trace in ["first", "second"] {
        let log = dir.join(trace);
        let strace = Run::new("strace").dir(dir.path()).args(["-f", "-qq", "-y", "-o"]).args([&log]);
        strace.args(["-e", "trace=openat,read,pread64", STATICCC]).line(line).ok();
        assert_eq!(says_in_empty_root(&dir.join("main"), &[]), said);
        let traced = Traced::of(&fs::read_to_string(&log).unwrap(), &lib);
        let twice: Vec<_> = traced.opens.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "the {trace} link opens more than once: {twice:?}");
        let looked_at = ["libdeep.so", "libconv.so", "liblacks.so", "liblacks.a", "libctor.a", "libplain.a"];
        for name in looked_at {
            assert!(traced.opens.contains_key(&lib.join(name)), "{name} was not opened: {:?}", traced.opens);
        }
        let distinct: u64 = traced.opens.keys().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(traced.read <= distinct * 105 / 100, "the {trace} link reads {} bytes of {distinct}", traced.read);
    }
    // The archive that lacks a part gave its place to its shared object.
    let explained = Run::new(STATICCTL).dir(dir.path()).args(["explain", "--", "cc"]).line(line).ok();
    assert!(explained.contains("converted from") && explained.contains("liblacks.so"), "{explained}");
}
