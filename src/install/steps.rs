//! The install, read top to bottom.

use super::build_inputs::{Inputs, RequestedInputs};
use super::context::{BuildContext, InstallError};
use super::manifest::{self, Manifest};
use super::place::{self, ToolchainPlace};
use super::prerequisites::{MissingPrerequisite, install_command};
use super::sysroot::{self, Sysroot};
use super::{build, debian, lean, malloc, new_descriptor, patch, selftest, source};
use crate::message::{self, progress::Progress};
use crate::run::{Command, Ended, Guard};
use crate::settings::Settings;
use std::fs::{self, File};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct InstallOptions {
    /// The toolchain's name.
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
const STEPS: [(&str, u64); 8] = [
    ("unpacking the sources", 12),
    ("copying headers and crt objects", 2),
    ("configuring libstdc++, libgomp, libatomic", 24),
    ("compiling them", 50),
    ("splitting the locale machinery", 16),
    ("compiling the allocator", 4),
    ("moving the toolchain into place", 1),
    ("testing it", 14),
];

/// Space that a build takes: in the work directory, in the data directory.
const NEEDS_MB: (u64, u64) = (420, 80);

/// Makes or renews a toolchain.
///
/// # Errors
/// Why there is none; the one of before, if there was one, is as it was.
pub fn install(settings: &Settings, options: &InstallOptions) -> Result<Manifest, InstallError> {
    let began = Instant::now();
    let data = settings.data_dir.as_deref().ok_or(InstallError::NoHome)?;
    let place = ToolchainPlace::new(data, &options.name);
    let guard = Guard::install();
    let inputs = gather(settings, options, &guard)?;
    let unwritable = |e| InstallError::io(format!("`{}` can't be written", place.prefix.display()), e);
    let _lock = place
        .lock(|| message::note(format!("another install of `{}` is at work: waiting for it", options.name)))
        .map_err(unwritable)?;
    let identity = inputs.identity();
    if let Some(manifest) = current(&place).filter(|_| !options.force && is_of(&place, &identity)) {
        return Ok(manifest);
    }
    let work = place::work_dir(settings.cache_dir.as_deref(), &options.name)
        .map_err(|e| InstallError::io("making a work directory", e))?;
    let failed = options.force && work.join("failed").exists();
    if failed || fs::read_to_string(work.join("identity")).ok().as_deref() != Some(&identity) {
        fs::remove_dir_all(&work).map_err(|e| InstallError::io("clearing the work directory", e))?;
        fs::create_dir_all(&work).map_err(|e| InstallError::io("making a work directory", e))?;
        fs::write(work.join("identity"), &identity)
            .map_err(|e| InstallError::io("writing into the work directory", e))?;
    }
    for (dir, needs) in [(&work, NEEDS_MB.0), (&place.prefix, NEEDS_MB.1)] {
        let has = place::free_space(dir).map_or(u64::MAX, |b| b / 1_000_000);
        if has < needs && !work.join("done-3").exists() {
            return Err(InstallError::Space { dir: dir.clone(), has, needs });
        }
    }
    let log = work.with_extension("log");
    File::create(&log).map_err(|e| InstallError::io(format!("writing `{}`", log.display()), e))?;
    let context = BuildContext { inputs: &inputs, work, log, jobs: options.jobs.max(1), guard: &guard };
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let id = format!("{}-{}-{:x}", inputs.number, inputs.musl.version, time.as_millis());
    let done = build_all(&context, &place, &id, options, began, time.as_secs());
    match &done {
        Ok(_) | Err(InstallError::Interrupted(_)) => {}
        Err(InstallError::Tests(_)) => drop(fs::write(context.work.join("failed"), "")),
        // A failed build may have left anything; an interrupted one goes on where it was, and one that fails its
        // tests can be looked at.
        Err(_) => drop(fs::remove_dir_all(&context.work)),
    }
    if done.is_ok() {
        let _ = fs::remove_dir_all(&context.work);
    } else {
        let _ = fs::remove_dir_all(place.build(&id));
    }
    done
}

/// The manifest of the build in use.
pub fn current(place: &ToolchainPlace) -> Option<Manifest> {
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

/// All steps; those that an interrupted build has finished are passed over.
fn build_all(
    context: &BuildContext<'_>,
    place: &ToolchainPlace,
    id: &str,
    options: &InstallOptions,
    began: Instant,
    time: u64,
) -> Result<Manifest, InstallError> {
    let progress = Progress::new(STEPS.iter().map(|s| s.1).collect(), options.quiet);
    let step = |number: usize| {
        progress.step(number, STEPS.get(number).map_or("", |s| s.0));
        context.uninterrupted()
    };
    let stamp = |number: usize| context.work.join(format!("done-{number}"));
    let once = |number: usize, work: &dyn Fn() -> Result<String, InstallError>| -> Result<String, InstallError> {
        if let Ok(noted) = fs::read_to_string(stamp(number)) {
            return Ok(noted);
        }
        step(number)?;
        let noted = work()?;
        fs::write(stamp(number), &noted).map_err(|e| InstallError::io("writing into the work directory", e))?;
        Ok(noted)
    };
    let inputs = context.inputs;
    let tree = Sysroot::new(context.work.join("out"), inputs);
    let sources = context.work.join("src");
    let version = once(0, &|| {
        let doing = format!("unpacking `{}`", inputs.source.path().display());
        let io = |e| InstallError::io(doing.clone(), e);
        let _ = fs::remove_dir_all(&sources);
        fs::create_dir_all(&sources).map_err(io)?;
        let mut stop = |_| {};
        let version = inputs.source.unpack(&sources, &mut stop).map_err(io)?;
        if super::build_inputs::major(&version) != inputs.major() {
            let (path, wanted) = (inputs.source.path().to_owned(), inputs.number.clone());
            let what = super::prerequisites::Prerequisite::WrongSource { path, has: version, wanted };
            return Err(InstallError::Missing(vec![MissingPrerequisite { what, arch: inputs.arch.clone() }]));
        }
        Ok(version)
    })?;
    let unfit = once(1, &|| {
        let io = |e| InstallError::io("making the toolchain's directories", e);
        let patched = patch::apply(&sources).map_err(|e| InstallError::io("mending the sources", e))?;
        let _ = fs::remove_dir_all(&tree.root);
        fs::create_dir_all(&tree.root).map_err(io)?;
        sysroot::fill(&tree, inputs).map_err(io)?;
        sysroot::write_specs(&tree, &context.work.join("none"), inputs).map_err(io)?;
        sysroot::strengthen_unwinder(&tree).map_err(io)?;
        sysroot::complete_unwinder(&tree, inputs, &context.work).map_err(io)?;
        Ok(patched.unfit.iter().map(|f| format!("{f} is not as expected and was left as it is\n")).collect())
    })?;
    once(2, &|| build::configure(context, &tree, &sources).map(|()| String::new()))?;
    let libraries = once(3, &|| build::compile(context, &tree))?;
    let unlean =
        once(4, &|| match lean::split(context, &build::libstdcxx(context), &sources.join("libstdc++-v3"), &tree) {
            Ok(()) => Ok(String::new()),
            Err(InstallError::Interrupted(signal)) => Err(InstallError::Interrupted(signal)),
            Err(why) => {
                build::plain(context, &tree)?;
                Ok(format!("the locale machinery is not split: {why}"))
            }
        })?;
    once(5, &|| malloc::build(context, &tree).map(|()| String::new()))?;
    step(6)?;
    let root = place.build(id);
    let io = |e| InstallError::io(format!("copying to `{}`", root.display()), e);
    source::copy_tree(&tree.root, &root, &|_| true).map_err(io)?;
    let tree = Sysroot::new(&root, inputs);
    sysroot::write_specs(&tree, &place.prefix, inputs).map_err(io)?;
    sysroot::name_for_clang(&tree).map_err(io)?;
    for dir in ["include", "lib"] {
        fs::create_dir_all(place.prefix.join(dir)).map_err(io)?;
    }
    step(7)?;
    let made = new_descriptor::FinishedBuild { inputs, tree: &tree, place, id };
    let compiler = |language| made.compiler(language);
    let built: Vec<&str> = libraries.lines().collect();
    let programs: Vec<_> =
        selftest::PROGRAMS.iter().filter(|p| p.needs.is_none_or(|n| built.contains(&n))).copied().collect();
    let tests = selftest::test_programs(&compiler, &programs, &inputs.emulator, context.jobs, &|_| {})
        .map_err(|e| InstallError::io("testing", e))?;
    context.uninterrupted()?;
    let failed: Vec<String> = tests
        .iter()
        .filter_map(|t| {
            Some(format!("{} as {}: {}", t.name, t.kind.flag().trim_start_matches('-'), t.failed.as_ref()?))
        })
        .collect();
    if !failed.is_empty() {
        return Err(InstallError::Tests(failed.join("; ")));
    }
    let manifest = Manifest {
        schema: manifest::SCHEMA,
        name: options.name.clone(),
        target: inputs.triple(),
        created: time,
        seconds: began.elapsed().as_secs(),
        made_by: env!("CARGO_PKG_VERSION").into(),
        compiler: inputs.cxx.clone(),
        compiler_version: inputs.version.clone(),
        musl: inputs.musl.version.clone(),
        source: inputs.source.path().to_owned(),
        source_version: version,
        lean: unlean.is_empty(),
        notes: unfit.lines().chain(unlean.lines()).map(str::to_owned).collect(),
        libraries: built.iter().map(|l| (*l).to_owned()).collect(),
        size: place::size_of(&root),
        tests,
    };
    let io = |e| InstallError::io(format!("writing into `{}`", place.prefix.display()), e);
    manifest.store(&root.join("manifest.json")).map_err(io)?;
    fs::write(root.join("identity"), inputs.identity()).map_err(io)?;
    let (gcc, clang) = made.descriptors();
    place.swap(id, &gcc, clang.as_deref()).map_err(io)?;
    Ok(manifest)
}
