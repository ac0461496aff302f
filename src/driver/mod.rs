//! A driver call, read top to bottom: classify, select, plan, run, verify, report.

mod command;
mod compile;
mod converted;
mod direct;
mod ending;
mod of_libc;
mod plugins;
mod program;
mod saving;
mod shared;
mod stand_in;
mod verdict;

pub use direct::built_in_line;
pub use program::{ProgramLink, ProgramLinked, link_program, select as select_for_program};
pub use shared::SharedJob;
pub use stand_in::main as stand_in;

use crate::args::{self, Action, InputKind, Request, linker};
use crate::check::Expect;
use crate::convert::Refusal;
use crate::convert::finished::ProgramFile;
use crate::convert::shelf::{Extras, Means};
use crate::libs::{self, Resolution, SearchPath, pic, reference};
use crate::linker::WhyNot;
use crate::linker_output::Listener;
use crate::message;
use crate::model::{Language, Libc};
use crate::plan::policy::{Policy, Reason, is_probe, policy};
use crate::plan::{self, Context, Plan};
use crate::plugins::{Made, Plugin};
use crate::report::{LinkedBy, Outcome, Record};
use crate::run::{self, Command, Ended, Guard};
use crate::settings::{CheckMode, Settings};
use crate::toolchain::{self, Facts, Invocation, Need, SelectError, Selected};
use command::{coloured, shortened};
use ending::{Ending, Trace, milliseconds, remove, report_left_alone, write_report};
use shared::{link_shared, shared_job};
use stand_in::StandIn;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;
use verdict::{explain_failure, name_foreign, refuse_missing, verify};

/// Our own failures, apart from the compiler's: 1, as GCC's own.
pub const EXIT_FAILURE: i32 = 1;

/// What a call comes to.
pub enum Prepared {
    /// Run it as it is.
    PassThrough(Command, Reason),
    /// It can't be done.
    Refused(Box<Selected>, Reason),
    /// Link it statically.
    Link(Box<Job>),
    /// Link a shared object as asked, and attach what is needed to link it statically later.
    Shared(Box<SharedJob>),
}

