//! Library references: what ld would take, the archive in its place, and all that the archive needs.

use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// `libq` as shared object and archive in `lib/`, and a program that calls it.
fn project() -> Dir {
    let dir = Dir::new();
    dir.file("q.c", "#include <stdio.h>\nvoid q(void) { puts(\"q\"); }\n");
    dir.file("main.c", "void q(void); int main(void) { q(); return 0; }\n");
    fs::create_dir(dir.join("lib")).unwrap();
    gcc(&dir, "-fPIC -c q.c -o q.o");
    gcc(&dir, "-shared q.o -o lib/libq.so.1.2 -Wl,-soname,libq.so.1");
    symlink("libq.so.1.2", dir.join("lib/libq.so.1")).unwrap();
    symlink("libq.so.1", dir.join("lib/libq.so")).unwrap();
    archive(&dir, "lib/libq.a", &["q.o"]);
    dir
}

fn gcc(dir: &Dir, line: &str) {
    Run::new("gcc").dir(dir.path()).line(line).ok();
}

fn archive(dir: &Dir, name: &str, members: &[&str]) {
    Run::new("ar").dir(dir.path()).args(["rcs", name]).args(members).ok();
}

fn links(dir: &Dir, line: &str, says: &str) {
    Run::new(STATICCC).dir(dir.path()).line(line).args(["-o", "out"]).silent();
    assert_eq!(says_in_empty_root(&dir.join("out"), &[]), says, "{line}");
    fs::remove_file(dir.join("out")).unwrap();
}

#[test]
fn every_spelling_of_a_shared_object_becomes_its_archive() {
    let dir = project();
    for spelled in [
        "-Llib -lq",
        "-L lib -l q",
        "-L lib -Wl,--library=q",
        "-Llib -Wl,-lq",
        "-Llib -Xlinker -lq",
        "-Llib -l:libq.so.1",
        "-Llib -l:libq.so.1.2",
        "-Llib -l:libq.a",
        "lib/libq.so",
        "lib/libq.so.1.2",
        "./lib/libq.so.1 -Wl,-rpath,lib",
        "-Wl,lib/libq.so",
        "-Wl,-Bdynamic -Llib -lq -Wl,-Bstatic",
        "-Wl,--as-needed,--start-group,-Llib,-lq,--end-group",
    ] {
        links(&dir, &format!("main.c {spelled}"), "q\n");
        links(&dir, &format!("{spelled} main.c"), "q\n");
    }
}

#[test]
fn renamed_archives_are_found() {
    for name in ["libq_static.a", "libq-static.a", "libq_s.a"] {
        let dir = project();
        fs::rename(dir.join("lib/libq.a"), dir.join("lib").join(name)).unwrap();
        links(&dir, "main.c -Llib -lq", "q\n");
        links(&dir, "main.c lib/libq.so.1", "q\n");
    }
}

#[test]
fn linker_scripts_are_read_as_ld_does() {
    for script in [
        "INPUT(libreal.so)",
        "/* a comment */ GROUP ( libreal.so.1 AS_NEEDED ( -lm ) )",
        "SEARCH_DIR(deep)\nINPUT(-lreal)",
        "OUTPUT_FORMAT(elf64-x86-64)\nGROUP(libreal.so)",
    ] {
        let dir = project();
        for (from, to) in [("libq.so.1.2", "libreal.so.1"), ("libq.a", "libreal.a")] {
            fs::rename(dir.join("lib").join(from), dir.join("lib").join(to)).unwrap();
        }
        for name in ["libq.so", "libq.so.1"] {
            fs::remove_file(dir.join("lib").join(name)).unwrap();
        }
        symlink("libreal.so.1", dir.join("lib/libreal.so")).unwrap();
        if script.contains("deep") {
            fs::create_dir(dir.join("deep")).unwrap();
            for name in ["libreal.so", "libreal.a", "libreal.so.1"] {
                fs::rename(dir.join("lib").join(name), dir.join("deep").join(name)).unwrap();
            }
        }
        dir.file("lib/libq.so", script);
        links(&dir, "main.c -Llib -lq", "q\n");
    }
}

