//! The link of a shared object: as requested, then with the objects for a later static link attached.

use super::compile::as_it_is;
use crate::args::lexer::Arg;
use crate::args::{self, Input, InputKind, Request, ld_options};
use crate::check::Expect;
use crate::fat::attach::{MakeError, attach};
use crate::fat::relocatable::{self, Relocatable};
use crate::files::Stamp;
use crate::libs::{self, SearchPath, pic};
use crate::message;
use crate::model::Family;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::plan::policy::is_probe;
use crate::repairs;
use crate::run::{self, Command, Ended, Guard};
use crate::settings::Settings;
use crate::toolchain::{CallNeed, Invocation, SelectError, Selected};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A link of a shared object that is ready to run.
pub(crate) struct SharedJob {
    pub request: Request,
    pub selected: Selected,
    /// The unchanged call, with the toolchain's own words.
    pub command: Command,
    /// The link of the same inputs into one relocatable object.
    pub relocatable: Relocatable,
    pub family: Family,
}

/// How a shared object is linked.
pub(super) enum SharedCall {
    /// As requested, and its objects are attached.
    Attach(Box<SharedJob>),
    /// As requested only: no static link would ever use it.
    AsAsked(Command, Box<Request>),
}

/// Prepares the link of a shared object.
///
/// # Errors
/// No toolchain for it.
pub(super) fn shared_call(
    settings: &Settings,
    invocation: &Invocation,
    request: Request,
    words: &[OsString],
) -> Result<SharedCall, SelectError> {
    let as_asked = |selected: &Selected, words: &[OsString], request| {
        SharedCall::AsAsked(as_it_is(selected, words), Box::new(request))
    };
    let Ok(mut selected) = repairs::select(settings, invocation, CallNeed::Link, &request.abi) else {
        let selected = repairs::select(settings, invocation, CallNeed::Compile, &request.abi)?;
        return Ok(as_asked(&selected, words, request));
    };
    let Some(facts) = selected.facts.take().filter(|_| !is_probe(request.output_path())) else {
        return Ok(as_asked(&selected, words, request));
    };
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    let items = ld_options::split(&request.args);
    let path = SearchPath::of(&items, &request, &facts.library_dirs, settings.library_path.as_deref(), expect);
    let (mut request, mut words) = (request, words.to_vec());
    if let Some(others) = counterparts(&request, &path) {
        request = args::classify(&others, invocation.language);
        words = others;
    }
    Ok(match relocatable::plan(&request, &path) {
        None => as_asked(&selected, &words, request),
        Some(relocatable) => {
            let command = as_it_is(&selected, &words);
            SharedCall::Attach(Box::new(SharedJob { request, selected, command, relocatable, family: facts.family }))
        }
    })
}

/// The arguments with archives that can't go into a shared object replaced by their shared objects, if there are any:
/// otherwise the link would fail. Build systems name such archives by path if they are told to prefer archives.
fn counterparts(request: &Request, path: &SearchPath) -> Option<Vec<OsString>> {
    let twin = |input: &Input| {
        let archive = Path::new(&input.text);
        let wanted = input.kind == InputKind::Archive && pic::is_for_programs_only(archive);
        wanted.then(|| libs::counterpart::shared_of(archive, path)).flatten().map(|(shared, _)| (input.at, shared))
    };
    let found: BTreeMap<usize, PathBuf> = request.inputs.iter().filter_map(twin).collect();
    let word = |(at, arg): (usize, &Arg)| match found.get(&at) {
        Some(shared) => vec![shared.clone().into_os_string()],
        None => arg.words().cloned().collect(),
    };
    (!found.is_empty()).then(|| request.args.iter().enumerate().flat_map(word).collect())
}

/// Links a shared object as requested, then attaches its objects. The second step has no effect on output, status or
/// file except for the section.
pub(super) fn link_shared(job: &SharedJob) -> i32 {
    let guard = Guard::install();
    let output = job.request.output_path();
    let before = Stamp::of(output);
    let ran = match guard.run_command(&job.command) {
        Ok(ran) => ran,
        Err(error) => {
            message::error(format!("`{}` can't be run: {error}", job.command.program.to_string_lossy()));
            return EXIT_FAILURE;
        }
    };
    let status = match (ran.ended, ran.interrupted) {
        (Ended::Killed(signal), _) | (_, Some(signal)) => run::die_by(signal),
        (Ended::Exited(status), None) => status,
    };
    if status != 0 {
        return status;
    }
    let made = match fs::metadata(output) {
        Ok(metadata) => metadata.is_file() && Some(Stamp::from(&metadata)) != before,
        Err(error) => {
            // Some calls print something and link nothing.
            if error.kind() != io::ErrorKind::NotFound {
                tell(output, &error.into());
            }
            false
        }
    };
    if made {
        let run = |words: &[OsString]| as_it_is(&job.selected, words);
        match attach(output, &job.request, &job.relocatable, job.family, run) {
            Ok(made) => log::info!("{}: {} bytes of objects in {} bytes", output.display(), made.object, made.section),
            // A signal is what ended it, and is acted on.
            Err(_) if guard.caught().is_some() => {}
            Err(why) => tell(output, &why),
        }
        if let Some(signal) = guard.caught() {
            run::die_by(signal);
        }
    }
    status
}

/// Not being fat is a library's own affair, unless it would be with more space or rights.
fn tell(output: &Path, why: &MakeError) {
    match why.of_machine() {
        Some(error) => message::warning(format!("`{}` carries no objects for static links: {error}", output.display())),
        None => log::info!("{}: no objects attached: {why}", output.display()),
    }
}
