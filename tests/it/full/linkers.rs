//! Programs that stress linkers, linked by each of them and run.

use crate::quick::linkers::{Program, driver, linked_by, objects, readelf};
use crate::support::*;
use std::fs;

const LINKERS: [&str; 5] = ["wild", "bfd", "gold", "lld", "mold"];

pub static PROGRAMS: &[Program] = &[
    Program {
        name: "ifunc",
        sources: &[("a.c", fixture!("linkers/ifunc.c"))],
        compile: "-O1",
        link: "",
        prints: "ifunc 42 42 1\n",
        but: &[],
    },
    Program {
        name: "tls",
        sources: &[
            ("a.cc", fixture!("linkers/tls.cc")),
            (
                "b.cc",
                "#include <string>\nthread_local std::string name = \"n:\"; __thread int count = 5; thread_local char big[4096];",
            ),
        ],
        compile: "-O1 -pthread",
        link: "-pthread",
        prints: "n:main n:thread 6 8 12\n",
        but: &[],
    },
    Program {
        // The local variables of libc and libstdc++ are in it too.
        name: "tls-of-words",
        sources: &[("a.c", fixture!("linkers/tls-of-words.c")), ("b.c", "__thread long here = 4; __thread long zero;")],
        compile: "-O1 -pthread",
        link: "-pthread",
        prints: "53 7 2 0\n",
        but: &[],
    },
    Program {
        name: "wrap",
        sources: &[
            ("a.c", "#include <stdio.h>\nint real(int); int main(void) { printf(\"%d\\n\", real(1)); return 0; }"),
            ("b.c", "int real(int x) { return x + 1; }"),
            ("c.c", "int __real_real(int); int __wrap_real(int x) { return 10 * __real_real(x); }"),
        ],
        compile: "",
        link: "-Wl,--wrap=real",
        prints: "20\n",
        but: &[],
    },
    Program {
        name: "defsym",
        sources: &[
            ("a.c", "#include <stdio.h>\nint alias(void); int main(void) { printf(\"%d\\n\", alias()); return 0; }"),
            ("b.c", "int target(void) { return 9; }"),
        ],
        compile: "",
        link: "-Wl,--defsym=alias=target",
        prints: "9\n",
        but: &[],
    },
    Program {
        name: "version-script",
        sources: &[
            ("a.c", "#include <stdio.h>\nint f(void); int main(void) { printf(\"%d\\n\", f()); return 0; }"),
            ("b.c", "int f(void) { return 3; }"),
            ("v.map", "V1 { global: f; main; local: *; };\n"),
        ],
        compile: "",
        link: "-Wl,--version-script=v.map",
        prints: "3\n",
        // GNU ld 2.40 fails an assertion of its own in a static-pie.
        but: &["bfd"],
    },
    Program {
        name: "init-order",
        sources: &[
            (
                "a.c",
                "#include <stdio.h>\n__attribute__((constructor(300))) static void c(void) { printf(\"300 \"); }\n\
                 __attribute__((constructor)) static void d(void) { printf(\"default-a \"); }\n__attribute__((destructor)) static void z(void) { puts(\"end\"); }\n\
                 int main(void) { printf(\"main \"); return 0; }",
            ),
            ("b.c", fixture!("linkers/init-order-b.c")),
        ],
        compile: "",
        link: "",
        prints: "pre 200 300 1000 default-a default-b main end\n",
        but: &[],
    },
    Program {
        name: "comdat",
        sources: &[
            (
                "c.h",
                "#include <typeinfo>\ninline int &counter() { static int c = 0; return c; }\ntemplate <class T> struct S { static T v; }; template <class T> T S<T>::v = 4;\nstruct B { virtual ~B() {} };",
            ),
            (
                "a.cc",
                "#include \"c.h\"\n#include <cstdio>\nint *other(); B *made(); int main() { counter()++; S<int>::v++; B *b = made(); int *o = other();\nstd::printf(\"%d %d %d\\n\", counter() + *o, S<int>::v, typeid(*b) == typeid(B)); delete b; }",
            ),
            (
                "b.cc",
                "#include \"c.h\"\nint *other() { counter()++; return &counter(); } B *made() { S<int>::v++; return new B; }",
            ),
        ],
        compile: "-O1",
        link: "",
        prints: "4 6 1\n",
        but: &[],
    },
    Program {
        name: "exceptions",
        sources: &[("a.cc", HELLO_CXX)],
        compile: "-O2",
        link: "",
        prints: "hello\n",
        but: &[],
    },
    Program {
        name: "kept-and-ranged-sections",
        sources: &[
            (
                "a.c",
                "#include <stdio.h>\nextern int __start_items[], __stop_items[]; __attribute__((weak)) int nowhere(void);\n\
                 int main(void) { int s = 0; for (int *p = __start_items; p < __stop_items; p++) s += *p; printf(\"%d %d\\n\", s, nowhere != 0); return 0; }",
            ),
            ("b.c", "__attribute__((section(\"items\"), used)) static int a = 20, b = 22;"),
        ],
        compile: "",
        link: "",
        prints: "42 0\n",
        but: &[],
    },
    Program {
        name: "circular-archives",
        sources: &[
            ("a.c", "#include <stdio.h>\nint f(int); int main(void) { printf(\"%d\\n\", f(3)); return 0; }"),
            ("libf.c", "int g(int); int f(int n) { return n ? g(n - 1) + 1 : 0; }"),
            ("libg.c", "int f(int); int g(int n) { return f(n); }"),
            ("libw.c", "#include <stdio.h>\n__attribute__((constructor)) static void w(void) { printf(\"whole \"); }"),
        ],
        compile: "",
        link: "-L. -lf -lg -Wl,--whole-archive -lw -Wl,--no-whole-archive",
        prints: "whole 3\n",
        but: &[],
    },
    Program {
        name: "split-dwarf",
        sources: &[("a.c", "#include <stdio.h>\nint main(void) { puts(\"split\"); return 0; }")],
        compile: "-g -gsplit-dwarf",
        link: "-g",
        prints: "split\n",
        but: &[],
    },
    Program {
        name: "compressed-debug",
        sources: &[("a.cc", HELLO_CXX)],
        compile: "-g -gz=zlib",
        link: "-Wl,--compress-debug-sections=zlib",
        prints: "hello\n",
        but: &[],
    },
];

