//! Plugins linked in by every linker, and those of Lua.

use crate::quick::plugins::{OPENER, host, opener, source};
use crate::support::*;
use std::fs;
use std::path::Path;

/// Every linker and every shape that it has.
const MATRIX: [&str; 10] = [
    "",
    "-no-pie -static",
    "-fuse-ld=bfd -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=bfd -flto",
    "-fuse-ld=lld",
    "-fuse-ld=lld -no-pie -static -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=mold",
    "-fuse-ld=mold -no-pie -static",
    "-fuse-ld=mold -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=gold -no-pie -static",
];

#[test]
fn a_host_of_c_and_cxx_plugins_in_every_linker_and_shape() {
    let (dir, plugins, said) = host();
    for line in here(&MATRIX) {
        let words = format!("-O2 -rdynamic -pthread {line} {} -o static", source("host.cc"));
        Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_PLUGINS", "plugins").line(&words).silent();
        let headers = Run::new("readelf").args([Path::new("-lW"), &dir.join("static")]).ok();
        assert!(!headers.contains("RWE"), "{line}: {headers}");
        // They are found by the paths that they had, in a root where nothing is.
        assert_eq!(says_in_empty_root(&dir.join("static"), &[plugins.to_str().unwrap()]), said, "{line}");
    }
    Run::new("g++").dir(dir.path()).line(&format!("-O2 -c {} -o host.o", source("host.cc"))).ok();
    for list in ["plugins/*.so,plugins/libneeded.so.1", "@list"] {
        dir.file("list", "# all of them\nplugins\n\nsymbol:getpid\n");
        let run = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_PLUGINS", list);
        run.line("-rdynamic -pthread host.o -o static").silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[plugins.to_str().unwrap()]), said, "{list}");
        // Installed elsewhere, they are known by their names.
        let elsewhere = says_in_empty_root(&dir.join("static"), &["/usr/lib/host"]);
        assert_eq!(elsewhere.lines().count(), said.lines().count(), "{elsewhere}");
    }
}

#[test]
fn closing_destructs_and_opening_again_begins_anew() {
    let dir = opener();
    // Odd ones are closed, the last one is left to the end of the program.
    let words = ["./p.so", "./p.so", "./p.so", "./p.so", "./p.so"];
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).args(words).ok();
    assert!(said.contains("p up\n") && said.contains("p atexit\n") && said.contains("helper down\n"), "{said}");
    for line in ["", "-no-pie", "-fuse-ld=lld", "-fuse-ld=mold"] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so");
        run.line(&format!("{line} -rdynamic main.o -o static")).silent();
        assert_eq!(Run::new(dir.join("static")).dir(dir.path()).args(words).ok(), said, "{line}");
        let out = in_empty_root(&dir.join("static"), &words);
        assert_eq!(text(&out.stdout), said, "{line}");
    }
}

#[test]
fn where_nothing_can_be_linked_in_a_warning_says_why_and_probes_hear_none() {
    let dir = opener();
    let run = |name: &str, value: &str, output: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").env(name, value);
        let out = run.args(["main.o", "-o", output]).output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        text(&out.stderr)
    };
    let said = run("STATICCXX_CONVERT", "off", "x");
    assert!(said.contains("warning: STATICCXX_PLUGINS is ignored: plugins are converted"), "{said}");
    let said = run("STATICCXX_CONVERT", "off", "conftest");
    assert!(!said.contains("STATICCXX_PLUGINS"), "{said}");
    let said = run("STATICCXX_CONVERT", "auto", "conftest");
    assert!(!said.contains("STATICCXX_PLUGINS"), "{said}");
    dir.file("hello.c", HELLO_C);
    let musl =
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").env("STATICCXX_TOOLCHAIN", "musl-gcc");
    let out = musl.line("hello.c -o x").output();
    assert!(out.status.success() && text(&out.stderr).contains("only glibc programs"), "{}", text(&out.stderr));
}

#[test]
fn a_program_that_opens_nothing_is_the_same_byte_for_byte() {
    let dir = opener();
    dir.file("hello.c", HELLO_C);
    dir.file("hello.cc", HELLO_CXX);
    Run::new("gcc").dir(dir.path()).line("-c hello.c").ok();
    Run::new("g++").dir(dir.path()).line("-c hello.cc -o hello++.o").ok();
    for line in
        ["hello.o", "-fuse-ld=bfd hello.o", "-fuse-ld=lld hello.o", "-fuse-ld=mold hello.o", "-no-pie hello++.o"]
    {
        let link = |plugins: &str| {
            let driver = if line.contains("++") { STATICCXX } else { STATICCC };
            let run = Run::new(driver).dir(dir.path()).env("STATICCXX_PLUGINS", plugins);
            run.line(&format!("{line} -Wl,--build-id=none -o x")).silent();
            fs::read(dir.join("x")).unwrap()
        };
        assert!(link("") == link("p.so"), "{line}");
    }
}

