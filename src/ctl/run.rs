//! `staticctl run`: a build with our drivers, and what it built.

use super::output::fail;
use super::size;
use crate::files::AtomicFile;
use crate::message::{self, status::Status};
use crate::options;
use crate::options::exit_codes::EXIT_ERROR;
use crate::options::exit_codes::{EXIT_NOT_FOUND, EXIT_NOT_RUNNABLE};
use crate::plan::policy::Reason;
use crate::report::{self, Outcome};
use crate::run::{self, Command, Ended, Supervised, process_tree};
use crate::session::collector::Session;
use crate::session::environment::{self, Environment};
use crate::session::records::{self, RecordedLink};
use crate::session::summary::{self, BuildSummary};
use crate::session::{scan, summary_table};
use crate::settings::{CACHE_HOME, Settings};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

#[derive(Debug)]
pub(crate) struct RunRequest {
    pub toolchain: Option<OsString>,
    pub report: Option<PathBuf>,
    /// Show links on the terminal as they happen.
    pub progress: bool,
    /// Leave unused parts out of the programs.
    pub small: bool,
    /// Where relink kits are put.
    pub relink_kit: Option<PathBuf>,
    /// Tell what each program is made of.
    pub size: bool,
    pub command: Vec<OsString>,
}

/// Runs a command under our drivers. Gives its exit status, or ends by its signal.
pub(crate) fn run(settings: &Settings, request: &RunRequest) -> u8 {
    let report = match request.report.as_deref().map(ReportFile::open).transpose() {
        Ok(report) => report,
        Err((path, error)) => return fail(format!("the report `{}` can't be written: {error}", path.display()), None),
    };
    let environment = match environment::prepare(settings, request.toolchain.as_deref()) {
        Ok(environment) => environment,
        Err(error) => {
            let hint = error.hint();
            return fail(error, hint);
        }
    };
    for mistake in settings.distrusted_cache().into_iter().chain(settings.misspelt.iter().map(ToString::to_string)) {
        message::warning(mistake);
    }
    for warning in &environment.warnings {
        message::warning(warning);
    }
    let session = match Session::open(settings) {
        Ok(session) => Some(session),
        Err(error) => {
            message::warning(format!("no temporary directory is writable ({error}): links are not reported"));
            None
        }
    };
    let command = command(settings, request, &environment, session.as_ref());
    let start = SystemTime::now();
    let watcher = session.as_ref().filter(|_| request.progress).and_then(Watcher::start);
    let ran = process_tree::run_build(&command);
    drop(watcher);
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => return not_started(&command, &error),
    };
    if let Some(session) = &session {
        report_build(settings, request, session, start, ran, report);
    }
    // Before the process may end by a signal.
    drop((session, environment));
    match ran.ended {
        Ended::Exited(status) => u8::try_from(status & 0xff).unwrap_or(EXIT_ERROR),
        Ended::Killed(signal) => run::die_by(signal),
    }
}

fn command(settings: &Settings, request: &RunRequest, environment: &Environment, session: Option<&Session>) -> Command {
    let mut command = Command::new(request.command.clone());
    for variable in &environment.variables {
        command = command.env(&variable.name, &variable.value);
    }
    // The links below need not say it again.
    let told = settings.told.iter().chain(settings.misspelt.iter().map(|m| &m.name)).map(String::as_str);
    let told: Vec<&str> = told.chain(settings.distrusted_cache.as_ref().map(|_| CACHE_HOME)).collect();
    if !told.is_empty() {
        command = command.env(options::TOLD.name, told.join(","));
    }
    if request.small {
        command = command.env(options::SMALL.name, "on");
    }
    if let Some(dir) = &request.relink_kit {
        // A build changes directories.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        command = command.env(options::RELINK_KIT.name, dir);
    }
    if request.size {
        match size::records_dir(settings) {
            Some(dir) => command = command.env(options::SIZE.name, dir),
            None => {
                message::warning(format!("there is no cache directory: {} can name one for sizes", options::SIZE.name))
            }
        }
    }
    match session {
        Some(session) => command.env(options::REPORT.name, session.dir()),
        None => command,
    }
}

