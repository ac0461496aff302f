//! Calls that compile and link at once, in the two steps that the compiler's driver makes of them: each source becomes an
//! object in a temporary directory, then these are linked. So all inputs of the link are known when it is planned.
//!
//! Calls whose options write further files stay one call, since the driver names those files after the program.

use super::compile::{self, ONE_CALL, as_it_is};
use super::compiled_sources::CompiledSources;
use super::library_hints::LackingHeaders;
use super::link_job::{LinkJob, link_job};
use crate::args::lexer::{self, Arg};
use crate::args::option_table::Role;
use crate::args::{self, Input, InputKind, Request};
use crate::model::Family;
use crate::plan::words::names_built_in;
use crate::run::{Ended, Guard};
use crate::settings::Settings;
use crate::toolchain::{Facts, Selected};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A call that compiles and links, classified, with its toolchain.
pub(crate) struct CompileAndLink {
    request: Request,
    selected: Selected,
    facts: Facts,
}

/// How the compilations ended, if not well.
pub(super) enum NotCompiled {
    /// With this exit status; the compiler has said why.
    Status(i32),
    /// By a signal.
    Signal(i32),
    /// The compiler can't be run.
    NotRun(OsString, io::Error),
}

/// Whether a link compiles sources and can be made in two steps.
pub(super) fn has_two_steps(request: &Request) -> bool {
    let one = |a: &Arg| {
        let word = a.word.as_encoded_bytes();
        !a.is_input() && ONE_CALL.iter().any(|o| word.starts_with(o.as_bytes()))
    };
    let shown = request.dry_run || request.verbose;
    let stdin = request.inputs.iter().filter(|i| i.kind == InputKind::Stdin).count();
    sources(request).next().is_some() && stdin <= 1 && !shown && !request.args.iter().any(one)
}

fn sources(request: &Request) -> impl Iterator<Item = &Input> {
    request.inputs.iter().filter(|i| i.kind.is_compiled())
}

impl CompileAndLink {
    pub(super) fn new(request: Request, selected: Selected, facts: Facts) -> CompileAndLink {
        CompileAndLink { request, selected, facts }
    }

    /// The call, as typed.
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The plan as one call, for who only wants to see it.
    pub(super) fn into_one(self, settings: &Settings) -> LinkJob {
        link_job(settings, self.request, self.selected, self.facts, None)
    }

    /// Compiles the sources, all of them even if one fails, as the drivers do; then plans the link of the objects, which
    /// began at the time that is returned.
    ///
    /// # Errors
    /// A compilation that failed.
    pub(super) fn compiled(mut self, settings: &Settings) -> Result<(LinkJob, Instant), NotCompiled> {
        let Ok(dir) = tempfile::Builder::new().prefix("staticcxx-objects").tempdir() else {
            return Ok((self.into_one(settings), Instant::now()));
        };
        let guard = Guard::install();
        let mut compiler = self.selected.clone();
        let added = compile::added(settings, &self.request, &self.selected);
        compiler.compile_args.extend(added.into_iter().chain(compile::pipe(&self.request, &self.selected)));
        compiler.compile_args.extend(self.unused());
        let mut failed = None;
        let mut objects = Vec::new();
        let mut names = BTreeSet::new();
        for source in sources(&self.request) {
            let object = dir.path().join(object_name(&source.text, &mut names));
            let command = as_it_is(&compiler, &words_to_compile(&self.request, source, &object));
            let ran = guard.run_command(&command).map_err(|e| NotCompiled::NotRun(command.program.clone(), e))?;
            match (ran.interrupted, ran.ended) {
                (Some(signal), _) | (None, Ended::Killed(signal)) => return Err(NotCompiled::Signal(signal)),
                (None, Ended::Exited(0)) => {}
                (None, Ended::Exited(status)) => failed = failed.max(Some(status)),
            }
            objects.push((source.at, object, source.text.to_string_lossy().into_owned()));
        }
        if let Some(status) = failed {
            if let Some(lacking) = LackingHeaders::of(settings, &self.request, &self.selected) {
                lacking.hint(settings);
            }
            return Err(NotCompiled::Status(status));
        }
        self.selected.compile_args.extend(self.unused());
        let words = words_to_link(&self.request, &objects);
        let used_files = self.request.used_files;
        let request = Request { used_files, ..args::classify(&words, self.selected.language) };
        let objects = objects.into_iter().map(|(_, object, source)| (object, source)).collect();
        let planned = Instant::now();
        let job = link_job(settings, request, self.selected, self.facts, None);
        Ok((LinkJob { compiled: Some(CompiledSources::new(dir, objects)), ..job }, planned))
    }

