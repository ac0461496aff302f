//! What `staticctl audit` reads beside programs: images, OSV's records, VEX documents.

use super::parts::of_zlib;
use crate::support::*;
use serde_json::{Value, json};
use std::fs;

/// `staticctl audit`: its status, stdout and stderr.
fn audit(dir: &Dir, line: &str) -> (Option<i32>, String, String) {
    let out = Run::new(STATICCTL).dir(dir.path()).line("audit").line(line).output();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

fn ctl(dir: &Dir, line: &str) {
    Run::new(STATICCTL).dir(dir.path()).line(line).ok();
}

fn documents(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// The version of Debian, or its like, that runs this.
fn release() -> (String, String) {
    let text = fs::read_to_string("/etc/os-release").unwrap();
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
        line.trim_matches('"').to_owned()
    };
    (value("ID"), value("VERSION_ID"))
}

#[test]
fn programs_in_images_are_those_in_files() {
    let dir = of_zlib();
    let (_, of_file, _) = audit(&dir, "z --json");
    let parts = documents(&of_file).remove(0)["parts"].clone();
    ctl(&dir, "image z -o gzip.tar -t x:1");
    ctl(&dir, "image z -o zstd.tar -t x:1 --compress zstd:1");
    ctl(&dir, "image z -o layout/ -t x:1 -t x:2 --compress none");
    let copy = "--insecure-policy copy oci-archive:gzip.tar docker-archive:saved.tar:x:1";
    Run::new("skopeo").dir(dir.path()).line(copy).ok();
    for image in ["gzip.tar", "zstd.tar", "layout", "saved.tar"] {
        let (_, said, errors) = audit(&dir, &format!("{image} --json"));
        let found = documents(&said);
        assert_eq!((found.len(), errors.as_str()), (1, ""), "{image}: {said}");
        assert_eq!((&found[0]["path"], &found[0]["parts"]), (&format!("{image}:/z").into(), &parts), "{image}");
    }
    // Several platforms.
    fs::create_dir(dir.join("arm")).unwrap();
    let mut other = fs::read(dir.join("z")).unwrap();
    other[18] = 183;
    dir.script("arm/z", "");
    fs::write(dir.join("arm/z"), other).unwrap();
    ctl(&dir, "image z arm/z -o both.tar");
    let (_, said, _) = audit(&dir, "both.tar --json");
    let found: Vec<Value> = documents(&said).into_iter().map(|document| document["path"].clone()).collect();
    assert_eq!(found, ["both.tar:linux/amd64:/z", "both.tar:linux/arm64/v8:/z"]);
}

#[test]
fn what_upper_layers_hide_is_not_there() {
    let dir = of_zlib();
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "off").line("z.c -lz -o off").silent();
    ctl(&dir, "image z -o layout/ -t x:1 --add z:/usr/bin/kept --add z:/usr/bin/gone --add z:/opt/a/z --add z:/srv/z");
    // umoci writes the layer above.
    let umoci = |line: &str| Run::new("umoci").dir(dir.path()).line(line).ok();
    umoci("unpack --image layout:1 bundle");
    let root = dir.join("bundle/rootfs");
    fs::remove_file(root.join("usr/bin/gone")).unwrap();
    fs::remove_dir_all(root.join("opt")).unwrap();
    fs::remove_file(root.join("srv/z")).unwrap();
    fs::copy(dir.join("off"), root.join("srv/z")).unwrap();
    fs::copy(dir.join("z"), root.join("usr/bin/new")).unwrap();
    umoci("repack --image layout:2 bundle");
    // Only that tag.
    Run::new("skopeo").dir(dir.path()).line("--insecure-policy copy oci:layout:2 oci-archive:two.tar").ok();
    let (_, said, _) = audit(&dir, "two.tar --json");
    let found: Vec<Value> = documents(&said).into_iter().map(|document| document["path"].clone()).collect();
    assert_eq!(found, ["two.tar:/usr/bin/kept", "two.tar:/usr/bin/new", "two.tar:/z"], "{said}");
}

