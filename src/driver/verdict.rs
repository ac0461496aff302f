//! Checks the output of a link, and explains what is wrong, where it comes from and what to do.

use super::bindings;
use super::clashes;
use super::library_hints;
use super::link_job::LinkJob;
use super::outcome::{LinkOutcome, remove, write_report};
use crate::args::{Input, InputKind};
use crate::check::{self, CallEvidence, Failure, NamedFiles};
use crate::files::Stamp;
use crate::libs::{self, library_ref};
use crate::linker_output::Listener;
use crate::message;
use crate::options;
use crate::options::check::CheckMode;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::packages;
use crate::report::{Outcome, milliseconds};
use crate::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Reads the output back, and removes it if it is not static and the check is strict.
pub(super) fn verify(
    settings: &Settings,
    job: &LinkJob,
    output: &Path,
    before: &Option<Stamp>,
    outcome: &mut LinkOutcome,
) {
    outcome.status = 0;
    outcome.outcome = Outcome::Unchecked;
    // `-o /dev/null`, and calls that print something instead of linking, leave nothing to read.
    let regular = fs::metadata(output).is_ok_and(|m| m.is_file());
    if settings.check == CheckMode::Off || !regular || Stamp::of(output) == *before {
        return;
    }
    let start = Instant::now();
    // The headers tell whether a program is static; its symbols are for the report.
    let read =
        if settings.report.is_some() || job.converts_program() { check::inspect } else { check::inspect_headers };
    match read(output) {
        Ok(image) => {
            let audit = Instant::now();
            let bound = bindings::differing(job, output);
            outcome.times.audit += milliseconds(audit);
            let refused = bindings::refused(job, output, &bound, settings.check == CheckMode::Strict);
            let evidence = CallEvidence { bound, ..evidence(settings, job, output) };
            let verdict = check::judge(&image, &job.expect, &evidence);
            let fine = verdict.is_static() && !refused;
            outcome.outcome = if fine { Outcome::Verified } else { Outcome::NotStatic };
            for failure in &verdict.failures {
                say_failure(settings, job, output, failure);
            }
            outcome.image = Some(image);
            outcome.verdict = Some(verdict);
        }
        Err(error) => {
            outcome.outcome = Outcome::NotStatic;
            let text = format!("`{}` was linked and {error}", output.display());
            match settings.check {
                CheckMode::Warn => message::warning(text),
                CheckMode::Strict | CheckMode::Off => message::error(text),
            }
        }
    }
    outcome.times.check = milliseconds(start);
    if outcome.outcome == Outcome::NotStatic && settings.check == CheckMode::Strict {
        outcome.status = EXIT_FAILURE;
        remove(output);
        message::hint(format!(
            "set {}=warn to keep the file; `staticctl explain -- COMMAND` shows what was run",
            options::CHECK.name
        ));
    }
}

/// Which inputs call functions that need files; searched for only if a report is written.
fn evidence(settings: &Settings, job: &LinkJob, output: &Path) -> CallEvidence {
    if settings.report.is_none() && !job.converts_program() {
        return CallEvidence::default();
    }
    let named = libs::hints(&job.resolution.path, &job.resolution.libraries).into_iter().map(|(library, hints)| {
        NamedFiles { library: library.display().to_string(), plugins: hints.plugins, files: hints.files }
    });
    let mut evidence = libs::callers::evidence(&inputs(job), &job.resolution.facts, output);
    // An object of the first step is gone when the user reads this.
    for (_, caller) in &mut evidence.callers {
        if let Some(source) = job.compiled.as_ref().and_then(|c| c.source(Path::new(caller))) {
            *caller = source.to_owned();
        }
    }
    CallEvidence { named: named.collect(), ..evidence }
}

/// The user's objects and archives in a link.
fn inputs(job: &LinkJob) -> Vec<PathBuf> {
    let linked = |i: &&Input| matches!(i.kind, InputKind::Object | InputKind::Archive);
    let typed = job.request.inputs.iter().filter(linked).map(|i| PathBuf::from(&i.text));
    typed.chain(job.resolution.libraries.iter().map(|l| l.path.clone())).collect()
}

/// Names the inputs of a failed link with musl that were built for glibc.
pub(super) fn name_foreign(job: &LinkJob, listener: &Listener) {
    let found = libs::foreign::foreign(listener.undefined(), &inputs(job));
    if found.is_empty() {
        return;
    }
    for foreign in &found {
        message::error(foreign.line());
    }
    let name = &job.selected.toolchain;
    message::hint(format!(
        "build it with {}={name}, for a library with `--prefix=$(staticctl toolchain show {name} --prefix)`",
        options::TOOLCHAIN.name
    ));
}

