//! A toolchain's own tests: programs that use what is most often broken in a static C++ toolchain, compiled, linked as
//! every kind of static program, checked and run.

use crate::check;
use crate::model::{Language, StaticKind};
use crate::run::{self, Command};
use crate::toolchain::{Facts, Selected};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy)]
pub(crate) struct SelftestProgram {
    pub name: &'static str,
    pub language: Language,
    /// Its text; it prints `ok` and exits 0 if everything is as it should be.
    text: &'static str,
    /// Options to compile and to link it.
    options: &'static [&'static str],
    /// The library that it is about, if a toolchain may be without it.
    pub needs: Option<&'static str>,
}

macro_rules! program {
    ($name:literal, $language:ident, $file:literal, $options:expr, $needs:expr) => {
        SelftestProgram {
            name: $name,
            language: Language::$language,
            text: include_str!(concat!("../../toolchains/selftest/", $file)),
            options: $options,
            needs: $needs,
        }
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
}

impl TestedCompiler {
    /// The compiler of a selected toolchain.
    pub(crate) fn of(selected: &Selected) -> Option<TestedCompiler> {
        let words = selected.compiler.iter().chain(&selected.compile_args).cloned().collect();
        Some(TestedCompiler { words, env: selected.env.clone(), facts: selected.facts.clone()? })
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
    fs::create_dir_all(dir).and_then(|()| fs::write(&source, program.text)).map_err(|e| e.to_string())?;
    let object = dir.join("test.o");
    let pie = compiler.facts.kinds.contains_key(&StaticKind::StaticPie);
    let options = program.options.iter().filter(|o| !o.starts_with("-l"));
    let words = compiler.words.iter().cloned().chain(options.map(OsString::from));
    let command = Command::new(words).args(["-O1", if pie { "-fPIE" } else { "-fno-pie" }, "-c"]).arg(source);
    run_compiler(compiler, command.arg("-o").arg(&object))?;
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
    let before = compiler.words.iter().cloned().chain(recipe.before.iter().map(OsString::from));
    let options = program.options.iter().filter(|o| !o.starts_with("-std") && !o.starts_with("-D")).map(OsString::from);
    let command = Command::new(before).arg(object).args(options).arg("-o").arg(&out);
    run_compiler(compiler, command.args(recipe.after.iter().map(OsString::from)))?;
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

/// Runs a compiler that must succeed; its telling line if it does not.
fn run_compiler(compiler: &TestedCompiler, mut command: Command) -> Result<(), String> {
    command.env.extend_from_slice(&compiler.env);
    command.env.push(("LC_ALL".into(), "C".into()));
    let done = run::capture::capture(&command).map_err(|e| e.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let line = text.lines().find(|l| l.contains("error") || l.contains("undefined")).or_else(|| text.lines().last());
    Err(line.unwrap_or("the compiler failed without a word").to_owned())
}
