//! The records of a build, read back: the fields of [`crate::report::LinkRecord`] that a summary needs.

use crate::check::{Failure, Finding};
use crate::libs::LinkedLibrary;
use crate::model::StaticKind;
use crate::plan::policy::{Reason, is_probe};
use crate::report::{Outcome, Times};
use crate::size::size_rows::SizeRow;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedLink {
    pub directory: PathBuf,
    pub toolchain: String,
    pub outcome: Outcome,
    /// Why it was left alone or refused.
    pub reason: Option<Reason>,
    pub libraries: Vec<LinkedLibrary>,
    /// The output as it was named.
    pub output: PathBuf,
    pub image: Option<RecordedImage>,
    pub verdict: Option<RecordedVerdict>,
    pub times: Times,
    /// Bytes that leaving out unused parts saved.
    #[serde(default)]
    pub saved: Option<u64>,
    /// The bytes of each library in it, largest first.
    #[serde(default)]
    pub sizes: Option<Vec<SizeRow>>,
}

/// The facts that identify an output.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedImage {
    pub build_id: Option<String>,
    pub bytes: u64,
}

/// The judgement of an output.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RecordedVerdict {
    pub kind: Option<StaticKind>,
    /// Why it is not static.
    pub failures: Vec<Failure>,
    /// What else is worth knowing.
    pub findings: Vec<Finding>,
}

impl RecordedLink {
    /// The whole path of the output.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(&self.output)
    }

    /// Milliseconds that the call took, without trying the compiler.
    pub(crate) fn milliseconds(&self) -> f64 {
        (self.times.plan - self.times.probe).max(0.0) + self.times.link + self.times.check
    }
}

/// Reads records; a broken line (the last one, cut off by a kill) is skipped, and so are probes.
pub(crate) fn parse(bytes: &[u8]) -> Vec<RecordedLink> {
    let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.filter_map(|l| serde_json::from_slice::<RecordedLink>(l).ok()).filter(|l| !is_probe(&l.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_and_a_probe_are_skipped() {
        let line = |output: &str| {
            format!(
                r#"{{"schema":1,"time":1,"directory":"/w","argv":["cc"],"command":[],"toolchain":"host-gcc","compiler":"","triple":"","outcome":"failed","status":1,"reason":null,"kind":null,"rules":[],"libraries":[],"missing":[],"output":"{output}","image":null,"verdict":null,"times":{{"plan":1.0,"link":2.0,"check":0.5}}}}"#
            )
        };
        let text = format!("{}\n{}\n\u{0}{}\n{{\"schema\":1", line("conftest"), line("b/prog"), line("x"));
        let links = parse(text.as_bytes());
        assert_eq!(links.len(), 1);
        assert_eq!((links[0].path(), links[0].milliseconds()), (PathBuf::from("/w/b/prog"), 3.5));
    }
}
