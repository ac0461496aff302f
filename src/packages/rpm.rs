//! Queries rpm(8), whose database has its own format.

use super::licensed_package::LicensedPackage;
use super::listed_files::{ListedFiles, is_linked};
use super::{Format, Package};
use crate::run::{self, Command};
use crate::settings::Settings;
use crate::toolchain::find::{self, Chain};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

/// One line per package; a missing epoch is `(none)`.
const QUERY: [&str; 3] =
    ["-qf", "--queryformat", "%{NAME}\\t%{EPOCH}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n"];

/// What rpm says to these words, whether or not it is content; none without rpm. Its home is a directory of its own: Debian's
/// rpm makes a database in the user's where there is none, even to be asked.
pub(super) fn said(settings: &Settings, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Option<String> {
    let rpm = find::program(OsStr::new("rpm"), settings, &Chain::default())?;
    let home = tempfile::Builder::new().prefix("staticcxx-rpm").tempdir().ok()?;
    let words = words.into_iter().map(|word| word.as_ref().to_owned());
    let command = Command::new([rpm]).args(words).env("LC_ALL", "C").env("HOME", home.path());
    Some(run::capture::capture(&command).ok()?.text())
}

/// The packages of files, without package URLs.
pub(super) fn owners(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Package>> {
    // rpm prints no line for files that do not exist.
    let real: Vec<Option<PathBuf>> = files.iter().map(|f| fs::canonicalize(f).ok()).collect();
    let there: Vec<&PathBuf> = real.iter().flatten().collect();
    let ask = |files: &[&PathBuf]| {
        let words = QUERY.iter().map(OsStr::new).chain(files.iter().map(|f| f.as_os_str()));
        // It fails if a file has no owner, but prints the owners of the others.
        Some(packages(&said(settings, words)?))
    };
    let Some(mut found) = Some(&there).filter(|there| !there.is_empty()).and_then(|there| ask(there)) else {
        return vec![None; files.len()];
    };
    if found.len() != there.len() {
        // Two packages may own one file, and then lines can't be matched with files.
        found = there.iter().map(|file| ask(&[*file]).into_iter().flatten().next().flatten()).collect();
    }
    let mut found = found.into_iter();
    real.iter().map(|file| file.as_ref().and_then(|_| found.next().flatten())).collect()
}

/// One line per file: its path, and the package's fields.
const FILES: [&str; 3] = [
    "-qa",
    "--queryformat",
    "[%{FILENAMES}\\t%{=NAME}\\t%{=EPOCH}\\t%{=VERSION}-%{=RELEASE}\\t%{=ARCH}\\t%{=SOURCERPM}\\n]",
];

/// The files of all packages that programs are linked with; none without rpm.
pub(super) fn linked_files(settings: &Settings) -> Option<ListedFiles> {
    Some(listed(&said(settings, FILES)?))
}

fn listed(said: &str) -> ListedFiles {
    let mut listed = ListedFiles::default();
    for line in said.lines() {
        let Some((path, fields)) = line.split_once('\t').filter(|(path, _)| is_linked(path.as_bytes())) else {
            continue;
        };
        let Some(package) = package(fields) else { continue };
        let key = format!("{}.{}", package.name, package.architecture.as_deref().unwrap_or_default());
        listed.files.entry(path.as_bytes().to_vec()).or_insert_with(|| key.clone());
        listed.packages.entry(key).or_insert(package);
    }
    listed
}

/// One per line; none for a line about a file without owner.
fn packages(said: &str) -> Vec<Option<Package>> {
    said.lines().map(package).collect()
}

fn package(line: &str) -> Option<Package> {
    let mut fields = line.split('\t').map(str::to_owned);
    let (name, epoch, version) = (fields.next()?, fields.next()?, fields.next()?);
    let (architecture, source) = (fields.next()?, fields.next()?);
    let (source, source_version) = source_of(&source).unwrap_or((&name, &version));
    Some(Package {
        manager: Format::Rpm,
        epoch: epoch.parse().ok(),
        architecture: Some(architecture).filter(|a| a != "(none)"),
        source: source.to_owned(),
        source_version: source_version.to_owned(),
        name,
        version,
        purl: String::new(),
    })
}

/// One line for the package, then one for each file of its licences.
const LICENSED: [&str; 4] =
    ["-q", "--licensefiles", "--queryformat", "%{EPOCH}\\t%{VERSION}-%{RELEASE}\\t%{LICENSE}\\n"];

/// What is installed of a package, and its licences.
pub(super) fn licensed(settings: &Settings, name: &str, architecture: Option<&str>) -> Option<LicensedPackage> {
    let name = architecture.map_or(name.to_owned(), |architecture| format!("{name}.{architecture}"));
    of_licensed(&said(settings, LICENSED.into_iter().chain(["--", &name]))?)
}

fn of_licensed(said: &str) -> Option<LicensedPackage> {
    let fields = said.lines().find(|line| line.contains('\t'))?;
    let mut fields = fields.split('\t');
    let (epoch, version, stated) = (fields.next()?, fields.next()?, fields.next()?);
    let epoch = epoch.parse::<u64>().ok();
    Some(LicensedPackage {
        version: epoch.map_or(version.to_owned(), |epoch| format!("{epoch}:{version}")),
        files: said.lines().filter(|line| line.starts_with('/')).map(PathBuf::from).collect(),
        stated: Some(stated.to_owned()).filter(|text| !text.is_empty() && text != "(none)"),
    })
}

/// `zlib-1.2.11-40.el9.src.rpm` → name, version with release.
fn source_of(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".src.rpm").or(file.strip_suffix(".nosrc.rpm"))?;
    let (rest, _) = stem.rsplit_once('-')?;
    let (name, _) = rest.rsplit_once('-')?;
    Some((name, stem.get(name.len() + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_packages() {
        let said = "zlib-devel\t(none)\t1.2.11-40.el9\tx86_64\tzlib-1.2.11-40.el9.src.rpm\n\
                    file /x is not owned by any package\n\
                    bind-libs\t32\t9.16-2.el9\tx86_64\tbind-9.16-2.el9.src.rpm\n\
                    gpg-pubkey\t(none)\t1-2\t(none)\t(none)\n";
        let [Some(zlib), None, Some(bind), Some(key)] = &packages(said)[..] else { panic!("{:?}", packages(said)) };
        assert_eq!((zlib.source.as_str(), zlib.source_version.as_str()), ("zlib", "1.2.11-40.el9"));
        assert_eq!((zlib.to_string().as_str(), zlib.epoch), ("zlib-devel 1.2.11-40.el9", None));
        assert_eq!((bind.to_string().as_str(), bind.epoch), ("bind-libs 32:9.16-2.el9", Some(32)));
        assert_eq!((key.source.as_str(), &key.architecture), ("gpg-pubkey", &None));
        assert!(packages("").is_empty());
    }

    #[test]
    fn licences_of_a_package() {
        let said = "(none)\t1.2-3.fc40\tZlib AND MIT\n/usr/share/licenses/zlib/LICENSE\n/usr/share/licenses/zlib/a b\n";
        let zlib = of_licensed(said).unwrap();
        assert_eq!((zlib.version.as_str(), zlib.stated.as_deref()), ("1.2-3.fc40", Some("Zlib AND MIT")));
        assert_eq!(zlib.files, ["/usr/share/licenses/zlib/LICENSE", "/usr/share/licenses/zlib/a b"].map(PathBuf::from));
        assert_eq!(of_licensed("32\t9-1\t(none)\n(contains no files)\n").unwrap().version, "32:9-1");
        assert_eq!(of_licensed("package zlib is not installed\n"), None);
    }

    #[test]
    fn files_of_all_packages() {
        let listed = listed(
            "/usr/lib64/libz.a\tzlib-static\t(none)\t1.2.11-40.el9\tx86_64\tzlib-1.2.11-40.el9.src.rpm\n\
             /usr/bin/sh\tbash\t(none)\t5-1\tx86_64\tbash-5-1.src.rpm\n/usr/lib64/libq.a\tbroken\n",
        );
        assert_eq!(listed.files.len(), 1);
        assert_eq!(listed.packages.get("zlib-static.x86_64").unwrap().source, "zlib");
    }
}
