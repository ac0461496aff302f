//! From the stage to the prefix.

use super::port_build::PortBuild;
use super::port_error::{PortError, at};
use crate::files::{place_file, place_symlink};
use crate::ports::PortRecord;
use crate::ports::port_record::{records_dir, remove_file};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What of a stage is for other builds.
const KEPT: [&str; 5] = ["include", "lib", "share/aclocal", "share/cmake", "share/pkgconfig"];

impl PortBuild<'_> {
    /// The files of the stage that go into the prefix, relative to it.
    ///
    /// # Errors
    /// What the recipe promises is not there.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, PortError> {
        let staged = self.staged();
        let mut files = Vec::new();
        for dir in KEPT {
            collect(&staged, Path::new(dir), &mut files).map_err(at(&staged))?;
        }
        let programs = self.port.programs.iter().map(|p| Path::new("bin").join(p));
        files.extend(programs.clone().flat_map(|p| with_targets(&staged, p)));
        files.sort();
        files.dedup();
        let promised = self.port.headers.iter().map(|h| PathBuf::from("include").join(h));
        let promised =
            promised.chain(self.port.archives.iter().map(|a| format!("lib/lib{a}.a").into())).chain(programs);
        let mut packages = self.port.packages.iter().map(|p| format!("pkgconfig/{p}.pc"));
        let lacks_package = packages.find(|p| !["lib", "share"].iter().any(|d| files.contains(&Path::new(d).join(p))));
        let missing = promised.into_iter().find(|p| !files.contains(p)).or(lacks_package.map(PathBuf::from));
        match missing {
            Some(missing) => {
                Err(PortError::NotGiven { port: self.port.name.clone(), missing, log: self.log.to_owned() })
            }
            None => Ok(files),
        }
    }

    /// Puts the files of the stage into the prefix: copied beside their places first, so that each appears whole, and no
    /// time passes between them. The record that is stored before names them all; where this is cut short, the next command
    /// removes them.
    ///
    /// # Errors
    /// A file of somebody else's is there, or one can't be written: nothing is left then of the new ones.
    pub(crate) fn place(&self, record: &PortRecord) -> Result<(), PortError> {
        let prefix = &self.target.prefix;
        let before = PortRecord::load(prefix, &record.name);
        self.require_free(record, before.as_ref())?;
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(records_dir(prefix)).map_err(at(prefix))?;
        for (number, file) in record.files.iter().enumerate() {
            copy(&self.staged().join(file), &fresh.path().join(number.to_string())).map_err(at(&prefix.join(file)))?;
        }
        let old = before.map(|r| r.files).unwrap_or_default();
        let new: BTreeSet<&PathBuf> = record.files.iter().collect();
        let gone: Vec<&PathBuf> = old.iter().filter(|f| !new.contains(f)).collect();
        let both = record.files.iter().chain(gone.iter().copied()).cloned().collect();
        let store = |record: &PortRecord| record.store(prefix).map_err(at(prefix));
        store(&PortRecord { files: both, finished: false, ..record.clone() })?;
        for (number, file) in record.files.iter().enumerate() {
            let path = prefix.join(file);
            let done = fs::create_dir_all(path.parent().unwrap_or(prefix))
                .and_then(|()| move_to(&fresh.path().join(number.to_string()), &path));
            done.map_err(at(&path))?;
        }
        for file in gone {
            remove_file(prefix, file).map_err(at(&prefix.join(file)))?;
        }
        store(record)
    }

    /// A file that is in the prefix already must be of the library's former version.
    fn require_free(&self, record: &PortRecord, before: Option<&PortRecord>) -> Result<(), PortError> {
        let prefix = &self.target.prefix;
        let own: BTreeSet<&PathBuf> = before.iter().flat_map(|b| &b.files).collect();
        let there = |file: &&PathBuf| !own.contains(file) && fs::symlink_metadata(prefix.join(file)).is_ok();
        let Some(file) = record.files.iter().find(there) else { return Ok(()) };
        let others = PortRecord::all(prefix);
        let owner = others.iter().find(|r| r.files.contains(file));
        let owner = owner.map_or("no library that was added here has it".into(), |r| format!("`{}` has it", r.name));
        Err(PortError::InTheWay { port: record.name.clone(), path: prefix.join(file), owner })
    }
}

