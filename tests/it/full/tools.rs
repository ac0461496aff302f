//! What packaging and debugging tools make of our programs, whichever linker made them: the built-in one's headers are
//! mended for them (`src/linker/section_headers.rs`).

use crate::support::*;
use std::fs;

const OWN_C: &str = "#include <stdio.h>\n#include <stdlib.h>\nint own(void) {\n  if (getenv(\"CRASH\")) abort();\n  return puts(\"hello\");\n}\n";
const MAIN_C: &str = "int own(void);\n__attribute__((noipa)) static int inner(void) { return own() < 0; }\nint main(void) { return inner(); }\n";
const MAIN_CC: &str = "#include <map>\nextern \"C\" int own(void);\n__attribute__((noipa)) static int inner() { return own() < 0; }\nint main() { std::map<int, int> m{{1, 2}}; return inner() || m.empty(); }\n";

/// Programs of each kind, with debug information but for the last; those that our drivers link by this linker.
fn programs(dir: &Dir, linker: &str) -> [&'static str; 6] {
    for (name, text) in [("own.c", OWN_C), ("main.c", MAIN_C), ("main.cc", MAIN_CC)] {
        dir.file(name, text);
    }
    let run = |program: &str, line: &str| Run::new(program).dir(dir.path()).line(line).env("STATICCXX_LINKER", linker);
    run("gcc", "-g -O1 -fPIE -c main.c own.c").silent();
    run("g++", "-g -O1 -fPIE -c main.cc -o mainxx.o").silent();
    run("gcc", "-g -shared -fPIC own.c -o libown.so").silent();
    run("gcc", "main.o -L. -lown -Wl,-rpath,$ORIGIN -o dynamic").silent();
    run(STATICCC, "-g -shared -fPIC own.c -o libfat.so").silent();
    run(STATICCXX, "-static mainxx.o own.o -o static").silent();
    run(STATICCXX, "-static-pie mainxx.o own.o -o pie").silent();
    run(STATICCXX, "mainxx.o own.o -o small").env("STATICCXX_SMALL", "on").silent();
    run(STATICCC, "main.o -L. -lown -o converted").silent();
    run(STATICCC, "main.o -L. -lfat -o fat").silent();
    run(STATICCTL, "convert ./dynamic -o program").ok();
    ["static", "pie", "small", "converted", "fat", "program"]
}

/// Lines that write the program `p` to `x`, or change `x`, a copy of it. The last two need debug information.
const CHANGES: [&str; 7] = [
    "strip -o x p",
    "objcopy --strip-debug --add-gnu-debuglink=/dev/null x",
    "objcopy --compress-debug-sections p x",
    "eu-strip -f x.debug -o x p",
    "chrpath -d x",
    "debugedit -b @DIR@ -d /usr/src/own -l x.list x",
    "dwz x",
];

#[test]
fn tools_that_change_programs_leave_them_working() {
    for linker in ["wild", "bfd"] {
        let dir = Dir::new();
        for program in programs(&dir, linker) {
            for line in CHANGES {
                let shown = format!("{linker} {program}: {line}");
                if program == "program" && ["debugedit", "dwz"].contains(&line.split(' ').next().unwrap()) {
                    continue;
                }
                for name in ["p", "x"] {
                    fs::copy(dir.join(program), dir.join(name)).unwrap();
                }
                let line = line.replace("@DIR@", dir.path().to_str().unwrap()).replace("=/dev/null", "=main.c");
                let (tool, words) = line.split_once(' ').unwrap();
                let done = Run::new(tool).dir(dir.path()).line(words).output();
                // A static program has no path to be removed.
                assert!(done.status.success() || tool == "chrpath", "{shown}: {}", text(&done.stderr));
                assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "hello\n", "{shown}");
            }
        }
    }
}

/// Lines that change a copy `x` of the fat shared object `libfat.so`, and whether its objects are still in it.
const FAT_CHANGES: [(&str, bool); 9] = [
    ("strip x", true),
    ("strip --strip-debug x", true),
    // dh_strip's.
    ("strip --remove-section=.comment --remove-section=.note --strip-unneeded x", true),
    ("objcopy --compress-debug-sections x", true),
    ("debugedit -b @DIR@ -d /usr/src/own -l x.list x", true),
    ("dwz x", true),
    ("patchelf --set-soname libfat.so x", true),
    // Takes away every section that is not loaded: the library is converted.
    ("eu-strip x", false),
    ("objcopy --remove-section=.staticcxx x", false),
];

#[test]
fn tools_that_change_fat_shared_objects_leave_libraries_for_both_links() {
    let dir = Dir::new();
    programs(&dir, "wild");
    Run::new("gcc").dir(dir.path()).line("main.o -L. -lfat -Wl,-rpath,$ORIGIN/changed -o twin").silent();
    fs::create_dir(dir.join("changed")).unwrap();
    for (line, whole) in FAT_CHANGES {
        fs::copy(dir.join("libfat.so"), dir.join("x")).unwrap();
        let words = line.replace("@DIR@", dir.path().to_str().unwrap());
        let (tool, words) = words.split_once(' ').unwrap();
        Run::new(tool).dir(dir.path()).line(words).ok();
        fs::rename(dir.join("x"), dir.join("changed/libfat.so")).unwrap();
        let sections = Run::new("readelf").dir(dir.path()).line("-SW changed/libfat.so").ok();
        assert_eq!(sections.contains(" .staticcxx "), whole, "{line}: {sections}");
        assert_eq!(Run::new(dir.join("twin")).ok(), "hello\n", "{line}");
        Run::new(STATICCC).dir(dir.path()).line("main.o -Lchanged -lfat -o y").silent();
        assert_eq!(says_in_empty_root(&dir.join("y"), &[]), "hello\n", "{line}");
    }
}

