//! What an image says of the parts of its programs, against dpkg and the registry of Debian.

use super::parts::of_zlib;
use super::registry::Registry;
use crate::support::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn image(dir: &Dir, line: &str) -> Run {
    Run::new(STATICCTL).dir(dir.path()).line("image").line(line)
}

fn digest(said: &str) -> String {
    said.trim().rsplit([' ', '@']).next().unwrap().to_owned()
}

/// The root of a layout with the tag `1`.
fn unpacked(dir: &Dir, layout: &str) -> PathBuf {
    let bundle = format!("{layout}-bundle");
    Run::new("umoci").dir(dir.path()).line(&format!("unpack --image {layout}:1 {bundle}")).ok();
    dir.join(bundle).join("rootfs")
}

fn files(root: &Path) -> BTreeSet<String> {
    let listed = Run::new("find").dir(root).line(". ( -type f -o -type l ) -printf %P\\n").ok();
    listed.lines().map(str::to_owned).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// dpkg's own record of an installed package, by the fields that an image has.
fn by_dpkg(package: &str) -> String {
    let format = "Package: ${Package}\\nArchitecture: ${Architecture}\\nSource: ${Source}\\nVersion: ${Version}\\n";
    let said = Run::new("dpkg-query").args(["-W", "-f", format, package]).ok();
    said.lines().filter(|line| *line != "Source: ").map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_records_are_those_of_dpkg() {
    let dir = of_zlib();
    image(&dir, "z -o layout/ -t x:1").ok();
    let root = unpacked(&dir, "layout");
    let purls = Run::new(STATICCTL).dir(dir.path()).line("parts z --format purl").ok();
    let names: BTreeSet<&str> = purls
        .lines()
        .filter_map(|purl| purl.strip_prefix("pkg:deb/")?.split_once('/')?.1.split_once('@').map(|(name, _)| name))
        .collect();
    assert!(names.len() >= 3 && names.contains("zlib1g-dev"), "{purls}");
    let found = files(&root);
    let records: BTreeSet<&str> = found.iter().filter_map(|path| path.strip_prefix("var/lib/dpkg/status.d/")).collect();
    assert_eq!(records, names);
    for name in names {
        let record = fs::read_to_string(root.join("var/lib/dpkg/status.d").join(name)).unwrap();
        assert_eq!(record, by_dpkg(name), "{name}");
    }
    let value = |file: &Path, key: &str| {
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned);
        line.map(|line| line.trim_matches('"').to_owned())
    };
    for key in ["ID", "VERSION_ID"] {
        assert_eq!(value(&root.join("etc/os-release"), key), value(Path::new("/etc/os-release"), key), "{key}");
    }
    // The document is the program's own, at the image's time.
    let document = json(&fs::read_to_string(root.join("usr/share/sbom/z.cdx.json")).unwrap());
    let own = Run::new(STATICCTL).dir(dir.path()).env("SOURCE_DATE_EPOCH", "0").line("parts z --format cyclonedx");
    assert_eq!(document, json(&own.ok()));
    assert_eq!(Run::new(STATICCTL).line(&format!("try --root {} /z", root.display())).ok().lines().count(), 1);
}

#[test]
fn left_out_where_nobody_wants_it_and_where_there_is_nothing_to_say() {
    let dir = of_zlib();
    image(&dir, "z -o bare/ -t x:1 --no-sbom").ok();
    assert_eq!(files(&unpacked(&dir, "bare")), BTreeSet::from(["z".to_owned()]));
    Run::new(STATICCC).dir(dir.path()).env("STATICCXX_PARTS", "off").line("z.c -lz -o off").silent();
    let with = digest(&image(&dir, "off -o a.tar").ok());
    assert_eq!(with, digest(&image(&dir, "off -o a.tar --no-sbom").ok()));
    let said = image(&dir, "off --push localhost:1/x --insecure --sbom").fails(2);
    assert!(said.contains("no program names its parts"), "{said}");
    for line in ["z -o a.tar --sbom", "z --push localhost:1/x --sbom --no-sbom"] {
        image(&dir, line).fails(2);
    }
    // What was named stands.
    dir.file("release", "ID=mine\n");
    image(&dir, "z -o mine/ -t x:1 --add release:/usr/lib/os-release").ok();
    let root = unpacked(&dir, "mine");
    assert_eq!(fs::read_to_string(root.join("usr/lib/os-release")).unwrap(), "ID=mine\n");
    let found = files(&root);
    assert!(!found.contains("etc/os-release") && found.contains("var/lib/dpkg/status.d/zlib1g-dev"), "{found:?}");
    // A program whose name is in the way.
    fs::rename(dir.join("z"), dir.join("usr")).unwrap();
    let said = image(&dir, "usr -o a.tar").fails(2);
    assert!(said.contains("`/usr` in the image is a file") && said.contains("--no-sbom"), "{said}");
    image(&dir, "usr -o a.tar --no-sbom").ok();
}

#[test]
fn the_same_programs_give_the_same_records() {
    let dir = of_zlib();
    Run::new(STATICCC).dir(dir.path()).line("z.c -O2 -lz -o y").silent();
    let first = digest(&image(&dir, "y z -o a.tar").ok());
    Run::new("touch").dir(dir.path()).args(["-d", "2001-02-03", "z", "y"]).silent();
    assert_eq!(first, digest(&image(&dir, "y z -o a.tar").ok()));
    assert_eq!(first, digest(&image(&dir, "y z -o a.tar --auto").ok()));
    // A damaged list is not copied, and the image is made.
    let bytes = fs::read(dir.join("z")).unwrap();
    let is_note = |w: &[u8]| w[..4] == 10u32.to_ne_bytes() && w[12..] == *b"staticcxx\0";
    let owner = bytes.windows(22).position(is_note).unwrap() + 12;
    let file = fs::OpenOptions::new().write(true).open(dir.join("z")).unwrap();
    file.write_all_at(&[0xff; 40], owner as u64 + 20).unwrap();
    let out = image(&dir, "z -o damaged/ -t x:1").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("warning: `z`: the note of its parts is damaged"), "{said}");
    assert_eq!(files(&unpacked(&dir, "damaged")), BTreeSet::from(["z".to_owned()]));
}

