//! The arguments of the commands that are about these programs themselves.

use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// `staticctl cache`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CacheArgs {
    /// Print a JSON document
    #[arg(long)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Option<CacheCommand>,
}

/// What `staticctl cache` does besides the table.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Remove all of it, or one kind
    ///
    /// While links run, what they may use stays: what was used since yesterday. While a `staticctl run` does, so does
    /// `build`. What is missed is made again. Exit status: 0, 1 if something could not be removed, 2 if the cache can't
    /// be read.
    Clear {
        /// The kind, as `staticctl cache` names it
        kind: Option<String>,
        /// Remove nothing, and tell what would go
        #[arg(short = 'n', long)]
        dry_run: bool,
        /// Print a JSON document
        #[arg(long)]
        json: bool,
    },
    /// Remove what was not used for long, or the least recently used above a size
    ///
    /// The names of compilers for `staticctl run` (`build`) stay: build directories remember their paths. Exit status as
    /// of `clear`.
    Gc {
        /// Remove what was not used for so many days; 30 without --max-size
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Then remove the least recently used until the cache is no larger: `500M`, `2G`
        #[arg(long, value_name = "SIZE", value_parser = crate::message::size::read)]
        max_size: Option<u64>,
        /// Remove nothing, and tell what would go
        #[arg(short = 'n', long)]
        dry_run: bool,
        /// Print a JSON document
        #[arg(long)]
        json: bool,
    },
}

/// `staticctl self-check`, `staticctl version`.
#[derive(Debug, Args)]
pub(crate) struct OwnFactsArgs {
    /// Print a JSON document
    #[arg(long)]
    pub json: bool,
}

/// `staticctl shims`.
#[derive(Debug, Args)]
pub(crate) struct ShimsArgs {
    /// The directory; created if missing. With --install by default `/usr/local/bin` for root, else `~/.local/bin`
    #[arg(required_unless_present = "install")]
    pub dir: Option<PathBuf>,
    /// Install this program under its own names, with man pages and completions
    #[arg(long)]
    pub install: bool,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
}

/// `staticctl uninstall`.
#[derive(Debug, Args)]
pub(crate) struct UninstallArgs {
    /// Remove the cache, the toolchains that were built or unpacked here, and the configuration too
    #[arg(long)]
    pub all: bool,
    /// Remove nothing, and tell what would go
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `staticctl bug-report`.
#[derive(Debug, Args)]
pub(crate) struct BugReportArgs {
    /// The file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The compiler call that goes wrong, which is explained, not run
    #[arg(last = true)]
    pub command: Vec<OsString>,
}
