//! `staticctl toolchain pack` and `unpack`: a GCC that needs nothing of the machine that it is on. It takes root, as
//! `tests/run` has it, for roots of other users.

use super::musl;
use crate::support::*;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const THREADS: &str = fixture!("pack/threads.cpp");

/// `staticctl toolchain` with the musl toolchain of the tests.
pub fn ctl() -> Run {
    Run::new(STATICCTL).env("XDG_DATA_HOME", musl::data()).line("toolchain")
}

/// A pack, made once for all tests.
fn pack() -> &'static Path {
    static PACK: OnceLock<PathBuf> = OnceLock::new();
    PACK.get_or_init(|| {
        let pack = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack");
        let _ = fs::remove_dir_all(&pack);
        ctl().line("pack -q -o").args([&pack]).silent();
        pack
    })
}

/// GCC's own directory in it.
fn home(pack: &Path) -> PathBuf {
    let triple = Run::new("gcc").line("-dumpmachine").ok();
    pack.join("usr/lib/gcc").join(triple.trim()).join(gcc_major())
}

/// A copy below a path with a space, in a root with nothing else but a directory that all may write.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pack-root");
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("tmp")).unwrap();
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        Run::new("cp").arg("-a").args([pack(), &root.join("a tree")]).silent();
        root
    })
}

impl Run {
    fn arg(self, word: &str) -> Run {
        self.args([word])
    }
}

/// A program of the copy, as an ordinary user in its root, in a directory there.
fn in_root(dir: &str, program: &str) -> Run {
    user_in(root(), dir, &format!("/a tree/bin/{program}")).env("PATH", "/a tree/bin")
}

/// A program of a root, as an ordinary user in it, in a directory there.
pub fn user_in(root: &Path, dir: &str, program: &str) -> Run {
    let outside = root.join(dir.trim_start_matches('/'));
    fs::create_dir_all(&outside).unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o777)).unwrap();
    Run::new(which("unshare"))
        .args([OsStr::new("--root"), root.as_os_str()])
        .args(["--wd", dir])
        .line("--setuid 12345 --setgid 12345")
        .args([program])
        .env("HOME", "/nonexistent")
        .env("PATH", "/bin")
}

fn put(dir: &str, name: &str, text: &str) {
    let dir = root().join(dir.trim_start_matches('/'));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join(name), text).unwrap();
}

#[test]
fn it_builds_in_an_empty_root_as_an_ordinary_user() {
    let at = "/tmp/build";
    put(at, "t.cpp", THREADS);
    put(at, "h.c", HELLO_C);
    put(at, "l.c", "int f(int); int main(void) { return f(41) - 42; }\n");
    put(at, "f.c", "int f(int x) { return x + 1; }\n");
    let out = root().join("tmp/build");
    for kind in ["-static", "-static-pie"] {
        in_root(at, "g++").line("-O2 -pthread t.cpp -o t").args([kind]).silent();
        let said = says_in_empty_root(&out.join("t"), &[]);
        assert!(said.starts_with("36 thrown t.cpp "), "{said}");
    }
    in_root(at, "cc").line("h.c -o h").silent();
    assert!(says_in_empty_root(&out.join("h"), &[]).contains("hello"));
    // Objects of link-time optimization, also in an archive: binutils read them by themselves.
    in_root(at, "gcc").line("-O2 -flto -c l.c f.c").silent();
    in_root(at, "ar").line("rcs libf.a f.o").silent();
    assert!(in_root(at, "nm").line("libf.a").ok().contains("T f"));
    in_root(at, "gcc").line("-O2 -flto l.o -L. -lf -o l").silent();
    says_in_empty_root(&out.join("l"), &[]);
    // Nothing else was written, and the tools are GNU's.
    in_root(at, "strip").line("t").silent();
    assert!(in_root(at, "objdump").line("-f t").ok().contains("elf64-x86-64"));
    assert!(in_root(at, "cpp").line("-E -dM h.c").ok().contains("__x86_64__"));
    assert!(in_root(at, "gcov").line("--version").ok().contains("gcov"));
}

