//! `staticctl toolchain add` of libraries that CMake and Meson build: for the toolchain, without the machine's own libraries.

use super::musl_libraries::Copy;
use crate::support::*;
use std::fs;

/// Adds a recipe of the user's for a library `one`, whose source is these files instead of a package's.
fn adds_one(copy: &Copy, system: &str, files: &[(&str, &str)]) {
    let source = [
        ("one.h", "int one(void);\n"),
        ("one.c", "int one(void) { return 1; }\n"),
        ("tool.c", "#include \"one.h\"\nint main(void) { return one() - 1; }\n"),
    ];
    for (name, text) in source.iter().chain(files) {
        copy.dir.file(format!("source-{system}/{name}"), text);
    }
    let copied = format!("rm -rf ./* && cp {}/* .", copy.dir.join(format!("source-{system}")).display());
    let recipe = serde_json::json!({
        "schema": 1, "name": "one", "description": "x", "sources": ["bzip2"], "build": {"system": system, "prepare": [copied]},
        "headers": ["one.h"], "archives": ["one"], "programs": ["one-tool"], "test": {"program": "one.c", "words": ["-lone"]},
    });
    copy.dir.file("config/staticcxx/libraries/one.json", recipe.to_string());
    let main = "#include <one.h>\n#include <stdio.h>\nint main(void) { return one() != 1 || puts(\"ok\") < 0; }\n";
    copy.dir.file("config/staticcxx/libraries/one.c", main);
    // Another test's build may be waited for, which is told.
    copy.ctl("add one -q").ok();
}

#[test]
fn meson_builds_with_our_drivers_and_finds_nothing_of_the_machine_s() {
    let copy = Copy::new();
    let meson = "project('one', 'c')\n\
        fs = import('fs')\n\
        assert(fs.name(meson.get_compiler('c').cmd_array()[0]) == 'staticcc')\n\
        assert(not meson.is_cross_build() and get_option('more').disabled())\n\
        foreach method : ['pkg-config', 'cmake', 'auto']\n\
        assert(not dependency('zlib', method : method, required : false).found(), method)\n\
        endforeach\n\
        one = library('one', 'one.c', install : true)\n\
        executable('one-tool', 'tool.c', link_with : one, install : true)\n\
        install_headers('one.h')\n";
    adds_one(&copy, "meson", &[("meson.build", meson), ("meson_options.txt", "option('more', type : 'feature')\n")]);
    let prefix = copy.prefix();
    assert!(prefix.join("lib/libone.a").is_file() && !prefix.join("lib/libone.so").exists());
    assert!(is_static(&prefix.join("bin/one-tool")));
    Run::new(prefix.join("bin/one-tool")).silent();
}

#[test]
fn cmake_installs_programs_with_a_run_path_and_links_to_them() {
    let copy = Copy::new();
    // As protobuf does it: the program has its version in its name, and a run path that an install would write.
    let cmake = "cmake_minimum_required(VERSION 3.14)\n\
        project(one C)\n\
        find_package(ZLIB)\n\
        if(ZLIB_FOUND)\n\
        message(FATAL_ERROR \"the machine's zlib\")\n\
        endif()\n\
        add_library(one one.c)\n\
        add_executable(one-tool tool.c)\n\
        target_link_libraries(one-tool one)\n\
        set_target_properties(one-tool PROPERTIES VERSION 1.2 INSTALL_RPATH \"$ORIGIN/../lib\")\n\
        install(TARGETS one one-tool)\n\
        install(FILES one.h DESTINATION include)\n";
    adds_one(&copy, "cmake", &[("CMakeLists.txt", cmake)]);
    let bin = copy.prefix().join("bin");
    assert_eq!(fs::read_link(bin.join("one-tool")).unwrap().to_str(), Some("one-tool-1.2"));
    assert!(is_static(&bin.join("one-tool-1.2")));
    Run::new(bin.join("one-tool")).silent();
    copy.ctl("drop one").silent();
    assert!(!bin.exists());
}

#[test]
fn a_project_that_prefers_archives_finds_those_of_the_prefix_alone() {
    let copy = Copy::new();
    copy.ctl("add zlib -q -j1").ok();
    let meson = "project('uses', 'c', default_options : ['prefer_static=true'])\n\
        cc = meson.get_compiler('c')\n\
        executable('found', 'z.c', dependencies : cc.find_library('z'))\n\
        executable('named', 'z.c', dependencies : cc.find_library('z', static : true))\n\
        executable('packaged', 'z.c', dependencies : dependency('zlib'))\n\
        # The machine has it.\n\
        assert(not cc.find_library('ssl', required : false).found())\n";
    copy.dir.file("meson.build", meson);
    let program = "#include <stdio.h>\n#include <zlib.h>\n\
        int main(void) { printf(\"%08lx\\n\", crc32(0, (const Bytef *)\"hello\", 5)); return 0; }\n";
    copy.dir.file("z.c", program);
    let build = "eval \"$(\"$0\" toolchain show musl --env)\" && CC=$1 meson setup build && ninja -C build";
    copy.run("sh").args(["-ec", build, STATICCTL, STATICCC]).ok();
    Run::new("gcc").dir(copy.dir.path()).line("z.c -o dynamic -lz").silent();
    let expected = Run::new(copy.dir.join("dynamic")).ok();
    for program in ["found", "named", "packaged"] {
        assert_eq!(says_in_empty_root(&copy.dir.join("build").join(program), &[]), expected, "{program}");
    }

    // What is asked is answered by where links look, for both compilers of the toolchain, and for no others.
    let prefix = copy.prefix();
    let asks = |toolchain: &str, line: &str| copy.run(STATICCC).line(line).env("STATICCXX_TOOLCHAIN", toolchain).ok();
    for toolchain in ["musl", "musl-clang"] {
        let said = asks(toolchain, "-print-search-dirs");
        let dirs = said.lines().find_map(|l| l.strip_prefix("libraries: =")).unwrap();
        let dirs: Vec<&str> = dirs.split(':').collect();
        assert_eq!(dirs[0], format!("{}/lib/", prefix.display()), "{said}");
        assert!(dirs.len() > 1 && dirs.iter().all(|dir| dir.starts_with(prefix.to_str().unwrap())), "{said}");
        let archive = asks(toolchain, "-print-file-name=libz.a");
        assert_eq!(archive.trim_end(), prefix.join("lib/libz.a").to_str().unwrap());
        assert_eq!(asks(toolchain, "--print-file-name libssl.a").trim_end(), "libssl.a");
    }
    for line in ["-print-search-dirs", "-print-file-name=libssl.a", "-print-file-name=include"] {
        assert_eq!(asks("host-gcc", line), Run::new("gcc").line(line).ok());
    }
    assert_eq!(asks("musl", "-print-file-name=include"), Run::new("gcc").line("-print-file-name=include").ok());
}
