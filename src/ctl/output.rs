//! What a command prints at its end: its product, or an error with a hint.

use crate::files::{overwrites, workplace};
use crate::message;
use crate::options::exit_codes::EXIT_ERROR;
use crate::settings::{self, Settings};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An error was reported to the user; what is left of it is the exit status.
pub(super) struct Reported(pub(super) u8);

/// Reports an error with a hint; the exit status is [`EXIT_ERROR`].
pub(super) fn report_error(error: impl std::fmt::Display, hint: Option<String>) -> Reported {
    report_error_as(EXIT_ERROR, error, hint)
}

/// Reports an error with a hint and an exit status of its own.
pub(super) fn report_error_as(status: u8, error: impl std::fmt::Display, hint: Option<String>) -> Reported {
    message::error(error);
    if let Some(hint) = hint {
        message::hint(hint);
    }
    Reported(status)
}

/// Reports an error with a hint and gives the exit status for it.
pub(super) fn fail(error: impl std::fmt::Display, hint: Option<String>) -> u8 {
    report_error(error, hint).0
}

/// This program's own file.
///
/// # Errors
/// It can't be known; that was said.
pub(super) fn this_program(settings: &Settings) -> Result<PathBuf, Reported> {
    settings::own_program(settings.path.as_deref()).ok_or_else(|| {
        let hint = "mount -t proc proc /proc, or call it by a name that is on PATH";
        report_error("where this program is can't be known: there is no /proc", Some(hint.into()))
    })
}

/// Reports a path that can't be written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Reported {
    report_error(format!("`{}` can't be written: {error}", path.display()), None)
}

/// A directory on the output's file system, so that the result can be renamed into place.
pub(super) fn temporary_beside(output: &Path, into_directory: bool, prefix: &str) -> Result<TempDir, Reported> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(Permissions::from_mode(0o755));
    let beside = output.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = if into_directory { Ok(beside.to_owned()) } else { workplace(output) };
    place.and_then(|dir| builder.tempdir_in(dir)).map_err(|e| unwritable(output, &e))
}

/// Refuses an output that would destroy an input.
///
/// # Errors
/// It would; that was said.
pub(super) fn keep_inputs<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Reported> {
    match inputs.into_iter().find(|input| overwrites(output, input)) {
        Some(input) => {
            let error = format!("input file `{}` is the same as output file", input.display());
            Err(report_error(error, Some("name another file with `-o`".into())))
        }
        None => Ok(()),
    }
}

/// Writes the product of a command to stdout; `status` is the exit status if that works.
pub(super) fn produce(text: &str, status: u8) -> u8 {
    match message::product(text) {
        Ok(()) => status,
        Err(e) => fail(format!("stdout can't be written: {e}"), None),
    }
}
