//! Which package a file is from, and which one may have the archive: asked of the machine's own package manager and
//! its local lists, never of the network.

use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

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
    install: &'static str,
    /// What its distribution appends to a package's name for its archives.
    archives: &'static str,
}

/// Debian's comes first and is read from its files, which takes no process.
const MANAGERS: [Manager; 2] = [
    Manager {
        program: "rpm",
        owner: &["-qf", "--queryformat", "%{NAME}\\n"],
        install: "dnf install",
        archives: "-static",
    },
    Manager { program: "apk", owner: &["info", "--quiet", "--who-owns"], install: "apk add", archives: "-static" },
];

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
    let path = find::program(OsStr::new(program), settings, &Chain::default())?;
    let command = Command::new([path.into_os_string()]).args(words).env("LC_ALL", "C");
    let said = run::capture(&command).ok().filter(|c| c.status.success())?;
    Some(said.text())
}

/// dpkg's lists of the files of installed packages.
const DPKG: &str = "/var/lib/dpkg/info";

/// The Debian package that a file is from.
fn dpkg_owner(path: &Path, lists: &Path) -> Option<String> {
    let real = fs::canonicalize(path).ok()?;
    // Merged /usr: lists may name a file by either of its paths.
    let without_usr = real.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p));
    let mut wanted = vec![format!("{}\n", real.display()), format!("{}\n", path.display())];
    wanted.extend(without_usr.map(|p| format!("{}\n", p.display())));
    let files: Vec<PathBuf> = fs::read_dir(lists).ok()?.flatten().map(|e| e.path()).collect();
    let list = files.iter().filter(|l| l.extension().is_some_and(|e| e == "list")).find(|l| names(l, &wanted))?;
    let name = list.file_stem()?.to_string_lossy().into_owned();
    Some(name.split(':').next().unwrap_or_default().to_owned())
}

fn names(list: &Path, wanted: &[String]) -> bool {
    let Ok(file) = fs::File::open(list) else { return false };
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 0) {
        if wanted.contains(&line) {
            return true;
        }
        line.clear();
    }
    false
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
    }
}
