//! What scanners read in an image, of the parts that its programs name: the databases of dpkg and apk, the release, and a
//! CycloneDX document for each program.
//!
//! | path | read by |
//! |---|---|
//! | `/var/lib/dpkg/status.d/NAME` | syft, grype, trivy, osv-scanner, Clair: as in distroless images, a file for each package |
//! | `/lib/apk/db/installed` | the same |
//! | `/usr/lib/os-release`, `/etc/os-release` | the same, to know whose advisories count |
//! | `/etc/debian_version`, `/etc/lsb-release` | trivy, which knows Debian and Ubuntu by these |
//! | `/usr/share/sbom/NAME.cdx.json` | trivy, osv-scanner |

use super::blob::Sha;
use super::config::json;
use super::platform::Platform;
use super::static_program::ImageProgram;
use crate::parts::documents::{self, Described};
#[cfg(feature = "push")]
use crate::parts::image_document::{self, DescribedImage};
use crate::parts::noted_program::{self, NotedProgram};
use crate::parts::package_url::PackageUrl;
use crate::parts::release_of_parts::{self, PartRelease};
use crate::rootfs::tree::{FileContent, FileTree, Node, TreeError};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where a document of each program is.
const SBOM: &str = "/usr/share/sbom";
/// What names them in messages.
const FROM: &str = "the list of parts, which `--no-sbom` leaves out";

/// A program of an image that names its parts.
#[derive(Debug, Clone)]
struct RecordedProgram {
    /// Its path in the image.
    place: PathBuf,
    platform: Platform,
    /// The digest of its file in hexadecimal digits.
    sha256: String,
    noted: NotedProgram,
}

/// The parts of an image's programs.
#[derive(Debug, Clone)]
pub(crate) struct PackageRecords {
    programs: Vec<RecordedProgram>,
    /// When the image was made, in RFC 3339.
    created: String,
}

impl PackageRecords {
    /// Of those programs that name their parts. Gives also why some can't be read.
    pub(crate) fn of(programs: &[ImageProgram], created: String) -> (PackageRecords, Vec<String>) {
        let mut failures = Vec::new();
        let mut recorded = Vec::new();
        for program in programs {
            let read = noted_program::read(&program.file).and_then(|noted| {
                let Some(noted) = noted else { return Ok(None) };
                let sha256 = Sha::of_file(&program.file).map_err(|e| e.to_string())?.hex();
                let (place, platform) = (program.place.clone(), program.platform.clone());
                Ok(Some(RecordedProgram { place, platform, sha256, noted }))
            });
            match read {
                Ok(program) => recorded.extend(program),
                Err(why) => failures.push(format!("`{}`: {why}", program.file.display())),
            }
        }
        (PackageRecords { programs: recorded, created }, failures)
    }

    /// Whether no program names its parts.
    pub(crate) fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// When the image was made, in RFC 3339.
    #[cfg(feature = "push")]
    pub(crate) fn created(&self) -> &str {
        &self.created
    }

    fn on<'a>(&'a self, platform: &'a Platform) -> impl Iterator<Item = &'a RecordedProgram> {
        self.programs.iter().filter(move |program| program.platform == *platform)
    }

    /// The files for a platform's image, of which `image` is the rest. What is in that already stands.
    ///
    /// # Errors
    /// A file of the image where a directory is needed.
    pub(crate) fn tree(&self, platform: &Platform, image: &FileTree) -> Result<FileTree, TreeError> {
        let mut tree = FileTree::default();
        let urls: BTreeSet<&str> = self.on(platform).flat_map(|program| program.noted.parts.purls()).collect();
        let packages: Vec<PackageUrl> = urls.iter().filter_map(|url| PackageUrl::read(url)).collect();
        for (name, text) in dpkg_records(&packages) {
            put(&mut tree, &Path::new("/var/lib/dpkg/status.d").join(name), text.into_bytes())?;
        }
        let apk: String = packages.iter().filter(|p| is_of(p, "apk")).map(apk_record).collect();
        if !apk.is_empty() {
            put(&mut tree, Path::new("/lib/apk/db/installed"), apk.into_bytes())?;
        }
        let has = |path: &str| image.get(Path::new(path)).is_some();
        let has_release = has("/etc/os-release") || has("/usr/lib/os-release");
        if let Some(release) = release_of_parts::of(urls.iter().copied()).filter(|_| !has_release) {
            put_release(&mut tree, &release)?;
        }
        for (name, program) in self.documents(platform) {
            let file = program.place.file_name().unwrap_or_default().to_string_lossy();
            let described = Described::of(&program.noted, &file, &program.sha256, &self.created);
            let text = json(&documents::cyclonedx(&described)).unwrap_or_default();
            put(&mut tree, &Path::new(SBOM).join(format!("{name}.cdx.json")), text)?;
        }
        tree.missing_in(image)
    }

