//! Called as a compiler's linker: the last net for links that no driver of ours saw.
//!
//! GCC and Clang look for `ld` (and `ld.gold`, `ld.lld` and so on) in the directories of COMPILER_PATH (GCC manual,
//! "Environment Variables"). In one of them, under `staticctl run` and behind `staticfc`, it is this program. The link of
//! a program is turned back into a call of the driver that made it, which goes the way of every other; all else goes to
//! the linker that the compiler would have found.

use super::command::replaced_by;
use super::outcome::report_left_alone;
use crate::args::linker_call;
use crate::args::response;
use crate::message;
use crate::model::Language;
use crate::options;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::plan::policy::{Reason, is_probe};
use crate::run::{self, Command, Ended, Guard, Stream};
use crate::session::collector::Session;
use crate::session::{own_programs, shim_dir};
use crate::settings::{COMPILER_PATH, Settings};
use crate::toolchain::find::{self, Chain};
use crate::toolchain::select::GENERIC;
use crate::toolchain::{Invocation, front_end, packed};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What GCC's driver tells the programs that it runs, and would tell the next one; and its own search directories.
const OF_THE_DRIVER: [&str; 7] = [
    "COLLECT_GCC",
    "COLLECT_GCC_OPTIONS",
    "COLLECT_LTO_WRAPPER",
    COMPILER_PATH,
    "LIBRARY_PATH",
    options::LINKER_NET.name,
    // Its own is as good as none here.
    options::TOOLCHAIN.name,
];

/// The linker's name that a program is called by.
pub(super) fn linker_called(argv0: &OsStr) -> Option<&'static str> {
    let name = argv0.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
    shim_dir::LINKERS.into_iter().find(|l| l.as_bytes() == name)
}

/// Whether a call under this name is one of a linker.
pub(crate) fn is_linker(argv0: &OsStr) -> bool {
    linker_called(argv0).is_some()
}

/// A link that a driver can do.
pub(crate) struct NetLink {
    /// The call of a driver of ours.
    pub command: Command,
    /// The compiler behind it.
    pub compiler: OsString,
    pub language: Language,
    output: PathBuf,
}

/// Links; returns the exit status, unless it execs.
pub(super) fn run_linker_net(settings: &Settings, linker: &'static str, argv: &[OsString]) -> i32 {
    let line = argv.get(1..).unwrap_or_default();
    let original = || match real_linker(settings, linker, line) {
        Some(real) => replaced_by(&Command::new([real]).args(line.iter().cloned())),
        None => {
            message::error(format!("`{linker}` was not found along {COMPILER_PATH} and PATH"));
            EXIT_FAILURE
        }
    };
    let Some(net) = net_link(settings, linker, line) else { return original() };
    let why = match other_toolchain(settings) {
        Some(why) if settings.strict_net => {
            message::error(why);
            message::hint(format!("unset {}, or compile it with that toolchain", options::TOOLCHAIN.name));
            return EXIT_FAILURE;
        }
        Some(why) => why,
        None if settings.strict_net => return replaced_by(&net.command),
        None => match attempt(settings, &net) {
            Ok(()) => return 0,
            Err(why) => why,
        },
    };
    report_left_alone(settings, argv, &net.output, &Reason::StaticLinkFailed(why));
    original()
}

/// That the compiler which called is not the toolchain that was asked for: its objects are for another libc.
fn other_toolchain(settings: &Settings) -> Option<String> {
    let name = settings.toolchain.as_ref().filter(|name| *name != GENERIC)?;
    Some(format!("a compiler that is not of the toolchain `{}` compiled it", name.to_string_lossy()))
}

