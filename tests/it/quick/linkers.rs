//! The built-in linker: what its programs are like, and what makes a link leave it.

use crate::support::*;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One program: its sources, how they are compiled and linked, and what it prints.
pub struct Program {
    pub name: &'static str,
    pub sources: &'static [(&'static str, &'static str)],
    pub compile: &'static str,
    pub link: &'static str,
    pub prints: &'static str,
    /// Linkers that can't do it, or do it otherwise by their own design.
    pub but: &'static [&'static str],
}

/// Compiles a program's sources with the plain compiler; `libX.c` become archives. Gives the objects' names.
pub fn objects(dir: &Dir, program: &Program) -> Vec<String> {
    objects_for("", dir, program)
}

/// The same by compilers and an `ar` whose names begin with `prefix`: `aarch64-linux-gnu-`.
pub fn objects_for(prefix: &str, dir: &Dir, program: &Program) -> Vec<String> {
    let mut objects = Vec::new();
    for (name, text) in program.sources {
        dir.file(name, text);
    }
    for (name, _) in program.sources {
        let Some((stem, ending)) = name.split_once('.').filter(|(_, e)| *e == "c" || *e == "cc") else { continue };
        let compiler = if ending == "c" { "gcc" } else { "g++" };
        let compiler = format!("{prefix}{compiler}");
        Run::new(compiler).line(&format!("{} -c {name} -o {stem}.o", program.compile)).dir(dir.path()).silent();
        if stem.starts_with("lib") {
            Run::new(format!("{prefix}ar")).line(&format!("rc {stem}.a {stem}.o")).dir(dir.path()).silent();
        } else {
            objects.push(format!("{stem}.o"));
        }
    }
    objects
}

/// The driver with a linker of a name, reporting to `report`.
pub fn driver(dir: &Dir, linker: &str) -> Run {
    Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_LINKER", linker).env("STATICCXX_REPORT", dir.join("report"))
}

/// Who made the last link, and why not the built-in linker.
pub fn linked_by(dir: &Dir) -> (String, String) {
    let lines = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let field = |name: &str| last["linker"][name].as_str().unwrap_or_default().to_owned();
    (field("by"), field("why-not-built-in"))
}

pub fn readelf(flag: &str, file: &Path) -> String {
    Run::new("readelf").args([flag.as_ref(), file.as_os_str()]).ok()
}

#[test]
fn what_is_asked_for_by_name_is_kept() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    dir.file("k.c", "int kept(void) { return 1; }\n");
    Run::new("gcc").line("-ffunction-sections -c a.c k.c").dir(dir.path()).silent();
    Run::new("ar").line("rc libk.a k.o").dir(dir.path()).silent();
    for (line, built_in) in [("-Wl,-u,kept", true), ("-Wl,--gc-sections -Wl,--undefined=kept", false)] {
        driver(&dir, "").line(line).line("a.o -L. -lk -o p").silent();
        let (by, why) = linked_by(&dir);
        assert_eq!(by == "built-in", built_in, "{line}: {why}");
        assert!(Run::new("nm").args([dir.join("p")]).ok().contains(" T kept\n"), "{line}");
    }
}

#[test]
fn the_same_link_gives_the_same_bytes() {
    let dir = Dir::new();
    dir.file("a.cc", HELLO_CXX);
    Run::new("g++").line("-g -c a.cc").dir(dir.path()).silent();
    let made = |out: &str| {
        driver(&dir, "wild").line(&format!("a.o -o {out}")).silent();
        assert_eq!(linked_by(&dir).0, "built-in");
        fs::read(dir.join(out)).unwrap()
    };
    let first = made("p1");
    for out in ["p1", "p2", "p3", "p4"] {
        assert!(made(out) == first, "{out} differs");
    }
}

