//! What is said of converted libraries.

use crate::support::*;
use std::fs;

pub const Q: &str = fixture!("convert_result/q.c");

pub const MAIN: &str = "int q(unsigned);\nint main(int n, char **v) { return q(n - 1); }\n";

pub fn project() -> Dir {
    let dir = Dir::new();
    dir.file("q.c", Q);
    dir.file("main.c", MAIN);
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    dir
}

#[test]
fn reports_and_explain_name_package_version_build_id_and_files() {
    let dir = project();
    // The machine's own package manager does not know the library; another one's does.
    let bin = dir.join("bin");
    dir.script("bin/rpm", "case \"$*\" in -qf*libq.so) printf 'vendor-q\\t3\\t1.5-2.el9\\tx86_64\\tvendor-q-src-1.5-1.src.rpm\\n';; *) exit 1;; esac");
    let run = |program: &str, line: &str| {
        let run = Run::new(program).dir(dir.path()).line(line).path_first(&[&bin]);
        run.env("STATICCXX_REPORT", dir.join("report"))
    };
    run(STATICCC, "main.c -L. -lq -o x").silent();
    let report = fs::read_to_string(dir.join("report/links.jsonl")).unwrap();
    let value: serde_json::Value = serde_json::from_str(report.trim()).unwrap();
    let library = &value["libraries"][0];
    let package = &library["package"];
    assert_eq!((&package["name"], &package["version"]), (&"vendor-q".into(), &"1.5-2.el9".into()), "{library}");
    assert_eq!((&package["manager"], &package["epoch"]), (&"rpm".into(), &3.into()), "{library}");
    assert_eq!(
        (&package["source"], &package["source_version"]),
        (&"vendor-q-src".into(), &"1.5-1".into()),
        "{library}"
    );
    let purl = package["purl"].as_str().unwrap();
    assert!(purl.starts_with("pkg:rpm/") && purl.contains("/vendor-q@1.5-2.el9?arch=x86_64&"), "{purl}");
    assert!(
        library["path"].as_str().unwrap().ends_with("/libq.so") && library["build_id"].as_str().unwrap().len() == 40
    );
    let finding = |id: &str| {
        let all = value["verdict"]["findings"].as_array().unwrap();
        all.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("{id}: {all:?}"))["paths"].clone()
    };
    // Without dlopen a directory is no more than a file.
    assert_eq!(finding("names-files"), serde_json::json!(["/etc/q.conf", "/opt/q", "/usr/lib/q/plugins"]));
    let shown = run(STATICCTL, "explain -- cc main.c -L. -lq -o x").ok();
    let line =
        |start: &str| shown.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("{shown}")).to_owned();
    let library = line("library:");
    assert!(library.contains("libq.so of vendor-q 3:1.5-2.el9, build-id "), "{library}");
    assert!(line("at run:").contains("libq.so may want /etc/q.conf, /opt/q"), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&run(STATICCTL, "explain --json -- cc main.c -L. -lq -o x").ok()).unwrap();
    assert_eq!(json["at_run"][0][1]["files"][0], "/etc/q.conf", "{json}");
    dir.script("build", "cc main.c -L. -lq -o y");
    let out = run(STATICCTL, "run --report r.json -- ./build").output();
    let said = text(&out.stderr) + &text(&out.stdout);
    assert!(said.contains("q (converted)") && said.contains("libq.so` of vendor-q 3:1.5-2.el9"), "{said}");
    let value: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!(value["programs"][0]["converted"][0]["package"]["version"], "1.5-2.el9", "{value}");
}

#[test]
fn a_library_of_plugins_is_told_by_what_it_calls() {
    let dir = project();
    let more = "#include <dlfcn.h>\nvoid *load(const char *name) { return dlopen(name, 1); }\n";
    dir.file("q.c", format!("{more}{Q}"));
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    let shown = Run::new(STATICCTL).dir(dir.path()).line("explain -- cc main.c -L. -lq -o x").ok();
    assert!(shown.contains("libq.so may load /usr/lib/q/plugins\n"), "{shown}");
    assert!(shown.contains("libq.so may want /etc/q.conf, /opt/q\n"), "{shown}");
}

#[test]
fn without_a_cache_libraries_are_converted_for_one_link() {
    let dir = project();
    dir.file("q.c", Q.replace("300000000ul", "3ul"));
    Run::new("gcc").dir(dir.path()).line("-O1 -shared -fPIC q.c -Wl,-soname,libq.so -o libq.so").ok();
    fs::create_dir(dir.join("tmp")).unwrap();
    let run = |cache: &str| {
        let run = Run::new(STATICCC).dir(dir.path()).line("main.c -L. -lq -o x").env("TMPDIR", dir.join("tmp"));
        let out = run.env("XDG_CACHE_HOME", cache).output();
        let said = text(&out.stderr);
        assert!(out.status.success(), "{said}");
        assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "11\n");
        assert_eq!(fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
        said
    };
    let said = run("/proc/nowhere");
    assert!(said.contains("can't be written") && said.lines().count() == 1, "{said}");
    let cached = dir.join("cache");
    assert_eq!(run(cached.to_str().unwrap()), "");
}
