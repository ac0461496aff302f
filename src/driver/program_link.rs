//! The link of a converted program: a driver call with the program instead of objects, and the libraries that ld.so
//! finds.

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

/// The inputs of the link.
#[derive(Debug)]
pub(crate) struct ProgramLink<'a> {
    pub program: Arc<ProgramFile>,
    /// Where the result is loaded.
    pub addresses: Addresses,
    /// Arguments for its libraries.
    pub libraries: &'a [OsString],
    /// The output file.
    pub output: &'a Path,
}

/// Where a program is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Where the kernel likes: a PIE.
    Random,
    /// At a place that the linker chooses, so that nothing is relocated when it starts.
    Fixed,
    /// Where the original has its own; `rest` is the first address for all else.
    Kept { rest: u64 },
}

/// The result of the link.
#[derive(Debug)]
pub(crate) struct ProgramLinked {
    /// The outcome, as in reports.
    pub outcome: Outcome,
    pub status: i32,
    /// The signal that ended the link.
    pub signal: Option<i32>,
    /// Why the program can't be converted.
    pub refused: Option<Refusal>,
    pub kind: StaticKind,
    /// The linked libraries.
    pub libraries: Vec<LinkedLibrary>,
    /// The headers of the output.
    pub image: Option<Image>,
    /// The verdict on the output.
    pub verdict: Option<Verdict>,
    /// Times in milliseconds.
    pub times: Times,
}

/// Chooses the toolchain.
///
/// # Errors
/// There is none.
pub(crate) fn select(settings: &Settings) -> Result<Selected, SelectError> {
    repairs::select(settings, &Invocation::parse(OsStr::new("cc"), Language::C), CallNeed::Link, &[])
}

/// Links, checks and reports like any driver call. Only GNU ld can place a program's thread-locals after all others,
/// and a program at fixed addresses.
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
    if let Addresses::Kept { rest } = wanted.addresses {
        words.push(format!("-Wl,-Ttext-segment={rest:#x}").into());
    }
    if wanted.addresses != Addresses::Random {
        words.push("-no-pie".into());
        // Drivers leave the index out of `-static` programs, which register their unwind table instead. If the program
        // registers its own as well, GCC's unwinder looks into one of the two only, and then asks for the index.
        words.push("-Wl,--eh-frame-hdr".into());
    }
    if wanted.addresses == Addresses::Random && facts.packs_relocations() {
        words.push("-Wl,-z,pack-relative-relocs".into());
    }
    // GNU ld keeps what it read, and gives each member of an archive a table of its sections with 4051 places, where most
    // need ten; tables grow.
    words.extend(["-Wl,--no-keep-memory", "-Wl,--hash-size=31"].map(OsString::from));
    // As with ld.so, the first definition of a name counts, and all needed libraries are linked in.
    words.extend(["-Wl,-z,muldefs", "-Wl,--no-as-needed"].map(OsString::from));
    // What the original exports to its libraries is exported to plugins.
    words.push("-rdynamic".into());
    if wanted.program.bare {
        words.push("-s".into());
    }
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
