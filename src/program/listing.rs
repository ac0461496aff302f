//! The summary for the terminal: one line per part, findings, hints.

use super::record::{ConversionRecord, PartOrigin};
use std::fmt::Write;

pub(crate) fn text(record: &ConversionRecord<'_>) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    for part in record.parts {
        let package = part.package.as_ref().map(|p| format!("{} {}", p.package, p.version));
        let id = part.build_id.as_deref().map(|id| id.get(..12).unwrap_or(id).to_owned());
        let from = match part.from {
            PartOrigin::Toolchain => "toolchain".to_owned(),
            other => format!("{:<9} {:>9}", other.word(), size(part.bytes)),
        };
        rows.push([part.name.clone(), from, package.unwrap_or_else(|| "-".into()), id.unwrap_or_default()]);
    }
    let width = |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0);
    let (name, from, package) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [a, b, c, d] in &rows {
        let line = format!("{a:<name$}  {b:<from$}  {c:<package$}  {d}");
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for finding in record.findings {
        let _ = writeln!(text, "finding: {finding}");
    }
    for hint in record.hints {
        let _ = writeln!(text, "note: {}: {}", hint.id, hint.text);
    }
    let _ = writeln!(
        text,
        "{}: {}, {}; the original and its shared objects: {}",
        record.output.display(),
        record.kind.flag().trim_start_matches('-'),
        size(record.bytes),
        size(record.bytes_before)
    );
    text
}

pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_for_people() {
        assert_eq!([size(0), size(12_345), size(12_345_678)], ["0 B", "12.3 kB", "12.3 MB"]);
    }
}
