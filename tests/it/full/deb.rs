//! `staticctl deb`: source packages with rules of their own, fetched by apt from an archive that is made here.

use crate::support::*;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};

const RULES: &str = "#!/usr/bin/make -f
build: build-stamp
build-arch: build
build-indep:
build-stamp:
@BUILD@
	touch $@
clean:
	rm -rf app build-stamp debian/own debian/files debian/substvars
binary: binary-arch
binary-indep:
binary-arch: build
	install -D -m 2755 app debian/own/usr/bin/app
	mkdir -p debian/own/DEBIAN
	dpkg-shlibdeps -Tdebian/substvars debian/own/usr/bin/app
	dpkg-gencontrol -Pdebian/own -Tdebian/substvars
	dpkg-deb --root-owner-group --build debian/own ..
.PHONY: build build-arch build-indep clean binary binary-arch binary-indep
";

const CONTROL: &str = "Source: own
Maintainer: Nobody <nobody@localhost>
Standards-Version: 4.6.2
Build-Depends: @NEEDS@
Rules-Requires-Root: no

Package: own
Architecture: any
Depends: ${shlibs:Depends}
Description: a program
 Says hello, by zlib's leave.
";

/// An unpacked source package with these lines as its build.
fn package(dir: &Dir, needs: &str, build: &str) -> std::path::PathBuf {
    let tree = dir.join("own-1.0");
    fs::create_dir_all(tree.join("debian/source")).unwrap();
    let write = |name: &str, text: &str| fs::write(tree.join(name), text).unwrap();
    write(
        "app.c",
        "#include <stdio.h>\n#include <zlib.h>\nint main(void) { return puts(zlibVersion()[0] == '1' ? \"hello\" : \"?\") < 0; }\n",
    );
    write("debian/control", &CONTROL.replace("@NEEDS@", needs));
    write(
        "debian/changelog",
        "own (1.0) unstable; urgency=low\n\n  * New.\n\n -- Nobody <nobody@localhost>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    );
    write("debian/source/format", "3.0 (native)\n");
    let lines: String = build.lines().map(|line| format!("\t{line}\n")).collect();
    dir.script("own-1.0/debian/rules", "");
    write("debian/rules", &RULES.replace("@BUILD@\n", &lines));
    tree
}

fn deb(dir: &Dir) -> Run {
    Run::new(STATICCTL).dir(dir.path()).args(["deb", "--dir", "out"])
}

const BUILD: &str = "$(CC) -g app.c -lz -o app";

#[test]
fn a_source_of_apt_s_becomes_static_programs_and_packages() {
    let dir = Dir::new();
    package(&dir, "make", BUILD);
    // An archive of one source package.
    fs::create_dir(dir.join("archive")).unwrap();
    Run::new("dpkg-source").dir(dir.join("archive")).args(["-b", "../own-1.0"]).ok();
    let sources = Run::new("dpkg-scansources").dir(dir.join("archive")).args(["."]).ok();
    fs::write(dir.join("archive/Sources"), sources).unwrap();
    fs::remove_dir_all(dir.join("own-1.0")).unwrap();
    for made in ["lists/partial", "cache/archives/partial", "parts"] {
        fs::create_dir_all(dir.join("apt").join(made)).unwrap();
    }
    let at = dir.path().display();
    dir.file("apt/sources.list", format!("deb-src [trusted=yes] file:{at}/archive ./\n"));
    dir.file(
        "apt.conf",
        format!(
            "Dir::Etc::SourceList \"{at}/apt/sources.list\";\nDir::Etc::SourceParts \"{at}/apt/parts\";\n\
             Dir::State::Lists \"{at}/apt/lists\";\nDir::Cache \"{at}/apt/cache\";\nAPT::Sandbox::User \"\";\n"
        ),
    );
    let conf = dir.join("apt.conf");
    Run::new("apt-get").env("APT_CONFIG", &conf).args(["update", "-q"]).ok();

    let printed = deb(&dir).env("APT_CONFIG", &conf).args(["--deb", "own"]).ok();
    let program = dir.join("out/own/programs/own/usr/bin/app");
    assert_eq!(printed.split('\t').next(), program.canonicalize().unwrap().to_str(), "{printed}");
    assert_eq!(says_in_empty_root(&program, &[]), "hello\n");
    let field = |name: &str| Run::new("dpkg-deb").args(["-f", "out/own/own_1.0_amd64.deb", name]).dir(dir.path()).ok();
    let using = field("Static-Built-Using");
    for source in ["glibc (= ", "zlib (= "] {
        assert!(using.contains(source), "{using}");
    }
    assert_eq!(field("Depends").trim(), "", "no library is named");
    // Owners, modes and times are those of the build.
    let installed = |package: &str| Run::new("dpkg-deb").dir(dir.join("out/own")).args(["--contents", package]).ok();
    let files = installed("own_1.0_amd64.deb");
    assert_eq!(files, installed("source/own_1.0_amd64.deb"));
    assert!(files.contains("-rwxr-sr-x root/root"), "{files}");
    let report = fs::read_to_string(dir.join("out/own/report.json")).unwrap();
    assert!(report.contains("libz.a"), "{report}");
    assert_eq!(fs::read_dir(dir.join("out/own")).unwrap().filter(|e| is_temporary(e.as_ref().unwrap())).count(), 0);

    // One that apt does not have.
    let said = deb(&dir).env("APT_CONFIG", &conf).args(["nonesuch"]).fails(2);
    assert!(said.contains("error: apt can't fetch the source of `nonesuch`") && said.contains("deb-src"), "{said}");
}

fn is_temporary(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with(".staticcxx-")
}

#[test]
fn what_is_wrong_with_a_package_is_said() {
    let dir = Dir::new();
    let said = deb(&dir).args(["--", "--yes"]).fails(2);
    assert!(said.contains("`--yes` is neither the name of a source package nor a directory"), "{said}");

    package(&dir, "make, nonesuch-dev", BUILD);
    let conf = dir.file("apt.conf", "Dir::Etc::SourceList \"/dev/null\";\nDir::Etc::SourceParts \"/dev/null\";\n");
    let said = deb(&dir).env("APT_CONFIG", conf).args(["./own-1.0"]).fails(2);
    assert!(said.contains("error: `own` needs packages for its build: nonesuch-dev"), "{said}");

    // It has a program that our drivers did not see.
    package(&dir, "make", "env -i PATH=/usr/bin:/bin /usr/bin/cc app.c -lz -o app");
    let said = deb(&dir).args(["./own-1.0"]).fails(1);
    assert!(said.contains("warning: `/usr/bin/app` of `own` is not static: "), "{said}");
    assert!(said.contains("error: 1 of 1 programs of `own` are not static"), "{said}");
    assert!(dir.join("out/own/programs").is_dir() && !dir.join("out/own/programs/own").exists());

    package(&dir, "make", "printf '#!/bin/sh\\n' > app");
    let said = deb(&dir).args(["./own-1.0"]).fails(1);
    assert!(said.contains("error: the packages of `own` have no programs"), "{said}");
}

#[test]
fn whose_fault_a_failure_is() {
    let dir = Dir::new();
    package(&dir, "make", "false");
    let said = deb(&dir).args(["--check-plain", "./own-1.0"]).fails(1);
    assert!(said.contains("error: `own` does not build: dpkg-buildpackage ended with status 2"), "{said}");
    assert!(said.contains("error: `own` does not build without staticctl either"), "{said}");

    package(&dir, "make", "test -z \"$$STATICCXX_REPORT\"\n$(CC) app.c -lz -o app");
    let said = deb(&dir).args(["./own-1.0"]).fails(1);
    assert!(said.contains("hint: `--check-plain`"), "{said}");
    let said = deb(&dir).args(["--check-plain", "./own-1.0"]).fails(1);
    assert!(said.contains("note: `own` builds without staticctl: "), "{said}");
    assert!(!is_static(&dir.join("out/own/plain/own-1.0/app")));
}

#[test]
fn an_interrupted_build_goes_on() {
    let dir = Dir::new();
    let first = "$(CC) -g app.c -lz -o app\necho linked >> steps\ntest -e go-on || { touch waiting; sleep 60; }";
    let tree = package(&dir, "make", first);
    // The link is not made again, as it would be if the tree was cleaned first.
    let rules = fs::read_to_string(tree.join("debian/rules")).unwrap();
    let once = rules.replace(
        "\nbuild-stamp:\n\t$(CC) -g app.c -lz -o app",
        "\napp: app.c\n\t$(CC) -g app.c -lz -o app\nbuild-stamp: app",
    );
    assert_ne!(once, rules);
    fs::write(tree.join("debian/rules"), once).unwrap();

    let mut command: Command = deb(&dir).args(["--deb", "./own-1.0"]).command();
    // As by Ctrl-C: to all of them.
    let mut child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the build", || tree.join("waiting").exists());
    signal("INT", format!("-{}", child.id()));
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(2), "{ended}");

    fs::write(tree.join("go-on"), "").unwrap();
    let linked = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let before = linked(&tree.join("app"));
    let out = deb(&dir).args(["--deb", "./own-1.0"]).output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(
        text(&out.stderr).contains("note: the build of `own` was interrupted, and goes on"),
        "{}",
        text(&out.stderr)
    );
    assert_eq!(linked(&tree.join("app")), before, "it was linked again");
    // What was linked before the signal is in the list all the same.
    let using =
        Run::new("dpkg-deb").args(["-f", "own_1.0_amd64.deb", "Static-Built-Using"]).dir(dir.join("out/own")).ok();
    assert!(using.contains("zlib (= "), "{using}");

    // The next one begins anew.
    let out = deb(&dir).args(["./own-1.0"]).output();
    assert!(out.status.success() && !text(&out.stderr).contains("goes on"), "{}", text(&out.stderr));
    assert_ne!(linked(&tree.join("app")), before);
}

