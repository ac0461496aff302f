//! A driver call, from its arguments to its exit status.

use super::command::replaced_by;
use super::front_end_call::run_front_end;
use super::link::link;
use super::link_job::LinkJob;
use super::linker_net::{linker_called, run_linker_net};
use super::logging::start_log;
use super::outcome::{LinkOutcome, report_left_alone, write_report};
use super::output_clash;
use super::prepare::{Awaited, Prepared, Steps, prepare_steps};
use super::shared_link::link_shared;
use super::two_steps::{CompileAndLink, NotCompiled};
use super::variable_warnings;
use crate::args::Request;
use crate::files::in_use;
use crate::message;
use crate::model::Language;
use crate::options::check::CheckMode;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::plan::policy::Reason;
use crate::report::{LinkRecord, Outcome, milliseconds};
use crate::run::{self, Command, Guard};
use crate::settings::{self, Settings};
use crate::toolchain::{Selected, front_end};
use std::ffi::OsString;
use std::time::Instant;

/// Runs a call and returns the exit status, unless it execs.
pub(crate) fn main(own: Language, argv: &[OsString]) -> i32 {
    let start = Instant::now();
    let settings = Settings::from_env();
    if settings.hermetic {
        settings::be_hermetic();
    }
    start_log(settings.log.as_deref());
    let argv0 = argv.first().map(OsString::as_os_str).unwrap_or_default();
    if let Some(linker) = linker_called(argv0) {
        return run_linker_net(&settings, linker, argv);
    }
    if let Some(called) = front_end::called(argv0) {
        return run_front_end(&settings, called, argv.get(1..).unwrap_or_default());
    }
    // A probe or a library that is converted leaves no files behind, whenever we are stopped.
    let guard = Guard::install();
    // Held to the end of the call, or to that of this program where the compiler takes its place.
    let _in_use = settings.cache_dir.as_deref().and_then(in_use::share);
    let steps = prepare_steps(&settings, own, argv);
    if let Some(signal) = guard.caught() {
        drop(steps);
        run::die_by(signal);
    }
    let prepared = match steps {
        Ok(Steps::One(prepared)) => prepared,
        Ok(Steps::CompileAndLink(call)) => return compile_and_link(&settings, argv, *call),
        Err(error) => {
            message::error(&error);
            if let Some(hint) = error.hint() {
                message::hint(hint);
            }
            return EXIT_FAILURE;
        }
    };
    match prepared {
        Prepared::PassThrough { command, reason, request, awaited } => {
            pass_through(&settings, argv, (&command, awaited.as_ref()), &reason, request.as_deref())
        }
        Prepared::Refused { selected, reason, request } => refuse(&settings, argv, &selected, &reason, &request, start),
        Prepared::Link(job) => link_static(&settings, argv, job, start),
        Prepared::Shared(job) => {
            variable_warnings::say(&settings, &job.request);
            link_shared(&job)
        }
    }
}

/// Execs a call unchanged; returns only if that fails, or if it is waited for.
fn pass_through(
    settings: &Settings,
    argv: &[OsString],
    (command, awaited): (&Command, Option<&Awaited>),
    reason: &Reason,
    request: Option<&Request>,
) -> i32 {
    if let (Reason::Sanitizer(_), CheckMode::Warn) = (reason, settings.check) {
        message::warning(format!("{}; the program is linked dynamically", reason.line()));
    }
    let is_told =
        matches!(reason, Reason::BuildScript | Reason::CgoImports | Reason::Freestanding | Reason::Sanitizer(_));
    if let Some(request) = request.filter(|_| is_told) {
        report_left_alone(settings, argv, request.output_path(), reason);
    }
    if let (Reason::SharedObject, Some(request)) = (reason, request) {
        variable_warnings::say(settings, request);
    }
    log::debug!("{}: {}", reason.line(), command.shell());
    match awaited {
        Some(awaited) => awaited.run(settings, command),
        None => replaced_by(command),
    }
}

/// Reports why a call is refused.
fn refuse(
    settings: &Settings,
    argv: &[OsString],
    selected: &Selected,
    reason: &Reason,
    request: &Request,
    start: Instant,
) -> i32 {
    message::error(reason.line());
    if let Some(hint) = reason.hint() {
        message::hint(hint);
    }
    let mut outcome = LinkOutcome::new(Outcome::Refused, EXIT_FAILURE);
    outcome.times.plan = milliseconds(start);
    let output = request.output_path().to_owned();
    let record = LinkRecord { output, ..outcome.record(argv, selected, selected.facts.as_ref(), None, Some(reason)) };
    write_report(settings, &record);
    EXIT_FAILURE
}

/// Compiles, then links what came of it.
fn compile_and_link(settings: &Settings, argv: &[OsString], call: CompileAndLink) -> i32 {
    let output = call.request().output_path().to_owned();
    if output_clash::refuse(call.request(), &[]) {
        write_report(
            settings,
            &LinkRecord { output, status: EXIT_FAILURE, ..LinkRecord::blank(Outcome::Failed, argv) },
        );
        return EXIT_FAILURE;
    }
    let not_compiled = match call.compiled(settings) {
        Ok((job, planned)) => return link_static(settings, argv, Box::new(job), planned),
        Err(why) => why,
    };
    let (outcome, status, signal) = match not_compiled {
        NotCompiled::Status(status) => (Outcome::Failed, status, None),
        NotCompiled::Signal(signal) => (Outcome::Interrupted, 128 + signal, Some(signal)),
        NotCompiled::NotRun(program, error) => {
            message::error(format!("`{}` can't be run: {error}", program.to_string_lossy()));
            (Outcome::Failed, EXIT_FAILURE, None)
        }
    };
    write_report(settings, &LinkRecord { output, status, ..LinkRecord::blank(outcome, argv) });
    signal.map_or(status, |signal| run::die_by(signal))
}

/// Links; if a signal ended the link, dies by the same signal.
fn link_static(settings: &Settings, argv: &[OsString], mut job: Box<LinkJob>, start: Instant) -> i32 {
    let outcome = link(settings, argv, &mut job, start);
    if let Some(signal) = outcome.signal {
        drop(job);
        run::die_by(signal);
    }
    outcome.status
}