fn not_started(command: &Command, error: &io::Error) -> u8 {
    message::error(format!("`{}` can't be run: {error}", command.program.to_string_lossy()));
    match error.kind() {
        io::ErrorKind::NotFound => EXIT_NOT_FOUND,
        _ => EXIT_NOT_RUNNABLE,
    }
}

/// Reports what the build made, on stderr and to the files that were asked for.
fn report_build(
    settings: &Settings,
    request: &RunRequest,
    session: &Session,
    start: SystemTime,
    ran: Supervised,
    report: Option<ReportFile>,
) {
    let directory = std::env::current_dir().unwrap_or_default();
    let links = match session.links() {
        Ok(links) => links,
        Err(error) => {
            message::warning(format!("`{}` can't be read: {error}: links are not reported", session.file().display()));
            return;
        }
    };
    let outputs: BTreeSet<PathBuf> = links.iter().filter_map(|l| l.path().parent().map(Path::to_owned)).collect();
    let scan = scan::since(start, &directory, &outputs);
    let failed = ran.ended != Ended::Exited(0);
    let mut summary = summary::join(links, scan, &directory, failed);
    summary.command = report::lossy(&request.command);
    summary.seconds = ran.wall.as_secs_f64();
    match ran.ended {
        Ended::Exited(status) => summary.status = Some(status),
        Ended::Killed(signal) => summary.signal = Some(signal),
    }
    if let Some(dir) = &settings.report
        && let Err(error) = session.hand_on(dir)
    {
        message::warning(format!("the report directory `{}` can't be written: {error}", dir.display()));
    }
    if let Some(report) = report
        && let Err((path, error)) = report.write(&summary)
    {
        message::warning(format!("the report `{}` can't be written: {error}", path.display()));
    }
    print_summary(&summary);
}

fn print_summary(summary: &BuildSummary) {
    message::note(summary_table::headline(summary));
    message::table(&summary_table::table(summary, message::table::stderr_width()));
    for remark in summary_table::remarks(summary) {
        message::note(remark);
    }
    let name = |path: &Path| summary_table::shown(path, &summary.directory);
    let left = summary.left_alone.iter().filter(|left| left.path.is_file());
    for (left, why) in left.filter_map(|left| match &left.reason {
        Some(Reason::StaticLinkFailed(why)) => Some((left, why)),
        _ => None,
    }) {
        message::warning(format!("`{}` is dynamic, as the build linked it: {why}", name(&left.path)));
    }
    let foreign = |is_static: bool| summary.foreign.iter().filter(move |f| f.is_static == is_static);
    for program in foreign(false) {
        let why = program.failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let unseen = program.unseen.line();
        message::warning(format!("`{}` was built without staticcxx: {why}; {unseen}", name(&program.path)));
    }
    if let Some(first) = foreign(false).next() {
        let first = name(&first.path);
        message::hint(format!("`staticctl convert {first} -o {first}.static` makes a finished program static"));
    }
    for program in foreign(true) {
        message::note(format!("`{}` was reported by no driver, and is static", name(&program.path)));
    }
    if summary.search_cut {
        message::note(format!(
            "not every file below `{}` was examined: there are too many",
            summary.directory.display()
        ));
    }
}

/// The file for the report: opened for writing in its directory before the build, put in its place after it.
struct ReportFile {
    path: PathBuf,
    file: AtomicFile,
}

