//! Probes a compiler: it is asked, then tested.

use super::descriptor::{Descriptor, HeaderSearch};
use super::emulated::{ProgramsRun, run_program};
use super::facts::{Facts, Repairs};
use super::mechanism::MechanismsOff;
use super::recipe::Recipe;
use super::transient::{DOES_NOT_RUN, is_transient, settled};
use crate::check;
use crate::files::{temporary_for_programs, write_atomic};
use crate::model::{Family, Language, Libc, StaticKind};
use crate::parallel::in_parallel;
use crate::run::capture::Captured;
use crate::run::{self, Command};
use nix::sys::signal::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The program that a complete C toolchain links: the heap, thread-locals, a constructor, an address in data.
const C_PROGRAM: &str = r#"#include <stdio.h>
#include <stdlib.h>
static __thread int zeroed, counted = 40;
static const char *volatile format = "%d\n";
__attribute__((constructor)) static void start(void) { counted++; }
int main(void) {
    int *p = malloc(sizeof *p);
    if (!p || zeroed) return 1;
    *p = ++counted;
    printf(format, *p);
    free(p);
    return 0;
}
"#;

/// The program that a complete C++ toolchain links: streams, exceptions, the heap, thread-locals, constructors.
const CXX_PROGRAM: &str = r#"#include <iostream>
#include <stdexcept>
#include <string>
static thread_local int counted = 40;
static const std::string started = std::to_string(++counted);
int main() {
    try {
        throw std::runtime_error(started == "41" ? std::to_string(++counted) : started);
    } catch (const std::exception &e) {
        std::cout << e.what() << std::endl;
    }
    return 0;
}
"#;

/// What both programs print.
const PRINTS: &str = "42";

/// Either program compiled.
const OBJECT: &str = "program.o";