#[test]
fn programs_run_whoever_links_them() {
    for program in PROGRAMS {
        let dir = Dir::new();
        let objects = objects(&dir, program);
        for kind in ["-static", "-static-pie"] {
            for linker in here(&LINKERS).into_iter().filter(|l| !program.but.contains(l)) {
                let out = format!("p-{linker}{kind}");
                let line = format!("{kind} {} {} -o {out}", objects.join(" "), program.link);
                let made = driver(&dir, linker).line(&line).output();
                let (by, why) = linked_by(&dir);
                // Whether wild puts thread-local storage right depends on the size of what stands before it.
                let noticed = why.contains("its thread-local storage is not aligned");
                assert!((by == "built-in") == (linker == "wild") || noticed, "{}: {linker}: {why}", program.name);
                let said = text(&made.stderr);
                assert!(made.status.success() && (said.is_empty() || noticed), "{}: {linker}: {said}", program.name);
                assert!(is_static(&dir.join(&out)), "{}: {linker}", program.name);
                assert_eq!(Run::new(dir.join(&out)).ok(), program.prints, "{}: {linker} {kind}", program.name);
            }
        }
    }
}

/// What the built-in linker makes is protected, described and debuggable as GNU ld's output is.
/// What packaging does with programs that have debug information: dh_dwz's shared supplement, dh_strip's detached file.
#[test]
fn debug_information_is_shared_and_detached() {
    let dir = Dir::new();
    for name in ["one", "two"] {
        let source = format!(
            "#include <cstdio>\n#include <map>\nint main() {{\n    std::map<int, int> m{{{{1, 2}}}};\n    return std::puts(\"{name}\") < 0 || m.empty();\n}}\n"
        );
        dir.file(format!("{name}.cc"), source);
        Run::new("g++").line(&format!("-g -O1 -fPIE -c {name}.cc")).dir(dir.path()).silent();
    }
    for linker in ["wild", "bfd", "lld", "mold"] {
        for kind in ["-static", "-static-pie"] {
            let shown = format!("{linker} {kind}");
            for name in ["one", "two"] {
                driver(&dir, linker).line(&format!("{kind} {name}.o -o {name}")).silent();
                let sections = readelf("-SW", &dir.join(name));
                // Name, type, address, offset, size, entry size, flags: those that may be merged have a size.
                let merged = |line: &&str| line.contains(" 00 AM") || line.contains(" 00  AM");
                // lld and mold leave some.
                assert!(
                    ["lld", "mold"].contains(&linker) || !sections.lines().any(|line| merged(&line)),
                    "{shown}: {sections}"
                );
            }
            Run::new("dwz").line("-m shared.debug -M shared.debug -- one two").dir(dir.path()).ok();
            for name in ["one", "two"] {
                assert_eq!(says_in_empty_root(&dir.join(name), &[]), format!("{name}\n"), "{shown}");
                for line in [
                    format!("--only-keep-debug {name} {name}.debug"),
                    format!("--strip-debug --add-gnu-debuglink={name}.debug {name}"),
                ] {
                    Run::new("objcopy").line(&line).dir(dir.path()).silent();
                }
                assert_eq!(says_in_empty_root(&dir.join(name), &[]), format!("{name}\n"), "{shown}");
                let gdb = Run::new("gdb").args(["-batch", "-nx", "-ex", "info line main", name]);
                let told = gdb.env("DEBUGINFOD_URLS", "").env("HOME", dir.path()).dir(dir.path()).ok();
                assert!(told.contains(&format!("of \"{name}.cc\"")), "{shown}: {told}");
            }
        }
    }
}

