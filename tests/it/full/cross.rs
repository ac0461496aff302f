//! Programs for aarch64, made on another machine and run by QEMU's emulator of single programs.

use super::linkers::PROGRAMS;
use crate::quick::linkers::{driver, linked_by, objects_for, readelf};
use crate::support::*;
use std::fs;
use std::path::Path;
use std::process::Output;

const PREFIX: &str = "aarch64-linux-gnu-";
const EMULATOR: &str = "qemu-aarch64-static";

/// The driver for aarch64, with a linker of a name.
fn cross(dir: &Dir, linker: &str) -> Run {
    driver(dir, linker).env("STATICCXX_CXX", format!("{PREFIX}g++"))
}

/// A compiler of Debian's for aarch64.
fn plain(dir: &Dir, compiler: &str) -> Run {
    Run::new(format!("{PREFIX}{compiler}")).dir(dir.path())
}

/// What a program for aarch64 prints.
fn emulated(program: &Path) -> String {
    Run::new(EMULATOR).args([program]).ok()
}

/// A program of the compiler's own, with the shared libraries that come with it.
fn dynamic_twin(program: &Path) -> String {
    Run::new(EMULATOR).args(["-L", "/usr/aarch64-linux-gnu"]).args([program]).ok()
}

/// What a link says, but for what is told once of each compiler: Debian's has no modules of iconv.
fn said_of_program(made: &Output) -> String {
    let said = text(&made.stderr);
    said.lines().filter(|line| !line.contains("these are off: iconv (")).map(|line| format!("{line}\n")).collect()
}

