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
