//! `staticctl deb`: Debian's source packages with static programs.

use super::cli_args::DebArgs;
use super::output::{Reported, report_error, report_error_as};
use crate::message::size::size;
use crate::message::{self, product};
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::run::{self, Guard};
use crate::settings::Settings;
use crate::source_package::PackageError;
use crate::source_package::built_packages::PackagedProgram;
use crate::source_package::package_build::BuildChoice;
use crate::source_package::source_tree::{self, SourceName, SourceTree};
use std::ffi::OsStr;

/// Builds all packages, also after one has failed. Gives the worst exit status, or ends by a signal that came.
pub(crate) fn run(settings: &Settings, args: &DebArgs) -> u8 {
    let guard = Guard::install();
    let mut worst = EXIT_YES;
    for word in &args.sources {
        if let Err(Reported(status)) = one(settings, args, word, &guard) {
            worst = worst.max(status);
        }
        if let Some(signal) = guard.caught() {
            run::die_by(signal);
        }
    }
    worst
}

fn one(settings: &Settings, args: &DebArgs, word: &OsStr, guard: &Guard) -> Result<(), Reported> {
    let choice = BuildChoice { tests: args.tests, yes: args.yes };
    let source = SourceName::parse(word).and_then(|name| source_tree::get(&name, &args.dir, guard)).map_err(say)?;
    source.install_dependencies(choice, guard).map_err(say)?;
    if let Err(error) = source.build(settings, choice, guard) {
        let is_failure = matches!(error, PackageError::NotBuilt { .. });
        let reported = say(error);
        if is_failure && args.check_plain {
            source.build_plainly(settings, choice, guard).map_err(say)?;
            message::note(format!(
                "`{}` builds without staticctl: this is a fault of staticcxx, or a package that needs its programs dynamic",
                source.name
            ));
        }
        return Err(reported);
    }
    let programs = source.programs(guard).map_err(say)?;
    if args.deb {
        for package in source.write_packages(settings, &programs).map_err(say)? {
            message::note(format!("`{}` was written", package.display()));
        }
    }
    report(&source, &programs)
}

fn say(error: PackageError) -> Reported {
    let hint = error.hint();
    match error {
        // Ended by the signal.
        PackageError::Interrupted => Reported(EXIT_NO),
        PackageError::NotBuilt { .. } | PackageError::NotBuiltPlainly { .. } => report_error_as(EXIT_NO, error, hint),
        _ => report_error(error, hint),
    }
}

/// Prints the programs; fails where one is dynamic, or there is none.
fn report(source: &SourceTree, programs: &[PackagedProgram]) -> Result<(), Reported> {
    let place = source.place.join("programs");
    let text: String = programs
        .iter()
        .filter(|program| program.dynamic.is_none())
        .map(|program| {
            format!(
                "{}\t{}\t{}\n",
                place.join(&program.package).join(&program.path).display(),
                size(program.bytes),
                program.package
            )
        })
        .collect();
    product(&text).map_err(|error| report_error(format!("stdout can't be written: {error}"), None))?;
    for (program, why) in programs.iter().filter_map(|program| Some((program, program.dynamic.as_ref()?))) {
        message::warning(format!("`/{}` of `{}` is not static: {why}", program.path.display(), program.package));
    }
    let dynamic = programs.iter().filter(|program| program.dynamic.is_some()).count();
    let report = source.place.join("report.json");
    match (programs.len(), dynamic) {
        (0, _) => Err(report_error_as(EXIT_NO, format!("the packages of `{}` have no programs", source.name), None)),
        (_, 0) => Ok(()),
        (all, dynamic) => Err(report_error_as(
            EXIT_NO,
            format!("{dynamic} of {all} programs of `{}` are not static", source.name),
            Some(format!("`{}` has what was linked, and why not", report.display())),
        )),
    }
}
