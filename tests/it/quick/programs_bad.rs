//! What `staticctl convert` refuses, each by name; that nothing half-written is left; and what it says of programs that
//! may not work as before.

use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Converts a file of the directory; gives the status and all that was said. Nothing else may be left there.
pub fn convert(dir: &Dir, program: &str, more: &[&str]) -> (Option<i32>, String) {
    let before = dir.names();
    let out = Run::new(STATICCTL).dir(dir.path()).args(["convert", program, "-o", "result"]).args(more).output();
    let made = out.status.success();
    let after: Vec<String> = dir.names().into_iter().filter(|n| !made || n != "result").collect();
    assert_eq!(after, before, "{program}: {}", text(&out.stderr));
    (out.status.code(), text(&out.stderr))
}

/// It is refused with these words, and nothing is written.
pub fn refused(dir: &Dir, program: &str, words: &[&str]) {
    let (status, said) = convert(dir, program, &[]);
    assert_eq!(status, Some(2), "{program}: {said}");
    assert!(said.starts_with("staticcxx: error: "), "{said}");
    for word in words {
        assert!(said.contains(word), "{program}: no `{word}` in {said}");
    }
}

pub fn gcc(dir: &Dir, line: &str) {
    Run::new("gcc").dir(dir.path()).line(line).ok();
}

/// A directory with `hello.c` and a dynamic `hello`.
pub fn hello() -> Dir {
    let dir = Dir::new();
    dir.file("hello.c", HELLO_C);
    gcc(&dir, "hello.c -o hello");
    dir
}

#[test]
fn what_is_no_dynamic_program_is_named() {
    let dir = hello();
    dir.script("script", "echo");
    dir.file("python", "#!/usr/bin/env -S python3 -u\n");
    dir.file("text", "hello\n");
    dir.file("empty", "");
    dir.file("half", fs::read(dir.join("hello")).unwrap().split_at(2000).0);
    fs::create_dir(dir.join("directory")).unwrap();
    gcc(&dir, "-shared -fPIC hello.c -o libhello.so");
    gcc(&dir, "-c hello.c -o hello.o");
    refused(&dir, "script", &["`script` is a script for `/bin/sh`", "hint: `staticctl convert /bin/sh -o OUT`"]);
    refused(&dir, "python", &["is a script for `python3`"]);
    refused(&dir, "text", &["is not an ELF file (text)"]);
    refused(&dir, "empty", &["is not an ELF file (empty)"]);
    refused(&dir, "half", &["broken ELF file"]);
    refused(&dir, "directory", &["`directory` is not a regular file"]);
    refused(&dir, "./nothing", &["`./nothing` can't be read", "No such file"]);
    refused(&dir, "no-such-program-anywhere", &["can't be read"]);
    refused(&dir, "libhello.so", &["is a shared object, not a program", "`staticctl archive`"]);
    refused(&dir, "hello.o", &["`hello.o` is an object file"]);
}

#[test]
fn a_static_program_is_copied_and_that_is_said() {
    let dir = hello();
    for shape in ["-static", "-static-pie"] {
        gcc(&dir, &format!("{shape} hello.c -o hello"));
        let (status, said) = convert(&dir, "hello", &[]);
        assert_eq!((status, said.as_str()), (Some(0), "staticcxx: note: `hello` is static already: it is copied\n"));
        assert_eq!(fs::read(dir.join("hello")).unwrap(), fs::read(dir.join("result")).unwrap());
        assert_eq!(Run::new(dir.join("result")).ok(), "hello\n");
        fs::remove_file(dir.join("result")).unwrap();
    }
}

#[test]
fn packed_programs_are_named_and_stripped_ones_converted() {
    let dir = hello();
    let original = fs::read(dir.join("hello")).unwrap();
    // UPX leaves a static file with its mark in the head, in the place of all else.
    gcc(&dir, "-static -nostdlib -x c /dev/null -Wl,-e,0x401000 -o packed");
    let mut packed = fs::read(dir.join("packed")).unwrap();
    packed.resize(packed.len().max(0x200), 0);
    packed[0x180..0x184].copy_from_slice(b"UPX!");
    dir.file("packed", packed);
    refused(&dir, "packed", &["is packed by UPX", "`upx -d"]);
    // Nothing but what the kernel and ld.so read: no section headers.
    let mut bare = original;
    bare[40..48].fill(0);
    bare[60..64].fill(0);
    dir.file("bare", bare);
    fs::set_permissions(dir.join("bare"), fs::Permissions::from_mode(0o755)).unwrap();
    Run::new(STATICCTL).dir(dir.path()).line("convert -q bare -o result").silent();
    assert_eq!(Run::new(dir.join("result")).args(["a"]).ok(), "hello a\n");
}

