//! Which installed package each of many files is from, with its version and source: read from the package manager's
//! own files, or asked of it once for all of them.

use super::query::ask_for_all;
use crate::settings::Settings;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The package of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// `deb`, `rpm` or `apk`, as package URLs have it.
    pub manager: &'static str,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// What it was built from.
    pub source: String,
    /// The version of that.
    pub source_version: String,
}

impl Owner {
    /// Whether two packages are from one build.
    pub fn same_build(&self, other: &Owner) -> bool {
        let of = |o: &Owner| (o.manager, o.source.clone(), o.source_version.clone());
        of(self) == of(other)
    }

    /// The package URL (<https://github.com/package-url/purl-spec>), for lists of what is in a program.
    pub fn url(&self, distribution: &str) -> String {
        let escaped = |text: &str| text.replace('%', "%25").replace('+', "%2B").replace(':', "%3A").replace('~', "%7E");
        format!("pkg:{}/{distribution}/{}@{}", self.manager, escaped(&self.package), escaped(&self.version))
    }
}

/// Where package managers keep their lists.
const DPKG: &str = "/var/lib/dpkg";
const APK: &str = "/lib/apk/db/installed";

/// The owners of files, in the order of the files.
pub fn of(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Owner>> {
    if let Some(owners) = dpkg(Path::new(DPKG), files) {
        return owners;
    }
    if let Ok(text) = fs::read_to_string(APK) {
        return apk(&text, files);
    }
    rpm(settings, files).unwrap_or_else(|| vec![None; files.len()])
}

/// The names by which lists may have a file: distributions with a merged /usr still list some by the other one.
fn spellings(file: &Path) -> Vec<PathBuf> {
    let real = fs::canonicalize(file).ok();
    let all = [Some(file.to_owned()), real];
    let mut names: Vec<PathBuf> = Vec::new();
    for path in all.into_iter().flatten() {
        names.extend(path.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p)));
        names.push(path);
    }
    names
}

fn dpkg(root: &Path, files: &[PathBuf]) -> Option<Vec<Option<Owner>>> {
    let status = fs::read_to_string(root.join("status")).ok()?;
    let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        for name in spellings(file) {
            wanted.entry(name.into_os_string().into_encoded_bytes()).or_default().push(number);
        }
    }
    let mut packages: Vec<Option<String>> = vec![None; files.len()];
    for entry in fs::read_dir(root.join("info")).ok()?.flatten() {
        let path = entry.path();
        if path.extension() != Some(OsStr::new("list")) {
            continue;
        }
        let Ok(list) = fs::read(&path) else { continue };
        let package = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        for line in list.split(|b| *b == b'\n') {
            for number in wanted.get(line).into_iter().flatten() {
                if let Some(place) = packages.get_mut(*number) {
                    *place = Some(package.clone());
                }
            }
        }
    }
    let records = dpkg_records(&status);
    Some(packages.into_iter().map(|p| records.get(&p?).cloned()).collect())
}

/// The packages of dpkg's status file, by name and by `name:architecture`.
fn dpkg_records(status: &str) -> BTreeMap<String, Owner> {
    let mut records = BTreeMap::new();
    for record in status.split("\n\n") {
        let field = |name: &str| record.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
        let (Some(package), Some(version)) = (field("Package:"), field("Version:")) else { continue };
        if !field("Status:").is_some_and(|s| s.ends_with(" installed")) {
            continue;
        }
        // `Source: gcc-12 (12.2.0-14)`; without a version it has that of the package, without a source its name.
        let source = field("Source:").unwrap_or(package);
        let (source, of_source) =
            source.split_once(" (").map_or((source, version), |(s, v)| (s, v.trim_end_matches(')')));
        let owner = Owner {
            manager: "deb",
            package: package.to_owned(),
            version: version.to_owned(),
            source: source.to_owned(),
            source_version: of_source.to_owned(),
        };
        if let Some(architecture) = field("Architecture:") {
            records.insert(format!("{package}:{architecture}"), owner.clone());
        }
        records.insert(package.to_owned(), owner);
    }
    records
}

/// apk's database: `P:` package, `V:` version, `o:` origin, then `F:` directories and `R:` files in them.
fn apk(text: &str, files: &[PathBuf]) -> Vec<Option<Owner>> {
    let mut wanted: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        for name in spellings(file) {
            wanted.entry(name).or_default().push(number);
        }
    }
    let mut owners: Vec<Option<Owner>> = vec![None; files.len()];
    for record in text.split("\n\n") {
        let field = |name: &str| record.lines().find_map(|l| l.strip_prefix(name));
        let (Some(package), Some(version)) = (field("P:"), field("V:")) else { continue };
        let mut dir = PathBuf::from("/");
        for line in record.lines() {
            if let Some(name) = line.strip_prefix("F:") {
                dir = Path::new("/").join(name);
            }
            let Some(numbers) = line.strip_prefix("R:").and_then(|name| wanted.get(&dir.join(name))) else { continue };
            for number in numbers {
                let Some(place) = owners.get_mut(*number) else { continue };
                *place = Some(Owner {
                    manager: "apk",
                    package: package.to_owned(),
                    version: version.to_owned(),
                    source: field("o:").unwrap_or(package).to_owned(),
                    source_version: version.to_owned(),
                });
            }
        }
    }
    owners
}

