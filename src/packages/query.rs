//! Which package a file is from, and which one may have the archive: asked of the machine's own package manager and
//! its local lists, never of the network.

use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, with the distribution's revision.
    pub version: String,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// What is known about the package of a shared object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The installed package that it is from.
    pub package: String,
    /// The package where the archive would be; none if that is installed, or unknown.
    pub archive: Option<Installable>,
}

/// A package that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installable {
    /// `apt-get install` and its kin.
    pub command: &'static str,
    /// The package.
    pub name: String,
}

impl fmt::Display for Installable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.command, self.name)
    }
}

/// A package manager that is asked by running it.
struct Manager {
    program: &'static str,
    /// Prints the name of the package that owns the file behind these words.
    owner: &'static [&'static str],
    /// Prints its name and version, as `read` understands it.
    version: &'static [&'static str],
    read: fn(&str) -> Option<Package>,
    install: &'static str,
    /// What its distribution appends to a package's name for its archives.
    archives: &'static str,
}

/// Debian's comes first and is read from its files, which takes no process.
const MANAGERS: [Manager; 2] = [
    Manager {
        program: "rpm",
        owner: &["-qf", "--queryformat", "%{NAME}\\n"],
        version: &["-qf", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\\n"],
        read: of_rpm,
        install: "dnf install",
        archives: "-static",
    },
    Manager {
        program: "apk",
        owner: &["info", "--quiet", "--who-owns"],
        version: &["info", "--who-owns"],
        read: of_apk,
        install: "apk add",
        archives: "-static",
    },
];

/// `zlib 1.2.13-3.fc38`.
fn of_rpm(said: &str) -> Option<Package> {
    let (name, version) = said.lines().next()?.split_once(' ')?;
    Some(Package { name: name.to_owned(), version: version.to_owned() })
}

/// `/lib/libz.so.1.2.13 is owned by zlib-1.2.13-r0`.
fn of_apk(said: &str) -> Option<Package> {
    let (_, package) = said.lines().next()?.rsplit_once(" is owned by ")?;
    let (rest, revision) = package.trim().rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Package { name: name.to_owned(), version: format!("{version}-{revision}") })
}

/// The packages that files are from, with their versions: all files at once, since it takes a look at every list.
pub fn packages(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Package>> {
    let owners = dpkg_owners(files, Path::new(DPKG));
    let status = match owners.iter().any(Option::is_some) {
        true => fs::read_to_string(DPKG_STATUS).unwrap_or_default(),
        false => String::new(),
    };
    let ask_for = |file: &PathBuf| {
        MANAGERS.iter().find_map(|manager| {
            let words = manager.version.iter().map(OsStr::new).chain([file.as_os_str()]);
            (manager.read)(&ask(settings, manager.program, words)?)
        })
    };
    let known = |(file, owner): (&PathBuf, Option<String>)| match owner {
        Some(owner) => dpkg_package(&status, &owner),
        None => ask_for(file),
    };
    files.iter().zip(owners).map(known).collect()
}

/// Where a shared object is from.
pub fn origin(settings: &Settings, shared: &Path) -> Option<Origin> {
    if let Some(package) = dpkg_owner(shared, Path::new(DPKG)) {
        let archive = debian_archive(settings, &package);
        return Some(Origin { package, archive });
    }
    MANAGERS.iter().find_map(|manager| {
        let words = manager.owner.iter().map(OsStr::new).chain([shared.as_os_str()]);
        let said = ask(settings, manager.program, words)?;
        let package = said.lines().next()?.split_whitespace().next()?.to_owned();
        let base = package.strip_suffix("-libs").or(package.strip_suffix("-devel")).unwrap_or(&package);
        let name = format!("{base}{}", manager.archives);
        Some(Origin { archive: Some(Installable { command: manager.install, name }), package })
    })
}

fn ask<'a>(settings: &Settings, program: &str, words: impl Iterator<Item = &'a OsStr>) -> Option<String> {
    let said = asked(settings, program, words)?;
    said.status.success().then(|| said.text())
}

/// What a package manager prints, whether or not it says that it failed.
pub(super) fn ask_for_all<'a>(
    settings: &Settings,
    program: &str,
    words: impl Iterator<Item = &'a OsStr>,
) -> Option<String> {
    Some(asked(settings, program, words)?.text())
}

