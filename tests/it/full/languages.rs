//! Compilers of other languages, and links that no driver saw: our linker along COMPILER_PATH.

use crate::quick::run::{built, ctl, names};
use crate::support::*;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const FORTRAN: &str = "program p\n  print '(a)', 'hello'\nend program\n";

fn sources(dir: &Dir) {
    dir.file("h.c", HELLO_C);
    dir.file("h.cpp", HELLO_CXX);
    dir.file("f.f90", FORTRAN);
}

fn staticfc() -> PathBuf {
    Path::new(STATICCC).with_file_name("staticfc")
}

/// Our linker, as compilers find it.
fn linker(dir: &Dir) -> PathBuf {
    let json: Value = serde_json::from_str(&ctl(dir).line("env --shell json").ok()).unwrap();
    Path::new(json["COMPILER_PATH"].as_str().unwrap().split(':').next().unwrap()).join("ld")
}

/// A program of a whole build that was reported: linked by us, and the same without anything else.
fn is_ours(dir: &Dir, command: &[&str], program: &str) {
    let (_, report) = built(dir, command);
    assert_eq!(
        (names(&report, "programs"), names(&report, "foreign")),
        (vec![program.to_owned()], vec![]),
        "{command:?}"
    );
    assert_eq!(says_in_empty_root(&dir.join(program), &[]), "hello\n", "{command:?}");
}

#[test]
fn compilers_by_their_path() {
    for command in [
        "/usr/bin/gcc h.c -o a",
        "/usr/bin/g++ -O1 h.cpp -o b",
        "/usr/bin/clang h.c -o c",
        "/usr/bin/clang++ h.cpp -o d",
        "/usr/bin/gcc -flto -O2 h.c -o e",
        "/usr/bin/gcc -static h.c -o f",
        "/usr/bin/gcc -no-pie h.c -o g",
        "/usr/bin/gcc -fuse-ld=gold h.c -o h",
        "/usr/bin/gfortran f.f90 -o i",
        "gfortran -static-libgfortran f.f90 -o j",
    ] {
        let dir = Dir::new();
        sources(&dir);
        let words: Vec<&str> = command.split(' ').collect();
        is_ours(&dir, &words, words.last().unwrap());
    }
}

#[test]
fn a_tree_that_was_configured_before() {
    let dir = Dir::new();
    sources(&dir);
    dir.file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(p CXX Fortran)\nadd_executable(a h.cpp)\nadd_executable(f f.f90)\n");
    Run::new("cmake").dir(dir.path()).line("-S . -B b").ok();
    // A toolchain file that names compilers by their path comes to the same.
    dir.file(
        "toolchain.cmake",
        "set(CMAKE_CXX_COMPILER /usr/bin/g++)\nset(CMAKE_Fortran_COMPILER /usr/bin/gfortran)\n",
    );
    Run::new("cmake").dir(dir.path()).line("-S . -B c -DCMAKE_TOOLCHAIN_FILE=toolchain.cmake").ok();
    for tree in ["b", "c"] {
        let (_, report) = built(&dir, &["cmake", "--build", tree]);
        assert_eq!(names(&report, "programs"), [format!("{tree}/a"), format!("{tree}/f")]);
        for program in ["a", "f"] {
            assert_eq!(says_in_empty_root(&dir.join(tree).join(program), &[]), "hello\n");
        }
    }
}

#[test]
fn what_is_no_program_goes_to_the_compiler_s_own_linker() {
    let dir = Dir::new();
    sources(&dir);
    let linker = linker(&dir);
    Run::new("gcc").dir(dir.path()).line("-c -fPIC h.c").ok();
    for line in [
        "--version",
        "-V",
        "--help",
        "--verbose",
        "",
        "-r h.o -o r.o",
        "-shared h.o -o l.so",
        "-o x h.o",
        "-T none h.o",
        "h.o -o k -e main",
    ] {
        let run = |program: &Path| {
            let out = Run::new(program).dir(dir.path()).line(line).output();
            let made: Vec<Option<Vec<u8>>> = ["r.o", "l.so", "x", "k", "a.out"]
                .iter()
                .map(|name| {
                    let bytes = fs::read(dir.join(name)).ok();
                    let _ = fs::remove_file(dir.join(name));
                    bytes
                })
                .collect();
            (out.status, out.stdout, text(&out.stderr), made)
        };
        assert_eq!(run(&linker), run(&which("ld")), "{line}");
    }
    // By hand the line of a program is one too: nobody is there who could link it otherwise.
    let said = text(&Run::new("gcc").dir(dir.path()).line("-### h.o -o by-hand").output().stderr);
    let line = said.lines().rfind(|l| l.contains("collect2")).unwrap();
    let words = shlex::split(line).unwrap();
    Run::new(&linker).dir(dir.path()).args(&words[1..]).silent();
    assert!(!is_static(&dir.join("by-hand")));
}

