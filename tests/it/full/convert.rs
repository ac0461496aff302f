//! Converted shared objects with every linker, of libraries of the distribution, and under debuggers.

use crate::quick::convert::{converted, project, same, source, torture};
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Every linker and every shape that it has; GNU gold makes no static-pie, lld has no plugin for GCC's LTO.
const MATRIX: [&str; 21] = [
    "-fuse-ld=bfd",
    "-fuse-ld=bfd -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=bfd -flto",
    "-fuse-ld=bfd -no-pie -static",
    "-fuse-ld=bfd -no-pie -static -Wl,--gc-sections -flto",
    "-fuse-ld=lld",
    "-fuse-ld=lld -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=lld -no-pie -static",
    "-fuse-ld=lld -no-pie -static -Wl,--gc-sections",
    "-fuse-ld=mold",
    "-fuse-ld=mold -ffunction-sections -Wl,--gc-sections",
    "-fuse-ld=mold -flto",
    "-fuse-ld=mold -no-pie -static",
    "-fuse-ld=mold -no-pie -static -Wl,--gc-sections -flto",
    "-fuse-ld=gold -no-pie -static",
    "-fuse-ld=gold -no-pie -static -Wl,--gc-sections",
    "-fuse-ld=gold -no-pie -static -flto",
    // As the machine has it, with the flags that distributions add.
    "",
    "-Wl,-z,relro,-z,now -Wl,--as-needed",
    "-Wl,--no-as-needed",
    "-Wl,-z,noseparate-code",
];

#[test]
fn the_torture_library_in_every_linker_and_shape() {
    let (dir, said) = torture("");
    for line in here(&MATRIX) {
        same(&dir, &said, line);
    }
}

#[test]
fn the_same_with_tls_descriptors_and_packed_relocations() {
    let (dir, said) = torture("-mtls-dialect=gnu2 -Wl,-z,pack-relative-relocs -Wl,--hash-style=gnu");
    for line in here(&MATRIX).into_iter().step_by(3) {
        same(&dir, &said, line);
    }
}

#[test]
fn a_library_made_by_lld_or_without_section_headers() {
    for options in
        ["-fuse-ld=lld", "-fuse-ld=mold", "-Wl,-z,noseparate-code", "-Wl,-Bsymbolic", "-Wl,--hash-style=sysv"]
    {
        let (dir, said) = torture(options);
        same(&dir, &said, "");
    }
    let (dir, said) = torture("");
    let mut bytes = fs::read(dir.join("libtorture.so")).unwrap();
    bytes[40..48].fill(0);
    bytes[58..64].fill(0);
    fs::write(dir.join("libtorture.so"), bytes).unwrap();
    same(&dir, &said, "");
    same(&dir, &said, "-fuse-ld=mold");
}

#[test]
fn strip_objcopy_gdb_and_addr2line_know_the_program() {
    let (dir, said) = torture("");
    for line in ["-g -fuse-ld=bfd", "-g -fuse-ld=lld", "-g -fuse-ld=mold"] {
        let program = same(&dir, &said, line);
        let symbols = Run::new("nm").args([&program]).ok();
        let address = symbols.lines().find(|l| l.ends_with(" sorted")).unwrap().split(' ').next().unwrap().to_owned();
        let named = Run::new("addr2line").dir(dir.path()).args(["-f", "-e", "static", &address]).ok();
        assert!(named.starts_with("sorted\n"), "{named}");
        for tool in ["strip static -o stripped", "objcopy static stripped", "strip --strip-debug static -o stripped"] {
            let (name, rest) = tool.split_once(' ').unwrap();
            assert_eq!(text(&Run::new(name).dir(dir.path()).line(rest).output().stderr), "", "{tool}");
            assert_eq!(Run::new(dir.join("stripped")).ok(), said, "{line}: {tool}");
        }
        if !line.contains("mold") {
            let words = ["-batch", "-nx", "-ex", "break sorted", "-ex", "run", "-ex", "backtrace", "static"];
            let traced = Run::new("gdb").dir(dir.path()).env("HOME", dir.path()).args(words).ok();
            assert!(traced.contains("in sorted ()") && traced.contains("in main () at"), "{traced}");
        }
    }
}

