//! `staticctl toolchain add`: a library of the distribution's in a copy of the tests' musl toolchain.

use super::musl;
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/toolchains/libraries/zlib.c");

/// A copy of the tests' toolchain with a configuration, as one of its own.
pub(super) struct Copy {
    pub(super) dir: Dir,
}

impl Copy {
    pub(super) fn new() -> Copy {
        let dir = Dir::new();
        Run::new("cp").args(["-a".as_ref(), musl::data().as_os_str(), dir.join("data").as_os_str()]).silent();
        let copy = Copy { dir };
        let (from, to) = (musl::data().to_str().unwrap(), copy.dir.join("data"));
        rewrite(&copy.prefix(), from, to.to_str().unwrap());
        copy
    }

    pub(super) fn prefix(&self) -> PathBuf {
        self.dir.join("data/staticcxx/toolchains/musl")
    }

    /// One of our programs with it.
    pub(super) fn run(&self, program: &str) -> Run {
        let dir = |name: &str| self.dir.join(name);
        let run = Run::new(program).dir(self.dir.path()).env("XDG_DATA_HOME", dir("data"));
        run.env("XDG_CONFIG_HOME", dir("config")).env("STATICCXX_TOOLCHAIN", "musl").env("XDG_CACHE_HOME", cache())
    }

    pub(super) fn ctl(&self, line: &str) -> Run {
        self.run(STATICCTL).line("toolchain").line(line)
    }
}

/// The lists of apt and what is known of the compilers, for all tests.
pub(super) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries-cache")
}

/// Puts another directory into the texts below one.
fn rewrite(below: &Path, from: &str, to: &str) {
    for entry in fs::read_dir(below).unwrap().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            rewrite(&path, from, to);
        } else if let Ok(text) = fs::read_to_string(&path)
            && text.contains(from)
        {
            fs::write(&path, text.replace(from, to)).unwrap();
        }
    }
}

/// The hints of what a program has said.
pub(super) fn hints(said: &str) -> Vec<&str> {
    said.lines().filter(|l| l.starts_with("staticcxx: hint: ")).collect()
}

#[test]
fn a_library_is_hinted_at_added_used_and_dropped() {
    let copy = Copy::new();
    let plain = |line: &str| copy.run(STATICCC).args([PROGRAM]).line(line);
    // The preprocessor's errors are those of the compiler alone, with one line after them.
    for line in ["-c -o z.o", "-o z -lz", "-c -MMD -MF z.d -o z.o"] {
        let said = plain(line).fails(1);
        assert!(said.contains("fatal error: zlib.h: No such file") && said.ends_with('\n'), "{said}");
        let hint = said.lines().last().unwrap();
        assert_eq!(hints(&said), ["staticcxx: hint: `zlib.h` is of zlib: `staticctl toolchain add zlib`"], "{said}");
        assert!(hint.starts_with("staticcxx: hint: "), "{said}");
    }
    copy.dir.file("m.c", "int main(void) { return 0; }\n");
    let said = copy.run(STATICCC).line("m.c -o m -lz -lnothing").fails(1);
    assert!(hints(&said).iter().any(|h| h.contains("`staticctl toolchain add zlib`")), "{said}");
    // A failure for another reason, and a program without such a header, have none.
    copy.dir.file("e.c", "#ifdef NEVER\n#include <zlib.h>\n#endif\nint main(void) { return 0 }\n");
    assert_eq!(hints(&copy.run(STATICCC).line("-c e.c").fails(1)), [""; 0]);

    // Two at once: the second finds it there.
    let both = "\"$0\" toolchain add zlib -j1 & \"$0\" toolchain add zlib -j1; a=$?; wait $! && exit $a";
    let said = copy.run("sh").args(["-c", both, STATICCTL]).output();
    let said = text(&said.stderr);
    assert_eq!(said.matches("[1/1] zlib from zlib 1").count(), 1, "{said}");
    assert_eq!(
        (said.matches(": added: zlib").count(), said.matches("nothing to build: zlib").count()),
        (1, 1),
        "{said}"
    );
    assert!(copy.ctl("add --list").ok().lines().any(|l| l.starts_with("zlib ") && !l.contains("older")));
    assert!(copy.ctl("list").ok().contains(", 1 library"));

    // Beside a dynamic program, by a plain line and by pkg-config.
    Run::new("gcc").dir(copy.dir.path()).args([PROGRAM]).line("-o dynamic -lz").silent();
    let expected = Run::new(copy.dir.join("dynamic")).ok();
    plain("-O2 -o z -lz").silent();
    assert_eq!(says_in_empty_root(&copy.dir.join("z"), &[]), expected);
    let by_package =
        "eval \"$(\"$0\" toolchain show musl --env)\" && \"$1\" \"$2\" -o p $(pkg-config --cflags --libs zlib)";
    copy.run("sh").args(["-ec", by_package, STATICCTL, STATICCC, PROGRAM]).silent();
    assert_eq!(says_in_empty_root(&copy.dir.join("p"), &[]), expected);

    // Another toolchain, then dropped.
    let record = copy.prefix().join("lib/staticcxx/zlib.json");
    let mut value: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    value["toolchain"] = "g++ 1, musl 0".into();
    fs::write(&record, value.to_string()).unwrap();
    assert!(copy.ctl("add --list").ok().contains("older: it was built with g++ 1, musl 0, not with"));
    assert!(copy.ctl("list").ok().contains("1 library, 1 older"));
    let said = text(&copy.ctl("add zlib -j1").output().stderr);
    assert!(said.contains("`zlib` is built anew: it was built with g++ 1"), "{said}");
    copy.ctl("drop zlib").silent();
    for gone in ["include/zlib.h", "lib/libz.a", "lib/pkgconfig"] {
        assert!(!copy.prefix().join(gone).exists(), "{gone}");
    }
    plain("-c -o z.o").fails(1);
}

