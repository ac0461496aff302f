//! The licences of programs, and kits that link programs again.

use crate::support::*;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const ZLIB: &str = "#include <zlib.h>\n#include <stdio.h>\nint main(void) { return puts(zlibVersion()) < 0; }\n";

fn zlib() -> Dir {
    let dir = Dir::new();
    dir.file("z.c", ZLIB);
    Run::new(STATICCC).dir(dir.path()).line("-O2 z.c -lz -o z").silent();
    dir
}

/// `staticctl licenses` after these lines of a shell in a mount namespace of its own; status, stdout, stderr.
fn licenses(dir: &Dir, before: &str, words: &str) -> (Option<i32>, String, String) {
    let line = format!("{before} exec \"$@\"");
    let run = Run::new("unshare").dir(dir.path()).args(["--mount", "sh", "-c", &line, "sh", STATICCTL, "licenses"]);
    let out = run.line(words).output();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

fn part(index: &Path, name: &str) -> Value {
    let index: Value = serde_json::from_str(&fs::read_to_string(index).unwrap()).unwrap();
    let parts = index["parts"].as_array().unwrap();
    parts.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("{name}: {index}")).clone()
}

#[test]
fn texts_of_packages_and_what_they_state() {
    let dir = zlib();
    let (status, said, errors) = licenses(&dir, "", "z -o out");
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{said}");
    for package in ["libc6-dev", "zlib1g-dev"] {
        let ours = fs::read(dir.join("out/packages").join(package).join("copyright")).unwrap();
        assert!(ours == fs::read(Path::new("/usr/share/doc").join(package).join("copyright")).unwrap(), "{package}");
    }
    let zlib = part(&dir.join("out/index.json"), "zlib1g-dev");
    assert_eq!((&zlib["form"], &zlib["problem"]), (&"copyright-file".into(), &Value::Null));
    assert!(zlib["stated"].as_array().unwrap().iter().any(|l| l["name"] == "Zlib" && l["spdx"] == "Zlib"), "{zlib}");
    let libc = part(&dir.join("out/index.json"), "libc6-dev");
    assert_eq!((&libc["form"], libc["stated"].as_array().unwrap().len()), (&"text".into(), 0));
    let row = said.lines().find(|line| line.starts_with("libc6-dev")).unwrap();
    assert!(row.contains(" glibc ") && row.ends_with("not machine-readable"), "{row}");
    // It refers to this, whose name leads to another file on some systems.
    let common = fs::read(dir.join("out/common-licenses/LGPL-2.1")).unwrap();
    assert!(common == fs::read("/usr/share/common-licenses/LGPL-2.1").unwrap());
    let (_, named) = said.split_once("LGPL is named in").unwrap();
    assert!(named.contains("\n  libc6-dev"), "{said}");
    let readme = fs::read_to_string(dir.join("out/README")).unwrap();
    assert!(readme.contains(row) && readme.contains("Nothing is\nconcluded"), "{readme}");
    // Again: not over it, unless asked to, and then the same bytes.
    let before = fs::read(dir.join("out/index.json")).unwrap();
    let (status, _, errors) = licenses(&dir, "", "z -o out");
    assert!(status == Some(2) && errors.contains("`out` is there already") && errors.contains("`--force`"), "{errors}");
    assert_eq!(licenses(&dir, "", "z --force -o out").0, Some(0));
    assert!(before == fs::read(dir.join("out/index.json")).unwrap());
    assert_eq!(dir.names(), ["out", "z", "z.c"]);
}