/// Builds the repairs of a toolchain into a directory, and says which do not work and why. Passed in from a higher room,
/// since repairs contain converted libraries.
pub(crate) type MakeRepairs = fn(&CompilerQuery<'_>, &Facts, &Path) -> (Option<Repairs>, MechanismsOff);

/// Probes one compiler command with one set of ABI options. `env` carries the chain, without which a wrapper that calls
/// us back would be probed for ever. `repair` builds the repairs into `keep`.
///
/// # Errors
/// A compiler that can't be started, or no temporary directory. A compiler that starts and fails gives facts without
/// kinds.
pub(crate) fn probe(
    command: &[OsString],
    abi: &[OsString],
    env: &[(OsString, OsString)],
    language: Language,
    descriptor: &Descriptor,
    repair: MakeRepairs,
    keep: Option<&Path>,
) -> io::Result<Facts> {
    let dir = temporary_for_programs("staticcxx-probe", keep.and_then(Path::parent))?;
    let asked = CompilerQuery { command, abi, env, descriptor, dir: dir.path() };
    let version = asked.ask(&["--version"])?;
    let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default().to_owned();
    let machine = asked.ask(&["-dumpmachine"])?.text();
    let macros = asked.macros(language)?;
    let number = |name: &str| macros.get(name).and_then(|v| v.parse::<u32>().ok());
    let triple = descriptor.target.clone().unwrap_or(machine);
    let glibc = number("__GLIBC__").zip(number("__GLIBC_MINOR__"));
    let libc = match (descriptor.libc, glibc) {
        (Some(libc), _) => libc,
        (None, Some(_)) => Libc::Glibc,
        (None, None) if triple.contains("musl") => Libc::Musl,
        (None, None) => Libc::Other,
    };
    let family = descriptor.family.unwrap_or_else(|| family(command, env, &triple));
    let mut facts = Facts {
        family,
        version,
        major: number("__clang_major__").or(number("__GNUC__")).unwrap_or(0),
        libc,
        glibc,
        default_pie: macros.contains_key("__PIE__"),
        as_needed: asked.as_needed(language)?,
        linker: asked.linker()?,
        library_dirs: asked.library_dirs()?,
        kinds: BTreeMap::new(),
        runs: ProgramsRun::Here,
        repairs: None,
        off: MechanismsOff::new(),
        object: None,
        tried: false,
        undecided: None,
        allocator: descriptor.allocator.clone(),
        functions: descriptor.functions.clone(),
        compat: descriptor.compat.clone(),
        missing: BTreeMap::new(),
        triple,
    };
    (facts.kinds, facts.runs, facts.missing) = asked.kinds(language, &facts.triple);
    if let Some(keep) = keep.filter(|_| facts.complete()) {
        facts.object = kept_object(dir.path(), keep);
        (facts.repairs, facts.off) = repair(&asked, &facts, keep);
    }
    facts.undecided = undecided(&asked, &facts);
    Ok(facts)
}

/// Why nothing can be concluded from what is missing: something was short, or a dynamic program does not run either.
fn undecided(asked: &CompilerQuery<'_>, facts: &Facts) -> Option<String> {
    let left_out = facts.repairs.iter().filter_map(|repairs| repairs.left_out.as_ref());
    let failures = facts.missing.values().chain(facts.off.values()).chain(left_out);
    if let Some(why) = failures.clone().find(|why| is_transient(why)) {
        return Some(why.clone());
    }
    // Another machine's dynamic programs need that machine's loader, which a compiler for it may do without.
    if facts.missing.is_empty() || facts.is_cross() || !asked.ask(&[OBJECT, "-o", "control"]).ok()?.status.success() {
        return None;
    }
    match ran(&asked.dir.join("control")) {
        Ok(_) => None,
        Err(why) => Some(format!("its dynamic programs do not run either: {why}")),
    }
}

/// Keeps the object of the program for trials; none if it can't be written.
fn kept_object(dir: &Path, keep: &Path) -> Option<PathBuf> {
    let path = keep.join("program.object");
    fs::create_dir_all(keep).ok()?;
    write_atomic(&path, &fs::read(dir.join(OBJECT)).ok()?).ok()?;
    Some(path)
}

/// GCC or Clang, by the `cc` crate. The compiler is given, so `CC` is never read.
fn family(command: &[OsString], env: &[(OsString, OsString)], triple: &str) -> Family {
    let Some(program) = command.first() else { return Family::Gcc };
    let mut build = cc::Build::new();
    for (name, value) in env {
        build.env(name, value);
    }
    let tool = build
        .compiler(program)
        .target(triple)
        .host(triple)
        .opt_level(0)
        .debug(false)
        .cargo_metadata(false)
        .cargo_debug(false)
        .cargo_warnings(false)
        .emit_rerun_if_env_changed(false)
        .try_get_compiler();
    if tool.is_ok_and(|t| t.is_like_clang()) { Family::Clang } else { Family::Gcc }
}

/// The kinds that were linked, how their programs ran, and why the others are missing.
type TestedKinds = (BTreeMap<StaticKind, Recipe>, ProgramsRun, BTreeMap<StaticKind, String>);

/// Queries to one compiler, in a temporary directory.
pub(crate) struct CompilerQuery<'a> {
    /// The compiler with the fixed words of its toolchain.
    pub command: &'a [OsString],
    /// Options that change the target.
    pub abi: &'a [OsString],
    /// Environment variables for it.
    pub env: &'a [(OsString, OsString)],
    /// Its descriptor.
    pub descriptor: &'a Descriptor,
    /// The temporary directory.
    pub dir: &'a Path,
}

