//! What a dynamic file needs, found as ld.so would find it (ld.so(8)), without running anything.

use super::library_file::LibraryFiles;
use crate::check::{self, Image};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// One file that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The interpreter's path, or a soname.
    pub name: String,
    /// Where it was found.
    pub path: Option<PathBuf>,
}

/// How deep `include` lines of ld.so.conf are followed.
const DEPTH: usize = 8;

/// The interpreter and every shared object, breadth first as ld.so loads them.
pub fn of(path: &Path, image: &Image) -> Vec<Need> {
    let mut needs = Vec::new();
    if let Some(interpreter) = &image.interpreter {
        let found = Some(PathBuf::from(interpreter)).filter(|p| p.exists());
        needs.push(Need { name: interpreter.clone(), path: found });
    }
    let system = system_dirs();
    let mut seen = BTreeSet::new();
    let mut todo = VecDeque::from([path.to_owned()]);
    while let Some(file) = todo.pop_front() {
        let own = LibraryFiles::default().get(&file).map(|f| f.needs(&file)).unwrap_or_default();
        for soname in own.needed {
            if !seen.insert(soname.clone()) {
                continue;
            }
            let found = if soname.contains('/') {
                Some(PathBuf::from(&soname)).filter(|p| fits(p, image))
            } else {
                own.run_path.iter().chain(&system).map(|d| d.join(&soname)).find(|p| fits(p, image))
            };
            todo.extend(found.clone());
            needs.push(Need { name: soname, path: found });
        }
    }
    needs
}

fn fits(path: &Path, image: &Image) -> bool {
    path.is_file() && check::inspect_headers(path).is_ok_and(|i| (i.machine, i.bits) == (image.machine, image.bits))
}

/// The directories of /etc/ld.so.conf, then the built-in ones.
pub fn system_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    conf(Path::new("/etc/ld.so.conf"), 0, &mut dirs);
    dirs.extend(["/lib", "/usr/lib", "/lib64", "/usr/lib64"].map(PathBuf::from));
    dirs
}

fn conf(file: &Path, depth: usize, dirs: &mut Vec<PathBuf>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    for line in text.lines().map(|l| l.split('#').next().unwrap_or_default().trim()) {
        match line.strip_prefix("include ") {
            Some(pattern) if depth < DEPTH => {
                for included in matching(Path::new(pattern.trim())) {
                    conf(&included, depth + 1, dirs);
                }
            }
            Some(_) => {}
            None if line.starts_with('/') => dirs.push(line.into()),
            None => {}
        }
    }
}

/// The files of a pattern with one `*` in its last part, which is what distributions write.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let (Some(dir), Some(name)) = (pattern.parent(), pattern.file_name().and_then(|n| n.to_str())) else {
        return Vec::new();
    };
    let Some((head, tail)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|e| {
            let name = e.file_name();
            let name = name.to_string_lossy();
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        })
        .map(|e| e.path())
        .collect();
    found.sort();
    found
}
