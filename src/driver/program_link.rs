//! The link of a converted program: as a call of the driver with the program in the place of its objects, and its
//! libraries as ld.so found them.

use super::link::link;
use super::link_job::{LinkJob, link_job};
use super::outcome::LinkOutcome;
use crate::args;
use crate::check::{Image, Verdict};
use crate::convert::Refusal;
use crate::libs::LinkedLibrary;
use crate::libs::convert_policy::ProgramFile;
use crate::model::{Language, StaticKind};
use crate::options::check::CheckMode;
use crate::options::exit_codes::EXIT_FAILURE;
use crate::options::linker::LinkerChoice;
use crate::repairs;
use crate::report::{Outcome, Times};
use crate::settings::Settings;
use crate::toolchain::{CallNeed, Facts, Invocation, SelectError, Selected};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What is linked.
#[derive(Debug)]
pub(crate) struct ProgramLink<'a> {
    /// The program.
    pub program: Arc<ProgramFile>,
    /// It stays at its addresses.
    pub fixed: bool,
    /// Words for its libraries.
    pub libraries: &'a [OsString],
    /// Where the linker puts the result.
    pub output: &'a Path,
    /// The first address that is free for the rest of a program that stays at its addresses.
    pub rest: u64,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct ProgramLinked {
    /// The outcome, as reports have it.
    pub outcome: Outcome,
    /// The exit status.
    pub status: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why the program can't be converted.
    pub refused: Option<Refusal>,
    /// Its shape.
    pub kind: StaticKind,
    /// The libraries that went in.
    pub libraries: Vec<LinkedLibrary>,
    /// What the result is.
    pub image: Option<Image>,
    /// And its judgement.
    pub verdict: Option<Verdict>,
    /// How long it took.
    pub times: Times,
}

/// The toolchain for it.
///
/// # Errors
/// There is none.
pub(crate) fn select(settings: &Settings) -> Result<Selected, SelectError> {
    repairs::select(settings, &Invocation::parse(OsStr::new("cc"), Language::C), CallNeed::Link, &[])
}

/// Links, checks and reports like any call of the driver. Only GNU ld can put the thread-locals of a program at the
/// end of all, and a program at its addresses.
///
/// # Errors
/// No toolchain for it.
pub(crate) fn link_program(
    settings: &Settings,
    mut selected: Selected,
    facts: Facts,
    wanted: &ProgramLink<'_>,
) -> ProgramLinked {
    let start = Instant::now();
    let settings = Settings { linker: LinkerChoice::default(), check: CheckMode::Strict, ..settings.clone() };
    selected.facts = None;
    let mut words: Vec<OsString> = ["-fuse-ld=bfd", "-o"].map(OsString::from).to_vec();
    words.push(wanted.output.into());
    if wanted.fixed {
        words.push("-no-pie".into());
        words.push(format!("-Wl,-Ttext-segment={:#x}", wanted.rest).into());
    }
    if !wanted.fixed && super::direct::packs(&facts) {
        words.push("-Wl,-z,pack-relative-relocs".into());
    }
    // The first definition of a name counts, as for ld.so, and what ld.so would load goes in.
    words.extend(["-Wl,-z,muldefs", "-Wl,--no-as-needed"].map(OsString::from));
    // What the original offers to its libraries by name is offered to plugins.
    words.push("-rdynamic".into());
    words.extend([wanted.program.place.clone().into(), wanted.program.members().into()]);
    words.extend_from_slice(wanted.libraries);
    let request = args::classify(&words, Language::C);
    let mut job = link_job(&settings, request, selected, facts, Some(wanted.program.clone()));
    let argv: Vec<OsString> = std::iter::once("cc".into()).chain(words).collect();
    let outcome = match &job.refused {
        Some(_) => LinkOutcome::new(Outcome::Refused, EXIT_FAILURE),
        None => link(&settings, &argv, &mut job, start),
    };
    linked(job, outcome)
}

fn linked(job: LinkJob, outcome: LinkOutcome) -> ProgramLinked {
    ProgramLinked {
        outcome: outcome.outcome,
        status: outcome.status,
        signal: outcome.signal,
        refused: job.refused,
        kind: job.plan.kind,
        libraries: job.resolution.libraries,
        image: outcome.image,
        verdict: outcome.verdict,
        times: outcome.times,
    }
}
