//! What programs say of their parts, by every linker, toolchain and way into a program.

use super::musl;
use crate::support::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

const ZLIB: &str = "#include <zlib.h>\n#include <stdio.h>\nint main(void) { return puts(zlibVersion()) < 0; }\n";

/// A directory with a program of some packages, `z`.
pub fn of_zlib() -> Dir {
    let dir = Dir::new();
    dir.file("z.c", ZLIB);
    Run::new(STATICCC).dir(dir.path()).line("z.c -lz -o z").silent();
    dir
}

fn parts(program: &Path) -> Value {
    let said = Run::new(STATICCTL).args(["parts".as_ref(), program.as_os_str()]).line("--format json").ok();
    serde_json::from_str(&said).unwrap()
}

/// The files that a program is of, with how.
fn files(program: &Path) -> BTreeSet<(String, String)> {
    let parts = parts(program);
    let files = parts["parts"].as_array().unwrap().iter().flat_map(|part| part["files"].as_array().unwrap().clone());
    files.map(|f| (f["name"].as_str().unwrap().to_owned(), f["kind"].as_str().unwrap().to_owned())).collect()
}

fn has(files: &BTreeSet<(String, String)>, name: &str) -> bool {
    files.iter().any(|(n, _)| n == name)
}

fn zlib() -> Dir {
    let dir = Dir::new();
    dir.file("z.c", ZLIB);
    Run::new("gcc").dir(dir.path()).line("-O2 -c z.c").silent();
    dir
}

#[test]
fn what_was_taken_and_not_what_was_offered_by_each_linker() {
    let dir = zlib();
    let lines = [
        "",
        "-static",
        "-s",
        "-Wl,--gc-sections",
        "-fuse-ld=bfd",
        "-fuse-ld=bfd -s -static",
        "-fuse-ld=lld",
        "-fuse-ld=lld -s",
        "-fuse-ld=gold -static",
    ];
    for line in here(&lines) {
        let report = dir.join("report");
        let _ = fs::remove_dir_all(&report);
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_REPORT", &report);
        run.line(&format!("z.o {line} -lsqlite3 -lz -o z")).silent();
        assert_eq!(Run::new(dir.join("z")).ok().lines().count(), 1, "{line}");
        let all = parts(&dir.join("z"));
        assert_eq!(all["exact"], true, "{line}");
        let files = files(&dir.join("z"));
        for name in ["libz.a", "libc.a", "crti.o"] {
            assert!(has(&files, name), "{line}: no {name}: {files:?}");
        }
        assert!(!has(&files, "libsqlite3.a") && !has(&files, "z.o") && !has(&files, "parts.o"), "{line}: {files:?}");
        let record: Value = serde_json::from_str(&fs::read_to_string(report.join("links.jsonl")).unwrap()).unwrap();
        let paths =
            |key: &str| record[key].as_array().unwrap().iter().map(|l| l["path"].to_string()).collect::<String>();
        assert!(paths("unused").contains("libsqlite3.a") && !paths("libraries").contains("libsqlite3.a"), "{line}");
        assert!(paths("libraries").contains("libz.a") && record["parts"]["exact"] == true, "{line}");
        let zlib = all["parts"].as_array().unwrap().iter().find(|p| p["files"][0]["name"] == "libz.a").unwrap();
        assert!(zlib["files"][0]["members"].as_u64().unwrap() >= 1, "{line}");
        for tool in ["strip -s z -o other", "objcopy --strip-all z other"] {
            let (program, words) = tool.split_once(' ').unwrap();
            Run::new(program).dir(dir.path()).line(words).silent();
            assert_eq!(parts(&dir.join("other")), all, "{line}: {tool}");
        }
    }
}

#[test]
fn code_that_is_compiled_at_link_time_is_said_to_be_offered() {
    let dir = zlib();
    Run::new(STATICCC).dir(dir.path()).line("-O2 -flto z.c -lz -o z").silent();
    let all = parts(&dir.join("z"));
    assert_eq!(all["exact"], false);
    assert!(has(&files(&dir.join("z")), "libz.a"));
    let table = Run::new(STATICCTL).dir(dir.path()).line("parts z").ok();
    assert!(table.contains("zlib") && table.contains("These were offered"), "{table}");
}