#[test]
fn nothing_is_in_it_that_only_takes_room() {
    let sections = |program: &Path| {
        let text = Run::new("readelf").line("-SW").args([program]).ok();
        (text.contains(".symtab"), text.contains("SJIS"))
    };
    let home = home(pack());
    let gcc = fs::canonicalize(pack().join("usr/bin/gcc")).unwrap();
    assert_eq!(sections(&home.join("cc1")), (false, true));
    for program in [gcc, home.join("lto1"), home.join("collect2")] {
        assert_eq!(sections(&program), (false, false), "{}", program.display());
    }
    assert!(!home.join("include/d").exists() && home.join("include/stddef.h").exists());
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(pack().join("pack.json")).unwrap()).unwrap();
    let mut paths: Vec<&str> =
        manifest["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap()).collect();
    let all = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), all);
}

#[test]
fn its_self_tests_pass_where_nothing_else_is() {
    let said = in_root("/tmp/selftest", "staticctl").line("toolchain test").args([name()]).ok();
    let last = said.lines().last().unwrap();
    let (passed, of) = last.strip_suffix(" pass").unwrap().split_once(" of ").unwrap();
    assert!(passed == of && of.parse::<u32>().unwrap() >= 26, "{said}");
    let said = in_root("/tmp/selftest", "staticctl").line("doctor").ok();
    assert!(said.contains("works with toolchain gcc-") && said.contains("static-pie: linked"), "{said}");
    put("/tmp/selftest", "h.c", HELLO_C);
    let said = in_root("/tmp/selftest", "staticctl").line("explain -- gcc h.c -o h").ok();
    assert!(said.contains("toolchain: gcc-") && said.contains("/a tree/usr/bin/gcc"), "{said}");
}

/// The first toolchain's name.
fn name() -> String {
    format!("gcc-{}-musl", gcc_major())
}

#[test]
fn its_objects_are_those_of_the_dynamic_compiler() {
    let dir = Dir::new();
    dir.file("t.cpp", THREADS);
    dir.file("h.c", HELLO_C);
    let built = musl::data().join("staticcxx/toolchains/musl");
    let descriptor: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(built.join("toolchain.json")).unwrap()).unwrap();
    let specs = descriptor["compile_args"][0].as_str().unwrap();
    for (driver, source) in [("gcc", "h.c"), ("g++", "t.cpp")] {
        for options in ["-O0", "-O2", "-O3 -funroll-loops -march=x86-64-v3", "-Os -fno-pie"] {
            let date = |run: Run| run.dir(dir.path()).env("SOURCE_DATE_EPOCH", "0").line(options);
            date(Run::new(driver).args([specs])).args(["-c", source, "-o", "dynamic.o"]).silent();
            date(Run::new(pack().join("usr/bin").join(driver))).args(["-c", source, "-o", "packed.o"]).silent();
            let [dynamic, packed] = ["dynamic.o", "packed.o"].map(|f| fs::read(dir.join(f)).unwrap());
            assert!(dynamic == packed, "{driver} {options}");
        }
    }
}

