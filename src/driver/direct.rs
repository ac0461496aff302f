//! Direct links: by the built-in linker, without running the compiler.

use super::link_job::LinkJob;
use super::offered_objects;
use crate::args::option_table::Role;
use crate::check::Expect;
use crate::files::{Stamp, kept};
use crate::libs::library_file::LibraryFiles;
use crate::libs::mentions;
use crate::libs::{merged_strings, pic};
use crate::linker::call_detection::CallDetection;
use crate::linker::line::{self, LineParts};
use crate::linker::{WhyNot, cortex_a53, linked_target, template, wild_words};
use crate::model::{Libc, StaticKind};
use crate::options::linker::LinkerChoice;
use crate::plan::words::names_built_in;
use crate::run::{Command, Guard, Supervised};
use crate::settings::Settings;
use crate::toolchain::probe_cache::{Kept, Key};
use crate::toolchain::{Facts, Mechanism, Repairs};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Links by the built-in linker.
///
/// # Errors
/// Why the compiler has to link.
pub(super) fn attempt(
    settings: &Settings,
    job: &LinkJob,
    guard: &Guard,
    outputs: Outputs<'_>,
) -> Result<Supervised, WhyNot> {
    let ready = Ready::of(settings, job, outputs.program)?;
    let warns = Warns::of(settings, job);
    if warns.known() {
        return Err(WhyNot::Warning);
    }
    ready.link(guard, outputs).inspect_err(|why| {
        if *why == WhyNot::Warning {
            warns.keep();
        }
    })
}

/// The files that the built-in linker writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outputs<'a> {
    pub program: &'a Path,
    /// What it took, if that is wanted ([`crate::parts::wild_layout`]).
    pub layout: Option<&'a Path>,
}

/// A cached note that a program calls a function with a linker warning, as every program with OpenSSL does. Its next
/// link with the same libraries is left to the compiler at once.
struct Warns<'a> {
    cache: Option<&'a Path>,
    key: Option<Key>,
}

impl<'a> Warns<'a> {
    fn of(settings: &'a Settings, job: &LinkJob) -> Warns<'a> {
        let stamped = |path: &PathBuf| Some(format!("{} {:?}", path.display(), Stamp::of(path)?).into());
        // A project's own libraries change with each build, which would leave a cache file each time.
        let dirs = &job.facts.library_dirs;
        let installed = job.resolution.libraries.iter().filter(|l| dirs.iter().any(|d| l.path.parent() == Some(d)));
        let libraries: Option<Vec<OsString>> = installed.map(|l| stamped(&l.path)).collect();
        let output = std::path::absolute(job.request.output_path()).ok().map(PathBuf::into_os_string);
        let key = libraries.filter(|l| !l.is_empty()).zip(output).and_then(|(mut words, output)| {
            words.push(output);
            Key::of(&job.selected.compiler, &words, &format!("warns {} {:?}", kept::LINES, settings.dlopen))
        });
        Warns { cache: settings.cache_dir.as_deref(), key }
    }

    fn kept(&self) -> Kept<'_> {
        Kept { kind: "lines", dir: self.cache, key: self.key.as_ref() }
    }

    fn known(&self) -> bool {
        self.kept().load::<bool>() == Some(true)
    }

    fn keep(&self) {
        self.kept().store(&true);
    }
}

/// The built-in linker's command line, for messages; the repairs that it may need are found while it links.
///
/// # Errors
/// Why the compiler has to link.
pub(crate) fn built_in_line(settings: &Settings, job: &LinkJob) -> Result<Vec<String>, WhyNot> {
    Ready::of(settings, job, job.request.output_path()).map(|ready| ready.line)
}

/// Whether the built-in linker was requested by name.
pub(super) fn asked_for(settings: &Settings, job: &LinkJob) -> bool {
    settings.linker == LinkerChoice::Wild || job.request.args.iter().any(names_built_in)
}

