//! Being found under other names, finding the real compiler, launchers before and behind.

use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn hello(dir: &Dir) {
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
}

#[test]
fn any_compiler_s_name_by_symlink_hard_link_or_copy() {
    let dir = Dir::new();
    hello(&dir);
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    let place = |how: &str, driver: &str, name: &str| {
        let at = bin.join(name);
        match how {
            "symlink" => symlink(driver, at).unwrap(),
            // The build directory may be on another file system: the first copy is what is linked to.
            "hard link" => {
                let first = bin.join(".first");
                fs::copy(driver, &first).unwrap();
                fs::hard_link(&first, at).unwrap();
            }
            _ => drop(fs::copy(driver, at).unwrap()),
        }
    };
    for how in ["symlink", "hard link", "copy"] {
        for (name, driver) in
            [("gcc", STATICCC), ("cc", STATICCC), ("clang", STATICCC), ("x86_64-linux-gnu-gcc", STATICCC)]
        {
            place(how, driver, name);
            Run::new(name).dir(dir.path()).path_first(&[&bin]).line("h.c -o h").silent();
            assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n", "{how} {name}");
            fs::remove_file(bin.join(name)).unwrap();
        }
        for (name, driver) in [("g++", STATICCXX), ("c++", STATICCXX), ("clang++", STATICCXX)] {
            place(how, driver, name);
            Run::new(name).dir(dir.path()).path_first(&[&bin]).line("h.cpp -o h").silent();
            assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n", "{how} {name}");
            fs::remove_file(bin.join(name)).unwrap();
        }
    }
}

#[test]
fn the_compiler_behind_a_name_is_the_one_of_that_name() {
    let dir = Dir::new();
    hello(&dir);
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    for name in ["gcc", "clang"] {
        symlink(STATICCC, bin.join(name)).unwrap();
        let version = |run: Run| run.line("--version").ok().lines().next().unwrap().to_owned();
        assert_eq!(version(Run::new(name).path_first(&[&bin])), version(Run::new(which(name))), "{name}");
    }
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
fn ccache_before_and_behind_the_driver_hits() {
    let dir = Dir::new();
    hello(&dir);
    let ccache = which("ccache");
    let direct = |out: &str| Run::new("cc").dir(dir.path()).args(["-c", "h.c", "-o", out]).silent();
    direct("direct.o");
    let cached = |run: Run| run.dir(dir.path()).env("CCACHE_DIR", dir.join("ccache"));
    let hits = || {
        let stats = cached(Run::new(&ccache)).line("--print-stats").ok();
        let count = |name: &str| -> u32 {
            let line = stats.lines().find(|l| l.starts_with(name)).unwrap();
            line.split_whitespace().last().unwrap().parse().unwrap()
        };
        count("direct_cache_hit") + count("preprocessed_cache_hit")
    };
    let before =
        |out: &str| cached(Run::new(&ccache).with_our_compilers()).args(["staticcc", "-c", "h.c", "-o", out]).silent();
    before("b1.o");
    before("b2.o");
    assert_eq!(hits(), 1);
    let behind = |out: &str| {
        cached(Run::new(STATICCC)).env("STATICCXX_LAUNCHER", &ccache).args(["-c", "h.c", "-o", out]).silent();
    };
    behind("c1.o");
    let first = hits();
    behind("c2.o");
    assert_eq!(hits(), first + 1);
    let object = fs::read(dir.join("direct.o")).unwrap();
    for name in ["b1.o", "b2.o", "c1.o", "c2.o"] {
        assert_eq!(fs::read(dir.join(name)).unwrap(), object, "{name}");
    }
    cached(Run::new(&ccache).with_our_compilers()).line("staticcc h.c -o h").silent();
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
fn shims_are_a_directory_for_path() {
    let dir = Dir::new();
    hello(&dir);
    let shims = dir.join("shims");
    let line = Run::new(STATICCTL).arg2("shims", &shims).ok();
    assert_eq!(line, format!("export PATH={}:$PATH\n", fs::canonicalize(&shims).unwrap().display()));
    let names: Vec<_> = fs::read_dir(&shims).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in ["cc", "gcc", "g++", "c++", "clang", "clang++", "gcc-12", "x86_64-linux-gnu-g++", "staticcxx"] {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
    dir.file("Makefile", "h: h.cpp\n\tg++-12 -O1 h.cpp -o h\n");
    Run::new("make").dir(dir.path()).path_first(&[&shims]).ok();
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello\n");
    // Again is no error; a foreign file is, unless it may be replaced.
    Run::new(STATICCTL).arg2("shims", &shims).ok();
    fs::remove_file(shims.join("gcc")).unwrap();
    fs::write(shims.join("gcc"), "mine").unwrap();
    let said = Run::new(STATICCTL).arg2("shims", &shims).fails(2);
    assert!(said.contains("gcc") && said.contains("--force"), "{said}");
    assert_eq!(fs::read(shims.join("gcc")).unwrap(), b"mine");
    Run::new(STATICCTL).arg2("shims", &shims).args(["--force"]).ok();
}

impl Run {
    fn arg2(self, command: &str, path: &Path) -> Run {
        self.args([command.as_ref(), path.as_os_str()])
    }
}
