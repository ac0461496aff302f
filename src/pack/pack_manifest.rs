//! What a packed toolchain is made of: every file with its digest, and the packages that the files are from.

use super::pack_error::{PackError, at};
use super::packed_libc::{PackedLibc, made};
use super::packed_programs::PackedLanguage;
use crate::packages::{self, Package};
use crate::rootfs::tree::{FileContent, FileTree, Node};
use crate::settings::Settings;
use crate::toolchain::packed::MANIFEST;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The version of the file's schema.
pub(crate) const SCHEMA: u32 = 1;

/// The file [`MANIFEST`] at the top of a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackManifest {
    pub schema: u32,
    /// The first toolchain's name.
    pub name: String,
    /// The beginning of the digest of all that follows; trees of one content have one.
    pub id: String,
    /// The version of this program.
    pub made_by: String,
    /// The architecture of its programs.
    pub machine: String,
    /// What the compiler says of itself.
    pub compiler: String,
    pub languages: Vec<PackedLanguage>,
    pub toolchains: Vec<PackedToolchain>,
    pub packages: Vec<PackedPackage>,
    pub files: Vec<PackedFile>,
}

/// One of the toolchains in a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackedToolchain {
    pub name: String,
    /// The triple of its programs.
    pub target: String,
    pub libc: PackedLibc,
    /// How its self-test went: `28/28 tests`; empty where its programs can't be run here.
    pub tests: String,
}

/// A package that files are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackedPackage {
    pub name: String,
    pub version: String,
    pub source: String,
    pub source_version: String,
    /// Package URL.
    pub purl: String,
    /// The names of licences in its copyright file, where that is written for machines.
    pub licenses: Vec<String>,
    /// That file in the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copyright: Option<PathBuf>,
}

/// A file of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackedFile {
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// The packages that it is from, by their places in the list: the program's own, and those of what was linked in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<usize>,
}

/// The packages of each file of a tree, by their places in a list of them.
pub(crate) type PackagesOfFiles = BTreeMap<PathBuf, Vec<usize>>;

/// Where files of a tree are from, beside what their contents tell.
pub(crate) type Origins = BTreeMap<PathBuf, Vec<PathBuf>>;

impl PackManifest {
    /// Reads that of a tree.
    ///
    /// # Errors
    /// There is none that this version reads.
    pub(crate) fn load(tree: &Path) -> Result<PackManifest, PackError> {
        let file = tree.join(MANIFEST);
        let no_pack = |why: String| PackError::NoPack(tree.to_owned(), why);
        let bytes = fs::read(&file).map_err(|e| no_pack(format!("`{MANIFEST}` can't be read: {e}")))?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| no_pack(e.to_string()))?;
        let schema = value.get("schema").and_then(serde_json::Value::as_u64);
        if schema != Some(u64::from(SCHEMA)) {
            return Err(no_pack(format!("its schema is not {SCHEMA}, which this version reads")));
        }
        serde_json::from_value(value).map_err(|e| no_pack(format!("`{MANIFEST}`: {e}")))
    }

    /// As a file.
    pub(crate) fn text(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The package URL of each file that is of one package.
    pub(crate) fn purls(&self) -> BTreeMap<PathBuf, String> {
        let of = |file: &PackedFile| match file.packages.as_slice() {
            [only] => Some((file.path.clone(), self.packages.get(*only)?.purl.clone())),
            _ => None,
        };
        self.files.iter().filter_map(of).collect()
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().map(|f| f.size).sum()
    }

    /// The digest of all but itself, as far as it tells trees apart.
    fn digest(&self) -> String {
        let rest = PackManifest { id: String::new(), ..self.clone() };
        let hex: String = Sha256::digest(rest.text()).iter().map(|b| format!("{b:02x}")).collect();
        hex.chars().take(12).collect()
    }

    /// The same with the digest of its content.
    #[must_use]
    pub(crate) fn identified(self) -> PackManifest {
        let id = self.digest();
        PackManifest { id, ..self }
    }

    /// Compares a tree with it: every file is there as it was, and no other.
    ///
    /// # Errors
    /// The first difference.
    pub(crate) fn verify(&self, tree: &Path) -> Result<(), PackError> {
        let damaged = |why: String| PackError::Damaged(tree.to_owned(), why);
        if self.digest() != self.id {
            return Err(damaged(format!("`{MANIFEST}` does not have the digest that it names")));
        }
        for file in &self.files {
            let path = tree.join(&file.path);
            let shown = file.path.display();
            let (size, sha256) = digest_of(&path).map_err(|e| damaged(format!("`{shown}` can't be read: {e}")))?;
            if (size, &sha256) != (file.size, &file.sha256) {
                return Err(damaged(format!("`{shown}` is not the file that was packed")));
            }
        }
        let known: BTreeSet<&Path> = self.files.iter().map(|f| f.path.as_path()).collect();
        let all = walkdir::WalkDir::new(tree).sort_by_file_name().into_iter().flatten();
        let files = all.filter(|entry| entry.file_type().is_file());
        for path in files.filter_map(|entry| entry.path().strip_prefix(tree).ok().map(Path::to_owned)) {
            if path != Path::new(MANIFEST) && !known.contains(path.as_path()) {
                return Err(damaged(format!("`{}` was not packed", path.display())));
            }
        }
        Ok(())
    }
}