/// A link that the built-in linker may do.
struct Ready<'a> {
    /// The linker's arguments.
    line: Vec<String>,
    /// The call detectors.
    detectors: CallDetection<'a>,
    /// What the output must be.
    expect: Expect,
    /// Whether the C library of a static-pie supports packed relative relocations (DT_RELR).
    packed: bool,
    /// Whether the output is for processors with an erratum of the Cortex-A53.
    avoids_erratum: bool,
}

impl<'a> Ready<'a> {
    fn of(settings: &Settings, job: &'a LinkJob, output: &Path) -> Result<Ready<'a>, WhyNot> {
        let facts = &job.facts;
        let parts = allowed(settings, job, output)?;
        let detectors = CallDetection::new(facts.libc == Libc::Glibc, facts.repairs.as_ref(), settings.repairs)?;
        if let Some(word) = parts.compiles {
            return Err(WhyNot::Compiles(word));
        }
        let library_path = settings.library_path.as_deref().unwrap_or_default().to_str().ok_or(WhyNot::NotText)?;
        let mut compiler = Command::new(job.selected.compiler.iter().chain(&job.selected.compile_args).cloned());
        compiler.env.clone_from(&job.selected.env);
        let asked = template::Asked { compiler: &compiler, options: &parts.options, library_path };
        let template = template::template(settings.cache_dir.as_deref(), &asked)?;
        let mut line = line::fill(&template, &parts, output, &default_dirs(facts))?;
        let by_user = |name: &&str| !job.asked.iter().any(|asked| asked == name);
        if let Some(name) = line::asked(&line).into_iter().find(by_user).filter(|_| line::collects(&line)) {
            return Err(WhyNot::KeptByName(name.to_owned()));
        }
        offered_objects::replace(job, &mut line)?;
        start_code(&mut line, facts.repairs.as_ref())?;
        let found: Vec<&Path> = job.resolution.libraries.iter().map(|l| l.path.as_path()).collect();
        let typed = parts.stream.iter().filter(|w| !w.starts_with('-')).map(Path::new);
        let files: Vec<&Path> = typed.chain(found).collect();
        let own: Vec<PathBuf> =
            files.iter().filter(|f| !job.resolution.path.is_system(f)).map(|f| f.to_path_buf()).collect();
        if job.plan.kind == StaticKind::StaticPie
            && let Some(input) = pic::plain_weak_load(&own, &job.resolution.path.files)
        {
            return Err(WhyNot::WeakLoad(input));
        }
        // Also what is no archive, which linkers open before they say so.
        let named = parts.stream.iter().filter_map(|word| job.resolution.path.of_user(word.strip_prefix("-l")?));
        let unresolved: Vec<PathBuf> = named.filter(|path| !own.contains(path)).collect();
        let opened = [own, unresolved].concat();
        if let Some(input) = merged_strings::stray_reference(&opened, &job.resolution.path.files) {
            return Err(WhyNot::StrayString(input));
        }
        let expect = job.expect;
        let avoids_erratum = line.iter().any(|word| word == cortex_a53::OPTION);
        if let Some(room) = facts.repairs.as_ref().and_then(|r| r.erratum_space.as_ref()).filter(|_| avoids_erratum) {
            line.push(room.to_str().ok_or(WhyNot::NotText)?.to_owned());
        }
        Ready { line, detectors, expect, packed: packs_for(settings, job), avoids_erratum }.checked(
            facts.repairs.as_ref(),
            &files,
            &job.resolution.path.files,
        )
    }

    /// Checks the arguments against those that the built-in linker supports, and removes repairs, which are added only
    /// when needed. `inputs` are searched for the calls of a C++ program.
    ///
    /// # Errors
    /// An argument that it may treat differently from GNU ld.
    fn checked(self, repairs: Option<&Repairs>, inputs: &[&Path], files: &LibraryFiles) -> Result<Ready<'a>, WhyNot> {
        let Ready { line, mut detectors, expect, packed, avoids_erratum } = self;
        let mut line = wild_words::checked(&line)?;
        line.iter().for_each(|word| detectors.input(word));
        line.retain(|word| !detectors.is_repair(word));
        if line.iter().any(|w| w == "-lstdc++" || w.ends_with("/libstdc++.a")) {
            let ours = |file: &Path| repairs.is_some_and(|r| r.detectors.as_deref() == file.parent());
            let inputs: Vec<&Path> = inputs.iter().copied().filter(|f| !ours(f)).collect();
            detectors.cxx(|functions| mentions::which(&inputs, files, functions));
        }
        Ok(Ready { line, detectors, expect, packed, avoids_erratum })
    }
}