#[test]
fn a_hermetic_call_reads_nothing_else_and_writes_the_same_bytes() {
    let copy = root().join("a tree");
    let mut all = Vec::new();
    for (number, (zone, language)) in [("UTC", "C"), ("Asia/Tokyo", "de_DE.UTF-8")].into_iter().enumerate() {
        let dir = Dir::new();
        let work = dir.join(format!("work {number}"));
        fs::create_dir(&work).unwrap();
        fs::write(work.join("t.cpp"), THREADS).unwrap();
        let hermetic = |program: &str| {
            Run::new(program)
                .dir(&work)
                .env("STATICCXX_HERMETIC", "1")
                .env("TZ", zone)
                .env("LANG", language)
                .env("CPATH", "/nowhere")
                .env("XDG_CACHE_HOME", dir.join("cache"))
        };
        let driver = copy.join("bin/g++");
        let words = ["-f", "-qq", "-e", "trace=open,openat", "-o", "../trace"];
        let traced = |line: &str| hermetic("strace").args(words).args([&driver]).line(line).silent();
        traced("-g -O2 -pthread t.cpp -o t");
        let trace = fs::read_to_string(dir.join("trace")).unwrap();
        for line in trace.lines().filter(|line| !line.contains(" = -1 ") && line.contains('"')) {
            let path = line.split('"').nth(1).unwrap();
            let inside = [
                copy.as_path(),
                dir.path(),
                Path::new("/tmp"),
                Path::new("/proc"),
                Path::new("/sys"),
                Path::new("/dev"),
            ];
            let temporary = std::env::temp_dir();
            let is_inside =
                |path: &Path| inside.iter().any(|top| path.starts_with(top)) || path.starts_with(&temporary);
            assert!(path.starts_with(|c: char| c != '/') || is_inside(Path::new(path)), "{line}");
        }
        assert!(!dir.join("cache").exists());
        hermetic(driver.to_str().unwrap()).line("-g -O2 -c t.cpp -o t.o").silent();
        // GCC's lto-wrapper lets make run its parts, by names that it does not quote.
        let elsewhere = pack().join("bin/g++");
        hermetic(elsewhere.to_str().unwrap()).line("-g -O2 -flto=auto -pthread t.cpp -o lto").silent();
        let said = says_in_empty_root(&work.join("t"), &[]);
        assert_eq!(said, "36 thrown t.cpp Jan  1 1970\n");
        all.push(["t", "t.o", "lto"].map(|f| fs::read(work.join(f)).unwrap()));
        for bytes in all.last().unwrap() {
            let place = dir.path().to_str().unwrap().as_bytes();
            assert!(!bytes.windows(place.len()).any(|w| w == place));
        }
    }
    assert!(all[0] == all[1]);
}

#[test]
fn no_path_of_the_machine_is_in_it() {
    let own = [musl::data().to_str().unwrap(), env!("CARGO_MANIFEST_DIR"), "/.cache/", "staticcxx/toolchains/musl"];
    let of_this_program = pack().join("bin/staticctl");
    let mut files = 0;
    let mut look = vec![pack().to_owned()];
    while let Some(dir) = look.pop() {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                look.push(path);
            } else if kind.is_file() && path != of_this_program {
                files += 1;
                let bytes = fs::read(&path).unwrap();
                for text in own {
                    assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{}: {text}", path.display());
                }
            }
        }
    }
    assert!(files > 1000, "{files} files");
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(pack().join("pack.json")).unwrap()).unwrap();
    let packages: Vec<&str> =
        manifest["packages"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    // What belongs to compilers that are not in it was left.
    assert!(!home(pack()).join("include/objc").exists() && home(pack()).join("include/stddef.h").is_file());
    for package in ["binutils-x86-64-linux-gnu", "libgmp10", "linux-libc-dev", "musl-dev", "zlib1g"] {
        assert!(packages.contains(&package), "{package}: {packages:?}");
    }
    for package in manifest["packages"].as_array().unwrap() {
        assert!(pack().join(package["copyright"].as_str().unwrap()).is_file(), "{package}");
    }
    assert!(pack().join("share/common-licenses/GPL-3").is_file());
}

#[test]
fn called_by_a_relative_path_it_names_its_headers_so() {
    let dir = Dir::new();
    dir.file("h.c", "#include <stdio.h>\n");
    std::os::unix::fs::symlink(pack(), dir.join("tree")).unwrap();
    let names = |program: &str| {
        let words = ["-c", "exec \"$@\"", "sh", program, "-no-canonical-prefixes", "-M", "h.c"];
        Run::new("sh").dir(dir.path()).args(words).ok().replace("\\\n", " ")
    };
    let said = names("tree/bin/gcc");
    let headers: Vec<&str> = said.split_whitespace().filter(|word| word.ends_with("stdio.h")).collect();
    // The toolchain's own, and musl's behind it.
    assert!(headers.len() == 2 && headers.iter().all(|header| header.starts_with("tree/usr/")), "{said}");
    assert!(names(dir.join("tree/bin/gcc").to_str().unwrap()).contains("/usr/lib/gcc/"));
    Run::new(pack().join("bin/true")).silent();
}