/// The functions of the musl toolchain for this processor, linked with glibc, whose own they come before.
#[test]
fn the_musl_toolchain_s_functions_do_what_libc_s_do() {
    let dir = Dir::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = root.join("toolchains/musl/fast");
    let mut objects = Vec::new();
    for entry in fs::read_dir(&sources).unwrap().flatten() {
        let (source, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let Some(stem) = name.strip_suffix(".c") else { continue };
        // Those call musl's own, or are for mutexes of musl's.
        if ["printf", "strtod", "strtol", "print", "asprintf", "powers", "mutex", "regex"].contains(&stem) {
            continue;
        }
        let cc =
            plain(&dir, "gcc").line("-O2 -fPIE -fvisibility=hidden -fno-builtin -fno-tree-loop-distribute-patterns -c");
        cc.args([&source]).line(&format!("-o {stem}.o")).silent();
        objects.push(format!("{stem}.o"));
    }
    for name in ["memory", "strings", "wide"] {
        let test = root.join("tests/mass/musl-functions").join(name).with_extension("c");
        let cc = plain(&dir, "gcc").line("-static -O2 -fno-builtin -pthread").args([&test]);
        cc.args(&objects).line(&format!("-o {name}")).ok();
        let symbols = plain(&dir, "nm").args([name]).ok();
        assert!(symbols.contains("_neon"), "{symbols}");
        assert!(emulated(&dir.join(name)).contains("results are right"), "{name}");
    }
}

/// What stresses linkers on this machine's programs, linked for the other by GNU ld and by the built-in linker.
#[test]
fn programs_run_whoever_links_them() {
    for program in PROGRAMS {
        let dir = Dir::new();
        let objects = objects_for(PREFIX, &dir, program).join(" ");
        for kind in ["-static", "-static-pie"] {
            for linker in ["wild", "bfd"].into_iter().filter(|l| !program.but.contains(l)) {
                let shown = format!("{}: {linker} {kind}", program.name);
                let out = dir.join(format!("p-{linker}{kind}"));
                let made =
                    cross(&dir, linker).line(&format!("{kind} {objects} {} -o", program.link)).args([&out]).output();
                let (by, why) = linked_by(&dir);
                let noticed = why.contains("its thread-local storage is not aligned");
                assert!((by == "built-in") == (linker == "wild") || noticed, "{shown}: {why}");
                let said = said_of_program(&made);
                assert!(made.status.success() && (said.is_empty() || noticed), "{shown}: {said}");
                assert!(is_static(&out), "{shown}");
                assert_eq!(emulated(&out), program.prints, "{shown}");
            }
        }
    }
}

#[test]
fn the_built_in_linker_s_output_is_as_good_as_gnu_ld_s() {
    let dir = Dir::new();
    dir.file("a.cc", "#include <cstdio>\n__attribute__((noinline)) int inner(int *p) { return *p; }\nint main(int n, char **) { std::printf(\"%d\\n\", inner(&n)); }\n");
    plain(&dir, "g++").line("-g -O1 -fno-inline -c a.cc").silent();
    for kind in ["-static", "-static-pie"] {
        let facts = |linker: &str| {
            let file = dir.join(format!("p-{linker}"));
            cross(&dir, linker).line(&format!("{kind} a.o -Wl,-z,now -o p-{linker}")).output();
            assert_eq!(linked_by(&dir).0 == "built-in", linker == "wild", "{kind}: {}", linked_by(&dir).1);
            let segments = readelf("-lW", &file);
            let shown = |s: &str| {
                let line = segments.lines().find(|l| l.trim_start().starts_with(s));
                line.map(|l| (s.to_string(), l.contains("RWE") || l.contains("R E")))
            };
            let found = ["GNU_RELRO", "GNU_EH_FRAME", "GNU_STACK", "TLS", "INTERP"].map(shown);
            // Pages of 64 KiB are what kernels for the machine may have.
            let mut loaded = segments.lines().filter(|l| l.trim_start().starts_with("LOAD"));
            assert!(loaded.all(|l| l.ends_with("0x10000")), "{linker} {kind}: {segments}");
            let (notes, symbols) = (readelf("-nW", &file), readelf("-sW", &file));
            let named = ["main", "_Z5innerPi", "_start", "printf"]
                .map(|name| symbols.lines().any(|l| l.contains("FUNC") && l.ends_with(&format!(" {name}"))));
            let told = [notes.contains("Build ID"), notes.contains("NT_GNU_ABI_TAG"), segments.contains("RWE")];
            assert_eq!(emulated(&file), "1\n", "{linker} {kind}");
            format!("{found:?} {named:?} {told:?} {}", readelf("-dW", &file).contains("TEXTREL"))
        };
        assert_eq!(facts("wild"), facts("bfd"), "{kind}");
    }
}

#[test]
fn stripping_collecting_and_names_that_are_asked_for() {
    let dir = Dir::new();
    dir.file("a.c", "#include <stdio.h>\nint unused_function(void) { return 1; }\nconst char unused_text[] = \"unused text\";\nint main(void) { puts(\"ok\"); return 0; }\n");
    dir.file("k.c", "int kept(void) { return 1; }\n");
    plain(&dir, "gcc").line("-g -ffunction-sections -fdata-sections -c a.c k.c").silent();
    plain(&dir, "ar").line("rc libk.a k.o").silent();
    for (words, by, text_is_in, kept) in [
        ("", "built-in", true, false),
        ("-Wl,--gc-sections -Wl,--strip-debug", "built-in", false, false),
        ("-s", "built-in", true, false),
        ("-Wl,-u,kept -L. -lk", "built-in", true, true),
        ("-Wl,--gc-sections -Wl,-u,kept -L. -lk", "compiler", false, true),
        ("-Wl,-Map=p.map", "compiler", true, false),
        ("-Wl,--fix-cortex-a53-835769", "compiler", true, false),
    ] {
        let made = cross(&dir, "auto").line(&format!("a.o -o p {words}")).output();
        assert!(made.status.success(), "{words}: {}", text(&made.stderr));
        let (linker, why) = linked_by(&dir);
        assert_eq!(linker, by, "{words}: {why}");
        assert_eq!(emulated(&dir.join("p")), "ok\n", "{words}");
        let bytes = fs::read(dir.join("p")).unwrap();
        assert_eq!(bytes.windows(11).any(|w| w == b"unused text"), text_is_in, "{words}");
        let symbols = readelf("-sW", &dir.join("p"));
        assert_eq!(symbols.contains(" kept\n"), kept, "{words}");
        assert_eq!(symbols.contains(" main\n"), words != "-s", "{words}");
    }
}

/// A sequence that a Cortex-A53 may execute wrongly, near what it refers to and far from it, with and without symbols.
#[test]
fn what_gnu_ld_mends_for_the_cortex_a53_is_mended() {
    let dir = Dir::new();
    dir.file("a.c", "#include <stdio.h>\nlong of_sequence(long *);\nint main(void) { long seen = 0; long v = of_sequence(&seen); printf(\"%ld %ld\\n\", v, seen); return 0; }\n");
    for (name, gap) in [("near", 64), ("far", 3 << 20)] {
        // Ends in one of the last words of a page, as the section begins one.
        for (at, between) in [(0xff8, ""), (0xffc, " nop\n")] {
            let text = format!(
                ".text\n.section .text.sequence,\"ax\"\n.balign 4096\n.skip {at} - 4\n.globl of_sequence\n.type of_sequence, %function\nof_sequence:\n \
                 mov x1, 5\n adrp x2, value\n str x1, [x0]\n{between} ldr x0, [x2, :lo12:value]\n ret\n\
                 .data\n.skip {gap}\n.balign 8\nvalue: .quad 42\n.section .note.GNU-stack,\"\",%progbits\n"
            );
            dir.file("s.s", text);
            plain(&dir, "gcc").line("-c s.s a.c").silent();
            for words in ["-static", "-static-pie", "-static -s"] {
                let shown = format!("{name} {at:x} {words}");
                cross(&dir, "wild").line(&format!("{words} a.o s.o -o p")).output();
                assert_eq!(linked_by(&dir), ("built-in".to_owned(), String::new()), "{shown}");
                assert_eq!(emulated(&dir.join("p")), "42 5\n", "{shown}");
                let code = plain(&dir, "objdump").line("-d -j .text p").ok();
                let lines: Vec<&str> = code.lines().collect();
                // What the `str` follows, and what comes after: another instruction, or a branch to where it is.
                let at =
                    lines.windows(2).position(|two| two[1].ends_with("\tstr\tx1, [x0]") && is_last_in_page(two[0]));
                let at = at.unwrap_or_else(|| panic!("{shown}: no sequence"));
                let mended = match gap {
                    64 => lines[at].contains("\tadr\tx2,"),
                    _ => {
                        lines[at].contains("\tadrp\tx2,") && lines[at + 2..=at + 3].iter().any(|l| l.contains("\tb\t"))
                    }
                };
                assert!(mended, "{shown}: {:?}", &lines[at..at + 4]);
            }
        }
    }
}

/// Whether a line of objdump's is about one of the last two instructions of a page.
fn is_last_in_page(line: &str) -> bool {
    let address = line.split(':').next().unwrap_or_default().trim();
    address.ends_with("ff8") || address.ends_with("ffc")
}

/// Without the emulator nothing is said to have run, and what would have to be tried is not relied on.
#[test]
fn without_an_emulator_the_compiler_s_linker_links() {
    let dir = Dir::new();
    dir.file("h.cc", HELLO_CXX);
    fs::create_dir(dir.join("bin")).unwrap();
    for name in ["aarch64-linux-gnu-g++", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-as", "aarch64-linux-gnu-ld"] {
        std::os::unix::fs::symlink(which(name), dir.join("bin").join(name)).unwrap();
    }
    let without = |program: &str| {
        let run = Run::new(program).dir(dir.path()).env("PATH", dir.join("bin"));
        let run = run.env("XDG_CACHE_HOME", dir.join("cache")).env("STATICCXX_CXX", "aarch64-linux-gnu-g++");
        run.env("STATICCXX_REPORT", dir.join("report"))
    };
    let said = text(&without(STATICCXX).line("h.cc -o h").output().stderr);
    let why = "what it makes can't be run here: `qemu-aarch64-static` was not found";
    assert!(said.contains(why) || linked_by(&dir).1.contains(why), "{said} {:?}", linked_by(&dir));
    assert_eq!(linked_by(&dir).0, "compiler");
    assert_eq!(emulated(&dir.join("h")), "hello\n");
    let told = text(&without(STATICCTL).line("doctor").output().stdout);
    assert!(told.contains("static-pie: linked, read back, not run: `qemu-aarch64-static` was not found"), "{told}");
    // Once it is there, the same cache is no reason to go without.
    std::os::unix::fs::symlink(which(EMULATOR), dir.join("bin").join(EMULATOR)).unwrap();
    without(STATICCXX).line("h.cc -o h").output();
    assert_eq!(linked_by(&dir), ("built-in".to_owned(), String::new()));
    let told = text(&without(STATICCTL).line("doctor").output().stdout);
    assert!(told.contains("static-pie: linked, read back, run by qemu-aarch64-static"), "{told}");
}

/// The program beside its dynamic twin: libraries on the line as shared objects, repairs of glibc, threads, streams.
#[test]
fn programs_do_what_their_dynamic_twins_do() {
    let dir = Dir::new();
    let library = "#include <stdexcept>\n#include <string>\nthread_local int calls = 0;\nint twice(int x) { if (x < 0) throw std::range_error(std::to_string(++calls)); return 2 * x; }\n";
    dir.file("twice.cc", library);
    dir.file("h.cc", "#include <clocale>\n#include <iostream>\n#include <langinfo.h>\n#include <pwd.h>\n#include <stdexcept>\n#include <thread>\nint twice(int);\nint main() {\n  std::cout << setlocale(LC_ALL, \"C.UTF-8\") << ' ' << nl_langinfo(CODESET) << ' ' << (getpwnam(\"root\") != nullptr);\n  std::thread([] { try { twice(-1); } catch (const std::exception &e) { std::cout << ' ' << e.what(); } }).join();\n  std::cout << ' ' << twice(21) << std::endl;\n}\n");
    plain(&dir, "g++").line("-O2 -fPIC -c twice.cc").silent();
    plain(&dir, "ar").line("rc libtwice.a twice.o").silent();
    plain(&dir, "g++").line("-shared twice.o -o libtwice.so").silent();
    plain(&dir, "g++").line("-O2 h.cc -L. -ltwice -Wl,-rpath,$ORIGIN -o twin").silent();
    let expected = dynamic_twin(&dir.join("twin"));
    assert!(expected.starts_with("C.UTF-8 UTF-8 ") && expected.ends_with(" 1 42\n"), "{expected}");
    for linker in ["wild", "bfd"] {
        for words in ["-L. -ltwice", "./libtwice.so"] {
            let made = cross(&dir, linker).line(&format!("-O2 h.cc {words} -o h")).output();
            assert!(made.status.success(), "{linker} {words}: {}", text(&made.stderr));
            assert_eq!(said_of_program(&made), "", "{linker} {words}");
            assert!(is_static(&dir.join("h")), "{linker} {words}");
            assert_eq!(emulated(&dir.join("h")), expected, "{linker} {words}");
        }
    }
}

#[test]
fn a_library_of_this_machine_is_refused_by_name() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    dir.file("q.c", "int q(void) { return 1; }\n");
    Run::new("gcc").line("-shared -fPIC q.c -o libq.so").dir(dir.path()).silent();
    Run::new("gcc").line("-c q.c -o libq.o").dir(dir.path()).silent();
    Run::new("ar").line("rc libq.a libq.o").dir(dir.path()).silent();
    plain(&dir, "gcc").line("-mbig-endian -c q.c -o big.o").silent();
    for (words, telling) in [
        ("./libq.so", "staticcxx: error: `./libq.so` is for x86-64, and the program for aarch64\n"),
        ("libq.a", "staticcxx: error: `libq.a` is for x86-64, and the program for aarch64\n"),
        ("libq.o", "libq.o"),
        ("big.o", "big.o"),
        ("-L. -lq", "cannot find -lq"),
    ] {
        let said = cross(&dir, "auto").line(&format!("-x c a.c -x none {words} -o a")).fails(1);
        assert!(said.contains(telling), "{words}: {said}");
        assert!(!dir.join("a").exists(), "{words}");
    }
    // Another machine's file may be data.
    let said =
        cross(&dir, "auto").line("-x c a.c -x none -Wl,--format=binary libq.a -Wl,--format=default -o a").output();
    assert!(said.status.success(), "{}", text(&said.stderr));
    assert_eq!(emulated(&dir.join("a")), "hello\n");
}

