//! `staticctl toolchain install|remove|test`.

use super::output::{fail, produce};
use crate::install::manifest::Manifest;
use crate::install::place::ToolchainPlace;
use crate::install::prerequisites::install_command;
use crate::install::selftest::{self, Emulator, TestedCompiler};
use crate::install::{InstallError, InstallOptions, install};
use crate::message;
use crate::message::size::size;
use crate::model::Language;
use crate::options;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::parallel::processors;
use crate::repairs;
use crate::run;
use crate::settings::Settings;
use crate::toolchain::select::{install_hint, resolve};
use crate::toolchain::{CallNeed, Invocation};
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Builds a toolchain and reports the result.
pub(crate) fn build(settings: &Settings, options: &InstallOptions) -> u8 {
    match install(settings, options) {
        Ok(manifest) => {
            if !options.quiet {
                message::note(format!(
                    "toolchain `{}`: {} with libstdc++ {}, {}, {}, {}",
                    manifest.name,
                    manifest.target,
                    manifest.source_version,
                    manifest.tests_passed(),
                    size(manifest.size),
                    if manifest.lean { "locales linked as used" } else { "locales linked whole" },
                ));
                for note in &manifest.notes {
                    message::note(note);
                }
                message::hint(format!(
                    "{1}={0} make, or `staticctl toolchain default {0}`",
                    manifest.name,
                    options::TOOLCHAIN.name
                ));
            }
            EXIT_YES
        }
        Err(InstallError::Interrupted(signal)) => {
            message::note("interrupted: the same command resumes where it stopped");
            run::die_by(signal)
        }
        Err(InstallError::Missing(missing)) => {
            for m in &missing {
                message::error(m.line());
            }
            if let Some(words) = install_command(&missing) {
                message::hint(format!("{}, or `staticctl toolchain install musl --yes`", words.join(" ")));
            }
            for way in missing.iter().filter_map(|m| m.other_way()) {
                message::hint(way);
            }
            EXIT_ERROR
        }
        Err(InstallError::Space { dir, has, needs }) => fail(
            InstallError::Space { dir, has, needs },
            Some("free some space there, or name other directories with XDG_CACHE_HOME and XDG_DATA_HOME".into()),
        ),
        Err(error) => fail(error, None),
    }
}

/// Removes a toolchain that was built.
pub(crate) fn remove(settings: &Settings, name: &str) -> u8 {
    let Some(data) = &settings.data_dir else { return fail(InstallError::NoHome, None) };
    let place = ToolchainPlace::new(data, name);
    if name.contains('/') || place.in_use().is_none() {
        let hint = "staticctl toolchain list shows which toolchains were built here";
        return fail(format!("no toolchain `{name}` was built here"), Some(hint.into()));
    }
    match place.lock(|| message::note("another install is running: waiting for it")).and_then(|_lock| place.remove()) {
        Ok(()) => EXIT_YES,
        Err(e) => fail(format!("`{}` can't be removed: {e}", place.prefix.display()), None),
    }
}

pub(crate) fn test(settings: &Settings, name: &OsStr, json: bool) -> u8 {
    let descriptor = match resolve(settings, name) {
        Ok(descriptor) => descriptor,
        Err(e) => {
            let hint = e.hint();
            return fail(e, hint);
        }
    };
    let only = Settings { toolchain: Some(name.to_owned()), cc: None, cxx: None, ..settings.clone() };
    let mut errors = Vec::new();
    let mut compilers = Vec::new();
    for language in &descriptor.languages {
        let invocation = Invocation { language: *language, name: None };
        match repairs::select(&only, &invocation, CallNeed::Link, &[]) {
            Ok(selected) => compilers.extend(TestedCompiler::of(&selected, name, &only).map(|c| (*language, c))),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if compilers.is_empty() {
        return fail(errors.join("; "), install_hint(&descriptor));
    }
    let emulator = match emulator(settings, compilers.first().map_or("", |(_, c)| &c.facts.triple)) {
        Ok(emulator) => emulator,
        Err(arch) => {
            return fail(format!("programs for {arch} can't be run here"), Some(format!("install qemu-{arch}-static")));
        }
    };
    let find = |language: Language| compilers.iter().find(|(l, _)| *l == language).map(|(_, c)| c.clone());
    let programs = selftest::programs_for(find(Language::Cxx).as_ref());
    let outcomes = match selftest::test_programs(&find, &programs, &emulator, processors(), &|_| {}) {
        Ok(outcomes) => outcomes,
        Err(e) => return fail(format!("testing: {e}"), None),
    };
    if let Some(dir) = &settings.data_dir {
        // Only for the list: a test that can't be noted was a test all the same.
        let _ = selftest::note(dir, &descriptor.name, &outcomes);
    }
    let failed = outcomes.iter().filter(|o| o.failed.is_some()).count();
    let code = if failed == 0 && errors.is_empty() { EXIT_YES } else { EXIT_NO };
    if json {
        return produce(
            &format!("{:#}\n", serde_json::json!({ "toolchain": descriptor.name, "tests": outcomes })),
            code,
        );
    }
    let mut text = String::new();
    for o in &outcomes {
        let how = o.failed.as_deref().unwrap_or("passes");
        // Writing to a String can't fail.
        let _ = writeln!(text, "{:<14} {:<11} {how}", o.name, o.kind.flag().trim_start_matches('-'));
    }
    let _ = writeln!(text, "{} of {} pass", outcomes.len() - failed, outcomes.len());
    for error in errors {
        let _ = writeln!(text, "{error}");
    }
    produce(&text, code)
}

/// What runs programs of a target, if this machine does not.
///
/// # Errors
/// The architecture for which there is nothing.
pub(super) fn emulator(settings: &Settings, triple: &str) -> Result<Emulator, String> {
    let own = std::env::consts::ARCH;
    let arch = triple.split('-').next().filter(|arch| !arch.is_empty()).unwrap_or(own);
    if arch == own {
        return Ok(None);
    }
    let names = [format!("qemu-{arch}-static"), format!("qemu-{arch}")];
    let found = names.iter().find_map(|n| which::which_in(n, settings.path.as_deref(), "/").ok());
    found.map(Some).ok_or_else(|| arch.to_owned())
}

/// What is known of a toolchain that was built here.
pub(crate) fn manifest(descriptor: &crate::toolchain::descriptor::Descriptor) -> Option<Manifest> {
    Manifest::load(descriptor.manifest.as_deref()?)
}

/// Says that a toolchain has no prefix.
pub(crate) fn no_prefix(name: &OsStr) -> u8 {
    fail(
        format!("toolchain `{}` has no prefix for libraries: it was not built here", name.to_string_lossy()),
        Some("staticctl toolchain install musl".into()),
    );
    EXIT_ERROR
}
