//! The summary for the terminal: one line per part, findings, hints.

use super::record::{ConversionRecord, PartOrigin};
use crate::message::size::size;
use crate::message::table::{Align, Table};
use std::fmt::Write;

/// The table in lines of `width` characters at most, and what follows it.
pub(crate) fn text(record: &ConversionRecord<'_>, width: Option<usize>) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Right, Align::Left, Align::Left], 0);
    for part in record.parts {
        let package = part.package.as_ref().map_or("-".to_owned(), ToString::to_string);
        let id = part.build_id.as_deref().map(|id| id.get(..12).unwrap_or(id)).unwrap_or_default().to_owned();
        // Not all of the toolchain's archive goes in.
        let bytes = if part.from == PartOrigin::Toolchain { String::new() } else { size(part.bytes) };
        table.row([part.name.clone(), part.from.word().to_owned(), bytes, package, id]);
    }
    let mut text = table.render(width);
    for finding in record.findings {
        // Writing to a String can't fail.
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
