//! The directory of licences: the texts, an index for programs, and a `README` for people.

use super::gathered::{GatheredLicenses, LicenseForm, LicensedPart};
use super::named_licenses::GnuLicense;
use crate::message::table::{Align, Table};
use crate::options::RELINK_KIT;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;

/// The version of the index's shape.
const SCHEMA: u32 = 1;
/// The file of the index.
const INDEX: &str = "index.json";
/// What the index says of who wrote it.
const MADE_BY: &str = "staticctl licenses";
/// So many licences of a part are in a table; the index has all.
const SHOWN: usize = 6;

/// Writes the directory, which exists and is empty.
///
/// # Errors
/// A file can't be written.
pub(crate) fn write(dir: &Path, gathered: &GatheredLicenses) -> io::Result<()> {
    for (path, text) in &gathered.texts {
        let place = dir.join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(place, text)?;
    }
    let index = serde_json::to_string_pretty(&index(gathered)).map_err(io::Error::other)?;
    fs::write(dir.join(INDEX), format!("{index}\n"))?;
    fs::write(dir.join("README"), readme(gathered))
}

/// Whether a directory was written by this.
pub(crate) fn is_ours(dir: &Path) -> bool {
    let index = fs::read(dir.join(INDEX)).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    index.is_some_and(|index| index.get("made-by").is_some_and(|by| *by == MADE_BY))
}

fn index(gathered: &GatheredLicenses) -> Value {
    json!({ "schema": SCHEMA, "made-by": MADE_BY, "programs": gathered.programs, "parts": gathered.parts })
}

fn readme(gathered: &GatheredLicenses) -> String {
    let programs = gathered.programs.join(", ");
    format!(
        "Licences of what is in {programs}\n\n{}\n{INDEX} has all of it for programs. A copyright file is about a whole source \
         package, with tools and\ntests that are not in here: what it names need not be the licence of what was \
         linked. Nothing is\nconcluded from it.\n",
        table(gathered, None)
    )
}

/// The parts, which of them name the GPL and its relatives, and what is missing.
pub(crate) fn table(gathered: &GatheredLicenses, width: Option<usize>) -> String {
    let mut table = Table::new(&[Align::Left; 5], 0);
    table.row(["part", "version", "source", "text", "licences as stated"]);
    for part in &gathered.parts {
        let text = part.texts.first().cloned().unwrap_or_else(|| "-".into());
        let version = part.version.clone().unwrap_or_else(|| "-".into());
        let source = part.source.clone().unwrap_or_else(|| "-".into());
        table.row([part.name.clone(), version, source, text, stated(part)]);
    }
    let mut said = table.render(width);
    let relink = format!(
        "LGPL is named in these: where it is the licence of what was linked, others must be able to relink the program\n\
         with another version ({} keeps what that takes)",
        RELINK_KIT.name
    );
    let lists = [
        (GnuLicense::Lesser, relink.as_str()),
        (GnuLicense::General, "GPL is named in these"),
        (GnuLicense::Affero, "AGPL is named in these"),
    ];
    for (license, heading) in lists {
        said += &list(heading, gathered.parts.iter().filter(|part| part.named.contains(&license)), |_| String::new());
    }
    let missing = gathered.parts.iter().filter(|part| part.problem.is_some());
    said + &list("Missing", missing, |part| part.problem.clone().unwrap_or_default())
}

fn list<'p>(
    heading: &str,
    parts: impl Iterator<Item = &'p LicensedPart>,
    what: impl Fn(&LicensedPart) -> String,
) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left], 2);
    for part in parts {
        table.row([part.name.clone(), what(part)]);
    }
    let rows = table.render(None);
    if rows.is_empty() { rows } else { format!("\n{heading}:\n{rows}") }
}

/// `Zlib, GPL-2+ or Expat`.
fn stated(part: &LicensedPart) -> String {
    let names = part.stated.iter().map(|license| license.name.as_str());
    let shown = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    match (part.form, part.stated.len().saturating_sub(SHOWN)) {
        (None, _) => "-".to_owned(),
        (Some(LicenseForm::Text), _) => "not machine-readable".to_owned(),
        (Some(_), 0) => shown,
        (Some(_), more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::gathered::tests::parts;
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_directory_says_what_is_in_it_and_what_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let own = parts(&[(Some("pkg:generic/staticcxx@9"), "libstart.a"), (None, "libq.a")]);
        let gathered = GatheredLicenses::of(&Settings::default(), &[("prog".into(), own)]);
        assert!(!is_ours(dir.path()));
        write(dir.path(), &gathered).unwrap();
        assert!(is_ours(dir.path()) && dir.path().join("staticcxx/LICENSE-MIT").is_file());
        let readme = fs::read_to_string(dir.path().join("README")).unwrap();
        assert!(readme.starts_with("Licences of what is in prog\n"), "{readme}");
        assert!(readme.contains("\nMissing:\n  libq.a  it is of no package"), "{readme}");
        assert!(readme.contains("staticcxx/LICENSE-MIT  MIT OR Apache-2.0") && !readme.contains("GPL is"), "{readme}");
        fs::write(dir.path().join(INDEX), "[]").unwrap();
        assert!(!is_ours(dir.path()));
    }
}
