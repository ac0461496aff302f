//! The steps of an install, in order.

use super::build_context::{BuildContext, InstallError};
use super::build_inputs::{self, Inputs, RequestedInputs};
use super::manifest::{self, Manifest};
use super::new_descriptor::FinishedBuild;
use super::place::{self, ToolchainPlace};
use super::prerequisites::{MissingPrerequisite, Prerequisite, install_command};
use super::selftest::{self, SelftestResult};
use super::sysroot::{self, Sysroot};
use super::{build, compat, debian, functions, lean, malloc, patch, source};
use crate::message::{self, progress::Progress};
use crate::run::{Command, Ended, Guard};
use crate::settings::Settings;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Default)]
pub(crate) struct InstallOptions {
    pub name: String,
    /// What it is made from.
    pub asked: RequestedInputs,
    /// Install what is missing, as root.
    pub yes: bool,
    /// Build even if nothing has changed.
    pub force: bool,
    /// How many jobs at a time.
    pub jobs: usize,
    /// Say nothing but errors.
    pub quiet: bool,
}

/// The steps, and how many seconds each usually takes on two cores.
const STEPS: [(&str, u64); 10] = [
    ("unpacking the sources", 12),
    ("copying headers and crt objects", 2),
    ("configuring libstdc++, libgomp, libatomic", 24),
    ("compiling them", 50),
    ("splitting the locale machinery", 16),
    ("compiling the allocator", 4),
    ("compiling string functions", 5),
    ("compiling functions that musl lacks", 3),
    ("moving the toolchain into place", 1),
    ("testing it", 14),
];

/// Space that a build takes: in the work directory, in the data directory.
const NEEDS: (u64, u64) = (400 << 20, 76 << 20);

/// Makes or renews a toolchain.
///
/// # Errors
/// Why there is none; the one of before, if there was one, is as it was.
pub(crate) fn install(settings: &Settings, options: &InstallOptions) -> Result<Manifest, InstallError> {
    let began = Instant::now();
    let data = settings.data_dir.as_deref().ok_or(InstallError::NoHome)?;
    let place = ToolchainPlace::new(data, &options.name);
    let guard = Guard::install();
    let inputs = or_signal(&guard, gather(settings, options, &guard))?;
    let unwritable = |e| InstallError::io(format!("`{}` can't be written", place.prefix.display()), e);
    let _lock = place
        .lock(|| message::note(format!("another install of `{}` is running: waiting for it", options.name)))
        .map_err(unwritable)?;
    let identity = inputs.identity();
    if let Some(manifest) = current(&place).filter(|_| !options.force && is_of(&place, &identity)) {
        return Ok(manifest);
    }
    let work = work_dir(settings, options, &identity)?;
    require_space(&work, &place)?;
    let log = work.with_extension("log");
    File::create(&log).map_err(|e| InstallError::io(format!("writing `{}`", log.display()), e))?;
    let context = BuildContext { inputs: &inputs, work, log, jobs: options.jobs.max(1), guard: &guard };
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let id = format!("{}-{}-{:x}", inputs.number, inputs.musl.version, time.as_millis());
    let progress = Progress::new(STEPS.iter().map(|s| s.1).collect(), options.quiet);
    let install = Install { context: &context, place: &place, id: &id, progress, began, time: time.as_secs() };
    let done = or_signal(&guard, install.all(&options.name));
    install.clean_up(&done);
    done
}

/// What failed after a signal came failed by it, whatever the command that it ended was asked for.
fn or_signal<T>(guard: &Guard, done: Result<T, InstallError>) -> Result<T, InstallError> {
    done.map_err(|error| guard.caught().map_or(error, InstallError::Interrupted))
}

/// The work directory; that of an interrupted install of the same inputs is reused.
fn work_dir(settings: &Settings, options: &InstallOptions, identity: &str) -> Result<PathBuf, InstallError> {
    let work = place::work_dir(settings.cache_dir.as_deref(), &options.name)
        .map_err(|e| InstallError::io("making a work directory", e))?;
    let failed = options.force && work.join("failed").exists();
    if failed || fs::read_to_string(work.join("identity")).ok().as_deref() != Some(identity) {
        fs::remove_dir_all(&work).map_err(|e| InstallError::io("clearing the work directory", e))?;
        fs::create_dir_all(&work).map_err(|e| InstallError::io("making a work directory", e))?;
        fs::write(work.join("identity"), identity)
            .map_err(|e| InstallError::io("writing into the work directory", e))?;
    }
    Ok(work)
}

