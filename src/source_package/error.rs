//! Why a source package has no static programs.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    #[error("`{0}` is neither the name of a source package nor a directory with `debian/control`")]
    NoSource(String),
    #[error("`{program}` can't be run: {error}")]
    NoTool { program: String, error: io::Error },
    #[error("apt can't fetch the source of `{0}`")]
    NotFetched(String),
    #[error("apt fetched `{0}`, and there is no directory with `debian/control` in `{1}`")]
    NoTree(String, PathBuf),
    #[error("`{name}` needs packages for its build: {missing}")]
    NoDependencies { name: String, missing: String },
    #[error("`{name}` does not build: {ended}")]
    NotBuilt { name: String, ended: String },
    #[error("`{name}` does not build without staticctl either: {ended}")]
    NotBuiltPlainly { name: String, ended: String },
    #[error("`{path}`: {error}", path = .0.display(), error = .1)]
    File(PathBuf, io::Error),
    #[error("`{path}` can't be {done}", path = .0.display(), done = .1)]
    BadPackage(PathBuf, &'static str),
    /// A signal came, which ends us once all is cleaned up.
    #[error("interrupted")]
    Interrupted,
}

impl PackageError {
    /// The next command to type.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            PackageError::NoSource(_) => "a name as in `apt-get source NAME`, or `./DIRECTORY`".to_owned(),
            PackageError::NoTool { program, .. } => {
                let package = if program.starts_with("apt") { "apt" } else { "dpkg-dev" };
                format!("`apt-get install {package}`; only Debian and its derivatives have it")
            }
            PackageError::NotFetched(_) => {
                "apt needs a `deb-src` line (or `Types: deb deb-src`) in its sources, then `apt-get update`".to_owned()
            }
            PackageError::NoDependencies { name, .. } => format!("`sudo apt-get build-dep {name}`"),
            PackageError::NotBuilt { .. } => {
                "`--check-plain` builds it without staticctl too; the same command goes on where this one ended"
                    .to_owned()
            }
            // tar gives no reason where a disk fills up.
            PackageError::BadPackage(..) => {
                "if there is no space left, give another place with `--dir DIR`; if the package is damaged, build it anew \
                 without the directory `source`"
                    .to_owned()
            }
            PackageError::NoTree(..)
            | PackageError::NotBuiltPlainly { .. }
            | PackageError::File(..)
            | PackageError::Interrupted => return None,
        };
        Some(text)
    }
}

/// For an error about a file.
pub(super) fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> PackageError {
    let path = path.to_owned();
    move |error| PackageError::File(path, error)
}