/// Files for CMake and Meson lead to the toolchain that the option or the variable named, wherever they are read.
#[test]
fn files_for_builds_are_for_the_other_machine() {
    let dir = Dir::new();
    dir.file("h.cc", HELLO_CXX);
    let ctl = |line: &str, variable: &str| {
        let run = Run::new(STATICCTL).line(line).dir(dir.path());
        if variable.is_empty() { run.ok() } else { run.env("STATICCXX_TOOLCHAIN", variable).ok() }
    };
    let name = "aarch64-linux-gnu";
    for file in ["cmake-toolchain", "meson-file"] {
        let by_option = ctl(&format!("{file} --toolchain {name}"), "");
        assert_eq!(by_option, ctl(file, name), "{file}");
        let compiler = by_option.lines().find(|l| l.contains("toolchain-c++")).expect("no bound driver");
        let compiler = compiler.split(['"', '\'']).nth(1).unwrap();
        Run::new(compiler).line("h.cc -o h").dir(dir.path()).output();
        assert_eq!(emulated(&dir.join("h")), "hello\n", "{file}");
        // pkg-config reads that machine's files, unless somebody says which.
        let pkg_config = by_option.lines().find(|l| l.contains("/pkg-config")).expect("no pkg-config");
        let pkg_config = pkg_config.split(['"', '\'']).nth(1).unwrap();
        dir.file("foreign.pc", "Name: foreign\nDescription: x\nVersion: 1\nLibs: -lforeign\n");
        let libs = Run::new(pkg_config).line("--libs foreign").env("PKG_CONFIG_LIBDIR", dir.path()).ok();
        assert_eq!(libs.trim(), "-lforeign");
        let here = Run::new(pkg_config).line("--exists zlib").output();
        let there = Path::new("/usr/lib/aarch64-linux-gnu/pkgconfig/zlib.pc").exists();
        assert_eq!(here.status.success(), there, "{file}");
    }
}
