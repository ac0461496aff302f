//! The outcome of a call, and its line in the report.

use super::link_job::LinkJob;
use crate::check::{Image, Verdict};
use crate::files::Identity;
use crate::message;
use crate::parts::linked_parts::LinkedParts;
use crate::plan::policy::Reason;
use crate::repairs::choose::links_with;
use crate::report::{self, LinkRecord, LinkedBy, Outcome, Times};
use crate::run::Command;
use crate::settings::Settings;
use crate::size::size_rows::SizeRow;
use crate::toolchain::{Facts, MechanismsOff, Selected};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Removes an output, unless it is a device or FIFO.
pub(super) fn remove(output: &Path) {
    if fs::metadata(output).is_ok_and(|m| m.is_file())
        && let Err(error) = fs::remove_file(output)
    {
        message::warning(format!("`{}` can't be removed: {error}", output.display()));
    }
}

/// Removes an output of an earlier link, as GNU ld does, where mold would write over it: mold 2.37 reserves more dynamic
/// relocations than it writes, and what the old file has there would be applied. Behind a symbolic link the old file is
/// emptied. An input stays.
pub(super) fn remove_old(settings: &Settings, job: &LinkJob) {
    let output = job.request.output_path();
    let by_mold = links_with(settings, &job.request, &job.facts, &[("mold", "mold")]);
    if !by_mold || job.request.dry_run || !fs::metadata(output).is_ok_and(|m| m.is_file()) {
        return;
    }
    let old = Identity::of(output);
    if job.request.inputs.iter().any(|i| Identity::of(Path::new(&i.text)) == old) {
        return;
    }
    // mold says what is wrong with a file that can't be replaced.
    let _ = match output.is_symlink() {
        true => fs::OpenOptions::new().write(true).truncate(true).open(output).map(drop),
        false => fs::remove_file(output),
    };
}

/// The outcome of a call, for the report.
pub(super) struct LinkOutcome {
    pub outcome: Outcome,
    pub status: i32,
    pub times: Times,
    pub image: Option<Image>,
    pub verdict: Option<Verdict>,
    pub linker: LinkedBy,
    pub saved: Option<u64>,
    /// What went into it.
    pub parts: Option<LinkedParts>,
    /// The sizes of its libraries, where they are wanted.
    pub sizes: Option<Vec<SizeRow>>,
    /// Mechanisms that the link did without.
    pub off: MechanismsOff,
    /// The signal that ended the link.
    pub signal: Option<i32>,
}

impl LinkOutcome {
    pub(crate) fn new(outcome: Outcome, status: i32) -> LinkOutcome {
        LinkOutcome {
            outcome,
            status,
            times: Times::default(),
            image: None,
            verdict: None,
            linker: LinkedBy::Nobody,
            saved: None,
            parts: None,
            sizes: None,
            off: MechanismsOff::new(),
            signal: None,
        }
    }

    pub(crate) fn record<'a>(
        &'a self,
        argv: &[OsString],
        selected: &'a Selected,
        facts: Option<&'a Facts>,
        job: Option<(&'a LinkJob, &Command)>,
        reason: Option<&'a Reason>,
    ) -> LinkRecord<'a> {
        LinkRecord {
            command: job.map(|(_, c)| report::lossy(&c.words())).unwrap_or_default(),
            toolchain: &selected.toolchain,
            compiler: facts.map_or("", |f| &f.version),
            triple: facts.map_or("", |f| &f.triple),
            status: self.status,
            reason,
            kind: job.map(|(j, _)| j.plan.kind),
            linker: &self.linker,
            saved: self.saved,
            parts: self.parts.as_ref(),
            sizes: self.sizes.as_deref(),
            unused: job.map_or(&[], |(j, _)| &j.resolution.unused),
            off: &self.off,
            rules: job.map_or(&[], |(j, _)| &j.plan.applied),
            libraries: job.map_or(&[], |(j, _)| &j.resolution.libraries),
            missing: job.map_or(&[], |(j, _)| &j.resolution.missing),
            replaced: job.map_or(&[], |(j, _)| &j.resolution.replaced),
            output: job.map(|(j, _)| j.request.output_path().to_owned()).unwrap_or_default(),
            image: self.image.as_ref(),
            verdict: self.verdict.as_ref(),
            times: self.times,
            ..LinkRecord::blank(self.outcome, argv)
        }
    }
}

pub(super) fn write_report(settings: &Settings, record: &LinkRecord<'_>) {
    if let Some(dir) = &settings.report
        && let Err(error) = report::append(dir, record)
    {
        message::warning(format!("the report directory `{}` can't be written: {error}", dir.display()));
    }
}

/// Reports a program that is linked dynamically for a reason; written before the link, which is not supervised.
pub(super) fn report_left_alone(settings: &Settings, argv: &[OsString], output: &Path, reason: &Reason) {
    if settings.report.is_none() {
        return;
    }
    let record =
        LinkRecord { output: output.to_owned(), reason: Some(reason), ..LinkRecord::blank(Outcome::LeftAlone, argv) };
    write_report(settings, &record);
}
