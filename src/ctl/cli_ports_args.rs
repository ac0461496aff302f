//! The arguments of the commands about libraries for toolchains. Their doc comments are the text of `--help`.

use clap::Args;
use std::ffi::OsString;

/// `staticctl toolchain add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Their names (zlib, openssl); NAME=VERSION takes another version of the source than apt would
    #[arg(value_name = "LIB", required_unless_present = "list")]
    pub libraries: Vec<String>,
    /// List all libraries that are known, and what is there of them
    #[arg(long, conflicts_with_all = ["libraries", "force"])]
    pub list: bool,
    /// The toolchain
    #[arg(long, value_name = "NAME", default_value = "musl")]
    pub toolchain: OsString,
    /// Build them even if nothing has changed
    #[arg(long)]
    pub force: bool,
    /// Number of parallel jobs; by default one per core
    #[arg(long, short)]
    pub jobs: Option<usize>,
    /// Print only errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// `staticctl toolchain drop`.
#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    /// Their names
    #[arg(value_name = "LIB", required = true)]
    pub libraries: Vec<String>,
    /// The toolchain
    #[arg(long, value_name = "NAME", default_value = "musl")]
    pub toolchain: OsString,
}
