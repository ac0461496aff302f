//! Where the source of a package is, or comes from.

use super::PackageError;
use super::error::at;
use crate::run::{Command, Ended, Guard};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A source package as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceName {
    /// An unpacked tree.
    Tree(PathBuf),
    /// `NAME`, `NAME=VERSION` or `NAME/RELEASE`, for apt.
    Apt { name: String, word: String },
}

impl SourceName {
    /// # Errors
    /// It is neither.
    pub(crate) fn parse(word: &OsStr) -> Result<SourceName, PackageError> {
        if is_tree(Path::new(word)) {
            return Ok(SourceName::Tree(PathBuf::from(word)));
        }
        let text = word.to_string_lossy();
        let name = text.split(['=', '/']).next().unwrap_or_default();
        // Debian Policy 5.6.1.
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
        let is_name =
            name.len() > 1 && name.bytes().all(fits) && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        match is_name {
            true => Ok(SourceName::Apt { name: name.to_owned(), word: text.clone().into_owned() }),
            false => Err(PackageError::NoSource(text.into_owned())),
        }
    }
}

/// Whether a directory is an unpacked source package.
fn is_tree(dir: &Path) -> bool {
    dir.join("debian/control").is_file() && dir.join("debian/rules").is_file()
}

/// A source package on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceTree {
    pub name: String,
    /// The unpacked source; the build writes its packages beside it.
    pub tree: PathBuf,
    /// Where results go.
    pub place: PathBuf,
}

/// Finds a source below `dir`, or lets apt fetch and unpack it there.
///
/// # Errors
/// No apt, a source that it can't fetch, a directory that can't be written, a signal.
pub(crate) fn get(source: &SourceName, dir: &Path, guard: &Guard) -> Result<SourceTree, PackageError> {
    let (name, word) = match source {
        SourceName::Tree(tree) => {
            let tree = fs::canonicalize(tree).map_err(at(tree))?;
            let name = changelog_name(&tree)?;
            let place = made(&dir.join(&name))?;
            return Ok(SourceTree { name, tree, place });
        }
        SourceName::Apt { name, word } => (name.clone(), word),
    };
    let place = made(&dir.join(&name))?;
    let sources = made(&place.join("source"))?;
    if let Some(tree) = tree_in(&sources) {
        return Ok(SourceTree { name, tree, place });
    }
    let apt = Command::new(["apt-get", "source", "--only-source"]).arg("--").arg(word);
    let apt = apt.in_dir(&sources);
    match tool(&apt, guard)? {
        Ended::Exited(0) => {}
        _ => return Err(PackageError::NotFetched(name)),
    }
    match tree_in(&sources) {
        Some(tree) => Ok(SourceTree { name, tree, place }),
        None => Err(PackageError::NoTree(name, sources)),
    }
}

/// The source package's name, from the first line of its changelog: `NAME (VERSION) RELEASE; urgency=…`.
fn changelog_name(tree: &Path) -> Result<String, PackageError> {
    let path = tree.join("debian/changelog");
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    let name = text.lines().find(|line| !line.trim().is_empty()).and_then(|line| line.split(' ').next());
    let name = name.filter(|name| !name.is_empty() && !name.contains('/') && !name.starts_with('.'));
    name.map(str::to_owned).ok_or(PackageError::BadPackage(path, "read: its first line has no name"))
}

fn tree_in(sources: &Path) -> Option<PathBuf> {
    let mut trees: Vec<PathBuf> =
        fs::read_dir(sources).ok()?.flatten().map(|e| e.path()).filter(|p| is_tree(p)).collect();
    trees.sort();
    trees.pop()
}

/// The absolute path of a directory, which is made.
fn made(dir: &Path) -> Result<PathBuf, PackageError> {
    fs::create_dir_all(dir).map_err(at(dir))?;
    fs::canonicalize(dir).map_err(at(dir))
}

/// Runs a program of apt's or dpkg's with our stdin; all that it prints goes to our stderr.
///
/// # Errors
/// It is not there, or a signal came.
pub(super) fn tool(command: &Command, guard: &Guard) -> Result<Ended, PackageError> {
    let program = || command.program.to_string_lossy().into_owned();
    let ran = guard.run_to_stderr(command).map_err(|error| PackageError::NoTool { program: program(), error })?;
    if ran.interrupted.is_some() { Err(PackageError::Interrupted) } else { Ok(ran.ended) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_apt() {
        let parse = |word: &str| SourceName::parse(OsStr::new(word)).ok();
        let apt = |name: &str, word: &str| Some(SourceName::Apt { name: name.into(), word: word.into() });
        assert_eq!(parse("less"), apt("less", "less"));
        assert_eq!(parse("less=590-2"), apt("less", "less=590-2"));
        assert_eq!(parse("g++-12/bookworm"), apt("g++-12", "g++-12/bookworm"));
        for bad in ["", "-y", "Less", "../less", "a", "./nowhere", "a b"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tree_has_the_name_of_its_changelog() {
        let t = tempfile::tempdir().unwrap();
        fs::create_dir_all(t.path().join("x-1/debian")).unwrap();
        let file = |name: &str, text: &str| fs::write(t.path().join("x-1/debian").join(name), text).unwrap();
        file("control", "");
        file("rules", "");
        assert_eq!(
            SourceName::parse(t.path().join("x-1").as_os_str()).ok(),
            Some(SourceName::Tree(t.path().join("x-1")))
        );
        assert!(changelog_name(&t.path().join("x-1")).is_err());
        file("changelog", "\nless (590-2) unstable; urgency=low\n");
        assert_eq!(changelog_name(&t.path().join("x-1")).unwrap(), "less");
        file("changelog", "../x (1) unstable; urgency=low\n");
        assert!(changelog_name(&t.path().join("x-1")).is_err());
    }
}
