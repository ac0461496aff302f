//! A driver call, read top to bottom: classify, select, plan, run, verify, report.

use crate::args::{self, Request, linker, response};
use crate::check::{self, CallEvidence, Expect, Failure, Image, Verdict};
use crate::fat::{
    self,
    relocatable::{self, Relocatable},
};
use crate::libs::{self, Resolution, SearchPath, pic, reference};
use crate::message;
use crate::model::{Family, Language};
use crate::plan::policy::{Policy, Reason, is_probe, policy};
use crate::plan::{self, Context, Plan};
use crate::report::{self, Outcome, Record, Times};
use crate::run::{self, Command, Ended, Guard};
use crate::settings::{CheckMode, Settings};
use crate::toolchain::{self, Facts, Invocation, Need, SelectError, Selected};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Our own failures, apart from the compiler's: 1, as GCC's own.
pub const EXIT_FAILURE: i32 = 1;

/// The arguments of one call may be this long before they go through a response file: Linux gives argv and
/// environment together a quarter of the stack limit, 2 MiB by default.
const LONG_ARGUMENTS: usize = 512 * 1024;

/// Above this, a call that came with a response file goes on with one, so that the driver uses them too for
/// what it runs itself.
const LONG_WITH_FILES: usize = 64 * 1024;

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

/// The link of a shared object, ready to run.
pub struct SharedJob {
    /// The call.
    pub request: Request,
    /// The toolchain.
    pub selected: Selected,
    /// The call as it was, with the toolchain's own words.
    pub command: Command,
    /// The link of the same inputs into one object.
    pub relocatable: Relocatable,
    /// The compiler's family.
    pub family: Family,
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
    /// The rewritten call.
    pub plan: Plan,
    /// What the output must be for.
    pub expect: Expect,
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
            let selected = toolchain::select(settings, &invocation, Need::Compile, &request.abi)?;
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
    Ok(Prepared::Link(Box::new(link_job(settings, request, selected, facts))))
}

/// The link of a shared object; as it is where no static link would ever use it.
fn shared_job(
    settings: &Settings,
    invocation: &Invocation,
    request: Request,
    words: &[OsString],
) -> Result<Prepared, SelectError> {
    let as_asked = |selected: &Selected| Prepared::PassThrough(as_it_is(selected, words), Reason::SharedObject);
    let Ok(mut selected) = toolchain::select(settings, invocation, Need::Link, &request.abi) else {
        return Ok(as_asked(&toolchain::select(settings, invocation, Need::Compile, &request.abi)?));
    };
    let Some(facts) = selected.facts.take().filter(|_| !is_probe(request.output_path())) else {
        return Ok(as_asked(&selected));
    };
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = linker::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    Ok(match relocatable::plan(&request, &path) {
        None => as_asked(&selected),
        Some(relocatable) => {
            let command = as_it_is(&selected, words);
            Prepared::Shared(Box::new(SharedJob { request, selected, command, relocatable, family: facts.family }))
        }
    })
}

fn link_job(settings: &Settings, request: Request, mut selected: Selected, facts: Facts) -> Job {
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = linker::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    let mut resolution = libs::resolve(&items, &request, &facts, &path, selected.language);
    if let Err(error) = resolution.store.write() {
        selected.warnings.push(format!("the objects of shared libraries can't be written: {error}"));
    }
    // The toolchain's own directories hold what its distribution builds; a PIE by default takes those.
    let typed = reference::references(&items, &request).into_iter().filter_map(|r| match r.named {
        reference::Named::Path(path) => Some(path),
        _ => None,
    });
    let archives = resolution.libraries.iter().map(|l| l.path.clone()).filter(|p| !path.is_system(p));
    let files: Vec<PathBuf> = typed.chain(archives).collect();
    let fixed = if facts.default_pie { pic::fixed_input(files.iter().map(PathBuf::as_path)) } else { None };
    let context = Context {
        facts: &facts,
        language: selected.language,
        fixed_input: fixed.as_deref(),
        substitutes: &resolution.substitutes,
        closure: &resolution.closure,
    };
    let plan = plan::plan(&request, &context);
    Job { request, selected, facts, resolution, plan, expect }
}

