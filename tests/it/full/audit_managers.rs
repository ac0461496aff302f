//! `staticctl audit` on machines of dnf and apk: Debian's own dnf with a repository made here, and a stand-in for apk that prints
//! what it prints.

use crate::support::*;
use serde_json::{Value, json};
use std::fs;

/// A program that names these packages in the package note alone, as one does of which the longer note was removed.
fn program(dir: &Dir, purls: &[&str]) {
    let object = json!({ "type": "generic", "parts": purls }).to_string().replace('"', "\\\"");
    let note = format!(
        ".section .note.package,\"a\",@note\n.balign 4\n.long 4,2f-1f,0xcafe1a7e\n.asciz \"FDO\"\n1: .asciz \"{object}\"\n2: .balign 4\n\
         .section .note.GNU-stack,\"\",@progbits\n"
    );
    dir.file("note.s", note);
    dir.file("m.c", "int main(void) { return 0; }\n");
    Run::new("gcc").dir(dir.path()).line("-static m.c note.s -o program").silent();
}

/// `staticctl audit program` where the machine is of a release, with programs of a directory before all others.
fn audit(dir: &Dir, release: &str, words: &str) -> (Option<i32>, Value) {
    dir.file("os-release", release);
    let line = "mount --bind os-release \"$(readlink -f /etc/os-release)\" && exec \"$@\"";
    let run = Run::new("unshare")
        .dir(dir.path())
        .args(["--mount", "sh", "-c", line, "sh", STATICCTL, "audit", "program", "--json"]);
    let out = run.path_first(&[&dir.join("bin")]).line(words).output();
    let said = text(&out.stdout);
    let document = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}{}", text(&out.stderr)));
    (out.status.code(), document)
}

fn part<'d>(document: &'d Value, name: &str) -> &'d Value {
    document["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap()
}

/// A repository with packages of these versions, of which the last is a security update.
fn repository(dir: &Dir, name: &str, versions: &[(&str, &str, &str)]) {
    for (epoch, version, release) in versions {
        let spec = format!(
            "Name: {name}\nEpoch: {epoch}\nVersion: {version}\nRelease: {release}\nSummary: x\nLicense: MIT\nBuildArch: noarch\n\
             %description\nx\n%files\n"
        );
        let file = dir.file(format!("{version}-{release}.spec"), spec);
        let top = format!("_topdir {}", dir.join("rpmbuild").display());
        let rpms = format!("_rpmdir {}", dir.join("repo").display());
        Run::new("rpmbuild").args(["-bb", "--quiet", "--define", &top, "--define", &rpms]).args([file]).ok();
    }
    Run::new("createrepo_c").dir(dir.path()).line("-q repo").ok();
    let (epoch, version, release) = versions.last().unwrap();
    dir.file(
        "updateinfo.xml",
        format!(
            "<?xml version=\"1.0\"?>\n<updates><update from=\"x\" status=\"final\" type=\"security\" version=\"1\"><id>X-1</id><title>x</title>\
             <issued date=\"2026-01-01 00:00:00\"/><severity>Important</severity><pkglist><collection short=\"x\"><name>x</name>\
             <package name=\"{name}\" epoch=\"{epoch}\" version=\"{version}\" release=\"{release}\" arch=\"noarch\">\
             <filename>{name}-{version}-{release}.noarch.rpm</filename></package></collection></pkglist></update></updates>\n"
        ),
    );
    Run::new("modifyrepo_c").dir(dir.path()).line("updateinfo.xml repo/repodata").ok();
}

