//! A compiler of another language than C and C++: run as it was called, with a linker of ours.
//!
//! Such compilers know best which libraries their language needs, and in what order. What they call in the end is a
//! linker, which GCC and Clang look for along COMPILER_PATH; there it is this program: [`linker_net`](super::linker_net).

use super::command::{not_run, replaced_by};
use super::linker_net::{NetLink, net_link};
use crate::message;
use crate::options;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::run::capture::capture;
use crate::run::{self, Command, Ended, Guard};
use crate::session::{own_programs, shim_dir};
use crate::settings::{COMPILER_PATH, Settings};
use crate::toolchain::find::{self, Chain};
use crate::toolchain::front_end::{CalledFrontEnd, LinkedThrough};
use crate::toolchain::packed;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Runs the front end; returns its exit status, unless it execs.
pub(super) fn run_front_end(settings: &Settings, called: CalledFrontEnd<'_>, words: &[OsString]) -> i32 {
    let command = match command(settings, called) {
        Ok(command) => command.args(words.iter().cloned()),
        Err((error, hint)) => {
            message::error(error);
            if let Some(hint) = hint {
                message::hint(hint);
            }
            return EXIT_FAILURE;
        }
    };
    let linkers = match own_programs::home(settings).and_then(|home| shim_dir::linker_dir(settings, &home)) {
        Ok(linkers) => linkers,
        Err(error) => {
            message::error(format!("no directory for a linker of ours can be made: {error}"));
            message::hint("set XDG_CACHE_HOME or TMPDIR to a writable directory");
            return EXIT_FAILURE;
        }
    };
    let command = command
        .env(COMPILER_PATH, linkers.compiler_path(settings.compiler_path.as_deref()))
        .env(options::LINKER_NET.name, options::LINKER_NET_STRICT);
    if linkers.is_kept() {
        return replaced_by(&command);
    }
    let guard = Guard::install();
    match guard.run_command(&command) {
        Ok(ran) => match ran.ended {
            Ended::Exited(status) => status,
            Ended::Killed(signal) => {
                drop(linkers);
                run::die_by(signal)
            }
        },
        Err(error) => not_run(&command, &error),
    }
}

/// The link that a call of GCC's front ends makes, as our linker would get it; none if it links nothing, or is of a front
/// end that does not show what it runs.
pub(crate) fn link_of(settings: &Settings, called: CalledFrontEnd<'_>, words: &[OsString]) -> Option<NetLink> {
    if called.front_end.links != LinkedThrough::Ld {
        return None;
    }
    let command = command(settings, called).ok()?;
    let shown = capture(&command.clone().args(words.iter().cloned()).arg("-###").env("LC_ALL", "C")).ok()?;
    let shown = String::from_utf8_lossy(&shown.stderr).into_owned();
    let is_linker = |line: &&str| {
        let program = line.split_whitespace().next().unwrap_or_default();
        program.ends_with("/collect2") || program.ends_with("/ld")
    };
    let line = shown.lines().rfind(is_linker)?;
    let options = shown.lines().filter_map(|l| l.strip_prefix("COLLECT_GCC_OPTIONS=")).next_back();
    let line: Vec<OsString> = shlex::split(line)?.into_iter().skip(1).map(OsString::from).collect();
    let as_linker = Settings {
        collect_gcc: Some(command.program),
        collect_gcc_options: options.map(OsString::from),
        ..settings.clone()
    };
    net_link(&as_linker, "ld", &line)
}

/// The front end's own program: what STATICCXX_FC names, the next program of the name that we were called by, or the first
/// of its usual names.
///
/// # Errors
/// The error and a hint.
pub(crate) fn command(settings: &Settings, called: CalledFrontEnd<'_>) -> Result<Command, (String, Option<String>)> {
    let front_end = called.front_end;
    if let (Some(line), None) = (&settings.fc, called.name) {
        let variable = options::FC.name;
        let said = line.to_string_lossy();
        let words = find::split(line).ok_or_else(|| (format!("`{variable}` has an unmatched quote: {said}"), None))?;
        let found = words.first().and_then(|w| program(settings, w));
        let error = || (format!("`{said}`, named by `{variable}`, was not found or is this program"), None);
        return Ok(Command::new([found.ok_or_else(error)?]).args(words.into_iter().skip(1)));
    }
    let names: Vec<&OsStr> = match called.name {
        Some(name) => vec![name],
        None => front_end.names.iter().map(OsStr::new).collect(),
    };
    let in_tree = |name: &&OsStr| {
        let program = packed::own_tree(settings)?.join("usr/bin").join(name);
        program.is_file().then_some(program)
    };
    let found = names.iter().find_map(in_tree).or_else(|| names.iter().find_map(|name| program(settings, name)));
    let found = found.ok_or_else(|| {
        let looked_for: Vec<String> = names.iter().map(|n| format!("`{}`", n.to_string_lossy())).collect();
        let error = format!("no {} compiler was found: looked for {}", front_end.language, looked_for.join(", "));
        (error, front_end.install_hint())
    })?;
    Ok(Command::new([found]))
}

/// The first program of a name on PATH that is none of ours.
fn program(settings: &Settings, name: &OsStr) -> Option<PathBuf> {
    let path = shim_dir::path_without_shim_dirs(settings);
    let mut candidates: Vec<PathBuf> = Vec::new();
    if name.as_encoded_bytes().contains(&b'/') {
        candidates.extend(find::program(name, settings, &Chain::default()));
    } else {
        candidates.extend(which::which_in_all(name, Some(&path), "/").into_iter().flatten());
    }
    let is_foreign = own_programs::is_foreign(settings);
    candidates.into_iter().find(|p| p.is_absolute() && is_foreign(p))
}
