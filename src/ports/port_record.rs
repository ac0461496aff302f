//! What was added to a prefix: one record a library, `lib/staticcxx/NAME.json` below it.
//!
//! A record is written before the first of its files is put into the prefix, and again when all are there. One that was
//! left unfinished says which files to remove.

use super::port_recipe::PortRecipe;
use crate::files::write_atomic;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One library in a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PortRecord {
    pub name: String,
    /// The description of the source package, `NAME_VERSION.dsc`.
    pub source: String,
    /// Those of the source packages beside it.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Files of the machine's that its build read, with the SHA-256 of each.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// The user named the version: another one of the distribution's makes it no older.
    #[serde(default)]
    pub pinned: bool,
    /// [`PortRecipe::hash`].
    pub recipe: String,
    /// What it was built with, in words.
    pub toolchain: String,
    /// Libraries that it was built against, with their sources.
    pub needs: BTreeMap<String, String>,
    /// Its files, relative to the prefix.
    pub files: Vec<PathBuf>,
    /// All files are in place.
    pub finished: bool,
}

/// Where a prefix has its records.
pub(crate) fn records_dir(prefix: &Path) -> PathBuf {
    prefix.join("lib/staticcxx")
}

impl PortRecord {
    /// The version of the source, as Debian has it but for its epoch.
    pub(crate) fn version(&self) -> &str {
        version_of(&self.source)
    }

    fn file(prefix: &Path, name: &str) -> PathBuf {
        records_dir(prefix).join(format!("{name}.json"))
    }

    /// The record of one library, finished or not.
    pub(crate) fn load(prefix: &Path, name: &str) -> Option<PortRecord> {
        serde_json::from_slice(&fs::read(PortRecord::file(prefix, name)).ok()?).ok()
    }