#[test]
fn lua_with_modules_of_its_own_and_of_the_distribution() {
    let dir = Dir::new();
    let line = format!("-O2 -I/usr/include/lua5.4 -shared -fPIC {} -lm -o rooted.so", source("luamodule.c"));
    Run::new("gcc").dir(dir.path()).line(&line).ok();
    let line = format!("-O2 -I/usr/include/lua5.4 {}", source("lua.c"));
    Run::new("gcc").dir(dir.path()).line(&format!("{line} -Wl,-E -llua5.4 -o dynamic")).ok();
    let modules = "/usr/lib/x86_64-linux-gnu/lua/5.4/cjson.so,/usr/lib/x86_64-linux-gnu/lua/5.4/lpeg.so,rooted.so";
    let open = |path: &str, name: &str| format!("assert(package.loadlib('{path}', 'luaopen_{name}'))()");
    let here = dir.join("rooted.so").display().to_string();
    let nowhere = missing("x.so").display().to_string();
    let program = format!(
        "local cjson, lpeg, rooted = {}, {}, {}\n\
         print(cjson.encode({{1, 2, {{a = 'b'}}}}), cjson.decode('[3, {{\"x\": null}}]')[1])\n\
         print(lpeg.match(lpeg.C(lpeg.R('az')^1) * -1, 'pattern'), rooted.root(27))\n\
         print(pcall(rooted.root, -1))\nprint(pcall(cjson.decode, '[1,'))\n\
         print(package.loadlib('{nowhere}', 'luaopen_x') == nil, package.loadlib('{here}', 'luaopen_none') == nil)",
        open("/usr/lib/x86_64-linux-gnu/lua/5.4/cjson.so", "cjson"),
        open("/usr/lib/x86_64-linux-gnu/lua/5.4/lpeg.so", "lpeg"),
        open(&here, "rooted"),
    );
    let said = Run::new(dir.join("dynamic")).args([&program]).ok();
    assert!(
        said.contains("[1,2,{\"a\":\"b\"}]\t3") && said.contains("pattern\t3.0") && said.contains("no root of"),
        "{said}"
    );
    for options in ["", "-no-pie", "-fuse-ld=lld", "-fuse-ld=mold"] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", modules);
        run.line(&format!("{line} {options} -Wl,-E -llua5.4 -o static")).silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[&program]), said, "{options}");
        let required = "print(require('cjson').encode({true}))";
        assert_eq!(Run::new(dir.join("static")).args([required]).ok(), "[true]\n", "{options}");
    }
}

#[test]
fn a_c_host_with_a_cxx_plugin_that_needs_a_library_of_the_project() {
    let dir = Dir::new();
    dir.file(
        "helper.cc",
        "#include <stdexcept>\n#include <vector>\nextern \"C\" int helper(int x) { static std::vector<int> seen; \
        seen.push_back(x); if (x > 1) throw std::runtime_error(\"too much\"); return 10 * (int)seen.size(); }\n",
    );
    dir.file("p.cc", fixture!("plugins/throws.cc"));
    dir.file("main.c", OPENER);
    // Our own drivers make the libraries, so that they carry their objects.
    Run::new(STATICCXX).dir(dir.path()).line("-shared -fPIC helper.cc -o libhelper.so").silent();
    let line = "-shared -fPIC p.cc -L. -lhelper -lz -Wl,-rpath,$ORIGIN -o p.so";
    Run::new(STATICCXX).dir(dir.path()).line(line).silent();
    Run::new("gcc").dir(dir.path()).line("main.c -o dynamic").ok();
    let said = Run::new(dir.join("dynamic")).dir(dir.path()).args(["./p.so", "./p.so"]).ok();
    assert!(said.contains("up\n11\n") && said.contains("too much\n-1\n"), "{said}");
    for line in ["", "-no-pie", "-fuse-ld=lld", "-fuse-ld=mold"] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so");
        run.line(&format!("{line} main.c -o static")).silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &["./p.so", "./p.so"]), said, "{line}");
    }
    let run = Run::new(STATICCTL).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so");
    let shown = run.line("explain -- cc main.c -o x").ok();
    assert!(shown.contains("library:   p.so opened at run time, converted from "), "{shown}");
}

#[test]
fn a_function_of_the_program_s_own_reaches_libc_s_behind_it() {
    let dir = opener();
    dir.file("over.c", fixture!("plugins/over.c"));
    Run::new("gcc").dir(dir.path()).line("-c over.c").ok();
    for line in ["over.c", "over.o", "-no-pie over.o", "-fuse-ld=lld over.c", "-fuse-ld=mold over.o"] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so");
        run.line(&format!("{line} -o static")).silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "over\n", "{line}");
    }
}

/// Libraries of GCC that only plugins need: linked in from archives by a driver, modules in a converted program.
#[test]
fn libraries_of_gcc_that_a_plugin_needs() {
    let dir = Dir::new();
    dir.file(
        "show.f90",
        "subroutine show(x)\n  real(16) :: x\n  character(60) :: s\n  write(s, *) x * 2\n  print *, trim(adjustl(s))\nend subroutine\n",
    );
    dir.file("plugin.c", "void show_(__float128 *);\nvoid run(void) { __float128 x = 1.5; show_(&x); }\n");
    dir.file("host.c", "#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { void *h = dlopen(\"libplugin.so\", RTLD_NOW); if (!h) return puts(dlerror()); ((void (*)(void))dlsym(h, \"run\"))(); return 0; }\n");
    Run::new("gfortran").dir(dir.path()).line("-shared -fPIC show.f90 -o libshow.so").silent();
    for line in
        ["-shared -fPIC plugin.c -L. -lshow -Wl,-rpath,$ORIGIN -o libplugin.so", "host.c -Wl,-rpath,$ORIGIN -o dynamic"]
    {
        Run::new("gcc").dir(dir.path()).line(line).silent();
    }
    let said = Run::new(dir.join("dynamic")).ok();
    assert!(said.starts_with(" 3.0000"), "{said}");
    Run::new(STATICCTL).dir(dir.path()).line("convert ./dynamic -o static --plugin ./libplugin.so").ok();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "./libplugin.so").line("host.c -o linked").silent();
    for program in ["static", "linked"] {
        assert_eq!(says_in_empty_root(&dir.join(program), &[]), said, "{program}");
    }
}
