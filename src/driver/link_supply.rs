//! Whether and how a link converts libraries.

use super::trials::Trials;
use crate::args::Request;
use crate::args::ld_options::{Item, split};
use crate::args::option_table::Role;
use crate::check::Expect;
use crate::convert::start::Dialect;
use crate::convert::{Refusal, machine::Machine};
use crate::libs::convert_policy::{ConvertPolicy, ProgramFile};
use crate::libs::{Missing, Provider, Resolution};
use crate::model::Libc;
use crate::options::convert::ConvertMode;
use crate::options::linker::LinkerChoice;
use crate::repairs;
use crate::settings::Settings;
use crate::supply::on_trial::OnTrial;
use crate::supply::store::{LinkStore, StartCode};
use crate::toolchain::{Facts, Mechanism, Selected};
use std::path::PathBuf;
use std::sync::Arc;

/// The supplier of code for the shared objects of a link; `program` is the program that is converted, if one is.
pub(super) fn store(
    settings: &Settings,
    request: &Request,
    selected: &Selected,
    facts: &Facts,
    program: Option<&Arc<ProgramFile>>,
    trials: &Arc<Trials>,
) -> LinkStore {
    let mut store = match policy(settings, request, facts, program) {
        Some(policy) => LinkStore::converting(policy, start_code(request, selected, facts)),
        None => LinkStore::default(),
    };
    store.library_dirs.clone_from(&facts.library_dirs);
    // What is made for a trial is of no use afterwards.
    let cache = settings.cache_dir.as_ref().filter(|_| settings.trial.is_none());
    store.cache = cache.cloned();
    let tried = |mechanism| {
        let trials = trials.clone();
        OnTrial::Unknown(Box::new(move || trials.off(mechanism)))
    };
    store.converting = tried(Mechanism::ConvertedLibraries);
    store.carrying = tried(Mechanism::CarriedObjects);
    store.plugging = tried(Mechanism::Plugins);
    store
}

/// How a link converts shared objects; none if it can't or may not.
fn policy(
    settings: &Settings,
    request: &Request,
    facts: &Facts,
    program: Option<&Arc<ProgramFile>>,
) -> Option<ConvertPolicy> {
    let choice = &settings.convert;
    if choice.mode == ConvertMode::Off && choice.named.is_empty() || facts.libc != Libc::Glibc {
        return None;
    }
    let expect = Expect::from_triple(&facts.triple).with_abi(&request.abi);
    Machine::of(expect.machine?).filter(|_| expect.bits == Some(64))?;
    // A converted program is always linked with GNU ld.
    let dialect = if program.is_some() { Some(Dialect::Gnu) } else { dialect(settings, request, facts) };
    Some(ConvertPolicy {
        choice: choice.clone(),
        dialect,
        cache: settings.cache_dir.clone().filter(|_| settings.trial.is_none()),
        library_dirs: facts.library_dirs.clone(),
        program: program.cloned(),
    })
}

/// The start-up code of converted libraries: that of the toolchain's repairs; without a cache it is built when a link
/// converts something.
fn start_code(request: &Request, selected: &Selected, facts: &Facts) -> StartCode {
    match &facts.repairs {
        Some(repairs) => repairs.converted.clone().map_or(StartCode::None, StartCode::Kept),
        None => {
            let (selected, abi, facts) = (selected.clone(), request.abi.clone(), facts.clone());
            StartCode::ToBeMade(Box::new(move || repairs::start_code(&selected, &abi, &facts)))
        }
    }
}

/// Linkers that read an additional script with INSERT: name for `-fuse-ld=`, text in `--version`, dialect.
const WITH_INSERT: [(&str, &str, Dialect); 2] = [("bfd", "GNU ld", Dialect::Gnu), ("lld", "LLD", Dialect::Lld)];

/// Options by which the user lays out the program.
const OWN_LAYOUT: [&str; 6] = ["-T", "--script", "-script", "--default-script", "-N", "--omagic"];

/// How the linker of this call reads the script that keeps distances. None for an unknown linker, or with a script of
/// the user's: every linker supports the other layout.
fn dialect(settings: &Settings, request: &Request, facts: &Facts) -> Option<Dialect> {
    let own = |item: &Item| match item {
        Item::Word { text, .. } => OWN_LAYOUT.iter().any(|o| text.as_encoded_bytes().starts_with(o.as_bytes())),
        Item::Arg(_) => false,
    };
    let scripted = request.has(Role::LinkerScript) || split(&request.args).iter().any(own);
    let elsewhere = request.args.iter().any(|a| a.word.as_encoded_bytes().starts_with(b"-B"));
    if scripted || elsewhere {
        return None;
    }
    let named = request.args.iter().rfind(|a| a.role() == Some(Role::UseLinker)).map(|a| a.word.to_string_lossy());
    let named = match named {
        Some(word) => Some(word.strip_prefix("-fuse-ld=").unwrap_or_default().to_owned()),
        // The built-in linker reads no scripts; `auto` leaves such links to the compiler's linker.
        None if settings.linker == LinkerChoice::Wild => return None,
        None => settings.linker.named().map(str::to_owned),
    };
    let known = |(name, says, _): &&(&str, &str, Dialect)| match &named {
        Some(word) => word == name,
        None => facts.linker.contains(says),
    };
    WITH_INSERT.iter().find(known).map(|(_, _, dialect)| *dialect)
}

/// Moves libraries that could not be converted from the linked to the missing ones.
pub(super) fn note_refused(resolution: &mut Resolution, refused: Vec<(PathBuf, Refusal)>) {
    for (place, refusal) in refused {
        let Some(at) = resolution.places.iter().position(|(p, _)| *p == place) else { continue };
        let (_, index) = resolution.places.remove(at);
        let Some(library) = resolution.libraries.get(index).cloned() else { continue };
        let because: Vec<String> = library.because.iter().cloned().chain([library.name.clone()]).collect();
        let required = library.because.is_none();
        let shared = library.path;
        resolution.missing.push(Missing { name: library.name, shared, because, required, refusal: Some(refusal) });
    }
    let gone: Vec<PathBuf> = resolution.missing.iter().map(|m| m.shared.clone()).collect();
    resolution.libraries.retain(|l| l.provider != Provider::Converted || !gone.contains(&l.path));
}