#[test]
fn where_the_linker_does_not_say_it_the_output_s_symbols_do() {
    let dir = zlib();
    // mold, and a map of the user's own.
    for line in ["-fuse-ld=mold", "-fuse-ld=mold -static", "-fuse-ld=bfd -Wl,-Map=own.map"] {
        Run::new(STATICCC).dir(dir.path()).line(&format!("z.o {line} -lsqlite3 -lz -o z")).silent();
        assert_eq!(parts(&dir.join("z"))["exact"], true, "{line}");
        let found = files(&dir.join("z"));
        assert!(has(&found, "libz.a") && has(&found, "libc.a") && !has(&found, "libsqlite3.a"), "{line}: {found:?}");
        assert!(!has(&found, "z.o") && !has(&found, "parts.o"), "{line}: {found:?}");
        // The same members as the built-in linker takes, but for those without a function or variable.
        let members = |program: &str| {
            let all = parts(&dir.join(program));
            let files = all["parts"].as_array().unwrap().iter().flat_map(|p| p["files"].as_array().unwrap().clone());
            files.into_iter().find(|f| f["name"] == "libc.a").unwrap()["members"].as_u64().unwrap()
        };
        let built_in = if line.contains("-static") { "-static" } else { "" };
        Run::new(STATICCC).dir(dir.path()).line(&format!("z.o {built_in} -lsqlite3 -lz -o told")).silent();
        let (by_symbols, told) = (members("z"), members("told"));
        assert!(by_symbols <= told + told / 20 && by_symbols >= told - told / 5, "{line}: {by_symbols} of {told}");
    }
    // Without symbols nothing is seen.
    Run::new(STATICCC).dir(dir.path()).line("z.o -fuse-ld=mold -s -lsqlite3 -lz -o z").silent();
    assert_eq!(parts(&dir.join("z"))["exact"], false);
}

#[test]
fn the_note_has_the_same_bytes_in_every_directory() {
    let programs: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let dir = zlib();
            Run::new(STATICCC).dir(dir.path()).line("z.o -lz -lsqlite3 -o z").silent();
            Run::new(STATICCC).dir(dir.path()).line("z.o -lz -fuse-ld=bfd -o bfd").silent();
            [fs::read(dir.join("z")).unwrap(), fs::read(dir.join("bfd")).unwrap()].concat()
        })
        .collect();
    assert!(programs[0] == programs[1]);
}

#[test]
fn stdout_is_the_linker_s() {
    let dir = zlib();
    let said = |program: &str, line: &str| Run::new(program).dir(dir.path()).line(line).ok();
    // A list, a map and a version of the user's own.
    for word in ["-Wl,-t", "-Wl,--print-map", "-Wl,-v", "-Wl,--verbose"] {
        let ours = said(STATICCC, &format!("z.o -lz -fuse-ld=bfd {word} -o z"));
        assert!(!ours.is_empty(), "{word}");
    }
    assert!(said(STATICCC, "z.o -lz -fuse-ld=bfd -Wl,-t -o z").lines().any(|line| line == "z.o"));
    Run::new(STATICCC).dir(dir.path()).line("z.o -lz -fuse-ld=bfd -Wl,-Map=own.map -o z").silent();
    assert!(fs::read_to_string(dir.join("own.map")).unwrap().contains("z.o") && dir.join("z").exists());
}

