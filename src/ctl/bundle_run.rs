//! Runs of a bundle: as a root of its own, and then in a directory of an empty root.

use super::output::{Reported, report_error_as};
use super::printed::{last_words, printed};
use crate::bundle::bundle_dir;
use crate::bundle::touched::BundleFiles;
use crate::message;
use crate::options::exit_codes::EXIT_NO;
use crate::rootfs::tree::FileTree;
use crate::run::{self, Ended};
use crate::sandbox::root::Root;
use crate::sandbox::{self, JailError, Trial};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One run of the original.
pub(super) struct BundleRun {
    /// Program and arguments.
    pub(super) words: Vec<OsString>,
    pub(super) ended: Ended,
    pub(super) timed_out: bool,
    pub(super) wall: Duration,
    pub(super) output: Vec<u8>,
}

/// What runs of a bundle showed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Checked {
    /// As a root it does what the original did; none if that was not tried.
    pub(super) as_root: Option<bool>,
    /// So it does in a directory of another root.
    pub(super) anywhere: Option<bool>,
}

/// Where the bundle is in the second run.
const ELSEWHERE: &str = "/opt/bundle";

/// The least time that a run gets.
const LEAST: Duration = Duration::from_secs(10);

/// Runs all that ended by itself. Something that is printed differently is a warning.
///
/// # Errors
/// One that ends otherwise than the original as a root.
pub(super) fn check(tree: &FileTree, files: &BundleFiles, runs: &[BundleRun]) -> Result<Checked, Reported> {
    let writable = |directory: &&PathBuf| directory.starts_with("/tmp") && has_tmp(tree);
    if let Some(directory) = files.written.iter().find(|directory| !writable(directory)) {
        message::note(format!(
            "the bundle was not run: the program writes to `{}`, and its root is read-only",
            directory.display()
        ));
        return Ok(Checked::default());
    }
    let mut checked = Checked::default();
    for run in runs {
        if run.timed_out {
            message::note(format!("`{}` was ended, so the bundle was not run like that", run::shell_line(&run.words)));
            continue;
        }
        let (ended, output) = match in_root(tree, run, Path::new("/")) {
            Ok(answer) => answer,
            Err(error) => {
                message::note(format!("the bundle was not run: {error}"));
                return Ok(Checked::default());
            }
        };
        if ended != run.ended {
            return Err(refused(run, ended, &output));
        }
        let same = output == run.output;
        if !same {
            message::warning(format!("in the bundle `{}` prints something else", run::shell_line(&run.words)));
        }
        checked.as_root = Some(checked.as_root.unwrap_or(true) && same);
        if same {
            checked.anywhere = Some(checked.anywhere.unwrap_or(true) && elsewhere(tree, run));
        }
    }
    Ok(checked)
}

/// How a run ended, for messages.
pub(super) fn how(ended: Ended) -> String {
    match ended {
        Ended::Exited(status) => format!("ends with status {status}"),
        Ended::Killed(signal) => format!("is ended by signal {signal}"),
    }
}

fn refused(run: &BundleRun, ended: Ended, output: &[u8]) -> Reported {
    let last = last_words(output);
    let line = run::shell_line(&run.words);
    let error = format!("in the bundle `{line}` {}{last}, and before {}", how(ended), how(run.ended));
    report_error_as(EXIT_NO, error, Some("--no-verify writes it, for `staticctl try --root DIR --trace`".into()))
}

/// Whether it does the same in a directory of an empty root.
fn elsewhere(tree: &FileTree, run: &BundleRun) -> bool {
    let directory = Path::new(ELSEWHERE);
    let Ok(moved) = bundle_dir::moved(tree, directory) else { return false };
    let (from, to) = (format!("{ELSEWHERE}/"), "/");
    match in_root(&moved, run, directory) {
        Ok((ended, output)) => {
            ended == run.ended
                && String::from_utf8_lossy(&output).replace(&from, to) == String::from_utf8_lossy(&run.output)
        }
        Err(_) => false,
    }
}

/// Whether there is a `/tmp` to write to: it would hide one of the bundle's.
fn has_tmp(tree: &FileTree) -> bool {
    tree.get(Path::new("/tmp")).is_none()
}

/// Runs the bundle with its files below `top`.
fn in_root(tree: &FileTree, run: &BundleRun, top: &Path) -> Result<(Ended, Vec<u8>), JailError> {
    let mut output = tempfile::tempfile().map_err(|e| JailError::io("no temporary file can be made", &e))?;
    // Paths of the bundle's are where it is.
    let place = |word: &OsString| -> OsString {
        let path = Path::new(word);
        match path.strip_prefix("/") {
            Ok(below) if tree.get(&top.join(below)).is_some() => top.join(below).into(),
            _ => word.clone(),
        }
    };
    let argv: Vec<OsString> = run.words.iter().map(place).collect();
    let here = std::env::current_dir().ok().map(|dir| top.join(dir.strip_prefix("/").unwrap_or(&dir)));
    let directory = here.filter(|dir| tree.get(dir).is_some());
    let environment = run::environment();
    let tmp = has_tmp(tree);
    let outcome = sandbox::run_trial(&Trial {
        root: Root { tree: Some(tree), tmp, dev: true, proc: true, resolver: true, ..Root::default() },
        program: argv.first().map_or(&[][..], |program| program.as_bytes()),
        argv: &argv,
        environment: &environment,
        host_network: true,
        trace: false,
        watch: Some(LEAST.max(run.wall * 5)),
        output: Some(&output),
        directory: Some(directory.as_deref().unwrap_or(top)),
    })?;
    let printed = printed(&mut output).map_err(|e| JailError::io("its output can't be read", &e))?;
    Ok((outcome.ended, printed))
}
