//! The musl toolchain that `staticctl toolchain install musl` builds: built once for all tests, below target/.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The data directory with the toolchain in it. The install waits for one of another process, and is done at once
/// where nothing has changed.
pub fn data() -> &'static Path {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("musl-data");
        Run::new(STATICCTL).env("XDG_DATA_HOME", &data).line("toolchain install musl -q").ok();
        data
    })
}

/// A driver or tool with the toolchain.
pub fn musl(program: &str) -> Run {
    Run::new(program).env("XDG_DATA_HOME", data()).env("STATICCXX_TOOLCHAIN", "musl")
}

fn symbols(program: &Path) -> String {
    Run::new("nm").args([program]).ok()
}

const CXX: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn hello_is_small_static_and_runs_in_nothing() {
    let dir = Dir::new();
    let hello = Path::new(CXX).join("examples/hello-cpp/hello.cpp");
    // In C++20, strings are instantiated in the program: they allocate in the library all the same.
    for standard in ["-std=gnu++17", "-std=gnu++20"] {
        musl(STATICCXX).dir(dir.path()).line("-O2 -s -o h").args([standard]).args([&hello]).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &["you"]), "Hello, you!\ncaught: nobody to greet\n");
        let size = fs::metadata(dir.join("h")).unwrap().len();
        assert!(size <= 170_000, "{standard}: {size} bytes");
    }
    for (option, kind) in [("-static", "EXEC"), ("-static-pie", "DYN"), ("-no-pie", "EXEC"), ("-pie", "DYN")] {
        musl(STATICCXX).dir(dir.path()).line("-o h").args([option]).args([&hello]).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]).lines().count(), 2);
        let header = Run::new("readelf").args(["-hW".as_ref(), dir.join("h").as_os_str()]).ok();
        assert!(header.contains(kind), "{option}: {header}");
    }
}

#[test]
fn every_kind_of_call_has_musl_s_headers_and_none_of_glibc_s() {
    let dir = Dir::new();
    dir.file("h.c", fixture!("musl/headers.c"));
    dir.file("f.S", fixture!("musl/headers.S"));
    dir.file("all.h", "#include <vector>\n#include <features.h>\n#ifdef __GLIBC__\n#error glibc\n#endif\n");
    dir.file("p.cpp", "#include \"all.h\"\nint main() { return std::vector<int>{1}.size() - 1; }\n");
    let cc = || musl(STATICCC).dir(dir.path());
    let said = cc().line("-M h.c").ok();
    assert!(said.contains("include/features.h") && !said.contains("/usr/include/"), "{said}");
    assert!(cc().line("-E h.c").ok().contains("puts"));
    cc().line("-S -O2 h.c -o h.s").silent();
    cc().line("-c f.S -o f.o").silent();
    cc().line("-c h.s -o h.o").silent();
    cc().line("-r h.o f.o -o both.o").silent();
    cc().line("-flto -O2 -c h.c -o lto.o").silent();
    for line in ["both.o -o h", "@words", "lto.o f.o -O2 -flto -o h", "-pthread h.c f.S -lm -ldl -lrt -o h"] {
        dir.file("words", "both.o -o 'h'");
        cc().line(line).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n", "{line}");
    }
    musl(STATICCXX).dir(dir.path()).line("-x c++-header all.h -o all.h.gch").silent();
    musl(STATICCXX).dir(dir.path()).line("-H p.cpp -o p").ok();
    assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "");
    let said = musl(STATICCXX).dir(dir.path()).line("-m32 p.cpp -o p").fails(1);
    assert!(said.contains("only 64-bit x86"), "{said}");
}

#[test]
fn strings_in_cxx20_allocate_as_in_a_dynamic_program() {
    let dir = Dir::new();
    dir.file("s.cpp", fixture!("musl/strings.cpp"));
    for option in ["-O0", "-O2"] {
        Run::new("g++").dir(dir.path()).line("-std=c++20 s.cpp -o dynamic").args([option]).silent();
        musl(STATICCXX).dir(dir.path()).line("-std=c++20 s.cpp -o s").args([option]).silent();
        let expected = Run::new(dir.join("dynamic")).ok();
        assert_eq!(says_in_empty_root(&dir.join("s"), &[]), expected, "{option}");
    }
}

