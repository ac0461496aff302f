//! Being found under Clang's names, ccache before and behind the drivers, shims for make.

use crate::quick::names::hello;
use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

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
fn shims_are_a_directory_for_path() {
    let dir = Dir::new();
    hello(&dir);
    let shims = dir.join("shims");
    let line = Run::new(STATICCTL).arg2("shims", &shims).ok();
    assert_eq!(line, format!("export PATH={}:$PATH\n", fs::canonicalize(&shims).unwrap().display()));
    let names: Vec<_> = fs::read_dir(&shims).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in [
        "cc",
        "gcc",
        "g++",
        "c++",
        "clang",
        "clang++",
        &format!("gcc-{}", gcc_major()),
        "x86_64-linux-gnu-g++",
        "staticcxx",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
    dir.file("Makefile", format!("h: h.cpp\n\tg++-{} -O1 h.cpp -o h\n", gcc_major()));
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
