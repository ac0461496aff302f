//! Queries rpm(8), whose database has its own format.

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

/// The packages of files, without package URLs.
pub(super) fn owners(settings: &Settings, files: &[PathBuf]) -> Vec<Option<Package>> {
    let none = || vec![None; files.len()];
    let Some(rpm) = find::program(OsStr::new("rpm"), settings, &Chain::default()) else { return none() };
    // rpm prints no line for files that do not exist.
    let real: Vec<Option<PathBuf>> = files.iter().map(|f| fs::canonicalize(f).ok()).collect();
    let there: Vec<&PathBuf> = real.iter().flatten().collect();
    let ask = |files: &[&PathBuf]| {
        let words = files.iter().map(|f| f.as_os_str());
        let command = Command::new([rpm.as_os_str()]).args(QUERY).args(words).env("LC_ALL", "C");
        // It fails if a file has no owner, but prints the owners of the others.
        run::capture::capture(&command).map(|said| packages(&said.text())).unwrap_or_default()
    };
    let mut found = if there.is_empty() { Vec::new() } else { ask(&there) };
    if found.len() != there.len() {
        // Two packages may own one file, and then lines can't be matched with files.
        found = there.iter().map(|file| ask(&[*file]).into_iter().next().flatten()).collect();
    }
    let mut found = found.into_iter();
    real.iter().map(|file| file.as_ref().and_then(|_| found.next().flatten())).collect()
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
}
