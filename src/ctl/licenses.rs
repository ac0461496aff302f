//! `staticctl licenses`.

use super::cli_parts_args::LicensesArgs;
use super::output::{Reported, produce, report_error, temporary_beside, unwritable};
use crate::files::place_directory;
use crate::licenses::gathered::GatheredLicenses;
use crate::licenses::written;
use crate::message::table::stdout_width;
use crate::options::PARTS;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::parts::linked_parts::LinkedParts;
use crate::parts::noted_program;
use crate::settings::Settings;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Writes the licences of programs to a directory.
pub(crate) fn run(settings: &Settings, args: &LicensesArgs) -> u8 {
    match licenses(settings, args) {
        Ok(status) | Err(Reported(status)) => status,
    }
}

fn licenses(settings: &Settings, args: &LicensesArgs) -> Result<u8, Reported> {
    let programs: Vec<(String, LinkedParts)> =
        args.programs.iter().map(|program| parts_of(program)).collect::<Result<_, Reported>>()?;
    may_replace(&args.output, args.force)?;
    let gathered = GatheredLicenses::of(settings, &programs);
    let temporary = temporary_beside(&args.output, true, ".staticcxx-")?;
    let made = written::write(temporary.path(), &gathered);
    made.and_then(|()| place_directory(temporary, &args.output)).map_err(|e| unwritable(&args.output, &e))?;
    let status = if gathered.is_incomplete() { EXIT_NO } else { EXIT_YES };
    Ok(produce(&written::table(&gathered, stdout_width()), status))
}

fn parts_of(program: &Path) -> Result<(String, LinkedParts), Reported> {
    let shown = program.display();
    match noted_program::read_with_crates(program) {
        Ok(Some(read)) => Ok((program.file_name().unwrap_or_default().to_string_lossy().into_owned(), read.parts)),
        Ok(None) => {
            let hint = format!("programs do that are linked by staticcxx with {} not `off`", PARTS.name);
            Err(report_error(format!("`{shown}` names no parts"), Some(hint)))
        }
        Err(why) => Err(report_error(format!("`{shown}`: {why}"), None)),
    }
}

/// Refuses a directory with anything in it, unless it is one of ours and may be replaced.
fn may_replace(output: &Path, force: bool) -> Result<(), Reported> {
    let shown = output.display();
    let first = match fs::read_dir(output) {
        Ok(mut entries) => entries.next(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unwritable(output, &error)),
    };
    match first {
        None => Ok(()),
        Some(_) if !written::is_ours(output) => {
            let hint = "name another directory with `-o`".to_owned();
            Err(report_error(format!("`{shown}` has files that are not of this command"), Some(hint)))
        }
        Some(_) if !force => {
            Err(report_error(format!("`{shown}` is there already"), Some("`--force` replaces it".into())))
        }
        Some(_) => Ok(()),
    }
}
