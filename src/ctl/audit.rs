//! `staticctl audit`.

use super::cli_parts_args::AuditArgs;
use super::output::{Reported, produce, report_error};
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::packages::offered::{self, OfferedVersion};
use crate::packages::{changelog, version_order};
use crate::parts::noted_program;
use crate::parts::package_url::PackageUrl;
use crate::parts::tracker::Tracker;
use crate::settings::Settings;
use crate::toolchain::os_release::OsRelease;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Where the documentation of installed packages is.
const DOCS: &str = "/usr/share/doc";

/// Whether a program is to be built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// Nothing newer is offered.
    Current,
    /// It is not known of a part.
    Unknown,
    /// A part is older than what is offered, or has a vulnerability that is known.
    BuildAgain,
}

/// A part, beside what is offered.
#[derive(Debug, Serialize)]
struct AuditedPart {
    purl: String,
    name: String,
    version: String,
    verdict: Verdict,
    /// The newest version that is offered, if that is newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    offered: Option<String>,
    /// That one, or one between, is a security update.
    security: bool,
    /// Vulnerabilities that are closed by it or open in what is there; `null` where that is not known.
    vulnerabilities: Option<BTreeSet<String>>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Serialize)]
struct AuditedProgram<'a> {
    schema: u32,
    path: &'a Path,
    verdict: Verdict,
    parts: &'a [AuditedPart],
}

/// What this machine offers.
struct Offers {
    /// `debian-12`.
    distro: String,
    /// By package; none without apt.
    versions: Option<BTreeMap<String, Vec<OfferedVersion>>>,
    tracker: Option<Tracker>,
}

/// Audits programs.
pub(crate) fn run(settings: &Settings, args: &AuditArgs) -> u8 {
    match audit(settings, args) {
        Ok(status) | Err(Reported(status)) => status,
    }
}

