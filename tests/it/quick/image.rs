//! `staticctl image`: where it writes, and what it refuses.

use crate::quick::sandbox::probe;
use crate::support::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

/// `staticctl image probe …` in a directory.
pub fn image(dir: &Dir, line: &str) -> Run {
    Run::new(STATICCTL).dir(dir.path()).arg2("image", &probe().1).line(line)
}

pub trait Two {
    fn arg2(self, a: &str, b: &Path) -> Self;
}

impl Two for Run {
    fn arg2(self, a: &str, b: &Path) -> Run {
        self.args([a.as_ref(), b.as_os_str()])
    }
}

#[test]
fn a_pipe_takes_it() {
    let dir = Dir::new();
    image(&dir, "-o file.tar -t x:1").ok();
    let out = image(&dir, "-o - -t x:1").output();
    assert!(out.status.success() && out.stdout == fs::read(dir.join("file.tar")).unwrap());
    assert!(text(&out.stderr).contains("note: stdout: linux/amd64"), "{}", text(&out.stderr));
    assert_eq!(text(&image(&dir, "-o - -q").output().stderr), "");
    // Into a FIFO, as it comes.
    Run::new("mkfifo").dir(dir.path()).line("pipe").ok();
    let reader = Run::new("cat").args([dir.join("pipe")]).command().stdout(Stdio::piped()).spawn().unwrap();
    let reader = std::thread::spawn(move || reader.wait_with_output().unwrap().stdout);
    image(&dir, "-o pipe -t x:1").ok();
    assert!(reader.join().unwrap() == fs::read(dir.join("file.tar")).unwrap());
}