#[test]
fn what_can_t_be_static_goes_on_as_it_was_and_is_told() {
    let dir = Dir::new();
    sources(&dir);
    let (out, report) = built(&dir, &["/usr/bin/gcc", "-fsanitize=address", "h.c", "-o", "a"]);
    assert_eq!((names(&report, "programs"), names(&report, "foreign")), (vec![], vec![]));
    assert_eq!(names(&report, "left_alone"), ["a"]);
    let said = text(&out.stderr);
    assert!(said.contains("warning: `a` is dynamic, as the build linked it: ") && said.contains("asan"), "{said}");
    assert_eq!(Run::new(dir.join("a")).ok(), "hello\n");
    // An error of the user's is the compiler's own, once, with its status.
    dir.file("bad.c", "int nosuch(void); int main(void) { return nosuch(); }\n");
    let run = |with: Run| {
        let out = with.dir(dir.path()).output();
        let said: Vec<String> = text(&out.stderr).lines().filter(|l| l.contains("nosuch")).map(str::to_owned).collect();
        (out.status.code(), said.len())
    };
    let plain = run(Run::new("/usr/bin/gcc").line("bad.c -o bad"));
    assert_eq!(run(ctl(&dir).line("run -- /usr/bin/gcc bad.c -o bad")), plain);
    // Objects of one compiler are not linked by another one's C library.
    let out = ctl(&dir).line("run --toolchain musl-gcc --report r.json -- /usr/bin/gcc h.c -o m").output();
    let said = text(&out.stderr);
    assert!(said.contains("warning: `m` is dynamic") && said.contains("musl-gcc"), "{said}");
}

#[test]
fn a_build_that_has_a_linker_of_its_own() {
    let dir = Dir::new();
    sources(&dir);
    let own = dir.script("mine/ld", "echo \"my own\" >&2\nexec /usr/bin/ld \"$@\"");
    // What the user had set is still found behind ours.
    let out = ctl(&dir).env("COMPILER_PATH", dir.join("mine")).line("run -- /usr/bin/gcc -r h.c -o r.o").output();
    assert!(text(&out.stderr).contains("my own"), "{}", text(&out.stderr));
    let out = ctl(&dir).env("COMPILER_PATH", dir.join("mine")).line("run -- gcc h.c -o a").output();
    assert!(text(&out.stderr).contains("my own"), "{}", text(&out.stderr));
    assert!(is_static(&dir.join("a")));
    // And what the build sets is the build's: then we are not asked, which is told.
    dir.script("build", &format!("COMPILER_PATH={} /usr/bin/gcc h.c -o b", own.parent().unwrap().display()));
    let (out, report) = built(&dir, &["./build"]);
    assert_eq!(names(&report, "foreign"), ["b"]);
    assert!(text(&out.stderr).contains("COMPILER_PATH"), "{}", text(&out.stderr));
}

#[test]
fn more_words_than_a_command_line_has_room_for() {
    let dir = Dir::new();
    sources(&dir);
    let mut words = "h.c -o a".to_owned();
    for n in 0..2000 {
        let name = format!("{}/{n}.a", "directory-with-a-long-name".repeat(4));
        dir.file(&name, "!<arch>\n");
        words = format!("{words} {name}");
    }
    dir.file("words", words);
    is_ours(&dir, &["/usr/bin/gcc", "@words"], "a");
}

#[test]
fn fortran_by_its_driver() {
    let dir = Dir::new();
    sources(&dir);
    let run = || Run::new(staticfc()).dir(dir.path());
    run().line("f.f90 -o a").silent();
    assert_eq!(says_in_empty_root(&dir.join("a"), &[]), "hello\n");
    // Its status, its output and its errors are the compiler's.
    assert_eq!(run().line("-dumpversion").ok(), Run::new("gfortran").line("-dumpversion").ok());
    run().line("-c f.f90").silent();
    assert!(run().line("nosuch.f90").fails(1).contains("nosuch.f90"));
    // By another name and with a compiler of the user's, with its words.
    run().env("STATICCXX_FC", "gfortran -O2 -fopenmp").line("f.o -o b").silent();
    assert!(is_static(&dir.join("b")));
    fs::create_dir(dir.join("names")).unwrap();
    symlink(staticfc(), dir.join("names/gfortran")).unwrap();
    Run::new("gfortran").dir(dir.path()).path_first(&[&dir.join("names")]).line("f.f90 -o c").silent();
    assert!(is_static(&dir.join("c")));
    // Its objects are not for another libc.
    let said = run().env("STATICCXX_TOOLCHAIN", "musl-gcc").line("f.o -o d").fails(1);
    assert!(said.contains("not of the toolchain `musl-gcc`") && !dir.join("d").exists(), "{said}");
    // What can't be static is an error here, and no file.
    let said = run().line("-fsanitize=address f.f90 -o d").fails(1);
    assert!(said.contains("staticcxx: error: ") && !dir.join("d").exists(), "{said}");
    let said = run().env("STATICCXX_FC", "nosuchcompiler -O2").line("f.f90").fails(1);
    assert!(said.contains("`nosuchcompiler -O2`, named by `STATICCXX_FC`, was not found"), "{said}");
    let said = run().env("PATH", dir.join("names")).line("f.f90").fails(1);
    assert!(said.contains("no Fortran compiler was found") && said.contains("`gfortran`"), "{said}");
}