/// The parts of a call that the built-in linker may link, as far as can be decided without asking the compiler.
///
/// # Errors
/// Why not.
fn allowed(settings: &Settings, job: &LinkJob, output: &Path) -> Result<LineParts, WhyNot> {
    linked_target::fits(&job.facts, &job.selected.compiler)?;
    if let Some(linker) = settings.linker.named() {
        return Err(WhyNot::Asked(linker.to_owned()));
    }
    if let Some(name) = settings.steered_by {
        return Err(WhyNot::Environment(name));
    }
    if job.wraps {
        return Err(WhyNot::Word("--wrap".to_owned()));
    }
    if let Some(narrow) = job.request.abi.iter().find(|w| *w == "-m32" || *w == "-mx32" || *w == "-m16") {
        return Err(WhyNot::Target(format!("{} with {}", job.facts.triple, narrow.display())));
    }
    if let Some(launcher) = job.selected.launcher.first().filter(|l| !passes_links(Path::new(l))) {
        return Err(WhyNot::Launcher(launcher.to_string_lossy().into_owned()));
    }
    if !is_new_or_file(output) {
        return Err(WhyNot::Output);
    }
    let parts = line::parts(&job.plan.argv)?;
    let inputs = parts.stream.iter().filter(|w| !w.starts_with('-'));
    if let Some(stream) = inputs.clone().find(|w| fs::metadata(w).is_ok_and(|m| !m.is_file())) {
        return Err(WhyNot::Stream(stream.clone()));
    }
    let mechanism = mechanism(job.plan.kind);
    match job.trials.off(mechanism) {
        Some(why) => Err(WhyNot::Off(mechanism, why)),
        None => Ok(parts),
    }
}

/// Adds the object that stands for start code which reads the GOT's header. Only a static-pie's does, and with its own
/// start files a program may have another C library.
///
/// # Errors
/// A path that is not UTF-8.
fn start_code(line: &mut Vec<String>, repairs: Option<&Repairs>) -> Result<(), WhyNot> {
    if let Some(object) =
        repairs.and_then(|r| r.relocator.as_ref()).filter(|_| line.iter().any(|w| w.ends_with("/rcrt1.o")))
    {
        line.insert(0, object.to_str().ok_or(WhyNot::NotText)?.to_owned());
    }
    Ok(())
}

/// GNU ld's default directories as `-L` options.
fn default_dirs(facts: &Facts) -> Vec<String> {
    facts.library_dirs.iter().map(|d| format!("-L{}", d.display())).collect()
}

/// Whether the output of a call has them: with its own start files it may use another C library, as rustc does for musl
/// targets.
fn packs_for(settings: &Settings, job: &LinkJob) -> bool {
    let own = job.request.last(&[Role::NoDefaultLibs, Role::NoStartFiles, Role::NoStdlib]).is_some();
    if own || job.plan.kind != StaticKind::StaticPie || !job.facts.packs_relocations() {
        return false;
    }
    match settings.trial.as_deref().and_then(Mechanism::of_id) {
        Some(tried) => tried == Mechanism::PackedRelocations,
        None => job.trials.off(Mechanism::PackedRelocations).is_none(),
    }
}