/// The link as a call of our driver, if it is one of a program, and by a compiler of the toolchain.
pub(crate) fn net_link(settings: &Settings, linker: &str, line: &[OsString]) -> Option<NetLink> {
    // A driver of ours runs the compiler that runs this linker.
    if settings.chain.is_some() {
        return None;
    }
    let (compiler, language) = compiler(settings, line)?;
    let in_tree = packed::own_tree(settings).is_some_and(|tree| {
        fs::canonicalize(&compiler).is_ok_and(|program| program.starts_with(fs::canonicalize(tree).unwrap_or_default()))
    });
    let words = response::expand(line, Path::new("")).words;
    let fuse = linker.strip_prefix("ld.");
    let words = linker_call::driver_words(&words, settings.collect_gcc_options.as_deref(), fuse);
    let words = words.inspect_err(|why| log::debug!("left to `{linker}`: {why:?}")).ok()?;
    let output = words.iter().skip_while(|w| *w != "-o").nth(1).map_or_else(|| "a.out".into(), PathBuf::from);
    // A question of configure's is about what the compiler does.
    if is_probe(&output) {
        return None;
    }
    let (driver, variable) = match language {
        Language::C => ("staticcc", options::CC.name),
        Language::Cxx => ("staticcxx", options::CXX.name),
    };
    let mut command = Command::new([own_programs::own_program(settings, driver)?]).args(words).named(driver);
    let compiler = OsString::from(run::shell_line(&[compiler.into_os_string()]));
    // As part of a tree with that compiler a driver knows it by itself, with all that belongs to it.
    if !in_tree {
        command = command.env(variable, compiler.clone());
    }
    command.env_remove = OF_THE_DRIVER.iter().map(OsString::from).collect();
    Some(NetLink { command, compiler, language, output })
}

/// The compiler that called the linker, as one that compiles C or C++.
fn compiler(settings: &Settings, line: &[OsString]) -> Option<(PathBuf, Language)> {
    let path = Settings { path: Some(shim_dir::path_without_shim_dirs(settings)), ..settings.clone() };
    let chain = Chain::default();
    if let Some(collect) = &settings.collect_gcc {
        let called = find::program(collect, &path, &chain)?;
        let name = called.file_name()?;
        let known = Invocation::parse(name, Language::C);
        if known.name.is_some() {
            return Some((called, known.language));
        }
        let beside = |p: &Path| {
            let gcc = front_end::c_driver_beside(p.file_name()?)?;
            Some(p.with_file_name(gcc)).filter(|p| p.is_file())
        };
        let real = fs::canonicalize(&called).ok();
        let gcc = beside(&called).or_else(|| real.as_deref().and_then(beside));
        return gcc.or_else(|| find::program(OsStr::new("gcc"), &path, &chain)).map(|gcc| (gcc, Language::C));
    }
    let parent = run::caller::parent_program()?;
    let is_clang = parent.file_name().is_some_and(|n| n.as_bytes().starts_with(b"clang"));
    (is_clang && emulation(line).is_none_or(|e| Some(e) == native_emulation())).then_some((parent, Language::C))
}

/// The value of `-m`.
fn emulation(line: &[OsString]) -> Option<&str> {
    line.iter().skip_while(|w| *w != "-m").nth(1)?.to_str()
}

/// Emulations of GNU ld, and the triples of Debian's cross binutils.
const EMULATIONS: [(&str, &str); 7] = [
    ("elf_x86_64", "x86_64-linux-gnu"),
    ("elf_i386", "i686-linux-gnu"),
    ("aarch64linux", "aarch64-linux-gnu"),
    ("armelf_linux_eabi", "arm-linux-gnueabihf"),
    ("elf64lriscv", "riscv64-linux-gnu"),
    ("elf64lppc", "powerpc64le-linux-gnu"),
    ("elf64_s390", "s390x-linux-gnu"),
];

fn native_emulation() -> Option<&'static str> {
    EMULATIONS.iter().find(|(_, triple)| triple.split('-').next() == Some(std::env::consts::ARCH)).map(|(e, _)| *e)
}