#[test]
fn other_versions_and_what_is_not_here() {
    let dir = zlib();
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap();
    let record = |changed: fn(&str) -> Option<String>| {
        let records = status.split("\n\n").filter_map(|record| match record.starts_with("Package: zlib1g-dev\n") {
            true => changed(record),
            false => Some(record.to_owned()),
        });
        records.collect::<Vec<_>>().join("\n\n")
    };
    let newer = |record: &str| {
        let line =
            |line: &str| if line.starts_with("Version:") { "Version: 9:9-9".to_owned() } else { line.to_owned() };
        Some(record.lines().map(line).collect::<Vec<_>>().join("\n"))
    };
    dir.file("newer", record(newer));
    dir.file("gone", record(|_| None));
    fs::create_dir(dir.join("empty")).unwrap();
    fs::create_dir_all(dir.join("copyright")).unwrap();
    for (number, (before, problem, has_text)) in [
        ("mount --bind newer /var/lib/dpkg/status &&", "and 9:9-9 is installed here", true),
        ("mount --bind gone /var/lib/dpkg/status &&", "`zlib1g-dev` is not installed here", false),
        ("mount --bind empty /usr/share/doc/zlib1g-dev &&", "copyright` can't be read: No such file", false),
        ("mount --bind empty /usr/share/common-licenses &&", "common-licenses/", true),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out{number}");
        let (status, said, errors) = licenses(&dir, before, &format!("z -o {out}"));
        assert_eq!((status, errors.as_str()), (Some(1), ""), "{before}: {said}");
        let (_, missing) = said.split_once("\nMissing:\n").unwrap();
        assert!(missing.contains(problem), "{before}: {missing}");
        assert_eq!(dir.join(out).join("packages/zlib1g-dev/copyright").exists(), has_text, "{before}");
    }
}

#[test]
fn files_of_no_package_and_our_own() {
    let dir = Dir::new();
    dir.file("own.c", "int own(void) { return 0; }\n");
    dir.file(
        "m.c",
        "#include <locale.h>\nint own(void);\nint main(void) { return own() || !setlocale(LC_ALL, \"\"); }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-c own.c").silent();
    Run::new("ar").dir(dir.path()).line("rc libown.a own.o").silent();
    Run::new(STATICCC).dir(dir.path()).line("m.c -L. -lown -o m").silent();
    let (status, said, _) = licenses(&dir, "", "m -o out");
    assert!(status == Some(1) && said.contains("\n  libown.a  it is of no package"), "{said}");
    let own = part(&dir.join("out/index.json"), "staticcxx");
    assert_eq!(own["stated"][0]["spdx"], "MIT OR Apache-2.0");
    let license = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE-MIT")).unwrap();
    assert!(license == fs::read(dir.join("out/staticcxx/LICENSE-MIT")).unwrap());
}

#[test]
fn directories_and_programs_that_are_not_taken() {
    let dir = zlib();
    fs::create_dir_all(dir.join("full/sub")).unwrap();
    fs::create_dir(dir.join("empty")).unwrap();
    dir.file("text", "no program");
    fs::copy("/bin/true", dir.join("true")).unwrap();
    for (words, has) in [
        ("z -o full", "`full` has files that are not of this command"),
        ("z -o full --force", "`full` has files that are not of this command"),
        ("z -o text", "`text` can't be written"),
        ("z -o missing/out", "can't be written: No such file"),
        ("true -o out", "`true` names no parts"),
        ("text -o out", "`text`: it is no ELF file"),
        ("z missing -o out", "`missing`: it can't be read"),
    ] {
        let (status, said, errors) = licenses(&dir, "", words);
        assert!(status == Some(2) && said.is_empty() && errors.contains(has), "{words}: {errors}");
    }
    assert_eq!(dir.names(), ["empty", "full", "text", "true", "z", "z.c"]);
    assert_eq!(licenses(&dir, "", "z -o empty").0, Some(0));
    assert!(dir.join("empty/index.json").is_file());
}

/// A library of no package that greets with this, in a directory of its own.
fn greet(dir: &Dir, place: &str, version: &str) {
    fs::create_dir_all(dir.join(place)).unwrap();
    dir.file("greet.c", format!("const char *greet(void) {{ return \"{version}\"; }}\n"));
    Run::new("gcc").dir(dir.path()).line("-O2 -c greet.c").silent();
    Run::new("ar").dir(dir.path()).args(["rc", &format!("{place}/libgreet.a"), "greet.o"]).silent();
}

