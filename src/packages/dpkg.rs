//! dpkg's files: a list of files for each package, and the state of all packages.

use super::listed_files::{ListedFiles, is_linked};
use super::wanted::Wanted;
use super::{Format, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// dpkg's directory.
pub(super) const ROOT: &str = "/var/lib/dpkg";

/// The packages of files, without package URLs.
pub(super) fn owners(root: &Path, files: &[PathBuf]) -> Vec<Option<Package>> {
    let lists = lists(root, files);
    let names: BTreeSet<&str> = lists.iter().flatten().map(String::as_str).collect();
    if names.is_empty() {
        return vec![None; files.len()];
    }
    let records = records(&fs::read_to_string(root.join("status")).unwrap_or_default(), &names);
    lists.iter().map(|list| records.get(list.as_deref()?).cloned()).collect()
}

/// The names of the lists that contain the files: `zlib1g:amd64`, `perl`.
fn lists(root: &Path, files: &[PathBuf]) -> Vec<Option<String>> {
    let wanted = Wanted::new(files);
    let mut found: Vec<Option<String>> = vec![None; files.len()];
    for entry in fs::read_dir(root.join("info")).into_iter().flatten().flatten() {
        let path = entry.path();
        if found.iter().all(Option::is_some) {
            break;
        }
        if path.extension() != Some(OsStr::new("list")) {
            continue;
        }
        let Ok(list) = fs::read(&path) else { continue };
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        for number in list.split(|b| *b == b'\n').flat_map(|line| wanted.places(line)) {
            if let Some(place) = found.get_mut(*number) {
                place.get_or_insert_with(|| name.clone());
            }
        }
    }
    found
}

/// The files of all packages that programs are linked with.
pub(super) fn linked_files(root: &Path) -> ListedFiles {
    let diverted = diversions(&fs::read_to_string(root.join("diversions")).unwrap_or_default());
    let mut lists: Vec<PathBuf> =
        fs::read_dir(root.join("info")).into_iter().flatten().flatten().map(|e| e.path()).collect();
    lists.retain(|path| path.extension() == Some(OsStr::new("list")));
    lists.sort();
    let mut listed = ListedFiles::default();
    for path in lists {
        let (Some(key), Ok(list)) = (path.file_stem().and_then(OsStr::to_str), fs::read(&path)) else { continue };
        let name = key.split(':').next().unwrap_or_default();
        for file in list.split(|b| *b == b'\n').filter(|file| is_linked(file)) {
            let file = match diverted.get(file) {
                // The package that diverts a file has its own there, and those of all others are elsewhere.
                Some((to, by)) if by != name => to.as_slice(),
                _ => file,
            };
            listed.files.entry(file.to_vec()).or_insert_with(|| key.to_owned());
        }
    }
    let names: BTreeSet<&str> = listed.files.values().map(String::as_str).collect();
    listed.packages = records(&fs::read_to_string(root.join("status")).unwrap_or_default(), &names);
    listed
}

/// The files that are elsewhere than their packages have them: where, and for which package's sake; none (`:`) for the
/// administrator's. Three lines each (dpkg-divert(1)).
fn diversions(text: &str) -> BTreeMap<Vec<u8>, (Vec<u8>, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let of = |three: &[&str]| match three {
        [from, to, by] => Some((from.as_bytes().to_vec(), (to.as_bytes().to_vec(), (*by).to_owned()))),
        _ => None,
    };
    lines.chunks(3).filter_map(of).collect()
}

/// All files of the packages that own these files.
pub(super) fn files_beside(root: &Path, files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let owners: BTreeSet<String> = lists(root, files).into_iter().flatten().collect();
    let list = |name: &String| fs::read_to_string(root.join("info").join(format!("{name}.list"))).unwrap_or_default();
    owners.iter().flat_map(|name| list(name).lines().map(PathBuf::from).collect::<Vec<_>>()).collect()
}

/// Whether a package is installed: for an architecture, or for any.
pub(super) fn is_installed(root: &Path, package: &str, architecture: Option<&str>) -> bool {
    fs::read_dir(root.join("info")).into_iter().flatten().flatten().any(|entry| {
        let list = entry.file_name();
        let list = list.to_string_lossy();
        let mut names = list.strip_suffix(".list").unwrap_or_default().split(':');
        names.next() == Some(package) && architecture.is_none_or(|its| names.next() == Some(its))
    })
}

/// The architecture of a package, if it is not dpkg's own: that is the first of those in its file, which is there once
/// others were added.
pub(super) fn foreign_architecture<'a>(root: &Path, package: &'a Package) -> Option<&'a str> {
    let known = fs::read_to_string(root.join("arch")).ok()?;
    let own = known.lines().next()?.trim();
    package.architecture.as_deref().filter(|its| *its != own && *its != "all")
}

/// The version of a package that is installed, by dpkg's status file.
pub(super) fn version(status: &str, name: &str, architecture: Option<&str>) -> Option<String> {
    let key = architecture.map_or(name.to_owned(), |architecture| format!("{name}:{architecture}"));
    Some(records(status, &BTreeSet::from([name])).remove(&key)?.version)
}