/// Makes a program's table of functions with exceptions unusable, as a linker leaves it that could not make one.
fn without_table(program: &Path) {
    let sections = Run::new("readelf").args(["-SW".as_ref(), program.as_os_str()]).ok();
    let line = sections.lines().find(|l| l.contains(" .eh_frame_hdr ")).unwrap();
    let offset = line.split_once("PROGBITS").unwrap().1.split_whitespace().nth(1).unwrap();
    let offset = usize::from_str_radix(offset, 16).unwrap();
    let mut bytes = fs::read(program).unwrap();
    // Version 1; the encodings of the address of .eh_frame, of the number of entries and of the entries.
    assert_eq!(bytes[offset..offset + 4], [1, 0x1b, 0x03, 0x3b]);
    bytes[offset + 2..offset + 4].fill(0xff);
    fs::write(program, bytes).unwrap();
}

#[test]
fn exceptions_are_found_without_a_table_and_with_a_registry() {
    let dir = Dir::new();
    dir.file("e.cpp", fixture!("musl/thrower.cpp"));
    dir.file("r.cpp", "extern \"C\" void __register_frame(void *);\nvoid *volatile none;\nint unused = (none ? __register_frame(none) : (void)0, 0);\n");
    for kind in ["-static", "-static-pie"] {
        for sources in ["e.cpp", "e.cpp r.cpp"] {
            musl(STATICCXX).dir(dir.path()).args(["-O2", kind, "-o", "e"]).line(sources).silent();
            assert_eq!(says_in_empty_root(&dir.join("e"), &[]), "10 caught\n", "{kind} {sources}");
            // A program that registers code of its own has GCC's search.
            assert_eq!(symbols(&dir.join("e")).contains(" __register_frame\n"), sources != "e.cpp");
            without_table(&dir.join("e"));
            assert_eq!(says_in_empty_root(&dir.join("e"), &[]), "10 caught\n", "{kind} {sources}");
        }
    }
}

#[test]
fn stack_traces_are_there() {
    let dir = Dir::new();
    dir.file("s.cpp", "#include <iostream>\n#include <stacktrace>\nint main() { std::cout << (std::stacktrace::current().size() > 0) << std::endl; }\n");
    let lib = data().join("staticcxx/toolchains/musl/toolchain");
    let has = |name: &str| fs::read_dir(&lib).unwrap().flatten().any(|d| d.path().join("lib").join(name).is_file());
    // GCC 12 has it in an archive of its own.
    let library = if has("libstdc++exp.a") { "-lstdc++exp" } else { "-lstdc++_libbacktrace" };
    musl(STATICCXX).dir(dir.path()).line("-std=c++23 s.cpp -o s").args([library]).silent();
    assert_eq!(says_in_empty_root(&dir.join("s"), &[]), "1\n");
}

#[test]
fn openmp_is_there() {
    let dir = Dir::new();
    dir.file("o.c", fixture!("musl/openmp.c"));
    musl(STATICCC).dir(dir.path()).line("-fopenmp o.c -o o").silent();
    assert_eq!(says_in_empty_root(&dir.join("o"), &[]), "9\n");
}

