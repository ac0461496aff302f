//! What to type after a compilation or a link with a musl toolchain that failed for a library which `staticctl toolchain add`
//! can build.
//!
//! A compiler takes the place of the driver, which then can't say anything. So the sources are looked through first: only
//! where one includes a header of such a library that the toolchain has not, the driver stays and waits for the compiler.

use super::command::not_run;
use super::compile::{ONE_CALL, as_it_is};
use super::link_job::LinkJob;
use crate::args::option_table::Role;
use crate::args::{Action, Input, Request};
use crate::message;
use crate::model::Libc;
use crate::ports::{KnownPorts, PortRecipe, known_ports};
use crate::run::capture::capture;
use crate::run::{Command, Ended, Guard, die_by};
use crate::settings::Settings;
use crate::toolchain::Selected;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a source that are looked through: includes stand at the beginning.
const LOOKED_AT: usize = 64 << 10;

/// Headers beside a source that are looked through too.
const BESIDE: usize = 16;

/// A call whose sources include headers that the toolchain has not, of libraries that can be added to it.
pub(crate) struct LackingHeaders {
    prefix: PathBuf,
    /// For each such source, the command that preprocesses it and writes nothing.
    preprocess: Vec<Command>,
}

impl LackingHeaders {
    /// None for other toolchains, and where all is there.
    pub(super) fn of(settings: &Settings, request: &Request, selected: &Selected) -> Option<LackingHeaders> {
        let prefix = prefix_of(selected)?;
        if matches!(request.action, Action::Query) || request.dry_run {
            return None;
        }
        let own = settings.config_dir.as_deref();
        let lacks = |source: &&Input| {
            source.kind.is_compiled()
                && included(Path::new(&source.text))
                    .iter()
                    .any(|header| known_ports::may_have(own, header) && !prefix.join("include").join(header).exists())
        };
        let sources = request.inputs.iter().filter(lacks);
        let preprocess: Vec<Command> = sources.map(|source| preprocessing(request, source, selected)).collect();
        (!preprocess.is_empty()).then(|| LackingHeaders { prefix: prefix.to_owned(), preprocess })
    }

    /// Runs the compiler and waits for it; gives its exit status, or dies by its signal.
    pub(super) fn compile(&self, settings: &Settings, command: &Command) -> i32 {
        let guard = Guard::install();
        match guard.run_command(command).map(|ran| (ran.interrupted, ran.ended)) {
            Ok((Some(signal), _) | (None, Ended::Killed(signal))) => die_by(signal),
            Ok((None, Ended::Exited(0))) => 0,
            Ok((None, Ended::Exited(status))) => {
                self.hint(settings);
                status
            }
            Err(error) => not_run(command, &error),
        }
    }

    /// After a failure: names the library of the header that the preprocessor does not find.
    pub(super) fn hint(&self, settings: &Settings) {
        let Ok(known) = KnownPorts::all(settings.config_dir.as_deref()) else { return };
        let said = self.preprocess.iter().filter_map(|command| capture(command).ok());
        let found = said.filter(|said| !said.status.success()).find_map(|said| {
            let header = not_found(&String::from_utf8_lossy(&said.stderr))?;
            Some((known.with_header(&header)?.clone(), header))
        });
        if let Some((port, header)) = found {
            message::hint(format!("`{header}` is of {0}: {1}", port.name, to_type(&port, &self.prefix)));
        }
    }
}

/// After a failed link: names libraries on the command line that can be added.
pub(super) fn name_archives(settings: &Settings, job: &LinkJob) {
    let Some(prefix) = prefix_of(&job.selected) else { return };
    let names = job.request.values(Role::Library);
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let there = |name: &str| {
        let file = format!("lib{name}.a");
        job.resolution.libraries.iter().any(|l| l.path.file_name().is_some_and(|f| *f == *file))
    };
    if names.iter().all(|name| there(name)) {
        return;
    }
    let Ok(known) = KnownPorts::all(settings.config_dir.as_deref()) else { return };
    let mut ports: Vec<&PortRecipe> = Vec::new();
    for port in names.iter().filter(|name| !there(name)).filter_map(|name| known.with_archive(name)) {
        let has_archive = port.archives.iter().any(|a| prefix.join(format!("lib/lib{a}.a")).exists());
        if !has_archive && ports.iter().all(|p| p.name != port.name) {
            ports.push(port);
        }
    }
    let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
    if let Some(first) = ports.first() {
        let line = to_type(first, prefix).replace(&format!("add {}", first.name), &format!("add {}", names.join(" ")));
        message::hint(format!("the toolchain can be given what is missing: {line}"));
    }
}