#[test]
fn a_front_end_that_is_a_script() {
    let dir = Dir::new();
    sources(&dir);
    dir.script("bin/gfortran", "exec /usr/bin/gfortran -DBY_SCRIPT \"$@\"");
    Run::new(staticfc()).dir(dir.path()).path_first(&[&dir.join("bin")]).line("f.f90 -o a").silent();
    assert_eq!(says_in_empty_root(&dir.join("a"), &[]), "hello\n");
}

#[test]
fn two_run_times_in_one_program() {
    let dir = Dir::new();
    dir.file("total.f90", fixture!("languages/total.f90"));
    dir.file("mixed.cpp", fixture!("languages/mixed.cpp"));
    Run::new("gfortran").dir(dir.path()).line("-c total.f90").ok();
    Run::new("g++").dir(dir.path()).line("-c mixed.cpp").ok();
    Run::new("gfortran").dir(dir.path()).line("mixed.o total.o -lstdc++ -o plain").ok();
    let plain = Run::new(dir.join("plain")).ok();
    for (command, program) in [
        ("gfortran mixed.o total.o -lstdc++ -o a", "a"),
        ("g++ mixed.o total.o -lgfortran -o b", "b"),
        ("/usr/bin/g++ mixed.o total.o -lgfortran -o c", "c"),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let (_, report) = built(&dir, &words);
        assert_eq!(names(&report, "programs"), [program]);
        assert_eq!(says_in_empty_root(&dir.join(program), &[]), plain, "{command}");
    }
}

#[test]
fn scons_gives_its_commands_an_environment_of_its_own() {
    let dir = Dir::new();
    sources(&dir);
    dir.file("x.cpp", HELLO_CXX);
    dir.file(
        "SConstruct",
        "Program('a', ['h.c'])\nprint(SITE)\nEnvironment(CXX='/usr/bin/g++').Program('b', ['x.cpp'])\n",
    );
    // The project's own site directory is still read.
    dir.file("site_scons/site_init.py", "SITE = 'of the project'\n");
    let (out, report) = built(&dir, &["scons", "-Q"]);
    assert!(text(&out.stdout).contains("of the project"), "{}", text(&out.stdout));
    assert_eq!((names(&report, "programs"), names(&report, "foreign")), (vec!["a".into(), "b".into()], vec![]));
    assert_eq!(says_in_empty_root(&dir.join("b"), &[]), "hello\n");
}

#[test]
fn explain_tells_of_other_languages() {
    let dir = Dir::new();
    sources(&dir);
    let explain = |line: &str| ctl(&dir).line(&format!("explain -- {line}")).ok();
    let said = explain("gfortran f.f90 -o a");
    assert!(said.contains("library:   -lgfortran from ") && said.contains("link an executable"), "{said}");
    assert!(explain("gfortran -c f.f90").contains("Fortran"));
    let said = ctl(&dir).line("explain -- gfortran-999 f.f90").fails(2);
    assert!(said.contains("no Fortran compiler was found"), "{said}");
}

#[test]
fn a_linker_in_a_directory_that_nobody_may_read() {
    let dir = Dir::new();
    sources(&dir);
    // An entry of COMPILER_PATH that is no directory, and one that does not exist, are passed over.
    fs::set_permissions(dir.file("file/ld", "no linker"), fs::Permissions::from_mode(0o644)).unwrap();
    let path = format!("{}:{}", dir.join("file").display(), missing("x").display());
    ctl(&dir).env("COMPILER_PATH", path).line("run -- /usr/bin/gcc h.c -o a").ok();
    assert_eq!(says_in_empty_root(&dir.join("a"), &[]), "hello\n");
}