/// Packed relative relocations (DT_RELR) need a C library that knows them: the compiler's own, and no other.
#[test]
fn relocations_are_packed_where_glibc_applies_them() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    dir.file(
        "own.c",
        "void _start(void) { __asm__ volatile(\"syscall\" : : \"a\"(60), \"D\"(0)); __builtin_unreachable(); }\n",
    );
    Run::new("gcc").line("-c a.c own.c").dir(dir.path()).silent();
    for (line, packed) in [
        ("a.o", true),
        ("a.c", true),
        ("a.o -Wl,-z,nopack-relative-relocs", false),
        ("a.o -no-pie", false),
        ("own.o -nostartfiles", false),
        ("own.o -nostdlib", false),
    ] {
        driver(&dir, "auto").line(&format!("{line} -o p")).silent();
        assert_eq!(linked_by(&dir).0, "built-in", "{line}");
        assert_eq!(readelf("-dW", &dir.join("p")).contains("(RELR)"), packed, "{line}");
        assert!(Run::new(dir.join("p")).output().status.success(), "{line}");
    }
}

#[test]
fn repairs_of_glibc_go_into_the_programs_that_need_them_and_no_others() {
    let dir = Dir::new();
    let locale = "#include <langinfo.h>\n#include <locale.h>\n#include <stdio.h>\nint main(void) { setlocale(LC_ALL, \"C.UTF-8\"); puts(nl_langinfo(CODESET)); return 0; }";
    let cxx = "#include <clocale>\n#include <iostream>\n#include <langinfo.h>\nint main() { setlocale(LC_ALL, \"C.UTF-8\"); std::cout << nl_langinfo(CODESET) << std::endl; }";
    let by_name = "#include <iostream>\n#include <locale>\nint main() { std::cout << std::locale(\"C.UTF-8\").name() << std::endl; }";
    let names = "#include <pwd.h>\n#include <stdio.h>\nint main(void) { puts(getpwnam(\"nobody-here\") ? \"some\" : \"none\"); return 0; }";
    let both = "#include <locale.h>\n#include <pwd.h>\n#include <stdio.h>\nint main(void) { puts(setlocale(LC_ALL, \"C.UTF-8\")); return getpwnam(\"nobody-here\") != 0; }";
    for (name, source, prints, symbols) in [
        ("locale.c", locale, "UTF-8\n", [true, false]),
        ("cxx.cc", cxx, "UTF-8\n", [true, false]),
        ("by_name.cc", by_name, "C.UTF-8\n", [true, false]),
        ("names.c", names, "none\n", [false, true]),
        ("both.c", both, "C.UTF-8\n", [true, true]),
        ("hello.c", HELLO_C, "hello\n", [false, false]),
        ("hello.cc", HELLO_CXX, "hello\n", [false, false]),
    ] {
        dir.file(name, source);
        Run::new("g++")
            .line(&format!("-x {} -c {name} -o a.o", if name.ends_with("cc") { "c++" } else { "c" }))
            .dir(dir.path())
            .silent();
        Run::new("ar").line("rc liba.a a.o").dir(dir.path()).silent();
        // The caller in an object, and in an archive's member.
        for input in ["a.o", "-Wl,-u,main -L. -la"] {
            driver(&dir, "auto").line(&format!("{input} -o p")).silent();
            assert_eq!(linked_by(&dir), ("built-in".into(), String::new()), "{name} {input}");
            assert_eq!(says_in_empty_root(&dir.join("p"), &[]), prints, "{name} {input}");
            let found = readelf("-sW", &dir.join("p"));
            let has = ["staticcxx_locale_data", "staticcxx_name_services"].map(|s| found.contains(s));
            assert_eq!(has, symbols, "{name} {input}");
        }
    }
}

