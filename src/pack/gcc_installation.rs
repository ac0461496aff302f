//! Where the parts of a GCC are, by its own word.
//!
//! The driver finds them from its own path: it knows how its directory and that of its parts lie to each other in the
//! prefix that it was configured with, and keeps to that wherever it is (GCC manual, "Environment Variables",
//! GCC_EXEC_PREFIX).

use super::pack_error::PackError;
use crate::run::Command;
use crate::run::capture::capture;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// An installed GCC.
#[derive(Debug, Clone)]
pub(crate) struct GccInstallation {
    /// The driver's own file, behind all links.
    pub driver: PathBuf,
    /// The directory that has driver and parts in it: `/usr`.
    pub prefix: PathBuf,
    /// Its own headers and libraries: `/usr/lib/gcc/x86_64-linux-gnu/12`.
    pub home: PathBuf,
    /// `-dumpmachine`.
    pub triple: String,
    /// `-dumpfullversion`.
    pub version: String,
    /// The first line of `--version`.
    pub title: String,
    env: Vec<(OsString, OsString)>,
}

impl GccInstallation {
    /// Asks a driver; `env` is the environment for its runs.
    ///
    /// # Errors
    /// It is no GCC, or is none by itself.
    pub(crate) fn of(command: &Path, env: &[(OsString, OsString)]) -> Result<GccInstallation, PackError> {
        let driver = fs::canonicalize(command).map_err(super::pack_error::at(command, "read"))?;
        let mut head = [0; 2];
        let begins_with = fs::File::open(&driver).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut head));
        if begins_with.is_ok() && head == *b"#!" {
            return Err(PackError::Script(driver));
        }
        let asked = Asked { driver: &driver, env };
        let said = asked.ask("-print-search-dirs");
        let home = said.lines().find_map(|line| line.strip_prefix("install: ")).map(PathBuf::from);
        let version = asked.ask("-dumpfullversion");
        // Clang prints an install directory too, and answers `-dumpfullversion` with nothing.
        let Some(home) = home.filter(|home| home.is_absolute() && !version.is_empty()) else {
            return Err(PackError::NotGcc(driver));
        };
        let home = fs::canonicalize(&home).map_err(super::pack_error::at(&home, "read"))?;
        let prefix = common(&driver, &home).ok_or_else(|| PackError::NoPrefix(driver.clone(), home.clone()))?;
        let title = asked.ask("--version").lines().next().unwrap_or_default().to_owned();
        let triple = asked.ask("-dumpmachine");
        Ok(GccInstallation { driver, prefix, home, triple, version, title, env: env.to_vec() })
    }

    /// What it answers to an option.
    pub(crate) fn ask(&self, option: &str) -> String {
        Asked { driver: &self.driver, env: &self.env }.ask(option)
    }

    /// One of its own programs, by the name that it looks for.
    pub(crate) fn part(&self, name: &str) -> Option<PathBuf> {
        let said = PathBuf::from(self.ask(&format!("-print-prog-name={name}")));
        Some(said).filter(|path| path.is_absolute() && path.is_file()).map(plain)
    }

    /// One of its own files, by the name that it looks for.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        let said = PathBuf::from(self.ask(&format!("-print-file-name={name}")));
        Some(said).filter(|path| path.is_absolute() && path.exists()).map(plain)
    }

    /// A driver beside this one, for another language: `x86_64-linux-gnu-g++-12` beside `x86_64-linux-gnu-gcc-12`.
    pub(crate) fn sibling(&self, name: &str) -> Option<PathBuf> {
        let own = self.driver.file_name()?.to_str()?;
        let other = replaced(own, name)?;
        let path = fs::canonicalize(self.driver.with_file_name(other)).ok()?;
        path.is_file().then_some(path)
    }

    /// A program of binutils for its target. GNU ld, whatever `ld` is.
    pub(crate) fn tool(&self, name: &str, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
        let dir = self.driver.parent()?;
        let names = if name == "ld" { vec!["ld.bfd", "ld"] } else { vec![name] };
        let own = |name: &&str| [format!("{}-{name}", self.triple), (*name).to_owned()];
        let candidates: Vec<String> = names.iter().flat_map(own).collect();
        let beside = candidates.iter().map(|c| dir.join(c)).find(|p| p.is_file());
        let on_path = || candidates.iter().find_map(|c| which::which_in(c, path, "/").ok());
        let found = self.part(name).filter(|_| name != "ld").or(beside).or_else(on_path)?;
        fs::canonicalize(found).ok()
    }

    /// A path below the prefix, as it is in the tree.
    ///
    /// # Errors
    /// It is not below it.
    pub(crate) fn place(&self, path: &Path) -> Result<PathBuf, PackError> {
        let below = path.strip_prefix(&self.prefix);
        let below = below.map_err(|_| PackError::NoPrefix(self.driver.clone(), path.to_owned()))?;
        Ok(Path::new("/usr").join(below))
    }
}

/// A file by its directory's real path: a GCC that was moved says `bin/../lib`. Its own name stays, if that is a link.
fn plain(path: PathBuf) -> PathBuf {
    let real = path.parent().and_then(|dir| fs::canonicalize(dir).ok());
    real.zip(path.file_name()).map(|(dir, name)| dir.join(name)).unwrap_or(path)
}

/// `gcc` of a driver's name replaced by another one's.
fn replaced(own: &str, name: &str) -> Option<String> {
    let at = own.rfind("gcc").or_else(|| own.rfind("g++"))?;
    Some(format!("{}{name}{}", own.get(..at)?, own.get(at + 3..)?))
}

/// The deepest directory that both are in, if that is not the root.
fn common(driver: &Path, home: &Path) -> Option<PathBuf> {
    let both = driver.components().zip(home.components()).take_while(|(a, b)| a == b).map(|(a, _)| a);
    let path: PathBuf = both.collect();
    path.components().any(|c| matches!(c, Component::Normal(_))).then_some(path)
}

/// A driver that is asked.
struct Asked<'a> {
    driver: &'a Path,
    env: &'a [(OsString, OsString)],
}

impl Asked<'_> {
    fn ask(&self, option: &str) -> String {
        let mut command = Command::new([self.driver]).arg(option).env("LC_ALL", "C");
        command.env.extend_from_slice(self.env);
        capture(&command).map(|said| said.text()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_have_the_same_target_and_version() {
        for (own, name, other) in [
            ("x86_64-linux-gnu-gcc-12", "g++", Some("x86_64-linux-gnu-g++-12")),
            ("gcc", "gfortran", Some("gfortran")),
            ("x86_64-linux-gnu-g++-12", "gcov", Some("x86_64-linux-gnu-gcov-12")),
            ("cc", "g++", None),
        ] {
            assert_eq!(replaced(own, name).as_deref(), other, "{own}");
        }
    }

    #[test]
    fn the_prefix_is_what_driver_and_parts_share() {
        let common = |a: &str, b: &str| common(Path::new(a), Path::new(b)).map(|p| p.display().to_string());
        assert_eq!(common("/usr/bin/gcc", "/usr/lib/gcc/x/12").as_deref(), Some("/usr"));
        assert_eq!(common("/opt/gcc/bin/gcc", "/opt/gcc/lib/gcc/x/12").as_deref(), Some("/opt/gcc"));
        assert_eq!(common("/bin/gcc", "/usr/lib/gcc/x/12"), None);
    }
}