    /// The programs by the names of their documents: the file's, or the path where two files have one name.
    fn documents<'a>(&'a self, platform: &'a Platform) -> impl Iterator<Item = (String, &'a RecordedProgram)> {
        let named = |program: &RecordedProgram| program.place.file_name().map(|n| n.to_string_lossy().into_owned());
        self.on(platform).map(move |program| {
            let alike = self.on(platform).filter(|other| named(other) == named(program)).count();
            let path = || program.place.to_string_lossy().trim_start_matches('/').replace('/', "_");
            (if alike > 1 { path() } else { named(program).unwrap_or_default() }, program)
        })
    }

    /// The document about a platform's image as a whole; none where no program of it names its parts.
    ///
    /// # Errors
    /// None that a document of ours can give.
    #[cfg(feature = "push")]
    pub(crate) fn image_document(
        &self,
        platform: &Platform,
        name: &str,
        digest: &Sha,
    ) -> Result<Option<Vec<u8>>, serde_json::Error> {
        let digest = digest.to_string();
        let files: Vec<(String, &RecordedProgram)> = self.documents(platform).collect();
        if files.is_empty() {
            return Ok(None);
        }
        let programs = files.iter().map(|(file, p)| Described::of(&p.noted, file, &p.sha256, &self.created)).collect();
        let image = DescribedImage { name, digest: &digest, created: &self.created, programs };
        json(&image_document::cyclonedx_of_image(&image)).map(Some)
    }
}

fn put(tree: &mut FileTree, path: &Path, text: Vec<u8>) -> Result<(), TreeError> {
    let content = FileContent::Bytes(Cow::Owned(text));
    tree.put(path, Node::File { content, executable: false }, FROM)
}

/// Whether it is of this format and has nothing in it that would end a line of a database or leave a directory: notes are
/// anybody's.
fn is_of(package: &PackageUrl, format: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
    let (source, version) = package.source();
    package.format == format
        && !package.name.starts_with('.')
        && [&package.name, &package.version, &source, &version].into_iter().all(|text| plain(text))
        && package.qualifiers.get("arch").is_none_or(|arch| plain(arch))
}

/// Records as dpkg writes them, without a status, by the names of their files. Of a package that is there more than once
/// (in programs that were built at different times) the names have version and architecture.
fn dpkg_records(packages: &[PackageUrl]) -> BTreeMap<String, String> {
    let mut by_name: BTreeMap<&str, Vec<&PackageUrl>> = BTreeMap::new();
    for package in packages.iter().filter(|package| is_of(package, "deb")) {
        by_name.entry(&package.name).or_default().push(package);
    }
    let mut records = BTreeMap::new();
    for (name, packages) in by_name {
        let alone = packages.len() == 1;
        for package in packages {
            let arch = package.qualifiers.get("arch").map_or("", String::as_str);
            let file = if alone { name.to_owned() } else { format!("{name}_{}_{arch}", package.version) };
            records.insert(file, dpkg_record(package, arch));
        }
    }
    records
}

fn dpkg_record(package: &PackageUrl, arch: &str) -> String {
    let PackageUrl { name, version, .. } = package;
    let mut record = format!("Package: {name}\n");
    if !arch.is_empty() {
        record += &format!("Architecture: {arch}\n");
    }
    match package.source() {
        (source, of) if source == *name && of == *version => {}
        (source, of) if of == *version => record += &format!("Source: {source}\n"),
        (source, of) => record += &format!("Source: {source} ({of})\n"),
    }
    record + &format!("Version: {version}\n")
}

/// A record of apk's database (<https://wiki.alpinelinux.org/wiki/Apk_spec>), without what only the package has: checksum,
/// sizes, files.
fn apk_record(package: &PackageUrl) -> String {
    let arch = package.qualifiers.get("arch").map(|arch| format!("A:{arch}\n")).unwrap_or_default();
    format!("P:{}\nV:{}\n{arch}o:{}\n\n", package.name, package.version, package.source().0)
}