fn audit(settings: &Settings, args: &AuditArgs) -> Result<u8, Reported> {
    let tracker = args.tracker.as_deref().map(tracker).transpose()?;
    let mut unreadable = false;
    let mut programs: Vec<(PathBuf, Vec<String>)> = Vec::new();
    for file in &args.files {
        let found = programs_of(file);
        unreadable |= found.is_none();
        programs.extend(found.into_iter().flatten());
    }
    let urls = programs.iter().flat_map(|(_, purls)| purls).filter_map(|purl| PackageUrl::read(purl));
    let names: BTreeSet<String> = urls.filter(|url| url.format == "deb").map(|url| url.name).collect();
    let names: Vec<String> = names.into_iter().collect();
    let versions = if names.is_empty() { None } else { offered::offered(settings, &names) };
    let offers = Offers { distro: OsRelease::read().distro(), versions, tracker };
    let mut worst = if unreadable { EXIT_ERROR } else { EXIT_YES };
    for (path, purls) in &programs {
        let parts: Vec<AuditedPart> = purls.iter().filter_map(|purl| offers.part(purl)).collect();
        let verdict = parts.iter().map(|part| part.verdict).max().unwrap_or(Verdict::Current);
        let text = if args.json { document(path, verdict, &parts) } else { lines(path, verdict, &parts) };
        if produce(&text, EXIT_YES) != EXIT_YES {
            return Ok(EXIT_ERROR);
        }
        // What is known to be old counts before what is not known.
        worst = match (verdict, worst) {
            (Verdict::BuildAgain, _) | (_, EXIT_NO) => EXIT_NO,
            (Verdict::Unknown, _) => EXIT_ERROR,
            (Verdict::Current, worst) => worst,
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

/// The programs of a file or directory, with the package URLs that they name; none, and said why, for a file that can't be
/// audited. In a directory what names no parts is left out.
fn programs_of(file: &Path) -> Option<Vec<(PathBuf, Vec<String>)>> {
    let purls = |program: &Path| -> Result<Option<Vec<String>>, String> {
        let noted = noted_program::read(program)?;
        Ok(noted.map(|noted| noted.parts.purls().into_iter().map(str::to_owned).collect()))
    };
    if file.is_dir() {
        let files = WalkDir::new(file).sort_by_file_name().into_iter().flatten().filter(|e| e.file_type().is_file());
        let found = files.filter_map(|entry| Some((entry.path().to_owned(), purls(entry.path()).ok()??)));
        return Some(found.collect());
    }
    match purls(file) {
        Ok(Some(purls)) => Some(vec![(file.to_owned(), purls)]),
        Ok(None) => {
            message::error(format!("`{}` names no parts", file.display()));
            None
        }
        Err(why) => {
            message::error(format!("`{}`: {why}", file.display()));
            None
        }
    }
}

impl Offers {
    /// A part beside what is offered; none for code of this program's own, which has no package.
    fn part(&self, purl: &str) -> Option<AuditedPart> {
        let url = PackageUrl::read(purl)?;
        if url.format == "generic" && url.name == "staticcxx" {
            return None;
        }
        let known = self.newest(&url);
        let open = self.tracker.as_ref().and_then(|tracker| tracker.open(&url));
        let mut part = AuditedPart {
            purl: purl.to_owned(),
            name: url.name.clone(),
            version: url.full_version(),
            verdict: Verdict::Current,
            offered: None,
            security: false,
            vulnerabilities: Some(BTreeSet::new()),
            why: None,
        };
        match known {
            Ok(Some((version, security))) => {
                part.verdict = Verdict::BuildAgain;
                part.vulnerabilities = changelog::closed(Path::new(DOCS), &url.name, &url.version, &version);
                (part.offered, part.security) = (Some(version), security);
            }
            Ok(None) => {}
            Err(why) => (part.verdict, part.vulnerabilities, part.why) = (Verdict::Unknown, None, Some(why)),
        }
        if let Some(open) = open {
            if !open.is_empty() {
                part.verdict = Verdict::BuildAgain;
            }
            part.vulnerabilities.get_or_insert_default().extend(open.into_iter().map(str::to_owned));
        }
        Some(part)
    }

    /// The newest version that is offered, if it is newer, and whether a security update is among those that are.
    ///
    /// # Errors
    /// Why that is not known.
    fn newest(&self, url: &PackageUrl) -> Result<Option<(String, bool)>, String> {
        if url.format != "deb" {
            return Err(format!("it is no package of apt's but of `{}`", url.format));
        }
        match url.qualifiers.get("distro") {
            Some(distro) if *distro == self.distro => {}
            Some(distro) => return Err(format!("it is of {distro}, and this machine is {}", self.distro)),
            None => return Err("its release is not known".into()),
        }
        let versions = self.versions.as_ref().ok_or("there is no apt-cache")?;
        let versions = versions.get(&url.name).ok_or("apt's lists do not have it: `apt-get update` fetches them")?;
        let newer: Vec<&OfferedVersion> =
            versions.iter().filter(|o| version_order::deb(&o.version, &url.version) == Ordering::Greater).collect();
        let newest = newer.iter().max_by(|a, b| version_order::deb(&a.version, &b.version));
        Ok(newest.map(|newest| (newest.version.clone(), newer.iter().any(|o| o.security))))
    }
}

fn document(path: &Path, verdict: Verdict, parts: &[AuditedPart]) -> String {
    let program = AuditedProgram { schema: crate::report::SCHEMA, path, verdict, parts };
    format!("{}\n", serde_json::to_string(&program).unwrap_or_default())
}

fn lines(path: &Path, verdict: Verdict, parts: &[AuditedPart]) -> String {
    let count = |verdict: Verdict| parts.iter().filter(|part| part.verdict == verdict).count();
    let shown = path.display();
    let mut text = match verdict {
        Verdict::Current => format!("{shown}: current, all {} parts\n", parts.len()),
        Verdict::BuildAgain => format!("{shown}: build again, for {} of {} parts\n", count(verdict), parts.len()),
        Verdict::Unknown => format!("{shown}: not known of {} of {} parts\n", count(verdict), parts.len()),
    };
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left], 2);
    for part in parts.iter().filter(|part| part.verdict != Verdict::Current) {
        let offered = part.offered.as_ref().map_or("-".to_owned(), |version| format!("→ {version}"));
        table.row([part.name.clone(), part.version.clone(), offered, what(part)]);
    }
    text += &table.render(stdout_width());
    text
}

/// `security: CVE-2026-1234 CVE-2026-1235`.
fn what(part: &AuditedPart) -> String {
    if let Some(why) = &part.why
        && part.verdict == Verdict::Unknown
    {
        return why.clone();
    }
    let numbers = match &part.vulnerabilities {
        Some(numbers) => numbers.iter().cloned().collect::<Vec<_>>().join(" "),
        None => format!("`apt-get changelog {}` tells what it closes", part.name),
    };
    match (part.security, numbers.is_empty()) {
        (true, false) => format!("security: {numbers}"),
        (true, true) => "security".to_owned(),
        (false, _) => numbers,
    }
}
