//! A driver call, read top to bottom: classify, select, plan, run, verify, report.

mod command;
mod compile;
mod convert_policy;
mod direct;
mod gc_savings;
mod ld_shim;
mod outcome;
mod plugin_link;
mod prepare;
mod program_link;
mod shared_link;
mod verdict;

pub use direct::built_in_line;
pub use ld_shim::main as stand_in;
pub use prepare::{Job, Prepared, prepare};
pub use program_link::{ProgramLink, ProgramLinked, link_program, select as select_for_program};
pub use shared_link::SharedJob;

use crate::args;
use crate::libs;
use crate::linker::WhyNot;
use crate::linker_output::Listener;
use crate::message;
use crate::model::{Language, Libc};
use crate::options::check::CheckMode;
use crate::plan::policy::{Reason, is_probe};
use crate::report::{LinkedBy, Outcome, Record};
use crate::run::{self, Ended, Guard};
use crate::settings::Settings;
use command::{coloured, shortened};
use ld_shim::StandIn;
use outcome::{Ending, Trace, milliseconds, remove, report_left_alone, write_report};
use prepare::{as_it_is, link_job};
use shared_link::link_shared;
use std::ffi::OsString;
use std::time::Instant;
use verdict::{explain_failure, name_foreign, refuse_missing, verify};

/// Our own failures, apart from the compiler's: 1, as GCC's own.
pub const EXIT_FAILURE: i32 = 1;

/// Runs a call to its end and gives the exit status, or does not come back.
pub fn main(own: Language, argv: &[OsString]) -> i32 {
    let start = Instant::now();
    let settings = Settings::from_env();
    start_log(settings.log.as_deref());
    match prepare(&settings, own, argv) {
        Err(error) => {
            message::error(&error);
            if let Some(hint) = error.hint() {
                message::hint(hint);
            }
            EXIT_FAILURE
        }
        Ok(Prepared::PassThrough(command, reason)) => {
            if let (Reason::Sanitizer(_), CheckMode::Warn) = (&reason, settings.check) {
                message::warning(format!("{}; the program is linked dynamically", reason.line()));
            }
            if let Reason::BuildScript | Reason::CgoImports = reason {
                let request = args::classify(argv.get(1..).unwrap_or_default(), own);
                report_left_alone(&settings, argv, request.output_path(), &reason);
            }
            log::debug!("{}: {}", reason.line(), command.shell());
            let error = run::exec(&command);
            message::error(format!("`{}` can't be run: {error}", command.program.to_string_lossy()));
            EXIT_FAILURE
        }
        Ok(Prepared::Refused(selected, reason)) => {
            message::error(reason.line());
            if let Some(hint) = reason.hint() {
                message::hint(hint);
            }
            let facts = selected.facts.as_ref();
            let mut ending = Ending::new(Outcome::Refused, EXIT_FAILURE);
            ending.times.plan = milliseconds(start);
            let request = args::classify(argv.get(1..).unwrap_or_default(), own);
            let output = request.output_path().to_owned();
            let record = Record { output, ..ending.record(argv, &selected, facts, None, Some(&reason)) };
            write_report(&settings, &record);
            EXIT_FAILURE
        }
        Ok(Prepared::Link(mut job)) => {
            let ending = link(&settings, argv, &mut job, start);
            if let Some(signal) = ending.signal {
                drop(job);
                run::die_by(signal);
            }
            ending.status
        }
        Ok(Prepared::Shared(job)) => link_shared(&job),
    }
}