/// The mechanism of a link by the built-in linker.
fn mechanism(kind: StaticKind) -> Mechanism {
    match kind {
        StaticKind::StaticPie => Mechanism::BuiltInStaticPie,
        StaticKind::Static => Mechanism::BuiltInStatic,
    }
}

/// Whether a trial of the built-in linker is going on, so that no other may link.
pub(super) fn is_tried(settings: &Settings) -> bool {
    const BUILT_IN: [Mechanism; 3] =
        [Mechanism::BuiltInStaticPie, Mechanism::BuiltInStatic, Mechanism::PackedRelocations];
    settings.trial.as_deref().and_then(Mechanism::of_id).is_some_and(|tried| BUILT_IN.contains(&tried))
}

/// Whether an output does not exist or is a regular file.
fn is_new_or_file(output: &Path) -> bool {
    fs::symlink_metadata(output).map_or(true, |m| m.is_file())
}

/// Whether a launcher passes links through unchanged.
fn passes_links(launcher: &Path) -> bool {
    const KNOWN: [&str; 5] = ["buildcache", "ccache", "distcc", "icecc", "sccache"];
    launcher.file_name().is_some_and(|name| KNOWN.iter().any(|k| name == *k))
}

#[cfg(not(feature = "wild"))]
impl Ready<'_> {
    /// Links.
    ///
    /// # Errors
    /// The built-in linker is not compiled in.
    pub(super) fn link(self, _: &Guard, _: Outputs<'_>) -> Result<Supervised, WhyNot> {
        let Ready { line: _, detectors: _, expect: _, packed: _, avoids_erratum: _ } = self;
        Err(WhyNot::NotBuiltIn)
    }
}

#[cfg(feature = "wild")]
impl Ready<'_> {
    /// Links.
    ///
    /// # Errors
    /// Why the compiler's linker has to link.
    pub(super) fn link(mut self, guard: &Guard, outputs: Outputs<'_>) -> Result<Supervised, WhyNot> {
        use crate::check::{self, CallEvidence};
        use crate::linker::wild;
        use crate::run::Ended;
        let Outputs { program: output, layout } = outputs;
        // As GNU ld: no garbage collection unless requested, and the output is a new file. A file written through a
        // mapping is in the page cache in single pages, which makes each start of it a tenth slower.
        let mut ours = vec!["--no-gc-sections", "--no-update-in-place", "--no-mmap-output-file"];
        if self.packed && self.line.iter().any(|w| w == "-pie") {
            ours.extend(["-z", "pack-relative-relocs"]);
        }
        loop {
            let ours = ours.iter().copied().map(str::to_owned);
            let words: Vec<String> = ours.chain(self.detectors.words()).chain(self.line.iter().cloned()).collect();
            log::info!("wild {}", words.join(" "));
            let (ran, said) =
                guard.run_work(|| wild::link(&words, output, layout)).map_err(|e| WhyNot::Failed(e.to_string()))?;
            if ran.interrupted.is_some() {
                return Ok(ran);
            }
            if ran.ended != Ended::Exited(0) {
                log::debug!("{said}");
                self.detectors.found(&said)?;
                continue;
            }
            if self.avoids_erratum
                && let Some(at) = cortex_a53::mend(output).map_err(|e| WhyNot::BadOutput(e.to_string()))?
            {
                return Err(WhyNot::Erratum(at));
            }
            let image = check::inspect_headers(output).map_err(|e| WhyNot::BadOutput(e.to_string()))?;
            let verdict = check::judge(&image, &self.expect, &CallEvidence::default());
            return match verdict.failures.first() {
                Some(failure) => Err(WhyNot::BadOutput(format!("it is not static: {failure}"))),
                // A bug of wild 0.10: variables are misplaced.
                None if image.protection.unaligned_thread_storage => {
                    Err(WhyNot::BadOutput("its thread-local storage is not aligned".into()))
                }
                None => Ok(ran),
            };
        }
    }
}