#[test]
fn a_package_for_bazel_has_it_beside() {
    let dir = Dir::new();
    dir.file("w/WORKSPACE", "");
    let bazel = || Run::new(STATICCTL).dir(dir.path()).line("bazel w/static --pack");
    assert!(bazel().args([pack()]).ok().contains("static.bazelrc"));
    assert_eq!(fs::read_link(dir.join("w/static/pack")).unwrap(), pack());
    let toolchain = fs::read_to_string(dir.join("w/static/toolchain.bzl")).unwrap();
    assert!(toolchain.contains("x86_64-linux-musl"));
    bazel().args([pack()]).ok();
    let said = bazel().args(["w"]).fails(2);
    assert!(said.contains("is no packed toolchain") && said.contains("staticctl toolchain pack"), "{said}");
}

/// What differs between two trees.
fn differences(a: &Path, b: &Path) -> String {
    text(&Run::new("diff").arg("-rq").arg("--no-dereference").args([a, b]).output().stdout)
}

#[test]
fn an_archive_is_unpacked_checked_used_and_removed() {
    let dir = Dir::new();
    let file = dir.join("t.tar.zst");
    let said = text(&ctl().line("pack --level 1 -o").args([&file]).output().stderr);
    assert!(said.contains("packages in") && said.contains("/26 tests"), "{said}");
    let data = dir.join("data");
    let own =
        || Run::new(STATICCTL).env("XDG_DATA_HOME", &data).env("XDG_CONFIG_HOME", dir.join("config")).line("toolchain");
    own().line("unpack -q --name mine").args([&file]).silent();
    let place = data.join("staticcxx/toolchains/mine");
    let tree = fs::read_dir(place.join("toolchain")).unwrap().flatten().map(|e| e.path()).find(|p| p.is_dir()).unwrap();
    // Two packs of one machine are the same, whether a file or a directory; only the user's prefix is another.
    let other = differences(pack(), &tree);
    let lines: Vec<&str> = other.lines().collect();
    assert!(lines.len() == 1 && lines[0].contains("musl/local"), "{other}");
    // Libraries that the user puts into the prefix are found.
    fs::write(place.join("include/own.h"), "#define OWN 7\n").unwrap();
    dir.file("o.c", "#include <own.h>\n#include <stdio.h>\nint main(void) { printf(\"%d\\n\", OWN); return 0; }\n");
    let compile = Run::new(STATICCC).dir(dir.path()).env("XDG_DATA_HOME", &data).env("STATICCXX_TOOLCHAIN", "mine");
    compile.line("o.c -o o").silent();
    assert_eq!(says_in_empty_root(&dir.join("o"), &[]), "7\n");
    assert!(own().line("list").ok().contains("mine"));
    let shown = own().line("show mine").ok();
    assert!(shown.contains("packed") && shown.contains("static-pie"), "{shown}");
    own().line("unpack -q --name mine").args([&file]).silent();
    own().line("remove mine").silent();
    assert!(!tree.exists() && place.join("include/own.h").is_file());
    damaged(&dir, &file, &own);
}

