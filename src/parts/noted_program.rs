//! A program that names its parts.

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

/// The parts that a program names; none if it names none.
///
/// # Errors
/// Why it can't be read.
pub(crate) fn read(program: &Path) -> Result<Option<NotedProgram>, String> {
    noted(&OutputNotes::read(program).map_err(|e| e.to_string())?)
}

/// The package URLs of the parts that a program names, from its bytes; none if it names none.
///
/// # Errors
/// Why they can't be read.
pub fn package_urls(program: &[u8]) -> Result<Vec<String>, String> {
    let noted = noted(&OutputNotes::of(program).map_err(|e| e.to_string())?)?;
    let urls = noted.iter().flat_map(|noted| noted.parts.purls());
    Ok(urls.map(str::to_owned).collect())
}

fn noted(notes: &OutputNotes) -> Result<Option<NotedProgram>, String> {
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