/// Runs the script of a kit where nothing of ours is on PATH, and gives the program.
fn relinked(dir: &Dir, kit: &str, libraries: &[&Path]) -> PathBuf {
    let output = dir.join("relinked");
    let _ = fs::remove_file(&output);
    let run = Run::new(dir.join(kit).join("relink.sh")).env("PATH", "/usr/bin:/bin").dir(dir.path());
    let words = ["-o", "relinked"].iter().map(|w| Path::new(w).to_owned());
    run.args(words.chain(libraries.iter().map(|l| (*l).to_owned()))).ok();
    output
}

#[test]
fn a_program_is_linked_again_with_another_version() {
    let dir = Dir::new();
    greet(&dir, "one/lib", "v1");
    dir.file("m.c", "#include <stdio.h>\n#include <zlib.h>\nconst char *greet(void);\nint main(void) { printf(\"%s %c\\n\", greet(), *zlibVersion()); }\n");
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_RELINK_KIT", "kits");
    // The object is one that only the call has.
    run.line("-O2 m.c -Lone/lib -lgreet -lz -o m").silent();
    assert_eq!(says_in_empty_root(&dir.join("m"), &[]), "v1 1\n");
    greet(&dir, "two dirs/lib", "v2");
    for gone in ["one", "m.c", "greet.c", "greet.o"] {
        let path = dir.join(gone);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    // As others get it: in another place.
    fs::rename(dir.join("kits/m"), dir.join("its kit")).unwrap();
    let again = relinked(&dir, "its kit", &[]);
    assert!(is_static(&again));
    assert_eq!(says_in_empty_root(&again, &[]), "v1 1\n");
    let other = relinked(&dir, "its kit", &[Path::new("two dirs/lib")]);
    assert!(is_static(&other));
    assert_eq!(says_in_empty_root(&other, &[]), "v2 1\n");
    let script = fs::read_to_string(dir.join("its kit/relink.sh")).unwrap();
    assert!(
        !script.contains(&dir.path().display().to_string()) && !script.to_lowercase().contains("staticcc"),
        "{script}"
    );
    let readme = fs::read_to_string(dir.join("its kit/README")).unwrap();
    assert!(readme.contains("lib/libgreet.a") && readme.contains("libc6-dev"), "{readme}");
    assert!(readme.contains("LGPL is named in") && readme.contains("libgreet.a  it is of no package"), "{readme}");
    assert!(dir.join("its kit/licenses/packages/zlib1g-dev/copyright").is_file());
    assert_eq!(fs::read_dir(dir.join("its kit/lib")).unwrap().count(), 1, "libraries of packages are not copied");
}

#[test]
fn each_way_to_name_an_input() {
    let dir = Dir::new();
    for sub in ["a", "b", "c d"] {
        fs::create_dir(dir.join(sub)).unwrap();
    }
    dir.file("a/f.c", "int a(void) { return 1; }\n");
    dir.file("b/f.c", "int b(void) { return 2; }\n");
    dir.file("c d/x\ny.c", "int c(void) { return 4; }\n");
    dir.file("w.c", "extern int made;\n__attribute__((constructor)) static void make(void) { made = 8; }\n");
    dir.file("t.c", "int t(void) { return 16; }\n");
    dir.file("m.cc", "#include <iostream>\nextern \"C\" { int made; int a(), b(), c(), t(); }\nint main() { std::cout << a() + b() + c() + t() + made << '\\n'; }\n");
    for (source, object) in
        [("a/f.c", "a/f.o"), ("b/f.c", "b/f.o"), ("c d/x\ny.c", "c d/x\ny.o"), ("w.c", "w.o"), ("t.c", "t.o")]
    {
        Run::new("gcc").dir(dir.path()).args(["-c", source, "-o", object]).silent();
    }
    Run::new("ar").dir(dir.path()).line("rc libw.a w.o").silent();
    Run::new("ar").dir(dir.path()).line("rcT b/libt.a t.o").silent();
    dir.file("given", "a/f.o \"c d/x\ny.o\" -Wl,--whole-archive,libw.a,--no-whole-archive b/libt.a");
    let link = |words: &[&str]| {
        let run = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_RELINK_KIT", dir.join("kits"));
        run.args(["m.cc", "@given", "b/f.o", "-Wl,-Map=m.map", "-o", "it's"]).args(words).silent();
        assert_eq!(says_in_empty_root(&dir.join("it's"), &[]), "31\n", "{words:?}");
    };
    for words in [&[][..], &["-static"], &["-x", "none"], &["-O2", "-flto"], &["-fuse-ld=bfd", "-s"]] {
        link(words);
        assert_eq!(says_in_empty_root(&relinked(&dir, "kits/it's", &[]), &[]), "31\n", "{words:?}");
        let objects = Run::new("find").dir(dir.join("kits/it's/objects")).line(". -type f -name f.o").ok();
        assert_eq!(objects.lines().count(), 2, "{objects}");
    }
    // A link again replaces its kit, and another program of this name has one of its own.
    let others = fs::read_dir(dir.join("kits")).unwrap().count();
    let run = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_RELINK_KIT", dir.join("kits"));
    run.args(["m.cc", "@given", "b/f.o", "-o", "a/it's"]).silent();
    assert_eq!((others, dir.join("kits/it's-2/relink.sh").is_file()), (1, true));
}

#[test]
fn converted_libraries_and_those_of_the_project_are_in_the_kit() {
    let dir = Dir::new();
    dir.file("a.c", "int a(void) { return 1; }\n");
    dir.file("b.c", "int b(void) { return 2; }\n");
    dir.file("m.c", "#include <stdio.h>\nint a(void), b(void);\nint main(void) { printf(\"%d\\n\", a() + b()); }\n");
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC a.c -o liba.so").silent();
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC b.c -o libb.so").silent();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_RELINK_KIT", "kits");
    run.line("m.c -L. -la -lb -o m").ok();
    assert_eq!(says_in_empty_root(&relinked(&dir, "kits/m", &[]), &[]), "3\n");
}