/// Messages are those of the compiler's own linker: of warnings, and of every kind of failure.
#[test]
fn people_see_the_words_of_their_own_linker() {
    let dir = Dir::new();
    for (name, source) in [
        ("tmp", "#include <stdio.h>\nint main(void) { return tmpnam(0) != 0; }"),
        ("tmp", "#include <stdio.h>\nint main(void) { char b[L_tmpnam]; return tmpnam(b) == 0; }"),
        ("undefined", "int nowhere(void); int main(void) { return nowhere(); }"),
        ("twice", "int main(void) { return 0; }"),
        ("syntax", "int main(void) { return 0 }"),
        (
            "stack",
            "void call(void (*f)(void)) { f(); }\nint main(void) { int x = 0; void g(void) { x++; } call(g); return x - 1; }",
        ),
    ] {
        dir.file(format!("{name}.c"), source);
        Run::new("gcc").line(&format!("-c {name}.c -o {name}.o")).dir(dir.path()).output();
    }
    dir.file("assembler.s", "no instruction\n");
    fs::write(dir.join("garbage.o"), "no object\0\u{1}").unwrap();
    fs::write(dir.join("cut.o"), &fs::read(dir.join("tmp.o")).unwrap()[..200]).unwrap();
    for (line, ok) in [
        ("tmp.o", true),
        ("tmp.o", true),
        ("stack.o", true),
        ("undefined.o", false),
        ("twice.o dl.o", false),
        ("garbage.o", false),
        ("cut.o", false),
        ("missing.o", false),
        ("twice.o -lnowhere", false),
        ("twice.o -Wl,--no-such-option", false),
        ("twice.o -o no/such/directory/p", false),
        ("tmp.c", true),
        ("undefined.c", false),
        ("twice.c tmp.c", false),
        ("syntax.c", false),
        ("twice.c assembler.s", false),
        ("twice.c -include nowhere.h", false),
    ] {
        let said = |linker: &str| {
            let mut run = driver(&dir, linker);
            if !line.contains("-o ") {
                run = run.line("-o p");
            }
            let out = run.line(line).output();
            assert_eq!(out.status.success(), ok, "{line}: {}", text(&out.stderr));
            // The names of temporary files are not the same twice.
            let temporary = |l: &&str| l.contains("/tmp/cc") || l.contains("staticcxx-objects");
            text(&out.stderr).lines().filter(|l| !temporary(l)).map(str::to_owned).collect::<Vec<_>>()
        };
        let (auto, bfd) = (said("auto"), said("bfd"));
        let own = |lines: &[String]| lines.iter().map(|l| l.replace("/ld.bfd:", "/ld:")).collect::<Vec<_>>();
        assert_eq!(own(&auto), own(&bfd), "{line}");
        assert!(!auto.is_empty(), "{line}");
        assert_eq!(dir.join("p").exists() && !line.contains("/p"), ok, "{line}");
        let _ = fs::remove_file(dir.join("p"));
    }
}

#[test]
fn lto_and_scripts_go_through_the_compiler() {
    let dir = Dir::new();
    dir.file("a.c", "int f(int); int main(void) { return f(1) - 2; }\n");
    dir.file("b.c", "int f(int x) { return x + 1; }\n");
    for (compile, link) in [
        ("-flto", ""),
        ("-flto", "-flto"),
        ("-flto -ffat-lto-objects", "-flto"),
        ("-flto -ffat-lto-objects", ""),
        ("", "-fuse-ld=gold"),
    ] {
        if here(&[link]).is_empty() {
            continue;
        }
        Run::new("gcc").line(&format!("{compile} -O1 -c a.c b.c")).dir(dir.path()).silent();
        driver(&dir, "auto").line(&format!("a.o b.o -o p {link}")).silent();
        assert_eq!(linked_by(&dir).0, "compiler", "{compile} / {link}");
        Run::new(dir.join("p")).silent();
    }
    // A compiler that is a script sees the link.
    Run::new("gcc").line("-c a.c").dir(dir.path()).silent();
    let compiler = recording(&dir, "logging-cc", "exec gcc \"$@\"");
    Run::new(STATICCC).line("a.o b.o -o p").dir(dir.path()).env("STATICCXX_CC", &compiler).silent();
    let calls = recorded(&dir, "logging-cc");
    assert!(calls.last().unwrap().contains(&"a.o".to_owned()), "{calls:?}");
}

