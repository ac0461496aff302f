//! The link of an executable: checks before it, the linker, the verdict.

use super::command::{coloured, shortened};
use super::direct::Outputs;
use super::link_job::LinkJob;
use super::noted_link::NotedLink;
use super::outcome::{LinkOutcome, remove, remove_old, write_report};
use super::variable_warnings;
use super::verdict::{explain_failure, name_foreign, refuse_missing, verify};
use super::{direct, gc_savings, output_clash, plugin_link, relink_kit, run_path};
use crate::files::Stamp;
use crate::libs;
use crate::linker::WhyNot;
use crate::linker_output::Listener;
use crate::message;
use crate::model::Libc;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::options::parts::PartsMode;
use crate::parts::trace;
use crate::plan::policy::is_probe;
use crate::report::{LinkedBy, Outcome, Times, milliseconds};
use crate::run::{self, Command, Ended, Guard, Stream, Supervised};
use crate::settings::Settings;
use crate::toolchain::MechanismsOff;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Links, verifies and reports.
pub(super) fn link(settings: &Settings, argv: &[OsString], job: &mut LinkJob, start: Instant) -> LinkOutcome {
    say_warnings(settings, job);
    if let Some(refused) = refused(settings, argv, job, start) {
        return refused;
    }
    let noted = NotedLink::begin(settings, job);
    let full = job.command();
    log_plan(job, &full);
    let guard = Guard::install();
    let (command, _response) = match shortened(job, &full) {
        Ok(pair) => pair,
        Err(error) => return failed(format!("a response file can't be written: {error}")),
    };
    if job.request.dry_run {
        return cannot_run(&full, run::exec(&full));
    }
    let output = job.request.output_path().to_owned();
    let before = Stamp::of(&output);
    let mut outcome = LinkOutcome::new(Outcome::Failed, EXIT_FAILURE);
    outcome.off.clone_from(&job.facts.off);
    outcome.times = Times {
        plan: milliseconds(start),
        closure: job.closure,
        audit: job.audit,
        probe: job.selected.probe,
        ..Times::default()
    };
    let mut listener = listener(settings, job);
    if noted.as_ref().is_some_and(NotedLink::is_traced) {
        listener.keep_stdout(trace::is_entry);
    }
    let ran = match run_linker(settings, (job, noted.as_ref()), command, &guard, &mut listener, &mut outcome) {
        Ok(ran) => ran,
        Err(error) => return cannot_run(&full, error),
    };
    outcome.times.link = ran.wall.as_secs_f64() * 1000.0;
    let signal = match ran.ended {
        Ended::Killed(by) => ran.interrupted.or(Some(by)),
        Ended::Exited(0) if ran.interrupted.is_none() => {
            note_parts(settings, job, noted, &listener, &mut outcome);
            if Stamp::of(&output) != before {
                run_path::keep(job);
            }
            verify(settings, job, &output, &before, &mut outcome);
            None
        }
        Ended::Exited(status) => {
            outcome.status = status;
            ran.interrupted
        }
    };
    if let Some(signal) = signal.or_else(|| guard.caught()) {
        interrupted(&mut outcome, signal, &output, &before);
    } else {
        log_times(outcome.times);
        conclude(settings, job, &guard, &listener, &mut outcome);
    }
    write_report(settings, &outcome.record(argv, &job.selected, Some(&job.facts), Some((&*job, &full)), None));
    outcome
}

fn failed(why: impl Display) -> LinkOutcome {
    message::error(why);
    LinkOutcome::new(Outcome::Failed, EXIT_FAILURE)
}

fn cannot_run(command: &Command, error: io::Error) -> LinkOutcome {
    failed(format!("`{}` can't be run: {error}", command.program.to_string_lossy()))
}

/// Prints the warnings of a link.
fn say_warnings(settings: &Settings, job: &LinkJob) {
    for warning in &job.selected.warnings {
        message::warning(warning);
    }
    variable_warnings::say(settings, &job.request);
    for (shared, why) in &job.store.ignored {
        message::note(format!("`{}`: {why}; they are ignored", shared.display()));
    }
}

