//! What `staticctl audit` prints.

use super::audited_part::{AuditVerdict, AuditedPart};
use crate::message::table::{Align, Table, stdout_width};
use serde::Serialize;

#[derive(Serialize)]
struct AuditedProgram<'a> {
    schema: u32,
    path: &'a str,
    verdict: AuditVerdict,
    parts: &'a [AuditedPart],
}

/// One line of JSON.
pub(super) fn document(path: &str, verdict: AuditVerdict, parts: &[AuditedPart]) -> String {
    let program = AuditedProgram { schema: crate::report::SCHEMA, path, verdict, parts };
    format!("{}\n", serde_json::to_string(&program).unwrap_or_default())
}

/// For people: what is old or not known.
pub(super) fn lines(shown: &str, verdict: AuditVerdict, parts: &[AuditedPart]) -> String {
    let count = |verdict: AuditVerdict| parts.iter().filter(|part| part.verdict == verdict).count();
    let mut text = match verdict {
        AuditVerdict::Current => format!("{shown}: current, all {} parts\n", parts.len()),
        AuditVerdict::BuildAgain => format!("{shown}: build again, for {} of {} parts\n", count(verdict), parts.len()),
        AuditVerdict::Unknown => format!("{shown}: not known of {} of {} parts\n", count(verdict), parts.len()),
    };
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left], 2);
    for part in parts.iter().filter(|part| part.verdict != AuditVerdict::Current) {
        let offered = part.offered.as_ref().map_or("-".to_owned(), |version| format!("→ {version}"));
        table.row([part.name.clone(), part.version.clone(), offered, what(part)]);
    }
    text += &table.render(stdout_width());
    text
}

/// `security: CVE-2026-1234 CVE-2026-1235`.
fn what(part: &AuditedPart) -> String {
    if let Some(why) = &part.why
        && part.verdict == AuditVerdict::Unknown
    {
        return why.clone();
    }
    let numbers = match &part.vulnerabilities {
        Some(numbers) => numbers.iter().cloned().collect::<Vec<_>>().join(" "),
        None if part.purl.starts_with("pkg:deb/") => format!("`apt-get changelog {}` tells what it closes", part.name),
        None => String::new(),
    };
    match (part.security, numbers.is_empty()) {
        (true, false) => format!("security: {numbers}"),
        (true, true) => "security".to_owned(),
        (false, _) => numbers,
    }
}
