//! What `staticctl convert` says of programs by Go, for other libcs and machines, and with rights of their own.

use crate::quick::programs_bad::{convert, gcc, hello, refused};
use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn programs_of_other_libcs_and_machines() {
    let dir = hello();
    Run::new("musl-gcc").dir(dir.path()).line("hello.c -o musl").ok();
    refused(&dir, "musl", &["was made for musl", "`staticctl toolchain install musl`"]);
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line("hello.c -o arm").ok();
    refused(
        &dir,
        "arm",
        &[
            "is for aarch64, and the toolchain `host-gcc` makes programs for x86_64-linux-gnu",
            "STATICCXX_TOOLCHAIN=aarch64-linux-gnu",
        ],
    );
}

#[test]
fn go_s_own_start_code_is_named() {
    let dir = Dir::new();
    dir.file("go.mod", "module m\n");
    dir.file(
        "m.go",
        "package main\nimport (\"fmt\"; \"net\")\nfunc main() { fmt.Println(net.LookupHost(\"localhost\")) }\n",
    );
    let run = Run::new("go").dir(dir.path()).env("GOFLAGS", "-mod=mod").env("GOCACHE", dir.join("cache"));
    run.env("HOME", dir.path()).env("CGO_ENABLED", "1").line("build -o program m.go").ok();
    refused(&dir, "program", &["can't be converted", "`CGO_ENABLED=0 go build`"]);
}

#[test]
fn rights_are_not_copied_silently() {
    let dir = hello();
    let set = |mode| fs::set_permissions(dir.join("hello"), fs::Permissions::from_mode(mode)).unwrap();
    set(0o4755);
    refused(&dir, "hello", &["`hello` has the set-user-ID bit", "--allow-privileged"]);
    set(0o2755);
    refused(&dir, "hello", &["has the set-group-ID bit"]);
    let (status, said) = convert(&dir, "hello", &["--allow-privileged", "-q"]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert_eq!(fs::metadata(dir.join("result")).unwrap().permissions().mode() & 0o7777, 0o755);
    fs::remove_file(dir.join("result")).unwrap();
    set(0o755);
    let enter = "--user --map-root-user /sbin/setcap cap_net_raw+ep hello";
    Run::new("unshare").dir(dir.path()).line(enter).ok();
    refused(&dir, "hello", &["`hello` has file capabilities"]);
    // Static ones as well.
    gcc(&dir, "-static hello.c -o hello");
    set(0o4755);
    let (status, said) = convert(&dir, "hello", &[]);
    assert!(status == Some(2) && said.contains("has the set-user-ID bit"), "{said}");
}

#[test]
fn missing_libraries_are_all_named_at_once() {
    let dir = Dir::new();
    dir.file("q.c", "int q(void) { return 1; }\n");
    dir.file("r.c", "int q(void); int r(void) { return q(); }\n");
    dir.file("main.c", "int r(void), s(void); int main(void) { return r() + s() - 2; }\n");
    dir.file("s.c", "int s(void) { return 1; }\n");
    gcc(&dir, "-shared -fPIC q.c -o libq.so -Wl,-soname,libq.so.1");
    gcc(&dir, "-shared -fPIC r.c libq.so -o libr.so");
    gcc(&dir, "-shared -fPIC s.c -o libs.so");
    gcc(&dir, "main.c libr.so libs.so -Wl,--allow-shlib-undefined -o program");
    refused(&dir, "program", &["`libr.so`, needed by `program`, was not found", "`libs.so`, needed by", "hint: "]);
    // With a directory for some of them, what those need is named.
    let lost = |path: &Path| {
        Run::new(STATICCTL).dir(dir.path()).env("LD_LIBRARY_PATH", path).line("convert program -o result").fails(2)
    };
    let said = lost(dir.path());
    assert!(said.contains("`libq.so.1`, needed by `libr.so`") && !said.contains("libs.so"), "{said}");
    fs::rename(dir.join("libq.so"), dir.join("libq.so.1")).unwrap();
    let run = Run::new(STATICCTL).dir(dir.path()).env("LD_LIBRARY_PATH", dir.path());
    run.line("convert -q program -o result").silent();
    Run::new(dir.join("result")).ok();
    // One for another machine does not count.
    fs::create_dir(dir.join("arm")).unwrap();
    Run::new("aarch64-linux-gnu-gcc").dir(dir.path()).line("-shared -fPIC s.c -o arm/libs.so").ok();
    fs::remove_file(dir.join("libs.so")).unwrap();
    let said = lost(&dir.join("arm"));
    assert!(said.contains("`libs.so`, needed by `program`") && said.contains("is for another machine"), "{said}");
}