/// Builds a program of `tests/fixtures/convert` twice, and compares what both say, ours in an empty root.
fn as_dynamic(file: &str, options: &str, env: Option<(&str, &str)>) -> PathBuf {
    let dir = Dir::new();
    let (theirs, ours) = if file.ends_with(".c") { ("gcc", STATICCC) } else { ("g++", STATICCXX) };
    let line = |output: &str| format!("-w {} {options} -pthread -o {output}", source(file));
    Run::new(theirs).dir(dir.path()).line(&line("dynamic")).ok();
    let mut run = Run::new(ours).dir(dir.path()).line(&line("static")).env("STATICCXX_REPORT", dir.join("report"));
    if let Some((name, value)) = env {
        run = run.env(name, value);
    }
    let out = run.output();
    let words = text(&out.stderr);
    assert!(out.status.success(), "{file}: {words}");
    // GNU ld's own words about dlopen, which some of these libraries call.
    let unexpected = words.lines().filter(|l| !l.contains("dlopen") && !l.contains("in function"));
    assert_eq!(unexpected.count(), 0, "{words}");
    let expected = Run::new(dir.join("dynamic")).ok();
    assert!(expected.lines().count() > 3);
    assert_eq!(says_in_empty_root(&dir.join("static"), &[]), expected, "{file}");
    let report = dir.join("report/links.jsonl");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{file}.json"));
    fs::copy(report, &kept).unwrap();
    kept
}

#[test]
fn systemd_without_an_archive() {
    // Some releases have an archive of it.
    as_dynamic("systemd.c", "-lsystemd", None);
    let report = as_dynamic("systemd.c", "-lsystemd", Some(("STATICCXX_CONVERT", "auto,libsystemd")));
    assert!(converted(&report).contains(&"-lsystemd".to_owned()));
}

#[test]
fn krb5_and_gssapi_without_archives() {
    let report = as_dynamic("krb5.c", "-lgssapi_krb5 -lkrb5 -lk5crypto", None);
    let names = converted(&report);
    // Those that the others need are converted too, or taken from their archives.
    assert!(names.contains(&"-lkrb5".to_owned()) && names.contains(&"libkrb5support".to_owned()), "{names:?}");
}

#[test]
fn tinyxml2_udev_and_p11_kit_without_archives() {
    as_dynamic("others.cc", "-ltinyxml2 -ludev -lp11-kit -I/usr/include/p11-kit-1", None);
}

#[test]
fn libraries_with_archives_where_it_is_preferred() {
    let options = "-lz -lzstd -llzma -lbrotlienc -lbrotlidec -lsqlite3 -lm";
    let report = as_dynamic("compress.c", options, Some(("STATICCXX_CONVERT", "prefer")));
    let names = converted(&report);
    assert!(["-lz", "-lzstd", "-lsqlite3"].iter().all(|n| names.contains(&(*n).to_owned())), "{names:?}");
    assert!(!names.contains(&"-lm".to_owned()));
    let report = as_dynamic("compress.c", options, Some(("STATICCXX_CONVERT", "auto,libz")));
    assert_eq!(converted(&report), ["-lz"]);
}

#[test]
fn an_archive_that_lacks_helpers_is_passed_by() {
    // PostgreSQL's archive needs libpgcommon and libpgport, which its shared object has inside.
    let report = as_dynamic("pq.c", "-I/usr/include/postgresql -lpq", None);
    assert!(converted(&report).contains(&"-lpq".to_owned()));
    let text = fs::read_to_string(report).unwrap();
    let value: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(value["replaced"][0][0].as_str().unwrap().ends_with("libpq.a"), "{}", value["replaced"]);
}