fn require_space(work: &Path, place: &ToolchainPlace) -> Result<(), InstallError> {
    for (dir, needs) in [(work, NEEDS.0), (&place.prefix, NEEDS.1)] {
        let has = place::free_space(dir).unwrap_or(u64::MAX);
        if has < needs && !work.join("done-3").exists() {
            return Err(InstallError::Space { dir: dir.to_owned(), has, needs });
        }
    }
    Ok(())
}

/// The manifest of the build in use.
pub(crate) fn current(place: &ToolchainPlace) -> Option<Manifest> {
    Manifest::load(&place.build(&place.in_use()?).join("manifest.json"))
}

/// Whether the build in use was made from the same inputs.
fn is_of(place: &ToolchainPlace, identity: &str) -> bool {
    let file = place.in_use().map(|id| place.build(&id).join("identity"));
    file.and_then(|f| fs::read_to_string(f).ok()).as_deref() == Some(identity)
}

/// Finds the inputs; installs packages if that was asked for, and looks again.
fn gather(settings: &Settings, options: &InstallOptions, guard: &Guard) -> Result<Inputs, InstallError> {
    let mut asked = options.asked.clone();
    let unpacked = asked.musl.as_ref().filter(|p| p.extension().is_some_and(|e| e == "deb"));
    let packages = settings.cache_dir.clone().unwrap_or_else(tempfile::env::temp_dir).join("packages");
    if let Some(package) = unpacked {
        let into = packages.join(package.file_stem().unwrap_or_default());
        debian::unpack(package, &into)
            .map_err(|e| InstallError::io(format!("unpacking `{}`", package.display()), e))?;
        asked.musl = Some(into);
    }
    let first = Inputs::find(settings, &asked);
    let Err(missing) = first.as_ref() else { return first.map_err(InstallError::Missing) };
    if !options.yes {
        return first.map_err(InstallError::Missing);
    }
    if let Some(words) = install_command(missing) {
        message::note(format!("running `{}`", words.join(" ")));
        run_as_root(guard, &words)?;
    }
    let again = Inputs::find(settings, &asked);
    let foreign_musl = |m: &MissingPrerequisite| m.is_foreign_musl();
    if let Err(missing) = &again
        && let Some(m) = missing.iter().find(|m| foreign_musl(m))
    {
        let into = debian::fetch_musl(&m.arch, &packages).map_err(|e| InstallError::io("fetching musl", e))?;
        asked.musl = Some(into);
        return Inputs::find(settings, &asked).map_err(InstallError::Missing);
    }
    again.map_err(InstallError::Missing)
}

/// Runs a package manager as root, directly or through sudo, with its output on stderr.
fn run_as_root(guard: &Guard, words: &[String]) -> Result<(), InstallError> {
    let sudo = (!nix::unistd::getuid().is_root()).then(|| "sudo".to_owned());
    let update: &[&[&str]] = if words.iter().any(|w| w == "apt-get") { &[&["apt-get", "update", "-q"]] } else { &[] };
    let all = update.iter().map(|u| u.iter().map(|w| (*w).to_owned()).collect()).chain([words.to_vec()]);
    for words in all.collect::<Vec<Vec<String>>>() {
        let command =
            Command::new(sudo.iter().cloned().chain(words.iter().cloned())).env("DEBIAN_FRONTEND", "noninteractive");
        let ran = guard
            .run_to_stderr(&command)
            .map_err(|e| InstallError::io(format!("starting `{}`", command.shell()), e))?;
        if ran.ended != Ended::Exited(0) {
            return Err(InstallError::Unfit(format!("`{}` failed", command.shell())));
        }
    }
    Ok(())
}

/// How the note begins that the C++ library is as it was built.
const UNSPLIT: &str = "the locale machinery is not split";

/// One install under way.
struct Install<'a> {
    context: &'a BuildContext<'a>,
    place: &'a ToolchainPlace,
    /// Names this build's directory.
    id: &'a str,
    progress: Progress,
    began: Instant,
    /// Seconds since 1970.
    time: u64,
}