#[test]
fn debuggers_find_functions_and_lines_in_programs_and_their_cores() {
    for linker in ["wild", "bfd"] {
        let dir = Dir::new();
        for program in programs(&dir, linker) {
            let run = |tool: &str, args: &[&str]| Run::new(tool).dir(dir.path()).args(args).ok();
            let crash = ["set env CRASH=1", "run", "generate-core-file core", "bt full"].map(|c| ["-ex", c]).concat();
            let gdb = run("gdb", &[&["-q", "-nx", "-batch"][..], &crash, &[program]].concat());
            // The library that systemd-coredump reads cores with.
            let stack = run("eu-stack", &["--core=core", "-e", program, "-s"]);
            for (name, line) in [("own", "own.c:4"), ("inner", "main.c"), ("main", "main.c")] {
                // A converted part has its functions' names; its lines stay in the original.
                let lines = !(program == "program" || program == "converted" && name == "own");
                for (tool, said) in [("gdb", &gdb), ("eu-stack", &stack)] {
                    let shown = format!("{linker} {program}: {tool}: {name}: {said}");
                    let frames = said.lines().filter(|l| l.starts_with('#'));
                    assert!(frames.into_iter().any(|l| l.contains(&format!(" {name}"))), "{shown}");
                    assert!(!lines || said.contains(line), "{shown}");
                }
            }
        }
    }
}

/// What eu-elflint finds in programs of the built-in linker, and why it stays: begins and ends of its lines.
const EXPLAINED: [(&str, &str); 7] = [
    // Of an elfutils that does not know SHT_RELR.
    (" '.relr.dyn' has wrong type", ""),
    // A name that begins like those of relocations; lld's outputs have the section too.
    (" '.relro_padding' has wrong ", ""),
    // glibc's own marks of the ends of sections, of GNU ld's programs too.
    (" '.symtab': symbol ", " st_value out of bounds"),
    (" unknown object file note type 3 with owner name 'stapsdt'", ""),
    // elfutils knows GNU's notes and a few more; whose a note is stands in it.
    (" unknown object file note type 1 with owner name 'staticcxx'", ""),
    // GNU ld's own.
    (" '.rela.plt': relocation ", " relocation type invalid for the file type"),
    (" '.rela.dyn': relocation ", " relocation type invalid for the file type"),
];

#[test]
fn tools_that_read_programs_find_nothing_wrong() {
    for linker in ["wild", "bfd"] {
        let dir = Dir::new();
        for program in programs(&dir, linker) {
            let shown = format!("{linker} {program}");
            for line in ["objdump -d", "readelf -aW", "eu-readelf -a", "eu-objdump -d"] {
                let (tool, words) = line.split_once(' ').unwrap();
                let read = Run::new(tool).dir(dir.path()).line(words).args([program]).output();
                assert!(read.status.success(), "{shown}: {line}: {}", text(&read.stderr));
                let said = text(&read.stderr);
                assert!(!said.to_lowercase().contains("warning"), "{shown}: {line}: {said}");
            }
            let lint = Run::new("eu-elflint").dir(dir.path()).args(["--gnu-ld", program]).output();
            let known = |line: &str| EXPLAINED.iter().any(|(has, end)| line.contains(has) && line.ends_with(end));
            let said = text(&lint.stdout);
            let unexplained: Vec<&str> =
                said.lines().filter(|l| !l.is_empty() && *l != "No errors" && !known(l)).collect();
            assert_eq!(unexplained, [""; 0], "{shown}");
        }
    }
}

#[test]
fn tools_for_dynamic_programs_say_that_there_is_nothing_to_change() {
    let dir = Dir::new();
    for program in programs(&dir, "wild") {
        let said = Run::new("patchelf").dir(dir.path()).args(["--print-interpreter", program]).fails(1);
        assert!(
            said.contains("cannot find section '.interp'. The input file is most likely statically linked"),
            "{said}"
        );
        let listed = Run::new("chrpath").dir(dir.path()).args(["-l", program]).output();
        assert!(!listed.status.success(), "{program}: {}", text(&listed.stdout));
        assert_eq!(says_in_empty_root(&dir.join(program), &[]), "hello\n");
    }
    // dpkg-shlibdeps finds no dependency; it warns as of any static program ("not a dynamic object").
    fs::create_dir_all(dir.join("debian")).unwrap();
    dir.file(
        "debian/control",
        "Source: own\nMaintainer: Nobody <nobody@localhost>\n\nPackage: own\nArchitecture: any\nDescription: own\n",
    );
    assert_eq!(Run::new("dpkg-shlibdeps").dir(dir.path()).args(["-O", "static", "pie", "converted"]).ok(), "");
}
