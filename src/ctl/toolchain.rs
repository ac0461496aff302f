//! `staticctl toolchain`.

use super::cli_args::{InstallableToolchain, ToolchainCommand};
use super::install;
use super::output::{fail, produce};
use super::{toolchain_add, toolchain_pack, toolchain_unpack};
use crate::driver::Trials;
use crate::files::write_atomic;
use crate::install::build_inputs::RequestedInputs;
use crate::install::{InstallOptions, Manifest, manifest, selftest};
use crate::message::size::size;
use crate::message::table::{Align, Table, stdout_width};
use crate::model::{Family, Language};
use crate::options;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::parallel::processors;
use crate::repairs;
use crate::run::shell_line;
use crate::settings::Settings;
use crate::toolchain::descriptor::{self, ARCHES, Descriptor};
use crate::toolchain::find::Chain;
use crate::toolchain::select::{command_of, install_hint, resolve, user_default};
use crate::toolchain::{CallNeed, Facts, Invocation, MechanismsOff, ProgramsRun};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(settings: &Settings, command: &ToolchainCommand) -> u8 {
    match command {
        ToolchainCommand::List { all } => list(settings, *all),
        ToolchainCommand::Show { name, prefix: true, .. } => show_prefix(settings, name),
        ToolchainCommand::Show { name, env: true, .. } => show_env(settings, name),
        ToolchainCommand::Show { name, json, .. } => show(settings, name, *json),
        ToolchainCommand::Install {
            what: InstallableToolchain::Musl,
            target,
            name,
            musl,
            gcc_source,
            yes,
            force,
            jobs,
            quiet,
        } => {
            let arch = target.as_ref().map(|t| t.split('-').next().unwrap_or(t).to_owned());
            let foreign = arch.as_ref().filter(|a| *a != std::env::consts::ARCH);
            let usual = foreign.map_or_else(|| "musl".to_owned(), |a| format!("{a}-linux-musl"));
            let options = InstallOptions {
                name: name.clone().unwrap_or(usual),
                asked: RequestedInputs { arch, musl: musl.clone(), gcc_source: gcc_source.clone() },
                yes: *yes,
                force: *force,
                jobs: jobs.unwrap_or_else(processors),
                quiet: *quiet,
            };
            if options.name.is_empty() || options.name.contains(['/', '\n']) || options.name.starts_with('.') {
                return fail(format!("`{}` is not a valid toolchain name", options.name), None);
            }
            install::build(settings, &options)
        }
        ToolchainCommand::Add(args) => toolchain_add::add(settings, args),
        ToolchainCommand::Drop(args) => toolchain_add::remove(settings, args),
        ToolchainCommand::Pack(args) => toolchain_pack::run(settings, args),
        ToolchainCommand::Unpack(args) => toolchain_unpack::run(settings, args),
        ToolchainCommand::Remove { name } => install::remove(settings, name),
        ToolchainCommand::Test { name, json } => install::test(settings, name, *json),
        ToolchainCommand::Default { name: None, .. } => {
            produce(&format!("{}\n", user_default(settings).unwrap_or_else(|| "auto".into())), EXIT_YES)
        }
        ToolchainCommand::Default { name: Some(name), force } => set_default(settings, name, *force),
    }
}

/// What a toolchain came to for one language.
struct Tried {
    language: Language,
    command: Option<Vec<OsString>>,
    facts: Option<Facts>,
    /// Mechanisms that do not work with it, where they were tried.
    off: MechanismsOff,
    error: Option<String>,
}

/// Tries a toolchain with each of its languages; `mechanisms` too, which takes longer.
fn try_languages(settings: &Settings, descriptor: &Descriptor, probe: bool, mechanisms: bool) -> Vec<Tried> {
    let chain = Chain::of(settings);
    // The toolchain by its own name, regardless of the environment.
    let only = Settings { toolchain: Some(descriptor.name.clone().into()), cc: None, cxx: None, ..settings.clone() };
    let tried = descriptor.languages.iter().map(|language| {
        let command = command_of(descriptor, *language, settings, &chain);
        let invocation = Invocation { language: *language, name: None };
        let selected = (probe && command.is_some()).then(|| repairs::select(&only, &invocation, CallNeed::Link, &[]));
        let (facts, off, error) = match selected {
            Some(Ok(mut selected)) => {
                let facts = selected.facts.take();
                let trials = facts.as_ref().filter(|_| mechanisms).map(|f| Trials::of(&only, &selected, &[], f));
                (facts, trials.map(|t| t.all_off()).unwrap_or_default(), None)
            }
            Some(Err(error)) => (None, MechanismsOff::new(), Some(error.to_string())),
            None => (None, MechanismsOff::new(), None),
        };
        Tried { language: *language, command, facts, off, error }
    });
    tried.collect()
}