#[test]
fn off_and_full() {
    let dir = zlib();
    let with = |value: &str| {
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", value).line("z.o -lz -o z").silent();
        Run::new("readelf").dir(dir.path()).line("-SW z").ok()
    };
    assert!(!with("off").contains(".note.staticcxx"));
    let said = Run::new(STATICCTL).dir(dir.path()).line("parts z").fails(1);
    assert!(said.contains("names no parts") && said.contains("STATICCXX_PARTS"), "{said}");
    assert!(with("full").contains(".note.staticcxx"));
    let bytes: u64 = parts(&dir.join("z"))["parts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|part| part["files"].as_array().unwrap())
        .filter_map(|file| file["bytes"].as_u64())
        .sum();
    let size = fs::metadata(dir.join("z")).unwrap().len();
    assert!(bytes > size / 4 && bytes < size, "{bytes} of {size}");
}

#[test]
fn what_a_package_build_says_is_joined_with_it() {
    let dir = zlib();
    let metadata = r#"{"type":"deb","os":"debian","name":"q","version":"1-2"}"#;
    let run = Run::new(STATICCC).dir(dir.path()).line("z.o -lz -fuse-ld=bfd -o z -Xlinker");
    run.args([format!("--package-metadata={metadata}")]).silent();
    let notes = Run::new("readelf").dir(dir.path()).line("-nW z").ok();
    assert_eq!(notes.matches("Packaging Metadata:").count(), 1, "{notes}");
    let content = String::from_utf8_lossy(&fs::read(dir.join("z")).unwrap()).into_owned();
    assert!(content.contains(r#""name":"q""#) && content.contains("pkg:deb/debian/zlib1g-dev@"));
    let document = Run::new(STATICCTL).dir(dir.path()).line("parts z --format cyclonedx").ok();
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        (&document["metadata"]["component"]["name"], &document["metadata"]["component"]["version"]),
        (&"q".into(), &"1-2".into())
    );
}

#[test]
fn musl_and_the_gcc_that_its_libraries_are_from() {
    let dir = Dir::new();
    dir.file("h.cc", "#include <iostream>\nint main() { std::cout << \"x\\n\"; }\n");
    let run = Run::new(STATICCXX).env("XDG_DATA_HOME", musl::data()).env("STATICCXX_TOOLCHAIN", "musl");
    run.dir(dir.path()).line("-O2 h.cc -o h").silent();
    let purls = Run::new(STATICCTL).dir(dir.path()).line("parts h --format purl").ok();
    assert!(purls.contains("musl") && purls.contains("gcc"), "{purls}");
    assert!(!purls.contains("libc6-dev"), "{purls}");
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "x\n");
}

#[test]
fn converted_libraries_plugins_and_those_of_the_project() {
    let dir = Dir::new();
    dir.file("a.c", "int a(void) { return 1; }\n");
    dir.file("b.c", "int b(void) { return 2; }\n");
    dir.file("p.c", "int p(void) { return 3; }\n");
    dir.file("m.c", "int a(void), b(void);\n#include <dlfcn.h>\nint main(void) { return a() + b() != 3 || !dlopen(\"libp.so\", 2); }\n");
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC a.c -o liba.so").silent();
    Run::new(STATICCC).dir(dir.path()).line("-shared -fPIC b.c -o libb.so").silent();
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC p.c -o libp.so").silent();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "libp.so");
    run.line("m.c -L. -la -lb -o m").ok();
    let files = files(&dir.join("m"));
    for (name, kind) in [("liba.so", "converted"), ("libb.so", "carried"), ("libp.so", "plugin")] {
        assert!(files.contains(&(name.into(), kind.into())), "{name}: {files:?}");
    }
    assert!(Run::new(dir.join("m")).output().status.success());
}

#[test]
fn a_converted_program_is_a_part_of_its_package() {
    let dir = Dir::new();
    Run::new(STATICCTL).dir(dir.path()).line("convert -q -o xz /usr/bin/xz").ok();
    let files = files(&dir.join("xz"));
    assert!(files.contains(&("xz".into(), "converted".into())) && has(&files, "liblzma.a"), "{files:?}");
    let purls = Run::new(STATICCTL).dir(dir.path()).line("parts xz --format purl").ok();
    assert!(purls.contains("pkg:deb/debian/xz-utils@"), "{purls}");
    assert!(!purls.contains("libsqlite3"), "{purls}");
}

#[test]
fn a_rust_program_s_libraries() {
    let dir = Dir::new();
    dir.file("m.rs", "#[link(name = \"z\")] extern \"C\" { fn zlibVersion() -> *const u8; }\nfn main() { unsafe { assert!(*zlibVersion() == b'1') } }\n");
    Run::new("rustc").dir(dir.path()).args(["m.rs", "-C", &format!("linker={STATICCC}"), "-o", "m"]).ok();
    let files = files(&dir.join("m"));
    assert!(has(&files, "libz.a") && has(&files, "libc.a"), "{files:?}");
    assert!(!files.iter().any(|(name, _)| name.ends_with(".rlib") || name.contains("symbols.o")), "{files:?}");
}

#[test]
fn the_crates_that_a_program_lists() {
    let dir = zlib();
    Run::new(STATICCC).dir(dir.path()).line("z.o -lz -o z").silent();
    let list = r#"{"packages":[{"name":"app","version":"1.0.0","source":"local","root":true,"dependencies":[1,2]},
        {"name":"cc","version":"1.2.3","source":"crates.io","kind":"build"},
        {"name":"serde","version":"1.0.0","source":"crates.io"}]}"#;
    dir.file("list.json", list);
    let pack = "import sys, zlib; open('list', 'wb').write(zlib.compress(open('list.json', 'rb').read()))";
    Run::new(python()).dir(dir.path()).args(["-c", pack]).silent();
    fs::copy("/bin/true", dir.join("dynamic")).unwrap();
    dir.file("text", "no list");
    let with = |list: &str, program: &str, to: &str| {
        let words = ["--add-section", &format!(".dep-v0={list}"), program, to];
        Run::new("objcopy").dir(dir.path()).args(words).silent();
    };
    with("list", "z", "both");
    with("list", "dynamic", "crates");
    with("text", "z", "damaged");
    let purls = |program: &str| Run::new(STATICCTL).dir(dir.path()).args(["parts", "--format", "purl", program]).ok();
    let both = purls("both");
    assert!(both.starts_with("pkg:cargo/serde@1.0.0\n") && both.contains("pkg:deb/debian/zlib1g-dev@"), "{both}");
    assert_eq!(purls("crates"), "pkg:cargo/serde@1.0.0\n");
    let table = Run::new(STATICCTL).dir(dir.path()).line("parts both").ok();
    let row: Vec<&str> = table.lines().find(|line| line.starts_with("serde")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["serde", "1.0.0", "serde", "(crate)"]);
    for format in ["cyclonedx", "spdx"] {
        let document = Run::new(STATICCTL).dir(dir.path()).args(["parts", "both", "--format", format]).ok();
        assert!(document.contains("\"pkg:cargo/serde@1.0.0\""), "{document}");
    }
    let said = Run::new(STATICCTL).dir(dir.path()).line("parts damaged").fails(2);
    assert!(said.contains("its list of crates is damaged"), "{said}");
    // Licences of crates are not of this machine's packages.
    let out = Run::new(STATICCTL).dir(dir.path()).line("licenses both -o out").output();
    assert!(out.status.code() == Some(1) && text(&out.stdout).contains("\n  serde  it is a crate"), "{out:?}");
}

