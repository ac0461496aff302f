//! `staticctl audit`.

use super::audit_inputs::{AuditInput, programs_of};
use super::audit_text::{document, lines};
use super::audited_part::{AuditVerdict, AuditedPart, Offers};
use super::cli_parts_args::AuditArgs;
use super::output::{Reported, produce, report_error};
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::packages::offered::MANAGERS;
use crate::parts::osv::Osv;
use crate::parts::package_url::PackageUrl;
use crate::parts::tracker::Tracker;
use crate::parts::vex::{AskedProgram, Vex};
use crate::settings::Settings;
use crate::toolchain::os_release::OsRelease;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Audits programs.
pub(crate) fn run(settings: &Settings, args: &AuditArgs) -> u8 {
    match audit(settings, args) {
        Ok(status) | Err(Reported(status)) => status,
    }
}

fn audit(settings: &Settings, args: &AuditArgs) -> Result<u8, Reported> {
    let tracker = args.tracker.as_deref().map(tracker).transpose()?;
    let vex = args.vex.iter().map(|file| vex(file)).collect::<Result<Vec<_>, _>>()?;
    let mut unreadable = false;
    let mut programs: Vec<AuditInput> = Vec::new();
    for file in &args.files {
        let found = programs_of(file, !vex.is_empty());
        unreadable |= found.is_none();
        programs.extend(found.into_iter().flatten());
    }
    let urls: Vec<PackageUrl> =
        programs.iter().flat_map(|program| &program.purls).filter_map(|purl| PackageUrl::read(purl)).collect();
    let unreadable = if unreadable { EXIT_ERROR } else { EXIT_YES };
    if args.watch_list {
        return Ok(produce(&watch_list(&urls), unreadable));
    }
    let osv = args.osv.as_deref().map(|from| Osv::read(from, urls.iter())).transpose();
    let osv = osv.map_err(|e| {
        let hint = "`all.zip` of an ecosystem is at https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip";
        report_error(e, Some(hint.into()))
    })?;
    let versions = MANAGERS.iter().filter_map(|manager| {
        let of = urls.iter().filter(|url| url.format == manager.format);
        let names: BTreeSet<&String> = of.map(|url| &url.name).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let versions = if names.is_empty() { None } else { manager.versions(settings, &names) };
        Some((manager.format, versions?))
    });
    let versions = versions.collect();
    let offers = Offers { distro: OsRelease::read().distro(), versions, tracker, osv, vex };
    report(args, &programs, &offers, unreadable)
}

/// Prints what is said of each program. Gives the exit status.
fn report(args: &AuditArgs, programs: &[AuditInput], offers: &Offers, mut worst: u8) -> Result<u8, Reported> {
    for program in programs {
        let asked = AskedProgram { sha256: program.sha256.as_deref() };
        let parts: Vec<AuditedPart> = program.purls.iter().filter_map(|purl| offers.part(asked, purl)).collect();
        let verdict = parts.iter().map(|part| part.verdict).max().unwrap_or(AuditVerdict::Current);
        let text =
            if args.json { document(&program.shown, verdict, &parts) } else { lines(&program.shown, verdict, &parts) };
        if produce(&text, EXIT_YES) != EXIT_YES {
            return Ok(EXIT_ERROR);
        }
        // What is known to be old counts before what is not known.
        worst = match (verdict, worst) {
            (AuditVerdict::BuildAgain, _) | (_, EXIT_NO) => EXIT_NO,
            (AuditVerdict::Unknown, _) => EXIT_ERROR,
            (AuditVerdict::Current, worst) => worst,
        };
    }
    Ok(worst)
}

fn tracker(file: &Path) -> Result<Tracker, Reported> {
    let refused = |why: &dyn std::fmt::Display| {
        let hint = "it is the file that https://security-tracker.debian.org/tracker/data/json gives";
        report_error(format!("`{}` is not Debian's security tracker: {why}", file.display()), Some(hint.into()))
    };
    let bytes = fs::read(file).map_err(|e| refused(&e))?;
    Tracker::read(&bytes).map_err(|e| refused(&e))
}

fn vex(file: &Path) -> Result<Vex, Reported> {
    let refused = |why: &dyn std::fmt::Display| {
        report_error(format!("`{}` is no VEX document that can be used: {why}", file.display()), None)
    };
    let bytes = fs::read(file).map_err(|e| refused(&e))?;
    Vex::read(&bytes).map_err(|e| refused(&e))
}

/// `debian-12 openssl`: each source package once, sorted.
fn watch_list(urls: &[PackageUrl]) -> String {
    let packages = urls.iter().filter(|url| url.format != "generic");
    let line =
        |url: &PackageUrl| format!("{} {}\n", url.qualifiers.get("distro").map_or("-", String::as_str), url.source().0);
    packages.map(line).collect::<BTreeSet<_>>().into_iter().collect()
}