#[test]
fn a_bundle_s_image_lists_the_parts_of_what_was_converted() {
    let dir = Dir::new();
    Run::new(STATICCTL).dir(dir.path()).line("bundle /usr/bin/xz -o xz.tar -t x:1 -q -- --version").ok();
    Run::new("skopeo").dir(dir.path()).line("--insecure-policy copy oci-archive:xz.tar oci:layout:1").ok();
    let found = files(&unpacked(&dir, "layout"));
    for path in ["var/lib/dpkg/status.d/xz-utils", "usr/share/sbom/xz.cdx.json", "usr/lib/os-release"] {
        assert!(found.contains(path), "{path}: {found:?}");
    }
}

#[test]
fn a_registry_without_referrers_has_them_under_a_tag() {
    let dir = of_zlib();
    let registry = Registry::start("");
    let name = format!("localhost:{}/some/z", registry.port);
    let push = |line: &str| {
        let line = format!("z --push {name}:1 --insecure --sbom {line}");
        let out = image(&dir, &line).env("DOCKER_CONFIG", dir.join("none")).output();
        assert!(out.status.success(), "{}", text(&out.stderr));
        (digest(&text(&out.stdout)), text(&out.stderr))
    };
    let raw = |reference: &str| {
        let line = format!("--insecure-policy inspect --raw --tls-verify=false docker://{name}{reference}");
        json(&Run::new("skopeo").line(&line).ok())
    };
    let (image_digest, said) = push("");
    let tag = format!(":{}", image_digest.replace(':', "-"));
    let index = raw(&tag);
    let about = index["manifests"].as_array().unwrap();
    assert_eq!((about.len(), &about[0]["artifactType"]), (1, &"application/vnd.cyclonedx+json".into()));
    let artifact = about[0]["digest"].as_str().unwrap();
    assert!(said.contains(artifact) && said.contains(&image_digest), "{said}");
    let manifest = raw(&format!("@{artifact}"));
    assert_eq!(
        (&manifest["subject"]["digest"], raw(":1")["mediaType"].as_str()),
        (&image_digest.as_str().into(), manifest["mediaType"].as_str())
    );
    // Its document, as a client takes it.
    let line = format!("--insecure-policy copy --src-tls-verify=false docker://{name}@{artifact} dir:artifact");
    Run::new("skopeo").dir(dir.path()).line(&line).ok();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap().trim_start_matches("sha256:");
    let document = json(&fs::read_to_string(dir.join("artifact").join(layer)).unwrap());
    assert_eq!(document["metadata"]["component"]["version"], image_digest.as_str());
    let purls = Run::new(STATICCTL).dir(dir.path()).line("parts z --format purl").ok();
    let listed: BTreeMap<&str, &str> = document["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| Some((c["purl"].as_str()?, c["name"].as_str()?)))
        .collect();
    assert_eq!(listed.keys().copied().collect::<BTreeSet<_>>(), purls.lines().collect());
    // The same again is there once.
    assert_eq!(push("").0, image_digest);
    assert_eq!(raw(&tag)["manifests"].as_array().unwrap().len(), 1);
}