/// The prefix of a musl toolchain that libraries can be added to.
fn prefix_of(selected: &Selected) -> Option<&Path> {
    let descriptor = &selected.descriptor;
    let fits = descriptor.libc == Some(Libc::Musl) && descriptor.manifest.is_some();
    descriptor.prefix.as_deref().filter(|_| fits)
}

/// The command that adds a library.
fn to_type(port: &PortRecipe, prefix: &Path) -> String {
    let toolchain = prefix.file_name().unwrap_or_default().to_string_lossy();
    let other = if toolchain == "musl" { String::new() } else { format!(" --toolchain {toolchain}") };
    format!("`staticctl toolchain add {}{other}`", port.name)
}

/// What a source and the headers beside it include.
fn included(source: &Path) -> Vec<String> {
    let mut names = included_by(source);
    let beside = |name: &String| source.parent().unwrap_or(Path::new("")).join(name);
    let headers: Vec<PathBuf> = names.iter().map(beside).filter(|path| path.is_file()).take(BESIDE).collect();
    names.extend(headers.iter().flat_map(|header| included_by(header)));
    names
}

fn included_by(file: &Path) -> Vec<String> {
    // What is no file can be read only once.
    let bytes = if file.is_file() { fs::read(file).unwrap_or_default() } else { Vec::new() };
    includes(bytes.get(..LOOKED_AT).unwrap_or(&bytes))
}

/// The names that `#include` lines have.
fn includes(text: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.split(|b| *b == b'\n') {
        let Some(rest) = line.trim_ascii().strip_prefix(b"#") else { continue };
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b"include") else { continue };
        let rest = rest.trim_ascii_start();
        let close = match rest.first() {
            Some(b'<') => b'>',
            Some(b'"') => b'"',
            _ => continue,
        };
        let name = rest.get(1..).unwrap_or_default().split(|b| *b == close).next().unwrap_or_default();
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    names
}

/// The call that preprocesses one of the sources: without options that write files, and with nothing to read but it.
fn preprocessing(request: &Request, source: &Input, selected: &Selected) -> Command {
    let stays = |(at, arg): &(usize, &crate::args::lexer::Arg)| match arg.role() {
        Some(Role::Library | Role::LinkerWords | Role::LinkerWord | Role::Output) => false,
        Some(Role::Compile | Role::Assemble | Role::Preprocess) => false,
        _ if arg.is_input() => *at == source.at,
        _ => {
            !ONE_CALL.iter().any(|begin| arg.word.as_encoded_bytes().starts_with(begin.as_bytes())) && arg.word != "-M"
        }
    };
    let kept = request.args.iter().enumerate().filter(stays).flat_map(|(_, arg)| arg.words());
    let mut words: Vec<OsString> = kept.cloned().collect();
    words.extend(["-E", "-o", "/dev/null"].map(OsString::from));
    as_it_is(selected, &words).env("LC_ALL", "C")
}

/// The header that GCC's or Clang's preprocessor did not find.
fn not_found(said: &str) -> Option<String> {
    let rest = said.lines().find_map(|line| line.split_once("fatal error: ").map(|(_, rest)| rest))?;
    let of_gcc = rest.strip_suffix(": No such file or directory");
    let of_clang = || rest.strip_prefix('\'')?.strip_suffix("' file not found");
    of_gcc.or_else(of_clang).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_read_as_the_preprocessor_does() {
        let text = b"#include <zlib.h>\n  # include\t\"a/b.h\" // x\n#includes\n#include MACRO\nint x; #include <no.h>\n#define Y\n";
        assert_eq!(includes(text), ["zlib.h", "a/b.h"]);
        assert!(includes(b"#include <").len() == 1 && includes(b"").is_empty());
    }

    #[test]
    fn the_header_is_read_from_both_compilers() {
        let gcc = "x.c:1:10: fatal error: zlib.h: No such file or directory\n    1 | #include <zlib.h>\n";
        let clang = "x.c:1:10: fatal error: 'zlib.h' file not found\n1 error generated.\n";
        for said in [gcc, clang] {
            assert_eq!(not_found(said).as_deref(), Some("zlib.h"));
        }
        assert_eq!(not_found("x.c:1:10: error: expected ';'\n"), None);
    }

    #[test]
    fn headers_beside_a_source_are_looked_through() {
        let t = tempfile::tempdir().unwrap();
        fs::write(t.path().join("a.c"), "#include \"own.h\"\n").unwrap();
        fs::write(t.path().join("own.h"), "#include <zlib.h>\n").unwrap();
        assert_eq!(included(&t.path().join("a.c")), ["own.h", "zlib.h"]);
        assert!(included(Path::new("/dev/zero")).is_empty());
    }
}
