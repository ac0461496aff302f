//! Runs a program in an empty root: `staticctl try`, and the observed run of `staticctl image --auto`.
//!
//! | file | what |
//! |---|---|
//! | [`root`] | a read-only root in memory, made from a tree of files |
//! | [`allowed`] | why a machine refuses namespaces, and what to do |
//!
//! What happens between clone and exec, and the tracing, is in [`crate::run::jail`].

pub(crate) mod allowed;
pub(crate) mod root;

pub(crate) use crate::run::attempt::{Attempt, FileAccess};
pub(crate) use crate::run::jail::{JailOutcome, NONROOT};
pub(crate) use crate::run::keeper_pipe::JailError;

use crate::run::jail::{self, Jail, Watched};
use nix::sched::CloneFlags;
use root::Root;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// A run to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trial<'a> {
    pub root: Root<'a>,
    /// Path of the program in it.
    pub program: &'a [u8],
    /// The working directory in it, where that can be entered; its root without.
    pub directory: Option<&'a Path>,
    /// Its arguments, `argv[0]` first.
    pub argv: &'a [OsString],
    pub environment: &'a [(OsString, OsString)],
    /// It shares the machine's network.
    pub host_network: bool,
    /// Report which files it failed to open.
    pub trace: bool,
    /// It is watched, without input, for at most this time.
    pub watch: Option<Duration>,
    /// Where the output of a watched program goes, at most [`MOST_OUTPUT`] bytes of it; it is lost without.
    pub output: Option<&'a File>,
}

/// What a watched program may print, in bytes, before it is ended by a signal.
const MOST_OUTPUT: u64 = 16 << 20;

/// Runs it to its end. Never without the namespaces: where they are refused, nothing runs.
///
/// # Errors
/// The step that failed.
pub(crate) fn run_trial(trial: &Trial<'_>) -> Result<JailOutcome, JailError> {
    let string = |bytes: &[u8]| {
        CString::new(bytes).map_err(|_| JailError::new("a zero byte can't be passed", nix::errno::Errno::EINVAL))
    };
    let variable = |(name, value): &(OsString, OsString)| string(&[name.as_bytes(), b"=", value.as_bytes()].concat());
    let mut namespaces = CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    if !trial.host_network {
        namespaces |= CloneFlags::CLONE_NEWNET;
    }
    let watched = match trial.watch {
        None => None,
        Some(limit) => {
            let sink = match trial.output {
                Some(file) => file.try_clone().map_err(|e| JailError::io("the file for output can't be shared", &e)),
                None => {
                    let null = File::options().write(true).open("/dev/null");
                    null.map_err(|e| JailError::io("`/dev/null` can't be opened", &e))
                }
            };
            Some(Watched { sink: sink?, limit, largest_file: trial.output.map(|_| MOST_OUTPUT) })
        }
    };
    let own_network = !trial.host_network;
    jail::run_in_jail(&Jail {
        namespaces,
        program: string(trial.program)?,
        argv: trial.argv.iter().map(|a| string(a.as_bytes())).collect::<Result<_, _>>()?,
        environment: trial.environment.iter().map(variable).collect::<Result<_, _>>()?,
        prepare: &|| {
            if own_network {
                root::raise_loopback();
            }
            trial.root.build()?;
            if let Some(directory) = trial.directory {
                let _ = nix::unistd::chdir(directory);
            }
            Ok(())
        },
        trace: trial.trace,
        watched,
    })
}

/// The path of a program in its root: `/NAME`.
pub(crate) fn place(program: &Path) -> Vec<u8> {
    let name = program.file_name().unwrap_or(OsStr::new("program"));
    [b"/", name.as_bytes()].concat()
}
