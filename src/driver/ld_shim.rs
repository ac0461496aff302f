//! The built-in linker as `ld`, for calls that compile and link: the compiler finds us as its linker through `-B`.
//! Everything else stays the compiler's: languages, temporary files, dependency files, messages.
//!
//! The directory of `-B` contains a symbolic link `ld` to our program and a file with what the driver knows of the call
//! ([`Errand`]). Called as `ld` from there, we get exactly the command line for the compiler's linker, and exec that
//! linker if the built-in one can't do the link.
//!
//! Sources: how collect2 searches for `ld` (GCC's collect2.cc: `real-ld`, `collect-ld`, `ld` along COMPILER_PATH, which
//! begins with the directories of `-B`), Clang's manual on `-B`.

use super::direct::{Ready, allowed, default_dirs, is_new_or_file, packs_for};
use super::link_job::LinkJob;
use super::logging::start_log;
use crate::args::{InputKind, Request, response};
use crate::check::Expect;
use crate::files::Identity;
use crate::libs;
use crate::libs::library_file::LibraryFiles;
use crate::linker::call_detection::CallDetection;
use crate::linker::{WhyNot, template};
use crate::message;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::options::repairs::GlibcFixes;
use crate::report::LinkedBy;
use crate::run::{self, Command, Ended, Guard};
use crate::settings::{self, Settings};
use crate::toolchain::Repairs;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// What the driver knows of a call and a linker does not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Errand {
    expect: Expect,
    packed: bool,
    repairs: Option<Repairs>,
    wanted: GlibcFixes,
    /// `-L` options for the default directories of the compiler's linker.
    dirs: Vec<String>,
    /// The libraries of the call.
    libraries: Vec<PathBuf>,
    /// The compiler's own linker, as the compiler names it.
    linker: PathBuf,
    /// The sources of the call in order, if a report will name which source calls what.
    sources: Vec<String>,
    /// The objects on the command line.
    objects: Vec<PathBuf>,
    /// `STATICCXX_LOG`.
    log: Option<String>,
}

/// The result of a link, for the driver.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShimResult {
    /// Why the built-in linker did not link.
    why: Option<String>,
    /// Functions that need files, and the sources that call them.
    pub callers: Vec<(String, String)>,
}

impl ShimResult {
    pub(super) fn by(&self) -> LinkedBy {
        self.why.clone().map_or(LinkedBy::BuiltIn, LinkedBy::Compiler)
    }
}

/// File name of the errand, next to `ld`.
const ERRAND: &str = "errand.json";
/// File name of the result.
const RESULT: &str = "result.json";

/// The directory for `-B`, removed when this is dropped.
pub(super) struct LdShim(tempfile::TempDir);

impl LdShim {
    /// For a call that the built-in linker may link once its sources are compiled. None if it may not, or if no
    /// directory can be created.
    pub(super) fn of(settings: &Settings, job: &LinkJob) -> Option<LdShim> {
        let facts = &job.facts;
        allowed(settings, job, job.request.output_path()).ok()?;
        let compiler = Command::new(job.selected.compiler.iter().chain(&job.selected.compile_args).cloned());
        let errand = Errand {
            expect: job.expect,
            packed: packs_for(facts, &job.request),
            repairs: facts.repairs.clone(),
            wanted: settings.repairs,
            dirs: default_dirs(facts),
            libraries: job.resolution.libraries.iter().map(|l| l.path.clone()).collect(),
            linker: template::linker(settings.cache_dir.as_deref(), &compiler).ok()?,
            sources: settings.report.iter().flat_map(|_| named(&job.request, InputKind::is_compiled)).collect(),
            objects: named(&job.request, |kind| kind == InputKind::Object).map(PathBuf::from).collect(),
            log: settings.log.clone(),
        };
        LdShim::made(&errand).inspect_err(|e| log::debug!("no ld shim: {e}")).ok()
    }

    fn made(errand: &Errand) -> std::io::Result<LdShim> {
        let dir = tempfile::Builder::new().prefix("staticcxx-ld").tempdir()?;
        fs::write(dir.path().join(ERRAND), serde_json::to_vec(errand)?)?;
        std::os::unix::fs::symlink(std::env::current_exe()?, dir.path().join("ld"))?;
        Ok(LdShim(dir))
    }

    /// The command with `-B`.
    pub(super) fn on(&self, command: Command) -> Command {
        let mut word = OsString::from("-B");
        word.push(self.0.path());
        word.push("/");
        command.arg(word)
    }

    /// The result; none if the link was not reached.
    pub(super) fn result(&self) -> Option<ShimResult> {
        serde_json::from_slice(&fs::read(self.0.path().join(RESULT)).ok()?).ok()
    }
}