/// Refuses a link that can't succeed before the linker runs.
fn refused(settings: &Settings, argv: &[OsString], job: &LinkJob, start: Instant) -> Option<LinkOutcome> {
    if let Some((problem, hint)) = job.problem.as_ref().filter(|_| !job.request.dry_run) {
        message::error(problem);
        message::hint(hint);
        return Some(LinkOutcome::new(Outcome::Failed, EXIT_FAILURE));
    }
    if !job.request.dry_run && output_clash::refuse(&job.request, &job.resolution.libraries) {
        return Some(LinkOutcome::new(Outcome::Failed, EXIT_FAILURE));
    }
    plugin_link::name_left_out(&job.resolution);
    let lacking = !job.request.dry_run && job.resolution.missing.iter().any(|m| m.required);
    lacking.then(|| refuse_missing(settings, argv, job, start))
}

fn log_plan(job: &LinkJob, full: &Command) {
    log::info!("{}", full.shell());
    for applied in &job.plan.applied {
        log::debug!("{}: {}", applied.rule, applied.detail);
    }
}

fn log_times(times: Times) {
    log::debug!(
        "plan {:.2} ms with closure {:.2} ms, link {:.2} ms, check {:.2} ms; of these for the same program {:.2} ms",
        times.plan,
        times.closure,
        times.link,
        times.check,
        times.audit
    );
}

/// The filter of the linker's output: warnings about repaired functions are dropped.
fn listener(settings: &Settings, job: &LinkJob) -> Listener {
    let repaired = job.facts.repairs.iter().filter(|r| r.name_services.is_some() && settings.repairs.name_services);
    let ours = !job.store.modules.is_empty() || plugin_link::are_ours(settings, &job.request, &job.facts);
    let plugins = ours.then(|| "dlopen".to_owned());
    Listener::new(repaired.flat_map(|r| r.functions.iter().cloned()).chain(plugins))
}

/// Runs the built-in linker, or the compiler with either linker, and passes on the output.
///
/// # Errors
/// The compiler can't be run.
fn run_linker(
    settings: &Settings,
    (job, noted): (&LinkJob, Option<&NotedLink>),
    command: Command,
    guard: &Guard,
    listener: &mut Listener,
    outcome: &mut LinkOutcome,
) -> io::Result<Supervised> {
    let layout = noted.map(|n| n.layout.as_path());
    let direct = direct::attempt(settings, job, guard, Outputs { program: job.request.output_path(), layout });
    outcome.linker = match &direct {
        Ok(_) => LinkedBy::BuiltIn,
        Err(why) => LinkedBy::Compiler(why.to_string()),
    };
    if let Err(why) = &direct {
        log::info!("not by the built-in linker: {why}");
        if direct::is_tried(settings) {
            message::error(format!("the built-in linker does not link it: {why}"));
            return Ok(Supervised { ended: Ended::Exited(EXIT_FAILURE), interrupted: None, wall: Duration::ZERO });
        }
        note_not_built_in(settings, job, why);
        if let WhyNot::Off(mechanism, why) = why {
            outcome.off.insert(*mechanism, why.clone());
        }
    }
    // Errors about inputs that were built for glibc are printed after the names of those. For a converted program the
    // output is printed only if the link fails: its warnings are of use only with the source.
    let converts = job.converts_program();
    let hold = job.facts.libc == Libc::Musl || converts;
    let mut held = Vec::new();
    let collects = job.plan.argv.iter().any(|w| w.as_encoded_bytes().ends_with(b"gc-sections"));
    let heard_on_stdout = collects && listener.leaves_out() || noted.is_some_and(NotedLink::is_traced);
    let ran = direct.or_else(|_| {
        remove_old(settings, job);
        let command = coloured(settings, job, command).args(noted.map(NotedLink::words).unwrap_or_default());
        let mut hear = |stream, bytes: &[u8]| match stream {
            Stream::Out => message::pass_on_stdout(&listener.take_stdout(bytes)),
            Stream::Err if hold => held.extend(listener.take(bytes)),
            Stream::Err => message::pass_on(&listener.take(bytes)),
        };
        match heard_on_stdout {
            true => guard.run_all_heard(&command, hear),
            false => guard.run_heard(&command, |bytes| hear(Stream::Err, bytes)),
        }
    });
    held.extend(listener.finish());
    message::pass_on_stdout(&listener.finish_stdout());
    let status = match &ran {
        Ok(Supervised { ended: Ended::Exited(status), .. }) => Some(*status),
        _ => None,
    };
    if hold && !converts && status.is_some_and(|s| s != 0) {
        name_foreign(job, listener);
    }
    if !(converts && status == Some(0)) {
        message::pass_on(&held);
    }
    ran
}

