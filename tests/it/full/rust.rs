//! cargo and rustc with the driver as linker: programs become static, what rustc and cargo load and run stays as it is.
//! The crates come from crates.io by cargo itself.

use crate::quick::run::{built, names};
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

/// A run of cargo in a project, as a user has it.
fn cargo(dir: &Dir) -> Run {
    Run::new("cargo").dir(dir.path())
}

const MANIFEST: &str = r#"
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
pm = { path = "pm" }
libz-sys = { version = "1.1", default-features = false, features = ["static"] }
ring = "0.17"
[build-dependencies]
cc = "1"
cmake = "0.1"
libloading = "0.8"
[workspace]
members = ["pm", "cd"]
"#;

/// A build script that loads libclang, as bindgen does, and compiles C++.
const BUILD: &str = r#"
fn main() {
    let llvm = std::fs::read_dir("/usr/lib").unwrap().flatten().filter(|e| e.file_name().to_string_lossy().starts_with("llvm-"));
    let dirs = [std::path::PathBuf::from("/usr/lib/x86_64-linux-gnu")].into_iter().chain(llvm.map(|e| e.path().join("lib")));
    let clang = dirs.flat_map(|d| std::fs::read_dir(d).into_iter().flatten()).flatten().map(|e| e.path()).find(|p| p.to_string_lossy().contains("/libclang-") && p.to_string_lossy().contains(".so.")).expect("libclang");
    unsafe {
        let lib = libloading::Library::new(clang).expect("a build script loads shared objects");
        let create: libloading::Symbol<unsafe extern "C" fn(i32, i32) -> *mut std::ffi::c_void> = lib.get(b"clang_createIndex").unwrap();
        assert!(!create(0, 0).is_null());
    }
    println!("cargo:rustc-env=FROM_BUILD_SCRIPT=libclang");
    cc::Build::new().cpp(true).file("part.cpp").compile("part");
    let built = cmake::build("other");
    println!("cargo:rustc-link-search=native={}", built.join("lib").display());
    println!("cargo:rustc-link-lib=static=other");
}
"#;

const PART: &str = fixture!("rust/part.cc");

const MAIN: &str = r#"
use std::cell::Cell;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
extern "C" { fn part(n: i32) -> i32; fn other() -> i32; }
thread_local! { static T: Cell<u32> = const { Cell::new(1) }; }
#[inline(never)]
fn deep_inside() { panic!("a panic") }
fn main() {
    println!("{} {} part={}", pm::answer!(), env!("FROM_BUILD_SCRIPT"), unsafe { part(2) });
    println!("other={}", unsafe { other() });
    println!("z={}", unsafe { std::ffi::CStr::from_ptr(libz_sys::zlibVersion()) }.to_str().unwrap().starts_with('1'));
    let digest = ring::digest::digest(&ring::digest::SHA256, b"abc");
    println!("ring={:02x}{:02x}", digest.as_ref()[0], digest.as_ref()[1]);
    let threads = (0..4).map(|i| std::thread::spawn(move || T.with(|t| { t.set(t.get() + i); t.get() })));
    let sum: u32 = threads.collect::<Vec<_>>().into_iter().map(|h| h.join().unwrap()).sum();
    println!("threads={sum} own={}", T.with(Cell::get));
    println!("address={}", ("127.0.0.1", 80).to_socket_addrs().unwrap().next().unwrap());
    println!("unknown={}", ("name.invalid", 80).to_socket_addrs().is_err());
    if std::env::args().len() > 1 {
        println!("localhost={}", ("localhost", 80).to_socket_addrs().unwrap().next().unwrap().port());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("connected={}", TcpStream::connect(listener.local_addr().unwrap()).is_ok());
    }
    println!("caught={}", std::panic::catch_unwind(deep_inside).is_err());
}
#[test]
fn works() { assert_eq!(pm::answer!(), 42); assert_eq!(unsafe { part(2) }, 6); }
"#;

const SAYS: &str = "42 libclang part=6\nother=7\nz=true\nring=ba78\nthreads=10 own=1\naddress=127.0.0.1:80\nunknown=true\ncaught=true\n";

