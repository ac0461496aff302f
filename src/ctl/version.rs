//! `staticctl version`.

use super::output::produce;
use crate::options::exit_codes::EXIT_YES;
use crate::own::build_facts::{COMMIT, LONG, TARGET, VERSION, features};
use crate::report::SCHEMA;
use serde_json::{Value, json};

/// Prints it.
pub(super) fn run(as_json: bool) -> u8 {
    let text = if as_json { format!("{:#}\n", document()) } else { format!("staticctl {LONG}\n") };
    produce(&text, EXIT_YES)
}

/// The same as JSON.
pub(super) fn document() -> Value {
    json!({ "schema": SCHEMA, "version": VERSION, "commit": COMMIT, "features": features(), "target": TARGET })
}