#[test]
fn the_closure_of_an_archive_is_that_of_its_shared_twin() {
    let dir = Dir::new();
    dir.file("a.c", "#include <math.h>\nint b(int); int a(int x) { return b(x) + (int)floor(x / 2.0); }\n");
    dir.file("b.c", "int d(int); int b(int x) { return d(x) + 1; }\n");
    dir.file("d.c", "int a(int); int d(int x) { return x > 9 ? x : a(x + 5); }\n");
    dir.file("main.c", "#include <stdio.h>\nint a(int); int main(void) { printf(\"%d\\n\", a(1)); return 0; }\n");
    fs::create_dir(dir.join("lib")).unwrap();
    for name in ["a", "b", "d"] {
        gcc(&dir, &format!("-fPIC -c {name}.c"));
        archive(&dir, &format!("lib/lib{name}.a"), &[&format!("{name}.o")]);
    }
    // A cycle: a needs b, b needs d, d needs a. The first link makes the names, the second the dependencies.
    for _ in 0..2 {
        for (name, needs) in [("a", "b"), ("b", "d"), ("d", "a")] {
            let needs = if dir.join(format!("lib/lib{needs}.so")).exists() {
                format!("-Llib -l{needs}")
            } else {
                String::new()
            };
            gcc(
                &dir,
                &format!(
                    "-shared {name}.o -o lib/lib{name}.so -Wl,-soname,lib{name}.so -Wl,--no-as-needed {needs} -lm"
                ),
            );
        }
    }
    links(&dir, "main.c -Llib -la", "22\n");
    let said = Run::new(STATICCTL).dir(dir.path()).line("explain -- gcc main.c -Llib -la").ok();
    assert!(said.contains("libb.a") && said.contains("libd.a") && said.contains("dependencies-of-archives"), "{said}");
}

#[test]
fn without_a_twin_pkg_config_and_libtool_files_say_what_is_needed() {
    let pc = "prefix=/x\nlibdir=${pcfiledir}/..\n\nName: a\nDescription: a\nVersion: 1\nRequires.private: b\nLibs: -L${libdir} -la\nLibs.private: -lm\n";
    let pc_b = "Name: b\nDescription: b\nVersion: 1\nLibs: -L${pcfiledir}/.. -lb\nRequires: a\n";
    let la = "dlname=''\nlibrary_names=''\nold_library='liba.a'\ndependency_libs=' -Llib -lb -lm'\ninstalled=yes\nlibdir='/x'\n";
    for (file, text) in [("lib/pkgconfig/a.pc", pc), ("lib/liba.la", la)] {
        let dir = Dir::new();
        dir.file("a.c", "int b(void); int a(void) { return b(); }\n");
        dir.file("b.c", "int b(void) { return 7; }\n");
        dir.file("main.c", "#include <stdio.h>\nint a(void); int main(void) { printf(\"%d\\n\", a()); return 0; }\n");
        dir.file(file, text);
        dir.file("lib/pkgconfig/b.pc", pc_b);
        for name in ["a", "b"] {
            gcc(&dir, &format!("-fPIC -c {name}.c"));
            archive(&dir, &format!("lib/lib{name}.a"), &[&format!("{name}.o")]);
        }
        links(&dir, "main.c -Llib -la", "7\n");
    }
}

#[test]
fn a_libtool_library_on_the_line_is_its_archive() {
    let dir = project();
    dir.file(
        "lib/libq.la",
        "dlname='libq.so.1'\nlibrary_names='libq.so.1.2 libq.so.1 libq.so'\nold_library='libq.a'\ndependency_libs=' -lm'\ninstalled=yes\nlibdir='/usr/lib'\n",
    );
    links(&dir, "main.c lib/libq.la", "q\n");
}

#[test]
fn a_library_of_the_user_s_own_symbols_is_never_added() {
    let dir = project();
    // `q` is defined by an archive along the search path that nothing asks for.
    let said = Run::new(STATICCC).dir(dir.path()).line("main.c -Llib -o out").fails(1);
    assert!(said.contains("undefined reference to `q'"), "{said}");
    // Autoconf's question whether libc has a function must go on being answered with no.
    dir.file("conftest.c", "char strtonum(); int main(void) { return strtonum(); }\n");
    Run::new(STATICCC).dir(dir.path()).line("-w conftest.c -lm -o conftest").fails(1);
}

