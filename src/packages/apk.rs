//! apk's database: `P:` package, `V:` version, `A:` architecture, `o:` origin, then `F:` directories and `R:` files in
//! them (<https://wiki.alpinelinux.org/wiki/Apk_spec>).

use super::listed_files::{ListedFiles, is_linked};
use super::wanted::Wanted;
use super::{Format, Package};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The database; none on machines without apk.
pub(super) fn installed() -> Option<String> {
    ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"].iter().find_map(|path| fs::read_to_string(path).ok())
}

/// The packages of files, without package URLs.
pub(super) fn owners(database: &str, files: &[PathBuf]) -> Vec<Option<Package>> {
    let wanted = Wanted::new(files);
    let mut owners: Vec<Option<Package>> = vec![None; files.len()];
    for record in database.split("\n\n") {
        let Some(package) = package(record) else { continue };
        let mut dir = PathBuf::from("/");
        for line in record.lines() {
            if let Some(name) = line.strip_prefix("F:") {
                dir = Path::new("/").join(name);
            }
            let Some(file) = line.strip_prefix("R:") else { continue };
            for number in wanted.places(dir.join(file).as_os_str().as_encoded_bytes()) {
                let Some(place) = owners.get_mut(*number) else { continue };
                *place = Some(package.clone());
            }
        }
    }
    owners
}

/// The files of all packages that programs are linked with.
pub(super) fn linked_files(database: &str) -> ListedFiles {
    let mut listed = ListedFiles::default();
    for record in database.split("\n\n") {
        let Some(package) = package(record) else { continue };
        let key = package.name.clone();
        let mut dir = "";
        for line in record.lines() {
            match line.split_at_checked(2) {
                Some(("F:", name)) => dir = name,
                Some(("R:", name)) if is_linked(name.as_bytes()) => {
                    listed.files.entry(format!("/{dir}/{name}").into_bytes()).or_insert_with(|| key.clone());
                }
                _ => {}
            }
        }
        listed.packages.insert(key, package);
    }
    listed
}

/// The package of a record.
fn package(record: &str) -> Option<Package> {
    let field = |name: &str| record.lines().find_map(|l| l.strip_prefix(name));
    let (name, version) = (field("P:")?, field("V:")?);
    Some(Package {
        manager: Format::Apk,
        name: name.to_owned(),
        version: version.to_owned(),
        epoch: None,
        architecture: field("A:").map(str::to_owned),
        source: field("o:").unwrap_or(name).to_owned(),
        source_version: version.to_owned(),
        purl: String::new(),
    })
}

/// The version of an installed package, and the licence that it states.
pub(super) fn version_and_license(database: &str, name: &str) -> Option<(String, Option<String>)> {
    let named = |record: &&str| record.lines().any(|line| line.strip_prefix("P:") == Some(name));
    let record = database.split("\n\n").find(named)?;
    let license = record.lines().find_map(|line| line.strip_prefix("L:")).map(str::to_owned);
    Some((package(record)?.version, license.filter(|text| !text.is_empty())))
}

/// All files of the packages that own these files.
pub(super) fn files_beside(database: &str, files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let wanted = Wanted::new(files);
    let of_record = |record: &str| {
        let mut dir = PathBuf::from("/");
        let mut all = Vec::new();
        for line in record.lines() {
            match line.split_at_checked(2) {
                Some(("F:", name)) => dir = Path::new("/").join(name),
                Some(("R:", name)) => all.push(dir.join(name)),
                _ => {}
            }
        }
        all
    };
    let records = database.split("\n\n").map(of_record);
    let is_owner = |all: &Vec<PathBuf>| all.iter().any(|f| !wanted.places(f.as_os_str().as_encoded_bytes()).is_empty());
    records.filter(is_owner).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_states_its_licence() {
        let text = "C:x\nP:zlib\nV:1.3-r2\nA:x86_64\nL:Zlib\nF:lib\nR:libz.so.1\n\nP:zlib-x\nV:9\n";
        assert_eq!(version_and_license(text, "zlib"), Some(("1.3-r2".into(), Some("Zlib".into()))));
        assert_eq!(version_and_license(text, "zlib-x"), Some(("9".into(), None)));
        assert_eq!(version_and_license(text, "lib"), None);
    }

    #[test]
    fn a_file_is_found_in_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("libz.so.1");
        fs::write(&file, "").unwrap();
        let place = file.parent().unwrap().strip_prefix("/").unwrap().display().to_string();
        let text = format!(
            "P:zlib-libs\nV:1.3-r2\nA:x86_64\no:zlib\nF:{place}\nR:libz.so.1\n\nP:other\nV:1\nF:etc\nR:libz.so.1\n"
        );
        let owner = owners(&text, std::slice::from_ref(&file)).remove(0).unwrap();
        assert_eq!((owner.to_string().as_str(), owner.source.as_str()), ("zlib-libs 1.3-r2", "zlib"));
        assert_eq!(owner.architecture.as_deref(), Some("x86_64"));
        assert_eq!(owners(&text, &[dir.path().join("libq.so")]), [None]);
        assert_eq!(files_beside(&text, std::slice::from_ref(&file)), BTreeSet::from([file]));
    }
}