impl ReportFile {
    fn open(path: &Path) -> Result<ReportFile, (PathBuf, io::Error)> {
        let at = |error| (path.to_owned(), error);
        // The build may change our directory's name, not our own directory: the path is made absolute now.
        let path = std::path::absolute(path).map_err(at)?;
        if path.is_dir() {
            return Err((path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let file = AtomicFile::create(&path).map_err(at)?;
        Ok(ReportFile { path, file })
    }

    fn write(mut self, summary: &BuildSummary) -> Result<(), (PathBuf, io::Error)> {
        let text = serde_json::to_string_pretty(summary).map_err(|e| (self.path.clone(), e.into()))?;
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.commit());
        written.map_err(|e| (self.path, e))
    }
}

/// How often the records are looked at.
const TICK: Duration = Duration::from_millis(150);

/// Follows the records of a running build and shows them in the terminal's last row.
struct Watcher {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// None without a terminal.
    fn start(session: &Session) -> Option<Watcher> {
        let mut status = Status::new()?;
        let over = Arc::new(AtomicBool::new(false));
        let (ends, file) = (over.clone(), session.file());
        let thread = thread::Builder::new().spawn(move || {
            let directory = std::env::current_dir().unwrap_or_default();
            let mut follower = Follower { file, at: 0, links: 0 };
            status.show("staticcxx: no links yet");
            while !ends.load(Ordering::Relaxed) {
                if let Some(last) = follower.news().last() {
                    status.show(&progress(follower.links, last, &directory));
                }
                thread::sleep(TICK);
            }
        });
        Some(Watcher { over, thread: Some(thread.ok()?) })
    }
}

fn progress(links: usize, last: &RecordedLink, directory: &Path) -> String {
    let shape = match (last.outcome, last.verdict.as_ref().and_then(|v| v.kind)) {
        (Outcome::Verified, Some(kind)) => kind.flag().trim_start_matches('-').to_owned(),
        (Outcome::LeftAlone, _) => "left alone".into(),
        (Outcome::Unchecked, _) => "not checked".into(),
        _ => "FAILED".into(),
    };
    let size = last.image.as_ref().map(|i| format!(" {}", message::size::size(i.bytes))).unwrap_or_default();
    format!("staticcxx: {links} linked, last: {} {shape}{size}", summary_table::shown(&last.path(), directory))
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It only sleeps, reads and draws.
            let _ = thread.join();
        }
    }
}

/// The growing end of the records.
struct Follower {
    file: PathBuf,
    at: u64,
    links: usize,
}

impl Follower {
    /// What came since the last time, whole lines only.
    fn news(&mut self) -> Vec<RecordedLink> {
        let mut bytes = Vec::new();
        let read = File::open(&self.file).and_then(|mut f| {
            f.seek(SeekFrom::Start(self.at))?;
            f.read_to_end(&mut bytes)
        });
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        if read.is_err() {
            return Vec::new();
        }
        self.at += whole as u64;
        let links = records::parse(&bytes);
        self.links += links.len();
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_whole_new_lines_are_news() {
        let t = tempfile::tempdir().unwrap();
        let mut follower = Follower { file: t.path().join("f"), at: 0, links: 0 };
        assert!(follower.news().is_empty());
        let line = r#"{"directory":"/w","toolchain":"t","outcome":"verified","reason":null,"libraries":[],"output":"app","image":{"build_id":null,"bytes":2048},"verdict":{"kind":"static","failures":[],"findings":[]},"times":{"plan":1,"link":1,"check":1}}"#;
        let half = line.len() / 2;
        fs::write(&follower.file, format!("{line}\n{}", &line[..half])).unwrap();
        assert_eq!(follower.news().len(), 1);
        assert!(follower.news().is_empty());
        fs::write(&follower.file, format!("{line}\n{line}\n")).unwrap();
        let news = follower.news();
        assert_eq!(progress(follower.links, &news[0], Path::new("/w")), "staticcxx: 2 linked, last: app static 2 KiB");
    }

    #[test]
    fn a_report_that_can_not_be_written_is_known_before_the_build() {
        let t = tempfile::tempdir().unwrap();
        assert!(ReportFile::open(t.path()).is_err());
        assert!(ReportFile::open(&t.path().join("no/r.json")).is_err());
        drop(ReportFile::open(&t.path().join("r.json")).ok().unwrap());
        assert_eq!(fs::read_dir(t.path()).unwrap().count(), 0, "nothing is left of a report that was not written");
    }
}