fn list(settings: &Settings, all: bool) -> u8 {
    let descriptors = match descriptor::all(settings) {
        Ok(descriptors) => descriptors,
        Err(e) => return fail(e, None),
    };
    let chain = Chain::of(settings);
    let default = user_default(settings);
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left], 0);
    for family in &descriptors {
        let arches: &[&str] = if family.is_family() { &ARCHES } else { &[std::env::consts::ARCH] };
        for arch in arches {
            let d = family.for_arch(arch);
            let there = d.languages.iter().any(|l| command_of(&d, *l, settings, &chain).is_some());
            if family.is_family() && !there {
                continue;
            }
            let probe = all || d.family != Some(Family::Zig);
            let mark = if default.as_deref() == Some(&d.name) { "*" } else { " " };
            let states: Vec<String> = try_languages(settings, &d, probe, false).iter().map(state).collect();
            table.row([format!("{mark} {}", d.name), states.join(", "), about(settings, &d)]);
        }
    }
    produce(&table.render(stdout_width()), EXIT_YES)
}

/// What is known of a toolchain: description, age, size, test results.
fn about(settings: &Settings, descriptor: &Descriptor) -> String {
    let mut words = vec![descriptor.description.clone()];
    let built = install::manifest(descriptor);
    if let Some(m) = &built {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        words.push(size(m.size));
        words.push(format!("{} old", manifest::age(now.saturating_sub(m.created))));
    }
    // It was tested with GCC; Clang in front of it is another compiler.
    if let Some(m) = built.filter(|m| m.name == descriptor.name) {
        words.push(m.tests_passed());
    } else if let Some(tests) = settings.data_dir.as_ref().and_then(|d| selftest::noted(d, &descriptor.name)) {
        let passed = tests.iter().filter(|t| t.failed.is_none()).count();
        words.push(format!("{passed}/{} tests", tests.len()));
    }
    words.extend(toolchain_add::summary(settings, descriptor));
    words.join(", ")
}

fn show_prefix(settings: &Settings, name: &OsStr) -> u8 {
    match resolve(settings, name).map(|d| d.prefix) {
        Ok(Some(prefix)) => produce(&format!("{}\n", prefix.display()), EXIT_YES),
        Ok(None) => install::no_prefix(name),
        Err(e) => {
            let hint = e.hint();
            fail(e, hint)
        }
    }
}

/// The variables for a shell. pkg-config looks at nothing but the prefix: what the machine has is not built for it. Programs
/// that libraries brought for builds are the ones of their versions.
fn show_env(settings: &Settings, name: &OsStr) -> u8 {
    let prefix = match resolve(settings, name).map(|d| d.prefix) {
        Ok(Some(prefix)) => prefix,
        Ok(None) => return install::no_prefix(name),
        Err(e) => {
            let hint = e.hint();
            return fail(e, hint);
        }
    };
    let libdir = ["lib/pkgconfig", "share/pkgconfig"].map(|d| prefix.join(d));
    let libdir = std::env::join_paths(libdir).unwrap_or_default();
    let bin = prefix.join("bin");
    let lines = [
        (options::TOOLCHAIN.name, name.to_owned()),
        ("PKG_CONFIG_LIBDIR", libdir),
        ("CMAKE_PREFIX_PATH", prefix.into()),
    ];
    let mut text: String = lines
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", shell_line(std::slice::from_ref(value))))
        .collect();
    if bin.is_dir() {
        text.push_str(&format!("export PATH={}:\"$PATH\"\n", shell_line(&[bin.into()])));
    }
    produce(&text, EXIT_YES)
}

fn state(tried: &Tried) -> String {
    let language = tried.language;
    match (&tried.command, &tried.facts) {
        (None, _) => format!("{language}: not found"),
        (Some(_), Some(facts)) if facts.complete() => {
            let kinds: Vec<&str> = facts.kinds.keys().map(|k| k.flag().trim_start_matches('-')).collect();
            format!("{language}: {}", kinds.join("+"))
        }
        (Some(_), _) if tried.error.is_some() => format!("{language}: incomplete"),
        (Some(_), _) => format!("{language}: found, not tried"),
    }
}

