//! `staticctl harden`.

use super::cli_parts_args::HardenArgs;
use super::output::produce;
use crate::check;
use crate::harden::findings::{HardenedProgram, HardeningFinding};
use crate::harden::object_hardening::ObjectHardening;
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::PARTS;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::parts::linked_parts::{LinkedParts, PartFile};
use crate::parts::noted_program;
use crate::parts::package_url::PackageUrl;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

#[derive(Serialize)]
struct HardeningReport<'a> {
    schema: u32,
    path: &'a Path,
    findings: &'a [HardeningFinding],
    /// How many objects showed what: `null` if the program does not say it.
    objects: Value,
}

/// Tells of programs what protects them.
pub(crate) fn run(args: &HardenArgs) -> u8 {
    let (mut worst, mut untold) = (EXIT_YES, false);
    for path in &args.programs {
        let (findings, parts) = match looked_at(path) {
            Ok(found) => found,
            Err(why) => {
                message::error(format!("`{}`: {why}", path.display()));
                worst = EXIT_ERROR;
                continue;
            }
        };
        let text =
            if args.json { document(path, &findings, parts.as_ref()) } else { lines(path, &findings, parts.as_ref()) };
        if produce(&text, EXIT_YES) != EXIT_YES {
            return EXIT_ERROR;
        }
        untold |= parts.as_ref().is_none_or(|parts| parts.hardening.is_none());
        if worst == EXIT_YES && findings.iter().any(|finding| finding.state.is_lacking()) {
            worst = EXIT_NO;
        }
    }
    if untold && !args.json {
        message::hint(format!(
            "how objects were compiled is kept in programs that staticcxx links with {} not `off`, and by a linker that says what it takes",
            PARTS.name
        ));
    }
    worst
}

/// The findings of a program, and what it says of its parts.
///
/// # Errors
/// It can't be read.
fn looked_at(path: &Path) -> Result<(Vec<HardeningFinding>, Option<LinkedParts>), String> {
    let image = check::inspect(path).map_err(|e| e.to_string())?;
    let bytes = fs::read(path).map_err(|e| format!("it can't be read: {e}"))?;
    let parts = noted_program::read(path)?.map(|noted| noted.parts);
    let is_musl = |purl: &&str| PackageUrl::read(purl).is_some_and(|url| url.source().0 == "musl");
    let program = HardenedProgram {
        image: &image,
        control_flow: ObjectHardening::of(&bytes).is_some_and(|whole| whole.control_flow),
        objects: parts.as_ref().and_then(|parts| parts.hardening.as_ref()),
        musl: image.symbols.musl || parts.as_ref().is_some_and(|parts| parts.purls().iter().any(is_musl)),
    };
    Ok((program.findings(), parts))
}

fn document(path: &Path, findings: &[HardeningFinding], parts: Option<&LinkedParts>) -> String {
    let counted = parts.and_then(|parts| parts.hardening.as_ref());
    let objects = counted.map_or(Value::Null, |all| {
        let each = files(parts).filter_map(|file| Some(json!({"file": file.name, "objects": file.hardening?})));
        json!({"own": all.own, "parts": all.parts, "unmarked": all.unmarked, "files": each.collect::<Vec<_>>()})
    });
    let report = HardeningReport { schema: crate::report::SCHEMA, path, findings, objects };
    format!("{}\n", serde_json::to_string(&report).unwrap_or_default())
}

fn files(parts: Option<&LinkedParts>) -> impl Iterator<Item = &PartFile> {
    parts.into_iter().flat_map(|parts| &parts.parts).flat_map(|part| &part.files)
}

fn lines(path: &Path, findings: &[HardeningFinding], parts: Option<&LinkedParts>) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left], 2);
    for finding in findings {
        table.row([finding.property.replace('-', " "), finding.state.word().to_owned(), finding.why.clone()]);
    }
    let mut text = format!("{}:\n{}", path.display(), table.render(stdout_width()));
    let mut each = Table::new(&[Align::Left, Align::Right, Align::Right, Align::Right, Align::Right], 2);
    each.row(["file", "objects", "canary", "fortified", "control flow"]);
    let mut any = false;
    for (file, counts) in files(parts).filter_map(|file| Some((file, file.hardening?))) {
        any = true;
        let numbers = [counts.objects, counts.canary, counts.fortified, counts.control_flow].map(|n| n.to_string());
        each.row(std::iter::once(file.name.clone()).chain(numbers));
    }
    if any {
        text += &each.render(stdout_width());
    }
    text
}
