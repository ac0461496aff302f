//! What every step of an install shares: the inputs, the work directory, the log, and the errors.

use super::build_inputs::Inputs;
use super::prerequisites::MissingPrerequisite;
use crate::embedded::EmbeddedFiles;
use crate::message::size::size;
use crate::run::{Command, Ended, Guard};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why there is no toolchain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InstallError {
    /// Something is missing or unfit.
    #[error("{} prerequisite(s) missing", .0.len())]
    Missing(Vec<MissingPrerequisite>),
    /// There is nowhere to put it.
    #[error("no data directory: neither HOME nor XDG_DATA_HOME is set")]
    NoHome,
    /// The disk is too full.
    #[error("`{}` has {} free, {} are needed", dir.display(), size(*has), size(*needs))]
    Space { dir: PathBuf, has: u64, needs: u64 },
    /// A file could not be read or written.
    #[error("{doing}: {error}")]
    Io { doing: String, error: io::Error },
    #[error("{what} failed: {line}; the full log is `{}`", log.display())]
    Command {
        /// The command, in short.
        what: String,
        line: String,
        log: PathBuf,
    },
    /// A source is not as expected.
    #[error("{0}")]
    Unfit(String),
    /// The new toolchain does not pass its tests.
    #[error("the toolchain fails its own tests: {0}; `--force` builds it from scratch")]
    Tests(String),
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
}

impl InstallError {
    /// An error of a file.
    pub(crate) fn io(doing: impl Into<String>, error: io::Error) -> InstallError {
        InstallError::Io { doing: doing.into(), error }
    }
}

/// Where a build is done: its inputs, its directory, its log.
pub(crate) struct BuildContext<'a> {
    pub inputs: &'a Inputs,
    pub work: PathBuf,
    pub log: PathBuf,
    pub jobs: usize,
    /// Passes signals on to the commands.
    pub guard: &'a Guard,
}

/// Variables that would change what is built.
pub(crate) const CLEARED: [&str; 19] = [
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LIBS",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "CONFIG_SITE",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "GCC_EXEC_PREFIX",
    "COMPILER_PATH",
    "LANGUAGE",
    "LANG",
];

impl BuildContext<'_> {
    /// Unpacks sources that the build script packed into a directory of this name, anew; gives its path.
    ///
    /// # Errors
    /// Files that can't be written.
    pub(crate) fn unpacked(&self, name: &str, packed: EmbeddedFiles) -> Result<PathBuf, InstallError> {
        let dir = self.work.join(name);
        let _ = fs::remove_dir_all(&dir);
        packed.archive().unpack(&dir).map_err(|e| InstallError::io(format!("unpacking `{name}`"), e))?;
        Ok(dir)
    }

    /// Runs `make` in a directory with all jobs.
    ///
    /// # Errors
    /// Its failure, or the signal that ended it.
    pub(crate) fn make(&self, dir: &Path, args: &[&str]) -> Result<(), InstallError> {
        let jobs = format!("-j{}", self.jobs);
        self.run_logged(Command::new([&self.inputs.make]).arg(jobs).args(args).in_dir(dir))
    }

    /// Runs a short command on files.
    ///
    /// # Errors
    /// As [`BuildContext::run_logged`].
    pub(crate) fn quick(&self, words: &[&str], paths: impl IntoIterator<Item = PathBuf>) -> Result<(), InstallError> {
        self.run_logged(Command::new(words.iter().map(OsString::from)).args(paths))
    }

    /// Runs a command with its output going to the log.
    ///
    /// # Errors
    /// Its failure with the most telling line of its output, or the signal that ended it or came meanwhile.
    pub(crate) fn run_logged(&self, mut command: Command) -> Result<(), InstallError> {
        let broken = |e| InstallError::io(format!("writing `{}`", self.log.display()), e);
        let mut log = OpenOptions::new().create(true).append(true).open(&self.log).map_err(broken)?;
        writeln!(log, "\n$ {}", command.shell()).map_err(broken)?;
        let from = log.metadata().map_err(broken)?.len();
        command.env.extend_from_slice(&self.inputs.env);
        command.env_remove.extend(CLEARED.map(OsString::from));
        let what = Path::new(&command.program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ran = self.guard.run_into(&command, &log).map_err(|e| InstallError::io(format!("starting `{what}`"), e))?;
        if let Some(signal) = ran.interrupted {
            return Err(InstallError::Interrupted(signal));
        }
        match ran.ended {
            Ended::Exited(0) => Ok(()),
            Ended::Killed(signal) => Err(InstallError::Interrupted(signal)),
            Ended::Exited(_) => {
                Err(InstallError::Command { what, line: telling(&self.log, from), log: self.log.clone() })
            }
        }
    }

    /// A signal that came between two commands.
    pub(super) fn uninterrupted(&self) -> Result<(), InstallError> {
        self.guard.caught().map_or(Ok(()), |signal| Err(InstallError::Interrupted(signal)))
    }
}

/// The most telling line of a log from an offset on.
fn telling(log: &Path, from: u64) -> String {
    const TELLING: [&str; 5] = ["No space left", "error:", "Error: ", "cannot", "E: "];
    let bytes = fs::read(log).unwrap_or_default();
    let text =
        String::from_utf8_lossy(bytes.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default()).into_owned();
    let line = TELLING.iter().find_map(|t| text.lines().find(|l| l.contains(t)));
    line.or_else(|| text.lines().last()).unwrap_or_default().trim().to_owned()
}
