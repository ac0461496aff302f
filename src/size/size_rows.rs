//! The pieces of a file, summed by one of the things that they are of.

use super::file_pieces::FilePiece;
use super::symbol_names;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SizeLevel {
    Library,
    Member,
    Section,
    Symbol,
}

/// A sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SizeRow {
    /// As people write it.
    pub name: String,
    /// The package of a library or member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The member that a symbol is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    pub bytes: u64,
}

/// The sums, largest first.
pub(crate) fn rows(pieces: &[FilePiece], level: SizeLevel) -> Vec<SizeRow> {
    let mut sums: HashMap<(&str, Option<&str>), SizeRow> = HashMap::new();
    for piece in pieces {
        let of_symbol = level == SizeLevel::Symbol;
        let name = match level {
            SizeLevel::Library => &piece.library,
            SizeLevel::Member => &piece.member,
            SizeLevel::Section => &piece.section,
            SizeLevel::Symbol => &piece.symbol,
        };
        let member = Some(piece.member.as_str()).filter(|member| of_symbol && *member != name);
        let package = piece.package.clone().filter(|_| matches!(level, SizeLevel::Library | SizeLevel::Member));
        let row = sums.entry((name, member)).or_insert_with(|| SizeRow {
            name: if of_symbol { symbol_names::shown(name) } else { name.clone() },
            package,
            member: member.map(str::to_owned),
            bytes: 0,
        });
        row.bytes += piece.bytes;
    }
    let mut rows: Vec<SizeRow> = sums.into_values().collect();
    rows.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| (&a.name, &a.member).cmp(&(&b.name, &b.member))));
    rows
}

/// What changed of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ChangedRow {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    pub old: u64,
    pub new: u64,
}

impl ChangedRow {
    /// By how many bytes it grew.
    pub(crate) fn change(&self) -> i128 {
        i128::from(self.new) - i128::from(self.old)
    }
}

/// The rows of which the sum is another one, the largest change first.
pub(crate) fn changed(old: &[SizeRow], new: &[SizeRow]) -> Vec<ChangedRow> {
    let mut both: BTreeMap<(&str, Option<&str>), (u64, u64)> = BTreeMap::new();
    for row in old {
        both.entry((&row.name, row.member.as_deref())).or_default().0 += row.bytes;
    }
    for row in new {
        both.entry((&row.name, row.member.as_deref())).or_default().1 += row.bytes;
    }
    let rows = both.into_iter().filter(|(_, (old, new))| old != new);
    let mut rows: Vec<ChangedRow> = rows
        .map(|((name, member), (old, new))| ChangedRow {
            name: name.to_owned(),
            member: member.map(str::to_owned),
            old,
            new,
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.change().unsigned_abs()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(library: &str, member: &str, section: &str, symbol: &str, bytes: u64) -> FilePiece {
        FilePiece {
            library: library.into(),
            package: library.strip_prefix("lib").map(|name| format!("{name}-dev")),
            member: format!("{library}({member})"),
            section: section.into(),
            symbol: symbol.into(),
            bytes,
        }
    }

    fn some() -> Vec<FilePiece> {
        vec![
            piece("libz.a", "a.o", ".text", "f", 10),
            piece("libz.a", "a.o", ".data", "_ZN1a1bEv", 1),
            piece("libz.a", "b.o", ".text", "f", 20),
            piece("m.o", "m.o", ".text", "main", 5),
        ]
    }

    #[test]
    fn each_level_has_the_same_sum() {
        let pieces = some();
        let shown =
            |level| -> Vec<(String, u64)> { rows(&pieces, level).into_iter().map(|r| (r.name, r.bytes)).collect() };
        let own =
            |rows: &[(&str, u64)]| -> Vec<(String, u64)> { rows.iter().map(|(n, b)| ((*n).into(), *b)).collect() };
        assert_eq!(shown(SizeLevel::Library), own(&[("libz.a", 31), ("m.o", 5)]));
        assert_eq!(shown(SizeLevel::Member), own(&[("libz.a(b.o)", 20), ("libz.a(a.o)", 11), ("m.o(m.o)", 5)]));
        assert_eq!(shown(SizeLevel::Section), own(&[(".text", 35), (".data", 1)]));
        // Two functions of one name are two.
        assert_eq!(shown(SizeLevel::Symbol), own(&[("f", 20), ("f", 10), ("main", 5), ("a::b()", 1)]));
        assert_eq!(rows(&pieces, SizeLevel::Library)[0].package.as_deref(), Some("z.a-dev"));
    }

    #[test]
    fn what_changed_adds_up() {
        let old = rows(&some(), SizeLevel::Member);
        let mut pieces = some();
        pieces[0].bytes = 4;
        pieces[2] = piece("libq.a", "q.o", ".text", "q", 100);
        let new = rows(&pieces, SizeLevel::Member);
        let changed = changed(&old, &new);
        let shown: Vec<(&str, i128)> = changed.iter().map(|r| (r.name.as_str(), r.change())).collect();
        assert_eq!(shown, [("libq.a(q.o)", 100), ("libz.a(b.o)", -20), ("libz.a(a.o)", -6)]);
        let total = |rows: &[SizeRow]| rows.iter().map(|r| i128::from(r.bytes)).sum::<i128>();
        assert_eq!(changed.iter().map(ChangedRow::change).sum::<i128>(), total(&new) - total(&old));
    }
}
