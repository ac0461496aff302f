//! Being found under other names, finding the real compiler, launchers before and behind.

use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

pub fn hello(dir: &Dir) {
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
}

#[test]
fn two_copies_of_the_driver_on_path_do_not_call_each_other_for_ever() {
    let dir = Dir::new();
    hello(&dir);
    let dirs = ["one", "two"].map(|d| dir.join(d));
    for d in &dirs {
        fs::create_dir(d).unwrap();
        for (driver, name) in [(STATICCC, "gcc"), (STATICCC, "cc"), (STATICCXX, "g++"), (STATICCXX, "c++")] {
            fs::copy(driver, d.join(name)).unwrap();
        }
    }
    let path: Vec<&Path> = dirs.iter().map(|d| d.as_path()).collect();
    for (name, source) in [("gcc", "h.c"), ("c++", "h.cpp")] {
        Run::new(name).dir(dir.path()).path_first(&path).args([source, "-o", "h"]).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
        Run::new(name).dir(dir.path()).path_first(&path).args([source, "-c"]).silent();
    }
}

#[test]
fn our_own_names_in_the_environment_are_no_trap() {
    let dir = Dir::new();
    hello(&dir);
    let run = || Run::new("staticcc").with_our_compilers().dir(dir.path()).env("XDG_CACHE_HOME", dir.join("cache"));
    run().line("h.c -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn a_launcher_stands_before_the_real_compiler() {
    let dir = Dir::new();
    hello(&dir);
    let launcher = recording(&dir, "launch", "exec \"$@\"");
    let run = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_LAUNCHER", &launcher);
    run().line("-c h.c -o h.o").silent();
    run().line("h.o -o h").silent();
    let calls = recorded(&dir, "launch");
    assert!(calls[0][0].starts_with('/') && calls[0][1..] == ["-pipe", "-c", "h.c", "-o", "h.o"], "{calls:?}");
    assert!(calls.last().unwrap().contains(&"-static-pie".to_owned()), "{calls:?}");
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn a_wrapper_on_path_that_comes_back_to_us_ends() {
    let dir = Dir::new();
    hello(&dir);
    // What ccache's masquerading directory does: a `gcc` that looks for the next `gcc`, which is us.
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(STATICCC, bin.join("gcc")).unwrap();
    dir.script("wrap/gcc", &format!("exec '{}' \"$@\"", bin.join("gcc").display()));
    let run = Run::new("gcc").dir(dir.path()).path_first(&[&bin, &dir.join("wrap")]);
    run.line("h.c -o h").silent();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
}

#[test]
fn one_program_is_every_driver_by_its_own_names_and_by_links_to_them() {
    let dir = Dir::new();
    hello(&dir);
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    fs::copy(STATICCTL, bin.join("staticctl")).unwrap();
    for name in ["staticcc", "staticcxx"] {
        fs::hard_link(bin.join("staticctl"), bin.join(name)).unwrap();
    }
    symlink("staticcc", bin.join("my-compiler")).unwrap();
    symlink(bin.join("staticcxx"), bin.join("my-compiler++")).unwrap();
    // As packages have them.
    fs::create_dir(bin.join("links")).unwrap();
    symlink("../staticctl", bin.join("links/staticcxx")).unwrap();
    symlink("links/staticcxx", bin.join("another++")).unwrap();
    symlink("staticctl", bin.join("my-tool")).unwrap();
    for (name, source) in
        [("staticcc", "h.c"), ("staticcxx", "h.cpp"), ("my-compiler++", "h.cpp"), ("my-compiler", "h.c")]
    {
        Run::new(name).dir(dir.path()).path_first(&[&bin]).args([source, "-o", "h"]).silent();
        assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n", "{name}");
    }
    for name in ["staticctl", "my-tool"] {
        let said = Run::new(bin.join(name)).dir(dir.path()).line("check h").ok();
        assert!(said.contains("static"), "{said}");
    }
}