#[test]
fn images_that_are_damaged_or_none() {
    let dir = of_zlib();
    ctl(&dir, "image z -o x.tar -t x:1");
    ctl(&dir, "image z -o layout/ -t x:1");
    let whole = fs::read(dir.join("x.tar")).unwrap();
    fs::write(dir.join("short.tar"), &whole[..whole.len() / 2]).unwrap();
    dir.file("text", "x");
    Run::new("tar").dir(dir.path()).line("cf other.tar text").silent();
    // Digests that lead elsewhere, and an index without an end.
    for (name, digest) in [("leads", "sha256:../../../../etc/passwd"), ("gone", &format!("sha256:{}", "0".repeat(64)))]
    {
        dir.file(format!("{name}/oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        let index = json!({ "schemaVersion": 2, "manifests": [
            { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1 }] });
        dir.file(format!("{name}/index.json"), index.to_string());
    }
    dir.file("half/oci-layout", "{}");
    dir.file("half/index.json", "{\"schemaVersion\": 2, \"mani");
    for blob in fs::read_dir(dir.join("layout/blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    ctl(&dir, "image z -o bare.tar --no-sbom");
    for (image, has) in [
        ("short.tar", "can't be read"),
        ("other.tar", "an archive of something other than an image"),
        ("leads", "can't be read"),
        ("gone", "can't be read"),
        ("half", "`index.json`"),
        ("layout", "the layer"),
    ] {
        let (status, said, errors) = audit(&dir, image);
        assert!(status == Some(2) && said.is_empty(), "{image}: {status:?} {said}");
        assert!(errors.contains(has) && errors.lines().count() == 1, "{image}: {errors}");
    }
    assert_eq!(documents(&audit(&dir, "bare.tar --json").1).len(), 1);
}

#[test]
fn records_of_osv_and_what_a_document_takes_back() {
    let dir = of_zlib();
    let (id, version) = release();
    assert_eq!(id, "debian", "the record below is Debian's");
    let fixed = json!([{ "introduced": "0" }, { "fixed": "99:1-1" }]);
    let record = |events: Value| {
        json!({ "id": "DEBIAN-CVE-2099-0002", "modified": "2099-01-01T00:00:00Z", "upstream": ["CVE-2099-0002"],
            "affected": [{ "package": { "ecosystem": format!("Debian:{version}"), "name": "zlib" },
                "ranges": [{ "type": "ECOSYSTEM", "events": events }] }] })
        .to_string()
    };
    dir.file("osv-scanner/Debian/DEBIAN-CVE-2099-0002.json", record(fixed.clone()));
    // As osv-scanner keeps it.
    let zip = "import zipfile; zipfile.ZipFile('osv/osv-scanner/Debian/all.zip', 'w', zipfile.ZIP_DEFLATED).write('osv-scanner/Debian/DEBIAN-CVE-2099-0002.json', 'DEBIAN-CVE-2099-0002.json')";
    fs::create_dir_all(dir.join("osv/osv-scanner/Debian")).unwrap();
    Run::new("python3").dir(dir.path()).args(["-c", zip]).silent();
    let part = |line: &str| {
        let (status, said, _) = audit(&dir, &format!("z --json {line}"));
        let document = documents(&said).remove(0);
        let part =
            document["parts"].as_array().unwrap().iter().find(|part| part["name"] == "zlib1g-dev").unwrap().clone();
        (status, part)
    };
    for osv in ["osv", "osv-scanner", "osv/osv-scanner/Debian/all.zip"] {
        let (status, part) = part(&format!("--osv {osv}"));
        assert_eq!((status, &part["verdict"]), (Some(1), &"build-again".into()), "{osv}: {part}");
        assert!(part["vulnerabilities"].to_string().contains("CVE-2099-0002"), "{osv}: {part}");
    }
    dir.file("closed/r.json", record(json!([{ "introduced": "0" }, { "fixed": "0" }])));
    assert!(!part("--osv closed").1["vulnerabilities"].to_string().contains("2099"));
    let statement = |status: &str| {
        json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example/v", "author": "a", "version": 1,
            "timestamp": "2099-01-01T00:00:00Z", "statements": [{ "vulnerability": { "name": "CVE-2099-0002" }, "status": status,
                "justification": "vulnerable_code_not_in_execute_path",
                "products": [{ "@id": "https://example/z", "subcomponents": [{ "@id": "pkg:deb/debian/zlib" }] }] }] })
        .to_string()
    };
    dir.file("vex.json", statement("not_affected"));
    dir.file("affected.json", statement("affected"));
    let (_, left) = part("--osv osv --vex vex.json");
    assert!(!left["vulnerabilities"].to_string().contains("2099"), "{left}");
    assert_eq!(
        left["left_out"][0],
        json!({ "vulnerability": "CVE-2099-0002", "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path" })
    );
    assert!(part("--osv osv --vex affected.json").1["vulnerabilities"].to_string().contains("2099"));
    // What is none.
    dir.file("text.zip", "no archive");
    dir.file("bad/r.json", "[]");
    fs::create_dir(dir.join("empty")).unwrap();
    dir.file("bad-vex.json", statement("fine"));
    for (line, has) in [
        ("--osv text.zip", "is no ZIP archive"),
        ("--osv bad", "is no record of OSV's"),
        ("--osv empty", "has no record of OSV's"),
        ("--osv missing", "can't be read"),
        ("--vex bad/r.json", "neither OpenVEX nor CycloneDX"),
        ("--vex bad-vex.json", "`fine` is no status"),
        ("--vex missing", "is no VEX document"),
    ] {
        let (status, said, errors) = audit(&dir, &format!("z {line}"));
        assert!(status == Some(2) && said.is_empty() && errors.contains(has), "{line}: {errors}");
    }
}

#[test]
fn a_list_to_watch() {
    let dir = of_zlib();
    ctl(&dir, "image z -o x.tar -t x:1");
    let (id, version) = release();
    let (status, said, errors) = audit(&dir, "z x.tar --watch-list");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.contains(&format!("{id}-{version} zlib").as_str()) && lines.is_sorted(), "{said}");
    // apt knows them all as sources of what is installed.
    for line in lines {
        let source = line.split_once(' ').unwrap().1;
        let installed = Run::new("dpkg-query").args(["-W", "-f=${source:Package}\\n"]).ok();
        assert!(installed.lines().any(|name| name == source), "{source}");
    }
    assert_eq!(said, audit(&dir, "x.tar z --watch-list").1);
    assert_eq!(audit(&dir, "missing --watch-list").0, Some(2));
}
