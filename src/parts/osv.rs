//! OSV's records (<https://ossf.github.io/osv-schema/>) from files: what `gs://osv-vulnerabilities/ECOSYSTEM/all.zip` holds,
//! in the directory that osv-scanner keeps (`{dir}/osv-scanner/{ecosystem}/all.zip`) or any other.

use super::package_url::PackageUrl;
use crate::packages::version_order::{self, Order};
use serde::Deserialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;
use zip::ZipArchive;

/// A longer record is damaged.
const RECORD: u64 = 32 << 20;
/// All records together: OSV's for Debian are 400 MB.
const ALL: u64 = 16 << 30;

/// Why records can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadOsv {
    #[error("`{path}` can't be read: {1}", path = .0.display())]
    Io(PathBuf, io::Error),
    #[error("`{path}` is no ZIP archive that can be read: {1}", path = .0.display())]
    Zip(PathBuf, String),
    #[error("`{name}` in `{path}` is no record of OSV's: {2}", path = .0.display(), name = .1)]
    Record(PathBuf, String, String),
    #[error("`{path}` has no record of OSV's", path = .0.display())]
    Empty(PathBuf),
}

#[derive(Debug, Deserialize)]
struct OsvRecord {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    upstream: Vec<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    affected: Vec<OsvAffected>,
}

#[derive(Debug, Deserialize)]
struct OsvAffected {
    #[serde(default)]
    package: Option<OsvPackage>,
    #[serde(default)]
    ranges: Vec<OsvRange>,
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<BTreeMap<String, String>>,
}

/// The numbers of a vulnerability, and which versions have it.
type NumberedRecord = (BTreeSet<String>, OsvAffected);

/// The records about some packages.
#[derive(Debug, Default)]
pub(crate) struct Osv {
    /// By ecosystem and name: the numbers, and what is affected.
    known: BTreeMap<(String, String), Vec<NumberedRecord>>,
    /// Ecosystems of which there was any record.
    ecosystems: BTreeSet<String>,
    records: usize,
    bytes: u64,
}

/// A package in the words of OSV.
struct OsvName {
    ecosystem: String,
    name: String,
    version: String,
    order: Order,
}

/// None for a distribution that OSV does not know by the number of its release.
fn named(url: &PackageUrl) -> Option<OsvName> {
    let (id, distro) = (url.namespace.as_deref()?, url.qualifiers.get("distro")?);
    let release = distro.strip_prefix(id)?.strip_prefix('-')?;
    let major = release.split('.').next().unwrap_or(release);
    let (ecosystem, order) = match id {
        "debian" => (format!("Debian:{major}"), Order::Deb),
        "ubuntu" => (format!("Ubuntu:{release}"), Order::Deb),
        "alpine" => {
            let branch = release.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            (format!("Alpine:v{branch}"), Order::Apk)
        }
        "almalinux" => (format!("AlmaLinux:{major}"), Order::Rpm),
        "rocky" => (format!("Rocky Linux:{major}"), Order::Rpm),
        _ => return None,
    };
    // Those of RPM have the names of binary packages.
    let (name, version) = match order {
        Order::Rpm => (url.name.clone(), url.full_version()),
        _ => url.source(),
    };
    Some(OsvName { ecosystem, name, version, order })
}

/// `Ubuntu:22.04` of `Ubuntu:22.04:LTS`; what is only for subscribers (`Ubuntu:Pro:…`) is another.
fn ecosystem(text: &str) -> &str {
    text.strip_suffix(":LTS").unwrap_or(text)
}