fn asked<'a>(settings: &Settings, program: &str, words: impl Iterator<Item = &'a OsStr>) -> Option<run::Captured> {
    let path = find::program(OsStr::new(program), settings, &Chain::default())?;
    let command = Command::new([path.into_os_string()]).args(words).env("LC_ALL", "C");
    run::capture(&command).ok()
}

/// dpkg's lists of the files of installed packages.
const DPKG: &str = "/var/lib/dpkg/info";

/// What dpkg knows of installed packages.
const DPKG_STATUS: &str = "/var/lib/dpkg/status";

/// The Debian package that a file is from.
fn dpkg_owner(path: &Path, lists: &Path) -> Option<String> {
    let name = dpkg_owners(&[path.to_owned()], lists).pop()??;
    Some(name.split(':').next().unwrap_or_default().to_owned())
}

/// The Debian packages that files are from, as their lists are called: `zlib1g:amd64`, `perl`.
fn dpkg_owners(paths: &[PathBuf], lists: &Path) -> Vec<Option<String>> {
    let mut owners = vec![None; paths.len()];
    let mut wanted: HashMap<Vec<u8>, usize> = HashMap::new();
    for (index, path) in paths.iter().enumerate() {
        let Ok(real) = fs::canonicalize(path) else { continue };
        // Merged /usr: lists may name a file by either of its paths.
        let without_usr = real.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p));
        for name in [Some(real), without_usr, Some(path.clone())].into_iter().flatten() {
            wanted.insert(name.into_os_string().into_encoded_bytes(), index);
        }
    }
    let mut open = wanted.values().collect::<std::collections::BTreeSet<_>>().len();
    for entry in fs::read_dir(lists).into_iter().flatten().flatten() {
        let list = entry.path();
        if open == 0 {
            break;
        }
        let Some(name) = list.file_name().and_then(|n| n.as_bytes().strip_suffix(b".list")) else { continue };
        let Ok(text) = fs::read(&list) else { continue };
        for line in text.split(|b| *b == b'\n') {
            if let Some(owner) = wanted.get(line).and_then(|i| owners.get_mut(*i)).filter(|o| o.is_none()) {
                *owner = Some(String::from_utf8_lossy(name).into_owned());
                open -= 1;
            }
        }
    }
    owners
}

/// A package of dpkg's status file, by the name of its list.
fn dpkg_package(status: &str, list: &str) -> Option<Package> {
    let (name, machine) = list.split_once(':').map_or((list, None), |(name, machine)| (name, Some(machine)));
    let is_it = |record: &&str| {
        field(record, "Package:").as_deref() == Some(name)
            && machine.is_none_or(|m| field(record, "Architecture:").as_deref() == Some(m))
    };
    let version = field(status.split("\n\n").find(is_it)?, "Version:")?;
    Some(Package { name: name.to_owned(), version })
}

/// The development package of a library package: it is built from the same source and has one of the usual names.
/// None if it is installed: then it has no archive.
fn debian_archive(settings: &Settings, package: &str) -> Option<Installable> {
    let show = |names: &[String]| {
        let words = ["show", "--no-all-versions"].into_iter().chain(names.iter().map(String::as_str));
        ask(settings, "apt-cache", words.map(OsStr::new))
    };
    let own = show(&[package.to_owned()])?;
    let records = show(&[&[package.to_owned()], &development_names(package, &source_of(&own)?)[..]].concat());
    let dev = development_package(&records?, package)?;
    let mut lists = fs::read_dir(DPKG).ok()?.flatten().map(|e| e.file_name());
    let installed = lists.any(|l| {
        let list = l.to_string_lossy();
        list.strip_suffix(".list").is_some_and(|n| n.split(':').next() == Some(dev.as_str()))
    });
    (!installed).then_some(Installable { command: "apt-get install", name: dev })
}

/// `libfoo2.1-3t64` of the source `bar` → `libfoo2.1-dev`, `libfoo-dev`, `libbar-dev`, `bar-dev`.
/// <https://www.debian.org/doc/debian-policy/ch-sharedlibs.html>
fn development_names(package: &str, source: &str) -> Vec<String> {
    let plain = package.strip_suffix("t64").unwrap_or(package);
    let version = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let shorter = plain.rsplit_once('-').filter(|(_, end)| end.chars().all(version)).map(|(start, _)| start);
    let bases = [Some(plain), shorter, Some(plain.trim_end_matches(version)), Some(source)];
    let mut names: Vec<String> = bases.into_iter().flatten().map(|b| format!("{b}-dev")).collect();
    names.push(format!("lib{source}-dev"));
    names.dedup();
    names
}

