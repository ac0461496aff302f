//! Debian packages of another architecture, unpacked without touching the system's package database.

use super::prerequisites::debian_arch;
use super::source::decompressor;
use crate::run::{self, Command};
use object::read::archive::ArchiveFile;
use std::fs;
use std::io::{self, BufReader, Cursor};
use std::path::{Path, PathBuf};

/// Unpacks a package's files below `into`.
///
/// # Errors
/// Something that is no package, or is cut short.
pub(crate) fn unpack(package: &Path, into: &Path) -> io::Result<()> {
    let bytes = fs::read(package)?;
    let broken = |e: object::Error| io::Error::other(format!("not a Debian package: {e}"));
    let archive = ArchiveFile::parse(bytes.as_slice()).map_err(broken)?;
    for member in archive.members() {
        let member = member.map_err(broken)?;
        if member.name().starts_with(b"data.tar") {
            let data = member.data(bytes.as_slice()).map_err(broken)?.to_vec();
            fs::create_dir_all(into)?;
            return tar::Archive::new(decompressor(BufReader::new(Cursor::new(data)))?).unpack(into);
        }
    }
    Err(io::Error::other("not a Debian package: it has no data.tar"))
}

/// Downloads `musl-dev` of an architecture with apt, which checks its signature, in a state directory of its own, and
/// unpacks it below `dir`. Gives the directory with musl in it.
///
/// # Errors
/// No apt, no network, no such package.
pub(crate) fn fetch_musl(arch: &str, dir: &Path) -> io::Result<PathBuf> {
    let arch = debian_arch(arch);
    let work = dir.join(format!("apt-{arch}"));
    let state = work.join("state");
    for needed in [state.join("lists/partial"), work.join("cache/archives/partial")] {
        fs::create_dir_all(needed)?;
    }
    fs::write(work.join("status"), "")?;
    let option = |name: &str, value: &str| ["-o".to_owned(), format!("{name}={value}")];
    let mut options: Vec<String> = option("APT::Architecture", arch).into();
    options.extend(option("APT::Architectures", arch));
    options.extend(option("Dir::State", &state.to_string_lossy()));
    options.extend(option("Dir::State::status", &work.join("status").to_string_lossy()));
    options.extend(option("Dir::Cache", &work.join("cache").to_string_lossy()));
    options.extend(option("APT::Sandbox::User", "root"));
    for words in [["update", ""], ["download", "musl-dev"]] {
        let words = words.iter().filter(|w| !w.is_empty()).map(|w| (*w).to_owned());
        let command = Command::new(["apt-get".to_owned()]).args(&options).args(words).env("LC_ALL", "C").in_dir(&work);
        let done = run::capture::capture(&command)?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).trim().lines().last().unwrap_or_default().to_owned();
            return Err(io::Error::other(format!("`{}` failed: {said}", command.shell())));
        }
    }
    let package = fs::read_dir(&work)?
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "deb"))
        .ok_or_else(|| io::Error::other("apt-get downloaded nothing"))?;
    let into = dir.join(format!("musl-{arch}"));
    let _ = fs::remove_dir_all(&into);
    unpack(&package, &into)?;
    fs::remove_dir_all(&work)?;
    Ok(into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_package_is_an_error() {
        let t = tempfile::tempdir().unwrap();
        let file = t.path().join("x.deb");
        for content in [b"".as_slice(), b"!<arch>\n", b"text", b"!<arch>\nbroken"] {
            fs::write(&file, content).unwrap();
            assert!(unpack(&file, t.path()).unwrap_err().to_string().contains("not a Debian package"));
        }
    }
}
