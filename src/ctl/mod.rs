//! `staticctl`: everything that is not a compiler call.

pub mod archive;
pub mod check;
pub mod cli;
pub mod convert;
pub mod doctor;
pub mod env;
pub mod explain;
pub mod help;
pub mod image;
pub mod install;
pub mod pages;
pub mod plugins;
pub mod run;
pub mod shims;
pub mod toolchain;
pub mod trial;
pub mod verify;

pub use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};

use crate::message;
use crate::settings::Settings;
use clap::Parser;
use cli::{Cli, Command};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `staticctl` with the process's own arguments.
pub fn main() -> ExitCode {
    let settings = Settings::from_env();
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(text) = help::topic(words.get(1..).unwrap_or_default()) {
        return ExitCode::from(produce(&text, EXIT_YES));
    }
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are products, everything else is clap's own diagnosis; both know their stream.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { EXIT_ERROR } else { EXIT_YES });
        }
    };
    ExitCode::from(match cli.command {
        Command::Check { files, json } => check::run(&settings, &files, json),
        Command::Explain { json, command } => explain::run(&settings, &command, json),
        Command::Archive { library, output } => archive::run(&settings, &library, output),
        Command::Convert(args) => convert::run(&settings, &args),
        Command::Plugins(args) => plugins::run(&settings, &args),
        Command::Doctor => doctor::run(&settings),
        Command::Toolchain { command } => toolchain::run(&settings, &command),
        Command::Shims { dir, force } => shims::run(&settings, &dir, force),
        Command::Run { toolchain, report, progress, small, command } => {
            run::run(&settings, &run::Request { toolchain, report, progress, small, command })
        }
        Command::Env { toolchain, shell } => env::print(&settings, toolchain.as_deref(), shell),
        Command::CmakeToolchain { toolchain } => env::cmake(&settings, toolchain.as_deref()),
        Command::MesonFile { toolchain } => env::meson(&settings, toolchain.as_deref()),
        Command::Try(args) => trial::run(&settings, &args),
        Command::Image(args) => image::run(&settings, &args),
        Command::Completions { shell } => pages::completions(shell),
        Command::Man { dir } => pages::man(&dir),
    })
}

/// Says an error with a hint and gives the exit code for it.
fn fail(error: impl std::fmt::Display, hint: Option<String>) -> u8 {
    message::error(error);
    if let Some(hint) = hint {
        message::hint(hint);
    }
    EXIT_ERROR
}

/// Writes the product of a command; `code` is the answer if that works.
fn produce(text: &str, code: u8) -> u8 {
    match message::product(text) {
        Ok(()) => code,
        Err(e) => fail(format!("stdout can't be written: {e}"), None),
    }
}