fn say_failure(settings: &Settings, job: &LinkJob, output: &Path, failure: &Failure) {
    let mut text = format!("`{}` is not a static program: {failure}", output.display());
    if let Some(blame) = blame(failure, &job.plan.argv) {
        text.push_str(&format!("; this comes from `{blame}`"));
    }
    match settings.check {
        CheckMode::Warn => message::warning(text),
        CheckMode::Strict | CheckMode::Off => message::error(text),
    }
}

/// The argument that most likely caused a failure.
fn blame(failure: &Failure, argv: &[OsString]) -> Option<String> {
    let words = || argv.iter().map(|w| w.to_string_lossy());
    match failure {
        Failure::NeedsSharedObjects { needed } => needed.iter().find_map(|soname| {
            let stem = library_ref::stem(Path::new(soname))?.to_string_lossy().into_owned();
            let short = stem.strip_prefix("lib").unwrap_or(&stem).to_owned();
            words()
                .find(|w| {
                    let file = Path::new(w.as_ref()).file_name().map(|f| f.to_string_lossy().into_owned());
                    **w == format!("-l{short}") || file.is_some_and(|f| f.starts_with(&format!("{stem}.")))
                })
                .map(|w| w.into_owned())
        }),
        Failure::HasInterpreter { .. } => {
            words().find(|w| w.contains("dynamic-linker") || w.starts_with("-specs")).map(|w| w.into_owned())
        }
        Failure::WrongMachine { .. } => {
            words().find(|w| w.starts_with("-m") || w.contains("target")).map(|w| w.into_owned())
        }
        Failure::SharedObject => words().find(|w| w.contains("shared")).map(|w| w.into_owned()),
        Failure::NotAProgram { .. } => {
            words().find(|w| w.starts_with("-Wl,") && w.contains("-r")).map(|w| w.into_owned())
        }
    }
}

/// Reports the libraries without an archive that the user named: all of them at once, instead of linking.
pub(super) fn refuse_missing(settings: &Settings, argv: &[OsString], job: &LinkJob, start: Instant) -> LinkOutcome {
    for missing in job.resolution.missing.iter().filter(|m| m.required) {
        message::error(missing.line());
        if missing.because.len() > 1 {
            message::note(format!("needed through {}", missing.because.join(" → ")));
        }
        message::hint(missing.hint(settings));
    }
    let mut outcome = LinkOutcome::new(Outcome::Refused, EXIT_FAILURE);
    outcome.times.plan = milliseconds(start);
    let command = job.command();
    write_report(settings, &outcome.record(argv, &job.selected, Some(&job.facts), Some((job, &command)), None));
    outcome
}

/// Explains the linker's errors: missing libraries, and archives that define undefined symbols.
pub(super) fn explain_failure(settings: &Settings, job: &LinkJob, listener: &Listener) {
    for missing in &job.resolution.missing {
        message::note(format!("{}; needed through {}", missing.line(), missing.because.join(" → ")));
    }
    let archive = |m: &libs::Missing| packages::development_package(settings, &packages::owner(settings, &m.shared)?);
    let mut commands: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for archive in job.resolution.missing.iter().filter_map(archive) {
        commands.entry(archive.command).or_default().insert(archive.name);
    }
    for (command, names) in commands {
        let names = names.into_iter().collect::<Vec<_>>().join(" ");
        message::hint(format!("`{command} {names}` installs development files, which may have archives"));
    }
    library_hints::name_archives(settings, job);
    clashes::explain(job, listener);
    for name in listener.undefined().take(HINTS) {
        let referring = job.store.converted.iter().flat_map(|s| s.referring(name.as_bytes()));
        for (shared, symbol) in referring {
            message::note(format!(
                "`{}`, which has no archive and was converted, needs `{symbol}`, and nothing in this link has it",
                shared.display()
            ));
        }
    }
    let mut archives: BTreeMap<PathBuf, String> = BTreeMap::new();
    for (symbol, archive) in libs::index::definers(listener.undefined(), &job.resolution.path) {
        // A sanitizer's run time replaces parts of libc, and has names of its own for others.
        if SANITIZERS.iter().any(|name| archive.file_name().is_some_and(|n| n == *name)) {
            continue;
        }
        archives.entry(archive).or_insert(symbol);
    }
    for (archive, symbol) in archives.into_iter().take(HINTS) {
        message::hint(format!("`{symbol}` is defined in `{}`: is {} missing?", archive.display(), as_typed(&archive)));
    }
}

/// The run-time libraries of GCC's sanitizers.
const SANITIZERS: [&str; 5] = ["libasan.a", "libhwasan.a", "liblsan.a", "libtsan.a", "libubsan.a"];

/// The most archives that are named after a failed link.
const HINTS: usize = 8;

/// How an archive on the search path is named on a command line.
fn as_typed(archive: &Path) -> String {
    let name = archive.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match name.strip_prefix("lib") {
        Some(name) => format!("`-l{name}`"),
        None => "it".into(),
    }
}