/// A disk that fills up ends the command with the reason, whenever it happens, and leaves no file that is not whole; with
/// more room the command goes through.
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let dir = Dir::new();
    package(&dir, "make", BUILD);
    fs::create_dir(dir.join("out")).unwrap();
    let mut failed = 0;
    for size in ["4k", "100k", "700k", "1000k", "1300k", "1600k", "2m"] {
        let script = format!(
            "mount -t tmpfs -o size={size} none out || exit 77
             '{STATICCTL}' deb --dir out --deb ./own-1.0 > list; status=$?
             for program in $(find out -name app -type f); do $program > said 2>&1 && grep -qx hello said || exit 78; done
             for package in $(find out -name '*.deb'); do dpkg-deb --contents $package > contents || exit 79; done
             [ $status = 0 ] || [ -z \"$(find out -name '.staticcxx-*')\" ] || exit 80
             mount -o remount,size=20m out || exit 77
             '{STATICCTL}' deb --dir out --deb ./own-1.0 > list 2> again || exit 81
             out/own/programs/own/usr/bin/app > said && dpkg-deb --contents out/own/own_1.0_amd64.deb > contents || exit 82
             exit $status"
        );
        let out =
            Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).output();
        let said = text(&out.stderr);
        match out.status.code() {
            Some(0) => {}
            Some(2) => {
                assert!(said.contains("staticcxx: error: "), "{size}: {said}");
                let reason = ["No space left on device", "hint: if there is no space left, "];
                assert!(reason.iter().any(|r| said.contains(r)), "{size}: {said}");
                failed += 1;
            }
            other => panic!("{size}: {other:?}: {said}"),
        }
    }
    assert!((2..7).contains(&failed), "{failed}");
}