/// Writes what went into the program into its notes. Of the libraries those are left that did, if that is known.
fn note_parts(
    settings: &Settings,
    job: &mut LinkJob,
    noted: Option<NotedLink>,
    listener: &Listener,
    outcome: &mut LinkOutcome,
) {
    let start = Instant::now();
    let Some(settled) = noted.and_then(|noted| noted.settle(settings, job, &outcome.linker, listener)) else { return };
    if settled.parts.exact {
        let (linked, unused) = std::mem::take(&mut job.resolution.libraries)
            .into_iter()
            .partition(|library| !settled.unlinked.contains(&library.path));
        (job.resolution.libraries, job.resolution.unused) = (linked, unused);
    }
    outcome.times.parts += milliseconds(start);
    outcome.parts = Some(settled.parts).filter(|_| settings.parts != PartsMode::Off);
    outcome.sizes = settled.sizes;
}

/// Notes why the built-in linker did not link, if it was requested.
fn note_not_built_in(settings: &Settings, job: &LinkJob, why: impl Display) {
    if direct::asked_for(settings, job) {
        message::note(format!("the built-in linker can't do this link: {why}"));
    }
}

/// Notes which mechanisms do not work with this compiler, once for each.
fn note_off(job: &LinkJob, off: &MechanismsOff) {
    let untold = job.trials.untold(off);
    if untold.is_empty() {
        return;
    }
    let compiler = run::shell_line(&job.selected.compiler);
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (mechanism, why) in &untold {
        by_reason.entry(why).or_default().push(mechanism.to_string());
    }
    let each: Vec<String> = by_reason.iter().map(|(why, names)| format!("{} ({why})", names.join(", "))).collect();
    message::note(format!(
        "with `{compiler}` these are off: {}; `staticctl doctor` tells what is done instead",
        each.join(", ")
    ));
}

/// A signal ended the link: removes a partial output.
fn interrupted(outcome: &mut LinkOutcome, signal: i32, output: &Path, before: &Option<Stamp>) {
    outcome.outcome = Outcome::Interrupted;
    outcome.status = 128 + signal;
    outcome.signal = Some(signal);
    if Stamp::of(output) != *before {
        remove(output);
    }
}

/// Verifies, measures and explains once the linker is done.
fn conclude(settings: &Settings, job: &mut LinkJob, guard: &Guard, listener: &Listener, outcome: &mut LinkOutcome) {
    if outcome.outcome == Outcome::Failed && !is_probe(job.request.output_path()) {
        explain_failure(settings, job, listener);
    }
    if !is_probe(job.request.output_path()) {
        note_off(job, &outcome.off);
    }
    if (settings.report.is_some() && !settings.hermetic) || job.converts_program() {
        libs::name_packages(settings, &mut job.resolution.libraries);
    }
    if outcome.outcome == Outcome::Verified {
        outcome.saved = gc_savings::saved(settings, job, guard);
        relink_kit::write(settings, job, outcome.parts.as_ref());
    }
}
