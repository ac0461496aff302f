//! Plugins linked in: each program is compared with its dynamic twin, which loads them.

use crate::support::*;
use std::fs;
use std::path::PathBuf;

pub const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plugins");

pub fn source(name: &str) -> String {
    format!("{SOURCES}/{name}")
}

/// The plugins of `tests/fixtures/plugins`, and what their dynamic host says.
pub fn host() -> (Dir, PathBuf, String) {
    let dir = Dir::new();
    let plugins = dir.join("plugins");
    fs::create_dir(&plugins).unwrap();
    Run::new("sh").dir(&plugins).args([source("build.sh"), SOURCES.to_owned()]).ok();
    Run::new("g++").dir(dir.path()).line(&format!("-O2 -rdynamic -pthread {} -o dynamic", source("host.cc"))).ok();
    let said = Run::new(dir.join("dynamic")).args([&plugins]).ok();
    assert!(said.contains("caught no square 8\n") && said.contains("global 1 42 1\n"), "{said}");
    (dir, plugins, said)
}

pub const P: &str = fixture!("plugins/p.c");

pub const HELPER: &str = "#include <stdio.h>\n__attribute__((constructor)) static void up(void) { puts(\"helper up\"); }\n\
    __attribute__((destructor)) static void down(void) { puts(\"helper down\"); }\nint helper(int x) { return x * 100000; }\n";

pub const OPENER: &str = fixture!("plugins/opener.c");

/// A program with one plugin and what that needs, and a library that nobody names.
pub fn opener() -> Dir {
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
fn what_is_not_linked_in_is_not_found_and_the_message_says_what_to_do() {
    let dir = opener();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "p.so").line("main.o -o static").silent();
    let said = says_in_empty_root(&dir.join("static"), &["libother.so.1"]);
    assert!(said.contains("no: libother.so.1: cannot open shared object file: No such file or directory"), "{said}");
    assert!(said.contains("STATICCXX_PLUGINS") && said.contains("--plugin"), "{said}");
    for (words, expected) in [
        ("q.so", "error: STATICCXX_PLUGINS: `q.so` is not a shared object"),
        ("main.c", "error: STATICCXX_PLUGINS: `main.c` is not a shared object"),
        ("nothing*", "error: STATICCXX_PLUGINS: `nothing*` is not a shared object"),
        ("@nothing", "error: STATICCXX_PLUGINS: `nothing` can't be read"),
    ] {
        let said = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", words).line("main.o -o x").fails(1);
        assert!(said.contains(expected) && said.contains("hint: use a comma-separated list"), "{said}");
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
    assert!(said.contains("broken.so` can't be linked in: it is malformed"), "{said}");
    let out = run("plugins").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("warning: the plugin `"), "{said}");
    assert!(
        said.contains("broken.so` can't be linked in: it is malformed") && said.contains("it is left out"),
        "{said}"
    );
    assert!(says_in_empty_root(&dir.join("x"), &["p.so"]).contains("p up\n"));
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

/// A program opens one thing in one run and another in the next: a list collects them.
#[test]
fn lists_of_several_runs_are_joined() {
    let dir = Dir::new();
    dir.file("one.c", "int one(void) { return 1; }\n");
    dir.file(
        "open.c",
        "#include <dlfcn.h>\nint main(int argc, char **argv) { return argc > 1 && !dlopen(argv[1], RTLD_NOW); }\n",
    );
    for line in [
        "-shared -fPIC one.c -o one.so",
        "-shared -fPIC one.c -o two.so",
        "open.c -o open",
        &format!("-O2 {} -o convert", source("iconv.c")),
    ] {
        Run::new("gcc").dir(dir.path()).line(line).silent();
    }
    let tool = |line: &str| Run::new(STATICCTL).dir(dir.path()).line(line).output();
    let lines = || fs::read_to_string(dir.join("list")).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let [one, two] = ["one.so", "two.so"].map(|name| dir.join(name).display().to_string());
    assert!(tool("plugins ./open -o list -- ./one.so").status.success());
    assert_eq!(lines(), [one.as_str()]);
    let mut text = fs::read_to_string(dir.join("list")).unwrap();
    text.push_str("# my own remark\n");
    fs::write(dir.join("list"), text).unwrap();
    for (line, code) in [
        ("plugins ./open -o list -- ./two.so", 0),
        ("plugins ./open -o list -- ./one.so", 0),
        ("plugins ./convert -o list -- 9999 EUC-KR", 0),
        ("plugins ./convert -o list -- 9999 IBM1047", 0),
        // Nothing new: the list stays.
        ("plugins ./open -o list", 1),
    ] {
        let out = tool(line);
        assert_eq!(out.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&out.stderr));
    }
    assert_eq!(lines(), ["# my own remark", &one, &two, "# iconv: STATICCXX_ICONV=common,EUC-KR,IBM1047"]);
    // Something else is not written over.
    dir.file("list", "precious\n");
    let said = Run::new(STATICCTL).dir(dir.path()).line("plugins ./open -o list -- ./one.so").fails(2);
    assert!(said.contains("`list` is not a list that `staticctl plugins` wrote"), "{said}");
    assert_eq!(fs::read_to_string(dir.join("list")).unwrap(), "precious\n");
}

