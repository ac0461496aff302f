//! Toolchains: descriptors, the choice, the cache, and the real compilers behind the names.

use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

pub fn sources() -> Dir {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    dir
}

#[test]
fn a_cross_compiler_s_name_makes_programs_for_its_machine() {
    let dir = sources();
    fs::create_dir(dir.join("bin")).unwrap();
    let name = "x86_64-linux-gnu-g++";
    std::os::unix::fs::symlink(STATICCXX, dir.join("bin").join(name)).unwrap();
    Run::new(name).path_first(&[&dir.join("bin")]).dir(dir.path()).line("h.cpp -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn an_unknown_toolchain_is_named_with_those_there_are() {
    let dir = sources();
    let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_TOOLCHAIN", "nope").line("-c h.c").fails(1);
    assert!(said.contains("no toolchain `nope`") && said.contains("musl-gcc"), "{said}");
    assert!(said.contains("staticcxx: hint: staticctl toolchain list"), "{said}");
}

/// Neither by the call itself nor by the trials that it makes where nothing is kept.
#[test]
fn a_file_that_is_named_like_the_toolchain_is_no_descriptor() {
    let dir = sources();
    dir.file("host-gcc", "something else");
    let cc = Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"));
    cc.env("STATICCXX_TOOLCHAIN", "host-gcc").line("h.c -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    assert!(dir.join("cache/staticcxx/trials").is_dir());
}

#[test]
fn a_broken_descriptor_is_an_error_that_names_file_and_field() {
    let dir = sources();
    for (text, telling) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "invalid length"),
        ("{\"name\": \"x\"}", "missing field"),
        ("{\"name\": 1}", "name: invalid type"),
        ("\u{0}\u{ff}", "expected value"),
    ] {
        let file = dir.file("t.json", text);
        let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_TOOLCHAIN", &file).line("-c h.c").fails(1);
        assert!(said.contains(&file.display().to_string()), "{text}: {said}");
        assert!(said.contains(telling), "{text}: {said}");
    }
    let good = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/toolchains/host-gcc.json")).unwrap();
    let file = dir.file("t.json", good.replacen('{', "{\"surprise\": 1,", 1));
    let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_TOOLCHAIN", &file).line("-c h.c").fails(1);
    assert!(said.contains("surprise"), "{said}");
    let file = missing("t.json");
    let said = Run::new(STATICCC).env("STATICCXX_TOOLCHAIN", &file).line("-c h.c").fails(1);
    assert!(said.contains(file.to_str().unwrap()), "{said}");
}

#[test]
fn a_user_s_own_toolchain_is_found_by_name_and_can_be_the_default() {
    let dir = sources();
    let cc = recording(&dir, "mycc", "exec gcc \"$@\"");
    let cxx = recording(&dir, "mycxx", "exec g++ \"$@\"");
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/toolchains/host-gcc.json")).unwrap();
    let mut descriptor: serde_json::Value = serde_json::from_str(&text).unwrap();
    descriptor["name"] = "mine".into();
    descriptor["find"] = serde_json::json!({"c": [[cc]], "c++": [[cxx]]});
    descriptor["compile_args"] = serde_json::json!(["-DMINE=1"]);
    dir.file("config/staticcxx/toolchains/mine.json", descriptor.to_string());
    let run = |program: &str| Run::new(program).dir(dir.path()).env("XDG_CONFIG_HOME", dir.join("config"));
    assert!(run(STATICCTL).line("toolchain list").ok().contains("mine"));
    run(STATICCC).env("STATICCXX_TOOLCHAIN", "mine").line("h.c -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    let calls = recorded(&dir, "mycc");
    assert_eq!(calls.last().unwrap()[0], "-DMINE=1", "{calls:?}");
    run(STATICCTL).line("toolchain default mine").ok();
    run(STATICCXX).line("h.cpp -o h").silent();
    assert!(!recorded(&dir, "mycxx").is_empty());
    run(STATICCTL).line("toolchain default auto").ok();
    let before = recorded(&dir, "mycxx").len();
    run(STATICCXX).line("h.cpp -o h").silent();
    assert_eq!(recorded(&dir, "mycxx").len(), before);
}

#[test]
fn a_compiler_is_probed_once_until_it_changes() {
    let dir = sources();
    let cc = recording(&dir, "mycc", "exec gcc \"$@\"");
    let run = || {
        let run = Run::new(STATICCC).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache")).env("STATICCXX_CC", &cc);
        run.line("h.c -o h").silent();
        let calls = recorded(&dir, "mycc").len();
        fs::remove_file(dir.join("mycc.log")).unwrap();
        calls
    };
    assert!(run() > 3, "the first link probes");
    // It compiles, and it links.
    assert_eq!(run(), 2, "the second does not");
    let old = fs::read_to_string(&cc).unwrap();
    fs::write(&cc, old + "# changed\n").unwrap();
    fs::set_permissions(&cc, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(run() > 3, "a changed compiler is another one");
}

#[test]
fn first_links_at_the_same_time_all_work() {
    let dir = sources();
    std::thread::scope(|scope| {
        for i in 0..6 {
            let dir = &dir;
            scope.spawn(move || {
                let run = Run::new(STATICCXX).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"));
                run.args(["h.cpp", "-o", &format!("h{i}")]).silent();
            });
        }
    });
    let left: Vec<_> = fs::read_dir(dir.join("cache/staticcxx/probe")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    Run::new(STATICCXX).dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache")).line("h.cpp -o h").silent();
}

#[test]
fn the_target_s_own_options_are_part_of_what_is_probed() {
    let dir = sources();
    // No 32-bit libraries here: the probe says so instead of a program for the wrong machine.
    let said = Run::new(STATICCC).dir(dir.path()).line("-m32 h.c -o h").fails(1);
    assert!(said.contains("-m32`) can't link static C programs"), "{said}");
    Run::new(STATICCC).dir(dir.path()).line("-m64 h.c -o h").silent();
}

#[test]
fn what_another_version_kept_is_made_again() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let link = || Run::new(STATICCC).dir(dir.path()).line("h.c -o h").env("XDG_CACHE_HOME", dir.join("cache")).silent();
    link();
    let facts = || {
        let all = fs::read_dir(dir.join("cache/staticcxx/probe")).unwrap().map(|e| e.unwrap().path());
        all.map(|path| (fs::read_to_string(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = facts();
    assert!(!before.is_empty());
    for (text, path) in &before {
        let mut entry = unsealed(path);
        assert_eq!(entry["key"]["sources"].as_str().unwrap().len(), 16, "{text}");
        entry["key"]["sources"] = "0123456789abcdef".into();
        entry["facts"]["version"] = "of another release".into();
        sealed(path, &entry.to_string());
    }
    link();
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (before.into_iter().map(|(t, p)| (p, t)).collect(), facts().into_iter().map(|(t, p)| (p, t)).collect());
    let sources = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()[1]["key"]["sources"].clone();
    for (path, text) in after {
        assert!(!text.contains("of another release"), "{text}");
        assert_eq!(sources(&text), sources(&before[&path]));
    }
}
