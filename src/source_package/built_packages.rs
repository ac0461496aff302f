//! What the build of a source package made: its programs, and its binary packages.

use super::PackageError;
use super::control::{STATIC_BUILT_USING, with_field};
use super::deb_file::with_control;
use super::error::at;
use super::source_tree::{SourceTree, tool};
use crate::check::Failure;
use crate::files::{place_directory, write_atomic};
use crate::packages::{Format, owners};
use crate::run::{Command, Ended, Guard, capture};
use crate::session::scan;
use crate::settings::Settings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

/// A program of a binary package.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PackagedProgram {
    /// Its path once installed, without the leading slash.
    pub path: PathBuf,
    /// The name of the binary package.
    pub package: String,
    /// Why it is not static; none if it is.
    pub dynamic: Option<String>,
    pub bytes: u64,
}

impl SourceTree {
    /// The binary packages that the last build made (`debian/files`, deb-src-files(5)).
    fn packages(&self) -> Result<Vec<PathBuf>, PackageError> {
        let list = self.tree.join("debian/files");
        let text = fs::read_to_string(&list).map_err(at(&list))?;
        let beside = self.tree.parent().unwrap_or(Path::new("/"));
        let names = text.lines().filter_map(|line| line.split(' ').next());
        let names = names.filter(|n| n.ends_with(".deb") && !n.contains('/'));
        Ok(names.map(|name| beside.join(name)).collect())
    }

    /// Unpacks the binary packages and puts their static programs into the directory `programs/PACKAGE`; what was
    /// there before goes.
    ///
    /// # Errors
    /// A package that can't be unpacked, a file that can't be written, a signal.
    pub(crate) fn programs(&self, guard: &Guard) -> Result<Vec<PackagedProgram>, PackageError> {
        let work = self.work()?;
        let result = self.work()?;
        let mut programs: Vec<PackagedProgram> = Vec::new();
        for deb in self.packages()?.into_iter().filter(|deb| !is_debug_package(deb)) {
            let package = package_of(&deb);
            let root = work.path().join(&package);
            if tool(&Command::new(["dpkg-deb", "--extract"]).arg(&deb).arg(&root), guard)? != Ended::Exited(0) {
                return Err(PackageError::BadPackage(deb, "unpacked"));
            }
            for found in scan::since(UNIX_EPOCH, &root, &BTreeSet::new()).programs {
                let path = found.path.strip_prefix(&root).unwrap_or(&found.path).to_owned();
                let said =
                    |failures: &[Failure]| failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                let dynamic = found.kind.is_none().then(|| said(&found.failures));
                if dynamic.is_none() {
                    // Two packages may have programs of one path.
                    let copy = result.path().join(&package).join(&path);
                    let parent = copy.parent().unwrap_or(result.path());
                    fs::create_dir_all(parent).map_err(at(parent))?;
                    fs::copy(&found.path, &copy).map_err(at(&copy))?;
                }
                programs.push(PackagedProgram { path, package: package.clone(), dynamic, bytes: found.bytes });
            }
        }
        let place = self.place.join("programs");
        open_to_all(result.path())?;
        place_directory(result, &place).map_err(at(&place))?;
        Ok(programs)
    }

    /// Leaves the binary packages: those with static programs have the sources of what was linked into them, others are
    /// as they were built.
    ///
    /// # Errors
    /// A package that can't be read, a file that can't be written, a signal.
    pub(crate) fn write_packages(
        &self,
        settings: &Settings,
        programs: &[PackagedProgram],
    ) -> Result<Vec<PathBuf>, PackageError> {
        let sources = self.built_using(settings)?;
        let mut written = Vec::new();
        for deb in self.packages()? {
            let package = package_of(&deb);
            let mut bytes = fs::read(&deb).map_err(at(&deb))?;
            if programs.iter().any(|program| program.package == package && program.dynamic.is_none()) {
                let control = control_files(&deb)?;
                let edit = |text: &str| with_field(text, STATIC_BUILT_USING, &sources);
                bytes = with_control(&bytes, &control, edit).map_err(at(&deb))?;
            }
            let place = self.place.join(deb.file_name().unwrap_or_default());
            write_atomic(&place, &bytes).map_err(at(&place))?;
            written.push(place);
        }
        Ok(written)
    }