#[test]
fn names_under_several_versions_bind_as_ld_so_binds_them() {
    let library = |n: &str| format!("int common(void) {{ return {n}; }}\nint call{n}(void) {{ return common(); }}\n");
    let user = |n: &str| format!("int common(void);\nint user{n}(void) {{ return common(); }}\n");
    let files = [
        ("a.c", library("1")),
        ("b.c", library("2")),
        ("ua.c", user("1")),
        ("ub.c", user("2")),
        ("main.c", "#include <stdio.h>\nint call1(void), call2(void), user1(void), user2(void), common(void);\n\
                    int main(void) { printf(\"%d %d %d %d %d\\n\", call1(), call2(), user1(), user2(), common()); return 0; }\n".into()),
        ("a.map", "A_1 { global: *; };\n".into()),
        ("b.map", "B_1 { global: *; };\n".into()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let dir = project(
        &files,
        &[
            "gcc -shared -fPIC a.c -Wl,--version-script=a.map -Wl,-soname,liba.so -o liba.so",
            "gcc -shared -fPIC b.c -Wl,--version-script=b.map -Wl,-soname,libb.so -o libb.so",
            "gcc -shared -fPIC ua.c -L. -la -Wl,-soname,libua.so -o libua.so",
            "gcc -shared -fPIC ub.c -L. -lb -Wl,-soname,libub.so -o libub.so",
            "gcc main.c -L. -lua -lub -la -lb -Wl,-rpath-link,. -o dynamic",
        ],
    );
    let expected = Run::new(dir.join("dynamic")).env("LD_LIBRARY_PATH", dir.path()).ok();
    assert_eq!(expected, "1 2 1 2 1\n");
    for linker in ["bfd", "bfd -Wl,-z,noseparate-code", "lld", "mold"] {
        let line = format!("-fuse-ld={linker} main.c -L. -lua -lub -la -lb -o static");
        Run::new(STATICCC).dir(dir.path()).line(&line).silent();
        assert_eq!(Run::new(dir.join("static")).ok(), expected, "{linker}");
    }
}

#[test]
fn staticctl_archive_is_for_any_compiler_and_linker() {
    let (dir, said) = torture("");
    let shown = Run::new(STATICCTL).dir(dir.path()).line("archive libtorture.so").ok();
    assert_eq!(shown, "libtorture.a: link it with -lstdc++\n");
    assert_eq!(fs::metadata(dir.join("libtorture.a")).unwrap().len() % 2, 0);
    for line in here(&[
        "-static-pie -fuse-ld=bfd",
        "-static -fuse-ld=lld",
        "-static-pie -fuse-ld=mold",
        "-static -fuse-ld=gold",
    ]) {
        let words = format!("-O2 -pthread {line} {} libtorture.a -o plain", source("use.cc"));
        // mold 2.37 leaves bytes of a file that it writes over.
        let _ = fs::remove_file(dir.join("plain"));
        Run::new("g++").dir(dir.path()).line(&words).ok();
        assert!(is_static(&dir.join("plain")));
        assert_eq!(Run::new(dir.join("plain")).ok(), said, "{line}");
    }
    // The same bytes each time.
    let first = fs::read(dir.join("libtorture.a")).unwrap();
    Run::new(STATICCTL).dir(dir.path()).line("archive libtorture.so -o other.a").ok();
    assert_eq!(fs::read(dir.join("other.a")).unwrap(), first);
    for (line, status) in
        [("archive nothing.so", 2), ("archive libtorture.a", 2), ("archive libtorture.so -o /proc/x/y.a", 2)]
    {
        let error = Run::new(STATICCTL).dir(dir.path()).line(line).fails(status);
        assert!(error.starts_with("staticcxx: error: "), "{error}");
    }
}

#[test]
fn libstdcxx_itself_in_the_place_of_its_archive() {
    let (dir, said) = torture("");
    let shared = Run::new("g++").line("-print-file-name=libstdc++.so.6").ok();
    fs::create_dir(dir.join("lib")).unwrap();
    Run::new(STATICCTL).dir(dir.path()).args(["archive", shared.trim(), "-o", "lib/libstdc++.a"]).ok();
    Run::new(STATICCTL).dir(dir.path()).line("archive libtorture.so -o lib/libtorture.a").ok();
    for line in ["-static-pie -fPIE", "-static -fuse-ld=lld"] {
        let words = format!("-O2 -pthread {line} {} -Llib -ltorture -o plain", source("use.cc"));
        Run::new("g++").dir(dir.path()).line(&words).ok();
        let symbols = Run::new("nm").dir(dir.path()).line("plain").ok();
        assert!(symbols.contains("staticcxx_base_libstdc___so_6_"));
        assert_eq!(Run::new(dir.join("plain")).ok(), said, "{line}");
    }
}

/// What is kept of a converted library is kept of its name too: a copy with another name, as wheels and vendors have them,
/// is another library, and both may be in one program.
#[test]
fn copies_of_a_library_are_libraries_of_their_own() {
    let dir = Dir::new();
    dir.file("c.c", "#include <stdio.h>\n#include <stdlib.h>\nstatic int n;\nint next(void) { return ++n; }\n__attribute__((constructor)) static void begin(void) { puts(\"begin\"); }\n");
    dir.file(
        "main.c",
        "#include <stdio.h>\nint next(void);\nint main(void) { next(); return printf(\"%d\\n\", next()) < 0; }\n",
    );
    Run::new("gcc").dir(dir.path()).line("-O1 -fPIC -shared c.c -o libone.so").silent();
    Run::new("gcc").dir(dir.path()).line("-c main.c").silent();
    for (copy, from) in [("libtwo.so", "libone.so"), ("else/libone.so", "libone.so")] {
        fs::create_dir_all(dir.join("else")).unwrap();
        fs::copy(dir.join(from), dir.join(copy)).unwrap();
    }
    for libraries in ["-lone", "-ltwo", "-lone", "-lone -ltwo", "-ltwo -lone"] {
        for kept in ["-L.", "./else/libone.so -L."] {
            let line = format!("main.o -Wl,--no-as-needed {kept} {libraries}");
            Run::new("gcc").dir(dir.path()).line(&line).line("-Wl,-rpath,$ORIGIN -o twin").silent();
            Run::new(STATICCC).dir(dir.path()).line(&line).line("-o static").silent();
            let said = Run::new(dir.join("twin")).dir(dir.path()).ok();
            assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{line}");
        }
    }
}
