//! `staticctl toolchain pack` for another machine, with a plugin of GCC's, and with source packages.

use super::pack::{ctl, user_in};
use crate::support::*;
use std::fs;

/// A compiler for C that makes programs for aarch64 with glibc, unpacked as a whole root.
#[test]
fn a_cross_compiler_needs_nothing_either() {
    let dir = Dir::new();
    let root = dir.join("root");
    ctl().line("pack -q --lang c --libc glibc --target aarch64 -o").args([&root]).silent();
    dir.file("root/w/h.c", HELLO_C);
    for kind in ["-static", "-static-pie"] {
        user_in(&root, "/w", "/bin/aarch64-linux-gnu-gcc").line("-O2 -flto h.c -o h").args([kind]).silent();
        assert!(Run::new("qemu-aarch64-static").args([root.join("w/h")]).ok().contains("hello"));
        let machine = text(&Run::new("readelf").line("-h").args([root.join("w/h")]).output().stdout);
        assert!(machine.contains("AArch64"), "{machine}");
    }
    // No compiler of this machine's own is in it, and none is promised.
    assert!(!root.join("bin/gcc").exists() && !root.join("usr/bin/gcc").exists());
    let shown = user_in(&root, "/w", "/bin/staticctl").line("toolchain list").ok();
    assert!(shown.contains("-aarch64-glibc"), "{shown}");
}

/// `-fplugin=` of a plugin that was linked in finds it, also where the file is gone; of another it is refused.
#[test]
fn a_plugin_of_the_compiler_is_linked_in_and_sources_are_fetched() {
    let dir = Dir::new();
    let headers = Run::new("gcc").line("-print-file-name=plugin").ok();
    dir.file("plugin.cc", fixture!("pack/plugin.cc"));
    dir.file("x.c", "int compiled(void) { return 1; }\n");
    for name in ["p.so", "other.so"] {
        let include = format!("-I{}/include", headers.trim());
        Run::new("g++").dir(dir.path()).line("-shared -fPIC -fno-rtti plugin.cc -o").args([name, &include]).silent();
    }
    let plugin = dir.join("p.so");
    let says = |compiler: &str, plugin: &std::path::Path| {
        let option = format!("-fplugin={}", plugin.display());
        Run::new(compiler).dir(dir.path()).line("-c x.c -o x.o").args([option]).output()
    };
    let original = says("gcc", &plugin);
    assert_eq!(text(&original.stderr), "plugin: compiled\n");
    sources_are_fetched(&dir, ctl().dir(dir.path()).line("pack -q --lang c --libc glibc --plugin p.so -o pack"));
    let packed = dir.join("pack/bin/gcc").to_str().unwrap().to_owned();
    fs::remove_file(&plugin).unwrap();
    assert_eq!(text(&says(&packed, &plugin).stderr), "plugin: compiled\n");
    let other = says(&packed, &dir.join("other.so"));
    assert!(!other.status.success() && text(&other.stderr).contains("cannot load plugin"), "{}", text(&other.stderr));
}

/// apt is asked for the very versions, once for each source package; what it has not is named after the rest.
fn sources_are_fetched(dir: &Dir, pack: Run) {
    fs::create_dir(dir.join("bin")).unwrap();
    let asked = dir.join("asked");
    let apt = format!(
        "echo \"$@\" >> '{}'; for word; do :; done; case $word in zlib=*) exit 100;; esac; touch \"${{word%%=*}}.dsc\"",
        asked.display()
    );
    dir.script("bin/apt-get", &apt);
    let path = format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap());
    let said = pack.env("PATH", path).line("--sources sources").fails(2);
    assert!(said.contains("apt has no sources for zlib=") && said.contains("deb-src"), "{said}");
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("pack/pack.json")).unwrap()).unwrap();
    let mut wanted: Vec<String> = manifest["packages"].as_array().unwrap().iter().map(source).collect();
    wanted.sort();
    wanted.dedup();
    let asked = fs::read_to_string(asked).unwrap();
    let got: Vec<&str> = asked.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(got, wanted);
    assert!(dir.join("sources/binutils.dsc").is_file() && !dir.join("sources/zlib.dsc").exists());
}

fn source(package: &serde_json::Value) -> String {
    format!("{}={}", package["source"].as_str().unwrap(), package["source_version"].as_str().unwrap())
}
