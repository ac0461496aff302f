//! Classification of a call, once, and the choice of its toolchain.

use super::asked_places::AskedPlaces;
use super::compile::{self, as_it_is};
use super::library_hints::LackingHeaders;
use super::link_job::{LinkJob, link_job};
use super::shared_link::{SharedCall, SharedJob, shared_call};
use super::two_steps::{self, CompileAndLink};
use crate::args::{self, Action, Request};
use crate::model::Language;
use crate::options::check::CheckMode;
use crate::plan::policy::{Policy, Reason, policy};
use crate::repairs;
use crate::run::Command;
use crate::settings::Settings;
use crate::toolchain::{self, CallNeed, Invocation, SelectError, Selected};
use std::ffi::OsString;

/// How a call will be run.
pub(crate) enum Prepared {
    /// Unchanged.
    PassThrough {
        command: Command,
        /// Why it is unchanged.
        reason: Reason,
        /// The call; none if a wrapper called us back.
        request: Option<Box<Request>>,
        /// Why it is waited for, if it is.
        awaited: Option<Awaited>,
    },
    /// Not at all: it is refused.
    Refused { selected: Box<Selected>, reason: Reason, request: Box<Request> },
    /// As a static link.
    Link(Box<LinkJob>),
    /// As requested, to link a shared object, with its objects attached.
    Shared(Box<SharedJob>),
}

/// Why the driver waits for a call that is run unchanged, instead of giving its place to the compiler.
pub(crate) enum Awaited {
    /// Headers that it may fail for.
    Lacking(Box<LackingHeaders>),
    /// It asks where libraries are.
    Places(Box<AskedPlaces>),
}

impl Awaited {
    fn of(settings: &Settings, request: &Request, selected: &Selected) -> Option<Awaited> {
        let places = || AskedPlaces::of(request, selected).map(Box::new).map(Awaited::Places);
        LackingHeaders::of(settings, request, selected).map(Box::new).map(Awaited::Lacking).or_else(places)
    }

    /// Runs the command; gives its exit status.
    pub(super) fn run(&self, settings: &Settings, command: &Command) -> i32 {
        match self {
            Awaited::Lacking(headers) => headers.compile(settings, command),
            Awaited::Places(asked) => asked.answer(command),
        }
    }
}

impl Prepared {
    /// Unchanged, without a look at what it may fail for.
    fn plain(command: Command, reason: Reason, request: Option<Box<Request>>) -> Prepared {
        Prepared::PassThrough { command, reason, request, awaited: None }
    }
}

/// The steps that a call is run in.
pub(super) enum Steps {
    One(Prepared),
    /// The second is a static link.
    CompileAndLink(Box<CompileAndLink>),
}

impl From<Prepared> for Steps {
    fn from(prepared: Prepared) -> Steps {
        Steps::One(prepared)
    }
}

/// Classifies and plans a call without running it, as one call. `argv` begins with the program's own name.
///
/// # Errors
/// There is no toolchain for it.
pub(crate) fn prepare(settings: &Settings, own: Language, argv: &[OsString]) -> Result<Prepared, SelectError> {
    Ok(match prepare_steps(settings, own, argv)? {
        Steps::CompileAndLink(call) => Prepared::Link(Box::new(call.into_one(settings))),
        Steps::One(prepared) => prepared,
    })
}

/// A call that a wrapper has made which we called.
fn nested(settings: &Settings, invocation: &Invocation, words: &[OsString]) -> Result<Steps, SelectError> {
    let command = as_it_is(&toolchain::pass_through(settings, invocation)?, words);
    Ok(Prepared::plain(command, Reason::Nested, None).into())
}

/// The same, with the steps that it is run in.
///
/// # Errors
/// There is no toolchain for it.
pub(super) fn prepare_steps(settings: &Settings, own: Language, argv: &[OsString]) -> Result<Steps, SelectError> {
    let (argv0, words) = argv.split_first().map_or((OsString::new(), &[][..]), |(a, w)| (a.clone(), w));
    let invocation = Invocation::parse(&argv0, own);
    if settings.chain.is_some() {
        return nested(settings, &invocation, words);
    }
    let request = args::classify(words, invocation.language);
    let as_typed = |selected: &Selected, reason, request: Request| {
        let awaited = Awaited::of(settings, &request, selected);
        Prepared::PassThrough { command: as_it_is(selected, words), awaited, reason, request: Some(Box::new(request)) }
    };
    match policy(&request) {
        Policy::Rewrite => {}
        Policy::LeaveAlone(Reason::SharedObject) if settings.fat_shared && !request.dry_run => {
            return Ok(match shared_call(settings, &invocation, request, words)? {
                SharedCall::Attach(job) => Prepared::Shared(job),
                SharedCall::AsAsked(command, request) => Prepared::PassThrough {
                    command,
                    reason: Reason::SharedObject,
                    request: Some(request),
                    awaited: None,
                },
            }
            .into());
        }
        // What a toolchain can do is about programs.
        Policy::LeaveAlone(reason @ Reason::Freestanding) => {
            let selected = toolchain::unprobed(settings, &invocation)?;
            return Ok(as_typed(&selected, reason, request).into());
        }
        Policy::LeaveAlone(reason) => {
            let mut selected = repairs::select(settings, &invocation, CallNeed::Compile, &request.abi)?;
            if matches!(request.action, Action::Compile | Action::Assemble) {
                let pipe = compile::pipe(&request, &selected);
                let added = compile::added(settings, &request, &selected);
                selected.compile_args.extend(added.into_iter().chain(pipe));
            }
            return Ok(as_typed(&selected, reason, request).into());
        }
        Policy::Refuse(reason) => {
            let selected = repairs::select(settings, &invocation, CallNeed::Compile, &request.abi)?;
            return Ok(match settings.check {
                CheckMode::Strict => {
                    Prepared::Refused { selected: Box::new(selected), reason, request: Box::new(request) }
                }
                CheckMode::Warn | CheckMode::Off => as_typed(&selected, reason, request),
            }
            .into());
        }
    }
    let mut selected = repairs::select(settings, &invocation, CallNeed::Link, &request.abi)?;
    Ok(match selected.facts.take() {
        Some(facts) if two_steps::has_two_steps(&request) => {
            Steps::CompileAndLink(Box::new(CompileAndLink::new(request, selected, facts)))
        }
        Some(facts) => Prepared::Link(Box::new(link_job(settings, request, selected, facts, None))).into(),
        None => as_typed(&selected, Reason::NotALink, request).into(),
    })
}
