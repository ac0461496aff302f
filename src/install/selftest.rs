//! A toolchain's own tests: programs that use what is most often broken in a static C++ toolchain, compiled, linked as
//! every kind of static program, checked and run.

use crate::check;
use crate::embedded::EmbeddedFiles;
use crate::model::{Language, StaticKind};
use crate::options;
use crate::run::{self, Command};
use crate::settings::{Settings, own_program};
use crate::toolchain::{Facts, Selected};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy)]
pub(crate) struct SelftestProgram {
    pub name: &'static str,
    pub language: Language,
    /// Its source among [`SOURCES`]; it prints `ok` and exits 0 if everything is as it should be.
    file: &'static str,
    /// Options to compile and to link it.
    options: &'static [&'static str],
    /// The library that it is about, if a toolchain may be without it.
    pub needs: Option<&'static str>,
}

/// The programs' sources.
static SOURCES: EmbeddedFiles = EmbeddedFiles(include_bytes!(concat!(env!("OUT_DIR"), "/selftest.tar.xz")));

macro_rules! program {
    ($name:literal, $language:ident, $file:literal, $options:expr, $needs:expr) => {
        SelftestProgram { name: $name, language: Language::$language, file: $file, options: $options, needs: $needs }
    };
}

pub(crate) static PROGRAMS: [SelftestProgram; 14] = [
    program!("c", C, "c.c", &["-pthread"], None),
    program!("threads", Cxx, "threads.cpp", &["-pthread"], None),
    program!("exceptions", Cxx, "exceptions.cpp", &["-pthread"], None),
    program!("filesystem", Cxx, "filesystem.cpp", &["-std=c++17"], None),
    program!("locale", Cxx, "locale.cpp", &[], None),
    program!("old-string-abi", Cxx, "locale.cpp", &["-D_GLIBCXX_USE_CXX11_ABI=0"], None),
    program!("regex", Cxx, "regex.cpp", &[], None),
    program!("iostreams", Cxx, "iostreams.cpp", &[], None),
    program!("wide-streams", Cxx, "wide.cpp", &[], None),
    program!("coroutines", Cxx, "coroutines.cpp", &["-std=c++20"], None),
    program!("library", Cxx, "library.cpp", &["-std=c++17"], None),
    program!("openmp", Cxx, "openmp.cpp", &["-fopenmp"], Some("libgomp")),
    program!("atomic", Cxx, "atomic.cpp", &["-latomic"], Some("libatomic")),
    program!("stacktrace", Cxx, "stacktrace.cpp", &["-std=c++23", "-lstdc++exp"], Some(EXPERIMENTAL)),
];

/// What GCC 13 and newer have beside libstdc++.
const EXPERIMENTAL: &str = "libstdc++exp";

/// The programs for any toolchain: all but those about what only new versions have, where this one has it not.
pub(crate) fn programs_for(compiler: Option<&TestedCompiler>) -> Vec<SelftestProgram> {
    let has = |library: &str| compiler.is_some_and(|c| has_archive(c, library));
    PROGRAMS.iter().filter(|p| p.needs != Some(EXPERIMENTAL) || has(EXPERIMENTAL)).copied().collect()
}

/// Whether a compiler finds an archive; one that is not found is printed as it was asked for.
fn has_archive(compiler: &TestedCompiler, library: &str) -> bool {
    let mut command = Command::new(compiler.words.iter().cloned()).arg(format!("-print-file-name={library}.a"));
    command.env.extend_from_slice(&compiler.env);
    run::capture::capture(&command).is_ok_and(|done| Path::new(done.text().trim()).is_absolute())
}

/// How one program went in one shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SelftestResult {
    pub name: String,
    pub kind: StaticKind,
    pub failed: Option<String>,
}

/// A compiler under test, for one language.
#[derive(Debug, Clone)]
pub(crate) struct TestedCompiler {
    /// The compiler with all words that go in front.
    pub words: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    /// What was found out about it.
    pub facts: Facts,
    /// Where our drivers mend its C library, they link its programs, as they do for users.
    pub mended: Option<MendedBy>,
}

/// This program as a toolchain's driver.
#[derive(Debug, Clone)]
pub(crate) struct MendedBy {
    program: PathBuf,
    /// The toolchain's name, or its descriptor's file.
    toolchain: OsString,
    /// What `XDG_CACHE_HOME` is, if what was measured is not in the user's own cache.
    cache_home: Option<PathBuf>,
}