/// The installed packages of lists in dpkg's status file, by name of the list.
fn records(status: &str, lists: &BTreeSet<&str>) -> BTreeMap<String, Package> {
    let names: BTreeSet<&str> = lists.iter().map(|l| l.split_once(':').map_or(*l, |(name, _)| name)).collect();
    let mut records = BTreeMap::new();
    for record in status.split("\n\n") {
        let field = |name: &str| record.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
        let Some(name) = field("Package:").filter(|name| names.contains(name)) else { continue };
        let Some(version) = field("Version:") else { continue };
        if !field("Status:").is_some_and(|s| s.ends_with(" installed")) {
            continue;
        }
        // `Source: gcc-12 (12.2.0-14)`; without a version it has that of the package, without a source its name.
        let source = field("Source:").unwrap_or(name);
        let (source, source_version) =
            source.split_once(" (").map_or((source, version), |(s, v)| (s, v.trim_end_matches(')')));
        let architecture = field("Architecture:").map(str::to_owned);
        let package = Package {
            manager: Format::Deb,
            name: name.to_owned(),
            version: version.to_owned(),
            epoch: None,
            architecture: architecture.clone(),
            source: source.to_owned(),
            source_version: source_version.to_owned(),
            purl: String::new(),
        };
        if let Some(architecture) = architecture {
            records.insert(format!("{name}:{architecture}"), package.clone());
        }
        records.insert(name.to_owned(), package);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_and_its_archive_are_of_one_build() {
        let dir = tempfile::tempdir().unwrap();
        let info = dir.path().join("info");
        fs::create_dir(&info).unwrap();
        let files: Vec<PathBuf> =
            ["libq.so.1", "libq.a", "other", "missing"].iter().map(|n| dir.path().join(n)).collect();
        files.iter().take(3).for_each(|f| fs::write(f, "").unwrap());
        let real = |n: usize| fs::canonicalize(&files[n]).unwrap().display().to_string();
        fs::write(info.join("libq1:amd64.list"), format!("/.\n{}\n", real(0))).unwrap();
        fs::write(info.join("libq-dev.list"), format!("{}\n", real(1))).unwrap();
        fs::write(info.join("other.list"), "/.\n/usr/lib/libq.so.10\n").unwrap();
        let status = "Package: libq1\nStatus: install ok installed\nArchitecture: i386\nVersion: 1.0-1\n\n\
                      Package: libq1\nStatus: install ok installed\nArchitecture: amd64\nSource: q (2:1.2-3)\nVersion: 2:1.2-3+b1\n\n\
                      Package: libq-dev\nStatus: install ok installed\nArchitecture: amd64\nSource: q\nVersion: 2:1.2-3\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n";
        fs::write(dir.path().join("status"), status).unwrap();
        let owners = owners(dir.path(), &files);
        let (shared, archive) = (owners[0].clone().unwrap(), owners[1].clone().unwrap());
        assert!(shared.same_build(&archive) && owners[2].is_none() && owners[3].is_none());
        assert_eq!((shared.to_string().as_str(), shared.architecture.as_deref()), ("libq1 2:1.2-3+b1", Some("amd64")));
        let newer = Package { source_version: "1.2-4".into(), ..archive.clone() };
        assert!(!shared.same_build(&newer));
        let beside = files_beside(dir.path(), &files[..1]);
        assert_eq!(beside, BTreeSet::from(["/.".into(), real(0).into()]));
        let installed = |name: &str, of: Option<&str>| is_installed(dir.path(), name, of);
        assert!(installed("libq1", None) && installed("libq1", Some("amd64")) && !installed("libq", None));
        assert!(!installed("libq1", Some("arm64")) && !installed("libq-dev", Some("arm64")));
        assert_eq!(foreign_architecture(dir.path(), &shared), None);
        fs::write(dir.path().join("arch"), "arm64\namd64\n").unwrap();
        assert_eq!(foreign_architecture(dir.path(), &shared), Some("amd64"));
        fs::write(dir.path().join("arch"), "amd64\narm64\n").unwrap();
        assert_eq!(foreign_architecture(dir.path(), &shared), None);
    }

    #[test]
    fn a_diverted_file_is_of_the_package_that_diverts_it() {
        let dir = tempfile::tempdir().unwrap();
        let info = dir.path().join("info");
        fs::create_dir(&info).unwrap();
        fs::write(info.join("old.list"), "/.\n/usr/lib/libq.a\n/usr/lib/libr.a\n/usr/bin/q\n").unwrap();
        fs::write(info.join("new:amd64.list"), "/usr/lib/libq.a\n").unwrap();
        fs::write(dir.path().join("diversions"), "/usr/lib/libq.a\n/usr/lib/libq.a.old\nnew\n/half").unwrap();
        let installed = "Status: install ok installed\nArchitecture: amd64\nVersion: 1\n\n";
        fs::write(dir.path().join("status"), format!("Package: old\n{installed}Package: new\n{installed}")).unwrap();
        let listed = linked_files(dir.path());
        let owner = |path: &str| listed.files.get(path.as_bytes()).map(String::as_str);
        assert_eq!(owner("/usr/lib/libq.a"), Some("new:amd64"));
        assert_eq!((owner("/usr/lib/libr.a"), owner("/usr/bin/q")), (Some("old"), None));
        assert!(listed.packages.contains_key("new:amd64") && listed.packages.contains_key("old"));
    }

    #[test]
    fn without_dpkg_or_with_a_package_that_is_gone_nobody_owns_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        assert_eq!(owners(dir.path(), std::slice::from_ref(&file)), [None]);
        fs::create_dir(dir.path().join("info")).unwrap();
        fs::write(dir.path().join("info/gone.list"), format!("{}\n", file.display())).unwrap();
        fs::write(dir.path().join("status"), "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n").unwrap();
        assert_eq!(owners(dir.path(), &[file]), [None]);
    }
}