/// Size and digest of a file.
fn digest_of(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let bytes = match file.read(&mut buffer)? {
            0 => break,
            n => buffer.get(..n).unwrap_or_default(),
        };
        hash.update(bytes);
        size += bytes.len() as u64;
    }
    Ok((size, hash.finalize().iter().map(|b| format!("{b:02x}")).collect()))
}

/// The packages of all files of a tree, with their licences, which become part of it.
///
/// # Errors
/// A licence that can't be read.
pub(crate) fn add_packages(
    settings: &Settings,
    tree: &mut FileTree,
    origins: &Origins,
) -> Result<(Vec<PackedPackage>, PackagesOfFiles), PackError> {
    let of_content = tree.iter().filter_map(|(path, node)| match node {
        Node::File { content: FileContent::File(source, _), .. } => Some((path.to_owned(), vec![source.clone()])),
        _ => None,
    });
    let mut all: Origins = of_content.collect();
    all.extend(origins.clone());
    let sources: Vec<PathBuf> = all.values().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let owners: BTreeMap<&PathBuf, Package> = sources
        .iter()
        .zip(packages::owners(settings, &sources))
        .filter_map(|(file, owner)| Some((file, owner?)))
        .collect();
    let by_name: BTreeMap<String, &Package> = owners.values().map(|p| (p.purl.clone(), p)).collect();
    let places: BTreeMap<&String, usize> = by_name.keys().enumerate().map(|(at, purl)| (purl, at)).collect();
    let of_file = |(path, files): (PathBuf, Vec<PathBuf>)| {
        let place = |file: &PathBuf| places.get(&owners.get(file)?.purl).copied();
        let mut of: Vec<usize> = files.iter().filter_map(place).collect();
        of.sort_unstable();
        of.dedup();
        (path, of)
    };
    let of_files = all.into_iter().map(of_file).collect();
    let packed = by_name.values().map(|package| add_license(tree, package)).collect::<Result<Vec<_>, _>>()?;
    Ok((packed, of_files))
}

/// Where a package manager leaves licences: Debian's copyright file (Policy 12.5), a directory with rpm.
fn license_files(package: &Package) -> Vec<PathBuf> {
    let debian = Path::new("/usr/share/doc").join(&package.name).join("copyright");
    if debian.is_file() {
        return vec![debian];
    }
    let dir = Path::new("/usr/share/licenses").join(&package.name);
    let mut files: Vec<PathBuf> = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.retain(|f| f.is_file());
    files.sort();
    files
}

fn add_license(tree: &mut FileTree, package: &Package) -> Result<PackedPackage, PackError> {
    let mut text = String::new();
    for file in license_files(package) {
        let bytes = fs::read(&file).map_err(at(&file, "read"))?;
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    let common = tree.iter().filter(|(path, _)| path.starts_with("share/common-licenses")).count();
    let named = common_licenses(&text);
    for name in named.iter().filter(|_| common < 64) {
        let file = Path::new("/usr/share/common-licenses").join(name);
        if let Ok(bytes) = fs::read(&file) {
            tree.put(&Path::new("/share/common-licenses").join(name), made(bytes), "a licence")?;
        }
    }
    let place = Path::new("share/doc").join(&package.name).join("copyright");
    let licenses = licenses(&text);
    let copyright = (!text.is_empty()).then_some(place);
    if let Some(place) = &copyright {
        tree.put(&Path::new("/").join(place), made(text), &package.name)?;
    }
    let Package { name, version, source, source_version, purl, .. } = package.clone();
    Ok(PackedPackage { name, version, source, source_version, purl, licenses, copyright })
}

/// The licences that a copyright file refers to by their place.
fn common_licenses(text: &str) -> BTreeSet<String> {
    let after = text.split("/usr/share/common-licenses/").skip(1);
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !".-+".contains(c)).unwrap_or(rest.len());
        rest.get(..end).map(|name| name.trim_end_matches('.').to_owned())
    };
    after.filter_map(name).filter(|name| !name.is_empty()).collect()
}

