//! `staticctl bundle`: a program and the files that it wants, by what runs of it touch.

use super::bundle_run::{self, BundleRun, Checked, how};
use super::bundle_summary::BundleSummary;
use super::cli_args::{BundleArgs, ConvertArgs};
use super::image::source_and_destination;
use super::output::{Reported, report_error, report_error_as, temporary_beside, unwritable};
use super::plugins::{self, LoaderLogs, Opened};
use super::printed::printed;
use super::{bundle_image, convert};
use crate::bundle::bundle_dir;
use crate::bundle::opened::{self, LogsByProgram};
use crate::bundle::touched::{BundleFiles, RunFacts};
use crate::check;
use crate::files::place_directory;
use crate::libs::ld_so;
use crate::message;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO};
use crate::rootfs::tree::FileTree;
use crate::run::{self, Command, Ended, Guard};
use crate::sandbox::{Attempt, allowed};
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What all runs gave.
#[derive(Default)]
struct Runs {
    runs: Vec<BundleRun>,
    touched: Vec<Attempt>,
    logs: LogsByProgram,
}

/// Makes a bundle. Gives the exit status.
pub(crate) fn run(settings: &Settings, args: &BundleArgs) -> u8 {
    let guard = Guard::install();
    let ended = bundle(settings, args, &guard);
    match (guard.caught(), ended) {
        (Some(signal), _) => run::die_by(signal),
        (None, Ok(code) | Err(Reported(code))) => code,
    }
}

fn bundle(settings: &Settings, args: &BundleArgs, guard: &Guard) -> Result<u8, Reported> {
    let into_directory = args.output.as_os_str().as_bytes().ends_with(b"/");
    // Without the slash.
    let output: PathBuf = args.output.components().collect();
    refuse_occupied(&output, into_directory)?;
    let program = find(settings, &args.program)?;
    let temporary = temporary_beside(&output, into_directory, ".staticcxx-")?;
    let started = SystemTime::now();
    let runs = observe_all(args, &program, guard)?;
    if guard.caught().is_some() {
        return Ok(EXIT_NO);
    }
    let opened = opened_by_all(&runs.logs);
    let facts = facts(settings, started, &runs, &opened);
    let mut files = BundleFiles::of(&runs.touched, &facts).map_err(|e| report_error(e, None))?;
    for text in &args.add {
        let (source, destination) = split(text)?;
        files.add(&source, &destination).map_err(|e| report_error(e, None))?;
    }
    say_what_stays_out(&files);
    let root = temporary.path();
    bundle_dir::write(&files.tree, root).map_err(|(path, error)| unwritable(&path, &error))?;
    convert_all(settings, args, &files, &runs, root, guard)?;
    if guard.caught().is_some() {
        return Ok(EXIT_NO);
    }
    let mut tree = FileTree::default();
    tree.add(root, Path::new("/")).map_err(|e| report_error(e, None))?;
    let checked = match args.no_verify {
        true => Checked::default(),
        false => bundle_run::check(&tree, &files, &runs.runs)?,
    };
    if guard.caught().is_some() {
        return Ok(EXIT_NO);
    }
    if into_directory {
        if files.wants_tmp() {
            bundle_dir::make_tmp(root).map_err(|e| unwritable(root, &e))?;
        }
        place_directory(temporary, &output).map_err(|e| unwritable(&output, &e))?;
    } else {
        let words = runs.runs.first().map_or(&[][..], |first| &first.words);
        bundle_image::write(settings, args, (&output, root), &files, words, guard)?;
    }
    BundleSummary { output: &output, is_image: !into_directory, program: &program, files: &files, bytes: tree.bytes() }
        .print(settings, args, &checked)
}

fn refuse_occupied(output: &Path, into_directory: bool) -> Result<(), Reported> {
    let occupied = match into_directory {
        true => fs::read_dir(output).map_or(output.exists(), |mut entries| entries.next().is_some()),
        false => output.is_dir(),
    };
    if !occupied {
        return Ok(());
    }
    let error = format!("`{}` is there already, and not an empty directory", output.display());
    Err(report_error(error, Some("name a new directory, with a slash at its end, or a file for an image".into())))
}

/// The program's absolute path, as it is called.
fn find(settings: &Settings, name: &OsStr) -> Result<PathBuf, Reported> {
    let path = match name.as_bytes().contains(&b'/') {
        true => Some(PathBuf::from(name)),
        false => which::which_in_global(name, settings.path.as_ref()).ok().and_then(|mut all| all.next()),
    };
    let found = path.filter(|p| p.is_file()).and_then(|p| std::path::absolute(p).ok());
    found.ok_or_else(|| {
        let hint = "give its path, or a name along PATH";
        report_error(format!("no program `{}`", name.display()), Some(hint.into()))
    })
}

/// The arguments of each run.
fn arguments(args: &BundleArgs) -> Result<Vec<Vec<OsString>>, Reported> {
    let mut all = Vec::new();
    if !args.arguments.is_empty() || args.run.is_empty() {
        all.push(args.arguments.clone());
    }
    for text in &args.run {
        let words = shlex::split(text)
            .ok_or_else(|| report_error(format!("`--run {text}`: a quotation mark without its other half"), None))?;
        all.push(words.into_iter().map(OsString::from).collect());
    }
    Ok(all)
}