/// A program with C, C++ and assembly in its dependencies, a build script, a proc-macro and a cdylib.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("Cargo.toml", MANIFEST);
    dir.file("build.rs", BUILD);
    dir.file("part.cpp", PART);
    dir.file("other/CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(other CXX)\nfind_package(Threads REQUIRED)\nadd_library(other STATIC other.cpp)\ninstall(TARGETS other DESTINATION lib)\n");
    dir.file("other/other.cpp", "#include <map>\n#include <string>\nextern \"C\" int other() { std::map<std::string, int> m; m[\"x\"] = 7; return m.at(\"x\"); }\n");
    dir.file("src/main.rs", MAIN);
    let member = |name: &str, kind: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\n{kind}\n")
    };
    dir.file("pm/Cargo.toml", member("pm", "proc-macro = true"));
    dir.file("pm/src/lib.rs", "use proc_macro::TokenStream;\n#[proc_macro]\npub fn answer(_: TokenStream) -> TokenStream { \"42\".parse().unwrap() }\n");
    dir.file("cd/Cargo.toml", member("cd", "crate-type = [\"cdylib\"]"));
    dir.file("cd/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn answer() -> i32 { std::thread::spawn(|| \"42\".parse::<i32>().unwrap()).join().unwrap() }\n");
    dir
}

/// The files below a directory whose names begin so.
fn files(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().flatten().map(|e| e.path());
    let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|p| p.is_dir());
    let begins = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with(prefix);
    files.into_iter().filter(begins).chain(dirs.iter().flat_map(|d| self::files(d, prefix))).collect()
}

#[test]
fn a_linker_in_the_config_makes_programs_static_and_nothing_else() {
    let dir = project();
    dir.file(".cargo/config.toml", format!("[target.x86_64-unknown-linux-gnu]\nlinker = \"{STATICCC}\"\n"));
    cargo(&dir).line("build --workspace").ok();
    let app = dir.join("target/debug/app");
    assert_eq!(says_in_empty_root(&app, &[]), SAYS);
    // With what a container has besides: /etc/hosts for localhost, /proc for the names in a backtrace.
    let root = Dir::new();
    root.file("etc/hosts", "127.0.0.1 localhost\n");
    fs::create_dir(root.join("proc")).unwrap();
    fs::copy(&app, root.join("app")).unwrap();
    let enter = "--user --map-root-user --mount --pid --fork --mount-proc";
    let run = Run::new("unshare").line(enter).args([
        format!("--root={}", root.path().display()),
        "/app".into(),
        "more".into(),
    ]);
    let out = run.env("RUST_BACKTRACE", "1").output();
    let (said, shown) = (text(&out.stdout), text(&out.stderr));
    assert!(said.contains("localhost=80\nconnected=true\ncaught=true\n"), "{said}{shown}");
    assert!(
        shown.contains("a panic") && shown.contains("app::deep_inside") && shown.contains("src/main.rs"),
        "{shown}"
    );
    // What runs or is loaded on this machine is as cargo had it made.
    let scripts = files(&dir.join("target/debug/build"), "build_script_build-");
    let scripts: Vec<_> = scripts.iter().filter(|p| p.extension().is_none()).collect();
    assert!(scripts.len() >= 3, "{scripts:?}");
    assert!(scripts.iter().all(|s| !is_static(s)), "{scripts:?}");
    let macros = files(&dir.join("target/debug/deps"), "libpm-")
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "so"));
    for file in macros {
        let sections = Run::new("readelf").args(["-SW".as_ref(), file.as_os_str()]).ok();
        assert!(!sections.contains("staticcxx"), "nobody links against a proc-macro");
    }
    let load = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).answer())";
    assert_eq!(Run::new("python3").args(["-c", load]).args([dir.join("target/debug/libcd.so")]).ok(), "42\n");
    // The library in Rust goes into a static program in C.
    dir.file(
        "u.c",
        "#include <stdio.h>\nint answer(void);\nint main(void) { printf(\"%d\\n\", answer()); return 0; }\n",
    );
    Run::new(STATICCC).dir(dir.path()).line("u.c -o u -Ltarget/debug -lcd").ok();
    assert_eq!(says_in_empty_root(&dir.join("u"), &[]), "42\n");
    let said = cargo(&dir).line("test").ok();
    assert!(said.contains("test works ... ok"), "{said}");
}

/// A small one, for what needs no dependencies.
fn small() -> Dir {
    let dir = Dir::new();
    dir.file("Cargo.toml", "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\npm = { path = \"pm\" }\n[workspace]\nmembers = [\"pm\"]\n");
    dir.file("build.rs", "fn main() { println!(\"cargo:rustc-env=SCRIPT=ran\"); }\n");
    dir.file("src/main.rs", "fn main() { println!(\"{} {}\", pm::answer!(), env!(\"SCRIPT\")); }\n");
    dir.file(
        "pm/Cargo.toml",
        "[package]\nname = \"pm\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
    );
    dir.file("pm/src/lib.rs", "#[proc_macro]\npub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"42\".parse().unwrap() }\n");
    dir
}

