//! One JSON line per link, appended to `links.jsonl` in the directory that `STATICCXX_REPORT` names.
//!
//! The line is written with one `write` to a file opened for appending, under a lock, so that the jobs of a
//! parallel build never mix. Fields are only added; `schema` is raised when a field changes its meaning.

use crate::check::{Image, Verdict};
use crate::libs::unsuitable::Unsuitable;
use crate::libs::{LinkedLibrary, Missing};
use crate::model::StaticKind;
use crate::parts::linked_parts::LinkedParts;
use crate::plan::Applied;
use crate::plan::policy::Reason;
use crate::size::size_rows::SizeRow;
use crate::toolchain::MechanismsOff;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// The version of the line's shape.
pub(crate) const SCHEMA: u32 = 1;

/// The file in the report directory.
pub(crate) const FILE: &str = "links.jsonl";

/// How a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Linked and verified.
    Verified,
    /// Linked, read back, and not static.
    NotStatic,
    /// Linked without being read back: the check is off or the output is no regular file.
    Unchecked,
    /// The compiler or linker failed.
    Failed,
    /// Ended by a signal.
    Interrupted,
    /// Not linked statically, for a reason.
    LeftAlone,
    /// Not linked at all, for a reason.
    Refused,
}

/// Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Times {
    /// From start to the linker's start.
    pub plan: f64,
    /// Of that, finding the libraries and what they need.
    #[serde(default)]
    pub closure: f64,
    /// Of planning, the trials of a compiler that had not been tried before: once for each compiler.
    #[serde(default)]
    pub probe: f64,
    /// The compiler's run.
    pub link: f64,
    /// Reading back.
    pub check: f64,
    /// Of planning and reading back, what makes it the program that a dynamic link would have made.
    #[serde(default)]
    pub audit: f64,
    /// Finding out what went in, and noting it.
    #[serde(default)]
    pub parts: f64,
}

/// Who linked a program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "why-not-built-in")]
pub(crate) enum LinkedBy {
    /// Nobody got so far.
    #[default]
    Nobody,
    BuiltIn,
    /// The compiler and its linker, for this reason.
    Compiler(String),
}

/// Of calls for which nothing was looked at.
static NOTHING_OFF: MechanismsOff = MechanismsOff::new();

#[derive(Debug, Clone, Serialize)]
pub(crate) struct LinkRecord<'a> {
    pub schema: u32,
    /// Milliseconds since 1970.
    pub time: u64,
    pub directory: PathBuf,
    /// The call as it came, `argv[0]` first; bytes that are not UTF-8 are shown as U+FFFD.
    pub argv: Vec<String>,
    /// What was run instead.
    pub command: Vec<String>,
    pub toolchain: &'a str,
    /// Version of the compiler.
    pub compiler: &'a str,
    pub triple: &'a str,
    pub outcome: Outcome,
    /// Exit status of the call.
    pub status: i32,
    /// Why it was not rewritten.
    pub reason: Option<&'a Reason>,
    pub kind: Option<StaticKind>,
    pub linker: &'a LinkedBy,
    /// Bytes that leaving out unused parts saved, where that was asked for (`STATICCXX_SMALL`).
    pub saved: Option<u64>,
    /// Mechanisms that do not work with this compiler, and why.
    pub off: &'a MechanismsOff,
    /// Rules that changed something.
    pub rules: &'a [Applied],
    /// The libraries that went in; where the linker does not say so, those that it was offered.
    pub libraries: &'a [LinkedLibrary],
    /// Those that it was offered and took nothing of.
    pub unused: &'a [LinkedLibrary],
    /// What the program says of its parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<&'a LinkedParts>,
    /// The bytes of each library in it, largest first, where they are wanted (`STATICCXX_SIZE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizes: Option<&'a [SizeRow]>,
    /// Libraries without an archive.
    pub missing: &'a [Missing],
    /// Archives that could not be linked, in whose place shared objects were converted, and what they lack.
    pub replaced: &'a [(PathBuf, Unsuitable)],
    pub output: PathBuf,
    pub image: Option<&'a Image>,
    pub verdict: Option<&'a Verdict>,
    pub times: Times,
    /// A panic of ours that ended the call: what and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
}

impl LinkRecord<'_> {
    /// The line of a call of which nothing is known but its words and its end.
    pub(crate) fn blank(outcome: Outcome, argv: &[OsString]) -> LinkRecord<'static> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        LinkRecord {
            schema: SCHEMA,
            time: u64::try_from(time).unwrap_or(0),
            directory: std::env::current_dir().unwrap_or_default(),
            argv: lossy(argv),
            command: Vec::new(),
            toolchain: "",
            compiler: "",
            triple: "",
            outcome,
            status: 0,
            reason: None,
            kind: None,
            linker: &LinkedBy::Nobody,
            saved: None,
            off: &NOTHING_OFF,
            rules: &[],
            libraries: &[],
            unused: &[],
            parts: None,
            sizes: None,
            missing: &[],
            replaced: &[],
            output: PathBuf::new(),
            image: None,
            verdict: None,
            times: Times::default(),
            fault: None,
        }
    }
}

/// Words for a report.
pub(crate) fn lossy(words: &[OsString]) -> Vec<String> {
    words.iter().map(|w| w.to_string_lossy().into_owned()).collect()
}

/// Appends a record.
///
/// # Errors
/// A directory that can't be made or written.
pub(crate) fn append(dir: &Path, record: &LinkRecord<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    fs::create_dir_all(dir)?;
    let mut file = File::options().create(true).append(true).open(dir.join(FILE))?;
    file.lock()?;
    file.write_all(&line)
}

/// The milliseconds since a moment.
pub fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