impl CompilerQuery<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.command.iter().cloned())
            .args(&self.descriptor.compile_args)
            .args(self.abi)
            .env("LC_ALL", "C")
            .in_dir(self.dir);
        command.env.extend_from_slice(self.env);
        command
    }

    pub(crate) fn ask(&self, args: &[&str]) -> io::Result<Captured> {
        run::capture::capture(&self.command().args(args))
    }

    /// Predefined macros and those of the libc.
    fn macros(&self, language: Language) -> io::Result<BTreeMap<String, String>> {
        let (file, _) = source(language);
        fs::write(
            self.dir.join(file),
            "#if defined __has_include\n#if __has_include(<features.h>)\n#include <features.h>\n#endif\n#endif\n",
        )?;
        let out = self.ask(&["-dM", "-E", file])?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        Ok(text
            .lines()
            .filter_map(|l| {
                let (name, value) = l.strip_prefix("#define ")?.split_once(' ')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect())
    }

    /// Whether the linker's command line contains `--as-needed`.
    fn as_needed(&self, language: Language) -> io::Result<bool> {
        let (file, _) = source(language);
        let said = self.ask(&["-###", file])?;
        Ok(String::from_utf8_lossy(&said.stderr).contains("--as-needed"))
    }

    /// The linker's version line; GCC prints one of collect2 before it.
    fn linker(&self) -> io::Result<String> {
        let said = self.ask(&["-Wl,--version"])?.text();
        let line = said.lines().find(|l| ["GNU ld", "GNU gold", "LLD", "mold"].iter().any(|n| l.contains(n)));
        Ok(line.unwrap_or_default().to_owned())
    }

    fn library_dirs(&self) -> io::Result<Vec<PathBuf>> {
        let said = match self.descriptor.search {
            HeaderSearch::None => Vec::new(),
            HeaderSearch::LibcDirs => self.descriptor.libc_dirs.clone(),
            HeaderSearch::Compiler => {
                let mut dirs = search_dirs(&self.ask(&["-print-search-dirs"])?.text());
                dirs.extend(linker_dirs(&self.ask(&["-Wl,--verbose"])?.text()));
                dirs
            }
        };
        let mut seen = BTreeSet::new();
        Ok(said
            .into_iter()
            .filter_map(|d| fs::canonicalize(d).ok())
            .filter(|d| d.is_dir() && seen.insert(d.clone()))
            .collect())
    }

    /// The recipe with placeholders replaced.
    fn fill(&self, recipe: &Recipe) -> Result<Recipe, String> {
        let all = |words: &[String]| words.iter().map(|w| self.fill_word(w)).collect::<Result<Vec<_>, _>>();
        Ok(Recipe { before: all(&recipe.before)?, after: all(&recipe.after)? })
    }

    fn fill_word(&self, word: &str) -> Result<String, String> {
        let Some((place, file)) = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')?.split_once(':')) else {
            return Ok(word.to_owned());
        };
        let found = match place {
            "libc" => self.descriptor.libc_dirs.iter().map(|d| d.join(file)).find(|p| p.is_file()),
            "gcc" => {
                let said = self.ask(&[&format!("-print-file-name={file}")]).map_err(|e| e.to_string())?.text();
                Some(PathBuf::from(said)).filter(|p| p.is_absolute() && p.is_file())
            }
            _ => return Err(format!("unknown placeholder `{word}`")),
        };
        found.and_then(|p| p.into_os_string().into_string().ok()).ok_or_else(|| format!("`{file}` was not found"))
    }

    /// The kinds of which the program of a language was linked and run, how it was run, and why the others can't be.
    fn kinds(&self, language: Language, triple: &str) -> TestedKinds {
        let recipes: Vec<(&StaticKind, &Recipe)> = self.descriptor.kinds.iter().collect();
        let pie = self.descriptor.kinds.contains_key(&StaticKind::StaticPie);
        let compiled = settled(|| self.compile_program(language, pie));
        let tried = in_parallel(&recipes, |(kind, recipe)| {
            let filled = || {
                compiled.clone()?;
                let filled = self.fill(recipe)?;
                let ran = self.links(&[OBJECT], **kind, &filled, triple)?;
                Ok((filled, ran))
            };
            (**kind, settled(filled))
        });
        let (mut kinds, mut runs, mut missing) = (BTreeMap::new(), ProgramsRun::Here, BTreeMap::new());
        for (kind, tried) in tried {
            match tried {
                Ok((filled, ran)) => {
                    kinds.insert(kind, filled);
                    runs = ran;
                }
                Err(why) => drop(missing.insert(kind, why)),
            }
        }
        (kinds, runs, missing)
    }

    /// Compiles the program of a language to [`OBJECT`].
    fn compile_program(&self, language: Language, pie: bool) -> Result<(), String> {
        let (file, text) = source(language);
        fs::write(self.dir.join(file), text).map_err(|e| e.to_string())?;
        let pie: &[&str] = if pie { &["-fPIE"] } else { &[] };
        let args = [pie, &["-c", file, "-o", OBJECT]].concat();
        let made = self.ask(&args).map_err(|e| e.to_string())?;
        if made.status.success() {
            return Ok(());
        }
        Err(telling_line(&String::from_utf8_lossy(&made.stderr)))
    }

    /// Compiles, links, reads back and, if this machine can, runs a program.
    ///
    /// # Errors
    /// The decisive line of what went wrong.
    pub(crate) fn links(
        &self,
        args: &[&str],
        kind: StaticKind,
        recipe: &Recipe,
        triple: &str,
    ) -> Result<ProgramsRun, String> {
        let said = |e: io::Error| e.to_string();
        let out = self.dir.join(kind.flag());
        let out_word = format!("./{}", kind.flag());
        let mut command = self.command().args(&recipe.before);
        if kind == StaticKind::StaticPie {
            command = command.arg("-fPIE");
        }
        let command = command.args(args).args(["-o", &out_word]).args(&recipe.after);
        let made = run::capture::capture(&command).map_err(said)?;
        if !made.status.success() {
            return Err(telling_line(&String::from_utf8_lossy(&made.stderr)));
        }
        let image = check::inspect(&out).map_err(|e| e.to_string())?;
        let verdict = check::judge(&image, &check::Expect::from_triple(triple), &check::CallEvidence::default());
        if let Some(failure) = verdict.failures.first() {
            return Err(format!("the linked program is not static: {failure}"));
        }
        if verdict.kind != Some(kind) {
            return Err(format!("the linked program is not {}", kind.flag().trim_start_matches('-')));
        }
        ran(&out).map_err(|why| format!("{DOES_NOT_RUN}: {why}"))
    }
}