#[test]
fn programs_that_allocate_get_another_allocator() {
    let dir = Dir::new();
    dir.file("v.cpp", "#include <vector>\n#include <cstdio>\nint main(int n, char **) { std::vector<int> v; for (int i = 0; i < n * 9; i++) v.push_back(i); std::printf(\"%zu\\n\", v.size()); }\n");
    dir.file("m.c", "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { char *p = malloc(99); sprintf(p, \"%d\", 9); puts(p); free(p); return 0; }\n");
    dir.file("s.cpp", "#include <iostream>\n#include <string>\nint main(int n, char **) { std::cout << std::string(100 * n, 'x').find('y') + 10 << std::endl; }\n");
    dir.file("p.c", "#include <stdio.h>\nint main(void) { puts(\"9\"); return 0; }\n");
    dir.file("own.c", fixture!("musl/own-malloc.c"));
    let made = |driver: &str, line: &str, value: &str| {
        musl(driver).dir(dir.path()).env("STATICCXX_MALLOC", value).line(line).line("-o x").silent();
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "9\n", "{line} {value}");
        symbols(&dir.join("x")).contains(" mi_malloc")
    };
    for (driver, line) in [(STATICCXX, "v.cpp"), (STATICCC, "m.c")] {
        assert!(made(driver, line, ""), "{line}");
        assert!(!made(driver, line, "libc"), "{line}");
    }
    // What only the library allocates for itself does not count, and nothing goes in that nothing calls.
    assert!(!made(STATICCXX, "s.cpp", "") && made(STATICCXX, "s.cpp", "mimalloc"));
    assert!(!made(STATICCXX, "-O2 -std=c++20 s.cpp", ""));
    assert!(!made(STATICCC, "p.c", "mimalloc"));
    // The program's own comes first.
    made(STATICCC, "m.c own.c", "mimalloc");
    assert!(symbols(&dir.join("x")).contains(" T malloc"));
    let said = musl(STATICCC).dir(dir.path()).env("STATICCXX_MALLOC", "tcmalloc").line("m.c -o x").output();
    assert!(
        said.status.success() && text(&said.stderr).contains("STATICCXX_MALLOC=tcmalloc"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn threads_get_a_stack_as_elsewhere() {
    let dir = Dir::new();
    dir.file("t.c", fixture!("musl/deep-stack.c"));
    musl(STATICCC).dir(dir.path()).line("-O1 t.c -o t").silent();
    assert_eq!(says_in_empty_root(&dir.join("t"), &[]), "1\n");
    let stack = |value: &str, line: &str| {
        musl(STATICCC).dir(dir.path()).env("STATICCXX_STACK_SIZE", value).line(line).silent();
        let said = Run::new("readelf").args(["-lW".as_ref(), dir.join("t").as_os_str()]).ok();
        let line = said.lines().find(|l| l.contains("GNU_STACK")).unwrap().to_owned();
        line.split_whitespace().nth(5).unwrap().to_owned()
    };
    assert_eq!(stack("", "t.c -o t"), "0x800000");
    assert_eq!(stack("1048576", "t.c -o t"), "0x100000");
    assert_eq!(stack("", "t.c -o t -Wl,-z,stack-size=262144"), "0x040000");
    assert_eq!(stack("0", "t.c -o t"), "0x000000");
}

#[test]
fn archives_for_glibc_are_named_before_the_linker_s_errors() {
    let dir = Dir::new();
    dir.file("z.c", "void *gzopen(const char *, const char *); int main(void) { return !gzopen(\"a\", \"b\"); }\n");
    let host = Run::new("gcc").args(["-print-file-name=libz.a"]).ok();
    let said = musl(STATICCC).dir(dir.path()).line("z.c -o z").args([host.trim()]).fails(1);
    assert!(said.starts_with("staticcxx: error: `") && said.contains("was built for glibc"), "{said}");
    assert!(said.lines().next().unwrap().contains("__snprintf_chk"), "{said}");
    assert!(said.lines().nth(1).unwrap().contains("toolchain show musl --prefix"), "{said}");
    assert!(said.contains("undefined reference"), "{said}");
    // And the machine's own archives are not in reach.
    let said = musl(STATICCC).dir(dir.path()).line("z.c -lz -o z").fails(1);
    assert!(said.contains("-lz"), "{said}");
}

#[test]
fn a_library_installed_into_the_prefix_serves_the_next_project() {
    let dir = Dir::new();
    let show = |what: &str| musl(STATICCTL).line("toolchain show musl").args([what]).ok();
    let prefix = show("--prefix").trim().to_owned();
    assert!(Path::new(&prefix).starts_with(data()));
    dir.file(
        "greet.c",
        "#include <stdio.h>\n#include <math.h>\nvoid greet(double d) { printf(\"%.2f\\n\", sqrt(d)); }\n",
    );
    dir.file("greet-test.h", "void greet(double);\n");
    dir.file("greet-test.pc", "Name: greet\nDescription: x\nVersion: 1\nprefix=${pcfiledir}/../..\nLibs: -L${prefix}/lib -lgreet-test\nLibs.private: -lm\nCflags: -I${prefix}/include\n");
    dir.file(
        "Makefile",
        "install: libgreet-test.a\n\tinstall -D -m 644 libgreet-test.a $(PREFIX)/lib/libgreet-test.a\n\tinstall -D -m 644 greet-test.h $(PREFIX)/include/greet-test.h\n\tinstall -D -m 644 greet-test.pc $(PREFIX)/lib/pkgconfig/greet-test.pc\nlibgreet-test.a: greet.o\n\tar rcs $@ greet.o\n",
    );
    let make = musl("make").with_our_compilers().dir(dir.path());
    make.args(["install".to_owned(), format!("PREFIX={prefix}")]).ok();
    dir.file("main.c", "#include <greet-test.h>\nint main(void) { greet(2); return 0; }\n");
    musl(STATICCC).dir(dir.path()).line("main.c -lgreet-test -o a").silent();
    assert_eq!(says_in_empty_root(&dir.join("a"), &[]), "1.41\n");
    let script = "eval \"$(staticctl toolchain show musl --env)\" && staticcc main.c $(pkg-config --cflags --libs greet-test) -o b && ! pkg-config --exists zlib";
    musl("sh").with_our_compilers().dir(dir.path()).args(["-c", script]).ok();
    assert_eq!(says_in_empty_root(&dir.join("b"), &[]), "1.41\n");
    for file in ["lib/libgreet-test.a", "include/greet-test.h", "lib/pkgconfig/greet-test.pc"] {
        fs::remove_file(Path::new(&prefix).join(file)).unwrap();
    }
}

#[test]
fn a_build_s_own_shared_libraries_are_fat() {
    let dir = Dir::new();
    dir.file("q.cpp", "#include <string>\n#include <stdexcept>\nstd::string q(int n) { if (n > 1) throw std::runtime_error(\"too many\"); return \"q\" + std::to_string(n); }\n");
    dir.file("m.cpp", "#include <iostream>\n#include <string>\nstd::string q(int);\nint main(int n, char **) { try { std::cout << q(n) << std::endl; } catch (const std::exception &e) { std::cout << e.what() << std::endl; } }\n");
    musl(STATICCXX)
        .dir(dir.path())
        .line("-shared -fPIC q.cpp -o libq.so -Wl,-soname,libq.so.1 -lm -Wl,-z,defs")
        .silent();
    musl(STATICCXX).dir(dir.path()).line("m.cpp -L. -lq -o m -Wl,-rpath,.").silent();
    assert_eq!(says_in_empty_root(&dir.join("m"), &[]), "q1\n");
    assert_eq!(says_in_empty_root(&dir.join("m"), &["x"]), "too many\n");
    // One that carries nothing is refused by name.
    let bare = musl(STATICCXX).dir(dir.path()).env("STATICCXX_FAT_SHARED", "0");
    bare.line("-shared -fPIC q.cpp -o libq.so").silent();
    let said = musl(STATICCXX).dir(dir.path()).line("m.cpp -L. -lq -o m").fails(1);
    assert!(said.contains("libq.so") && said.starts_with("staticcxx: error: "), "{said}");
}

#[test]
fn clang_uses_it_too() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    for (driver, file) in [(STATICCC, "h.c"), (STATICCXX, "h.cpp")] {
        for option in ["-static", "-static-pie", "-O2"] {
            let run = musl(driver).env("STATICCXX_TOOLCHAIN", "musl-clang").dir(dir.path());
            run.args([option, file, "-o", "h"]).silent();
            assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n", "{file} {option}");
        }
        let comment = Run::new("readelf").args(["-p", ".comment", "h"]).dir(dir.path()).ok();
        assert!(comment.contains("clang"), "{comment}");
    }
    let said = musl(STATICCC).env("STATICCXX_TOOLCHAIN", "musl-clang").dir(dir.path()).line("-M h.c").ok();
    assert!(!said.contains("/usr/include/"), "{said}");
    // Clang 14 can't read all of GCC 12's C++20 headers, and libgomp's header is GCC's.
    let said = musl(STATICCTL).line("toolchain test musl-clang").output();
    for line in text(&said.stdout).lines().filter(|l| !l.ends_with("passes") && !l.ends_with("pass")) {
        assert!(line.starts_with("coroutines ") || line.starts_with("openmp "), "{line}");
    }
}

#[test]
fn the_toolchain_tells_about_itself() {
    let list = musl(STATICCTL).line("toolchain list").ok();
    let line = list.lines().find(|l| l.split_whitespace().next() == Some("musl")).unwrap();
    // Thirteen programs twice, and one about what GCC 13 and newer have.
    let new = Run::new("g++").args(["-print-file-name=libstdc++exp.a"]).ok().starts_with('/');
    let tests = if new { 28 } else { 26 };
    assert!(
        line.contains(&format!("{tests}/{tests} tests")) && line.contains(" MiB, ") && line.contains(" old, "),
        "{line}"
    );
    let show = musl(STATICCTL).line("toolchain show musl").ok();
    for word in ["built:      /usr/bin/g++", "libgomp, libatomic", "linked as far as they are used", "prefix: "] {
        assert!(show.contains(word), "{word}: {show}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&musl(STATICCTL).line("toolchain test musl --json").ok()).unwrap();
    assert_eq!(json["tests"].as_array().unwrap().len(), tests);
    let config = Dir::new();
    let run = |program: &str| {
        Run::new(program).env("XDG_DATA_HOME", data()).env("XDG_CONFIG_HOME", config.path()).dir(config.path())
    };
    run(STATICCTL).line("toolchain default musl").ok();
    config.file("h.c", HELLO_C);
    run(STATICCC).line("h.c -o h").silent();
    assert!(!symbols(&config.join("h")).contains("_IO_stdin_used"));
    let said = Run::new(STATICCTL).line("toolchain show host-gcc --prefix").fails(2);
    assert!(said.contains("was not built here"), "{said}");
}

/// A copy of the toolchain's descriptor with another value in it, below a data directory of its own.
fn with_descriptor(edit: impl Fn(&mut serde_json::Value)) -> Dir {
    let dir = Dir::new();
    let text = fs::read(data().join("staticcxx/toolchains/musl/toolchain.json")).unwrap();
    let mut descriptor: serde_json::Value = serde_json::from_slice(&text).unwrap();
    edit(&mut descriptor);
    dir.file("staticcxx/toolchains/musl/toolchain.json", descriptor.to_string());
    dir.file("h.c", HELLO_C);
    dir
}

#[test]
fn a_compiler_that_changed_is_noticed() {
    let dir = with_descriptor(|d| d["built_with"][1] = 12.into());
    let run = |line: &str| musl(STATICCC).env("XDG_DATA_HOME", dir.path()).dir(dir.path()).line(line).output();
    let out = run("h.c -o h");
    let said = text(&out.stderr);
    assert!(out.status.success() && said.lines().count() == 1, "{said}");
    assert!(said.contains("has changed since toolchain `musl`") && said.contains("toolchain install musl"), "{said}");
    assert!(run("-c h.c").stderr.is_empty());
}

#[test]
fn removing_it_leaves_what_the_user_put_there() {
    let dir = with_descriptor(|d| d["manifest"] = missing("1/manifest.json").to_str().unwrap().into());
    let kept = dir.file("staticcxx/toolchains/musl/lib/libmine.a", "!<arch>\n");
    let run = || Run::new(STATICCTL).env("XDG_DATA_HOME", dir.path());
    run().line("toolchain remove musl").silent();
    assert!(kept.is_file() && !dir.join("staticcxx/toolchains/musl/toolchain.json").exists());
    let said = run().line("toolchain remove musl").fails(2);
    assert!(said.contains("no toolchain `musl`"), "{said}");
    let said = run().line("toolchain remove ../../x").fails(2);
    assert!(said.contains("no toolchain"), "{said}");
}

/// Tests of the functions of `toolchains/musl/fast`, each a program that says what it tried.
const FUNCTION_TESTS: [&str; 7] = ["memory", "strings", "wide", "numbers", "printf", "sort", "regex"];

#[test]
fn faster_functions_do_what_libc_s_do_on_any_processor() {
    let dir = Dir::new();
    let tests = Path::new(CXX).join("tests/mass/musl-functions");
    std::thread::scope(|scope| {
        for name in FUNCTION_TESTS {
            let (dir, tests) = (&dir, &tests);
            scope.spawn(move || {
                let source = tests.join(name).with_extension("c");
                for (fast, program) in [("on", name.to_owned()), ("off", format!("{name}-libc"))] {
                    let cc = musl(STATICCC).dir(dir.path()).env("STATICCXX_FAST", fast);
                    cc.line("-O2 -fno-builtin -pthread -o").args([&program]).args([&source]).line("-lm").silent();
                }
                let test = dir.join(name);
                assert_ne!(
                    symbols(&test),
                    symbols(&dir.join(format!("{name}-libc"))),
                    "{name}: nothing else is linked in"
                );
                Run::new(&test).ok();
                // Without AVX.
                Run::new("qemu-x86_64-static").line("-cpu Nehalem").args([&test]).ok();
            });
        }
    });
}

#[test]
fn faster_functions_are_for_a_program_s_own_code() {
    let dir = Dir::new();
    dir.file("p.c", "#include <stdio.h>\nint main(void) { puts(\"9\"); return 0; }\n");
    dir.file("l.c", fixture!("musl/getline.c"));
    dir.file("own.c", "#include <stdio.h>\n#include <string.h>\nint called;\n__attribute__((noinline)) void *memchr(const void *s, int c, size_t n) { (void)c, (void)n, called = 9; return (void *)s; }\nint main(int n, char **v) { memchr(v[0], n, 1); printf(\"%d\\n\", called); return 0; }\n");
    let made = |line: &str, fast: &str| {
        // mold 1 says that it does not know of stacks' sizes.
        let cc = musl(STATICCC).dir(dir.path()).env("STATICCXX_FAST", fast).env("STATICCXX_STACK_SIZE", "0");
        cc.line("-O2 -fno-builtin").line(line).line("-o x").silent();
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "9\n", "{line} {fast}");
        fs::metadata(dir.join("x")).unwrap().len()
    };
    // libc's own calls do not count, but of what is known to spend its time there.
    let named = |fast: &str| {
        made("p.c", fast);
        let symbols = symbols(&dir.join("x"));
        symbols.lines().filter_map(|line| line.split(' ').next_back()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(named("on"), named("off"));
    for linker in ["wild", "bfd", "gold", "lld", "mold"] {
        made(&format!("-fuse-ld={linker} -w l.c"), "on");
        made(&format!("-fuse-ld={linker} -w -static own.c"), "on");
        // mold makes all symbols local.
        let symbols = symbols(&dir.join("x")).to_lowercase();
        assert!(symbols.contains(" t memchr") && !symbols.contains(" w memchr"), "{linker}");
    }
    let parts = |fast: &str| {
        made("-g l.c", fast);
        musl(STATICCTL).line("parts --format purl").args([dir.join("x")]).ok()
    };
    assert!(parts("on").contains("pkg:generic/staticcxx@") && !parts("off").contains("pkg:generic/staticcxx@"));
}

#[test]
fn functions_that_call_for_a_faster_one_are_there() {
    let lib = data().join("staticcxx/toolchains/musl/toolchain");
    let build = fs::read_dir(lib)
        .unwrap()
        .flatten()
        .map(|e| e.path().join("lib"))
        .find(|p| p.join("libc.a").is_file())
        .unwrap();
    let defined = |names: &[&str]| {
        Run::new("nm").line("-g --defined-only").args(names.iter().map(|name| build.join(name))).output()
    };
    let said = defined(&["libc.a", "libstdc++-narrow.a", "libstdc++-wide.a", "libfast-offered.a"]);
    let text = text(&said.stdout);
    let there: std::collections::HashSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let called_for = fs::read_to_string(Path::new(CXX).join("toolchains/musl/fast/called-for.txt")).unwrap();
    for line in called_for.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(there.contains(line.split_once(' ').unwrap().1), "{line}");
    }
}

#[test]
fn a_relink_kit_has_the_faster_functions_and_what_they_leave_to_libc() {
    let dir = Dir::new();
    dir.file("l.c", fixture!("musl/getline.c"));
    musl(STATICCC).dir(dir.path()).line("-O2 -c l.c").silent();
    musl(STATICCC).dir(dir.path()).env("STATICCXX_RELINK_KIT", "kit").line("l.o -o l").silent();
    let kit = dir.join("kit/l");
    let archives = ["libfast-offered.a", "libfast-libc.a"].map(|name| kit.join("staticcxx").join(name));
    assert!(archives.iter().all(|archive| archive.is_file()));
    // By the same libc of a toolchain that has neither.
    let relink = musl("sh").env("STATICCXX_FAST", "off").env("CC", STATICCC);
    relink.args([kit.join("relink.sh").as_os_str(), "-o".as_ref(), dir.join("again").as_os_str()]).ok();
    assert_eq!(says_in_empty_root(&dir.join("again"), &[]), "9\n");
    assert!(symbols(&dir.join("again")).contains(" __musl_vfprintf"));
}