#[test]
fn libraries_without_archives_are_all_named_at_once() {
    let dir = project();
    for name in ["one", "two"] {
        gcc(&dir, &format!("-shared q.o -o lib/lib{name}.so"));
    }
    let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", "off");
    let said = run.line("main.c -Llib -lone lib/libtwo.so -o out").fails(1);
    assert!(said.contains("`-lone` has no archive") && said.contains("lib/libone.so"), "{said}");
    assert!(said.contains("`lib/libtwo.so` has no archive"), "{said}");
    assert_eq!(said.matches("staticcxx: error: ").count(), 2, "{said}");
    assert!(said.contains("staticcxx: hint: "), "{said}");
    let said = Run::new(STATICCC).dir(dir.path()).line("main.c -Llib -lnothing -o out").fails(1);
    assert!(said.contains("cannot find -lnothing"), "{said}");
}

#[test]
fn an_archive_for_another_machine_is_passed_over() {
    let dir = project();
    fs::create_dir(dir.join("wrong")).unwrap();
    let mut object = fs::read(dir.join("q.o")).unwrap();
    object[18] = 183;
    dir.file("arm.o", object);
    archive(&dir, "wrong/libq.a", &["arm.o"]);
    let out = Run::new(STATICCC).dir(dir.path()).line("main.c -Lwrong -Llib -lq -o out").output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(says_in_empty_root(&dir.join("out"), &[]), "q\n");
}

#[test]
fn odd_archives_are_the_linker_s_business() {
    let dir = project();
    Run::new("ar").dir(dir.path()).line("rcsT lib/libthin.a q.o").ok();
    links(&dir, "main.c -Llib -lthin", "q\n");
    dir.file("lib/libempty.a", "!<arch>\n");
    links(&dir, "main.c -Llib -lempty -lq", "q\n");
    dir.file("lib/libbroken.a", "!<arch>\nfoo/            99999999999     0     0     644     999999999 `\n");
    // Whether ld takes it is ld's to say: the same as without us.
    let [ours, theirs] = [(STATICCC, ""), ("gcc", "-static-pie")].map(|(program, option)| {
        let run = Run::new(program).dir(dir.path()).line(option).line("main.c -Llib -lbroken -lq -o out");
        run.output().status
    });
    assert_eq!(ours, theirs);
    Run::new("gcc").dir(dir.path()).line("-flto -ffat-lto-objects -fPIC -c q.c -o lto.o").ok();
    archive(&dir, "lib/liblto.a", &["lto.o"]);
    links(&dir, "main.c -flto -Llib -llto", "q\n");
}

#[test]
fn whole_archives_stay_whole() {
    let dir = Dir::new();
    dir.file(
        "plugin.c",
        "#include <stdio.h>\n__attribute__((constructor)) static void f(void) { puts(\"plugin\"); }\n",
    );
    dir.file("main.c", "int main(void) { return 0; }\n");
    gcc(&dir, "-fPIC -c plugin.c");
    archive(&dir, "libplugin.a", &["plugin.o"]);
    links(&dir, "main.c -L. -lplugin", "");
    links(&dir, "main.c -Wl,--whole-archive libplugin.a -Wl,--no-whole-archive", "plugin\n");
    links(&dir, "main.c -L. -Wl,--whole-archive,-lplugin,--no-whole-archive -lm", "plugin\n");
}

#[test]
fn order_no_longer_matters() {
    let dir = Dir::new();
    dir.file("a.c", "int b(void); int a(void) { return b(); }\n");
    dir.file("b.c", "int b(void) { return 3; }\n");
    dir.file("main.c", "int a(void); int main(void) { return a(); }\n");
    for name in ["a", "b"] {
        gcc(&dir, &format!("-fPIC -c {name}.c"));
        archive(&dir, &format!("lib{name}.a"), &[&format!("{name}.o")]);
    }
    for line in ["libb.a liba.a main.c", "main.c libb.a liba.a", "-L. -lb -la main.c"] {
        Run::new(STATICCC).dir(dir.path()).line(line).args(["-o", "out"]).silent();
        assert_eq!(in_empty_root(&dir.join("out"), &[]).status.code(), Some(3));
    }
}