#[test]
fn what_may_not_work_as_before_is_said() {
    let dir = Dir::new();
    let source = "#include <dlfcn.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(int n, char **v) { char b[99]; \
                  if (n > 1) execl(\"/lib64/ld-linux-x86-64.so.2\", \"ld\", v[1], (char *)0); \
                  if (n > 2) dlopen(v[2], 1); return readlink(\"/proc/self/exe\", b, 99) < 0; }\n";
    dir.file("p.c", source);
    gcc(&dir, "p.c -o program");
    let said = Run::new(STATICCTL).dir(dir.path()).line("convert program -o result").ok();
    for id in ["own-path: it reads /proc/self/exe", "starts-ld-so: ", "loads-plugins: it calls dlopen"] {
        assert!(said.contains(&format!("note: {id}")), "{id}: {said}");
    }
    // A run-time system that makes code.
    dir.file("l.c", "int LLVMRun(void) { return 0; }\n");
    dir.file("m.c", "int LLVMRun(void); int main(void) { return LLVMRun(); }\n");
    gcc(&dir, "-shared -fPIC l.c -o libLLVM-14.so.1");
    gcc(&dir, "m.c libLLVM-14.so.1 -Wl,-rpath,. -o jit");
    let said = Run::new(STATICCTL).dir(dir.path()).line("convert jit -o result").ok();
    assert!(said.contains("run-time-system: `libLLVM`"), "{said}");
    // And nothing of an ordinary one.
    let plain = hello();
    let said = Run::new(STATICCTL).dir(plain.path()).line("convert hello -o result").ok();
    assert!(!said.contains("note: "), "{said}");
}

/// A directory with a compiler that does something before it links.
fn with_compiler(before: &str) -> Dir {
    let dir = hello();
    // Only the link of a program has these words; the trial before it goes well.
    dir.script(
        "cc",
        &format!("case \"$STATICCXX_TRIAL:$*\" in :*program.a*) {before};; esac\nexec /usr/bin/gcc \"$@\""),
    );
    dir
}

#[test]
fn a_program_that_changes_meanwhile_gives_no_result() {
    let dir = with_compiler("echo >> hello");
    let compiler = dir.join("cc");
    let before = dir.names();
    let said =
        Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_CC", &compiler).line("convert hello -o result").fails(2);
    assert!(said.contains("`hello` or one of its libraries changed during the conversion"), "{said}");
    assert_eq!(dir.names(), before);
}

#[test]
fn what_fails_leaves_the_old_result() {
    let output = "while [ \"$1\" != -o ]; do shift; done";
    // The linker fails; it writes a program that is not static; it writes nothing and says that all is well.
    for (before, words) in [
        ("exit 3".to_owned(), ""),
        (format!("{output}; echo 'int main(){{}}' | /usr/bin/gcc -x c - -o \"$2\"; exit 0"), "is not a static program"),
        ("exit 0".to_owned(), "linker reported success but wrote no output"),
    ] {
        let dir = with_compiler(&before);
        dir.file("result", "old");
        let names = dir.names();
        let compiler = dir.join("cc");
        let run = Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_CC", &compiler);
        let said = run.line("convert hello -o result").fails(1);
        assert!(said.contains(words), "{said}");
        assert_eq!(fs::read(dir.join("result")).unwrap(), b"old");
        assert_eq!(dir.names(), names);
    }
    let dir = hello();
    let run = |output: &str| Run::new(STATICCTL).dir(dir.path()).args(["convert", "hello", "-o", output]).fails(2);
    let said = run("nowhere/result");
    assert!(said.contains("`nowhere/result` can't be written"), "{said}");
    let said = run("hello");
    assert!(said.contains("`hello` is the original itself"), "{said}");
}

#[test]
fn an_interrupted_conversion_leaves_nothing() {
    let dir = with_compiler("touch started; sleep 30");
    let compiler = dir.join("cc");
    let before = dir.names();
    let command = Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_CC", &compiler).line("convert hello -o result");
    let mut child = command.command().spawn().unwrap();
    wait_for("the compiler starts", || dir.join("started").exists());
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), nix::sys::signal::Signal::SIGTERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15), "{status}");
    fs::remove_file(dir.join("started")).unwrap();
    assert_eq!(dir.names(), before);
}
