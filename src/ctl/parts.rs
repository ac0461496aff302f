//! `staticctl parts`.

use super::cli_parts_args::PartsFormat;
use super::output::{fail, produce};
use crate::image::blob::Sha;
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::PARTS;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::packages::LinkedOwners;
use crate::parallel::in_parallel;
use crate::parts::documents::{self, Described};
use crate::parts::linked_parts::{LinkedParts, Part, PartKind};
use crate::parts::noted_program::{self, NotedProgram};
use crate::parts::package_url::PackageUrl;
use crate::parts::symbol_match::{self, ProgramSymbols};
use crate::settings::Settings;
use jiff::Timestamp;
use serde_json::Value;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Prints the parts of a program.
pub fn run(settings: &Settings, program: &Path, (format, supplier): (PartsFormat, Option<&str>)) -> u8 {
    let read = match noted_program::read_with_crates(program) {
        Ok(Some(read)) => read,
        Ok(None) => return unnamed(settings, program, format),
        Err(why) => return fail(format!("`{}`: {why}", program.display()), None),
    };
    let text = match format {
        PartsFormat::Table => table(&read.parts),
        PartsFormat::Purl => read.parts.purls().iter().map(|purl| format!("{purl}\n")).collect(),
        PartsFormat::StaticBuiltUsing => format!("{}\n", documents::static_built_using(&read.parts)),
        PartsFormat::Json => json(&serde_json::to_value(&read.parts).unwrap_or_default()),
        PartsFormat::Cyclonedx | PartsFormat::Spdx => match document(settings, program, &read, (format, supplier)) {
            Ok(document) => json(&document),
            Err(error) => return fail(format!("`{}` can't be read: {error}", program.display()), None),
        },
    };
    produce(&text, EXIT_YES)
}

/// Tells of a program without notes what can be guessed, to people and as JSON: a document of guesses would be taken for more.
fn unnamed(settings: &Settings, program: &Path, format: PartsFormat) -> u8 {
    message::error(format!("`{}` names no parts", program.display()));
    message::hint(format!("programs do that are linked by staticcxx with {} not `off`", PARTS.name));
    let guess = match format {
        PartsFormat::Table | PartsFormat::Json => guess(settings, program).filter(|guess| !guess.parts.is_empty()),
        _ => None,
    };
    let Some(guess) = guess else { return EXIT_NO };
    let text = match format {
        PartsFormat::Json => {
            let mut value = serde_json::to_value(&guess).unwrap_or_default();
            value["guess"] = Value::Bool(true);
            json(&value)
        }
        _ => format!(
            "{}This is a guess from the program's symbols and this machine's archives, of which another version may be in it.\n",
            rows(&guess)
        ),
    };
    produce(&text, EXIT_NO)
}

/// The archives of this machine's packages that a program's symbols are those of.
fn guess(settings: &Settings, program: &Path) -> Option<LinkedParts> {
    let bytes = fs::read(program).ok()?;
    let symbols = ProgramSymbols::of(&bytes)?;
    let archives = LinkedOwners::open(settings).archives();
    let found = in_parallel(&archives, |(path, package)| {
        let of = symbols.common(&fs::read(path).ok()?)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some((name, Some(package.purl.clone()), of))
    });
    Some(symbol_match::guessed(found.into_iter().flatten().collect()))
}

fn json(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

fn table(parts: &LinkedParts) -> String {
    let mut text = rows(parts);
    if !parts.exact {
        text.push_str("These were offered to the linker, which may have taken nothing of some.\n");
    }
    text
}

fn rows(parts: &LinkedParts) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left], 0);
    table.row(["part", "version", "source", "files"]);
    for part in &parts.parts {
        let url = part.purl.as_deref().and_then(PackageUrl::read);
        let name = url.as_ref().map_or("-".to_owned(), |url| url.name.clone());
        let version = url.as_ref().map_or("-".to_owned(), PackageUrl::full_version);
        let source = url.map_or("-".to_owned(), |url| url.source().0);
        table.row([name, version, source, files(part)]);
    }
    table.render(stdout_width())
}

/// `libz.a (6 members), libq.so.1 (converted)`.
fn files(part: &Part) -> String {
    if part.files.is_empty() && part.purl.as_ref().is_some_and(|purl| purl.starts_with("pkg:cargo/")) {
        return "(crate)".to_owned();
    }
    let files = part.files.iter().map(|file| {
        let how = match (file.kind, file.members) {
            (PartKind::Archive, 0) | (PartKind::Object | PartKind::Ours, _) => String::new(),
            (PartKind::Archive, 1) => " (1 member)".to_owned(),
            (PartKind::Archive, members) => format!(" ({members} members)"),
            (PartKind::Carried, _) => " (its own objects)".to_owned(),
            (PartKind::Converted, _) => " (converted)".to_owned(),
            (PartKind::Plugin, _) => " (plugin)".to_owned(),
        };
        format!("{}{how}", file.name)
    });
    files.collect::<Vec<_>>().join(", ")
}

/// A document of one of the standards.
///
/// # Errors
/// The program can't be read.
fn document(
    settings: &Settings,
    program: &Path,
    read: &NotedProgram,
    (format, supplier): (PartsFormat, Option<&str>),
) -> io::Result<Value> {
    let sha256 = Sha::of_file(program)?.hex();
    let epoch = settings.source_date_epoch.as_ref().and_then(|text| text.parse().ok());
    // Both formats want a time; the program's own is the same whoever asks.
    let created = epoch.unwrap_or(fs::metadata(program)?.mtime());
    let created = Timestamp::from_second(created).map_err(io::Error::other)?.to_string();
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let described = Described { supplier, ..Described::of(read, &name, &sha256, &created) };
    Ok(match format {
        PartsFormat::Spdx => documents::spdx(&described),
        _ => documents::cyclonedx(&described),
    })
}