/// `-pipe` changes how long a compilation takes, and nothing that it makes or says.
#[test]
fn objects_are_those_of_the_compiler_alone() {
    let dir = Dir::new();
    dir.file("a.c", "#include <stdio.h>\nint unused; int main(void) { puts(\"x\"); return 0; }\n");
    dir.file("bad.c", "#include <stdio.h>\nint main(void) { puts(x); return 0 }\n");
    dir.file("asm.c", "__asm__(\"no instruction\");\n");
    for line in [
        "a.c",
        "a.c -g -O2 -frecord-gcc-switches",
        "a.c -flto -O1",
        "a.c -g -gsplit-dwarf",
        "a.c -save-temps",
        "a.c -pipe",
    ] {
        Run::new("gcc").line(&format!("-c {line} -o a.o")).dir(dir.path()).silent();
        let theirs = fs::read(dir.join("a.o")).unwrap();
        Run::new(STATICCC).line(&format!("-c {line} -o a.o")).dir(dir.path()).silent();
        let ours = fs::read(dir.join("a.o")).unwrap();
        // The names in an LTO object are random.
        assert!(line.contains("-flto") || ours == theirs, "{line}");
    }
    for line in ["-c bad.c", "-c nowhere.c", "-c a.c -o no/such/a.o", "-c a.c -include nowhere.h"] {
        let [ours, theirs] = [STATICCC, "gcc"].map(|c| Run::new(c).line(line).dir(dir.path()).output());
        assert_eq!((text(&ours.stderr), ours.status.code()), (text(&theirs.stderr), theirs.status.code()), "{line}");
        assert!(!dir.join("bad.o").exists());
    }
    let out = Run::new(STATICCC).line("-c asm.c").dir(dir.path()).output();
    assert!(text(&out.stderr).contains("no such instruction: `no instruction'") && !dir.join("asm.o").exists());
}

#[test]
fn outputs_that_are_no_new_file() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    Run::new("gcc").line("-c a.c").dir(dir.path()).silent();
    let hello = |name: &str| assert_eq!(Run::new(dir.join(name)).ok(), "hello\n", "{name}");
    // A program that runs can be linked anew; another name of the old file keeps the old one.
    fs::copy("/bin/sleep", dir.join("p")).unwrap();
    fs::hard_link(dir.join("p"), dir.join("other")).unwrap();
    let mut running = Run::new(dir.join("p")).args(["30"]).command().spawn().unwrap();
    driver(&dir, "auto").line("a.o -o p").silent();
    assert_eq!(linked_by(&dir).0, "built-in");
    hello("p");
    assert_eq!(fs::read(dir.join("other")).unwrap(), fs::read("/bin/sleep").unwrap());
    running.kill().unwrap();
    running.wait().unwrap();
    std::os::unix::fs::symlink("elsewhere", dir.join("link")).unwrap();
    driver(&dir, "auto").line("a.o -o link").silent();
    assert_eq!(linked_by(&dir).0, "compiler");
    hello("link");
    driver(&dir, "auto").line("a.o -o /dev/null").silent();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    // The mode is what the umask leaves, as from any linker.
    use std::os::unix::fs::PermissionsExt;
    let mut masked = Run::new("sh").args(["-c", "umask 027; exec \"$0\" a.o -o masked", STATICCXX]).dir(dir.path());
    masked = masked.env("STATICCXX_LINKER", "auto");
    masked.silent();
    assert_eq!(fs::metadata(dir.join("masked")).unwrap().permissions().mode() & 0o777, 0o750);
    let strange = std::ffi::OsStr::from_bytes(b"o\xff.o");
    fs::copy(dir.join("a.o"), dir.join(strange)).unwrap();
    driver(&dir, "auto").args([strange]).line("-o p").silent();
    assert_eq!(linked_by(&dir), ("compiler".into(), "an argument is not UTF-8".into()));
    hello("p");
}