/// An archive that did not come as it was made.
fn damaged(dir: &Dir, file: &Path, own: &dyn Fn() -> Run) {
    let whole = fs::read(file).unwrap();
    let bad = dir.join("bad.tar.zst");
    let refused = |bytes: &[u8], says: &str| {
        fs::write(&bad, bytes).unwrap();
        let said = own().line("unpack -q --name bad").args([&bad]).fails(2);
        assert!(said.contains(says) && said.contains("bad.tar.zst"), "{said}");
    };
    refused(&whole[..whole.len() - 1000], "is damaged");
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle..middle + 8].fill(0);
    refused(&changed, "is damaged");
    refused(b"no archive", "is no packed toolchain");
    // A file of it that is another one now, and one that came later.
    let tree = dir.join("tree");
    Run::new("cp").arg("-a").args([pack(), &tree]).silent();
    let header = home(&tree).join("musl/include/stdio.h");
    fs::write(&header, fs::read_to_string(&header).unwrap() + "\n").unwrap();
    let said = own().line("unpack -q").args([&tree]).fails(2);
    assert!(said.contains("stdio.h` is not the file that was packed"), "{said}");
    let manifest = tree.join("pack.json");
    let other = fs::read_to_string(&manifest).unwrap().replacen("\"machine\": \"x86_64\"", "\"machine\": \"s390x\"", 1);
    fs::write(&manifest, other).unwrap();
    assert!(own().line("unpack -q").args([&tree]).fails(2).contains("for s390x, and this machine is"));
    let left: Vec<_> = fs::read_dir(dir.join("data/staticcxx/toolchains")).unwrap().flatten().collect();
    assert!(left.iter().all(|e| !e.file_name().to_string_lossy().starts_with(".unpack")), "{left:?}");
}

#[test]
fn what_can_t_be_packed_is_named_with_the_way_out() {
    let dir = Dir::new();
    dir.file("there/x", "");
    let nothing = dir.join("nothing");
    let without = || Run::new(STATICCTL).dir(dir.path()).env("XDG_DATA_HOME", &nothing).line("toolchain pack");
    let said = without().line("-o p").fails(2);
    assert!(said.contains("`musl` was not built here") && said.contains("staticctl toolchain install musl"), "{said}");
    let here = || ctl().dir(dir.path()).line("pack");
    assert!(here().line("-o there").fails(2).contains("`there` exists"));
    let said = here().line("-o p --lang c,fortran").fails(2);
    assert!(said.contains("no run-time library for Fortran") && said.contains("--libc glibc"), "{said}");
    let said = here().line("-o p --target ../x").fails(2);
    assert!(said.contains("is no architecture"), "{said}");
    let said = here().line("host-clang -o p --libc glibc").fails(2);
    assert!(said.contains("is not GCC") && said.contains("name a toolchain of GCC's"), "{said}");
    let wrapper = dir.script("gcc-wrapper", "exec gcc \"$@\"");
    let text = fs::read_to_string(musl::data().join("staticcxx/toolchains/musl/toolchain.json")).unwrap();
    let mut descriptor: serde_json::Value = serde_json::from_str(&text).unwrap();
    descriptor["find"]["c"][0][0] = wrapper.to_str().unwrap().into();
    dir.file("wrapped.json", descriptor.to_string());
    let said = here().line("./wrapped.json -o p").fails(2);
    assert!(said.contains("is a script, not the compiler itself"), "{said}");
    assert_eq!(here().line("-o p --level 23").output().status.code(), Some(2));
    assert!(!dir.join("p").exists() && dir.names().iter().all(|n| !n.starts_with(".staticcxx")), "{:?}", dir.names());
}

#[test]
fn an_interrupted_pack_leaves_nothing() {
    let dir = Dir::new();
    musl::data();
    let mut child = Command::new(STATICCTL)
        .args(["toolchain", "pack", "-o", "p.tar.zst"])
        .env("XDG_DATA_HOME", musl::data())
        .current_dir(dir.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the first program", || {
        dir.names().iter().any(|n| n.starts_with(".staticcxx-pack") && dir.join(n).join("program-1").exists())
    });
    signal("TERM", child.id());
    let ended = child.wait().unwrap();
    assert!(!ended.success());
    assert!(dir.names().is_empty(), "{:?}", dir.names());
}
