//! `staticctl`: everything that is not a compiler call.

pub(crate) mod against;
mod archive;
mod audit;
mod audit_inputs;
mod audit_text;
mod audited_part;
pub(crate) mod bazel;
mod bug_report;
mod bundle;
mod bundle_image;
mod bundle_run;
mod bundle_summary;
mod cache;
pub(crate) mod check;
pub(crate) mod cli;
pub(crate) mod cli_args;
pub(crate) mod cli_own_args;
pub(crate) mod cli_parts_args;
pub(crate) mod cli_ports_args;
pub(crate) mod convert;
mod convert_original;
mod convert_plan;
mod convert_root;
mod convert_summary;
pub(crate) mod deb;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod explain;
mod first_run;
mod harden;
pub(crate) mod help;
pub(crate) mod image;
mod image_push;
pub(crate) mod install;
mod licenses;
mod output;
pub(crate) mod pages;
pub(crate) mod parts;
mod place;
pub(crate) mod plugins;
mod printed;
pub(crate) mod run;
mod self_check;
pub(crate) mod shims;
mod size;
pub(crate) mod toolchain;
mod toolchain_add;
mod toolchain_pack;
mod toolchain_pack_tree;
mod toolchain_unpack;
pub(crate) mod trial;
mod uninstall;
pub(crate) mod verify;
mod version;

use crate::files::in_use;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_YES};
use crate::own::kept_cache::BUILD;
use crate::settings::Settings;
use clap::Parser;
use cli::{Cli, CtlCommand};
use output::produce;
use std::ffi::OsString;
use std::fs::File;

/// Runs `staticctl` with the process's own arguments; gives the exit status.
pub fn main() -> u8 {
    let settings = Settings::from_env();
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(text) = help::topic(words.get(1..).unwrap_or_default()) {
        return produce(&text, EXIT_YES);
    }
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are products, everything else is clap's own diagnosis; both know their stream.
            let _ = e.print();
            return if e.use_stderr() { EXIT_ERROR } else { EXIT_YES };
        }
    };
    let _in_use = in_use(&settings, &cli.command);
    match cli.command {
        CtlCommand::Check { files, json, against: None } => check::run(&settings, &files, json),
        CtlCommand::Check { files, json, against: Some(dynamic) } => against::run(&settings, &dynamic, &files, json),
        CtlCommand::Parts { program, format, supplier } => {
            parts::run(&settings, &program, (format, supplier.as_deref()))
        }
        CtlCommand::Audit(args) => audit::run(&settings, &args),
        CtlCommand::Harden(args) => harden::run(&args),
        CtlCommand::Licenses(args) => licenses::run(&settings, &args),
        CtlCommand::Size(args) => size::run(&settings, &args),
        CtlCommand::Explain { json, bindings, command } => explain::run(&settings, &command, json, bindings),
        CtlCommand::Archive { library, output } => archive::run(&settings, &library, output),
        CtlCommand::Convert(args) => convert::run(&settings, &args),
        CtlCommand::Bundle(args) => bundle::run(&settings, &args),
        CtlCommand::Plugins(args) => plugins::run(&settings, &args),
        CtlCommand::Cache(args) => cache::run(&settings, &args),
        CtlCommand::Doctor => doctor::run(&settings),
        CtlCommand::Toolchain { command } => toolchain::run(&settings, &command),
        CtlCommand::Shims(args) => shims::run(&settings, &args),
        CtlCommand::Uninstall(args) => uninstall::run(&settings, &args),
        CtlCommand::SelfCheck(args) => self_check::run(&settings, args.json),
        CtlCommand::BugReport(args) => bug_report::run(&settings, &args),
        CtlCommand::Version(args) => version::run(args.json),
        CtlCommand::Run { toolchain, report, progress, small, relink_kit, size, command } => {
            run::run(&settings, &run::RunRequest { toolchain, report, progress, small, relink_kit, size, command })
        }
        CtlCommand::Deb(args) => deb::run(&settings, &args),
        CtlCommand::Env { toolchain, shell } => env::print(&settings, toolchain.as_deref(), shell),
        CtlCommand::CmakeToolchain { toolchain } => env::cmake(&settings, toolchain.as_deref()),
        CtlCommand::MesonFile { toolchain } => env::meson(&settings, toolchain.as_deref()),
        CtlCommand::ConanProfile { toolchain } => env::conan(&settings, toolchain.as_deref()),
        CtlCommand::VcpkgTriplet { toolchain } => env::vcpkg(&settings, toolchain.as_deref()),
        CtlCommand::Bazel { dir, toolchain, pack, force } => {
            bazel::run(&settings, &dir, (toolchain.as_deref(), pack.as_deref()), force)
        }
        CtlCommand::Try(args) => trial::run(&settings, &args),
        CtlCommand::Image(args) => image::run(&settings, &args),
        CtlCommand::Completions { shell } => pages::completions(shell),
        CtlCommand::Man { dir } => pages::man(&dir),
    }
}

/// Marks what a command uses of the cache, for those that remove of it.
fn in_use(settings: &Settings, command: &CtlCommand) -> Option<File> {
    let cache = settings.cache_dir.as_deref()?;
    match command {
        CtlCommand::Archive { .. }
        | CtlCommand::Bundle(_)
        | CtlCommand::Convert(_)
        | CtlCommand::Doctor
        | CtlCommand::Explain { .. } => in_use::share(cache),
        // For as long as a build takes: the links in it mark the rest.
        CtlCommand::Run { .. } | CtlCommand::Deb(_) | CtlCommand::Toolchain { .. } => {
            let build = cache.join(BUILD);
            // Where it can't be made nothing is kept either.
            let _ = std::fs::create_dir_all(&build);
            in_use::share(&build)
        }
        _ => None,
    }
}