#[test]
fn objects_for_a_fixed_position_make_a_fixed_program() {
    let dir = Dir::new();
    dir.file("main.c", "static int x; int main(void) { int *volatile p = &x; return *p; }\n");
    gcc(&dir, "-fno-pie -mcmodel=large -O0 -c main.c");
    dir.file("f.S", ".globl f\nf: mov $f, %eax\nret\n.section .note.GNU-stack,\"\",@progbits\n");
    gcc(&dir, "-c f.S");
    Run::new(STATICCC).dir(dir.path()).line("main.o f.o -o out").silent();
    let header = Run::new("readelf").dir(dir.path()).line("-hW out").ok();
    assert!(header.contains("EXEC"), "{header}");
    says_in_empty_root(&dir.join("out"), &[]);
    archive(&dir, "libf.a", &["f.o"]);
    Run::new(STATICCC).dir(dir.path()).line("main.o -L. -lf -o out").silent();
}

#[test]
fn what_is_resolved_is_what_ld_opens() {
    let dir = project();
    let trace = |line: &str| {
        let out = Run::new("gcc").dir(dir.path()).line("-static-pie main.c -o traced -Wl,--trace").line(line).output();
        let said = text(&out.stdout);
        said.lines().find(|l| l.contains("libq")).map(str::to_owned)
    };
    fs::create_dir(dir.join("first")).unwrap();
    fs::copy(dir.join("lib/libq.a"), dir.join("first/libq.a")).unwrap();
    for line in ["-Lfirst -Llib -lq", "-Llib -Lfirst -lq", "-lq -Lfirst -Llib"] {
        let theirs = trace(line).unwrap();
        let said = Run::new(STATICCTL).dir(dir.path()).line("explain --json -- gcc main.c").line(line).ok();
        let json: serde_json::Value = serde_json::from_str(&said).unwrap();
        let path = theirs.trim_start_matches('(').split([')', ' ']).next().unwrap();
        assert!(json.to_string().contains(path), "{line}: ld takes {path}, we say {said}");
    }
}

#[test]
fn two_definitions_are_reported_with_both_archives() {
    let dir = Dir::new();
    dir.file("a.c", "int dup_(void); int a(void) { return dup_(); }\nint dup_(void) { return 2; }\n");
    dir.file("b.c", "int dup_(void); int b(void) { return dup_(); }\nint dup_(void) { return 3; }\n");
    dir.file("main.c", "int a(void), b(void); int main(void) { return a() + b(); }\n");
    fs::create_dir(dir.join("lib")).unwrap();
    for name in ["a", "b"] {
        gcc(&dir, &format!("-fPIC -c {name}.c"));
        archive(&dir, &format!("lib/lib{name}.a"), &[&format!("{name}.o")]);
    }
    gcc(&dir, "-shared b.o -o lib/libb.so");
    gcc(&dir, "-shared a.o -Wl,--no-as-needed -Llib -lb -o lib/liba.so");
    let said = Run::new(STATICCC).dir(dir.path()).line("main.c -Llib -la -o x").fails(1);
    let note = said.lines().find(|l| l.starts_with("staticcxx: note: `dup_` is defined by `lib/liba.a`")).unwrap_or("");
    assert!(note.contains("named by `-la` and by `lib/libb.a`, which `"), "{said}");
    assert!(!said.contains("--allow-multiple-definition"), "{said}");
    assert!(hint(&said).contains("STATICCXX_CONVERT=auto,libb takes `lib/libb.so` instead"), "{said}");
    // What is hinted at makes the dynamic program.
    let same = |line: &str, convert: &str| {
        gcc(&dir, &format!("{line} -Wl,-rpath-link,lib -o dynamic"));
        let run = Run::new(dir.join("dynamic")).env("LD_LIBRARY_PATH", dir.join("lib"));
        let theirs = run.output().status.code();
        let run = Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CONVERT", convert);
        run.line(line).line("-o x").silent();
        assert_eq!(in_empty_root(&dir.join("x"), &[]).status.code(), theirs, "{line}");
        theirs
    };
    assert_eq!(same("main.c -Llib -la -lb", "auto,libb"), Some(4));
    dir.file("own.c", "int dup_(void) { return 7; }\nint a(void); int main(void) { return a() + dup_(); }\n");
    let said = Run::new(STATICCC).dir(dir.path()).line("own.c -Llib -la -lb -o x").fails(1);
    assert!(said.contains("`dup_` is defined by the program's own `own.c` and by `lib/liba.a`"), "{said}");
    assert!(hint(&said).contains("STATICCXX_CONVERT=auto,liba"), "{said}");
    assert_eq!(same("own.c -Llib -la -lb", "auto,liba,libb"), Some(14));
}

