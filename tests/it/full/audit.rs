//! Programs whose parts are older than what apt offers, against dpkg's own order of versions.

use crate::support::*;
use serde_json::Value;
use std::fs;

const TLS: &str = "#include <openssl/ssl.h>\nint main(void) { return SSL_CTX_new(TLS_client_method()) == 0; }\n";

/// A program that was linked while dpkg knew this version of a package.
fn linked_with(dir: &Dir, package: &str, version: &str, program: &str) {
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap();
    let changed = status.split("\n\n").map(|record| match record.starts_with(&format!("Package: {package}\n")) {
        true => record
            .lines()
            .map(|line| if line.starts_with("Version: ") { format!("Version: {version}") } else { line.to_owned() })
            .collect::<Vec<_>>()
            .join("\n"),
        false => record.to_owned(),
    });
    dir.file("status", changed.collect::<Vec<_>>().join("\n\n"));
    let line = "mount --bind status /var/lib/dpkg/status && exec \"$@\"";
    let run = Run::new("unshare").dir(dir.path()).args(["--mount", "sh", "-c", line, "sh", STATICCC]);
    run.args(["t.c", "-lssl", "-lcrypto", "-o", program]).silent();
}

/// `staticctl audit` where one changelog is installed, which closes this vulnerability in a version after all others.
fn audit(dir: &Dir, words: &str) -> (Option<i32>, String, String) {
    let changelog = "openssl (99:1) stable; urgency=high\n\n  * CVE-2098-1234\n\nopenssl (0~~~) old; urgency=low\n\n  * CVE-2001-1234\n";
    let docs = dir.join("docs/libssl-dev");
    if !docs.exists() {
        fs::create_dir_all(&docs).unwrap();
        dir.file("docs/libssl-dev/changelog.Debian", changelog);
        Run::new("gzip").dir(&docs).args(["changelog.Debian"]).silent();
    }
    let line = "mount --bind docs /usr/share/doc && exec \"$@\"";
    let run = Run::new("unshare").dir(dir.path()).args(["--mount", "sh", "-c", line, "sh", STATICCTL, "audit"]);
    let out = run.line(words).output();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

/// The version of a package that is installed.
fn installed(package: &str) -> String {
    Run::new("dpkg-query").args(["-W", "-f=${Version}", package]).ok()
}

#[test]
fn a_program_of_an_older_library_is_to_be_built_again() {
    let dir = Dir::new();
    dir.file("t.c", TLS);
    let now = installed("libssl-dev");
    linked_with(&dir, "libssl-dev", "3.0.0-1", "old");
    let (status, said, errors) = audit(&dir, "old");
    assert_eq!((status, errors.as_str()), (Some(1), ""), "{said}");
    assert!(said.starts_with("old: build again, for "), "{said}");
    let line = said.lines().find(|line| line.contains("libssl-dev")).unwrap();
    assert!(line.contains("3.0.0-1") && line.contains("→ ") && line.contains("CVE-2098-1234"), "{line}");
    assert!(!said.contains("CVE-2001"), "{said}");
    let (_, json, _) = audit(&dir, "old --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    let part = json["parts"].as_array().unwrap().iter().find(|part| part["name"] == "libssl-dev").unwrap();
    assert_eq!((&part["verdict"], &json["verdict"]), (&"build-again".into(), &"build-again".into()));
    let offered = part["offered"].as_str().unwrap();
    let order = Run::new("dpkg").args(["--compare-versions", offered, "ge", &now]).output();
    assert!(order.status.success(), "{offered} is older than {now}");
    assert_eq!(part["vulnerabilities"], serde_json::json!(["CVE-2098-1234"]));
    // Without a changelog it is said how to get it.
    fs::remove_dir_all(dir.join("docs/libssl-dev")).unwrap();
    fs::create_dir(dir.join("docs/libssl-dev")).unwrap();
    let (status, said, _) = audit(&dir, "old");
    assert!(status == Some(1) && said.contains("`apt-get changelog libssl-dev` tells"), "{said}");
}

#[test]
fn newer_parts_are_current_and_those_of_other_releases_unknown() {
    let dir = Dir::new();
    dir.file("t.c", TLS);
    linked_with(&dir, "libssl-dev", "9:9-9", "new");
    let (_, json, _) = audit(&dir, "new --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    let part = json["parts"].as_array().unwrap().iter().find(|part| part["name"] == "libssl-dev").unwrap();
    assert_eq!((&part["verdict"], part.get("offered")), (&"current".into(), None));
    // A tracker that knows of nothing, of something that is closed, of something that is open, and no tracker.
    let tracker = |release: &str| {
        format!(
            "{{\"openssl\": {{\"CVE-2099-0001\": {{\"releases\": {{\"bookworm\": {release}, \"trixie\": {release}, \"sid\": {release}}}}}}}}}"
        )
    };
    dir.file("nothing.json", "{}");
    dir.file("closed.json", tracker(r#"{"status": "resolved", "fixed_version": "1"}"#));
    dir.file("open.json", tracker(r#"{"status": "open"}"#));
    dir.file("none.json", "[]");
    for (file, found) in [("nothing", false), ("closed", false), ("open", true)] {
        let (status, said, _) = audit(&dir, &format!("new --tracker {file}.json"));
        assert_eq!(said.contains("CVE-2099-0001"), found, "{file}: {said}");
        assert!(!found || status == Some(1), "{file}: {said}");
    }
    for file in ["none.json", "missing.json"] {
        let (status, _, said) = audit(&dir, &format!("new --tracker {file}"));
        assert!(status == Some(2) && said.contains("is not Debian's security tracker"), "{said}");
    }
}

#[test]
fn directories_files_without_notes_and_the_order_of_versions() {
    let dir = Dir::new();
    dir.file("t.c", TLS);
    fs::create_dir(dir.join("bin")).unwrap();
    linked_with(&dir, "libssl-dev", "0~1", "bin/old");
    fs::copy("/bin/ls", dir.join("bin/ls")).unwrap();
    dir.file("bin/text", "no program");
    let (status, said, errors) = audit(&dir, "bin");
    assert_eq!((status, errors.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("bin/old: build again") && !said.contains("bin/ls"), "{said}");
    for (words, has) in [("bin/ls", "names no parts"), ("bin/text", "no ELF file"), ("missing", "can't be read")] {
        let (status, said, errors) = audit(&dir, words);
        assert!(status == Some(2) && said.is_empty() && errors.contains(has), "{words}: {errors}");
    }
    // What apt offers is newer than all of these, by dpkg's order too.
    let offered = installed("libssl-dev");
    for (number, version) in ["0~", "1.0~rc1-1", "1.1.1zz-9", "3.0.0~~"].iter().enumerate() {
        let program = format!("v{number}");
        linked_with(&dir, "libssl-dev", version, &program);
        let order = Run::new("dpkg").args(["--compare-versions", version, "lt", &offered]).output();
        let (status, _, _) = audit(&dir, &program);
        assert!(order.status.success() && status == Some(1), "{version}");
    }
}