fn show(settings: &Settings, name: &OsStr, json: bool) -> u8 {
    let descriptor = match resolve(settings, name) {
        Ok(descriptor) => descriptor,
        Err(e) => {
            let hint = e.hint();
            return fail(e, hint);
        }
    };
    let tried = try_languages(settings, &descriptor, true, true);
    let complete = tried.iter().all(|t| t.facts.as_ref().is_some_and(Facts::complete));
    let code = if complete { EXIT_YES } else { EXIT_NO };
    if json {
        let languages: Vec<_> = tried
            .iter()
            .map(|t| {
                let command = t.command.as_deref().map(crate::report::lossy);
                serde_json::json!({ "language": t.language, "command": command, "facts": t.facts, "off": t.off, "error": t.error })
            })
            .collect();
        let value = serde_json::json!({ "descriptor": descriptor, "languages": languages });
        return produce(&format!("{value:#}\n"), code);
    }
    let mut text = format!("{}: {}\n", descriptor.name, descriptor.description);
    show_languages(&mut text, &tried);
    let mut table = Table::new(&[Align::Left, Align::Left], 0);
    if let Some(manifest) = install::manifest(&descriptor) {
        show_manifest(&mut table, &manifest, &descriptor);
    }
    if let Some(prefix) = &descriptor.prefix {
        table.row(["prefix:", &prefix.display().to_string()]);
    }
    text += &table.render(stdout_width());
    if let (false, Some(hint)) = (complete, install_hint(&descriptor)) {
        let _ = writeln!(text, "to do: {hint}");
    }
    produce(&text, code)
}

// Writing to a String can't fail.
fn show_languages(text: &mut String, tried: &[Tried]) {
    for t in tried {
        let _ = writeln!(text, "{}", state(t));
        if let Some(command) = &t.command {
            let _ = writeln!(text, "  command: {}", shell_line(command));
        }
        if let Some(facts) = &t.facts {
            let _ = writeln!(text, "  version: {}\n  target:  {}", facts.version, facts.triple);
            if facts.complete() && facts.runs != ProgramsRun::Here {
                let _ = writeln!(text, "  tested:  linked, read back, {}", facts.runs.told());
            }
            for (kind, why) in &facts.missing {
                let _ = writeln!(text, "  no {}: {why}", kind.flag().trim_start_matches('-'));
            }
        }
        for (mechanism, why) in &t.off {
            let _ = writeln!(text, "  no {mechanism}: {why}");
        }
        if let Some(error) = &t.error {
            let _ = writeln!(text, "  {error}");
        }
    }
}

fn show_manifest(table: &mut Table, m: &Manifest, descriptor: &Descriptor) {
    let (compiler, source) = (m.compiler.display(), m.source.display());
    let (musl, libstdcxx) = (&m.musl, &m.source_version);
    let built = format!("{compiler} ({}), musl {musl}, libstdc++ {libstdcxx} from {source}", m.compiler_version);
    let tests =
        if m.name == descriptor.name { m.tests_passed() } else { "`staticctl toolchain test` runs them".into() };
    table.row(["built:", &built]);
    table.row(["locales:", if m.lean { "linked as far as they are used" } else { "linked whole" }]);
    table.row(["libraries:", &m.libraries.join(", ")]);
    table.row(["tests:", &tests]);
    table.row(["size:", &format!("{}, built in {} s", size(m.size), m.seconds)]);
    for note in &m.notes {
        table.row(["note:", note]);
    }
}

fn set_default(settings: &Settings, name: &str, force: bool) -> u8 {
    if name != "auto" {
        let descriptor = match resolve(settings, OsStr::new(name)) {
            Ok(descriptor) => descriptor,
            Err(e) => {
                let hint = e.hint();
                return fail(e, hint);
            }
        };
        let tried = try_languages(settings, &descriptor, !force, false);
        let usable = tried.iter().any(|t| t.facts.as_ref().is_some_and(Facts::complete));
        if !force && !usable {
            let why = tried.iter().find_map(|t| t.error.clone()).unwrap_or_else(|| "it was not found".into());
            return fail(format!("toolchain `{name}` is not complete: {why}"), install_hint(&descriptor));
        }
    }
    let Some(dir) = &settings.config_dir else {
        return fail("there is no configuration directory: neither HOME nor XDG_CONFIG_HOME is set", None);
    };
    match write_default(dir, name) {
        Ok(()) => EXIT_YES,
        Err(e) => {
            fail(format!("`{}` can't be written: {e}", dir.join("config.json").display()), None);
            EXIT_ERROR
        }
    }
}

/// Sets one key of config.json and keeps the others; atomic.
fn write_default(dir: &Path, name: &str) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    let file = dir.join("config.json");
    let old = fs::read(&file).ok().and_then(|t| serde_json::from_slice::<serde_json::Value>(&t).ok());
    let mut config = old.filter(serde_json::Value::is_object).unwrap_or_else(|| serde_json::json!({}));
    if let Some(map) = config.as_object_mut() {
        map.insert("toolchain".into(), name.into());
    }
    write_atomic(&file, format!("{config:#}\n").as_bytes())
}
