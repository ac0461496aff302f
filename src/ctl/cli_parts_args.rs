//! The arguments of the commands that read the parts of programs.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `staticctl audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Programs, directories of them, and container images: OCI layouts and archives, and what `docker save` writes
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Debian's security tracker as a file (its JSON): which vulnerabilities are open in the versions that are in there
    #[arg(long, value_name = "FILE")]
    pub tracker: Option<PathBuf>,
    /// Records of OSV: an `all.zip`, or a directory of such archives and of JSON files
    #[arg(long, value_name = "DIR|ZIP")]
    pub osv: Option<PathBuf>,
    /// Leave out the vulnerabilities that an OpenVEX or CycloneDX document says are not in the programs, or fixed
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// Print only the source packages of all programs, one a line behind their release, for a CI to watch
    #[arg(long, conflicts_with_all = ["tracker", "osv", "vex", "json"])]
    pub watch_list: bool,
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

/// `staticctl size`.
#[derive(Debug, Args)]
pub(crate) struct SizeArgs {
    /// The program; with --diff, the new one
    pub program: PathBuf,
    /// What is summed up; by default libraries, and sections where there is no record of the link
    #[arg(long, value_enum)]
    pub by: Option<SizeBy>,
    /// The shortest chain of references that leads from the program's own objects to a library or package, a member or a symbol
    #[arg(long, value_name = "NAME", conflicts_with_all = ["by", "diff", "html"])]
    pub why: Option<String>,
    /// An older build: list what changed
    #[arg(long, value_name = "OLD")]
    pub diff: Option<PathBuf>,
    /// Write a page with a map of the program and the chains; it needs nothing else
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print a JSON document, with all rows
    #[arg(long)]
    pub json: bool,
    /// How many rows are listed before the rest is one row; 0: all
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub rows: usize,
    /// A directory in which STATICCXX_SIZE kept records, before that of the variable and that of `run --size`
    #[arg(long, value_name = "DIR")]
    pub records: Vec<PathBuf>,
}

/// What `staticctl size` sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SizeBy {
    /// Files that were linked
    Library,
    /// Members of archives
    Member,
    /// Sections of the program
    Section,
    /// Functions and data
    Symbol,
}