#[test]
fn the_output_is_as_good_as_gnu_ld_s() {
    let dir = Dir::new();
    dir.file("a.cc", "#include <cstdio>\n__attribute__((noinline)) int inner(int *p) { return *p; }\nint main(int n, char **) { std::printf(\"%d\\n\", inner(n > 1 ? nullptr : &n)); }\n");
    Run::new("g++").line("-g -O1 -fno-inline -c a.cc").dir(dir.path()).silent();
    for kind in ["-static", "-static-pie"] {
        let facts = |linker: &str| {
            let out = format!("p-{linker}");
            driver(&dir, linker).line(&format!("{kind} a.o -Wl,-z,now -o {out}")).silent();
            let file = dir.join(&out);
            let segments = readelf("-lW", &file);
            let mut found: Vec<String> = ["GNU_RELRO", "GNU_EH_FRAME", "GNU_STACK", "TLS", "GNU_PROPERTY", "INTERP"]
                .iter()
                .map(|s| {
                    segments.lines().find(|l| l.trim_start().starts_with(s)).map_or(format!("no {s}"), |l| {
                        let executable = l.contains("RWE") || l.contains("R E");
                        format!("{s}{}", if executable { " executable" } else { "" })
                    })
                })
                .collect();
            found.push(format!("writable code: {}", segments.contains("RWE")));
            let notes = readelf("-nW", &file);
            found.push(format!(
                "build id: {} ABI tag: {}",
                notes.contains("Build ID"),
                notes.contains("NT_GNU_ABI_TAG")
            ));
            let dynamic = readelf("-dW", &file);
            found.push(format!("text relocations: {}", dynamic.contains("TEXTREL")));
            let symbols = readelf("-sW", &file);
            for name in ["main", "_Z5innerPi", "_start", "printf"] {
                let there = symbols.lines().any(|l| l.contains("FUNC") && l.ends_with(&format!(" {name}")));
                found.push(format!("{name}: {there}"));
            }
            let trace = Run::new("gdb")
                .args(["-batch", "-nx", "-ex", "run 1", "-ex", "backtrace", "-ex", "info symbol main"])
                .args([&file])
                .env("DEBUGINFOD_URLS", "")
                .env("HOME", dir.path())
                .output();
            let trace = text(&trace.stdout);
            for part in ["SIGSEGV", "inner (p=0x0) at a.cc:2", "in main (n=", "at a.cc:3", "main in section .text"] {
                assert!(trace.contains(part), "{linker} {kind}: {part}\n{trace}");
            }
            found
        };
        assert_eq!(facts("wild"), facts("bfd"), "{kind}");
    }
}

#[test]
fn stripping_collecting_and_maps() {
    let dir = Dir::new();
    dir.file("a.c", "#include <stdio.h>\nint unused_function(void) { return 1; }\nconst char unused_text[] = \"unused text\";\nint main(void) { puts(\"ok\"); return 0; }\n");
    Run::new("gcc").line("-g -ffunction-sections -fdata-sections -c a.c").dir(dir.path()).silent();
    let made = |words: &str| {
        driver(&dir, "auto").line(&format!("a.o -o p {words}")).silent();
        assert_eq!(Run::new(dir.join("p")).ok(), "ok\n", "{words}");
        let bytes = fs::read(dir.join("p")).unwrap();
        let has = |what: &[u8]| bytes.windows(what.len()).any(|w| w == what);
        (
            linked_by(&dir).0,
            has(b"unused text"),
            has(b"unused_function"),
            readelf("-SW", &dir.join("p")).contains(".symtab"),
        )
    };
    let built_in = || "built-in".to_owned();
    assert_eq!(made(""), (built_in(), true, true, true));
    assert_eq!(made("-Wl,--gc-sections -Wl,--strip-debug"), (built_in(), false, false, true));
    assert_eq!(made("-s"), (built_in(), true, false, false));
    assert_eq!(made("-Wl,-Map=p.map").0, "compiler");
    assert!(fs::read_to_string(dir.join("p.map")).unwrap().contains("unused_function"));
    // Folding of identical code is not what GNU ld can do; a linker that can is named.
    for linker in here(&["gold", "lld", "mold"]) {
        driver(&dir, linker).line("a.o -o p -Wl,--icf=all").silent();
        assert_eq!(Run::new(dir.join("p")).ok(), "ok\n", "{linker}");
    }
}