    /// Each step has options that only the other one uses, of which Clang would warn.
    fn unused(&self) -> Option<OsString> {
        (self.facts.family != Family::Gcc).then(|| "-Wno-unused-command-line-argument".into())
    }
}

/// `STEM.o`, with a number where there is one already.
fn object_name(source: &OsStr, names: &mut BTreeSet<OsString>) -> OsString {
    let stem = Path::new(source).file_stem().filter(|s| *s != "-").unwrap_or(OsStr::new("stdin"));
    let name = |number: usize| {
        let mut name = stem.to_owned();
        name.push(if number == 0 { ".o".into() } else { format!("-{number}.o") });
        name
    };
    (0..).map(name).find(|n| names.insert(n.clone())).unwrap_or_default()
}

/// The call that compiles one of the sources: all words except for the other inputs, libraries, linker words and `-o`.
fn words_to_compile(request: &Request, source: &Input, object: &Path) -> Vec<OsString> {
    let left_out = |(at, arg): (usize, &Arg)| match arg.role() {
        Some(Role::Library | Role::LinkerWords | Role::LinkerWord | Role::Output) => true,
        // Compilers don't know it.
        Some(Role::UseLinker) => names_built_in(arg),
        _ => arg.is_input() && at != source.at,
    };
    let kept = request.args.iter().enumerate().filter(|p| !left_out(*p)).flat_map(|(_, arg)| arg.words());
    let mut words: Vec<OsString> = kept.cloned().collect();
    words.extend(["-c".into(), "-o".into(), object.as_os_str().to_owned()]);
    words
}

/// The call that links: objects stand where their sources stood, and nothing says of what language inputs are.
fn words_to_link(request: &Request, objects: &[(usize, PathBuf, String)]) -> Vec<OsString> {
    let mut args: Vec<Arg> = Vec::with_capacity(request.args.len());
    for (at, arg) in request.args.iter().enumerate() {
        match objects.iter().find(|(source, ..)| *source == at) {
            Some((_, object, _)) => args.push(Arg::new(object.as_os_str())),
            None if arg.role() == Some(Role::Language) => {}
            None => args.push(arg.clone()),
        }
    }
    lexer::emit(&args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::request;

    fn shown(words: &[OsString]) -> String {
        words.iter().map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_source_has_a_call_and_the_link_has_the_objects() {
        let request = request("-O2 -x c a.txt -x none b.c -Iq -lz -Wl,-s d.o -o prog -pthread");
        let compiled: Vec<String> =
            sources(&request).map(|s| shown(&words_to_compile(&request, s, Path::new("/t/o.o")))).collect();
        assert_eq!(
            compiled,
            ["-O2 -x c a.txt -x none -Iq -pthread -c -o /t/o.o", "-O2 -x c -x none b.c -Iq -pthread -c -o /t/o.o"]
        );
        let objects: Vec<_> = sources(&request)
            .enumerate()
            .map(|(n, s)| (s.at, PathBuf::from(format!("/t/{n}.o")), String::new()))
            .collect();
        let linked = shown(&words_to_link(&request, &objects));
        assert_eq!(linked, "-O2 /t/0.o /t/1.o -Iq -lz -Wl,-s d.o -o prog -pthread");
    }

    #[test]
    fn what_writes_more_files_stays_one_call() {
        for (line, two) in [
            ("a.c", true),
            ("-g -O2 -flto -fopenmp -DX a.c b.o", true),
            ("a.o", false),
            ("-MMD a.c", false),
            ("-save-temps=obj a.c", false),
            ("--coverage a.c", false),
            ("-gsplit-dwarf a.c", false),
            ("-v a.c", false),
            ("-### a.c", false),
            ("-fprofile-generate a.c", false),
        ] {
            assert_eq!(has_two_steps(&request(line)), two, "{line}");
        }
    }

    #[test]
    fn objects_of_one_name_are_told_apart() {
        let mut names = BTreeSet::new();
        let mut name = |source: &str| object_name(OsStr::new(source), &mut names).to_string_lossy().into_owned();
        assert_eq!(
            (name("x/a.c"), name("y/a.cpp"), name("-"), name("a.b.c")),
            ("a.o".into(), "a-1.o".into(), "stdin.o".into(), "a.b.o".into())
        );
    }
}