/// `--plugin auto` finds what the libraries of a program open, and what that opens in turn.
#[test]
fn usual_plugins_are_found_by_recipe() {
    let dir = Dir::new();
    let opens = "#include <dlfcn.h>\n#include <stdio.h>\nint OWN(void) { void *h = dlopen(\"DIR/FILE\", RTLD_NOW); if (!h) return puts(dlerror()), -1; int (*f)(void) = (int (*)(void))dlsym(h, \"WHAT\"); return f ? f() : -2; }\n";
    let source = |own: &str, file: &str, what: &str| {
        let dir = dir.path().to_str().unwrap();
        opens.replace("OWN", own).replace("DIR", dir).replace("FILE", file).replace("WHAT", what)
    };
    // Libraries by the names that the recipes know: one opens a plugin, which needs another that opens one.
    dir.file("sasl.c", source("sasl", "lib/sasl2/mechanism.so", "mechanism"));
    dir.file("mechanism.c", "int sound(void);\nint mechanism(void) { return sound() + 1; }\n");
    dir.file("sound.c", source("sound", "lib/alsa-lib/pcm.so", "pcm"));
    dir.file("pcm.c", "int pcm(void) { return 41; }\n");
    dir.file(
        "main.c",
        "#include <stdio.h>\nint sasl(void);\nint main(void) { return printf(\"%d\\n\", sasl()) < 0; }\n",
    );
    for made in ["lib/sasl2", "lib/alsa-lib"] {
        fs::create_dir_all(dir.join(made)).unwrap();
    }
    dir.file("lib/sasl2/notes.so", "no shared object\n");
    let rpath = format!("-Wl,-rpath,{}", dir.join("lib").display());
    for line in [
        "-shared -fPIC sound.c -Wl,-soname,libasound.so.2 -o lib/libasound.so.2".to_owned(),
        "-shared -fPIC pcm.c -o lib/alsa-lib/pcm.so".to_owned(),
        format!("-shared -fPIC mechanism.c lib/libasound.so.2 {rpath} -o lib/sasl2/mechanism.so"),
        "-shared -fPIC sasl.c -Wl,-soname,libsasl2.so.2 -o lib/libsasl2.so.2".to_owned(),
        format!("main.c lib/libsasl2.so.2 {rpath} -o main"),
    ] {
        Run::new("gcc").dir(dir.path()).line(&line).silent();
    }
    assert_eq!(Run::new(dir.join("main")).ok(), "42\n");
    let out = Run::new(STATICCTL).dir(dir.path()).line("convert ./main -o static --plugin auto").output();
    let said = text(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("note: --plugin auto: sasl (mechanisms of SASL): 2; alsa ("), "{said}");
    fs::rename(dir.join("lib"), dir.join("gone")).unwrap();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), "42\n");
    fs::rename(dir.join("gone"), dir.join("lib")).unwrap();
    // Where nothing is usual, that is said.
    Run::new("gcc").dir(dir.path()).line("pcm.c -Dpcm=main -o alone").silent();
    let out = Run::new(STATICCTL).dir(dir.path()).line("convert ./alone -o static --plugin auto").output();
    assert!(text(&out.stderr).contains("note: --plugin auto: nothing was found"), "{}", text(&out.stderr));
    assert_eq!(out.status.code(), Some(0));
}