#[test]
fn a_linker_is_chosen_by_variable_or_option() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    Run::new("gcc").line("-c a.c").dir(dir.path()).silent();
    let comment = || {
        let out = Run::new("readelf").line("-p .comment p").dir(dir.path()).ok();
        let name = ["Wild", "mold", "LLD"].into_iter().find(|n| out.contains(n)).unwrap_or("bfd").to_owned();
        if readelf("-SW", &dir.join("p")).contains(".note.gnu.gold-version") { "gold".to_owned() } else { name }
    };
    for (variable, option, expected) in [
        ("auto", "", "Wild"),
        ("wild", "", "Wild"),
        ("bfd", "", "bfd"),
        ("mold", "", "mold"),
        ("lld", "", "LLD"),
        ("gold", "", "gold"),
        ("auto", "-fuse-ld=mold", "mold"),
        ("gold", "-fuse-ld=lld", "LLD"),
        ("auto", "-fuse-ld=wild", "Wild"),
    ] {
        if here(&[variable]).is_empty() {
            continue;
        }
        driver(&dir, variable).line(&format!("a.o -o p {option}")).silent();
        assert_eq!(comment(), expected, "{variable} {option}");
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "hello\n");
    }
    let out = driver(&dir, "nonsense").line("a.o -o p").output();
    assert!(out.status.success());
    assert_eq!(
        text(&out.stderr),
        "staticcxx: warning: STATICCXX_LINKER=nonsense is not one of `auto`, `wild`, `mold`, `lld`, `gold`, `bfd`: using the default, `auto`\n"
    );
    driver(&dir, "wild").line("a.c -o p").silent();
    assert_eq!(comment(), "Wild");
    let out = driver(&dir, "wild").line("a.c -flto -o p").output();
    assert!(out.status.success());
    let said = "staticcxx: note: the built-in linker can't do this link: `-flto` changes how the compiler links\n";
    assert_eq!(text(&out.stderr), said);
    let out = driver(&dir, "wild").line("a.c -Wl,-Map=m -o p").output();
    assert!(out.status.success());
    let word = "it may not treat the linker option `-Map=m` like GNU ld";
    assert_eq!(text(&out.stderr), format!("staticcxx: note: the built-in linker can't do this link: {word}\n"));
}