/// For one run of a program, which prints a number.
const RUN_LIMIT: Duration = Duration::from_secs(10);

/// Runs a program that has to print [`PRINTS`], by an emulator if it is for another machine. Where there is none, no more can
/// be known than that it was linked and read back, and the result tells so.
///
/// # Errors
/// How it ended otherwise.
pub(crate) fn ran(program: &Path) -> Result<ProgramsRun, String> {
    match run_program(program, RUN_LIMIT) {
        Ok((None, how)) => Ok(how),
        Ok((Some(ran), how)) if ran.status.success() && ran.text() == PRINTS => Ok(how),
        Ok((Some(ran), _)) if ran.status.success() => Err(format!("it prints `{}`", ran.text())),
        Ok((Some(ran), _)) => match ran.status.signal() {
            Some(signal) if !CRASHES.iter().any(|crash| *crash as i32 == signal) => {
                Err(format!("it was ended by signal {signal}"))
            }
            _ => Err(ran.status.to_string()),
        },
        Err(e) => Err(e.to_string()),
    }
}

/// The signals of a program that is wrong; others are sent from outside.
const CRASHES: [Signal; 7] =
    [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGABRT, Signal::SIGTRAP, Signal::SIGSYS];

/// The program that a compiler is probed with: its file's name and its text.
pub(crate) fn source(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::C => ("probe.c", C_PROGRAM),
        Language::Cxx => ("probe.cc", CXX_PROGRAM),
    }
}

/// The most informative line of what a failed compiler printed.
pub(crate) fn telling_line(stderr: &str) -> String {
    const TELLING: [&str; 5] = ["cannot find", "No such file", "not found", "undefined reference", "error"];
    let short = stderr.lines().find(|line| is_transient(line));
    let told = || TELLING.iter().find_map(|t| stderr.lines().find(|l| l.contains(t)));
    let told = short.or_else(told).or_else(|| stderr.lines().last());
    told.unwrap_or("the compiler failed without a message").trim().to_owned()
}

/// The `libraries: =A:B` line of `-print-search-dirs`.
fn search_dirs(text: &str) -> Vec<PathBuf> {
    text.lines()
        .filter_map(|l| l.strip_prefix("libraries: "))
        .flat_map(|l| l.trim_start_matches('=').split(':'))
        .filter(|d| !d.is_empty())
        .map(PathBuf::from)
        .collect()
}

/// The `SEARCH_DIR("=/usr/lib")` entries of a GNU linker's built-in script.
fn linker_dirs(text: &str) -> Vec<PathBuf> {
    text.split("SEARCH_DIR(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(dir, _)| PathBuf::from(dir.trim_start_matches('=')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_directories_are_read_from_both() {
        let dirs = search_dirs("install: /x/\nprograms: =/p\nlibraries: =/a/:/b/../c:");
        assert_eq!(dirs, [PathBuf::from("/a/"), PathBuf::from("/b/../c")]);
        let dirs = linker_dirs("SEARCH_DIR(\"=/usr/local/lib\"); SEARCH_DIR(\"/lib\");\nSECTIONS");
        assert_eq!(dirs, [PathBuf::from("/usr/local/lib"), PathBuf::from("/lib")]);
    }

    #[test]
    fn the_telling_line_of_a_failure() {
        let text = "/usr/bin/ld: cannot find -lc: No such file\ncollect2: error: ld returned 1 exit status\n";
        assert_eq!(telling_line(text), "/usr/bin/ld: cannot find -lc: No such file");
        assert_eq!(telling_line(""), "the compiler failed without a message");
    }
}