/// The call with nothing but the toolchain's own words in front.
fn as_it_is(selected: &Selected, words: &[OsString]) -> Command {
    let front = selected.launcher.iter().chain(&selected.compiler).chain(&selected.compile_args);
    let mut command = Command::new(front.chain(words).cloned());
    command.env.clone_from(&selected.env);
    command
}

impl Job {
    /// What is run.
    pub fn command(&self) -> Command {
        as_it_is(&self.selected, &self.plan.argv)
    }
}

/// Runs a call to its end and gives the exit status, or does not come back.
pub fn main(own: Language, argv: &[OsString]) -> i32 {
    let start = Instant::now();
    let settings = Settings::from_env();
    start_log(&settings);
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
            let record = ending.record(argv, &selected, facts, None, Some(&reason));
            write_report(&settings, &record);
            EXIT_FAILURE
        }
        Ok(Prepared::Link(job)) => link(&settings, argv, *job, start),
        Ok(Prepared::Shared(job)) => link_shared(&job),
    }
}

/// Links a shared object as asked, then attaches its objects. Nothing of the second step shows in the first one's
/// output, status or file but the section.
fn link_shared(job: &SharedJob) -> i32 {
    let guard = Guard::install();
    let output = job.request.output_path();
    let before = Trace::of(output);
    let ran = match guard.run(&job.command) {
        Ok(ran) => ran,
        Err(error) => {
            message::error(format!("`{}` can't be run: {error}", job.command.program.to_string_lossy()));
            return EXIT_FAILURE;
        }
    };
    let status = match (ran.ended, ran.interrupted) {
        (Ended::Killed(signal), _) | (_, Some(signal)) => run::die_by(signal),
        (Ended::Exited(status), None) => status,
    };
    let made = Trace::of(output) != before && fs::metadata(output).is_ok_and(|m| m.is_file());
    if status == 0 && made {
        let run = |words: &[OsString]| as_it_is(&job.selected, words);
        match fat::make::attach(output, &job.request, &job.relocatable, job.family, run) {
            Ok(made) => log::info!("{}: {} bytes of objects in {} bytes", output.display(), made.object, made.section),
            Err(why) => log::info!("{}: no objects attached: {why}", output.display()),
        }
        if let Some(signal) = guard.caught() {
            run::die_by(signal);
        }
    }
    status
}

fn link(settings: &Settings, argv: &[OsString], job: Job, start: Instant) -> i32 {
    for warning in &job.selected.warnings {
        message::warning(warning);
    }
    if let Some(value) = &settings.bad_check {
        message::warning(format!(
            "STATICCXX_CHECK={} is none of strict, warn, off: strict is taken",
            value.to_string_lossy()
        ));
    }
    for (shared, why) in &job.resolution.store.ignored {
        message::note(format!("`{}`: {why}; it is taken as if it carried none", shared.display()));
    }
    if !job.request.dry_run && job.resolution.missing.iter().any(|m| m.required) {
        return refuse_missing(settings, argv, &job, start);
    }
    let full = job.command();
    log::info!("{}", full.shell());
    for applied in &job.plan.applied {
        log::debug!("{}: {}", applied.rule, applied.detail);
    }
    let guard = Guard::install();
    let (command, _response) = match shortened(&job, &full) {
        Ok(pair) => pair,
        Err(error) => {
            message::error(format!("a response file can't be written: {error}"));
            return EXIT_FAILURE;
        }
    };
    if job.request.dry_run {
        drop(job);
        let error = run::exec(&full);
        message::error(format!("`{}` can't be run: {error}", full.program.to_string_lossy()));
        return EXIT_FAILURE;
    }
    let output = &job.request.output_path().to_owned();
    let before = Trace::of(output);
    let mut ending = Ending::new(Outcome::Failed, EXIT_FAILURE);
    ending.times.plan = milliseconds(start);
    let ran = match guard.run(&command) {
        Ok(ran) => ran,
        Err(error) => {
            message::error(format!("`{}` can't be run: {error}", command.program.to_string_lossy()));
            return EXIT_FAILURE;
        }
    };
    ending.times.link = ran.wall.as_secs_f64() * 1000.0;
    let mut signal = ran.interrupted;
    match ran.ended {
        Ended::Killed(by) => {
            ending.outcome = Outcome::Interrupted;
            signal = signal.or(Some(by));
        }
        Ended::Exited(0) if signal.is_none() => verify(settings, &job, output, &before, &mut ending),
        Ended::Exited(status) => ending.status = status,
    }
    if let Some(signal) = signal.or_else(|| guard.caught()) {
        ending.outcome = Outcome::Interrupted;
        ending.status = 128 + signal;
        if Trace::of(output) != before {
            remove(output);
        }
        write_report(settings, &ending.record(argv, &job.selected, Some(&job.facts), Some((&job, &command)), None));
        drop((_response, job));
        run::die_by(signal);
    }
    if ending.outcome == Outcome::Failed {
        explain_failure(&job);
    }
    write_report(settings, &ending.record(argv, &job.selected, Some(&job.facts), Some((&job, &full)), None));
    ending.status
}