/// The inputs of some kinds, as typed.
fn named(request: &Request, is: impl Fn(InputKind) -> bool) -> impl Iterator<Item = String> {
    request.inputs.iter().filter(move |i| is(i.kind)).map(|i| i.text.to_string_lossy().into_owned())
}

/// Links, if we are called as `ld` through a shim directory, and returns the exit status.
pub(crate) fn main(argv: &[OsString]) -> Option<i32> {
    let (own, words) = argv.split_first()?;
    let own = Path::new(own);
    if own.file_name() != Some(OsStr::new("ld")) {
        return None;
    }
    let dir = own.parent()?;
    let errand: Errand = serde_json::from_slice(&fs::read(dir.join(ERRAND)).ok()?).ok()?;
    start_log(errand.log.as_deref());
    let guard = Guard::install();
    let words = response::expand(words, Path::new("")).words;
    let mut said = ShimResult { why: None, callers: errand.callers(&words) };
    let say = |said: &ShimResult| {
        // The link counts, even if the report lacks the result.
        let _ = serde_json::to_vec(said).map(|text| fs::write(dir.join(RESULT), text));
    };
    match errand.link(&words, dir, &guard) {
        Ok(signal) => {
            say(&said);
            signal.map(|signal| run::die_by(signal)).or(Some(0))
        }
        Err(why) => {
            log::info!("not by the built-in linker: {why}");
            said.why = Some(why.to_string());
            say(&said);
            guard.release();
            let linker = errand.own_linker(dir);
            let error = run::exec(&Command::new([linker.as_os_str()]).args(argv.iter().skip(1).cloned()));
            message::error(format!("`{}` can't be run: {error}", linker.display()));
            Some(EXIT_FAILURE)
        }
    }
}

impl Errand {
    /// Links; returns the signal that ended the link, if one did.
    fn link(&self, words: &[OsString], dir: &Path, guard: &Guard) -> Result<Option<i32>, WhyNot> {
        let mut line = Vec::with_capacity(words.len() + self.dirs.len());
        for word in words {
            line.push(word.to_str().ok_or(WhyNot::NotText)?.to_owned());
        }
        // The compiler searches these directories for libraries too.
        let ours = format!("-L{}", dir.display());
        line.retain(|w| w.trim_end_matches('/') != ours);
        let at = line.iter().position(|w| w == "-o").map_or(usize::MAX, |i| i + 1);
        let output = PathBuf::from(line.get(at).map_or("a.out", String::as_str));
        if !is_new_or_file(&output) {
            return Err(WhyNot::Output);
        }
        let typed: Vec<PathBuf> = line.iter().filter(|w| !w.starts_with('-')).map(PathBuf::from).collect();
        let files: Vec<&Path> = typed.iter().chain(&self.libraries).map(PathBuf::as_path).collect();
        line.extend(self.dirs.iter().cloned());
        let detectors = CallDetection::new(true, self.repairs.as_ref(), self.wanted)?;
        let ready = Ready { line, detectors, expect: self.expect, packed: self.packed };
        let ran = ready.checked(self.repairs.as_ref(), &files, &LibraryFiles::default())?.link(guard, &output)?;
        match ran.ended {
            Ended::Killed(signal) => Ok(Some(signal)),
            Ended::Exited(_) => Ok(ran.interrupted),
        }
    }

    /// Which sources call functions that need files: the compiler's objects are in the order of the sources. Empty if
    /// they can't be matched.
    fn callers(&self, words: &[OsString]) -> Vec<(String, String)> {
        let is_new = |path: &&Path| {
            let start = path.file_name().is_some_and(|n| n.to_string_lossy().contains("crt"));
            path.extension() == Some(OsStr::new("o")) && !start && !self.objects.iter().any(|o| o == path)
        };
        let made: Vec<&Path> = words.iter().map(Path::new).filter(is_new).collect();
        if self.sources.len() != made.len() {
            return Vec::new();
        }
        let calls = |(path, source): (&&Path, &String)| {
            let callers = libs::callers::evidence(&[path.to_path_buf()], Path::new("")).callers;
            callers.into_iter().map(|(function, _)| (function, source.clone())).collect::<Vec<_>>()
        };
        made.iter().zip(&self.sources).flat_map(calls).collect()
    }

    /// The compiler's own linker: its path, or along COMPILER_PATH and PATH, as for collect2.
    fn own_linker(&self, dir: &Path) -> PathBuf {
        if self.linker.is_absolute() {
            return self.linker.clone();
        }
        let paths = settings::program_paths();
        let candidates = paths.iter().filter(|d| *d != dir).map(|d| d.join(&self.linker));
        let not_us = |path: &PathBuf| Identity::of(path).is_some_and(|id| Some(id) != Identity::own());
        candidates.into_iter().find(not_us).unwrap_or_else(|| self.linker.clone())
    }
}