#[test]
fn what_can_t_be_added_is_told_and_leaves_nothing() {
    let copy = Copy::new();
    let before = (fs::read_dir(copy.prefix().join("include")).unwrap().count(), 0);
    let said = copy.ctl("add zlb").fails(2);
    assert!(said.contains("no library `zlb` is known") && said.contains("`staticctl toolchain add zlib`?"), "{said}");
    assert!(copy.ctl("drop zlib").fails(2).contains("`zlib` was not added to this toolchain"));
    assert!(copy.ctl("add zlib --toolchain host-gcc").fails(2).contains("can't have libraries"));

    // A recipe of the user's that does not build, and one that does not give what it says.
    let recipe = |name: &str, make: &str, headers: &str| {
        let build = format!(
            r#"{{"system": "make", "make": ["-f", "/dev/null", "--eval={make}"], "install": ["-f", "/dev/null", "--eval=install: ;"]}}"#
        );
        let rest = r#""archives": ["none"], "test": {"program": "none.c"}"#;
        let text = format!(
            r#"{{"schema": 1, "name": "{name}", "description": "x", "sources": ["zlib"], "build": {build}, "headers": [{headers}], {rest}}}"#
        );
        copy.dir.file(format!("config/staticcxx/libraries/{name}.json"), text);
    };
    copy.dir.file("config/staticcxx/libraries/none.c", "int main(void) { return 0; }\n");
    recipe("broken", "all: ; echo the last words; exit 3", "\"none.h\"");
    let said = copy.ctl("add broken").fails(2);
    assert!(
        said.contains("`broken` was not added: make failed; the full log is `") && said.contains("the last words"),
        "{said}"
    );
    let log = said.split("the full log is `").nth(1).unwrap().split('`').next().unwrap();
    assert!(fs::read_to_string(log).unwrap().contains("dpkg-source"));
    recipe("empty", "all: ;", "\"none.h\"");
    assert!(copy.ctl("add empty").fails(2).contains("its build gives no `include/none.h`"));
    recipe("bad", "all: ;", "1");
    let said = copy.ctl("add zlib").fails(2);
    assert!(said.contains("libraries/bad.json`: field `headers[0]`"), "{said}");
    fs::remove_dir_all(copy.dir.join("config/staticcxx/libraries")).unwrap();

    // No sources at all, sources out of reach, and no programs to build with.
    let apt = |list: &str| {
        let list = copy.dir.file("apt/sources.list", list);
        let text = format!("Dir::Etc::sourcelist \"{}\";\nDir::Etc::sourceparts \"/dev/null\";\n", list.display());
        let config = copy.dir.file("apt/apt.conf", text);
        copy.ctl("add zlib -q").env("APT_CONFIG", config).env("XDG_CACHE_HOME", copy.dir.join("cache"))
    };
    assert!(apt("# nothing\n").fails(2).contains("apt has no sources at all"));
    let said = apt("deb file:/no/such/place stable main\n").fails(2);
    assert!(
        said.contains("the lists of source packages can't be fetched: ") && said.contains("/no/such/place"),
        "{said}"
    );
    let programs = copy.dir.join("bin");
    fs::create_dir(&programs).unwrap();
    for name in ["apt-get", "apt-config"] {
        std::os::unix::fs::symlink(which(name), programs.join(name)).unwrap();
    }
    let said = copy.ctl("add zlib").env("PATH", &programs).fails(2);
    assert!(said.contains("programs were not found: ") && said.contains("`make`"), "{said}");
    assert!(said.contains("hint: apt-get install binutils dpkg-dev make pkg-config"), "{said}");

    // A directory that can't be written.
    let read_only = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec \"$0\" toolchain add zlib";
    let prefix = copy.prefix();
    let said = copy.run("unshare").args(["-rm", "sh", "-c", read_only, STATICCTL]).args([&prefix]).fails(2);
    assert!(said.contains("Read-only file system") && said.contains("lib/staticcxx"), "{said}");
    let left = fs::read_dir(copy.prefix().join("include")).unwrap().count();
    assert_eq!((left, PathBuf::from("").components().count()), before);
}
