//! `staticctl try`.

use super::cli_args::{Network, TryArgs};
use super::output::{Reported, report_error_as};
use crate::check::{self, CallEvidence, Expect, Failure, Image, ReadError, judge, target};
use crate::image::config;
use crate::image::from_trace::{Remedy, remedy};
use crate::image::parts;
use crate::message;
use crate::options::exit_codes::{EXIT_NO_ROOT, EXIT_NOT_FOUND, EXIT_NOT_RUNNABLE};
use crate::rootfs::tree::{FileContent, FileTree, Node};
use crate::run::{self, Ended};
use crate::sandbox::root::Root;
use crate::sandbox::{self, Attempt, FileAccess, JailError, Trial, allowed};
use crate::settings::Settings;
use nix::libc;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is to be run, and where it stands.
struct TriedProgram {
    /// Its path in the root.
    place: Vec<u8>,
    /// Its file, if it is to be put there.
    file: Option<PathBuf>,
    facts: Image,
}

/// Runs a program in an empty root. Gives its exit status; ends by its signal.
pub(crate) fn run(settings: &Settings, args: &TryArgs) -> u8 {
    match prepare_and_run(settings, args) {
        Ok(Ended::Exited(code)) => u8::try_from(code & 0xff).unwrap_or(EXIT_NO_ROOT),
        Ok(Ended::Killed(signal)) => run::die_like(signal),
        Err(Reported(status)) => status,
    }
}

fn prepare_and_run(settings: &Settings, args: &TryArgs) -> Result<Ended, Reported> {
    let Some((name, arguments)) = args.command.split_first() else { return Err(Reported(EXIT_NO_ROOT)) };
    let program = find(settings, name, args.root.as_deref())?;
    let mut tree = FileTree::default();
    let put = |tree: &mut FileTree| -> Result<(), String> {
        if let Some(file) = &program.file {
            let content = FileContent::File(file.clone(), program.facts.bytes);
            let place = Path::new(OsStr::from_bytes(&program.place));
            tree.put(place, Node::File { content, executable: true }, "the program").map_err(|e| e.to_string())?;
        }
        if args.with_etc { parts::etc(tree).map_err(|e| e.to_string()) } else { Ok(()) }
    };
    put(&mut tree).map_err(|e| report_error_as(EXIT_NO_ROOT, e, None))?;
    if args.with_etc && args.root.as_ref().is_some_and(|r| r.join("etc").exists()) {
        message::warning("--with-etc adds nothing: the directory of --root has an /etc of its own");
    }
    let environment = environment(args)?;
    let argv: Vec<OsString> =
        std::iter::once(OsString::from_vec(program.place.clone())).chain(arguments.iter().cloned()).collect();
    let outcome = sandbox::run_trial(&Trial {
        root: Root {
            tree: Some(&tree),
            base: args.root.as_deref(),
            without: &[],
            instead: None,
            tmp: args.with_tmp,
            dev: args.with_dev,
            proc: args.with_proc,
            resolver: args.with_etc && args.net == Network::Host,
            terminals: args.trace,
        },
        program: &program.place,
        argv: &argv,
        environment: &environment,
        host_network: args.net == Network::Host,
        trace: args.trace,
        watch: None,
        output: None,
        directory: None,
    });
    let outcome = outcome.map_err(|error| explain(&error, &program, name))?;
    if args.trace {
        report(&outcome.attempts);
    }
    Ok(outcome.ended)
}

fn environment(args: &TryArgs) -> Result<Vec<(OsString, OsString)>, Reported> {
    let mut all = if args.clear_env { Vec::new() } else { run::environment() };
    for text in &args.env {
        let (name, value) = config::pair("--env", text).map_err(|e| report_error_as(EXIT_NO_ROOT, e, None))?;
        all.retain(|(n, _)| *n != *name);
        all.push((name.into(), value.into()));
    }
    Ok(all)
}

