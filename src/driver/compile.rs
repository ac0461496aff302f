//! Compiler commands, and the options that are added to compile calls.

use super::{hardened_compile, hermetic};
use crate::args::Request;
use crate::args::option_table::Role;
use crate::run::{Command, caller};
use crate::settings::Settings;
use crate::toolchain::Selected;
use nix::unistd::{AccessFlags, access};
use std::ffi::OsString;
use std::path::Path;

/// Options that write files named after the output, or show the driver's steps; the beginnings of their words.
pub(super) const ONE_CALL: [&str; 34] = [
    "--coverage",
    "--dump",
    "--save-temps",
    "--serialize-diagnostics",
    "-MD",
    "-MF",
    "-MG",
    "-MJ",
    "-MMD",
    "-MP",
    "-MQ",
    "-MT",
    "-Q",
    "-Wp,-M",
    "-aux-info",
    "-d",
    "-emit-",
    "-fauto-profile",
    "-fbranch-probabilities",
    "-fcallgraph-info",
    "-fdump",
    "-foptimization-record",
    "-fprofile",
    "-fsave-optimization-record",
    "-fstack-usage",
    "-ftest-coverage",
    "-ftime-",
    "-gsplit-dwarf",
    "-save-stats",
    "-save-temps",
    "-serialize-diagnostics",
    "-time",
    "-working-directory",
    "-wrapper",
];

/// The call with the toolchain's own words put before it.
pub(super) fn as_it_is(selected: &Selected, words: &[OsString]) -> Command {
    let front = selected.launcher.iter().chain(&selected.compiler).chain(&selected.compile_args);
    let mut command = Command::new(front.chain(words).cloned());
    command.env.clone_from(&selected.env);
    command
}

/// The options that settings add to each call that compiles.
pub(super) fn added(settings: &Settings, request: &Request, selected: &Selected) -> Vec<OsString> {
    let hardening = hardened_compile::compile_args(settings, request, selected);
    small(settings).chain(hardening).chain(hermetic::compile_args(settings, request, selected)).collect()
}

/// The options that put each function and variable into its own section, if small programs are requested.
fn small(settings: &Settings) -> impl Iterator<Item = OsString> {
    let words: &[&str] = if settings.small { &["-ffunction-sections", "-fdata-sections"] } else { &[] };
    words.iter().map(OsString::from)
}

/// `-pipe`, which runs GCC's compiler and assembler in parallel without a temporary file, and saves a fifth of the time
/// of a small compilation. The object is identical. Not with a closed stream, whose number the pipe would get. Not if the user wants to see the driver's steps or their files (GCC
/// then reports that it ignores `-pipe`), and only for compilers with GCC's names: others have a built-in assembler.
pub(super) fn pipe(request: &Request, selected: &Selected) -> Option<OsString> {
    const SEEN: [&str; 5] = ["-save-temps", "--save-temps", "-time", "-wrapper", "-pipe"];
    let seen = |word: &[u8]| SEEN.iter().any(|s| word.starts_with(s.as_bytes()));
    let shown = request.dry_run
        || request.verbose
        || request.args.iter().any(|a| a.role() == Some(Role::Verbose) || seen(a.word.as_encoded_bytes()));
    (!shown && !caller::closed_a_stream() && selected.is_gcc_by_name() && can_be_written(request))
        .then(|| "-pipe".into())
}

/// Whether the output can be written: otherwise the compiler dies of a broken pipe, and the driver's exit status
/// differs from that without `-pipe`.
fn can_be_written(request: &Request) -> bool {
    let writable = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    let Some(output) = request.output.as_deref().map(Path::new) else { return writable(Path::new(".")) };
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    writable(parent) && (!output.exists() || writable(output))
}