fn source_of(record: &str) -> Option<String> {
    field(record, "Source:").or_else(|| field(record, "Package:"))
}

/// The first word of a field of a record.
fn field(record: &str, name: &str) -> Option<String> {
    let line = record.lines().find_map(|l| l.strip_prefix(name).map(str::trim))?;
    line.split_whitespace().next().map(str::to_owned)
}

/// From records as `apt-cache show` prints them: the `-dev` package of the source that `package` is built from.
fn development_package(records: &str, package: &str) -> Option<String> {
    let named = |record: &str| Some((field(record, "Package:")?, source_of(record)?));
    let sources: Vec<(String, String)> = records.split("\n\n").filter_map(named).collect();
    let (_, source) = sources.iter().find(|(name, _)| name == package)?;
    let dev = sources.iter().find(|(name, s)| s == source && name.ends_with("-dev"))?;
    Some(dev.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_package_is_of_the_same_source() {
        let records = "Package: libbar2\nSource: bar (2.1-3)\nDepends: libc6\n\nPackage: libfoo-dev\nSource: foo\n\n\
                       Package: libbar-dev\nSource: bar\nVersion: 2.1-3\n";
        assert_eq!(development_package(records, "libbar2").as_deref(), Some("libbar-dev"));
        assert_eq!(development_package(records, "libbaz1"), None);
        let own = "Package: zed\nVersion: 1\n\nPackage: zed-dev\nSource: zed\n";
        assert_eq!(development_package(own, "zed").as_deref(), Some("zed-dev"));
    }

    #[test]
    fn usual_names_of_development_packages() {
        assert_eq!(
            development_names("libfoo2.1-3t64", "bar"),
            ["libfoo2.1-3-dev", "libfoo2.1-dev", "libfoo-dev", "bar-dev", "libbar-dev"]
        );
        assert!(development_names("libapt-pkg6.0", "apt").contains(&"libapt-pkg-dev".to_owned()));
    }

    #[test]
    fn an_owner_is_read_from_dpkg_s_lists() {
        let dir = tempfile::tempdir().unwrap();
        let lib = dir.path().join("libq.so.1");
        fs::write(&lib, "").unwrap();
        let real = fs::canonicalize(&lib).unwrap();
        fs::write(dir.path().join("libq1:amd64.list"), format!("/.\n{}\n", real.display())).unwrap();
        fs::write(dir.path().join("other.list"), "/.\n/usr/lib/libq.so.10\n").unwrap();
        assert_eq!(dpkg_owner(&lib, dir.path()).as_deref(), Some("libq1"));
        fs::write(dir.path().join("libz.so"), "").unwrap();
        assert_eq!(dpkg_owner(&dir.path().join("libz.so"), dir.path()), None);
        let missing = dir.path().join("missing");
        let all = dpkg_owners(&[missing, lib, dir.path().join("libz.so")], dir.path());
        assert_eq!(all, [None, Some("libq1:amd64".to_owned()), None]);
    }

    #[test]
    fn versions_as_package_managers_tell_them() {
        let status = "Package: libq1\nArchitecture: i386\nVersion: 1.0-1\n\nPackage: libq1\nStatus: install ok installed\n\
                      Architecture: amd64\nVersion: 2:1.5-2+deb12u1\n\nPackage: perl\nVersion: 5.36\n";
        let shown = |p: Option<Package>| p.map(|p| p.to_string());
        assert_eq!(shown(dpkg_package(status, "libq1:amd64")).as_deref(), Some("libq1 2:1.5-2+deb12u1"));
        assert_eq!(shown(dpkg_package(status, "perl")).as_deref(), Some("perl 5.36"));
        assert_eq!(dpkg_package(status, "libq2:amd64"), None);
        assert_eq!(shown(of_rpm("zlib 1.2.13-3.fc38\n")).as_deref(), Some("zlib 1.2.13-3.fc38"));
        let said = "/lib/libz.so.1.2.13 is owned by zlib-dev-1.2.13-r0\n";
        assert_eq!(shown(of_apk(said)).as_deref(), Some("zlib-dev 1.2.13-r0"));
        assert_eq!((of_apk("ERROR: /x: Could not find owner package"), of_rpm("")), (None, None));
    }
}
