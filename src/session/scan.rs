//! Programs on disk that are newer than the start of the build, whatever built them.

use crate::check::{self, CallEvidence, Expect, Failure, Image};
use crate::files::Identity;
use crate::model::StaticKind;
use crate::plan::policy::is_probe;
use object::{Object, ObjectSection, ReadCache};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walkdir::{DirEntry, WalkDir};

#[derive(Debug, Clone)]
pub(crate) struct ScannedProgram {
    pub path: PathBuf,
    pub id: Identity,
    /// Its shape, if it is static.
    pub kind: Option<StaticKind>,
    /// Why it is not.
    pub failures: Vec<Failure>,
    pub build_id: Option<String>,
    pub bytes: u64,
    /// What compilers and linkers wrote into its `.comment`.
    pub comments: Vec<String>,
}

/// What a search gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scan {
    pub programs: Vec<ScannedProgram>,
    /// The search ended early: so many files are below the directory.
    pub cut: bool,
}

/// At most so many files are looked at: a build in `/` must not take minutes more.
const MOST: usize = 500_000;

/// File systems take times from the kernel's coarse clock, which lags behind.
const TICK: Duration = Duration::from_millis(20);

/// Looks through directories for programs written since a time: the first one with all below it on its file system,
/// each of the others by itself.
pub(crate) fn since(start: SystemTime, whole: &Path, single: &BTreeSet<PathBuf>) -> Scan {
    let start = start.checked_sub(TICK).unwrap_or(UNIX_EPOCH);
    let mut scan = Scan::default();
    let mut looked = 0;
    let below = WalkDir::new(whole).same_file_system(true).into_iter().filter_entry(|e| !is_repository(e));
    // Bazel's outputs are elsewhere, behind a link of the workspace.
    let bazel = Some(whole.join("bazel-bin")).filter(|dir| dir.is_symlink() && dir.is_dir());
    let below = below.chain(bazel.into_iter().flat_map(|dir| WalkDir::new(dir).same_file_system(true)));
    let others = single.iter().filter(|d| !d.starts_with(whole)).flat_map(|d| WalkDir::new(d).max_depth(1));
    for entry in below.chain(others).flatten() {
        looked += 1;
        if looked > MOST {
            scan.cut = true;
            break;
        }
        if entry.file_type().is_file() {
            scan.programs.extend(program(&entry, start));
        }
    }
    scan.programs.sort_by(|a, b| a.path.cmp(&b.path));
    scan.programs.dedup_by(|a, b| a.path == b.path);
    scan
}

fn is_repository(entry: &DirEntry) -> bool {
    entry.file_type().is_dir() && [".git", ".hg", ".svn"].iter().any(|n| entry.file_name() == *n)
}

fn program(entry: &DirEntry, start: SystemTime) -> Option<ScannedProgram> {
    let meta = entry.metadata().ok()?;
    let at = |seconds: i64, nanoseconds: i64| {
        let duration = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?);
        UNIX_EPOCH.checked_add(duration)
    };
    // What was copied with its old time (`cp -p`, `install -p`) has a new change time.
    let newest = at(meta.mtime(), meta.mtime_nsec()).max(at(meta.ctime(), meta.ctime_nsec()))?;
    if newest < start || is_probe(entry.path()) || !is_elf_program(entry.path()) {
        return None;
    }
    let image = check::inspect_headers(entry.path()).ok()?;
    if !is_program(&image) {
        return None;
    }
    let verdict = check::judge(&image, &Expect::default(), &CallEvidence::default());
    Some(ScannedProgram {
        path: entry.path().to_owned(),
        id: Identity::from(&meta),
        kind: verdict.kind.filter(|_| verdict.failures.is_empty()),
        failures: verdict.failures,
        build_id: image.build_id,
        bytes: image.bytes,
        comments: comments(entry.path()),
    })
}

/// The texts in `.comment` (System V ABI, "Special Sections"); none in a program that was stripped of it.
fn comments(path: &Path) -> Vec<String> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let cache = ReadCache::new(file);
    let data = object::File::parse(&cache).ok().and_then(|f| f.section_by_name(".comment")?.data().ok());
    let texts = data.unwrap_or_default().split(|b| *b == 0).filter(|t| !t.is_empty());
    texts.map(|t| String::from_utf8_lossy(t).into_owned()).collect()
}

/// ELF's magic number, and ET_EXEC or ET_DYN, from the first bytes: nearly all files of a build end here.
fn is_elf_program(path: &Path) -> bool {
    let mut head = [0; 18];
    let read = File::open(path).and_then(|mut f| f.read_exact(&mut head));
    read.is_ok() && head.starts_with(b"\x7fELF") && matches!(head, [.., 2 | 3, 0] | [.., 0, 2 | 3])
}

/// Apart from shared objects: those have no interpreter (but libc's own) and no flag of a PIE.
fn is_program(image: &Image) -> bool {
    image.loads
        && match image.file_type {
            check::image::FileType::Executable => true,
            check::image::FileType::Dynamic => {
                image.pie_flag || (image.interpreter.is_some() && image.soname.is_none())
            }
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_programs_newer_than_the_start_are_found() {
        let t = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        fs::create_dir_all(t.path().join("a/.git")).unwrap();
        for name in ["a/prog", "a/.git/prog", "other"] {
            fs::copy(&own, t.path().join(name)).unwrap();
        }
        fs::write(t.path().join("a/text"), "\x7fELF and no more").unwrap();
        fs::write(t.path().join("a/short"), "\x7fEL").unwrap();
        let names = |start| -> Vec<PathBuf> {
            since(start, &t.path().join("a"), &BTreeSet::from([t.path().to_owned()]))
                .programs
                .into_iter()
                .map(|p| p.path)
                .collect()
        };
        assert_eq!(names(UNIX_EPOCH), [t.path().join("a/prog"), t.path().join("other")]);
        assert!(names(SystemTime::now() + Duration::from_secs(60)).is_empty());
    }

    #[test]
    fn a_directory_that_is_not_there_has_no_programs() {
        let t = tempfile::tempdir().unwrap();
        let scan = since(UNIX_EPOCH, &t.path().join("1"), &BTreeSet::from([t.path().join("2")]));
        assert!(scan.programs.is_empty() && !scan.cut);
    }
}
