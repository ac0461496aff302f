//! The install, read top to bottom.

use super::build_inputs::{Asked, Inputs};
use super::manifest::{self, Manifest};
use super::place::{self, Place};
use super::prerequisites::{Missing, install_command};
use super::sysroot::{self, Tree};
use super::{build, debian, lean, malloc, new_descriptor, patch, selftest, source};
use crate::message::{self, progress::Progress, size::size};
use crate::run::{Command, Ended, Guard};
use crate::settings::Settings;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The toolchain's name.
    pub name: String,
    /// What it is made from.
    pub asked: Asked,
    /// Install what is missing, as root.
    pub yes: bool,
    /// Build even if nothing has changed.
    pub force: bool,
    /// How many jobs at a time.
    pub jobs: usize,
    /// Say nothing but errors.
    pub quiet: bool,
}

/// Why there is no toolchain.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Something is missing or unfit.
    #[error("{} thing(s) are missing", .0.len())]
    Missing(Vec<Missing>),
    /// There is nowhere to put it.
    #[error("there is no data directory: neither HOME nor XDG_DATA_HOME is set")]
    NoHome,
    /// The disk is too full.
    #[error("`{}` has {} left, {} are needed", dir.display(), size(*has), size(*needs))]
    Space {
        /// The directory.
        dir: PathBuf,
        /// Bytes that are left.
        has: u64,
        /// Bytes that are needed.
        needs: u64,
    },
    /// A file could not be read or written.
    #[error("{doing}: {error}")]
    Io {
        /// At what.
        doing: String,
        /// What it gave.
        error: io::Error,
    },
    /// A command failed.
    #[error("{what} failed: {line}; all of it is in `{}`", log.display())]
    Command {
        /// The command, in short.
        what: String,
        /// Its telling line.
        line: String,
        /// The log.
        log: PathBuf,
    },
    /// A source is not as expected.
    #[error("{0}")]
    Unfit(String),
    /// The new toolchain does not pass its tests.
    #[error("the toolchain fails its own tests: {0}; `--force` builds it from scratch")]
    Tests(String),
    /// A signal.
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
}

impl Failed {
    /// An error of a file.
    pub fn io(doing: impl Into<String>, error: io::Error) -> Failed {
        Failed::Io { doing: doing.into(), error }
    }
}

/// Where a build is done: its inputs, its directory, its log.
pub struct Shop<'a> {
    /// The inputs.
    pub inputs: &'a Inputs,
    /// The work directory.
    pub work: PathBuf,
    /// The log file.
    pub log: PathBuf,
    /// Jobs at a time.
    pub jobs: usize,
    guard: &'a Guard,
}

/// Variables that would change what is built.
const CLEARED: [&str; 19] = [
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LIBS",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "CONFIG_SITE",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "GCC_EXEC_PREFIX",
    "COMPILER_PATH",
    "LANGUAGE",
    "LANG",
];

impl Shop<'_> {
    /// Runs `make` in a directory with all jobs.
    ///
    /// # Errors
    /// Its failure, or the signal that ended it.
    pub fn make(&self, dir: &Path, args: &[&str]) -> Result<(), Failed> {
        let jobs = format!("-j{}", self.jobs);
        self.run(Command::new([&self.inputs.make]).arg(jobs).args(args).in_dir(dir))
    }

    /// Runs a short command on files.
    ///
    /// # Errors
    /// As [`Shop::run`].
    pub fn quick(&self, words: &[&str], paths: impl IntoIterator<Item = PathBuf>) -> Result<(), Failed> {
        self.run(Command::new(words.iter().map(OsString::from)).args(paths))
    }

    /// Runs a command with all it says going to the log.
    ///
    /// # Errors
    /// Its failure with its telling line, or the signal that ended it or came meanwhile.
    pub fn run(&self, mut command: Command) -> Result<(), Failed> {
        let broken = |e| Failed::io(format!("writing `{}`", self.log.display()), e);
        let mut log = OpenOptions::new().create(true).append(true).open(&self.log).map_err(broken)?;
        writeln!(log, "\n$ {}", command.shell()).map_err(broken)?;
        let from = log.metadata().map_err(broken)?.len();
        command.env.extend_from_slice(&self.inputs.env);
        command.env_remove.extend(CLEARED.map(OsString::from));
        let what = Path::new(&command.program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ran = self.guard.run_into(&command, &log).map_err(|e| Failed::io(format!("starting `{what}`"), e))?;
        if let Some(signal) = ran.interrupted {
            return Err(Failed::Interrupted(signal));
        }
        match ran.ended {
            Ended::Exited(0) => Ok(()),
            Ended::Killed(signal) => Err(Failed::Interrupted(signal)),
            Ended::Exited(_) => Err(Failed::Command { what, line: telling(&self.log, from), log: self.log.clone() }),
        }
    }

    /// A signal that came between two commands.
    fn uninterrupted(&self) -> Result<(), Failed> {
        self.guard.caught().map_or(Ok(()), |signal| Err(Failed::Interrupted(signal)))
    }
}

