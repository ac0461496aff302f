//! The short way of a link: the built-in linker, without the compiler in between.

use super::Job;
use crate::linker::traps::Traps;
use crate::linker::{Choice, WhyNot, line, mentions, template, words};
use crate::model::{Family, Libc};
use crate::plan::words::names_built_in;
use crate::run::{Command, Guard, Supervised};
use crate::settings::Settings;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Links by the built-in linker.
///
/// # Errors
/// Why it is left to the compiler.
pub(super) fn attempt(settings: &Settings, job: &Job, guard: &Guard, output: &Path) -> Result<Supervised, WhyNot> {
    let ready = Ready::of(settings, job, output)?;
    link(ready, job, guard, output)
}

/// The built-in linker's command line for a link, for people; the repairs that it may need are found while it links.
///
/// # Errors
/// Why it is left to the compiler.
pub fn built_in_line(settings: &Settings, job: &Job) -> Result<Vec<String>, WhyNot> {
    Ready::of(settings, job, job.request.output_path()).map(|ready| ready.line)
}

/// Whether the built-in linker was asked for by name.
pub(super) fn asked_for(settings: &Settings, job: &Job) -> bool {
    settings.linker == Choice::Wild || job.request.args.iter().any(names_built_in)
}

/// A link that the built-in linker can be tried with.
struct Ready<'a> {
    line: Vec<String>,
    traps: Traps<'a>,
}

impl<'a> Ready<'a> {
    fn of(settings: &Settings, job: &'a Job, output: &Path) -> Result<Ready<'a>, WhyNot> {
        if !cfg!(feature = "wild") {
            return Err(WhyNot::NotBuiltIn);
        }
        if let Some(linker) = settings.linker.named() {
            return Err(WhyNot::Asked(linker.to_owned()));
        }
        if let Some(name) = settings.steered_by {
            return Err(WhyNot::Environment(name));
        }
        let facts = &job.facts;
        let narrow = job.request.abi.iter().any(|w| w == "-m32" || w == "-mx32" || w == "-m16");
        // Archives that are offered to musl programs go by their index, and nothing is known yet of what comes out.
        if !facts.triple.starts_with("x86_64-") || facts.triple.ends_with("x32") || narrow || facts.libc != Libc::Glibc
        {
            return Err(WhyNot::Target(format!("{} with {:?}", facts.triple, facts.libc)));
        }
        let program = job.selected.compiler.first().map(Path::new).unwrap_or(Path::new(""));
        if facts.family == Family::Zig || !is_elf(program) {
            return Err(WhyNot::Compiler(program.display().to_string()));
        }
        if let Some(launcher) = job.selected.launcher.first().filter(|l| !passes_links(Path::new(l))) {
            return Err(WhyNot::Launcher(launcher.to_string_lossy().into_owned()));
        }
        if fs::symlink_metadata(output).is_ok_and(|m| !m.is_file()) {
            return Err(WhyNot::Output);
        }
        let parts = line::parts(&job.plan.argv)?;
        let mut traps = Traps::new(facts.libc == Libc::Glibc, facts.repairs.as_ref(), settings.repairs)?;
        let library_path = settings.library_path.as_deref().unwrap_or_default().to_str().ok_or(WhyNot::NotText)?;
        let mut compiler = Command::new(job.selected.compiler.iter().chain(&job.selected.compile_args).cloned());
        compiler.env.clone_from(&job.selected.env);
        let asked = template::Asked { compiler: &compiler, options: &parts.options, library_path };
        let template = template::template(settings.cache_dir.as_deref(), &asked)?;
        // Where GNU ld looks without being told.
        let dirs: Vec<String> = facts.library_dirs.iter().map(|d| format!("-L{}", d.display())).collect();
        let mut line = words::checked(&line::fill(&template, &parts, output, &dirs)?)?;
        line.retain(|word| !traps.is_repair(word));
        if line.iter().any(|w| w == "-lstdc++" || w.ends_with("/libstdc++.a")) {
            let ours = |file: &Path| facts.repairs.iter().any(|r| r.traps.as_deref() == file.parent());
            let typed = parts.stream.iter().filter(|w| !w.starts_with('-')).map(Path::new);
            let found = job.resolution.libraries.iter().map(|l| l.path.as_path());
            let files: Vec<&Path> = typed.chain(found).filter(|f| !ours(f)).collect();
            traps.cxx(|functions| mentions::any(&files, functions));
        }
        Ok(Ready { line, traps })
    }
}

/// Whether a launcher does nothing on a link but run it.
fn passes_links(launcher: &Path) -> bool {
    const KNOWN: [&str; 5] = ["buildcache", "ccache", "distcc", "icecc", "sccache"];
    launcher.file_name().is_some_and(|name| KNOWN.iter().any(|k| name == *k))
}

/// Whether a file is a program itself and no script.
fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

#[cfg(not(feature = "wild"))]
fn link(_: Ready<'_>, _: &Job, _: &Guard, _: &Path) -> Result<Supervised, WhyNot> {
    Err(WhyNot::NotBuiltIn)
}

#[cfg(feature = "wild")]
fn link(mut ready: Ready<'_>, job: &Job, guard: &Guard, output: &Path) -> Result<Supervised, WhyNot> {
    use crate::check::{self, CallEvidence};
    use crate::linker::wild;
    use crate::run::Ended;
    loop {
        // As GNU ld: nothing is collected unless the line asks for it, and an output is a new file.
        let ours = ["--no-gc-sections", "--no-update-in-place"].map(str::to_owned);
        let words: Vec<String> =
            ours.into_iter().chain(ready.traps.words()).chain(ready.line.iter().cloned()).collect();
        log::info!("wild {}", words.join(" "));
        let (ran, said) = guard.run_work(|| wild::link(&words)).map_err(|e| WhyNot::Failed(e.to_string()))?;
        if ran.interrupted.is_some() {
            return Ok(ran);
        }
        if ran.ended != Ended::Exited(0) {
            log::debug!("{said}");
            ready.traps.sprung(&said)?;
            continue;
        }
        let image = check::inspect_headers(output).map_err(|e| WhyNot::BadOutput(e.to_string()))?;
        let verdict = check::judge(&image, &job.expect, &CallEvidence::default());
        return match verdict.failures.first() {
            Some(failure) => Err(WhyNot::BadOutput(format!("it is not static: {failure}"))),
            // A fault of wild 0.10: variables are not where the code looks for them.
            None if image.protection.unaligned_thread_storage => {
                Err(WhyNot::BadOutput("its thread-local storage is not aligned".into()))
            }
            None => Ok(ran),
        };
    }
}
