//! The package that contains the archive of a shared object, by the machine's package manager and its local lists.

use super::{Format, Package, dpkg};
use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

/// A package that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DevelopmentPackage {
    /// `apt-get install` or the like.
    pub command: &'static str,
    pub name: String,
}

impl fmt::Display for DevelopmentPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.command, self.name)
    }
}

/// The package with the archives of a library package; none if it is installed or unknown.
pub(crate) fn development_package(settings: &Settings, library: &Package) -> Option<DevelopmentPackage> {
    let command = match library.manager {
        Format::Deb => return debian(settings, Path::new(dpkg::ROOT), library),
        Format::Rpm => "dnf install",
        Format::Apk => "apk add",
    };
    // The suffixes of these distributions for packages of archives.
    let name = &library.name;
    let base = name.strip_suffix("-libs").or(name.strip_suffix("-devel")).unwrap_or(name);
    Some(DevelopmentPackage { command, name: format!("{base}-static") })
}

/// The development package of a library package: built from the same source, with one of the usual names, and for the same
/// architecture. None if it is installed: then it has no archive.
fn debian(settings: &Settings, root: &Path, library: &Package) -> Option<DevelopmentPackage> {
    let package = library.name.as_str();
    let foreign = dpkg::foreign_architecture(root, library);
    let of_architecture = |name: &str| foreign.map_or(name.to_owned(), |its| format!("{name}:{its}"));
    let cache = find::program(OsStr::new("apt-cache"), settings, &Chain::default())?;
    let show = |names: &[String]| {
        let command = Command::new([cache.as_os_str()])
            .args(["show", "--no-all-versions"])
            .args(names.iter().map(|name| of_architecture(name)));
        let said = run::capture::capture(&command.env("LC_ALL", "C")).ok()?;
        said.status.success().then(|| said.text())
    };
    let own = show(&[package.to_owned()])?;
    let records = show(&[&[package.to_owned()], &development_names(package, &source_of(&own)?)[..]].concat());
    let dev = of_one_source(&records?, package)?;
    let installed = dpkg::is_installed(root, &dev, foreign);
    (!installed).then_some(DevelopmentPackage { command: "apt-get install", name: of_architecture(&dev) })
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

/// The `-dev` package of the source of `package`, in the output of `apt-cache show`.
fn of_one_source(records: &str, package: &str) -> Option<String> {
    let named = |record: &str| Some((field(record, "Package:")?, source_of(record)?));
    let sources: Vec<(String, String)> = records.split("\n\n").filter_map(named).collect();
    let (_, source) = sources.iter().find(|(name, _)| name == package)?;
    let dev = sources.iter().find(|(name, s)| s == source && name.ends_with("-dev"))?;
    Some(dev.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_development_package_is_of_the_same_source() {
        let records = "Package: libbar2\nSource: bar (2.1-3)\nDepends: libc6\n\nPackage: libfoo-dev\nSource: foo\n\n\
                       Package: libbar-dev\nSource: bar\nVersion: 2.1-3\n";
        assert_eq!(of_one_source(records, "libbar2").as_deref(), Some("libbar-dev"));
        assert_eq!(of_one_source(records, "libbaz1"), None);
        let own = "Package: zed\nVersion: 1\n\nPackage: zed-dev\nSource: zed\n";
        assert_eq!(of_one_source(own, "zed").as_deref(), Some("zed-dev"));
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
    fn the_library_of_another_architecture_has_its_package_for_that() {
        let dir = tempfile::tempdir().unwrap();
        // Knows the package for the asked architecture alone.
        let script = "#!/bin/sh\ncase \" $* \" in *' libq1:arm64 '*) printf 'Package: libq1\\nSource: q\\n\\n\
                      Package: libq-dev\\nSource: q\\n';; *) exit 100;; esac\n";
        let cache = dir.path().join("apt-cache");
        std::fs::write(&cache, script).unwrap();
        std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(dir.path().join("info")).unwrap();
        std::fs::write(dir.path().join("info/libq-dev:amd64.list"), "").unwrap();
        std::fs::write(dir.path().join("arch"), "amd64\narm64\n").unwrap();
        let path = std::env::join_paths([dir.path(), Path::new("/bin")]).unwrap();
        let settings = Settings { path: Some(path), ..Settings::default() };
        let library = crate::packages::package::tests::package(Format::Deb, "libq1", "1", "q", "1");
        let library = Package { architecture: Some("arm64".into()), ..library };
        let offered = || debian(&settings, dir.path(), &library).map(|package| package.to_string());
        assert_eq!(offered().as_deref(), Some("apt-get install libq-dev:arm64"));
        std::fs::write(dir.path().join("info/libq-dev:arm64.list"), "").unwrap();
        assert_eq!(offered(), None);
    }

    #[test]
    fn other_distributions_append_a_word() {
        let of = |manager, name: &str| {
            let package = crate::packages::package::tests::package(manager, name, "1", "s", "1");
            development_package(&Settings::default(), &package).unwrap().to_string()
        };
        assert_eq!(of(Format::Rpm, "zlib-devel"), "dnf install zlib-static");
        assert_eq!(of(Format::Rpm, "openssl-libs"), "dnf install openssl-static");
        assert_eq!(of(Format::Apk, "zlib"), "apk add zlib-static");
    }
}