/// A link, ready to run.
pub struct Job {
    /// The call.
    pub request: Request,
    /// The toolchain.
    pub selected: Selected,
    /// Its facts.
    pub facts: Facts,
    /// The libraries.
    pub resolution: Resolution,
    /// The directory of what was made for this link alone.
    pub start_code: Option<TempDir>,
    /// How many milliseconds that took.
    pub closure: f64,
    /// The rewritten call.
    pub plan: Plan,
    /// What the output must be for.
    pub expect: Expect,
    /// Why it can't be linked as asked.
    pub problem: Option<(String, &'static str)>,
    /// Why the program that is converted can't be.
    pub refused: Option<Refusal>,
}

/// Understands and plans a call without running it. `argv` begins with the program's own name.
///
/// # Errors
/// No toolchain for it.
pub fn prepare(settings: &Settings, own: Language, argv: &[OsString]) -> Result<Prepared, SelectError> {
    let (argv0, words) = argv.split_first().map_or((OsString::new(), &[][..]), |(a, w)| (a.clone(), w));
    let invocation = Invocation::parse(&argv0, own);
    if settings.chain.is_some() {
        let selected = toolchain::pass_through(settings, &invocation)?;
        return Ok(Prepared::PassThrough(as_it_is(&selected, words), Reason::Nested));
    }
    let request = args::classify(words, invocation.language);
    let need = match policy(&request) {
        Policy::Rewrite => Need::Link,
        Policy::LeaveAlone(Reason::SharedObject) if settings.fat_shared && !request.dry_run => {
            return shared_job(settings, &invocation, request, words);
        }
        Policy::LeaveAlone(reason) => {
            let mut selected = toolchain::select(settings, &invocation, Need::Compile, &request.abi)?;
            if matches!(request.action, Action::Compile | Action::Assemble) {
                let pipe = compile::pipe(&request, &selected);
                selected.compile_args.extend(compile::small(settings).chain(pipe));
            }
            return Ok(Prepared::PassThrough(as_it_is(&selected, words), reason));
        }
        Policy::Refuse(reason) => {
            let selected = toolchain::select(settings, &invocation, Need::Compile, &request.abi)?;
            return Ok(match settings.check {
                CheckMode::Strict => Prepared::Refused(Box::new(selected), reason),
                CheckMode::Warn | CheckMode::Off => Prepared::PassThrough(as_it_is(&selected, words), reason),
            });
        }
    };
    let mut selected = toolchain::select(settings, &invocation, need, &request.abi)?;
    let Some(facts) = selected.facts.take() else {
        return Ok(Prepared::PassThrough(as_it_is(&selected, words), Reason::NotALink));
    };
    Ok(Prepared::Link(Box::new(link_job(settings, request, selected, facts, None))))
}

fn link_job(
    settings: &Settings,
    request: Request,
    mut selected: Selected,
    mut facts: Facts,
    program: Option<Arc<ProgramFile>>,
) -> Job {
    selected.compile_args.extend(compile::small(settings));
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = linker::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    let closure_start = Instant::now();
    let (asked, problem) = match plugins::asked(settings, &request, &facts) {
        Ok(asked) => (asked, None),
        Err(error) => {
            (plugins::Asked::default(), Some((format!("{}: {error}", libs::missing::PLUGINS), plugins::HINT)))
        }
    };
    selected.warnings.extend(asked.warning);
    let support = facts.repairs.as_ref().and_then(|r| r.converted.clone());
    let resolve = |means: Option<&Means>| libs::resolve(&items, &request, &facts, &path, selected.language, means);
    let resolved = |support, plugins: &[Plugin]| {
        let means = converted::means(settings, &request, &facts, support);
        let means = means.map(|m| program::means(m, program.as_ref()));
        converted::resolved(resolve, &facts, means.map(|m| Means { plugins: plugins.to_owned(), ..m }))
    };
    let mut resolution = resolved(support.clone(), &asked.wanted.plugins);
    if !asked.wanted.plugins.is_empty() && program.is_none() && !plugins::opens(&resolution, &request) {
        resolution = resolved(support, &[]);
    }
    let mut start_code = None;
    if converted::wants_start_code(settings, &facts, &resolution) {
        match toolchain::start_code(&selected, &request.abi, &facts) {
            Ok((dir, archive)) => {
                resolution = resolved(Some(archive), &[]);
                start_code = Some(dir);
            }
            Err(error) => log::info!("no start-up code for converted libraries: {error}"),
        }
    }
    let closure = milliseconds(closure_start);
    let said = of_libc::choose(settings, &request, &mut facts, &mut resolution);
    selected.warnings.extend(said.warnings);
    let problem = problem.or(said.problem);
    let archives: Vec<PathBuf> = resolution.archives().map(|l| l.path.clone()).collect();
    let extras = resolution.store.write(&archives).unwrap_or_else(|error| {
        selected.warnings.push(format!("the objects of shared libraries can't be written: {error}"));
        Extras::default()
    });
    let place = program.as_ref().map(|p| &p.place);
    let refused = extras.refused.iter().find(|(p, _)| Some(p) == place).map(|(_, why)| why.clone());
    converted::note_refused(&mut resolution, extras.refused);
    resolution.store.modules.symbols = asked.wanted.symbols;
    let made = plugins::write(&mut resolution, &request, &facts, settings).unwrap_or_else(|error| {
        selected.warnings.push(format!("plugins can't be written: {error}"));
        Made::default()
    });
    // The toolchain's own directories hold what its distribution builds; a PIE by default takes those.
    let typed = reference::references(&items, &request).into_iter().filter_map(|r| match r.named {
        reference::Named::Path(path) => Some(path),
        _ => None,
    });
    let archives = resolution.libraries.iter().map(|l| l.path.clone()).filter(|p| !path.is_system(p));
    let files: Vec<PathBuf> = typed.chain(archives).collect();
    let fixed = if facts.default_pie { pic::fixed_input(&files) } else { None };
    let mut wanted = settings.repairs;
    wanted.iconv = of_libc::offers_converters(settings, &request, &facts, &resolution);
    let mut words = extras.words;
    words.extend(of_libc::words(settings, &request, &facts, &resolution));
    let repairs = facts.repairs.iter().flat_map(|r| wanted.archives(r)).cloned();
    let mut repairs: Vec<PathBuf> = extras.archives.into_iter().chain(made.archives).chain(repairs).collect();
    let mut offered = std::collections::BTreeSet::new();
    repairs.retain(|r| offered.insert(r.clone()));
    let context = Context {
        repairs: &repairs,
        malloc: settings.malloc,
        stack_size: Some(settings.stack_size).filter(|s| facts.libc == Libc::Musl && *s > 0),
        converted: &words,
        facts: &facts,
        language: selected.language,
        linker: settings.linker.named(),
        small: settings.small,
        fixed_input: fixed.as_deref(),
        substitutes: &resolution.substitutes,
        closure: &resolution.closure,
    };
    let plan = plan::plan(&request, &context);
    if request.inputs.iter().any(|i| i.kind == InputKind::Source) {
        selected.compile_args.extend(compile::pipe(&request, &selected));
    }
    Job { request, selected, facts, resolution, start_code, closure, plan, expect, problem, refused }
}

/// The call with nothing but the toolchain's own words in front.
fn as_it_is(selected: &Selected, words: &[OsString]) -> Command {
    let front = selected.launcher.iter().chain(&selected.compiler).chain(&selected.compile_args);
    let mut command = Command::new(front.chain(words).cloned());
    command.env.clone_from(&selected.env);
    command
}

impl Job {
    /// Whether it is the link of a converted program.
    fn converts_program(&self) -> bool {
        self.resolution.store.shelf.as_ref().is_some_and(|s| s.means().program.is_some())
    }

    /// What is run.
    pub fn command(&self) -> Command {
        as_it_is(&self.selected, &self.plan.argv)
    }
}

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
    plugins::name_left_out(&job.resolution);
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
        ending.saved = saving::saved(settings, job, &guard);
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
