//! The command as it is run: with a response file if it is too long, and with the colours that the user would see
//! without us.

use super::compile::as_it_is;
use super::link_job::LinkJob;
use crate::args::lexer::Arg;
use crate::args::response;
use crate::message;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::run::{self, Command};
use crate::settings::Settings;
use std::ffi::OsString;
use std::io::{self, Write};

/// Adds the option for colours if the compiler, writing to the terminal instead of our pipe, would use them.
pub(super) fn coloured(settings: &Settings, job: &LinkJob, command: Command) -> Command {
    let said = |a: &Arg| a.word.as_encoded_bytes().windows(11).any(|w| w == b"diagnostics") && a.row.is_none();
    let wanted = settings.colours && message::is_terminal() && !job.request.args.iter().any(said);
    if wanted { command.arg("-fdiagnostics-color=always") } else { command }
}

/// The command, with a response file if its arguments are too long, and the guard that deletes that file. Not with
/// empty arguments, which not every reader of response files supports.
pub(super) fn shortened(job: &LinkJob, full: &Command) -> io::Result<(Command, Option<tempfile::TempPath>)> {
    let length: usize = job.plan.argv.iter().map(|w| w.len() + 1 + std::mem::size_of::<usize>()).sum();
    let limit = if job.request.used_files { LONG_WITH_FILES } else { LONG_ARGUMENTS };
    if length <= limit || job.plan.argv.iter().any(|w| w.is_empty()) {
        return Ok((full.clone(), None));
    }
    let mut file = tempfile::Builder::new().prefix("staticcxx").suffix(".rsp").tempfile()?;
    file.write_all(&response::quote(&job.plan.argv))?;
    let path = file.into_temp_path();
    let mut word = OsString::from("@");
    word.push(path.as_os_str());
    Ok((as_it_is(&job.selected, &[word]), Some(path)))
}

/// Replaces this process; returns, with its exit status, only if that fails.
pub(super) fn replaced_by(command: &Command) -> i32 {
    let error = run::exec(command);
    not_run(command, &error)
}

/// Says that a command can't be run; gives the exit status for that.
pub(super) fn not_run(command: &Command, error: &io::Error) -> i32 {
    message::error(format!("`{}` can't be run: {error}", command.program.to_string_lossy()));
    EXIT_FAILURE
}

/// The longest arguments without a response file, in bytes: Linux limits argv and environment together to a quarter of
/// the stack limit, 2 MiB by default.
const LONG_ARGUMENTS: usize = 512 * 1024;

/// The same for a call that came with a response file, so that the driver uses one for the programs that it runs too.
const LONG_WITH_FILES: usize = 64 * 1024;