const RPM_FORMAT: &str = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{SOURCERPM}\\n";

/// The distribution as /etc/os-release names it.
pub fn distribution() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let id = text.lines().find_map(|l| l.strip_prefix("ID=")).unwrap_or("linux");
    id.trim_matches('"').to_owned()
}

fn rpm(settings: &Settings, files: &[PathBuf]) -> Option<Vec<Option<Owner>>> {
    let real: Vec<OsString> = files.iter().map(|f| fs::canonicalize(f).unwrap_or_else(|_| f.clone()).into()).collect();
    let words = ["-qf", "--queryformat", RPM_FORMAT].into_iter().map(OsStr::new);
    // It fails where one of the files has no owner, and says who owns the others.
    let said = ask_for_all(settings, "rpm", words.chain(real.iter().map(OsString::as_os_str)))?;
    Some(rpm_owners(&said, files.len()))
}

/// One line a file: the fields, or that nobody owns it.
fn rpm_owners(said: &str, count: usize) -> Vec<Option<Owner>> {
    let mut owners: Vec<Option<Owner>> = BufReader::new(said.as_bytes())
        .lines()
        .map_while(Result::ok)
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let (package, version, source) = (fields.next()?, fields.next()?, fields.next()?);
            Some(Owner { manager: "rpm", package, source_version: source.clone(), source, version })
        })
        .collect();
    owners.resize(count, None);
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_and_its_archive_are_of_one_build() {
        let dir = tempfile::tempdir().unwrap();
        let info = dir.path().join("info");
        fs::create_dir(&info).unwrap();
        let files: Vec<PathBuf> = ["libq.so.1", "libq.a", "other"].iter().map(|n| dir.path().join(n)).collect();
        files.iter().for_each(|f| fs::write(f, "").unwrap());
        let real = |n: usize| fs::canonicalize(&files[n]).unwrap().display().to_string();
        fs::write(info.join("libq1:amd64.list"), format!("/.\n{}\n", real(0))).unwrap();
        fs::write(info.join("libq-dev.list"), format!("{}\n", real(1))).unwrap();
        let status = "Package: libq1\nStatus: install ok installed\nArchitecture: amd64\nSource: q (1.2-3)\nVersion: 1.2-3+b1\n\n\
                      Package: libq-dev\nStatus: install ok installed\nArchitecture: amd64\nSource: q\nVersion: 1.2-3\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n";
        fs::write(dir.path().join("status"), status).unwrap();
        let owners = dpkg(dir.path(), &files).unwrap();
        let (shared, archive) = (owners[0].clone().unwrap(), owners[1].clone().unwrap());
        assert!(shared.same_build(&archive) && owners[2].is_none());
        assert_eq!((shared.package.as_str(), shared.version.as_str()), ("libq1", "1.2-3+b1"));
        assert_eq!(shared.url("debian"), "pkg:deb/debian/libq1@1.2-3%2Bb1");
        let newer = Owner { source_version: "1.2-4".into(), ..archive.clone() };
        assert!(!shared.same_build(&newer));
        assert_eq!(dpkg(&dir.path().join("none"), &files), None);
    }

    #[test]
    fn apk_s_and_rpm_s_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("libz.so.1");
        fs::write(&file, "").unwrap();
        let place = file.parent().unwrap().strip_prefix("/").unwrap().display().to_string();
        let text = format!("P:zlib\nV:1.3-r2\no:zlib\nF:{place}\nR:libz.so.1\n\nP:other\nV:1\nF:etc\nR:x\n");
        let owner = apk(&text, std::slice::from_ref(&file)).remove(0).unwrap();
        assert_eq!((owner.package.as_str(), owner.version.as_str(), owner.source.as_str()), ("zlib", "1.3-r2", "zlib"));
        let said = "zlib\t1.2.11-40.el9\tzlib-1.2.11-40.el9.src.rpm\nfile /x is not owned by any package\n";
        let owners = rpm_owners(said, 2);
        assert_eq!(owners[0].as_ref().unwrap().source_version, "zlib-1.2.11-40.el9.src.rpm");
        assert_eq!(owners[1], None);
    }
}