fn observe_all(args: &BundleArgs, program: &Path, guard: &Guard) -> Result<Runs, Reported> {
    let failed = |e: std::io::Error| report_error(format!("`{}` can't be observed: {e}", program.display()), None);
    let mut all = Runs::default();
    for arguments in arguments(args)? {
        let logs = LoaderLogs::new().map_err(failed)?;
        let mut output = tempfile::tempfile().map_err(failed)?;
        let command = logs.asked_for(Command::new([program]).args(arguments));
        let limit = args.timeout.map(|seconds| Duration::from_secs(seconds.max(1)));
        let observed = guard.observe(&command, &output, limit).map_err(|error| {
            report_error_as(EXIT_ERROR, format!("`{}` was not run: {error}", program.display()), allowed::hint(&error))
        })?;
        let printed = printed(&mut output).map_err(failed)?;
        if !args.quiet {
            message::pass_on(&printed);
        }
        let (words, ended) = (command.words(), observed.ran.ended);
        if ended != Ended::Exited(0) && !observed.timed_out {
            message::warning(format!("`{}` {}", run::shell_line(&words), how(ended)));
        }
        let of_the_logs = |attempt: &Attempt| Path::new(&attempt.path).starts_with(logs.path());
        all.touched.extend(observed.touched.into_iter().filter(|attempt| !of_the_logs(attempt)));
        logs.read().map_err(failed)?.iter().for_each(|log| opened::by_program(log, &mut all.logs));
        let (timed_out, wall) = (observed.timed_out, observed.ran.wall);
        all.runs.push(BundleRun { words, ended, timed_out, wall, output: printed });
        if guard.caught().is_some() {
            break;
        }
    }
    Ok(all)
}

fn opened_by_all(logs: &LogsByProgram) -> Opened {
    let mut opened = Opened::default();
    logs.values().for_each(|log| plugins::read(log, &mut opened));
    opened
}

fn facts(settings: &Settings, started: SystemTime, runs: &Runs, opened: &Opened) -> RunFacts {
    let real = |path: &Path| path.canonicalize().ok();
    let plugins: BTreeSet<PathBuf> = opened.plugins.iter().filter_map(|p| real(Path::new(p))).collect();
    let programs = runs.touched.iter().filter(|a| a.errno == 0 && a.wanted == crate::sandbox::FileAccess::Exec);
    let programs: BTreeSet<PathBuf> = programs.filter_map(|a| real(Path::new(&a.path))).collect();
    let mut loaded = BTreeSet::new();
    for file in programs.iter().chain(&plugins) {
        let Ok(image) = check::inspect_headers(file) else { continue };
        loaded.extend(image.interpreter.as_deref().and_then(|i| real(Path::new(i))));
        let list = ld_so::load_list(file, &image, &settings.loader_path());
        loaded.extend(list.loaded.iter().filter_map(|l| real(&l.path)));
    }
    let loaded = loaded.difference(&plugins).cloned().collect();
    RunFacts { started, plugins, loaded }
}

/// How many private files are named each.
const NAMED: usize = 5;

fn say_what_stays_out(files: &BundleFiles) {
    for path in files.private.iter().take(NAMED) {
        let path = path.display();
        message::note(format!("`{path}` is left out, as others may not read it: `--add {path}` takes it"));
    }
    if let Some(more) = files.private.len().checked_sub(NAMED).filter(|more| *more > 0) {
        message::note(format!("{more} more that others may not read are left out: `--json` lists them as `private`"));
    }
}

/// Puts each dynamic program, converted, where it was.
fn convert_all(
    settings: &Settings,
    args: &BundleArgs,
    files: &BundleFiles,
    runs: &Runs,
    root: &Path,
    guard: &Guard,
) -> Result<(), Reported> {
    for program in &files.programs {
        let place = root.join(program.strip_prefix("/").unwrap_or(program));
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|e| unwritable(parent, &e))?;
        }
        let convert_args = ConvertArgs {
            root: None,
            program: program.into(),
            output: place,
            from_so: args.from_so.clone(),
            plugin: plugins_of(program, files, runs).into_iter().chain(args.plugin.iter().cloned()).collect(),
            verify: false,
            timeout: 60,
            // Whether it works is seen when the bundle runs.
            no_verify: true,
            fixed: false,
            allow_privileged: true,
            json: false,
            quiet: true,
            arguments: Vec::new(),
            bare: false,
        };
        let status = convert::convert(settings, &convert_args, guard)?;
        if status != 0 {
            return Err(Reported(status));
        }
    }
    Ok(())
}

/// What a program opened, by any name that leads to it. With one program it is all that was opened.
fn plugins_of(program: &Path, files: &BundleFiles, runs: &Runs) -> Vec<OsString> {
    let is_it = |name: &str| {
        runs.touched.iter().any(|attempt| {
            let path = Path::new(&attempt.path);
            path.file_name() == Some(OsStr::new(name)) && path.canonicalize().is_ok_and(|real| real == program)
        })
    };
    let mut opened = Opened::default();
    let logs = runs.logs.iter().filter(|(name, _)| files.programs.len() == 1 || is_it(name));
    logs.for_each(|(_, log)| plugins::read(log, &mut opened));
    opened.plugins.into_iter().map(OsString::from).filter(|path| Path::new(path).is_file()).collect()
}

/// FILE, or FILE:DST where DST begins with a slash.
fn split(text: &OsStr) -> Result<(PathBuf, PathBuf), Reported> {
    match source_and_destination(text) {
        Some(both) => Ok(both),
        None => {
            let source = PathBuf::from(text);
            let real = source.canonicalize();
            let real = real.map_err(|e| report_error(format!("`--add {}`: {e}", text.display()), None))?;
            Ok((source, real))
        }
    }
}