/// Reads the output back and decides what becomes of it.
fn verify(settings: &Settings, job: &Job, output: &Path, before: &Trace, ending: &mut Ending) {
    ending.status = 0;
    ending.outcome = Outcome::Unchecked;
    // `-o /dev/null` and calls that print something instead of linking leave nothing to read.
    let regular = fs::metadata(output).is_ok_and(|m| m.is_file());
    if settings.check == CheckMode::Off || !regular || Trace::of(output) == *before {
        return;
    }
    let start = Instant::now();
    match check::inspect(output) {
        Ok(image) => {
            let verdict = check::judge(&image, &job.expect, &CallEvidence::default());
            ending.outcome = if verdict.is_static() { Outcome::Verified } else { Outcome::NotStatic };
            for failure in &verdict.failures {
                say_failure(settings, job, output, failure);
            }
            ending.image = Some(image);
            ending.verdict = Some(verdict);
        }
        Err(error) => {
            ending.outcome = Outcome::NotStatic;
            let text = format!("`{}` was linked and {error}", output.display());
            match settings.check {
                CheckMode::Warn => message::warning(text),
                CheckMode::Strict | CheckMode::Off => message::error(text),
            }
        }
    }
    ending.times.check = milliseconds(start);
    if ending.outcome == Outcome::NotStatic && settings.check == CheckMode::Strict {
        ending.status = EXIT_FAILURE;
        remove(output);
        message::hint("set STATICCXX_CHECK=warn to keep the file; `staticctl explain -- COMMAND` shows what was run");
    }
}

fn say_failure(settings: &Settings, job: &Job, output: &Path, failure: &Failure) {
    let mut text = format!("`{}` is not a static program: {failure}", output.display());
    if let Some(blame) = blame(failure, &job.plan.argv) {
        text.push_str(&format!("; this comes from `{blame}`"));
    }
    match settings.check {
        CheckMode::Warn => message::warning(text),
        CheckMode::Strict | CheckMode::Off => message::error(text),
    }
}

