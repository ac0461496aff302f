//! The arguments of the commands that read the parts of programs.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `staticctl audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Programs, and directories of them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Debian's security tracker as a file (its JSON): which vulnerabilities are open in the versions that are in there
    #[arg(long, value_name = "FILE")]
    pub tracker: Option<PathBuf>,
    /// Print one JSON document per line, one for each program
    #[arg(long)]
    pub json: bool,
}

/// `staticctl harden`.
#[derive(Debug, Args)]
pub(crate) struct HardenArgs {
    /// Programs
    #[arg(required = true)]
    pub programs: Vec<PathBuf>,
    /// Print one JSON document per line, one for each program
    #[arg(long)]
    pub json: bool,
}

/// `staticctl licenses`.
#[derive(Debug, Args)]
pub(crate) struct LicensesArgs {
    /// Programs
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// The directory; created if missing
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Replace a directory that this command wrote
    #[arg(long)]
    pub force: bool,
}

/// The formats of `staticctl parts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PartsFormat {
    /// For people
    #[default]
    Table,
    /// Package URLs, one a line
    Purl,
    /// CycloneDX 1.5
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
    /// The value of the field of Debian's packages
    StaticBuiltUsing,
    /// The note's own content
    Json,
}