#[test]
fn what_dnf_offers() {
    let dir = Dir::new();
    let zlib = "pkg:rpm/fedora/zlib-static@1.2.13-3.fc38?arch=noarch&distro=fedora-38&epoch=1&upstream=zlib-1.2.13-3.fc38.src.rpm";
    program(&dir, &[zlib, &zlib.replace("zlib-static", "absent")]);
    repository(
        &dir,
        "zlib-static",
        &[("1", "1.2.13", "3.fc38"), ("1", "1.2.13", "9.fc38"), ("1", "1.2.13", "10.fc38")],
    );
    // Debian's dnf with that repository alone.
    let repo = format!("[x]\nname=x\nbaseurl=file://{}\ngpgcheck=0\n", dir.join("repo").display());
    dir.file("repos/x.repo", repo);
    let at = |name: &str| dir.join(name).display().to_string();
    let options = format!(
        "--setopt=reposdir={} --setopt=cachedir={} --setopt=logdir={} --installroot={} --releasever=38",
        at("repos"),
        at("cache"),
        at("log"),
        at("root")
    );
    for made in ["log", "cache", "root"] {
        fs::create_dir_all(dir.join(made)).unwrap();
    }
    dir.script("bin/dnf", &format!("exec /usr/bin/dnf {options} \"$@\""));
    let fedora = "ID=fedora\nVERSION_ID=38\n";
    // Nothing is cached yet.
    let (status, said) = audit(&dir, fedora, "");
    assert!(status == Some(2) && part(&said, "zlib-static")["why"].to_string().contains("dnf makecache"), "{said}");
    Run::new(dir.join("bin/dnf")).line("-q makecache").ok();
    let (status, said) = audit(&dir, fedora, "");
    let found = part(&said, "zlib-static");
    assert_eq!(
        (status, &found["offered"], &found["security"]),
        (Some(1), &"1:1.2.13-10.fc38".into(), &true.into()),
        "{said}"
    );
    assert!(part(&said, "absent")["why"].to_string().contains("do not have it"), "{said}");
    // The newest one is current; that of another release is not known.
    program(&dir, &[&zlib.replace("13-3", "13-10")]);
    assert_eq!(audit(&dir, fedora, "").0, Some(0));
    assert_eq!(audit(&dir, "ID=fedora\nVERSION_ID=39\n", "").0, Some(2));
    // A repository that broke, and no dnf that runs.
    dir.script("bin/dnf", "echo 'Error: database disk image is malformed' >&2; exit 1");
    let (status, said) = audit(&dir, fedora, "");
    assert!(status == Some(2) && part(&said, "zlib-static")["why"].is_string(), "{said}");
}

#[test]
fn what_apk_offers() {
    let dir = Dir::new();
    let zlib = "pkg:apk/alpine/zlib-static@1.3.1-r1?arch=x86_64&distro=alpine-3.20.1&upstream=zlib";
    program(&dir, &[zlib]);
    let says = |versions: &[&str]| {
        let policy: String =
            versions.iter().map(|v| format!("  {v}:\\n    https://mirror.example/alpine/v3.20/main\\n")).collect();
        dir.script(
            "bin/apk",
            &format!("[ \"$*\" = '--no-network policy zlib-static' ] && printf 'zlib-static policy:\\n{policy}'"),
        );
    };
    let alpine = "ID=alpine\nVERSION_ID=3.20.3\n";
    for (versions, status, offered) in [
        (&["1.3.1-r1", "1.3.1-r10", "1.3.1-r9"][..], 1, json!("1.3.1-r10")),
        (&["1.3.1-r1"], 0, Value::Null),
        (&["1.3.1_rc1-r5"], 0, Value::Null),
    ] {
        says(versions);
        let (code, said) = audit(&dir, alpine, "");
        assert_eq!(
            (code, part(&said, "zlib-static").get("offered").unwrap_or(&Value::Null)),
            (Some(status), &offered),
            "{versions:?}"
        );
    }
    assert_eq!(audit(&dir, "ID=alpine\nVERSION_ID=3.21.0\n", "").0, Some(2));
    dir.script("bin/apk", "echo 'ERROR: Unable to lock database: Permission denied' >&2; exit 99");
    assert_eq!(audit(&dir, alpine, "").0, Some(2));
    fs::remove_file(dir.join("bin/apk")).unwrap();
}