/// os-release(5) and the files by which trivy knows a release.
fn put_release(tree: &mut FileTree, release: &PartRelease) -> Result<(), TreeError> {
    let PartRelease { id, version } = release;
    let numbered = version.as_ref().map(|version| format!("VERSION_ID=\"{version}\"\n")).unwrap_or_default();
    let name = version.as_ref().map_or(id.clone(), |version| format!("{id} {version}"));
    let text = format!("ID={id}\n{numbered}PRETTY_NAME=\"{name}\"\n");
    put(tree, Path::new("/usr/lib/os-release"), text.into_bytes())?;
    let link = Node::Link { target: "../usr/lib/os-release".into() };
    tree.put(Path::new("/etc/os-release"), link, FROM)?;
    match (id.as_str(), version) {
        ("debian", Some(version)) => put(tree, Path::new("/etc/debian_version"), format!("{version}\n").into_bytes()),
        ("ubuntu", Some(version)) => {
            let text = format!("DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={version}\n");
            put(tree, Path::new("/etc/lsb-release"), text.into_bytes())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::linked_parts::{LinkedParts, Part, SCHEMA};

    fn records(places: &[(&str, &[&str])]) -> PackageRecords {
        let of = |(place, urls): &(&str, &[&str])| {
            let part = |url: &&str| Part { purl: Some((*url).to_owned()), files: Vec::new() };
            let parts =
                LinkedParts { schema: SCHEMA, exact: true, parts: urls.iter().map(part).collect(), hardening: None };
            let noted = NotedProgram { parts, identity: serde_json::Map::new() };
            RecordedProgram { place: place.into(), platform: platform(), sha256: "00".into(), noted }
        };
        PackageRecords { programs: places.iter().map(of).collect(), created: "1970-01-01T00:00:00Z".into() }
    }

    fn platform() -> Platform {
        Platform { architecture: "amd64".into(), variant: None }
    }

    fn files(records: &PackageRecords, image: &FileTree) -> BTreeMap<String, String> {
        let tree = records.tree(&platform(), image).unwrap();
        let text = |node: &Node| match node {
            Node::File { content: FileContent::Bytes(bytes), .. } => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            Node::Link { target } => Some(format!("-> {}", target.display())),
            _ => None,
        };
        tree.iter().filter_map(|(path, node)| Some((path.display().to_string(), text(node)?))).collect()
    }

    const SSL: &str = "pkg:deb/debian/libssl-dev@3.0-1?arch=amd64&distro=debian-12&upstream=openssl";
    const ZLIB: &str = "pkg:deb/debian/zlib1g-dev@1:1.2-1%2Bb1?arch=amd64&distro=debian-12&upstream=zlib%401:1.2-1";

    #[test]
    fn packages_as_dpkg_and_apk_write_them() {
        let found = files(&records(&[("/usr/bin/a", &[SSL, ZLIB, "pkg:generic/staticcxx@0.1"])]), &FileTree::default());
        let record = |name: &str| found[&format!("var/lib/dpkg/status.d/{name}")].as_str();
        assert_eq!(record("libssl-dev"), "Package: libssl-dev\nArchitecture: amd64\nSource: openssl\nVersion: 3.0-1\n");
        assert!(record("zlib1g-dev").contains("Source: zlib (1:1.2-1)\nVersion: 1:1.2-1+b1\n"));
        assert_eq!(found["usr/lib/os-release"], "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"debian 12\"\n");
        assert_eq!(found["etc/os-release"], "-> ../usr/lib/os-release");
        assert_eq!(found["etc/debian_version"], "12\n");
        assert!(found["usr/share/sbom/a.cdx.json"].contains("openssl"));
        assert_eq!(found.len(), 6);
        let musl = "pkg:apk/alpine/zlib-static@1.3.1-r2?arch=x86_64&distro=alpine-3.22.1&upstream=zlib";
        let found = files(&records(&[("/a", &[musl])]), &FileTree::default());
        assert_eq!(found["lib/apk/db/installed"], "P:zlib-static\nV:1.3.1-r2\nA:x86_64\no:zlib\n\n");
        assert!(found["usr/lib/os-release"].contains("3.22.1") && !found.contains_key("etc/debian_version"));
    }

    #[test]
    fn what_the_image_has_stands_and_two_releases_are_none() {
        let mut image = FileTree::default();
        put(&mut image, Path::new("/usr/lib/os-release"), b"ID=mine\n".to_vec()).unwrap();
        put(&mut image, Path::new("/usr/share/sbom/a.cdx.json"), b"{}".to_vec()).unwrap();
        let found = files(&records(&[("/a", &[SSL])]), &image);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["var/lib/dpkg/status.d/libssl-dev"]);
        let newer = SSL.replace("3.0-1", "3.5-1").replace("debian-12", "debian-13");
        let found = files(&records(&[("/a", &[SSL]), ("/b", &[&newer]), ("/usr/bin/b", &[SSL])]), &FileTree::default());
        assert!(!found.contains_key("usr/lib/os-release"), "{found:?}");
        let names: Vec<&str> = found.keys().map(|path| path.rsplit('/').next().unwrap()).collect();
        let documents = ["a.cdx.json", "b.cdx.json", "usr_bin_b.cdx.json"];
        assert_eq!(names, [&documents[..], &["libssl-dev_3.0-1_amd64", "libssl-dev_3.5-1_amd64"]].concat());
        // A program that is in the way.
        let mut image = FileTree::default();
        put(&mut image, Path::new("/var"), b"ELF".to_vec()).unwrap();
        let said = records(&[("/var", &[SSL])]).tree(&platform(), &image).unwrap_err().to_string();
        assert!(said.contains("--no-sbom"), "{said}");
    }

    #[test]
    fn notes_that_are_made_up_write_nowhere_else() {
        let bad = [
            "pkg:deb/debian/..%2F..%2Fetc@1?distro=debian-12",
            "pkg:deb/debian/.x@1?distro=debian-12",
            "pkg:deb/debian/a@1%0AStatus:x?distro=debian-12",
            "pkg:deb/debian/a@1?distro=debian-12&upstream=b%0Ac",
            "pkg:apk/alpine/a%0AP:b@1?distro=debian-12",
        ];
        let found = files(&records(&[("/a", &bad)]), &FileTree::default());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["usr/share/sbom/a.cdx.json"]);
    }
}
