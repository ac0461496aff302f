//! `staticctl doctor`: what works on this machine, found out by trying.

use super::output::produce;
use crate::driver::Trials;
use crate::message::table::{Align, Table, stdout_width};
use crate::model::{Language, StaticKind};
use crate::options::check::CheckMode;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::repairs;
use crate::run::shell_line;
use crate::settings::Settings;
use crate::toolchain::{CallNeed, Facts, Invocation, Selected};

/// Looks at both languages as the drivers would, and at the settings.
pub(crate) fn run(settings: &Settings) -> u8 {
    let mut table = Table::new(&[Align::Left, Align::Left], 0);
    let mut code = EXIT_YES;
    for language in [Language::C, Language::Cxx] {
        let invocation = Invocation { language, name: None };
        match repairs::select(settings, &invocation, CallNeed::Link, &[]) {
            Ok(selected) => works(settings, &mut table, language, &selected),
            Err(error) => {
                code = EXIT_NO;
                table.row([format!("{language}:"), format!("does not work: {error}")]);
                error.hint().into_iter().for_each(|hint| table.row(["".into(), format!("to do: {hint}")]));
            }
        }
    }
    places(&mut table, settings);
    let mistakes: String = settings.mistakes().map(|mistake| format!("{mistake}\n")).collect();
    produce(&(table.render(stdout_width()) + &mistakes), code)
}

fn works(settings: &Settings, table: &mut Table, language: Language, selected: &Selected) {
    let works = format!("works with toolchain {}: {}", selected.toolchain, shell_line(&selected.compiler));
    table.row([format!("{language}:"), works]);
    let mut more = |text: String| table.row([String::new(), text]);
    let Some(facts) = &selected.facts else { return };
    more(format!("{}, {}", facts.version, libc(facts)));
    for kind in [StaticKind::StaticPie, StaticKind::Static] {
        let name = kind.flag().trim_start_matches('-');
        more(match (facts.kinds.contains_key(&kind), facts.missing.get(&kind)) {
            (true, _) => format!("{name}: linked, read back, {}", facts.runs.told()),
            (false, Some(why)) => format!("{name}: no: {why}"),
            (false, None) => format!("{name}: not offered"),
        });
    }
    let trials = Trials::of(settings, selected, &[], facts);
    let off = trials.all_off();
    for (mechanism, why) in &off {
        more(format!("{mechanism}: off, so that {}: {why}", mechanism.without()));
    }
    if let Some(left_out) = facts.repairs.as_ref().and_then(|repairs| repairs.left_out.as_ref()) {
        more(left_out.clone());
    }
    let works = trials.offered().into_iter().filter(|mechanism| !off.contains_key(mechanism));
    let on: Vec<String> = works.map(|mechanism| mechanism.to_string()).collect();
    if !on.is_empty() {
        more(format!("tried, and works: {}", on.join("; ")));
    }
    for warning in &selected.warnings {
        more(format!("warning: {warning}"));
    }
}

fn libc(facts: &Facts) -> String {
    match facts.glibc {
        Some((major, minor)) => format!("{}, glibc {major}.{minor}", facts.triple),
        None => facts.triple.clone(),
    }
}

fn places(table: &mut Table, settings: &Settings) {
    let dir = |d: &Option<std::path::PathBuf>| d.as_ref().map_or("none".into(), |d| d.display().to_string());
    let check = match settings.check {
        CheckMode::Strict => "strict",
        CheckMode::Warn => "warn",
        CheckMode::Off => "off",
    };
    table.row(["check:", check]);
    table.row(["cache:", &dir(&settings.cache_dir)]);
    table.row(["config:", &dir(&settings.config_dir)]);
}
