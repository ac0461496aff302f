//! `staticctl check`.

use super::output::produce;
use crate::check::{self, CallEvidence, Expect, Image, Verdict, target};
use crate::libs::ld_so::{self, Need};
use crate::message;
use crate::model::StaticKind;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::settings::Settings;
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    path: String,
    #[serde(rename = "static")]
    is_static: bool,
    #[serde(flatten)]
    verdict: &'a Verdict,
    image: &'a Image,
    needs: &'a [Need],
}

/// Checks files. Prints a line or more a file, or one JSON document a line.
pub fn run(settings: &Settings, files: &[PathBuf], json: bool) -> u8 {
    let mut code = EXIT_YES;
    for path in files {
        let image = match check::inspect(path) {
            Ok(image) => image,
            Err(e) => {
                message::error(format!("`{}` {e}", path.display()));
                code = EXIT_ERROR;
                continue;
            }
        };
        let verdict = check::judge(&image, &Expect::default(), &CallEvidence::default());
        let needs = match verdict.is_static() {
            true => Vec::new(),
            false => ld_so::load_list(path, &image, &settings.loader_path()).needs,
        };
        let text = if json { document(path, &image, &verdict, &needs) } else { lines(path, &image, &verdict, &needs) };
        if !verdict.is_static() {
            code = code.max(EXIT_NO);
        }
        if produce(&text, code) == EXIT_ERROR {
            return EXIT_ERROR;
        }
    }
    code
}

fn document(path: &Path, image: &Image, verdict: &Verdict, needs: &[Need]) -> String {
    let line = Line {
        schema: crate::report::SCHEMA,
        path: path.to_string_lossy().into_owned(),
        is_static: verdict.is_static(),
        verdict,
        image,
        needs,
    };
    serde_json::to_string(&line).map(|l| l + "\n").unwrap_or_default()
}

fn lines(path: &Path, image: &Image, verdict: &Verdict, needs: &[Need]) -> String {
    let machine = target::machine_name(image.machine, image.bits);
    let mut text = format!("{}: ", path.display());
    // Writing to a String can't fail.
    let _ = match verdict.kind {
        Some(kind) => writeln!(
            text,
            "{}, {machine}, {} bytes",
            if kind == StaticKind::StaticPie { "static-pie" } else { "static" },
            image.bytes
        ),
        None => writeln!(
            text,
            "not static: {}",
            verdict.failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        ),
    };
    for finding in verdict.findings.iter().filter(|_| verdict.is_static()) {
        let _ = writeln!(text, "  {finding}");
    }
    for need in needs {
        let _ = match &need.path {
            Some(found) => writeln!(text, "  {} => {}", need.name, found.display()),
            None => writeln!(text, "  {} => not found", need.name),
        };
    }
    text
}