/// Looks for the program: in the root that was given, then here, then along PATH.
fn find(settings: &Settings, name: &OsStr, root: Option<&Path>) -> Result<TriedProgram, Reported> {
    if let Some(root) = root {
        if !root.is_dir() {
            let error = format!("`{}` is not a directory that could be the root", root.display());
            return Err(report_error_as(EXIT_NO_ROOT, error, None));
        }
        let below = Path::new(name).strip_prefix("/").unwrap_or(Path::new(name));
        let inside = root.join(below);
        if inside.is_file() {
            let facts = look(&inside)?;
            if let Some(interpreter) = &facts.interpreter
                && root.join(interpreter.trim_start_matches('/')).symlink_metadata().is_err()
            {
                let error = format!("`{}` needs `{interpreter}`, which the root does not have", name.display());
                return Err(report_error_as(EXIT_NOT_RUNNABLE, error, None));
            }
            let place = [b"/", below.as_os_str().as_bytes()].concat();
            return Ok(TriedProgram { place, file: None, facts });
        }
    }
    let mut file = PathBuf::from(name);
    if !name.as_bytes().contains(&b'/')
        && !file.is_file()
        && let Some(found) = which::which_in_global(name, settings.path.as_ref()).ok().and_then(|mut all| all.next())
    {
        file = found;
    }
    let facts = look(&file)?;
    let verdict = judge(&facts, &Expect::default(), &CallEvidence::default());
    if !verdict.is_static() {
        let why: Vec<String> = verdict.failures.iter().map(Failure::to_string).collect();
        let error = format!("`{}` can't run in an empty root: {}", file.display(), why.join("; "));
        let hint = "build it with `CC=staticcc CXX=staticcxx`, or give a root that has what it needs with `--root DIR`";
        return Err(report_error_as(EXIT_NOT_RUNNABLE, error, Some(hint.into())));
    }
    let mode = fs::metadata(&file).map_or(0, |m| m.mode());
    if mode & 0o111 == 0 {
        let hint = format!("`chmod +x {}`", run::shell_line(&[file.as_os_str().to_owned()]));
        return Err(report_error_as(EXIT_NOT_RUNNABLE, format!("`{}` is not executable", file.display()), Some(hint)));
    }
    if mode & 0o6000 != 0 {
        message::note(format!("the set-user-ID and set-group-ID bits of `{}` have no effect here", file.display()));
    }
    Ok(TriedProgram { place: sandbox::place(&file), file: Some(file), facts })
}

fn look(file: &Path) -> Result<Image, Reported> {
    check::inspect(file).map_err(|e| {
        let code = match &e {
            ReadError::Io(e) if e.kind() == io::ErrorKind::NotFound => EXIT_NOT_FOUND,
            _ => EXIT_NOT_RUNNABLE,
        };
        report_error_as(code, format!("`{}` {e}", file.display()), None)
    })
}

fn explain(error: &JailError, program: &TriedProgram, name: &OsStr) -> Reported {
    if !error.at_exec {
        let text = format!("no empty root could be set up for `{}`, which was not run: {error}", name.display());
        return report_error_as(EXIT_NO_ROOT, text, allowed::hint(error));
    }
    if error.errno == libc::ENOEXEC {
        let machine = target::machine_name(program.facts.machine, program.facts.bits);
        let error = format!("`{}` is for {machine}, which this machine can't run", name.display());
        let hint = "install `qemu-user-static`, which lets the kernel run it";
        return report_error_as(EXIT_NOT_RUNNABLE, error, Some(hint.into()));
    }
    let code = if error.errno == libc::ENOENT { EXIT_NOT_FOUND } else { EXIT_NOT_RUNNABLE };
    report_error_as(code, error, None)
}

/// Reports what was missing, one line each.
fn report(attempts: &[Attempt]) {
    for attempt in attempts {
        message::note(line(attempt));
    }
    if attempts.is_empty() {
        message::note("nothing that it tried to open, run or create was missing");
    }
}

/// One attempt, and what to do about it.
pub(super) fn line(attempt: &Attempt) -> String {
    let remedy = remedy(attempt, is_here);
    let here = match &remedy {
        Remedy::Part(parts::ImagePart::Etc) => "; here, `--with-etc`",
        Remedy::Part(parts::ImagePart::Tmp) => "; here, `--with-tmp`",
        Remedy::Runtime if attempt.path.starts_with("/dev") => "; here, `--with-dev`",
        Remedy::Runtime if attempt.path.starts_with("/proc") => "; here, `--with-proc`",
        _ => "",
    };
    let what = match (attempt.wanted, attempt.errno) {
        (FileAccess::Write, libc::EROFS | libc::EACCES) => "can't be written",
        (FileAccess::Write, _) => "can't be made",
        (FileAccess::Exec, libc::EACCES) => "can't be run",
        _ => "is not there",
    };
    format!("`{}` {what}: {}{here}", attempt.path, remedy.advice(&attempt.path))
}

/// Whether this machine has a file or directory that could be added.
pub(super) fn is_here(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.is_file() || m.is_dir())
}