#[test]
fn code_with_fixed_addresses_in_a_pie_has_a_hint() {
    let dir = Dir::new();
    dir.file("m.c", "int x[9]; int main(int n, char **v) { return x[n]; }\n");
    gcc(&dir, "-fno-pie -c m.c");
    let said = Run::new(STATICCC).dir(dir.path()).line("-pie m.o -o m").fails(1);
    assert!(hint(&said).contains("link with `-no-pie`"), "{said}");
    Run::new(STATICCC).dir(dir.path()).line("-no-pie m.o -o m").silent();
    assert_eq!(in_empty_root(&dir.join("m"), &[]).status.code(), Some(0));
}

#[test]
fn ten_thousand_archives_in_the_search_path() {
    let dir = project();
    gcc(&dir, "-c -fPIC -Dq=rare q.c -o rare.o");
    archive(&dir, "librare.a", &["rare.o"]);
    fs::create_dir(dir.join("many")).unwrap();
    for i in 0..10_000 {
        fs::hard_link(dir.join("lib/libq.a"), dir.join(format!("many/liba{i}.a"))).unwrap();
    }
    fs::rename(dir.join("librare.a"), dir.join("many/libzz.a")).unwrap();
    links(&dir, "main.c -Lmany -Llib -lq", "q\n");
    dir.file("rare.c", "void rare(void); int main(void) { rare(); return 0; }\n");
    let said = Run::new(STATICCC).dir(dir.path()).line("rare.c -Lmany -Llib -lq -o x").fails(1);
    assert!(said.contains("`rare` is defined in `many/libzz.a`: is `-lzz` missing?"), "{said}");
}

/// The hint of a link without an archive of `libq`, on a machine with a fake `rpm`.
fn hint_with_rpm(script: &str) -> String {
    let dir = project();
    fs::remove_file(dir.join("lib/libq.a")).unwrap();
    dir.script("bin/rpm", script);
    let run = Run::new(STATICCC).dir(dir.path()).path_first(&[&dir.join("bin")]).env("STATICCXX_CONVERT", "off");
    hint(&run.line("main.c -Llib -lq -o x").fails(1))
}

/// The same where apk's database knows the library.
fn hint_with_apk() -> String {
    let dir = project();
    fs::remove_file(dir.join("lib/libq.a")).unwrap();
    let below = dir.join("lib").canonicalize().unwrap().strip_prefix("/").unwrap().display().to_string();
    dir.file("up/apk/db/installed", format!("P:q-dev\nV:1-r0\nA:x86_64\no:q\nF:{below}\nR:libq.so.1.2\n"));
    fs::create_dir(dir.join("work")).unwrap();
    let mount = "mount -t overlay overlay -o lowerdir=/usr/lib,upperdir=up,workdir=work,userxattr /usr/lib";
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    let run =
        Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([&script, STATICCC]);
    hint(&run.env("STATICCXX_CONVERT", "off").line("main.c -Llib -lq -o x").fails(1))
}

fn hint(said: &str) -> String {
    said.lines().find(|l| l.starts_with("staticcxx: hint: ")).unwrap_or_default().to_owned()
}

#[test]
fn the_package_with_the_archive_is_named() {
    let rpm = r#"[ "$1" = -qf ] && printf 'q-libs\t(none)\t1-1\tx86_64\tq-1-1.src.rpm\n'"#;
    let said = hint_with_rpm(rpm);
    assert!(said.contains("`dnf install q-static`"), "{said}");
    let said = hint_with_apk();
    assert!(said.contains("`apk add q-dev-static`"), "{said}");
    // Nobody knows it.
    assert!(hint_with_rpm("exit 1").contains("build the library as an archive"));
}

#[test]
fn nothing_that_rpm_leaves_is_in_the_home() {
    let dir = project();
    fs::remove_file(dir.join("lib/libq.a")).unwrap();
    fs::create_dir(dir.join("home")).unwrap();
    // Debian's makes a database there as soon as it is asked.
    dir.script("bin/rpm", "mkdir -p \"$HOME/.rpmdb\" && echo \"$HOME\" >> asked; exit 1");
    let run = Run::new(STATICCC).dir(dir.path()).path_first(&[&dir.join("bin")]).env("HOME", dir.join("home"));
    run.env("STATICCXX_CONVERT", "off").line("main.c -Llib -lq -o x").fails(1);
    assert_eq!(fs::read_dir(dir.join("home")).unwrap().count(), 0);
    for home in fs::read_to_string(dir.join("asked")).unwrap().lines() {
        assert!(!Path::new(home).exists(), "{home}");
    }
}