#[test]
fn builds_in_parallel_and_what_can_not_have_a_kit() {
    let dir = Dir::new();
    let programs: Vec<String> = (0..6).map(|n| format!("d{n}/prog")).collect();
    let rule = |n: usize| format!("d{n}/prog: m.c\n\tmkdir -p d{n} && $(CC) -DN={n} m.c -o $@\n");
    dir.file("Makefile", format!("all: {}\n{}", programs.join(" "), (0..6).map(rule).collect::<String>()));
    dir.file("m.c", "#include <stdio.h>\nint main(void) { printf(\"%d\\n\", N); }\n");
    Run::new(STATICCTL).dir(dir.path()).line("run --relink-kit kits -- make -s -j4").output();
    let mut said: Vec<String> = (1..=6)
        .map(|n| if n == 1 { "kits/prog".to_owned() } else { format!("kits/prog-{n}") })
        .map(|kit| says_in_empty_root(&relinked(&dir, &kit, &[]), &[]))
        .collect();
    said.sort();
    assert_eq!(said, ["0\n", "1\n", "2\n", "3\n", "4\n", "5\n"]);
    assert_eq!(fs::read_dir(dir.join("kits")).unwrap().count(), 6, "nothing else is left");
    // Neither a call without an object nor a directory that is none breaks a link.
    let link = |kit: &str, words: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_RELINK_KIT", kit);
        let out = run.line(words).output();
        assert!(out.status.success() && Run::new(dir.join("p")).ok() == "7\n", "{words}");
        text(&out.stderr)
    };
    let said = link("other", "-DN=7 -MMD m.c -o p");
    assert!(said.contains("no relink kit for `p`: `m.c` leaves no object") && said.lines().count() == 1, "{said}");
    assert!(!dir.join("other").exists());
    let said = link("m.c", "-DN=7 m.c -o p");
    assert!(said.contains("the relink kit of `p` can't be written to `m.c`") && said.lines().count() == 1, "{said}");
    symlink("kits", dir.join("link")).unwrap();
    assert_eq!(link("link", "-DN=7 m.c -o p"), "");
    assert!(dir.join("kits/p/relink.sh").is_file());
}
