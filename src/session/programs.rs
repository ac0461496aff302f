//! The programs of a build, as they appear in its report.

use super::records::RecordedLink;
use super::scan::ScannedProgram;
use crate::check::{Failure, Finding};
use crate::libs::{LinkedLibrary, Provider};
use crate::model::StaticKind;
use crate::plan::policy::Reason;
use crate::report::Outcome;
use crate::size::size_rows::SizeRow;
use crate::toolchain::front_end;
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
    /// The bytes of each library in it as it was linked, largest first; none where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Vec<SizeRow>>,
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
            sizes: link.sizes.clone(),
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
    /// Why no driver of ours saw its link, as far as can be told from it.
    pub unseen: Unseen,
}

/// Why no driver of ours saw a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unseen {
    /// The compiler had an environment without what leads to us.
    ClearedEnvironment,
    /// Its compiler calls a linker by its path.
    OwnLinker,
    /// Nothing in the program tells.
    Unknown,
}

impl Unseen {
    /// By what compilers left in the program.
    fn of(comments: &[String]) -> Unseen {
        let is_from = |begins: &[&str]| comments.iter().any(|c| begins.iter().any(|b| c.contains(b)));
        if comments.iter().any(|c| front_end::by_comment(c).is_some()) {
            Unseen::OwnLinker
        } else if is_from(&["GCC: ", "clang version"]) {
            Unseen::ClearedEnvironment
        } else {
            Unseen::Unknown
        }
    }

    /// For people.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Unseen::ClearedEnvironment => {
                "its compiler had another environment (`env -i`, sudo, COMPILER_PATH), or it is a copy of a program that was there"
            }
            Unseen::OwnLinker => "its compiler calls a linker by its path",
            Unseen::Unknown => "it was copied, or linked by a linker of its own",
        }
    }
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
            unseen: Unseen::of(&found.comments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compilers_left_tells_why_they_were_not_seen() {
        let of = |comments: &[&str]| Unseen::of(&comments.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["GCC: (Debian 12.2.0-14) 12.2.0"]), Unseen::ClearedEnvironment);
        assert_eq!(of(&["Debian clang version 14.0.6"]), Unseen::ClearedEnvironment);
        // Its start files are GCC's.
        assert_eq!(of(&["FPC 3.2.2 [2023/03/30] for x86_64 - Linux", "GCC: 12"]), Unseen::OwnLinker);
        assert_eq!(of(&[]), Unseen::Unknown);
    }
}
