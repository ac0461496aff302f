//! Hostile bytes for everything that reads bytes. Each target runs for STATICCXX_FUZZ_SECONDS (1 by default, 60 in
//! `tests/run`) with seeds that differ from run to run; `fuzzing.rs` says where a failure is saved and how it is had again.

use crate::fuzz_targets as targets;
use crate::fuzzing::{Fuzzer, Input, REGRESSIONS, damaged, target_of};
use crate::support::*;
use proptest::prelude::*;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub fn fuzz<T: Input>(name: &str, inputs: impl Strategy<Value = T>, target: impl Fn(&T)) {
    assert!(TARGETS.contains(&name));
    Fuzzer::new(name).run(inputs, target);
}

/// What saved inputs are named after.
pub const TARGETS: [&str; 7] = ["calls", "commands", "elf", "programs", "responses", "scripts", "shared"];

#[test]
fn every_saved_input_has_a_target() {
    let files: Vec<_> = fs::read_dir(REGRESSIONS).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!files.is_empty());
    for file in files {
        assert!(target_of(&file).is_some_and(|name| TARGETS.contains(&&*name)), "{}", file.display());
    }
}

#[test]
fn what_fails_is_saved_and_fails_again() {
    let dir = Dir::new();
    let regressions = dir.join("kept");
    fs::create_dir(&regressions).unwrap();
    let fuzzer = Fuzzer {
        name: "own",
        failures: dir.join("failed"),
        regressions: &regressions,
        budget: Duration::ZERO,
        fewest: 500,
    };
    let inputs = proptest::collection::vec(any::<u8>(), 0..50);
    // Said before it fails, since a target may take the whole process along.
    let label = || fs::read_to_string(dir.join(format!("failed/own.running-{}", std::process::id()))).unwrap();
    let target = |bytes: &Vec<u8>| assert!(bytes.len() < 40, "{} bytes after {}", bytes.len(), label().trim());
    let panic = catch_unwind(AssertUnwindSafe(|| fuzzer.feed(1, &inputs, &target))).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    let names: Vec<_> = fs::read_dir(dir.join("failed")).unwrap().map(|f| f.unwrap().file_name()).collect();
    let [name] = &names[..] else { panic!("{names:?}") };
    let name = name.to_str().unwrap();
    assert!(said.contains(&format!("bytes after {name}")), "{said}");
    assert!(said.contains(&format!("failed/{name}")) && said.contains(&format!("_REPLAY={name} ")), "{said}");
    // From its file, from its seed alone, and as one of the saved.
    let saved = fs::read(dir.join("failed").join(name)).unwrap();
    assert!(saved.len() >= 40);
    assert_eq!(fuzzer.replayed(name, &inputs), saved);
    fs::rename(dir.join("failed").join(name), regressions.join("own-long")).unwrap();
    assert_eq!(fuzzer.replayed(name, &inputs), saved);
    assert_eq!(fuzzer.replayed("own-long", &inputs), saved);
    let fails = catch_unwind(AssertUnwindSafe(|| fuzzer.run(&inputs, |bytes: &Vec<u8>| assert!(*bytes != saved))));
    assert!(fails.is_err());
}

/// Words as they occur in calls, and bytes.
fn words() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let known = proptest::sample::select(vec![
        "-o",
        "-Wl,",
        "-Wl,-rpath,",
        "-Wl,--start-group",
        "-Xlinker",
        "-l",
        "-l:",
        "-L",
        "-x",
        "c++",
        "-static",
        "-shared",
        "-Wl,-z,now",
        "@f",
        "--sysroot=",
        "--sysroot",
        "-Wl,--library=",
        "-specs=",
        "-",
        "",
        "--",
        "-Wl,@f",
        "-z",
        "-T",
        "-isystem",
        "--param",
        "-###",
    ]);
    let bytes = proptest::collection::vec(1u8.., 0..24);
    let word = (known, bytes)
        .prop_map(|(k, b)| if b.len() % 3 == 0 { k.as_bytes().to_vec() } else { [k.as_bytes(), &b].concat() });
    proptest::collection::vec(word, 0..24)
}

#[test]
fn lexer_and_linker_words() {
    fuzz("calls", words(), |words| targets::calls(words));
}

#[test]
fn response_files() {
    let dir = Dir::new();
    let bytes = proptest::collection::vec(
        prop_oneof![any::<u8>(), proptest::sample::select(b"\\\"' \n\t@-ox/".to_vec())],
        0..300,
    );
    fuzz("responses", bytes, |bytes| targets::responses(bytes, dir.path()));
}

#[test]
fn elf_files() {
    let dir = Dir::new();
    dir.file("x.c", HELLO_C);
    dir.file("y.c", "void _start(void) { for (;;) ; }\n");
    for line in [
        "y.c -nostdlib -static -o a",
        "y.c -nostdlib -static-pie -o b",
        "x.c -o c",
        "-c x.c -o d",
        "-shared -fPIC x.c -o e",
    ] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    // The notes of a program, in an object.
    Run::new(STATICCC).dir(dir.path()).line("x.c -o noted").silent();
    let all = [".note.package=p", ".note.staticcxx=s"];
    Run::new("objcopy")
        .dir(dir.path())
        .args(all.map(|of| format!("--dump-section={of}")))
        .args(["noted", "other"])
        .silent();
    Run::new("objcopy").dir(dir.path()).args(all.map(|of| format!("--add-section={of}"))).args(["d", "f"]).silent();
    let noted = fs::read(dir.join("f")).unwrap();
    assert!(noted.len() < 0x4000 && !staticcxx::parts::noted_program::package_urls(&noted).unwrap().is_empty());
    let seeds: Vec<Vec<u8>> = ["a", "b", "c", "d", "e", "f"].map(|n| fs::read(dir.join(n)).unwrap()).to_vec();
    fuzz("elf", damaged(seeds, 0x400, 5), |bytes| targets::elf(bytes));
}

#[test]
fn scripts_and_package_files() {
    let token = proptest::sample::select(vec![
        "INPUT",
        "GROUP",
        "AS_NEEDED",
        "SEARCH_DIR",
        "OUTPUT_FORMAT",
        "(",
        ")",
        ",",
        "-lm",
        "/* ",
        " */",
        "\"",
        "libx.so",
        " ",
        "\n",
        "=",
        ";",
        "${",
        "}",
        "$",
        "prefix=",
        "${prefix}",
        "Libs.private:",
        "Requires.private:",
        "Libs:",
        ">= 1",
        "'",
        "\\",
        "dependency_libs=",
        "old_library=",
        "\u{ff}",
    ]);
    let text = proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat());
    fuzz("scripts", text, |text| targets::scripts(text));
}