#[test]
fn a_run_of_cargo_reports_the_program_and_what_was_left_alone() {
    let dir = small();
    cargo(&dir).line("build").ok();
    assert!(!is_static(&dir.join("target/debug/small")));
    let out = Run::new(STATICCTL).dir(dir.path()).line("run --report r.json -- cargo build").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!(names(&report, "programs"), ["target/debug/small"], "the dynamic one from before was linked again");
    assert_eq!(names(&report, "foreign"), Vec::<String>::new());
    let left = &report["left_alone"];
    assert!(
        left[0]["path"].as_str().unwrap().contains("build-script-build")
            || left[0]["path"].as_str().unwrap().contains("build_script_build"),
        "{left}"
    );
    assert_eq!((left.as_array().unwrap().len(), &left[0]["reason"]), (1, &"build-script".into()));
    assert_eq!(says_in_empty_root(&dir.join("target/debug/small"), &[]), "42 ran\n");
}

#[test]
fn crt_static_builds_work_too() {
    let dir = small();
    let target = "x86_64-unknown-linux-gnu";
    let linker = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER";
    for (flags, kind) in
        [("-Ctarget-feature=+crt-static", "DYN"), ("-Ctarget-feature=+crt-static -Crelocation-model=static", "EXEC")]
    {
        cargo(&dir).env(linker, STATICCC).env("RUSTFLAGS", flags).args(["build", "--target", target]).ok();
        let program = dir.join(format!("target/{target}/debug/small"));
        assert_eq!(says_in_empty_root(&program, &[]), "42 ran\n");
        assert!(Run::new("readelf").args(["-hW".as_ref(), program.as_os_str()]).ok().contains(kind), "{flags}");
    }
}

/// What rustc does for `x86_64-unknown-linux-musl`: its own start files, `-nostartfiles`, `-nodefaultlibs`, and the libc
/// among the archives. Its standard library for that target is not on every machine, so that the call is made by hand, with rustc's
/// own object of code that needs no more than `core`.
#[test]
fn start_files_of_the_caller_s_as_on_musl_targets() {
    let dir = Dir::new();
    dir.file("m.rs", "#![no_std]\n#![no_main]\nextern \"C\" { fn puts(s: *const u8) -> i32; fn abort() -> !; }\n\
                      #[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! { unsafe { abort() } }\n\
                      #[no_mangle]\npub extern \"C\" fn main() -> i32 { unsafe { puts(b\"rust on musl\\0\".as_ptr()) }; 0 }\n");
    Run::new("rustc")
        .dir(dir.path())
        .line("--emit=obj --crate-type=bin -Cpanic=abort -Copt-level=1 -Crelocation-model=pic m.rs -o m.rcgu.o")
        .ok();
    let musl = "/usr/lib/x86_64-linux-musl";
    let gcc = |file: &str| Run::new("gcc").args([format!("-print-file-name={file}")]).ok().trim().to_owned();
    for (start, begin, end, shape, kind) in [
        ("rcrt1.o", "crtbeginS.o", "crtendS.o", "-static-pie", "DYN"),
        ("crt1.o", "crtbegin.o", "crtend.o", "-static -no-pie", "EXEC"),
    ] {
        let line = format!(
            "-m64 {musl}/{start} {musl}/crti.o {} m.rcgu.o -Wl,--as-needed -Wl,-Bstatic {} {musl}/libc.a -Wl,-Bdynamic -Wl,--eh-frame-hdr \
             -Wl,-z,noexecstack -nostartfiles -L {musl} -o m -Wl,--gc-sections {shape} -Wl,-z,relro,-z,now -nodefaultlibs {} {musl}/crtn.o",
            gcc(begin),
            gcc("libgcc_eh.a"),
            gcc(end)
        );
        Run::new(STATICCC).dir(dir.path()).line(&line).ok();
        assert_eq!(says_in_empty_root(&dir.join("m"), &[]), "rust on musl\n");
        assert!(Run::new("readelf").args(["-hW".as_ref(), dir.join("m").as_os_str()]).ok().contains(kind));
        let json = Run::new(STATICCTL).args(["check", "--json", "m"]).dir(dir.path()).ok();
        assert!(json.contains("\"musl\":true") && json.contains("\"glibc\":false"), "{json}");
    }
}

#[test]
fn a_bare_rustc_finds_the_driver_on_path() {
    let dir = Dir::new();
    dir.file("h.rs", "fn main() { println!(\"hello from rustc\"); }\n");
    let (_, report) = built(&dir, &["rustc", "h.rs"]);
    assert_eq!(names(&report, "programs"), ["h"]);
    assert_eq!(says_in_empty_root(&dir.join("h"), &[]), "hello from rustc\n");
}