#[test]
fn our_own_programs_list_their_crates() {
    for program in [STATICCTL, STATICCC] {
        let purls = Run::new(STATICCTL).args(["parts", "--format", "purl", program]).ok();
        assert!(purls.contains("pkg:cargo/object@0.") && purls.contains("pkg:cargo/clap@4."), "{purls}");
        assert!(!purls.contains("pkg:cargo/staticcxx@") && !purls.contains("pkg:cargo/proptest@"), "{purls}");
    }
}

#[test]
fn damaged_notes_other_files_and_a_note_that_was_removed() {
    let dir = zlib();
    Run::new(STATICCC).dir(dir.path()).line("z.o -lz -o z").silent();
    let bytes = fs::read(dir.join("z")).unwrap();
    // The length of the owner's name, two more numbers, the name.
    let is_note = |w: &[u8]| w[..4] == 10u32.to_ne_bytes() && w[12..] == *b"staticcxx\0";
    let owner = bytes.windows(22).position(is_note).unwrap() + 12;
    let changed = |name: &str, at: usize, bytes: &[u8]| {
        fs::copy(dir.join("z"), dir.join(name)).unwrap();
        fs::OpenOptions::new().write(true).open(dir.join(name)).unwrap().write_all_at(bytes, at as u64).unwrap();
        Run::new(STATICCTL).dir(dir.path()).args(["parts", name]).fails(2)
    };
    // Its compressed text, its size, its owner.
    for (name, at, with) in
        [("text", owner + 20, &[0xff; 40][..]), ("size", owner - 8, &[0xff; 4]), ("owner", owner, b"x")]
    {
        let said = changed(name, at, with);
        assert!(said.contains("damaged"), "{name}: {said}");
    }
    Run::new("objcopy").dir(dir.path()).line("--remove-section .note.staticcxx z removed").silent();
    let said = Run::new(STATICCTL).dir(dir.path()).line("parts removed").ok();
    assert!(said.contains("zlib1g-dev"), "{said}");
    dir.file("text.txt", "no program");
    for name in ["text.txt", "missing", "."] {
        let said = Run::new(STATICCTL).dir(dir.path()).args(["parts", name]).fails(2);
        assert!(said.starts_with("staticcxx: error: `"), "{said}");
    }
}

