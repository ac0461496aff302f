//! Converted libraries in a link: whether, and how.

use crate::args::Request;
use crate::args::ld_options::{Item, split};
use crate::args::option_table::Role;
use crate::convert::start::Dialect;
use crate::convert::{Refusal, machine::Machine};
use crate::libs::{self, Missing, Resolution};
use crate::model::Libc;
use crate::options::convert::ConvertMode;
use crate::options::linker::LinkerChoice;
use crate::settings::Settings;
use crate::supply::converted::Means;
use crate::toolchain::Facts;
use std::path::PathBuf;

/// What a link needs to convert shared objects; none where it can't or may not. `support` is the archive with the
/// start-up code.
pub(super) fn means(settings: &Settings, request: &Request, facts: &Facts, support: Option<PathBuf>) -> Option<Means> {
    let choice = &settings.convert;
    if choice.mode == ConvertMode::Off && choice.named.is_empty() || facts.libc != Libc::Glibc {
        return None;
    }
    let support = support?;
    let expect = crate::check::Expect::from_triple(&facts.triple).with_abi(&request.abi);
    Machine::of(expect.machine?).filter(|_| expect.bits == Some(64))?;
    Some(Means {
        choice: choice.clone(),
        dialect: dialect(settings, request, facts),
        support,
        cache: settings.cache_dir.clone(),
        library_dirs: facts.library_dirs.clone(),
        incomplete: Vec::new(),
        numbered: Vec::new(),
        plugins: Vec::new(),
        program: None,
    })
}

/// Whether a link without start-up code is to have some made for itself alone: there was no cache to keep it, and there
/// is something to be converted.
pub(super) fn wants_start_code(settings: &Settings, facts: &Facts, found: &Resolution) -> bool {
    let choice = &settings.convert;
    let asked = choice.mode == ConvertMode::Prefer || !choice.named.is_empty();
    facts.repairs.is_none() && (asked || choice.mode == ConvertMode::Auto && !found.missing.is_empty())
}

/// Linkers that read a script with INSERT beside their own: what they are called, what they say, how they read it.
const WITH_INSERT: [(&str, &str, Dialect); 2] = [("bfd", "GNU ld", Dialect::Gnu), ("lld", "LLD", Dialect::Lld)];

/// Words by which the user lays out the program.
const OWN_LAYOUT: [&str; 6] = ["-T", "--script", "-script", "--default-script", "-N", "--omagic"];

/// How the linker of this call reads the script that keeps the parts of libraries at their distances. Where it is not
/// known, or has a script of the user's, there is none: every linker can go the other way.
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
        // The built-in linker reads no scripts; `auto` leaves such links to the compiler's own.
        None if settings.linker == LinkerChoice::Wild => return None,
        None => settings.linker.named().map(str::to_owned),
    };
    let known = |(name, says, _): &&(&str, &str, Dialect)| match &named {
        Some(word) => word == name,
        None => facts.linker.contains(says),
    };
    WITH_INSERT.iter().find(known).map(|(_, _, dialect)| *dialect)
}

/// Resolves, and once more where archives can't be linked and their shared objects can be converted, or have
/// constructors that converted libraries count on.
pub(super) fn resolved(
    resolve: impl Fn(Option<&Means>) -> Resolution,
    facts: &Facts,
    means: Option<Means>,
) -> Resolution {
    let found = resolve(means.as_ref());
    let Some(mut means) = means else { return found };
    let mut archives = libs::archives(&found, facts, &means);
    if means.choice.mode == ConvertMode::Off {
        archives.incomplete.clear();
    }
    means.incomplete = archives.incomplete.iter().map(|(archive, _)| archive.clone()).collect();
    let found = match means.incomplete.is_empty() {
        true => found,
        false => resolve(Some(&means)),
    };
    let converts = found.store.shelf.as_ref().is_some_and(|s| !s.is_empty());
    means.numbered = archives.with_constructors;
    let found = match converts && !means.numbered.is_empty() {
        true => resolve(Some(&means)),
        false => found,
    };
    Resolution { incomplete: archives.incomplete, ..found }
}

/// Libraries that turned out not to be convertible go from those that are in the program to those that are missing.
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
    let converted = crate::libs::Provider::Converted;
    resolution.libraries.retain(|l| l.provider != converted || !gone.contains(&l.path));
}