/// The names of licences, if the file is written for machines (Debian, "Machine-readable debian/copyright file", 1.0).
fn licenses(text: &str) -> Vec<String> {
    if !text.starts_with("Format:") {
        return Vec::new();
    }
    let names = text.lines().filter_map(|line| line.strip_prefix("License:")).map(|name| name.trim().to_owned());
    names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// All files of a tree that was written, with digests. What is written later, as [`MANIFEST`] itself, is not among them.
///
/// # Errors
/// A file that can't be read.
pub(crate) fn files(tree: &FileTree, written: &Path, of_files: &PackagesOfFiles) -> Result<Vec<PackedFile>, PackError> {
    let mut all: Vec<(PathBuf, bool)> = Vec::new();
    for (path, node) in tree.iter() {
        if let Node::File { executable, .. } = node {
            all.push((path.to_owned(), *executable));
        }
    }
    all.sort();
    let file = |(path, executable): (PathBuf, bool)| {
        let on_disk = written.join(&path);
        let (size, sha256) = digest_of(&on_disk).map_err(at(&on_disk, "read"))?;
        let packages = of_files.get(&path).cloned().unwrap_or_default();
        Ok(PackedFile { path, size, sha256, executable, packages })
    };
    all.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(tree: &Path) -> PackManifest {
        let file = |path: &str| {
            let (size, sha256) = digest_of(&tree.join(path)).unwrap();
            PackedFile { path: path.into(), size, sha256, executable: false, packages: Vec::new() }
        };
        PackManifest {
            schema: SCHEMA,
            name: "gcc-12-musl".into(),
            id: String::new(),
            made_by: "0.1.0".into(),
            machine: "x86_64".into(),
            compiler: "gcc 12".into(),
            languages: vec![PackedLanguage::C],
            toolchains: Vec::new(),
            packages: Vec::new(),
            files: vec![file("a"), file("b")],
        }
        .identified()
    }

    #[test]
    fn each_change_of_a_tree_is_seen() {
        let t = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(t.path().join(name), text).unwrap();
        put("a", "1");
        put("b", "2");
        let packed = manifest(t.path());
        put(MANIFEST, &packed.text());
        assert_eq!(PackManifest::load(t.path()).unwrap(), packed);
        packed.verify(t.path()).unwrap();
        let said = |packed: &PackManifest| packed.verify(t.path()).unwrap_err().to_string();
        put("b", "3");
        assert!(said(&packed).contains("`b` is not the file"), "{}", said(&packed));
        fs::remove_file(t.path().join("b")).unwrap();
        assert!(said(&packed).contains("`b` can't be read"), "{}", said(&packed));
        put("b", "2");
        put("c", "");
        assert!(said(&packed).contains("`c` was not packed"), "{}", said(&packed));
        let mut other = packed.clone();
        other.compiler = "gcc 13".into();
        assert!(said(&other).contains("digest"), "{}", said(&other));
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        let t = tempfile::tempdir().unwrap();
        for (text, expected) in
            [("", "EOF"), ("{}", "schema"), ("{\"schema\": 2}", "schema"), ("{\"schema\": 1}", "missing field")]
        {
            fs::write(t.path().join(MANIFEST), text).unwrap();
            let said = PackManifest::load(t.path()).unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
        fs::remove_file(t.path().join(MANIFEST)).unwrap();
        assert!(matches!(PackManifest::load(t.path()), Err(PackError::NoPack(..))));
    }

    #[test]
    fn licences_are_named_by_files_for_machines_only() {
        let text = "Format: https://x\n\nFiles: *\nLicense: GPL-3+\n x\n\nLicense: GPL-3+\n see /usr/share/common-licenses/GPL-3.\n\
                    License:\nLicense: MIT\n";
        assert_eq!(licenses(text), ["GPL-3+", "MIT"]);
        assert_eq!(common_licenses(text), BTreeSet::from(["GPL-3".to_owned()]));
        assert!(licenses("License: GPL").is_empty());
    }
}
