//! Plugins linked in: each program is compared with its dynamic twin, which loads them.

use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plugins");

fn source(name: &str) -> String {
    format!("{SOURCES}/{name}")
}

/// The plugins of `tests/fixtures/plugins`, and what their dynamic host says.
fn host() -> (Dir, PathBuf, String) {
    let dir = Dir::new();
    let plugins = dir.join("plugins");
    fs::create_dir(&plugins).unwrap();
    Run::new("sh").dir(&plugins).args([source("build.sh"), SOURCES.to_owned()]).ok();
    Run::new("g++").dir(dir.path()).line(&format!("-O2 -rdynamic -pthread {} -o dynamic", source("host.cc"))).ok();
    let said = Run::new(dir.join("dynamic")).args([&plugins]).ok();
    assert!(said.contains("caught no square 8\n") && said.contains("global 1 42 1\n"), "{said}");
    (dir, plugins, said)
}

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
    for line in MATRIX {
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

const P: &str = "#include <stdio.h>\nint from_program(int);\nint helper(int);\nstatic int count, other = 3;\n__thread int own = 5;\n\
    static void left(void) { puts(\"p atexit\"); }\nint atexit(void (*)(void));\n\
    __attribute__((constructor)) static void up(void) { puts(\"p up\"); atexit(left); }\n\
    __attribute__((destructor)) static void down(void) { printf(\"p down %d\\n\", count); }\n\
    int run(int x) { other++; own++; return helper(x) + from_program(x) + 100 * ++count + 1000 * own + other; }\n";
const HELPER: &str = "#include <stdio.h>\n__attribute__((constructor)) static void up(void) { puts(\"helper up\"); }\n\
    __attribute__((destructor)) static void down(void) { puts(\"helper down\"); }\nint helper(int x) { return x * 100000; }\n";
const OPENER: &str = "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\nint from_program(int x) { return x; }\n\
    int main(int n, char **v) { setvbuf(stdout, 0, _IONBF, 0); for (int i = 1; i < n; i++) {\n\
    void *h = dlopen(v[i], RTLD_NOW); int (*run)(int) = h ? (int (*)(int))dlsym(h, \"run\") : 0;\n\
    if (!run) { printf(\"no: %s\\n\", dlerror()); continue; }\n\
    printf(\"%d\\n\", run(i)); printf(\"%d\\n\", run(i)); if (i % 2) printf(\"closed %d\\n\", dlclose(h)); } return 0; }\n";

/// A program with one plugin and what that needs, and a library that nobody names.
fn opener() -> Dir {
    let dir = Dir::new();
    for (name, text) in [("p.c", P), ("helper.c", HELPER), ("main.c", OPENER)] {
        dir.file(name, text);
    }
    for line in [
        "-shared -fPIC helper.c -o libhelper.so",
        "-shared -fPIC p.c -L. -lhelper -Wl,-rpath,$ORIGIN -o p.so",
        "-rdynamic main.c -o dynamic",
        "-c main.c",
    ] {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    dir
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
fn what_is_not_linked_in_is_not_found_and_the_message_says_what_to_do() {
    let dir = opener();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").line("main.o -o static").silent();
    let said = says_in_empty_root(&dir.join("static"), &["libother.so.1"]);
    assert!(said.contains("no: libother.so.1: cannot open shared object file: No such file or directory"), "{said}");
    assert!(said.contains("STATICCXX_PLUGINS") && said.contains("--plugin"), "{said}");
    for (words, expected) in [
        ("q.so", "error: STATICCXX_PLUGINS: `q.so` is no shared object"),
        ("main.c", "error: STATICCXX_PLUGINS: `main.c` is no shared object"),
        ("nothing*", "error: STATICCXX_PLUGINS: `nothing*` is no shared object"),
        ("@nothing", "error: STATICCXX_PLUGINS: `nothing` can't be read"),
    ] {
        let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", words).line("main.o -o x").fails(1);
        assert!(said.contains(expected) && said.contains("hint: words are separated by commas"), "{said}");
        assert!(!dir.join("x").exists());
    }
}

#[test]
fn damaged_plugins_are_named_and_those_of_a_directory_left_out() {
    let dir = opener();
    let mut bytes = fs::read(dir.join("p.so")).unwrap();
    bytes.truncate(bytes.len() / 2);
    dir.file("plugins/broken.so", &bytes);
    fs::copy(dir.join("p.so"), dir.join("plugins/p.so")).unwrap();
    fs::copy(dir.join("libhelper.so"), dir.join("plugins/libhelper.so")).unwrap();
    let run = |plugins: &str| Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", plugins).line("main.o -o x");
    let said = run("plugins/broken.so").fails(1);
    assert!(said.contains("broken.so` can't be linked in: it is damaged"), "{said}");
    let out = run("plugins").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("warning: the plugin `"), "{said}");
    assert!(said.contains("broken.so` can't be linked in: it is damaged") && said.contains("it is left out"), "{said}");
    assert!(says_in_empty_root(&dir.join("x"), &["p.so"]).contains("p up\n"));
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
    assert!(said.contains("warning: STATICCXX_PLUGINS is passed over: plugins are converted"), "{said}");
    let said = run("STATICCXX_CONVERT", "off", "conftest");
    assert!(!said.contains("STATICCXX_PLUGINS"), "{said}");
    let said = run("STATICCXX_CONVERT", "auto", "conftest");
    assert!(!said.contains("STATICCXX_PLUGINS"), "{said}");
    dir.file("hello.c", HELLO_C);
    let musl =
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").env("STATICCXX_TOOLCHAIN", "musl-gcc");
    let out = musl.line("hello.c -o x").output();
    assert!(out.status.success() && text(&out.stderr).contains("only glibc's programs"), "{}", text(&out.stderr));
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
fn the_report_lists_plugins_and_nothing_is_found_wanting() {
    let dir = opener();
    let run =
        Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").env("STATICCXX_REPORT", dir.join("report"));
    run.line("main.o -o x").silent();
    let line = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let value: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    let plugins: Vec<&str> = value["libraries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["provider"] == "plugin" && l["build_id"].as_str().is_some_and(|b| b.len() == 40))
        .map(|l| l["name"].as_str().unwrap())
        .collect();
    assert_eq!(plugins, ["p.so", "libhelper.so"]);
    assert!(!value["verdict"].to_string().contains("needs-dlopen"), "{}", value["verdict"]);
}

#[test]
fn a_c_host_with_a_cxx_plugin_that_needs_a_library_of_the_project() {
    let dir = Dir::new();
    dir.file(
        "helper.cc",
        "#include <stdexcept>\n#include <vector>\nextern \"C\" int helper(int x) { static std::vector<int> seen; \
        seen.push_back(x); if (x > 1) throw std::runtime_error(\"too much\"); return 10 * (int)seen.size(); }\n",
    );
    dir.file(
        "p.cc",
        "#include <iostream>\n#include <stdexcept>\n#include <zlib.h>\nextern \"C\" int helper(int);\n\
        static struct S { S() { std::cout << \"up\" << std::endl; } ~S() { std::cout << \"down\" << std::endl; } } s;\n\
        extern \"C\" int run(int x) { try { return helper(x) + (crc32(0, (const Bytef *)\"a\", 1) != 0); }\n\
        catch (std::exception &e) { std::cout << e.what() << std::endl; return -1; } }\n",
    );
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
fn staticctl_plugins_lists_what_a_program_opens() {
    let (dir, plugins, said) = host();
    let tool = |line: &str| Run::new(STATICCTL).dir(dir.path()).line(line);
    let dynamic = format!("plugins ./dynamic -- {}", plugins.display());
    let out = tool(&dynamic).output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    // The list on stdout, what the program says on stderr.
    assert!(text(&out.stderr).contains("caught no square 8"), "{}", text(&out.stderr));
    let listed = text(&out.stdout);
    let names: Vec<&str> =
        listed.lines().filter(|l| !l.starts_with('#')).map(|l| l.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["libshape_a.so", "libgiver.so", "libtaker.so", "liblacking.so"], "{listed}");
    let silent = tool(&format!("plugins ./dynamic -o list -- {}", plugins.display())).ok();
    assert_eq!(silent, said);
    assert_eq!(fs::read_to_string(dir.join("list")).unwrap(), listed);
    let words = format!("-O2 -rdynamic -pthread {} -o static", source("host.cc"));
    Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_PLUGINS", "@list").line(&words).silent();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[plugins.to_str().unwrap()]), said);
    // What libc opens is told with the variables for it.
    Run::new("gcc").dir(dir.path()).line(&format!("-O2 {} -o convert", source("iconv.c"))).ok();
    let out = tool("plugins ./convert -- 9999 EUC-KR IBM1047").output();
    assert!(text(&out.stdout).contains("# iconv: STATICCXX_ICONV=common,EUC-KR,IBM1047\n"), "{}", text(&out.stdout));
    dir.script("script", "exit 0");
    for (line, code, expected) in [
        ("plugins ./static", 2, "is not a dynamic program"),
        ("plugins ./script", 2, "`staticctl plugins /bin/sh -- ./script`"),
        ("plugins ./nothing", 2, "`./nothing` can't be read"),
        ("plugins nothing-of-this-name", 2, "no program `nothing-of-this-name`"),
        ("plugins list", 2, "list`"),
        ("plugins true", 1, "note: it opened nothing"),
        ("plugins ./dynamic -o nowhere/list -- plugins", 2, "nowhere/list` can't be written"),
    ] {
        let said = tool(line).fails(code);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_function_of_the_program_s_own_reaches_libc_s_behind_it() {
    let dir = opener();
    dir.file("over.c", "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <sys/types.h>\n#include <unistd.h>\n\
        ssize_t write(int fd, const void *at, size_t size) { ssize_t (*real)(int, const void *, size_t) = \n\
        (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, \"write\"); return real ? real(fd, at, size - 1) : -1; }\n\
        int main(void) { int n = (int)write(1, \"over\\n!\", 6); return n == 5 && !dlopen(\"x\", RTLD_NOW) ? 0 : 1; }\n");
    Run::new("gcc").dir(dir.path()).line("-c over.c").ok();
    for line in ["over.c", "over.o", "-no-pie over.o", "-fuse-ld=lld over.c", "-fuse-ld=mold over.o"] {
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so");
        run.line(&format!("{line} -o static")).silent();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "over\n", "{line}");
    }
}