#[test]
fn a_program_that_no_note_fits_in_gets_none() {
    let dir = Dir::new();
    // Its layout is the user's: a note would be where it puts nothing.
    dir.file(
        "s.S",
        ".globl _start\n_start: mov $60, %eax\n xor %edi, %edi\n syscall\n.section .note.GNU-stack,\"\",@progbits\n",
    );
    dir.file("s.ld", "SECTIONS { . = 0x400000; .text : { *(.text) } }\n");
    Run::new(STATICCC).dir(dir.path()).line("-static -nostdlib s.S -Wl,-T,s.ld -o s").ok();
    assert!(!Run::new("readelf").dir(dir.path()).line("-SW s").ok().contains(".note.package"));
    assert!(Run::new(dir.join("s")).output().status.success());
}

#[test]
fn of_a_program_without_notes_its_symbols_are_guessed_from() {
    let dir = zlib();
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "off");
    run.line("z.o -lsqlite3 -lz -o z").silent();
    let parts = |words: &str| {
        let out = Run::new(STATICCTL).dir(dir.path()).line(&format!("parts {words}")).output();
        assert_eq!(out.status.code(), Some(1), "{words}");
        assert!(text(&out.stderr).contains("names no parts"), "{}", text(&out.stderr));
        text(&out.stdout)
    };
    let table = parts("z");
    let has = |name: &str| table.lines().any(|line| line.starts_with(&format!("{name} ")));
    assert!(has("zlib1g-dev") && has("libc6-dev") && !has("libsqlite3-dev"), "{table}");
    assert!(table.contains("This is a guess from the program's symbols"), "{table}");
    let json: Value = serde_json::from_str(&parts("z --format json")).unwrap();
    assert_eq!((&json["guess"], &json["exact"]), (&true.into(), &false.into()));
    // A document is not made of guesses, nor a guess of a program without symbols.
    assert_eq!(parts("z --format cyclonedx"), "");
    Run::new("strip").dir(dir.path()).args(["z"]).silent();
    assert_eq!(parts("z"), "");
}

#[test]
fn files_have_digests_where_nothing_else_tells_them_apart() {
    let dir = Dir::new();
    dir.file(
        "z.c",
        "#include <zlib.h>\n#include <stdio.h>\nint q(void);\nint main(void) { return puts(zlibVersion()) < q(); }\n",
    );
    dir.file("q.c", "int q(void) { return 0; }\n");
    Run::new("gcc").dir(dir.path()).line("-c q.c").silent();
    Run::new("ar").dir(dir.path()).line("rcs libq.a q.o").silent();
    let digest = |file: &Path| Run::new("sha256sum").args([file]).ok().split(' ').next().unwrap().to_owned();
    let zlib = Run::new("gcc").line("-print-file-name=libz.a").ok();
    for (mode, line, has_zlib) in
        [("note", "", false), ("full", "", true), ("full", "-fuse-ld=bfd", true), ("note", "-fuse-ld=mold", false)]
    {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", mode);
        run.line(&format!("z.c -L. -lq -lz {line} -o z")).silent();
        let all = parts(&dir.join("z"));
        let of = |name: &str| {
            let files = all["parts"].as_array().unwrap().iter().flat_map(|p| p["files"].as_array().unwrap().clone());
            files.into_iter().find(|f| f["name"] == name).unwrap()["sha256"].as_str().map(str::to_owned)
        };
        assert_eq!(of("libq.a"), Some(digest(&dir.join("libq.a"))), "{mode} {line}");
        let zlib = Some(digest(Path::new(zlib.trim()))).filter(|_| has_zlib);
        assert_eq!(of("libz.a"), zlib, "{mode} {line}");
    }
    let document = Run::new(STATICCTL).dir(dir.path()).line("parts z --format cyclonedx").ok();
    let document: Value = serde_json::from_str(&document).unwrap();
    let component = document["components"].as_array().unwrap().iter().find(|c| c["name"] == "libq.a").unwrap();
    assert_eq!(component["hashes"][0]["content"].as_str(), Some(digest(&dir.join("libq.a")).as_str()));
}