impl Osv {
    /// Reads what there is about the packages of these URLs, from an archive, or from all archives and records in a
    /// directory.
    ///
    /// # Errors
    /// What can't be read or is no record.
    pub(crate) fn read<'u>(from: &Path, urls: impl Iterator<Item = &'u PackageUrl>) -> Result<Osv, BadOsv> {
        let wanted: BTreeSet<(String, String)> =
            urls.filter_map(named).map(|name| (name.ecosystem, name.name)).collect();
        let mut osv = Osv::default();
        if from.is_dir() {
            let files = WalkDir::new(from).sort_by_file_name().into_iter();
            for entry in files {
                let entry = entry.map_err(|e| BadOsv::Io(from.to_owned(), e.into()))?;
                match entry.path().extension().and_then(|e| e.to_str()) {
                    Some("zip") if entry.file_type().is_file() => osv.add_archive(entry.path(), &wanted)?,
                    Some("json") if entry.file_type().is_file() => {
                        let file = File::open(entry.path()).map_err(|e| BadOsv::Io(entry.path().to_owned(), e))?;
                        osv.add(file, (entry.path(), ""), &wanted)?;
                    }
                    _ => {}
                }
            }
        } else {
            osv.add_archive(from, &wanted)?;
        }
        if osv.records == 0 {
            return Err(BadOsv::Empty(from.to_owned()));
        }
        Ok(osv)
    }

    fn add_archive(&mut self, path: &Path, wanted: &BTreeSet<(String, String)>) -> Result<(), BadOsv> {
        let file = File::open(path).map_err(|e| BadOsv::Io(path.to_owned(), e))?;
        self.add_entries(BufReader::new(file), path, wanted)
    }

    fn add_entries(
        &mut self,
        file: impl Read + Seek,
        path: &Path,
        wanted: &BTreeSet<(String, String)>,
    ) -> Result<(), BadOsv> {
        let bad = |e: &dyn std::fmt::Display| BadOsv::Zip(path.to_owned(), e.to_string());
        let mut archive = ZipArchive::new(file).map_err(|e| bad(&e))?;
        for at in 0..archive.len() {
            let entry = archive.by_index(at).map_err(|e| bad(&e))?;
            let name = entry.name().map_err(|e| bad(&e))?.into_owned();
            if name.ends_with(".json") {
                self.add(entry, (path, &name), wanted)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        from: impl Read,
        (path, name): (&Path, &str),
        wanted: &BTreeSet<(String, String)>,
    ) -> Result<(), BadOsv> {
        let file = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let named = || if name.is_empty() { file() } else { name.to_owned() };
        let bad = |why: String| BadOsv::Record(path.to_owned(), named(), why);
        let mut bytes = Vec::new();
        from.take(RECORD + 1).read_to_end(&mut bytes).map_err(|e| bad(e.to_string()))?;
        self.bytes += bytes.len() as u64;
        if bytes.len() as u64 > RECORD || self.bytes > ALL {
            return Err(bad("it is too long".into()));
        }
        let record: OsvRecord = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
        self.records += 1;
        if record.withdrawn.is_some() {
            return Ok(());
        }
        let numbers = numbers(&record);
        for affected in record.affected {
            let Some(package) = &affected.package else { continue };
            let of = ecosystem(&package.ecosystem).to_owned();
            let key = (of.clone(), package.name.clone());
            self.ecosystems.insert(of);
            if wanted.contains(&key) {
                self.known.entry(key).or_default().push((numbers.clone(), affected));
            }
        }
        Ok(())
    }

    /// The vulnerabilities that are in the version of a package; none where there is no record about its release.
    pub(crate) fn open(&self, url: &PackageUrl) -> Option<BTreeSet<String>> {
        let package = named(url)?;
        if !self.ecosystems.contains(&package.ecosystem) {
            return None;
        }
        let known = self.known.get(&(package.ecosystem.clone(), package.name.clone()));
        let open = known.into_iter().flatten().filter(|(_, affected)| affected.has(&package));
        Some(open.flat_map(|(numbers, _)| numbers.clone()).collect())
    }
}

/// CVE numbers, or where there are none the record's own.
fn numbers(record: &OsvRecord) -> BTreeSet<String> {
    let names = std::iter::once(&record.id).chain(&record.aliases).chain(&record.upstream);
    let cve = |name: &String| name.find("CVE-").and_then(|at| name.get(at..)).map(str::to_owned);
    let found: BTreeSet<String> = names.filter_map(cve).collect();
    if found.is_empty() { BTreeSet::from([record.id.clone()]) } else { found }
}

impl OsvAffected {
    fn has(&self, package: &OsvName) -> bool {
        self.versions.contains(&package.version)
            || self.ranges.iter().any(|range| range.kind == "ECOSYSTEM" && range.has(package))
    }
}

impl OsvRange {
    /// As the schema evaluates it: events in the order of versions; the last that is not after the version decides.
    fn has(&self, package: &OsvName) -> bool {
        let order = |a: &str, b: &str| version_order::by(package.order, a, b);
        let not_before = |event: &str| event == "0" || order(&package.version, event) != Ordering::Less;
        let mut events: Vec<(&str, &str)> =
            self.events.iter().flatten().map(|(kind, version)| (kind.as_str(), version.as_str())).collect();
        events.sort_by(|(_, a), (_, b)| match (*a, *b) {
            ("0", "0") => Ordering::Equal,
            ("0", _) => Ordering::Less,
            (_, "0") => Ordering::Greater,
            (a, b) => order(a, b),
        });
        let mut inside = false;
        for (kind, version) in events {
            match kind {
                "introduced" if not_before(version) => inside = true,
                "fixed" if not_before(version) => inside = false,
                "last_affected" if order(&package.version, version) == Ordering::Greater => inside = false,
                _ => {}
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;

    fn record(ecosystem: &str, name: &str, events: &Value) -> Value {
        json!({ "id": "DEBIAN-CVE-2026-0001", "modified": "2026-01-01T00:00:00Z", "upstream": ["CVE-2026-0001"],
            "affected": [{ "package": { "ecosystem": ecosystem, "name": name }, "ranges": [{ "type": "ECOSYSTEM", "events": events }] }] })
    }

    fn open(record: &Value, purl: &str) -> Option<Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("r.json"), record.to_string()).unwrap();
        let url = PackageUrl::read(purl).unwrap();
        Osv::read(dir.path(), std::iter::once(&url)).unwrap().open(&url).map(|found| found.into_iter().collect())
    }

    const SSL: &str = "pkg:deb/debian/libssl-dev@3.0.17-1~deb12u2?distro=debian-12&upstream=openssl";

    #[test]
    fn ranges_in_the_order_of_the_distribution() {
        let said = |events: Value| open(&record("Debian:12", "openssl", &events), SSL).unwrap().len();
        assert_eq!(said(json!([{ "introduced": "0" }])), 1);
        assert_eq!(said(json!([{ "introduced": "0" }, { "fixed": "3.0.17-1" }])), 1);
        assert_eq!(said(json!([{ "introduced": "0" }, { "fixed": "3.0.17-1~deb12u2" }])), 0);
        assert_eq!(said(json!([{ "introduced": "0" }, { "fixed": "3.0.9-1" }])), 0);
        assert_eq!(said(json!([{ "introduced": "3.0.18-1" }])), 0);
        assert_eq!(said(json!([{ "introduced": "0" }, { "last_affected": "3.0.17-1~deb12u2" }])), 1);
        assert_eq!(said(json!([{ "introduced": "0" }, { "last_affected": "3.0.17-1~deb12u1" }])), 0);
        // Two stretches, in any order.
        let two =
            json!([{ "introduced": "3.0.10-1" }, { "fixed": "3.0.20-1" }, { "introduced": "0" }, { "fixed": "1.0-1" }]);
        assert_eq!(said(two), 1);
        assert_eq!(said(json!([])), 0);
    }

    #[test]
    fn by_source_package_and_release() {
        let all = json!([{ "introduced": "0" }]);
        let debian = record("Debian:12", "openssl", &all);
        assert_eq!(open(&debian, SSL), Some(vec!["CVE-2026-0001".to_owned()]));
        assert_eq!(open(&debian, &SSL.replace("debian-12", "debian-13")), None);
        assert_eq!(open(&debian, "pkg:deb/debian/zlib1g-dev@1?distro=debian-12&upstream=zlib"), Some(vec![]));
        let ubuntu = SSL.replace("debian/", "ubuntu/").replace("debian-12", "ubuntu-22.04");
        assert_eq!(open(&record("Ubuntu:22.04:LTS", "openssl", &all), &ubuntu).unwrap().len(), 1);
        assert_eq!(open(&record("Ubuntu:Pro:22.04:LTS", "openssl", &all), &ubuntu), None);
        let alpine = "pkg:apk/alpine/openssl-libs-static@3.3.1-r0?distro=alpine-3.20.1&upstream=openssl";
        let fixed = json!([{ "introduced": "0" }, { "fixed": "3.3.1-r1" }]);
        assert_eq!(open(&record("Alpine:v3.20", "openssl", &fixed), alpine).unwrap().len(), 1);
        let alma = "pkg:rpm/almalinux/openssl-devel@3.0.7-24.el9?distro=almalinux-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm";
        let fixed = |v: &str| record("AlmaLinux:9", "openssl-devel", &json!([{ "introduced": "0" }, { "fixed": v }]));
        assert_eq!(open(&fixed("1:3.0.7-25.el9"), alma).unwrap().len(), 1);
        assert_eq!(open(&fixed("3.0.7-25.el9"), alma).unwrap().len(), 0);
        let mut withdrawn = debian.clone();
        withdrawn["withdrawn"] = json!("2026-01-02T00:00:00Z");
        assert_eq!(open(&withdrawn, SSL), None);
        let mut listed = debian;
        listed["affected"][0]["ranges"] = json!([]);
        listed["affected"][0]["versions"] = json!(["3.0.17-1~deb12u2"]);
        assert_eq!(open(&listed, SSL).unwrap().len(), 1);
    }

    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn archives_that_are_damaged_or_unpack_without_end() {
        let good = record("Debian:12", "openssl", &json!([{ "introduced": "0" }])).to_string();
        let zip = zipped("DEBIAN-CVE-2026-0001.json", good.as_bytes());
        let url = PackageUrl::read(SSL).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let read = |bytes: &[u8]| {
            let file = dir.path().join("all.zip");
            std::fs::write(&file, bytes).unwrap();
            Osv::read(&file, std::iter::once(&url)).map(|osv| osv.open(&url).unwrap().len())
        };
        assert_eq!(read(&zip).unwrap(), 1);
        assert!(matches!(read(&zip[..zip.len() / 2]), Err(BadOsv::Zip(..))));
        assert!(matches!(read(b"{}"), Err(BadOsv::Zip(..))));
        assert!(matches!(read(&zipped("x.txt", b"{}")), Err(BadOsv::Empty(_))));
        for bad in [&b"[]"[..], b"{", b"{\"affected\": 1}"] {
            assert!(matches!(read(&zipped("x.json", bad)), Err(BadOsv::Record(..))));
        }
        let mut damaged = zip.clone();
        damaged[60..80].fill(0xff);
        assert!(read(&damaged).is_err());
        let bomb = zipped("x.json", &vec![b' '; usize::try_from(RECORD).unwrap() + 2]);
        assert!(bomb.len() < 100_000 && read(&bomb).unwrap_err().to_string().contains("too long"));
    }
}
