//! `staticctl check --against`.

use super::output::produce;
use crate::check::{self, CallEvidence, Expect};
use crate::libs::compare_files::{self, NotCompared};
use crate::message;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::settings::Settings;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Compares static programs with a dynamic one. Prints a line for each difference, or one JSON document a file.
pub fn run(settings: &Settings, dynamic: &Path, files: &[PathBuf], json: bool) -> u8 {
    let image = match check::inspect(dynamic) {
        Ok(image) => image,
        Err(e) => {
            message::error(format!("`{}` {e}", dynamic.display()));
            return EXIT_ERROR;
        }
    };
    let mut code = EXIT_YES;
    for path in files {
        let verdict = match check::inspect(path) {
            Ok(image) => check::judge(&image, &Expect::default(), &CallEvidence::default()),
            Err(e) => {
                message::error(format!("`{}` {e}", path.display()));
                code = EXIT_ERROR;
                continue;
            }
        };
        if let Some(failure) = verdict.failures.first() {
            message::error(format!("`{}` is not a static program: {failure}", path.display()));
            code = code.max(EXIT_NO);
            continue;
        }
        let found = match compare_files::differences(dynamic, &image, path, &settings.loader_path()) {
            Ok(found) => found,
            Err(why) => {
                say(dynamic, path, &why);
                code = EXIT_ERROR;
                continue;
            }
        };
        if found.iter().any(|d| d.certain) {
            code = code.max(EXIT_NO);
        }
        let mut text = String::new();
        if json {
            let value = serde_json::json!({
                "schema": crate::report::SCHEMA, "path": path.to_string_lossy(),
                "against": dynamic.to_string_lossy(), "differences": found,
            });
            // Writing to a String can't fail.
            let _ = writeln!(text, "{value}");
        } else if found.is_empty() {
            let _ = writeln!(text, "{}: bound as {}", path.display(), dynamic.display());
        }
        for difference in found.iter().filter(|_| !json) {
            let what = if difference.certain { "bound-differently" } else { "perhaps-bound-differently" };
            let binding = &difference.binding;
            let _ = writeln!(text, "{}: {what}: {}: {binding}", path.display(), binding.by);
        }
        if produce(&text, code) == EXIT_ERROR {
            return EXIT_ERROR;
        }
    }
    code
}

fn say(dynamic: &Path, path: &Path, why: &NotCompared) {
    let (file, text, hint) = match why {
        NotCompared::NotDynamic(text) => (dynamic, text.clone(), "name the program that was linked dynamically"),
        NotCompared::NotFound(name) => {
            (dynamic, format!("needs `{name}`, which is not found"), "set LD_LIBRARY_PATH to where it runs with")
        }
        NotCompared::Stripped => {
            (path, "has no symbols to compare".into(), "link it without `-s`, and do not strip it")
        }
        NotCompared::Unreadable(text) => (path, format!("can't be read: {text}"), "name two files that can be read"),
    };
    message::error(format!("`{}` {text}", file.display()));
    message::hint(hint);
}