/// The argument that a failure is most likely from.
fn blame(failure: &Failure, argv: &[OsString]) -> Option<String> {
    let words = || argv.iter().map(|w| w.to_string_lossy());
    match failure {
        Failure::NeedsSharedObjects { needed } => needed.iter().find_map(|soname| {
            let stem = reference::stem(Path::new(soname))?.to_string_lossy().into_owned();
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

/// Libraries that the user named and that have no archive: all of them at once, before the linker's own errors.
fn refuse_missing(settings: &Settings, argv: &[OsString], job: &Job, start: Instant) -> i32 {
    for missing in job.resolution.missing.iter().filter(|m| m.required) {
        message::error(missing.line());
        if missing.because.len() > 1 {
            message::note(format!("needed through {}", missing.because.join(" → ")));
        }
        message::hint(missing.hint());
    }
    let mut ending = Ending::new(Outcome::Refused, EXIT_FAILURE);
    ending.times.plan = milliseconds(start);
    let command = job.command();
    write_report(settings, &ending.record(argv, &job.selected, Some(&job.facts), Some((job, &command)), None));
    EXIT_FAILURE
}

/// After the linker's own errors: libraries that were needed and not there.
fn explain_failure(job: &Job) {
    for missing in &job.resolution.missing {
        message::note(format!("{}; needed through {}", missing.line(), missing.because.join(" → ")));
    }
}

/// The command with its arguments in a response file where they are too long, and the file, which goes with
/// its guard. An empty argument can't be put into one by every reader.
fn shortened(job: &Job, full: &Command) -> io::Result<(Command, Option<tempfile::TempPath>)> {
    let length: usize = job.plan.argv.iter().map(|w| w.len() + 1 + std::mem::size_of::<usize>()).sum();
    let limit = if job.request.used_files { LONG_WITH_FILES } else { LONG_ARGUMENTS };
    if length <= limit || job.plan.argv.iter().any(|w| w.is_empty()) {
        return Ok((full.clone(), None));
    }
    let mut file = tempfile::Builder::new().prefix("staticcxx").suffix(".rsp").tempfile()?;
    file.write_all(&response::quote(&job.plan.argv))?;
    let path = file.into_temp_path();
    let mut word = OsString::from("@");
    word.push(path.as_os_str());
    Ok((as_it_is(&job.selected, &[word]), Some(path)))
}

/// What a file looked like, to tell whether it was written.
#[derive(Debug, PartialEq, Eq)]
struct Trace(Option<(u64, u64, i64, i64)>);

impl Trace {
    fn of(path: &Path) -> Trace {
        use std::os::unix::fs::MetadataExt;
        Trace(fs::metadata(path).ok().map(|m| (m.ino(), m.size(), m.mtime(), m.mtime_nsec())))
    }
}

/// Removes an output, but never a device or a FIFO.
fn remove(output: &Path) {
    if fs::metadata(output).is_ok_and(|m| m.is_file())
        && let Err(error) = fs::remove_file(output)
    {
        message::warning(format!("`{}` can't be removed: {error}", output.display()));
    }
}

/// How a call ended, for the report.
struct Ending {
    outcome: Outcome,
    status: i32,
    times: Times,
    image: Option<Image>,
    verdict: Option<Verdict>,
}

impl Ending {
    fn new(outcome: Outcome, status: i32) -> Ending {
        Ending { outcome, status, times: Times::default(), image: None, verdict: None }
    }

    fn record<'a>(
        &'a self,
        argv: &[OsString],
        selected: &'a Selected,
        facts: Option<&'a Facts>,
        job: Option<(&'a Job, &Command)>,
        reason: Option<&'a Reason>,
    ) -> Record<'a> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        Record {
            schema: report::SCHEMA,
            time: u64::try_from(time).unwrap_or(0),
            directory: std::env::current_dir().unwrap_or_default(),
            argv: report::lossy(argv),
            command: job.map(|(_, c)| report::lossy(&c.words())).unwrap_or_default(),
            toolchain: &selected.toolchain,
            compiler: facts.map_or("", |f| &f.version),
            triple: facts.map_or("", |f| &f.triple),
            outcome: self.outcome,
            status: self.status,
            reason,
            kind: job.map(|(j, _)| j.plan.kind),
            rules: job.map_or(&[], |(j, _)| &j.plan.applied),
            libraries: job.map_or(&[], |(j, _)| &j.resolution.libraries),
            missing: job.map_or(&[], |(j, _)| &j.resolution.missing),
            output: job.map(|(j, _)| j.request.output_path().to_owned()).unwrap_or_default(),
            image: self.image.as_ref(),
            verdict: self.verdict.as_ref(),
            times: self.times,
        }
    }
}

fn write_report(settings: &Settings, record: &Record<'_>) {
    if let Some(dir) = &settings.report
        && let Err(error) = report::append(dir, record)
    {
        message::warning(format!("the report directory `{}` can't be written: {error}", dir.display()));
    }
}

fn start_log(settings: &Settings) {
    if let Some(filter) = &settings.log {
        // A second start, or a filter that can't be read, leaves the log as it is.
        let _ = env_logger::Builder::new().parse_filters(filter).try_init();
    }
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