/// The linker that the compiler would have found without us: along COMPILER_PATH, which GCC extends by its own
/// directories, then along PATH. Clang looks for one with the target's name first.
fn real_linker(settings: &Settings, linker: &str, line: &[OsString]) -> Option<PathBuf> {
    let is_foreign = own_programs::is_foreign(settings);
    let along = |list: &OsStr, name: &str| {
        which::which_in_all(name, Some(list), "/").into_iter().flatten().find(|p| p.is_absolute() && is_foreign(p))
    };
    let path = shim_dir::path_without_shim_dirs(settings);
    let foreign = emulation(line).filter(|e| settings.collect_gcc.is_none() && Some(*e) != native_emulation());
    let triple = EMULATIONS.iter().find(|(e, _)| Some(*e) == foreign).map(|(_, triple)| *triple);
    triple
        .and_then(|triple| along(&path, &format!("{triple}-{linker}")))
        .or_else(|| settings.compiler_path.as_deref().and_then(|list| along(list, linker)))
        .or_else(|| along(&path, linker))
}

/// Links by a driver of ours, which says nothing unless that works.
///
/// # Errors
/// Why there is no static program.
fn attempt(settings: &Settings, net: &NetLink) -> Result<(), String> {
    let session = Session::open(settings).map_err(|e| format!("no temporary directory is writable: {e}"))?;
    let command = shortened(&net.command, &session).map_err(|e| format!("a response file can't be written: {e}"))?;
    let command = command.env(options::REPORT.name, session.dir());
    let guard = Guard::install();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let ran = guard.run_all_heard(&command, |stream, bytes| match stream {
        Stream::Out => out.extend_from_slice(bytes),
        Stream::Err => err.extend_from_slice(bytes),
    });
    let ran = ran.map_err(|e| format!("the driver can't be run: {e}"))?;
    if let Some(signal) = ran.interrupted {
        drop(session);
        run::die_by(signal);
    }
    if ran.ended != Ended::Exited(0) {
        return Err(cause(&String::from_utf8_lossy(&err)));
    }
    message::pass_on_stdout(&out);
    message::pass_on(&err);
    if let Some(dir) = &settings.report
        && let Err(error) = session.hand_on(dir)
    {
        message::warning(format!("the report directory `{}` can't be written: {error}", dir.display()));
    }
    Ok(())
}

/// The command with a response file in place of arguments that may be too long for one.
fn shortened(command: &Command, session: &Session) -> io::Result<Command> {
    const LONG_ARGUMENTS: usize = 128 * 1024;
    let length: usize = command.args.iter().map(|w| w.len() + 1).sum();
    if length <= LONG_ARGUMENTS || command.args.iter().any(|w| w.is_empty()) {
        return Ok(command.clone());
    }
    let path = session.dir().join("words.rsp");
    fs::write(&path, response::quote(&command.args))?;
    let mut word = OsString::from("@");
    word.push(path);
    Ok(Command { args: vec![word], ..command.clone() })
}

/// What went wrong, in one line: our own error, or the linker's first.
fn cause(said: &str) -> String {
    let ours = said.lines().find_map(|l| l.strip_prefix("staticcxx: error: "));
    let linkers =
        || said.lines().find(|l| ["undefined reference", "error", "multiple definition"].iter().any(|w| l.contains(w)));
    ours.or_else(linkers).unwrap_or("its static link failed").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linkers_are_known_by_their_names() {
        for (name, linker) in [("/c/ld", Some("ld")), ("ld.gold", Some("ld.gold")), ("ldd", None), ("gold", None)] {
            assert_eq!(linker_called(OsStr::new(name)), linker, "{name}");
        }
    }

    #[test]
    fn the_cause_is_one_line() {
        assert_eq!(cause("x\nstaticcxx: error: no archive\nundefined reference to `f'"), "no archive");
        assert_eq!(cause("ld: a.o: undefined reference to `f'\nmore"), "ld: a.o: undefined reference to `f'");
        assert_eq!(cause(""), "its static link failed");
    }
}
