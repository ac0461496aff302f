//! `staticctl convert --verify`: original and result are run, and what they did is compared.

use super::output::{Reported, report_error};
use crate::message;
use crate::program::compare::{self, RunResult};
use crate::run::{self, Command};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

/// Runs both with the same arguments and input, and reports differences. Gives whether there are none.
///
/// `limit`: how long each run may take.
pub(super) fn same_behaviour(
    original: &Path,
    result: &Path,
    arguments: &[OsString],
    limit: Duration,
) -> Result<bool, Reported> {
    let (said, unsteady) = look(original, result, arguments, limit).map_err(|e| {
        let hint = match e.kind() {
            io::ErrorKind::TimedOut => "--timeout SECONDS allows more; a program that does not end can't be compared",
            _ => "--verify runs in a copy of the working directory: `cd` to a small one",
        };
        report_error(format!("original and result can't be compared: {e}"), Some(hint.into()))
    })?;
    for what in unsteady {
        message::note(format!("{what} differs between two runs of the original: it is not compared"));
    }
    for difference in &said {
        message::error(difference);
    }
    if !said.is_empty() {
        message::hint("nothing was written; without --verify the result is kept");
    }
    Ok(said.is_empty())
}

fn look(
    original: &Path,
    result: &Path,
    arguments: &[OsString],
    limit: Duration,
) -> io::Result<(Vec<String>, Vec<String>)> {
    let original = original.canonicalize()?;
    let result = result.canonicalize()?;
    let here = std::env::current_dir()?;
    let work = tempfile::Builder::new().prefix("staticcxx").tempdir()?;
    let input = work.path().join("input");
    let mut written = File::create(&input)?;
    if !message::input_is_terminal() {
        io::copy(&mut io::stdin().lock(), &mut written)?;
    }
    let once = |program: &Path| -> io::Result<RunResult> {
        // The same path each time: it may be part of the output.
        let dir = work.path().join("run");
        compare::copy(&here, &dir)?;
        let command = Command::new([program.as_os_str()]).args(arguments).in_dir(&dir).named(original.as_os_str());
        let said = run::capture::capture_fed_within(&command, File::open(&input)?, limit)?;
        let status = said.status.code().or(said.status.signal().map(|s| 128 + s)).unwrap_or(-1);
        let files = compare::files(&dir)?;
        fs::remove_dir_all(&dir)?;
        Ok(RunResult { status, stdout: said.stdout, stderr: said.stderr, files })
    };
    let (first, again) = (once(&original)?, once(&original)?);
    Ok(compare::differences(&first, &again, &once(&result)?))
}