/// The line of a log, from a place on, that tells most.
fn telling(log: &Path, from: u64) -> String {
    const TELLING: [&str; 5] = ["No space left", "error:", "Error: ", "cannot", "E: "];
    let bytes = fs::read(log).unwrap_or_default();
    let text =
        String::from_utf8_lossy(bytes.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default()).into_owned();
    let line = TELLING.iter().find_map(|t| text.lines().find(|l| l.contains(t)));
    line.or_else(|| text.lines().last()).unwrap_or_default().trim().to_owned()
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

/// Bytes that a build takes: in the work directory, in the data directory.
const NEEDS: (u64, u64) = (400 << 20, 76 << 20);

/// Makes or renews a toolchain.
///
/// # Errors
/// Why there is none; the one of before, if there was one, is as it was.
pub fn install(settings: &Settings, options: &Options) -> Result<Manifest, Failed> {
    let began = Instant::now();
    let data = settings.data_dir.as_deref().ok_or(Failed::NoHome)?;
    let place = Place::new(data, &options.name);
    let guard = Guard::install();
    let inputs = gather(settings, options, &guard)?;
    let unwritable = |e| Failed::io(format!("`{}` can't be written", place.prefix.display()), e);
    let _lock = place
        .lock(|| message::note(format!("another install of `{}` is at work: waiting for it", options.name)))
        .map_err(unwritable)?;
    let identity = inputs.identity();
    if let Some(manifest) = current(&place).filter(|_| !options.force && is_of(&place, &identity)) {
        return Ok(manifest);
    }
    let work = place::work_dir(settings.cache_dir.as_deref(), &options.name)
        .map_err(|e| Failed::io("making a work directory", e))?;
    let failed = options.force && work.join("failed").exists();
    if failed || fs::read_to_string(work.join("identity")).ok().as_deref() != Some(&identity) {
        fs::remove_dir_all(&work).map_err(|e| Failed::io("clearing the work directory", e))?;
        fs::create_dir_all(&work).map_err(|e| Failed::io("making a work directory", e))?;
        fs::write(work.join("identity"), &identity).map_err(|e| Failed::io("writing into the work directory", e))?;
    }
    for (dir, needs) in [(&work, NEEDS.0), (&place.prefix, NEEDS.1)] {
        let has = place::free_space(dir).unwrap_or(u64::MAX);
        if has < needs && !work.join("done-3").exists() {
            return Err(Failed::Space { dir: dir.clone(), has, needs });
        }
    }
    let log = work.with_extension("log");
    File::create(&log).map_err(|e| Failed::io(format!("writing `{}`", log.display()), e))?;
    let shop = Shop { inputs: &inputs, work, log, jobs: options.jobs.max(1), guard: &guard };
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let id = format!("{}-{}-{:x}", inputs.number, inputs.musl.version, time.as_millis());
    let done = build_all(&shop, &place, &id, options, began, time.as_secs());
    match &done {
        Ok(_) | Err(Failed::Interrupted(_)) => {}
        Err(Failed::Tests(_)) => drop(fs::write(shop.work.join("failed"), "")),
        // A failed build may have left anything; an interrupted one goes on where it was, and one that fails its
        // tests can be looked at.
        Err(_) => drop(fs::remove_dir_all(&shop.work)),
    }
    if done.is_ok() {
        let _ = fs::remove_dir_all(&shop.work);
    } else {
        let _ = fs::remove_dir_all(place.build(&id));
    }
    done
}

/// The manifest of the build in use.
pub fn current(place: &Place) -> Option<Manifest> {
    Manifest::load(&place.build(&place.in_use()?).join("manifest.json"))
}

/// Whether the build in use was made from the same inputs.
fn is_of(place: &Place, identity: &str) -> bool {
    let file = place.in_use().map(|id| place.build(&id).join("identity"));
    file.and_then(|f| fs::read_to_string(f).ok()).as_deref() == Some(identity)
}

/// Finds the inputs; installs packages if that was asked for, and looks again.
fn gather(settings: &Settings, options: &Options, guard: &Guard) -> Result<Inputs, Failed> {
    let mut asked = options.asked.clone();
    let unpacked = asked.musl.as_ref().filter(|p| p.extension().is_some_and(|e| e == "deb"));
    let packages = settings.cache_dir.clone().unwrap_or_else(tempfile::env::temp_dir).join("packages");
    if let Some(package) = unpacked {
        let into = packages.join(package.file_stem().unwrap_or_default());
        debian::unpack(package, &into).map_err(|e| Failed::io(format!("unpacking `{}`", package.display()), e))?;
        asked.musl = Some(into);
    }
    let first = Inputs::find(settings, &asked);
    let Err(missing) = first.as_ref() else { return first.map_err(Failed::Missing) };
    if !options.yes {
        return first.map_err(Failed::Missing);
    }
    if let Some(words) = install_command(missing) {
        message::note(format!("running `{}`", words.join(" ")));
        run_as_root(guard, &words)?;
    }
    let again = Inputs::find(settings, &asked);
    let foreign_musl = |m: &Missing| m.is_foreign_musl();
    if let Err(missing) = &again
        && let Some(m) = missing.iter().find(|m| foreign_musl(m))
    {
        let into = debian::fetch_musl(&m.arch, &packages).map_err(|e| Failed::io("fetching musl", e))?;
        asked.musl = Some(into);
        return Inputs::find(settings, &asked).map_err(Failed::Missing);
    }
    again.map_err(Failed::Missing)
}

/// Runs a package manager as root, directly or through sudo, with its output on stderr.
fn run_as_root(guard: &Guard, words: &[String]) -> Result<(), Failed> {
    let sudo = (!nix::unistd::getuid().is_root()).then(|| "sudo".to_owned());
    let update: &[&[&str]] = if words.iter().any(|w| w == "apt-get") { &[&["apt-get", "update", "-q"]] } else { &[] };
    let all = update.iter().map(|u| u.iter().map(|w| (*w).to_owned()).collect()).chain([words.to_vec()]);
    for words in all.collect::<Vec<Vec<String>>>() {
        let command =
            Command::new(sudo.iter().cloned().chain(words.iter().cloned())).env("DEBIAN_FRONTEND", "noninteractive");
        let ran =
            guard.run_to_stderr(&command).map_err(|e| Failed::io(format!("starting `{}`", command.shell()), e))?;
        if ran.ended != Ended::Exited(0) {
            return Err(Failed::Unfit(format!("`{}` failed", command.shell())));
        }
    }
    Ok(())
}

/// All steps; those that an interrupted build has finished are passed over.
fn build_all(
    shop: &Shop<'_>,
    place: &Place,
    id: &str,
    options: &Options,
    began: Instant,
    time: u64,
) -> Result<Manifest, Failed> {
    let progress = Progress::new(STEPS.iter().map(|s| s.1).collect(), options.quiet);
    let step = |number: usize| {
        progress.step(number, STEPS.get(number).map_or("", |s| s.0));
        shop.uninterrupted()
    };
    let stamp = |number: usize| shop.work.join(format!("done-{number}"));
    let once = |number: usize, work: &dyn Fn() -> Result<String, Failed>| -> Result<String, Failed> {
        if let Ok(noted) = fs::read_to_string(stamp(number)) {
            return Ok(noted);
        }
        step(number)?;
        let noted = work()?;
        fs::write(stamp(number), &noted).map_err(|e| Failed::io("writing into the work directory", e))?;
        Ok(noted)
    };
    let inputs = shop.inputs;
    let tree = Tree::new(shop.work.join("out"), inputs);
    let sources = shop.work.join("src");
    let version = once(0, &|| {
        let doing = format!("unpacking `{}`", inputs.source.path().display());
        let io = |e| Failed::io(doing.clone(), e);
        let _ = fs::remove_dir_all(&sources);
        fs::create_dir_all(&sources).map_err(io)?;
        let mut stop = |_| {};
        let version = inputs.source.unpack(&sources, &mut stop).map_err(io)?;
        if super::build_inputs::major(&version) != inputs.major() {
            let (path, wanted) = (inputs.source.path().to_owned(), inputs.number.clone());
            let what = super::prerequisites::What::WrongSource { path, has: version, wanted };
            return Err(Failed::Missing(vec![Missing { what, arch: inputs.arch.clone() }]));
        }
        Ok(version)
    })?;
    let unfit = once(1, &|| {
        let io = |e| Failed::io("making the toolchain's directories", e);
        let patched = patch::apply(&sources).map_err(|e| Failed::io("mending the sources", e))?;
        let _ = fs::remove_dir_all(&tree.root);
        fs::create_dir_all(&tree.root).map_err(io)?;
        sysroot::fill(&tree, inputs).map_err(io)?;
        sysroot::write_specs(&tree, &shop.work.join("none"), inputs).map_err(io)?;
        sysroot::strengthen_unwinder(&tree).map_err(io)?;
        sysroot::complete_unwinder(&tree, inputs, &shop.work).map_err(io)?;
        Ok(patched.unfit.iter().map(|f| format!("{f} is not as expected and was left as it is\n")).collect())
    })?;
    once(2, &|| build::configure(shop, &tree, &sources).map(|()| String::new()))?;
    let libraries = once(3, &|| build::compile(shop, &tree))?;
    let unlean = once(4, &|| match lean::split(shop, &build::libstdcxx(shop), &sources.join("libstdc++-v3"), &tree) {
        Ok(()) => Ok(String::new()),
        Err(Failed::Interrupted(signal)) => Err(Failed::Interrupted(signal)),
        Err(why) => {
            build::plain(shop, &tree)?;
            Ok(format!("the locale machinery is not split: {why}"))
        }
    })?;
    once(5, &|| malloc::build(shop, &tree).map(|()| String::new()))?;
    step(6)?;
    let root = place.build(id);
    let io = |e| Failed::io(format!("copying to `{}`", root.display()), e);
    source::copy_tree(&tree.root, &root, &|_| true).map_err(io)?;
    let tree = Tree::new(&root, inputs);
    sysroot::write_specs(&tree, &place.prefix, inputs).map_err(io)?;
    sysroot::name_for_clang(&tree).map_err(io)?;
    for dir in ["include", "lib"] {
        fs::create_dir_all(place.prefix.join(dir)).map_err(io)?;
    }
    step(7)?;
    let made = new_descriptor::Made { inputs, tree: &tree, place, id };
    let compiler = |language| made.compiler(language);
    let built: Vec<&str> = libraries.lines().collect();
    let programs: Vec<_> =
        selftest::PROGRAMS.iter().filter(|p| p.needs.is_none_or(|n| built.contains(&n))).copied().collect();
    let tests = selftest::run(&compiler, &programs, &inputs.emulator, shop.jobs, &|_| {})
        .map_err(|e| Failed::io("testing", e))?;
    shop.uninterrupted()?;
    let failed: Vec<String> = tests
        .iter()
        .filter_map(|t| {
            Some(format!("{} as {}: {}", t.name, t.kind.flag().trim_start_matches('-'), t.failed.as_ref()?))
        })
        .collect();
    if !failed.is_empty() {
        return Err(Failed::Tests(failed.join("; ")));
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
    let io = |e| Failed::io(format!("writing into `{}`", place.prefix.display()), e);
    manifest.store(&root.join("manifest.json")).map_err(io)?;
    fs::write(root.join("identity"), inputs.identity()).map_err(io)?;
    let (gcc, clang) = made.descriptors();
    place.swap(id, &gcc, clang.as_deref()).map_err(io)?;
    Ok(manifest)
}
