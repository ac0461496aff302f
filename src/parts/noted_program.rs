//! A program that names its parts.

use super::crates;
use super::linked_parts::{LinkedParts, Part, SCHEMA};
use super::output_notes::OutputNotes;
use super::part_notes::{self, KEY};
use serde_json::{Map, Value};
use std::path::Path;

/// What a program says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NotedProgram {
    pub parts: LinkedParts,
    /// What its package note says besides: its own name and version.
    pub identity: Map<String, Value>,
}

/// The parts that a program names, without its crates; none if it names none.
///
/// # Errors
/// Why it can't be read.
pub(crate) fn read(program: &Path) -> Result<Option<NotedProgram>, String> {
    of_notes(&OutputNotes::read(program).map_err(|e| e.to_string())?)
}

/// The package URLs of the parts that a program names, from its bytes; none if it names none.
///
/// # Errors
/// Why they can't be read.
pub fn package_urls(program: &[u8]) -> Result<Vec<String>, String> {
    let noted = of_notes(&OutputNotes::of(program).map_err(|e| e.to_string())?)?;
    let urls = noted.iter().flat_map(|noted| noted.parts.purls());
    Ok(urls.map(str::to_owned).collect())
}

/// The same with the crates that a program by Rust lists, which may be all that it names.
///
/// # Errors
/// Why it can't be read.
pub(crate) fn read_with_crates(program: &Path) -> Result<Option<NotedProgram>, String> {
    let notes = OutputNotes::read(program).map_err(|e| e.to_string())?;
    let noted = of_notes(&notes)?;
    let Some(section) = &notes.crates else { return Ok(noted) };
    let crates = crates::crates(&section.content)?;
    let none = || NotedProgram {
        parts: LinkedParts { schema: SCHEMA, exact: false, parts: Vec::new(), hardening: None },
        identity: Map::new(),
    };
    let mut noted = noted.unwrap_or_else(none);
    noted.parts.parts.extend(crates);
    // Files without a package stay at the end, in their order.
    noted.parts.parts.sort_by_key(|part| (part.purl.is_none(), part.purl.clone()));
    Ok(Some(noted))
}

/// The crate that a program by Rust is of: name and version; none if it can't be read or names none.
pub(crate) fn crate_of(program: &Path) -> Option<(String, String)> {
    crates::own_crate(&OutputNotes::read(program).ok()?.crates?.content)
}

fn of_notes(notes: &OutputNotes) -> Result<Option<NotedProgram>, String> {
    let packages = notes.package.as_ref().map(|s| part_notes::packages(&s.content, notes.swapped)).unwrap_or_default();
    let mut identity = packages.into_iter().find(|object| object.contains_key(KEY)).unwrap_or_default();
    let urls = identity.remove(KEY);
    if let Some(section) = &notes.parts {
        let parts = part_notes::parts(&section.content, notes.swapped).map_err(|e| e.to_string())?;
        return Ok(Some(NotedProgram { parts, identity }));
    }
    // The longer note was taken out: the packages are still there.
    let Some(Value::Array(urls)) = urls else { return Ok(None) };
    let part = |url: &Value| Some(Part { purl: Some(url.as_str()?.to_owned()), files: Vec::new() });
    let parts = urls.iter().filter_map(part).collect();
    Ok(Some(NotedProgram { parts: LinkedParts { schema: SCHEMA, exact: false, parts, hardening: None }, identity }))
}
