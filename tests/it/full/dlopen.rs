//! The same by every linker and in every shape, and with libraries of the distribution.

use crate::quick::dlopen::{asking, dynamic, ours};
use crate::support::*;

#[test]
fn every_linker_in_every_shape() {
    let dir = asking();
    let said = dynamic(&dir, "asks.o -rdynamic");
    for line in here(&[
        "-no-pie -static",
        "-fuse-ld=bfd",
        "-fuse-ld=bfd -Wl,--gc-sections",
        "-fuse-ld=lld",
        "-fuse-ld=lld -no-pie -static -Wl,--gc-sections",
        "-fuse-ld=mold",
        "-fuse-ld=mold -no-pie -static",
        "-fuse-ld=gold -no-pie -static",
    ]) {
        assert_eq!(ours(&dir, &format!("{line} asks.o -rdynamic")), said, "{line}");
    }
}

#[test]
fn a_converted_program_finds_the_same() {
    let dir = asking();
    let path = dir.path().display().to_string();
    for export in ["", "-rdynamic"] {
        let line = format!("asks.o {export} -L. -lpair -Wl,-rpath,{path} -o original");
        Run::new("gcc").dir(&path).line(&line).ok();
        Run::new(STATICCTL).dir(&path).line("convert -q original -o converted").ok();
        assert!(is_static(&dir.join("converted")));
        let said = |program: &str| {
            let said = Run::new(dir.join(program)).args([dir.join("libpair.so.1")]).ok();
            // Its start needs `main`, which the original does not export.
            said.replace(dir.join(program).to_str().unwrap(), "prog").replace(" main", "")
        };
        assert_eq!(said("converted"), said("original"), "{export}");
    }
}

#[test]
fn libcrypto_is_found_by_name_without_a_reference() {
    let dir = Dir::new();
    dir.file("m.c", fixture!("dlopen/crypto.c"));
    Run::new("gcc").dir(dir.path()).line("-c m.c").ok();
    for line in ["-Wl,--no-as-needed -lcrypto", "-Wl,--as-needed -lcrypto"] {
        Run::new("gcc").dir(dir.path()).line(&format!("m.o {line} -o dynamic")).ok();
        Run::new(STATICCC).dir(dir.path()).line(&format!("m.o {line} -o static")).silent();
        let said = Run::new(dir.join("dynamic")).ok();
        assert_eq!(said.contains("found 1"), line.contains("no-as"), "{line}: {said}");
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
    }
}

#[test]
fn a_plugin_s_archive_needs_libraries_without_one() {
    let dir = Dir::new();
    dir.file(
        "m.c",
        "#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { void *h = dlopen(\"libnsl.so.2\", RTLD_NOW);\n\
        puts(h && dlsym(h, \"yp_get_default_domain\") ? \"ok\" : dlerror()); return 0; }\n",
    );
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "libnsl.so.2");
    run.line("m.c -o static").silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "ok\n");
}

#[test]
fn qt_without_its_platform_plugin_says_so_and_does_not_crash() {
    let dir = Dir::new();
    dir.file("m.cc", "#include <QGuiApplication>\nint main(int c, char **v) { QGuiApplication a(c, v); return 0; }\n");
    let flags = Run::new("pkg-config").line("--cflags --libs Qt5Gui").ok();
    let line = format!("-fPIC m.cc {} -o", flags.trim());
    Run::new("g++").dir(dir.path()).line(&format!("{line} dynamic")).ok();
    let run = |program: &str| {
        let run = Run::new(dir.join(program)).env("QT_QPA_PLATFORM", "offscreen").env("XDG_RUNTIME_DIR", dir.path());
        run.output()
    };
    assert!(run("dynamic").status.success());
    Run::new(STATICCXX).dir(dir.path()).line(&format!("{line} static")).ok();
    let out = run("static");
    // As Qt ends where it can't load the plugin: by abort().
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&out.status), Some(6), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("no Qt platform plugin could be initialized"), "{}", text(&out.stderr));
}