/// Calls that compile and link: the built-in linker stands where the compiler looks for `ld`.
#[test]
fn what_is_compiled_by_the_same_call_is_linked_by_the_built_in_linker() {
    let dir = Dir::new();
    dir.file("a.c", "#include <stdio.h>\nint f(int); int main(void) { printf(\"%d\\n\", f(1)); }\n");
    dir.file("b.c", "int f(int x) { return x + 1; }\n");
    dir.file("f.S", "#define NAME f\n.globl NAME\nNAME: mov $2, %eax\n ret\n.section .note.GNU-stack,\"\",@progbits\n");
    dir.file("c.cc", "#include <iostream>\n#include <stdexcept>\nint main() { try { throw std::runtime_error(\"2\"); } catch (std::exception &e) { std::cout << e.what() << std::endl; } }\n");
    dir.file("with space.c", "int f(int x) { return x + 1; }\n");
    dir.file("words", "a.c b.c -o p\n");
    Run::new("gcc").line("-c b.c").dir(dir.path()).silent();
    Run::new("ar").line("rc libb.a b.o").dir(dir.path()).silent();
    let report = dir.join("report");
    let with = |compiler: &str, program: &str, words: &[&str]| {
        let _ = fs::remove_file(dir.join("p"));
        let mut run = Run::new(program).args(words).dir(dir.path()).env("STATICCXX_REPORT", &report);
        run = run.env("STATICCXX_ICONV", "none");
        let variable = if program == STATICCC { "STATICCXX_CC" } else { "STATICCXX_CXX" };
        run = if compiler.is_empty() { run } else { run.env(variable, which(compiler)) };
        run.silent();
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "2\n", "{compiler} {words:?}");
        linked_by(&dir)
    };
    let built_in = ("built-in".to_owned(), String::new());
    for (compilers, program, words) in [
        (["", "clang"], STATICCC, &["a.c", "b.o", "-o", "p"][..]),
        (["", "clang"], STATICCC, &["a.c", "-o", "p", "-L.", "-lb"]),
        (["", "clang"], STATICCC, &["-g", "-O2", "a.c", "f.S", "-o", "p"]),
        (["", "clang"], STATICCC, &["-static", "-s", "-Wl,--gc-sections", "a.c", "b.c", "-o", "p"]),
        (["", "clang"], STATICCC, &["a.c", "with space.c", "-o", "p"]),
        (["", "clang"], STATICCC, &["-x", "c", "a.c", "-x", "none", "b.o", "-o", "p"]),
        (["", "clang"], STATICCC, &["@words"]),
        (["", "clang++"], STATICCXX, &["-O1", "c.cc", "-o", "p"]),
    ] {
        for compiler in compilers {
            assert_eq!(with(compiler, program, words), built_in, "{compiler} {words:?}");
        }
    }
    // What the built-in linker can't do is done by the compiler's own, and so are calls that write more files.
    for (words, why) in [
        (&["-g", "-O2", "-MD", "-MF", "p.d", "a.c", "f.S", "-o", "p"][..], "is compiled by the same call"),
        (&["a.c", "b.c", "-Wl,-Map=map", "-o", "p"], "the linker option `-Map=map`"),
        (&["-flto", "a.c", "b.c", "-o", "p"], "`-flto` changes how"),
    ] {
        let (by, reason) = with("", STATICCC, words);
        assert!(by == "compiler" && reason.contains(why), "{words:?}: {by} {reason}");
    }
    assert!(dir.join("p.d").exists());
    assert!(fs::read_to_string(dir.join("map")).unwrap().contains("b.o"));
    // A call of glibc that is repaired once it is needed.
    dir.file("l.c", "#include <locale.h>\n#include <stdio.h>\n#include <wchar.h>\nint main(void) { setlocale(LC_ALL, \"C.UTF-8\"); wchar_t c = 0; mbrtowc(&c, \"\\303\\244\", 2, 0); printf(\"%d\\n\", c == 228 ? 2 : 0); }\n");
    assert_eq!(with("", STATICCC, &["l.c", "-o", "p"]), built_in);
    // Calls that need files are reported by the source's name, whoever links.
    dir.file("iconv.c", "#include <iconv.h>\n#include <stdio.h>\nint main(void) { puts(iconv_open(\"UTF-8\", \"ASCII\") ? \"2\" : \"\"); }\n");
    for more in ["-Wl,-Map=map", "-s"] {
        with("", STATICCC, &["iconv.c", "b.c", "-o", "p", more]);
        let last = fs::read_to_string(dir.join("report/links.jsonl")).unwrap().lines().last().unwrap().to_owned();
        let record: serde_json::Value = serde_json::from_str(&last).unwrap();
        let findings = record["verdict"]["findings"].to_string();
        assert!(findings.contains("iconv.c"), "{findings}");
    }
    // Nothing is left behind.
    let temporary = dir.join("tmp");
    fs::create_dir(&temporary).unwrap();
    Run::new(STATICCC).line("a.c b.c -o p").dir(dir.path()).env("TMPDIR", &temporary).silent();
    Run::new(STATICCC).line("a.c -o p").dir(dir.path()).env("TMPDIR", &temporary).output();
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn mold_writes_over_no_older_program() {
    let dir = Dir::new();
    dir.file("h.cc", HELLO_CXX);
    let link = |output: &str| {
        let run = Run::new(STATICCXX).dir(dir.path()).line("-fuse-ld=mold -Wl,--build-id=none h.o -o");
        run.args([output]).silent();
        fs::read(dir.join("x")).unwrap()
    };
    Run::new("g++").dir(dir.path()).line("-fPIE -c h.cc").ok();
    let fresh = link("x");
    // Bytes that would be relocations.
    let older = vec![0x25; fresh.len()];
    dir.file("x", &older);
    fs::hard_link(dir.join("x"), dir.join("kept")).unwrap();
    assert!(link("x") == fresh);
    assert!(fs::read(dir.join("kept")).unwrap() == older);
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "hello\n");
    // Through a link it is written where that leads.
    dir.file("x", &older);
    std::os::unix::fs::symlink("x", dir.join("link")).unwrap();
    assert!(link("link") == fresh);
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "hello\n");
    assert!(dir.join("link").is_symlink());
}