fn link(settings: &Settings, argv: &[OsString], job: &mut Job, start: Instant) -> Ending {
    let failed = || Ending::new(Outcome::Failed, EXIT_FAILURE);
    for warning in &job.selected.warnings {
        message::warning(warning);
    }
    if let Some(value) = &settings.bad_check {
        message::warning(format!(
            "STATICCXX_CHECK={} is none of strict, warn, off: strict is taken",
            value.to_string_lossy()
        ));
    }
    for (name, value, can_be) in &settings.bad_values {
        let value = value.to_string_lossy();
        message::warning(format!("{name}={value} is not {can_be}: it is as if the variable were not set"));
    }
    for (shared, why) in &job.resolution.store.ignored {
        message::note(format!("`{}`: {why}; it is taken as if it carried none", shared.display()));
    }
    if let Some(problem) = job.problem.as_ref().filter(|_| !job.request.dry_run) {
        message::error(&problem.0);
        message::hint(problem.1);
        return failed();
    }
    plugin_link::name_left_out(&job.resolution);
    if !job.request.dry_run && job.resolution.missing.iter().any(|m| m.required) {
        return refuse_missing(settings, argv, job, start);
    }
    let full = job.command();
    log::info!("{}", full.shell());
    for applied in &job.plan.applied {
        log::debug!("{}: {}", applied.rule, applied.detail);
    }
    let guard = Guard::install();
    let (command, _response) = match shortened(job, &full) {
        Ok(pair) => pair,
        Err(error) => {
            message::error(format!("a response file can't be written: {error}"));
            return failed();
        }
    };
    if job.request.dry_run {
        let error = run::exec(&full);
        message::error(format!("`{}` can't be run: {error}", full.program.to_string_lossy()));
        return failed();
    }
    let output = &job.request.output_path().to_owned();
    let before = Trace::of(output);
    let mut ending = failed();
    ending.times.plan = milliseconds(start);
    ending.times.closure = job.closure;
    let direct = direct::attempt(settings, job, &guard, output);
    let stand_in = match &direct {
        Err(WhyNot::Compiles(_)) => StandIn::of(settings, job),
        _ => None,
    };
    ending.linker = match &direct {
        Ok(_) => LinkedBy::BuiltIn,
        Err(why) => LinkedBy::Compiler(why.to_string()),
    };
    if let Err(why) = &direct {
        log::info!("not by the built-in linker: {why}");
        if stand_in.is_none() && direct::asked_for(settings, job) {
            message::note(format!("the built-in linker can't do this link: {why}"));
        }
    }
    let repaired = job.facts.repairs.iter().filter(|r| r.name_services.is_some() && settings.repairs.name_services);
    let plugins = (!job.resolution.store.modules.is_empty()).then(|| "dlopen".to_owned());
    let mut listener = Listener::new(repaired.flat_map(|r| r.functions.iter().cloned()).chain(plugins));
    // What a linker says of inputs that were built for glibc comes behind their names.
    // For a converted program it comes only where the link fails: its warnings are for those who have the source.
    let converts = job.converts_program();
    let hold = job.facts.libc == Libc::Musl || converts;
    let mut held = Vec::new();
    let heard = match direct {
        Ok(ran) => Ok(ran),
        Err(_) => {
            let command = stand_in.iter().fold(coloured(settings, job, command), |c, s| s.on(c));
            guard.run_heard(&command, |bytes| match hold {
                true => held.extend(listener.take(bytes)),
                false => message::pass_on(&listener.take(bytes)),
            })
        }
    };
    if let Some(said) = stand_in.and_then(|s| s.said()) {
        ending.linker = said.by();
        ending.callers = said.callers;
        if let LinkedBy::Compiler(why) = &ending.linker
            && direct::asked_for(settings, job)
        {
            message::note(format!("the built-in linker can't do this link: {why}"));
        }
    }
    held.extend(listener.finish());
    if hold && !converts && matches!(&heard, Ok(ran) if matches!(ran.ended, Ended::Exited(status) if status != 0)) {
        name_foreign(job, &listener);
    }
    if !(converts && matches!(&heard, Ok(ran) if ran.ended == Ended::Exited(0))) {
        message::pass_on(&held);
    }
    let ran = match heard {
        Ok(ran) => ran,
        Err(error) => {
            message::error(format!("`{}` can't be run: {error}", full.program.to_string_lossy()));
            return failed();
        }
    };
    ending.times.link = ran.wall.as_secs_f64() * 1000.0;
    let mut signal = ran.interrupted;
    match ran.ended {
        Ended::Killed(by) => {
            ending.outcome = Outcome::Interrupted;
            signal = signal.or(Some(by));
        }
        Ended::Exited(0) if signal.is_none() => verify(settings, job, output, &before, &mut ending),
        Ended::Exited(status) => ending.status = status,
    }
    if let Some(signal) = signal.or_else(|| guard.caught()) {
        ending.outcome = Outcome::Interrupted;
        ending.status = 128 + signal;
        if Trace::of(output) != before {
            remove(output);
        }
        write_report(settings, &ending.record(argv, &job.selected, Some(&job.facts), Some((job, &full)), None));
        ending.signal = Some(signal);
        return ending;
    }
    let times = ending.times;
    log::debug!(
        "plan {:.2} ms with closure {:.2} ms, link {:.2} ms, check {:.2} ms",
        times.plan,
        times.closure,
        times.link,
        times.check
    );
    if ending.outcome == Outcome::Failed && !is_probe(output) {
        explain_failure(settings, job, &listener);
    }
    if settings.report.is_some() || job.converts_program() {
        libs::name_packages(settings, &mut job.resolution.libraries);
    }
    if ending.outcome == Outcome::Verified {
        ending.saved = gc_savings::saved(settings, job, &guard);
    }
    write_report(settings, &ending.record(argv, &job.selected, Some(&job.facts), Some((&*job, &full)), None));
    ending
}

fn start_log(filter: Option<&str>) {
    if let Some(filter) = filter {
        // A second start, or a filter that can't be read, leaves the log as it is.
        let _ = env_logger::Builder::new().parse_filters(filter).try_init();
    }
}