/// glibc's own library for debuggers, which no archive has.
#[test]
fn a_debugger_has_glibc_s_library_for_threads() {
    let dir = Dir::new();
    let stubs: String =
        ["pdread", "pdwrite", "pglobal_lookup", "lgetregs", "lsetregs", "lgetfpregs", "lsetfpregs", "getpid"]
            .map(|name| format!("int ps_{name}(void) {{ return 1; }}\n"))
            .concat();
    let main = "#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { void *h = dlopen(\"libthread_db.so.1\", RTLD_NOW); if (!h) return puts(dlerror());\n\
        int (*init)(void) = (int (*)(void))dlsym(h, \"td_init\"); const char **(*list)(void) = (const char **(*)(void))dlsym(h, \"td_symbol_list\");\n\
        printf(\"%d %s\\n\", init(), list()[0]); return 0; }\n";
    dir.file("main.c", stubs + main);
    Run::new("gcc").dir(dir.path()).line("-rdynamic main.c -o dynamic").silent();
    let said = Run::new(dir.join("dynamic")).ok();
    assert!(said.starts_with("0 "), "{said}");
    Run::new(STATICCTL).dir(dir.path()).line("plugins ./dynamic -o list").ok();
    let list = fs::read_to_string(dir.join("list")).unwrap();
    assert!(list.contains("/libthread_db.so.1\n"), "{list}");
    Run::new(STATICCTL).dir(dir.path()).line("convert ./dynamic -o static --plugin @list").ok();
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said);
}

/// Modules of linkers before binutils 2.31, with 2 MiB between code and data: the gaps are not stored.
#[test]
fn gaps_of_old_layouts_take_no_room() {
    let dir = Dir::new();
    dir.file(
        "part.c",
        "#include <stdio.h>\nstatic int count = 40; static int zeros[SIZE]; static const char *const name = NAME; static char much[SIZE] = {1};\n\
         __attribute__((constructor)) static void begin(void) { count++; zeros[SIZE - 1] = 1; }\n\
         int part(void) { return printf(\"%s %d %d %d\\n\", name, ++count, zeros[SIZE - 1]++, much[0] + much[SIZE - 1]); }\n",
    );
    dir.file("main.c", "#include <dlfcn.h>\n#include <stdio.h>\nint main(int argc, char **argv) { for (int turn = 0; turn < 2; turn++) for (int i = 1; i < argc; i++) {\n\
        void *h = dlopen(argv[i], RTLD_NOW); if (!h) return puts(dlerror()); int (*f)(void) = (int (*)(void))dlsym(h, \"part\"); f(); f(); if (i % 2) dlclose(h); } return 0; }\n");
    let old = "-Wl,-z,noseparate-code,-z,max-page-size=0x200000";
    let mut names = Vec::new();
    for (number, size) in [100, 5000, 70_000, 300, 900_000, 1, 20_000, 4096].iter().enumerate() {
        let name = format!("part{number}.so");
        let line = format!("-O1 -shared -fPIC {old} -DSIZE={size} -DNAME=\"{number}\" part.c -o {name}");
        Run::new("gcc").dir(dir.path()).line(&line).silent();
        names.push(dir.join(&name).display().to_string());
    }
    Run::new("gcc").dir(dir.path()).line("main.c -o dynamic").silent();
    let said = Run::new(dir.join("dynamic")).args(&names).ok();
    assert!(said.starts_with("0 42 1 "), "{said}");
    Run::new(STATICCTL).dir(dir.path()).line("convert ./dynamic -o static --plugin part*.so").ok();
    assert_eq!(says_in_empty_root(&dir.join("static"), &names.iter().map(String::as_str).collect::<Vec<_>>()), said);
    // The files themselves are 2 MiB each.
    let size = fs::metadata(dir.join("static")).unwrap().len();
    assert!(size < 7 << 20, "{size}");
    // As many program headers as for one of them, but for the largest.
    let headers = Run::new("readelf").dir(dir.path()).line("-lW static").ok();
    assert!(headers.matches(" LOAD ").count() < 16, "{headers}");
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PLUGINS", "part*.so").line("main.c -o linked").silent();
    assert_eq!(says_in_empty_root(&dir.join("linked"), &names.iter().map(String::as_str).collect::<Vec<_>>()), said);
}
