//! The programs of a build, as they appear in its report.

use super::records::RecordedLink;
use super::scan::ScannedProgram;
use crate::check::{Failure, Finding};
use crate::libs::{LinkedLibrary, Provider};
use crate::model::StaticKind;
use crate::plan::policy::Reason;
use crate::report::Outcome;
use serde::Serialize;
use std::path::PathBuf;

/// A program that our drivers linked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BuiltProgram {
    /// Where it is, or was.
    pub path: PathBuf,
    /// The same file elsewhere: copies, stripped ones too.
    pub copies: Vec<PathBuf>,
    pub outcome: Outcome,
    /// It is a fully static program.
    #[serde(rename = "static")]
    pub is_static: bool,
    pub kind: Option<StaticKind>,
    /// Size on disk at the end of the build.
    pub bytes: Option<u64>,
    /// Bytes that leaving out unused parts saved; none where that was not asked for.
    pub saved: Option<u64>,
    pub toolchain: String,
    /// The files that its libraries were taken from, in link order.
    pub libraries: Vec<PathBuf>,
    /// Those that were converted from shared objects: which state of each is in the program.
    pub converted: Vec<LinkedLibrary>,
    /// Why it is not static.
    pub failures: Vec<Failure>,
    /// Calls that need files at run time, and other findings.
    pub findings: Vec<Finding>,
    /// Milliseconds that the link took, with planning and check.
    pub milliseconds: f64,
    /// Milliseconds that trying the compiler took before it, once.
    pub probe: f64,
}

impl BuiltProgram {
    /// What its record says.
    pub(crate) fn of(link: &RecordedLink) -> BuiltProgram {
        let verdict = link.verdict.as_ref();
        BuiltProgram {
            path: link.path(),
            copies: Vec::new(),
            outcome: link.outcome,
            is_static: verdict.is_some_and(|v| v.kind.is_some() && v.failures.is_empty()),
            kind: verdict.and_then(|v| v.kind),
            bytes: link.image.as_ref().map(|i| i.bytes),
            saved: link.saved,
            toolchain: link.toolchain.clone(),
            libraries: link.libraries.iter().map(|l| l.path.clone()).collect(),
            converted: link.libraries.iter().filter(|l| l.provider == Provider::Converted).cloned().collect(),
            failures: verdict.map(|v| v.failures.clone()).unwrap_or_default(),
            findings: verdict.map(|v| v.findings.clone()).unwrap_or_default(),
            milliseconds: link.milliseconds(),
            probe: link.times.probe,
        }
    }

    /// The findings about files at run time.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| {
            matches!(
                f,
                Finding::NeedsDlopen { .. }
                    | Finding::NeedsIconv { .. }
                    | Finding::NeedsLocales { .. }
                    | Finding::NeedsNameServices { .. }
            )
        })
    }
}

/// A program that our drivers were asked for and left dynamic, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LeftAlone {
    /// Where it is, or was.
    pub path: PathBuf,
    #[serde(flatten)]
    pub reason: Option<Reason>,
}

/// A program that was made without us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ForeignProgram {
    pub path: PathBuf,
    /// It is a fully static program all the same.
    #[serde(rename = "static")]
    pub is_static: bool,
    pub kind: Option<StaticKind>,
    pub bytes: u64,
    /// Why it is not static.
    pub failures: Vec<Failure>,
}

impl ForeignProgram {
    /// What was found of it.
    pub(crate) fn of(found: &ScannedProgram) -> ForeignProgram {
        ForeignProgram {
            path: found.path.clone(),
            is_static: found.kind.is_some(),
            kind: found.kind,
            bytes: found.bytes,
            failures: found.failures.clone(),
        }
    }
}