/// Removes what was left unfinished; gives the names.
///
/// # Errors
/// A file that can't be removed.
pub(crate) fn recover(prefix: &Path) -> Result<Vec<String>, PortError> {
    let half: Vec<PortRecord> = PortRecord::all(prefix).into_iter().filter(|r| !r.finished).collect();
    for record in &half {
        record.remove(prefix).map_err(at(prefix))?;
    }
    let left = fs::read_dir(records_dir(prefix)).into_iter().flatten().flatten();
    for dir in left.filter(|e| e.file_name().to_string_lossy().starts_with(".new-")) {
        fs::remove_dir_all(dir.path()).map_err(at(&dir.path()))?;
    }
    Ok(half.into_iter().map(|r| r.name).collect())
}

/// Adds the files below a directory that are of use for static links.
fn collect(top: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(top.join(dir)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = dir.join(entry.file_name());
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            collect(top, &path, files)?;
        } else if !(name.ends_with(".la") || name.ends_with(".so") || name.contains(".so.")) {
            files.push(path);
        }
    }
    Ok(())
}

/// A program, if it is there, and those that it leads to as a symbolic link: `protoc` may be one to `protoc-3.21.12.0`.
fn with_targets(top: &Path, program: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut next = Some(program).filter(|p| top.join(p).is_file());
    while let Some(file) = next {
        let target = fs::read_link(top.join(&file)).ok();
        next = target.filter(|t| t.components().count() == 1).map(|t| file.with_file_name(t));
        files.push(file);
    }
    files
}

/// Copies a file, or a symbolic link as one.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::read_link(from) {
        Ok(target) => symlink(target, to),
        Err(_) => fs::copy(from, to).map(drop),
    }
}

fn move_to(from: &Path, to: &Path) -> io::Result<()> {
    match fs::read_link(from) {
        Ok(target) => place_symlink(&target, to),
        Err(_) => place_file(from, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_unfinished_goes() {
        let t = tempfile::tempdir().unwrap();
        for dir in ["lib/staticcxx/.new-x", "include"] {
            fs::create_dir_all(t.path().join(dir)).unwrap();
        }
        let record = |name: &str, finished| {
            let files = vec![PathBuf::from(format!("include/{name}.h"))];
            fs::write(t.path().join(&files[0]), "").unwrap();
            PortRecord { name: name.into(), files, finished, ..PortRecord::default() }.store(t.path()).unwrap();
        };
        record("half", false);
        record("whole", true);
        assert_eq!(recover(t.path()).unwrap(), ["half"]);
        assert!(t.path().join("include/whole.h").exists() && !t.path().join("include/half.h").exists());
        assert!(!t.path().join("lib/staticcxx/.new-x").exists() && recover(t.path()).unwrap().is_empty());
    }

    #[test]
    fn a_program_comes_with_what_its_link_leads_to() {
        let t = tempfile::tempdir().unwrap();
        fs::create_dir(t.path().join("bin")).unwrap();
        fs::write(t.path().join("bin/p-1.2"), "").unwrap();
        for (link, target) in [("p", "p-1"), ("p-1", "p-1.2"), ("gone", "p-3"), ("round", "round")] {
            symlink(target, t.path().join("bin").join(link)).unwrap();
        }
        let with = |name: &str| with_targets(t.path(), Path::new("bin").join(name));
        assert_eq!(with("p"), ["bin/p", "bin/p-1", "bin/p-1.2"].map(PathBuf::from));
        assert_eq!(with("p-1.2"), [PathBuf::from("bin/p-1.2")]);
        assert!(with("gone").is_empty() && with("round").is_empty() && with("none").is_empty());
    }

    #[test]
    fn shared_objects_and_libtool_s_files_stay_behind() {
        let t = tempfile::tempdir().unwrap();
        fs::create_dir_all(t.path().join("lib/d")).unwrap();
        for file in ["lib/libx.a", "lib/libx.la", "lib/libx.so", "lib/libx.so.1", "lib/d/x.pc"] {
            fs::write(t.path().join(file), "").unwrap();
        }
        let mut files = Vec::new();
        collect(t.path(), Path::new("lib"), &mut files).unwrap();
        files.sort();
        assert_eq!(files, [PathBuf::from("lib/d/x.pc"), "lib/libx.a".into()]);
    }
}
