//! Whether the result does what the original does: both are run with the same arguments and input, each in a copy of
//! the working directory, and what they leave is compared. What differs between two runs of the original itself
//! is not held against the result.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What one run left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RunResult {
    /// How it ended, as a shell has it.
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The files of its directory: what they are, and what they hold.
    pub files: BTreeMap<PathBuf, FileSnapshot>,
}

/// A file that a run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileSnapshot {
    /// Its permissions and content.
    File(u32, Vec<u8>),
    /// A link and where it leads.
    Link(PathBuf),
    Directory,
    /// A FIFO, socket or device.
    Other,
}

/// One difference, in a line.
pub(crate) type Difference = String;

/// What is different in the result. `again` is a second run of the original: what differs from the first
/// is not compared and is named as unsteady.
pub(crate) fn differences(
    original: &RunResult,
    again: &RunResult,
    result: &RunResult,
) -> (Vec<Difference>, Vec<String>) {
    let (mut found, mut unsteady) = (Vec::new(), Vec::new());
    let mut look = |what: String, same: bool, steady: bool, text: String| match (same, steady) {
        (true, _) => {}
        (false, false) => unsteady.push(what),
        (false, true) => found.push(text),
    };
    look(
        "the status".into(),
        original.status == result.status,
        original.status == again.status,
        format!("the original ends with {}, the result with {}", status(original.status), status(result.status)),
    );
    for (name, a, b, c) in [
        ("stdout", &original.stdout, &result.stdout, &again.stdout),
        ("stderr", &original.stderr, &result.stderr, &again.stderr),
    ] {
        look(name.into(), a == b, a == c, first_difference(name, a, b));
    }
    let mut paths: Vec<&PathBuf> = original.files.keys().chain(result.files.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (a, b, c) = (original.files.get(path), result.files.get(path), again.files.get(path));
        let shown = path.display();
        let text = match (a, b) {
            (Some(FileSnapshot::File(mode, x)), Some(FileSnapshot::File(other, y))) if x == y => {
                format!("`{shown}` has mode {mode:o} from the original, {other:o} from the result")
            }
            (Some(FileSnapshot::File(_, x)), Some(FileSnapshot::File(_, y))) => {
                first_difference(&format!("`{shown}`"), x, y)
            }
            (Some(_), None) => format!("the result does not leave `{shown}`"),
            (None, Some(_)) => format!("the result leaves `{shown}`, the original does not"),
            _ => format!("`{shown}` is of another kind"),
        };
        look(format!("`{shown}`"), a == b, a == c, text);
    }
    (found, unsteady)
}

fn status(status: i32) -> String {
    match status {
        129..=192 => format!("signal {}", status - 128),
        other => format!("status {other}"),
    }
}

/// The first line in which two texts differ.
fn first_difference(name: &str, a: &[u8], b: &[u8]) -> String {
    let lines = |bytes: &[u8]| bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (a, b) = (lines(a), lines(b));
    let at = (0..a.len().max(b.len())).find(|i| a.get(*i) != b.get(*i)).unwrap_or(0);
    let shown = |line: Option<&Vec<u8>>| match line {
        Some(line) => {
            let text: String = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
            format!("`{}`", text.escape_debug())
        }
        None => "nothing".into(),
    };
    format!("{name}, line {}: {} from the original, {} from the result", at + 1, shown(a.get(at)), shown(b.get(at)))
}

/// Characters of a line that are shown.
const SHOWN: usize = 100;

/// A working directory is copied up to this size and this number of files.
const LIMIT: (u64, usize) = (256 << 20, 20_000);

/// Copies a directory with what is in it.
///
/// # Errors
/// One that is too large, or can't be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut left = LIMIT;
    copy_into(from, to, &mut left)
}

fn copy_into(from: &Path, to: &Path, left: &mut (u64, usize)) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, place, facts) = (entry.path(), to.join(entry.file_name()), entry.metadata()?);
        let smaller = left.0.checked_sub(facts.size()).zip(left.1.checked_sub(1));
        *left = smaller.ok_or_else(|| io::Error::other("it is too large"))?;
        if facts.is_dir() {
            copy_into(&path, &place, left)?;
        } else if facts.is_symlink() {
            symlink(fs::read_link(&path)?, &place)?;
        } else if facts.is_file() {
            fs::copy(&path, &place)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// All that is in a directory.
///
/// # Errors
/// A directory that can't be read.
pub(crate) fn files(dir: &Path) -> io::Result<BTreeMap<PathBuf, FileSnapshot>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![PathBuf::new()];
    while let Some(below) = todo.pop() {
        for entry in fs::read_dir(dir.join(&below))? {
            let entry = entry?;
            let (path, facts) = (below.join(entry.file_name()), entry.metadata()?);
            let what = if facts.is_dir() {
                todo.push(path.clone());
                FileSnapshot::Directory
            } else if facts.is_symlink() {
                FileSnapshot::Link(fs::read_link(entry.path())?)
            } else if facts.is_file() {
                FileSnapshot::File(facts.permissions().mode() & 0o7777, fs::read(entry.path()).unwrap_or_default())
            } else {
                FileSnapshot::Other
            };
            found.insert(path, what);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(stdout: &str, status: i32, files: &[(&str, &str)]) -> RunResult {
        let file = |(n, t): &(&str, &str)| (PathBuf::from(n), FileSnapshot::File(0o644, t.as_bytes().to_vec()));
        RunResult { status, stdout: stdout.into(), stderr: vec![], files: files.iter().map(file).collect() }
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        let original = trace("a\nb\n", 0, &[("x", "1"), ("y", "2")]);
        let said = |result: &RunResult| differences(&original, &original, result).0;
        assert!(said(&original).is_empty());
        assert_eq!(
            said(&trace("a\nc\n", 0, &[("x", "1"), ("y", "2")])),
            ["stdout, line 2: `b` from the original, `c` from the result"]
        );
        assert_eq!(
            said(&trace("a\nb\n", 139, &[("x", "1"), ("z", "3")])),
            [
                "the original ends with status 0, the result with signal 11",
                "the result does not leave `y`",
                "the result leaves `z`, the original does not"
            ]
        );
        assert_eq!(
            said(&trace("a\nb\n", 0, &[("x", "9"), ("y", "2")])),
            ["`x`, line 1: `1` from the original, `9` from the result"]
        );
    }

    #[test]
    fn what_the_original_does_differently_each_time_says_nothing() {
        let (original, again) = (trace("10:00\n", 0, &[]), trace("10:01\n", 0, &[]));
        let (found, unsteady) = differences(&original, &again, &trace("10:02\n", 1, &[]));
        assert_eq!(unsteady, ["stdout"]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_directory_is_copied_and_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/c"), "text").unwrap();
        symlink("a/b", dir.path().join("link")).unwrap();
        let to = tempfile::tempdir().unwrap();
        copy(dir.path(), to.path()).unwrap();
        let copied = files(to.path()).unwrap();
        assert_eq!(copied, files(dir.path()).unwrap());
        assert_eq!(copied.get(Path::new("link")), Some(&FileSnapshot::Link("a/b".into())));
    }
}
