//! `staticctl toolchain add` and `drop`: libraries for a musl toolchain.

use super::cli_ports_args::{AddArgs, DropArgs};
use super::output::{fail, produce};
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_YES};
use crate::parallel::processors;
use crate::port_builds::port_steps::{self, KnownSource, PortRequest};
use crate::port_builds::{PortError, PortTarget};
use crate::ports::{KnownPorts, PortRecipe, PortRecord};
use crate::run;
use crate::settings::Settings;
use crate::toolchain::descriptor::Descriptor;
use std::collections::BTreeMap;

pub(crate) fn add(settings: &Settings, args: &AddArgs) -> u8 {
    if args.list {
        return list(settings, args);
    }
    let pairs = || args.libraries.iter().map(|word| word.split_once('=').unwrap_or((word, "")));
    let request = PortRequest {
        toolchain: args.toolchain.clone(),
        names: pairs().map(|(name, _)| name.to_owned()).collect(),
        versions: pairs().filter(|p| !p.1.is_empty()).map(|(name, version)| (name.into(), version.into())).collect(),
        jobs: args.jobs.unwrap_or_else(processors).max(1),
        force: args.force,
        quiet: args.quiet,
    };
    match port_steps::add(settings, &request) {
        Ok((records, built)) => {
            if !args.quiet {
                let all: Vec<String> = records.iter().map(|r| format!("{} {}", r.name, r.version())).collect();
                let were = if built == 0 { "nothing to build" } else { "added" };
                message::note(format!("toolchain `{}`: {were}: {}", args.toolchain.to_string_lossy(), all.join(", ")));
                let name = args.toolchain.to_string_lossy();
                message::hint(format!(
                    "{}={name}, and for builds that ask pkg-config or CMake `eval \"$(staticctl toolchain show {name} --env)\"`",
                    options::TOOLCHAIN.name
                ));
            }
            EXIT_YES
        }
        Err(error) => told(&error),
    }
}

pub(crate) fn remove(settings: &Settings, args: &DropArgs) -> u8 {
    let request = PortRequest {
        toolchain: args.toolchain.clone(),
        names: args.libraries.clone(),
        versions: BTreeMap::new(),
        jobs: 1,
        force: false,
        quiet: true,
    };
    match port_steps::drop_ports(settings, &request) {
        Ok(()) => EXIT_YES,
        Err(error) => told(&error),
    }
}

/// Says why; gives the exit status.
fn told(error: &PortError) -> u8 {
    match error {
        PortError::Interrupted(signal) => {
            message::note("interrupted: libraries that were finished are there, the same command adds the rest");
            run::die_by(*signal)
        }
        PortError::Step { last, .. } | PortError::NotFetched { last, .. } => {
            message::error(error);
            last.iter().for_each(message::note);
            error.hint().into_iter().for_each(message::hint);
        }
        _ => return fail(error, error.hint()),
    }
    EXIT_ERROR
}

/// All libraries that are known, with what is there of them.
fn list(settings: &Settings, args: &AddArgs) -> u8 {
    let known = match KnownPorts::all(settings.config_dir.as_deref()) {
        Ok(known) => known,
        Err(error) => return told(&PortError::Recipe(error)),
    };
    let target = match PortTarget::find(settings, &args.toolchain) {
        Ok(target) => target,
        Err(error) => return told(&error),
    };
    let all = PortRecord::all(&target.prefix);
    let ports: Vec<&PortRecipe> = known.iter().collect();
    let sources = port_steps::known_sources(settings, &ports);
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left], 0);
    for (port, source) in ports.iter().zip(sources) {
        let state = match all.iter().find(|r| r.name == port.name) {
            None => "-".to_owned(),
            Some(record) => match older(record, port, source, &target.identity, &all) {
                Some(why) => format!("{}, older: {why}", record.version()),
                None => record.version().to_owned(),
            },
        };
        let needs = if port.needs.is_empty() { String::new() } else { format!(" (needs {})", port.needs.join(", ")) };
        table.row([port.name.clone(), state, format!("{}{needs}", port.description)]);
    }
    for record in all.iter().filter(|r| known.get(&r.name).is_none()) {
        table.row([record.name.clone(), record.version().to_owned(), "no recipe is known any more".into()]);
    }
    produce(&table.render(stdout_width()), EXIT_YES)
}

/// Why a library would be built anew, where the distribution has `source`.
fn older(
    record: &PortRecord,
    port: &PortRecipe,
    source: Option<KnownSource>,
    identity: &str,
    all: &[PortRecord],
) -> Option<String> {
    let why = record.older(Some(port), identity, source.as_ref().map(|s| s.description.as_str()), all);
    why.or_else(|| record.older_beside(&source?.beside))
}

/// For the list of toolchains: how many libraries one has, and how many of them another program or toolchain has made.
pub(super) fn summary(settings: &Settings, descriptor: &Descriptor) -> Option<String> {
    let all = descriptor.prefix.as_deref().map(PortRecord::all).filter(|all| !all.is_empty())?;
    let known = KnownPorts::all(settings.config_dir.as_deref()).unwrap_or_default();
    let identity = PortTarget::find(settings, descriptor.name.as_ref()).ok()?.identity;
    let older = all.iter().filter(|r| r.older(known.get(&r.name), &identity, None, &all).is_some()).count();
    let count = format!("{} {}", all.len(), if all.len() == 1 { "library" } else { "libraries" });
    Some(if older == 0 { count } else { format!("{count}, {older} older (`staticctl toolchain add --list`)") })
}
