//! `staticctl doctor`: what works on this machine, found out by trying.

use super::output::produce;
use crate::model::{Language, StaticKind};
use crate::options::check::CheckMode;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::repairs;
use crate::run::shell_line;
use crate::settings::Settings;
use crate::toolchain::{CallNeed, Facts, Invocation, Selected};
use std::fmt::Write;

/// Looks at both languages as the drivers would, and at the settings.
pub(crate) fn run(settings: &Settings) -> u8 {
    let mut text = String::new();
    let mut code = EXIT_YES;
    for language in [Language::C, Language::Cxx] {
        let invocation = Invocation { language, name: None };
        // Writing to a String can't fail.
        let _ = match repairs::select(settings, &invocation, CallNeed::Link, &[]) {
            Ok(selected) => works(&mut text, language, &selected),
            Err(error) => {
                code = EXIT_NO;
                let hint = error.hint().map(|h| format!("\n       to do: {h}")).unwrap_or_default();
                writeln!(text, "{language}: does not work: {error}{hint}")
            }
        };
    }
    let _ = write!(text, "{}", places(settings));
    produce(&text, code)
}

fn works(text: &mut String, language: Language, selected: &Selected) -> std::fmt::Result {
    writeln!(text, "{language}: works with toolchain {}: {}", selected.toolchain, shell_line(&selected.compiler))?;
    let Some(facts) = &selected.facts else { return Ok(()) };
    writeln!(text, "       {}, {}", facts.version, libc(facts))?;
    for kind in [StaticKind::StaticPie, StaticKind::Static] {
        let name = kind.flag().trim_start_matches('-');
        match (facts.kinds.contains_key(&kind), facts.missing.get(&kind)) {
            (true, _) => writeln!(text, "       {name}: linked, read back, run")?,
            (false, Some(why)) => writeln!(text, "       {name}: no: {why}")?,
            (false, None) => writeln!(text, "       {name}: not offered")?,
        }
    }
    for warning in &selected.warnings {
        writeln!(text, "       warning: {warning}")?;
    }
    Ok(())
}

fn libc(facts: &Facts) -> String {
    match facts.glibc {
        Some((major, minor)) => format!("{}, glibc {major}.{minor}", facts.triple),
        None => facts.triple.clone(),
    }
}

fn places(settings: &Settings) -> String {
    let mut text = String::new();
    let dir = |d: &Option<std::path::PathBuf>| d.as_ref().map_or("none".into(), |d| d.display().to_string());
    let check = match settings.check {
        CheckMode::Strict => "strict",
        CheckMode::Warn => "warn",
        CheckMode::Off => "off",
    };
    let _ = writeln!(text, "check: {check}");
    let _ = writeln!(text, "cache: {}", dir(&settings.cache_dir));
    let _ = writeln!(text, "config: {}", dir(&settings.config_dir));
    for mistake in settings.mistakes() {
        let _ = writeln!(text, "{mistake}");
    }
    text
}