    /// `SOURCE (= VERSION)` of every package with a file that was linked, sorted.
    fn built_using(&self, settings: &Settings) -> Result<Vec<String>, PackageError> {
        let mut files = BTreeSet::new();
        for report in self.reports() {
            let text = fs::read_to_string(&report).map_err(at(&report))?;
            for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok) {
                files.extend(linked(&value));
            }
        }
        if !files.is_empty() && settings.toolchain.is_none() {
            // The compiler adds these itself.
            for file in ["libc.a", "libgcc.a"] {
                let asked = Command::new(["cc"]).arg(format!("-print-file-name={file}"));
                files.extend(capture::capture(&asked).map(|said| PathBuf::from(said.text())).ok());
            }
        }
        let files: Vec<PathBuf> = files.into_iter().filter_map(|file| fs::canonicalize(file).ok()).collect();
        let sources: BTreeSet<String> = owners(settings, &files)
            .into_iter()
            .flatten()
            .filter(|package| package.manager == Format::Deb && package.source != self.name)
            .map(|package| format!("{} (= {})", package.source, package.source_version))
            .collect();
        Ok(sources.into_iter().collect())
    }

    /// A directory beside the results.
    fn work(&self) -> Result<TempDir, PackageError> {
        tempfile::Builder::new().prefix(".staticcxx-").tempdir_in(&self.place).map_err(at(&self.place))
    }
}

/// The control files of a package as an uncompressed archive.
fn control_files(deb: &Path) -> Result<Vec<u8>, PackageError> {
    match capture::capture(&Command::new(["dpkg-deb", "--ctrl-tarfile"]).arg(deb)) {
        Ok(said) if said.status.success() => Ok(said.stdout),
        Ok(_) => Err(PackageError::BadPackage(deb.to_owned(), "read")),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(PackageError::Interrupted),
        Err(error) => Err(PackageError::NoTool { program: "dpkg-deb".into(), error }),
    }
}

/// Whether a package has the debug information of another one.
fn is_debug_package(deb: &Path) -> bool {
    package_of(deb).ends_with("-dbgsym")
}

/// The files of all programs in a report of `staticctl run`.
fn linked(report: &Value) -> Vec<PathBuf> {
    let lists = ["programs", "gone"].iter().filter_map(|list| report.get(list)?.as_array());
    let libraries = lists.flatten().filter_map(|program| program.get("libraries")?.as_array()).flatten();
    libraries.filter_map(|path| Some(PathBuf::from(path.as_str()?))).collect()
}

/// `NAME` of `NAME_VERSION_ARCHITECTURE.deb`.
fn package_of(deb: &Path) -> String {
    let name = deb.file_name().unwrap_or_default().to_string_lossy();
    name.split('_').next().unwrap_or_default().to_owned()
}

/// Temporary directories are their owner's alone.
fn open_to_all(dir: &Path) -> Result<(), PackageError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).map_err(at(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_linked_is_in_the_report() {
        let report = serde_json::json!({
            "programs": [{"libraries": ["/usr/lib/libz.a"]}, {"libraries": []}, {}],
            "gone": [{"libraries": ["/usr/lib/libm.a", 3]}],
        });
        assert_eq!(linked(&report), [PathBuf::from("/usr/lib/libz.a"), PathBuf::from("/usr/lib/libm.a")]);
        assert!(linked(&Value::Null).is_empty());
    }

    #[test]
    fn the_name_of_a_package_is_in_its_file_s() {
        assert_eq!(package_of(Path::new("/x/less_590-2_amd64.deb")), "less");
    }
}