impl Install<'_> {
    /// All steps; those that an interrupted build has finished are skipped.
    fn all(&self, name: &str) -> Result<Manifest, InstallError> {
        let (context, inputs) = (self.context, self.context.inputs);
        let tree = Sysroot::new(context.work.join("out"), inputs);
        let sources = context.work.join("src");
        let version = self.once(0, &|| self.unpack(&sources))?;
        let unfit = self.once(1, &|| self.fill_sysroot(&sources, &tree))?;
        self.once(2, &|| build::configure(context, &tree, &sources).map(|()| String::new()))?;
        let libraries = self.once(3, &|| build::compile(context, &tree))?;
        let unsplit = self.once(4, &|| self.split_locales(&sources, &tree))?;
        self.once(5, &|| malloc::build(context, &tree).map(|()| String::new()))?;
        let without = self.once(6, &|| self.add_functions(&tree))?;
        let lacks = self.once(7, &|| self.add_compat(&tree))?;
        self.step(8)?;
        let root = self.place.build(self.id);
        let tree = self.move_into_place(&tree, &root)?;
        self.step(9)?;
        let build = FinishedBuild { inputs, tree: &tree, place: self.place, id: self.id };
        let libraries: Vec<&str> = libraries.lines().collect();
        let tests = self.test(&build, &libraries)?;
        let manifest = Manifest {
            schema: manifest::SCHEMA,
            name: name.to_owned(),
            target: inputs.triple(),
            created: self.time,
            seconds: self.began.elapsed().as_secs(),
            made_by: env!("CARGO_PKG_VERSION").into(),
            compiler: inputs.cxx.clone(),
            compiler_version: inputs.version.clone(),
            musl: inputs.musl.version.clone(),
            source: inputs.source.path().to_owned(),
            source_version: version,
            musl_archive: inputs.musl.lib.join("libc.a"),
            kernel_header: inputs.kernel_header(),
            lean: !unsplit.starts_with(UNSPLIT),
            notes: [unfit, unsplit, without, lacks].iter().flat_map(|of| of.lines()).map(str::to_owned).collect(),
            libraries: libraries.iter().map(|l| (*l).to_owned()).collect(),
            size: place::size_of(&root),
            tests,
        };
        self.put_to_use(&build, &manifest, &root)?;
        Ok(manifest)
    }

    /// Shows a step, unless a signal came.
    fn step(&self, number: usize) -> Result<(), InstallError> {
        self.progress.step(number, STEPS.get(number).map_or("", |s| s.0));
        self.context.uninterrupted()
    }

    /// Does a step unless it is done, and stores its result for an install that resumes after an interruption.
    fn once(&self, number: usize, work: &dyn Fn() -> Result<String, InstallError>) -> Result<String, InstallError> {
        let done = self.context.work.join(format!("done-{number}"));
        if let Ok(noted) = fs::read_to_string(&done) {
            return Ok(noted);
        }
        self.step(number)?;
        let noted = work()?;
        // An answer that a signal cut off may count as none; the step is done again.
        self.context.uninterrupted()?;
        fs::write(done, &noted).map_err(|e| InstallError::io("writing into the work directory", e))?;
        Ok(noted)
    }

    /// Unpacks the sources and gives their version.
    fn unpack(&self, sources: &Path) -> Result<String, InstallError> {
        let inputs = self.context.inputs;
        let io = |e| InstallError::io(format!("unpacking `{}`", inputs.source.path().display()), e);
        let _ = fs::remove_dir_all(sources);
        fs::create_dir_all(sources).map_err(io)?;
        let version = inputs.source.unpack(sources, &mut |_| {}).map_err(io)?;
        if build_inputs::major(&version) != inputs.major() {
            let (path, wanted) = (inputs.source.path().to_owned(), inputs.number.clone());
            let what = Prerequisite::WrongSource { path, has: version, wanted };
            return Err(InstallError::Missing(vec![MissingPrerequisite { what, arch: inputs.arch.clone() }]));
        }
        Ok(version)
    }

    /// Patches the sources and makes the sysroot without its C++ library. Gives a line for each patch that does not fit.
    fn fill_sysroot(&self, sources: &Path, tree: &Sysroot) -> Result<String, InstallError> {
        let inputs = self.context.inputs;
        let io = |e| InstallError::io("making the toolchain's directories", e);
        let patched = patch::apply(sources).map_err(|e| InstallError::io("patching the sources", e))?;
        let _ = fs::remove_dir_all(&tree.root);
        fs::create_dir_all(&tree.root).map_err(io)?;
        sysroot::fill(tree, inputs).map_err(io)?;
        sysroot::write_specs(tree, &self.context.work.join("none"), inputs).map_err(io)?;
        sysroot::strengthen_unwinder(tree).map_err(io)?;
        sysroot::complete_unwinder(tree, inputs, &self.context.work).map_err(io)?;
        Ok(patched.unfit.iter().map(|f| format!("{f} is not as expected and was left unpatched\n")).collect())
    }

    /// Splits the C++ library; gives what is linked into every program all the same, or why it could not be split, in which
    /// case it is taken as it was built.
    fn split_locales(&self, sources: &Path, tree: &Sysroot) -> Result<String, InstallError> {
        let built = build::libstdcxx(self.context);
        match lean::split(self.context, &built, &sources.join("libstdc++-v3"), tree) {
            Ok(always_linked) => Ok(always_linked),
            Err(InstallError::Interrupted(signal)) => Err(InstallError::Interrupted(signal)),
            Err(why) => {
                build::plain(self.context, tree)?;
                Ok(format!("{UNSPLIT}: {why}"))
            }
        }
    }

    /// Compiles functions that are faster than musl's; gives which do not fit this one, or why there are none.
    fn add_functions(&self, tree: &Sysroot) -> Result<String, InstallError> {
        match functions::build(self.context, tree) {
            Ok(unfit) => Ok(unfit),
            Err(InstallError::Interrupted(signal)) => Err(InstallError::Interrupted(signal)),
            Err(why) => Ok(format!("string functions, sorting, number conversion and mutexes are musl's: {why}")),
        }
    }

    /// Adds headers and functions that programs expect and musl lacks; gives why there are none.
    fn add_compat(&self, tree: &Sysroot) -> Result<String, InstallError> {
        match compat::build(self.context, tree) {
            Ok(()) => Ok(String::new()),
            Err(InstallError::Interrupted(signal)) => Err(InstallError::Interrupted(signal)),
            Err(why) => Ok(format!("headers and functions that musl lacks are not there: {why}")),
        }
    }

    /// Copies the finished tree to where it stays.
    fn move_into_place(&self, from: &Sysroot, root: &Path) -> Result<Sysroot, InstallError> {
        let inputs = self.context.inputs;
        let io = |e| InstallError::io(format!("copying to `{}`", root.display()), e);
        source::copy_tree(&from.root, root, &|_| true).map_err(io)?;
        let tree = Sysroot::new(root, inputs);
        sysroot::write_specs(&tree, &self.place.prefix, inputs).map_err(io)?;
        sysroot::name_for_clang(&tree).map_err(io)?;
        for dir in ["include", "lib"] {
            fs::create_dir_all(self.place.prefix.join(dir)).map_err(io)?;
        }
        Ok(tree)
    }

    /// Runs the programs of the self-test for which there are libraries; all must pass.
    fn test(&self, build: &FinishedBuild<'_>, libraries: &[&str]) -> Result<Vec<SelftestResult>, InstallError> {
        let compiler = |language| build.compiler(language);
        let programs: Vec<_> =
            selftest::PROGRAMS.iter().filter(|p| p.needs.is_none_or(|n| libraries.contains(&n))).copied().collect();
        let emulator = &self.context.inputs.emulator;
        let tests = selftest::test_programs(&compiler, &programs, emulator, self.context.jobs, &|_| {})
            .map_err(|e| InstallError::io("testing", e))?;
        self.context.uninterrupted()?;
        let failed = |t: &SelftestResult| {
            Some(format!("{} as {}: {}", t.name, t.kind.flag().trim_start_matches('-'), t.failed.as_ref()?))
        };
        let failed: Vec<String> = tests.iter().filter_map(failed).collect();
        if failed.is_empty() { Ok(tests) } else { Err(InstallError::Tests(failed.join("; "))) }
    }

    /// Writes the manifest and makes this build the one in use.
    fn put_to_use(&self, build: &FinishedBuild<'_>, manifest: &Manifest, root: &Path) -> Result<(), InstallError> {
        let io = |e| InstallError::io(format!("writing into `{}`", self.place.prefix.display()), e);
        manifest.store(&root.join("manifest.json")).map_err(io)?;
        fs::write(root.join("identity"), self.context.inputs.identity()).map_err(io)?;
        self.place.swap(self.id, &build.descriptors()).map_err(io)
    }

    /// Removes what is not needed any more. A failed build may have left anything; an interrupted one is resumed, and one
    /// that fails its tests can be examined.
    fn clean_up(&self, done: &Result<Manifest, InstallError>) {
        let work = &self.context.work;
        match done {
            Err(InstallError::Interrupted(_)) => {}
            Err(InstallError::Tests(_)) => drop(fs::write(work.join("failed"), "")),
            Ok(_) | Err(_) => drop(fs::remove_dir_all(work)),
        }
        if done.is_err() {
            let _ = fs::remove_dir_all(self.place.build(self.id));
        }
    }
}