#[test]
fn the_kept_line_is_asked_for_once_and_again_when_it_is_broken() {
    let dir = Dir::new();
    dir.file("a.c", HELLO_C);
    Run::new("gcc").line("-c a.c").dir(dir.path()).silent();
    let cache = dir.join("cache");
    let link = || {
        driver(&dir, "auto").line("a.o -o p").env("XDG_CACHE_HOME", &cache).silent();
        assert_eq!(linked_by(&dir).0, "built-in");
        fs::read_dir(cache.join("staticcxx/lines")).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>()
    };
    let kept = link();
    assert_eq!((kept.len(), link().len()), (1, 1));
    for broken in [&b""[..], b"{}", b"[1,2]", b"\xff"] {
        fs::write(&kept[0], broken).unwrap();
        link();
        assert!(fs::read(&kept[0]).unwrap().len() > 100);
    }
}

#[test]
fn small_programs_are_smaller_and_run() {
    let dir = Dir::new();
    dir.file("a.cc", format!("{HELLO_CXX}int unused_function(int x) {{ return x * 3; }}\n"));
    let built = |small: &str| {
        Run::new(STATICCXX).line("-O1 -c a.cc -o a.o").dir(dir.path()).env("STATICCXX_SMALL", small).silent();
        driver(&dir, "auto").line("a.o -o p").env("STATICCXX_SMALL", small).silent();
        assert_eq!(Run::new(dir.join("p")).ok(), "hello\n");
        assert_eq!(readelf("-sW", &dir.join("p")).contains("unused_function"), small == "0");
        fs::metadata(dir.join("p")).unwrap().len()
    };
    let (usual, small) = (built("0"), built("1"));
    assert!(small < usual * 95 / 100, "{small} of {usual}");
}

/// `staticctl run --small` says what it saved, whoever links.
#[test]
fn what_small_saves_is_reported() {
    let dir = Dir::new();
    dir.file("a.cc", format!("{HELLO_CXX}int unused_function(int x) {{ return x * 3; }}\n"));
    for (linker, make) in [
        ("auto", "$CXX -O1 -c a.cc && $CXX a.o -o p"),
        ("auto", "$CXX -O1 a.cc -o p"),
        ("bfd", "$CXX -O1 -c a.cc && $CXX a.o -o p"),
    ] {
        let run = || Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_LINKER", linker);
        let out = run().line("run --small --report r.json -- sh -ec").args([make]).output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        let report: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
        let program = &report["programs"][0];
        let (saved, bytes) = (program["saved"].as_u64().unwrap(), program["bytes"].as_u64().unwrap());
        assert!(saved > bytes / 20 && saved < bytes, "{saved} of {bytes}");
        let said = text(&out.stderr);
        assert!(said.contains("note: leaving out unused parts saved ") && said.contains(" KiB of "), "{said}");
        assert_eq!(says_in_empty_root(&dir.join("p"), &[]), "hello\n");
        // And nothing of it without being asked.
        let out = run().line("run --report r.json -- sh -ec").args([make]).output();
        assert!(!text(&out.stderr).contains("saved"), "{}", text(&out.stderr));
    }
}

#[test]
fn descriptors_that_make_names_are_not_taken_for_its_job_server() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("more.c", "int more(void) { return 1; }\n");
    Run::new("gcc").line("-c h.c more.c").dir(dir.path()).silent();
    Run::new("ar").line("rc libmore.a more.o").dir(dir.path()).silent();
    // make closes its descriptors for what is no make; then they are those of our own files.
    for first in 3..8 {
        let flags = format!(" -j2 --jobserver-auth={first},{}", first + 1);
        let limited = format!("ulimit -v 8000000; exec '{STATICCC}' h.o -o h -L. -lmore");
        let run = Run::new("sh").args(["-c", &limited]).dir(dir.path()).env("MAKEFLAGS", flags);
        run.env("STATICCXX_REPORT", dir.join("report")).silent();
        assert_eq!(linked_by(&dir).0, "built-in");
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    }
}