    /// All records, in the order of names.
    pub(crate) fn all(prefix: &Path) -> Vec<PortRecord> {
        let files = fs::read_dir(records_dir(prefix)).into_iter().flatten().flatten().map(|e| e.path());
        let names = files.filter(|p| p.extension().is_some_and(|e| e == "json"));
        let mut all: Vec<PortRecord> =
            names.filter_map(|p| PortRecord::load(prefix, &p.file_stem()?.to_string_lossy())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Writes it.
    ///
    /// # Errors
    /// A prefix that can't be written.
    pub(crate) fn store(&self, prefix: &Path) -> io::Result<()> {
        fs::create_dir_all(records_dir(prefix))?;
        write_atomic(&PortRecord::file(prefix, &self.name), &serde_json::to_vec_pretty(self)?)
    }

    /// Removes the library: its files, directories that are empty then, and at last the record.
    ///
    /// # Errors
    /// A file that can't be removed.
    pub(crate) fn remove(&self, prefix: &Path) -> io::Result<()> {
        for file in &self.files {
            remove_file(prefix, file)?;
        }
        match fs::remove_file(PortRecord::file(prefix, &self.name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// Why another one would be built now, in words; none if this is what would be built. `source` is the one that the
    /// distribution has, if that is known; `others` are the records beside it.
    pub(crate) fn older(
        &self,
        port: Option<&PortRecipe>,
        toolchain: &str,
        source: Option<&str>,
        others: &[PortRecord],
    ) -> Option<String> {
        if !self.finished {
            return Some("it was interrupted".into());
        }
        if self.toolchain != toolchain {
            return Some(format!("it was built with {}, not with {toolchain}", self.toolchain));
        }
        if let Some(newer) = source.filter(|s| !self.pinned && *s != self.source) {
            return Some(format!("the distribution has {}", version_of(newer)));
        }
        let changed =
            |(name, source): &(&String, &String)| others.iter().any(|r| r.name == **name && r.source != **source);
        if let Some((name, source)) = self.needs.iter().find(changed) {
            return Some(format!("it was built with {name} {}", version_of(source)));
        }
        // Where one is gone, there is nothing newer to build from.
        let another = |(file, hash): &(&String, &String)| hash_of(file).is_some_and(|now| now != **hash);
        if let Some((file, _)) = self.data.iter().find(another) {
            return Some(format!("`{file}` has changed"));
        }
        port.is_some_and(|p| p.hash != self.recipe).then(|| "its recipe has changed".into())
    }

    /// The same for the source packages beside its own: `offered` has each as apt takes it, with its description.
    pub(crate) fn older_beside(&self, offered: &[(String, String)]) -> Option<String> {
        let newer = offered.iter().find(|(_, description)| !self.beside.contains(description))?;
        Some(format!("the distribution has {} {}", newer.0, version_of(&newer.1)))
    }
}

/// Files that a build reads, with the SHA-256 of each that is there.
pub(crate) fn hashes_of(files: &[String]) -> BTreeMap<String, String> {
    files.iter().filter_map(|file| Some((file.clone(), hash_of(file)?))).collect()
}

fn hash_of(file: &str) -> Option<String> {
    Some(Sha256::digest(fs::read(file).ok()?).iter().map(|b| format!("{b:02x}")).collect())
}

/// `NAME_VERSION.dsc` → VERSION.
pub(crate) fn version_of(source: &str) -> &str {
    source.split_once('_').map_or(source, |(_, version)| version).trim_end_matches(".dsc")
}

/// Removes one file of a prefix, and the directories above it that are empty then.
///
/// # Errors
/// It can't be removed.
pub(crate) fn remove_file(prefix: &Path, file: &Path) -> io::Result<()> {
    match fs::remove_file(prefix.join(file)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    for dir in file.ancestors().skip(1).filter(|d| !d.as_os_str().is_empty()) {
        // The toolchain made these two.
        if [Path::new("lib"), Path::new("include")].contains(&dir) || fs::remove_dir(prefix.join(dir)).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::port_recipe::testing::recipe;
    use super::*;

    fn record() -> PortRecord {
        let source = "zlib_1.2.13.dfsg-1.dsc".into();
        let files = vec!["include/z/zlib.h".into(), "lib/libz.a".into()];
        let recipe = recipe("zlib", &[]).hash;
        let needs = BTreeMap::from([("x".to_owned(), "x_1.dsc".to_owned())]);
        PortRecord {
            name: "zlib".into(),
            source,
            beside: Vec::new(),
            data: BTreeMap::new(),
            pinned: false,
            recipe,
            toolchain: "musl".into(),
            needs,
            files,
            finished: true,
        }
    }

    #[test]
    fn it_is_older_when_what_it_was_made_of_has_changed() {
        let (old, port) = (record(), recipe("zlib", &[]));
        assert_eq!(old.version(), "1.2.13.dfsg-1");
        assert_eq!(old.older(Some(&port), "musl", None, &[]), None);
        assert_eq!(old.older(Some(&port), "musl", Some(&old.source), &[]), None);
        let need = |source: &str| [PortRecord { name: "x".into(), source: source.into(), ..PortRecord::default() }];
        assert_eq!(old.older(Some(&port), "musl", None, &need("x_1.dsc")), None);
        assert_eq!(old.older(Some(&port), "musl", None, &need("x_2.dsc")).unwrap(), "it was built with x 1");
        let why = |port: &PortRecipe, toolchain, source| old.older(Some(port), toolchain, source, &[]).unwrap();
        assert!(why(&port, "musl 2", None).contains("built with musl, not with musl 2"));
        assert!(why(&port, "musl", Some("zlib_1.3-1.dsc")).contains("the distribution has 1.3-1"));
        assert!(why(&recipe("zlib", &["x"]), "musl", None).contains("recipe"));
        let pinned = PortRecord { pinned: true, ..old.clone() };
        assert_eq!(pinned.older(Some(&port), "musl", Some("zlib_1.3-1.dsc"), &[]), None);
        let data = |version: u32| [("data".to_owned(), format!("data_{version}.dsc"))];
        let with_data = PortRecord { beside: vec!["data_1.dsc".into()], ..old.clone() };
        assert_eq!((old.older_beside(&[]), with_data.older_beside(&data(1))), (None, None));
        assert_eq!(with_data.older_beside(&data(2)).unwrap(), "the distribution has data 2");
        let list = tempfile::NamedTempFile::new().unwrap();
        let name = list.path().to_str().unwrap().to_owned();
        let reads = PortRecord { data: hashes_of(&[name.clone(), "/no/such/file".into()]), ..old.clone() };
        assert_eq!((reads.data.len(), reads.older(Some(&port), "musl", None, &[])), (1, None));
        fs::write(list.path(), "newer").unwrap();
        assert_eq!(reads.older(Some(&port), "musl", None, &[]).unwrap(), format!("`{name}` has changed"));
        drop(list);
        assert_eq!(reads.older(Some(&port), "musl", None, &[]), None);
        let half = PortRecord { finished: false, ..old };
        assert!(half.older(Some(&port), "musl", None, &[]).unwrap().contains("interrupted"));
    }

    #[test]
    fn what_is_removed_leaves_what_others_have() {
        let t = tempfile::tempdir().unwrap();
        let at = |p: &str| t.path().join(p);
        for dir in ["include/z", "lib"] {
            fs::create_dir_all(at(dir)).unwrap();
        }
        for file in ["include/z/zlib.h", "lib/libz.a", "lib/libown.a"] {
            fs::write(at(file), "").unwrap();
        }
        let record = record();
        record.store(t.path()).unwrap();
        assert_eq!(PortRecord::all(t.path()), std::slice::from_ref(&record));
        record.remove(t.path()).unwrap();
        record.remove(t.path()).unwrap();
        assert!(at("lib/libown.a").is_file() && at("include").is_dir() && !at("include/z").exists());
        assert!(PortRecord::all(t.path()).is_empty());
    }
}