impl MendedBy {
    fn of(settings: &Settings, toolchain: &OsStr) -> Option<MendedBy> {
        let program = own_program(settings.path.as_deref())?;
        let cache_home = settings.cache_dir.as_deref().and_then(Path::parent).map(Path::to_owned);
        Some(MendedBy { program, toolchain: toolchain.to_owned(), cache_home })
    }
}

impl TestedCompiler {
    /// The compiler of a selected toolchain, which `toolchain` names: its name, or its descriptor's file. The settings'
    /// cache directory is one that `XDG_CACHE_HOME` can lead to.
    pub(crate) fn of(selected: &Selected, toolchain: &OsStr, settings: &Settings) -> Option<TestedCompiler> {
        let words = selected.compiler.iter().chain(&selected.compile_args).cloned().collect();
        let facts = selected.facts.clone()?;
        let mended = facts.repairs.as_ref().and_then(|_| MendedBy::of(settings, toolchain));
        Some(TestedCompiler { words, env: selected.env.clone(), facts, mended })
    }
}

/// What is run with: an emulator for programs of another machine.
pub(crate) type Emulator = Option<PathBuf>;

/// Runs these programs with `jobs` at a time, in a directory of their own that is removed again.
///
/// # Errors
/// No directory for temporary files.
pub(crate) fn test_programs(
    compiler: &dyn Fn(Language) -> Option<TestedCompiler>,
    programs: &[SelftestProgram],
    emulator: &Emulator,
    jobs: usize,
    progress: &(dyn Fn(f64) + Sync),
) -> std::io::Result<Vec<SelftestResult>> {
    let dir = tempfile::Builder::new().prefix("staticcxx-selftest").tempdir()?;
    let compilers = [Language::C, Language::Cxx].map(compiler);
    if let Some(mended) = compilers.iter().flatten().find_map(|c| c.mended.as_ref()) {
        for language in [Language::C, Language::Cxx] {
            std::os::unix::fs::symlink(&mended.program, dir.path().join(driver_of(language)))?;
        }
    }
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, programs.len()) {
            scope.spawn(|| {
                while let Some((number, program)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| programs.get(n).map(|p| (n, p)))
                {
                    progress(number as f64 / programs.len() as f64);
                    let which = usize::from(program.language == Language::Cxx);
                    let Some(compiler) = compilers.get(which).and_then(Option::as_ref) else { continue };
                    let done = one(compiler, program, emulator, &dir.path().join(program.name));
                    if let Ok(mut all) = outcomes.lock() {
                        all.extend(done.into_iter().map(|outcome| (number, outcome)));
                    }
                }
            });
        }
    });
    let mut all = outcomes.into_inner().unwrap_or_default();
    all.sort_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Notes how a toolchain did, for `staticctl toolchain list`.
///
/// # Errors
/// A data directory that can't be written.
pub(crate) fn note(data_dir: &Path, toolchain: &str, outcomes: &[SelftestResult]) -> std::io::Result<()> {
    let dir = data_dir.join("tests");
    fs::create_dir_all(&dir)?;
    fs::write(dir.join(format!("{toolchain}.json")), serde_json::to_vec(outcomes)?)
}

/// How a toolchain did when it was last tested.
pub(crate) fn noted(data_dir: &Path, toolchain: &str) -> Option<Vec<SelftestResult>> {
    serde_json::from_slice(&fs::read(data_dir.join("tests").join(format!("{toolchain}.json"))).ok()?).ok()
}

/// One program: compiled once, linked, read back and run in every shape.
fn one(compiler: &TestedCompiler, program: &SelftestProgram, emulator: &Emulator, dir: &Path) -> Vec<SelftestResult> {
    let compiled = compile(compiler, program, dir);
    let outcome = |kind: &StaticKind| {
        let failed = match &compiled {
            Ok(object) => link_and_run(compiler, program, *kind, object, emulator, dir).err(),
            Err(why) => Some(why.clone()),
        };
        SelftestResult { name: program.name.into(), kind: *kind, failed }
    };
    compiler.facts.kinds.keys().map(outcome).collect()
}