/// Runs a link where dpkg knows one package, `libq1` with this library, and apt another, `libq-dev`.
fn on_debian(dir: &Dir, library: &str, line: &str) -> String {
    dir.file("var/dpkg/info/libq1:amd64.list", format!("/.\n{}\n", dir.join(library).display()));
    dir.file(
        "var/dpkg/status",
        "Package: libq1\nStatus: install ok installed\nArchitecture: amd64\nSource: q\nVersion: 1\n",
    );
    dir.script("bin/apt-cache", "printf 'Package: libq1\\nSource: q\\n\\nPackage: libq-dev\\nSource: q\\n'");
    let script = "mount --bind var /var/lib && exec \"$0\" \"$@\"";
    let run = Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script, STATICCC]);
    run.path_first(&[&dir.join("bin")]).env("STATICCXX_CONVERT", "off").line(line).fails(1)
}

#[test]
fn the_package_of_debian_with_the_archive_is_named() {
    let dir = project();
    fs::remove_file(dir.join("lib/libq.a")).unwrap();
    let said = on_debian(&dir, "lib/libq.so.1.2", "main.c lib/libq.so.1.2 -o x");
    assert!(said.contains("`apt-get install libq-dev` installs") && said.contains("`libq1"), "{said}");
    // The same through an archive that needs it: one command for all that is missing, behind the linker's errors.
    dir.file("r.c", "void q(void); int r(void) { q(); return 0; }\n");
    dir.file("r_main.c", "int r(void); int main(void) { return r(); }\n");
    gcc(&dir, "-fPIC -c r.c");
    archive(&dir, "lib/libr.a", &["r.o"]);
    gcc(&dir, "-shared r.o -Wl,--no-as-needed -Llib -lq -o lib/libr.so");
    let said = on_debian(&dir, "lib/libq.so.1.2", "r_main.c -Llib -lr -o x");
    assert!(said.contains("undefined reference to `q'"), "{said}");
    assert!(said.contains("staticcxx: hint: `apt-get install ") && said.contains("libq-dev"), "{said}");
}

/// A compiler whose only library directory is one of the test's: libc and what belongs to it, and nothing that the
/// machine may have besides.
fn with_libraries_of_its_own(dir: &Dir) -> PathBuf {
    let own = dir.join("system");
    fs::create_dir(&own).unwrap();
    for name in ["libc.a", "libc.so", "libm.a", "libm.so", "libgcc.a", "libgcc_eh.a", "gconv"] {
        let path = Run::new("gcc").args([format!("-print-file-name={name}")]).ok();
        symlink(path.trim(), own.join(name)).unwrap();
    }
    let own = own.display();
    let script = format!(
        "case \"$*\" in\n*-print-search-dirs*) echo 'libraries: ={own}'; exit ;;\n\
         *-Wl,--verbose*) echo 'SEARCH_DIR(\"{own}\");'; exit ;;\nesac\nexec gcc \"$@\""
    );
    dir.script("own-gcc", &script)
}

#[test]
fn a_library_that_is_nothing_without_its_plugins_is_converted_only_by_name() {
    let dir = project();
    fs::remove_file(dir.join("lib/libq.a")).unwrap();
    fs::rename(dir.join("lib/libq.so.1.2"), dir.join("lib/libpam.so")).unwrap();
    let cc = with_libraries_of_its_own(&dir);
    let driver = || Run::new(STATICCC).dir(dir.path()).env("STATICCXX_CC", &cc).line("main.c -Llib -lpam -o x");
    let said = driver().fails(1);
    assert!(said.contains("`-lpam` has no archive") && said.contains("`--without-pam`"), "{said}");
    assert!(said.contains("STATICCXX_CONVERT=auto,libpam"), "{said}");
    driver().env("STATICCXX_CONVERT", "auto,libpam").silent();
    assert_eq!(says_in_empty_root(&dir.join("x"), &[]), "q\n");
}