#[test]
fn programs_that_may_not() {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    let whole = fs::read(&probe().1).unwrap();
    let executable = |name: &str, bytes: &[u8], mode| {
        dir.file(name, bytes);
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    Run::new("gcc").dir(dir.path()).line("h.c -o dynamic").silent();
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC h.c -o shared.so").silent();
    executable("truncated", &whole[..whole.len() / 3], 0o755);
    executable("suid", &whole, 0o4755);
    executable("sgid", &whole, 0o2755);
    executable("plain", &whole, 0o644);
    let mut bsd = whole.clone();
    bsd[7] = 9;
    executable("bsd", &bsd, 0o755);
    let mut unknown = whole.clone();
    unknown[18..20].copy_from_slice(&[0x99, 0x99]);
    executable("unknown", &unknown, 0o755);
    dir.script("script", "exit");
    dir.file("empty", "");
    for (name, status, told) in [
        ("missing", 2, "`missing` can't be read: No such file"),
        (".", 1, "`.` is not a regular file"),
        ("dynamic", 1, "`dynamic` is not static: it has the interpreter"),
        ("shared.so", 1, "`shared.so` is not static: it"),
        ("truncated", 1, "`truncated` is a broken ELF file"),
        ("suid", 1, "`suid` has the set-user-ID bit"),
        ("sgid", 1, "`sgid` has the set-group-ID bit"),
        ("plain", 1, "`plain` is not executable"),
        ("bsd", 1, "`bsd` does not run in a container: it is for FreeBSD"),
        ("unknown", 1, "is not an OCI platform"),
        ("script", 1, "`script` is not an ELF file (a script"),
        ("empty", 1, "`empty` is not an ELF file (empty)"),
    ] {
        let said = Run::new(STATICCTL).dir(dir.path()).line(&format!("image {name} -o x.tar")).fails(status);
        assert!(said.contains(told), "{name}: {said}");
        assert!(!dir.join("x.tar").exists(), "{name}");
    }
    // All of them are told at once.
    let said = Run::new(STATICCTL).dir(dir.path()).line("image dynamic script -o x.tar").fails(1);
    assert_eq!(said.matches("error: ").count(), 2, "{said}");
}

#[test]
fn options_outside_their_grammar_and_paths_that_are_taken() {
    let dir = Dir::new();
    dir.file("a/probe", "other");
    dir.file("tree/x", "x");
    symlink("../../etc/passwd", dir.join("tree/leaves")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.join("socket")).unwrap();
    Run::new("mkfifo").dir(dir.path()).line("fifo").ok();
    for (options, told) in [
        ("-t Hello", "lower case letters and digits"),
        ("-t a:-b", "is not a tag: letters, digits"),
        ("-t a@sha256:0", "give a tag"),
        ("--user bob", "UID or UID:GID"),
        ("--user nonroot", "with `--etc` one of root, nonroot, nobody"),
        ("--env X", "`--env X`: NAME=VALUE"),
        ("--label =x", "NAME=VALUE"),
        ("--expose http", "PORT, PORT/tcp"),
        ("--workdir data", "an absolute path"),
        ("--volume /a/../b", "an absolute path without `..`"),
        ("--entrypoint [\"/x", "a JSON list of strings"),
        ("--add a/probe", "SRC:DST"),
        ("--add a/probe:probe", "SRC:DST"),
        ("--add a/probe:/../x", "is not a path in an image"),
        ("--add none:/x", "`none` can't be read"),
        ("--add a/probe:/probe", "two sources for `/probe` in the image: `"),
        ("--add a/probe:/probe/x", "a file (`"),
        ("--add socket:/x", "is a socket"),
        ("--add fifo:/x", "is a FIFO"),
        ("--add /dev/null:/x", "is a device"),
        ("--add tree:/x", "points to `../../etc/passwd`, outside the directory"),
        ("--tzdata=../shadow", "is not the name of a time zone"),
        ("--terminfo ../x", "is not the name of a terminal"),
    ] {
        let said = image(&dir, &format!("-o x.tar {options}")).fails(2);
        assert!(said.contains(told), "{options}: {said}");
        assert!(!dir.join("x.tar").exists(), "{options}");
    }
    let said = image(&dir, "").fails(2);
    assert!(said.contains("no destination for the image") && said.contains("hint: `-o FILE.tar`"), "{said}");
    for options in ["--insecure -o x", "--auto-seconds 3 -o x", "--nonsense"] {
        image(&dir, options).fails(2);
    }
    assert!(dir.names().iter().all(|n| !n.starts_with(".staticctl")), "{:?}", dir.names());
}

#[test]
fn a_full_disk_leaves_nothing() {
    let dir = Dir::new();
    let (_, probe, ctl) = probe();
    // A file system of 200 KB, in a namespace of our own.
    let script = format!(
        "mount -t tmpfs -o size=200k none '{at}' && echo old > '{at}/x.tar' || exit 77
         '{ctl}' image '{probe}' --compress none -o '{at}/x.tar'; echo $?
         '{ctl}' image '{probe}' --compress none -o '{at}/lay/'; echo $?
         ls -A '{at}'; cat '{at}/x.tar'",
        at = dir.path().display(),
        ctl = ctl.display(),
        probe = probe.display()
    );
    let out = Run::new("unshare").line("--user --map-root-user --mount -- sh -c").args([&script]).output();
    assert_eq!(text(&out.stdout), "2\n2\nx.tar\nold\n", "{}", text(&out.stderr));
    assert_eq!(text(&out.stderr).matches("No space left on device").count(), 2, "{}", text(&out.stderr));
    let nowhere = missing("x.tar").display().to_string();
    let said = image(&dir, &format!("-o {nowhere}")).fails(2);
    assert!(said.contains(&format!("`{nowhere}` can't be written")), "{said}");
}

#[test]
fn an_interrupt_leaves_nothing() {
    let dir = Dir::new();
    let huge = fs::File::create(dir.join("huge")).unwrap();
    huge.set_len(64 << 30).unwrap();
    dir.file("x.tar", "old");
    for signal in ["INT", "TERM"] {
        let mut child = image(&dir, "-o x.tar --add huge:/huge").command().spawn().unwrap();
        let reads = |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|open| open == dir.join("huge"));
        let open = || fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().flatten();
        wait_for("the huge file is being read", || open().any(reads));
        self::signal(signal, child.id());
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(if signal == "INT" { 2 } else { 15 }));
        assert_eq!(dir.names(), ["huge", "x.tar"]);
        assert_eq!(fs::read_to_string(dir.join("x.tar")).unwrap(), "old");
    }
}