fn compile(compiler: &TestedCompiler, program: &SelftestProgram, dir: &Path) -> Result<PathBuf, String> {
    let source = dir.join(if program.language == Language::C { "test.c" } else { "test.cpp" });
    let text = SOURCES.texts().map(|mut texts| texts.remove(program.file).unwrap_or_default());
    let written = |text| fs::create_dir_all(dir).and_then(|()| fs::write(&source, text));
    text.and_then(written).map_err(|e| e.to_string())?;
    let object = dir.join("test.o");
    let pie = compiler.facts.kinds.contains_key(&StaticKind::StaticPie);
    let options = program.options.iter().filter(|o| !o.starts_with("-l"));
    let words = compiler.words.iter().cloned().chain(options.map(OsString::from));
    let command = Command::new(words).args(["-O1", if pie { "-fPIE" } else { "-fno-pie" }, "-c"]).arg(source);
    let mut command = command.arg("-o").arg(&object);
    command.env.extend_from_slice(&compiler.env);
    run_compiler(command)?;
    Ok(object)
}

fn link_and_run(
    compiler: &TestedCompiler,
    program: &SelftestProgram,
    kind: StaticKind,
    object: &Path,
    emulator: &Emulator,
    dir: &Path,
) -> Result<(), String> {
    let recipe = compiler.facts.kinds.get(&kind).ok_or("the toolchain does not know this shape")?;
    let out = dir.join(kind.flag().trim_start_matches('-'));
    let command = linking(compiler, program.language, kind, dir);
    let options = program.options.iter().filter(|o| !o.starts_with("-std") && !o.starts_with("-D")).map(OsString::from);
    let command = command.arg(object).args(options).arg("-o").arg(&out);
    let after = recipe.after.iter().filter(|_| compiler.mended.is_none());
    run_compiler(command.args(after.map(OsString::from)))?;
    let image = check::inspect(&out).map_err(|e| e.to_string())?;
    let expect = check::Expect::from_triple(&compiler.facts.triple);
    let verdict = check::judge(&image, &expect, &check::CallEvidence::default());
    if let Some(failure) = verdict.failures.first() {
        return Err(format!("not static: {failure}"));
    }
    if verdict.kind != Some(kind) {
        return Err(format!("it is not {}", kind.flag().trim_start_matches('-')));
    }
    let words = emulator.iter().map(|e| e.as_os_str().to_owned()).chain([out.into_os_string()]);
    let mut ran = Command::new(words).env("LC_ALL", "C.UTF-8").in_dir(dir);
    ran.env_remove.push("LANG".into());
    let ran = run::capture::capture(&ran).map_err(|e| format!("it can't be run: {e}"))?;
    if ran.status.success() && ran.text() == "ok" {
        return Ok(());
    }
    let text = format!("{} {}", ran.text(), String::from_utf8_lossy(&ran.stderr));
    Err(format!("{}: {}", ran.status, text.trim().lines().last().unwrap_or_default()))
}

/// Our driver's name for a language.
fn driver_of(language: Language) -> &'static str {
    if language == Language::C { "staticcc" } else { "staticcxx" }
}

/// The beginning of a command that links a program of this kind; `dir` is its directory, below the one with the drivers.
fn linking(compiler: &TestedCompiler, language: Language, kind: StaticKind, dir: &Path) -> Command {
    let Some(mended) = &compiler.mended else {
        let before = compiler.facts.kinds.get(&kind).into_iter().flat_map(|recipe| &recipe.before);
        let mut command = Command::new(compiler.words.iter().cloned().chain(before.map(OsString::from)));
        command.env.extend_from_slice(&compiler.env);
        return command;
    };
    // Without the compiler's environment: that names the compilers in use, which drivers of ours would pass over.
    let driver = dir.parent().unwrap_or(dir).join(driver_of(language));
    let mut command = Command::new([driver]).arg(kind.flag()).env(options::TOOLCHAIN.name, &mended.toolchain);
    command.env.extend(mended.cache_home.iter().map(|dir| ("XDG_CACHE_HOME".into(), dir.into())));
    command
}

/// Runs a compiler that must succeed; its telling line if it does not.
fn run_compiler(mut command: Command) -> Result<(), String> {
    command.env.push(("LC_ALL".into(), "C".into()));
    let done = run::capture::capture(&command).map_err(|e| e.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let line = text.lines().find(|l| l.contains("error") || l.contains("undefined")).or_else(|| text.lines().last());
    Err(line.unwrap_or("the compiler failed without a word").to_owned())
}
