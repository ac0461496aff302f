//! What packaging and debugging tools make of our programs, whichever linker made them: the built-in one's headers are
//! mended for them (`src/linker/section_headers.rs`).

use crate::support::*;
use std::fs;

const OWN_C: &str = "#include <stdio.h>\nint own(void) { return puts(\"hello\"); }\n";
const MAIN_C: &str = "int own(void);\nint main(void) { return own() < 0; }\n";
const MAIN_CC: &str = "#include <map>\nextern \"C\" int own(void);\nint main() { std::map<int, int> m{{1, 2}}; return own() < 0 || m.empty(); }\n";

/// Programs of each kind, with debug information but for the last; those that our drivers link by this linker.
fn programs(dir: &Dir, linker: &str) -> [&'static str; 5] {
    for (name, text) in [("own.c", OWN_C), ("main.c", MAIN_C), ("main.cc", MAIN_CC)] {
        dir.file(name, text);
    }
    let run = |program: &str, line: &str| Run::new(program).dir(dir.path()).line(line).env("STATICCXX_LINKER", linker);
    run("gcc", "-g -O1 -fPIE -c main.c own.c").silent();
    run("g++", "-g -O1 -fPIE -c main.cc -o mainxx.o").silent();
    run("gcc", "-g -shared -fPIC own.c -o libown.so").silent();
    run("gcc", "main.o -L. -lown -Wl,-rpath,$ORIGIN -o dynamic").silent();
    run(STATICCXX, "-static mainxx.o own.o -o static").silent();
    run(STATICCXX, "-static-pie mainxx.o own.o -o pie").silent();
    run(STATICCXX, "mainxx.o own.o -o small").env("STATICCXX_SMALL", "on").silent();
    run(STATICCC, "main.o -L. -lown -o converted").silent();
    run(STATICCTL, "convert ./dynamic -o program").ok();
    ["static", "pie", "small", "converted", "program"]
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

/// What eu-elflint finds in programs of the built-in linker, and why it stays: begins and ends of its lines.
const EXPLAINED: [(&str, &str); 6] = [
    // Of an elfutils that does not know SHT_RELR.
    (" '.relr.dyn' has wrong type", ""),
    // A name that begins like those of relocations; lld's outputs have the section too.
    (" '.relro_padding' has wrong ", ""),
    // glibc's own marks of the ends of sections, of GNU ld's programs too.
    (" '.symtab': symbol ", " st_value out of bounds"),
    (" unknown object file note type 3 with owner name 'stapsdt'", ""),
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
