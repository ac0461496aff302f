//! The choice of the compiler for a call.
//!
//! In this order: the toolchain in `STATICCXX_TOOLCHAIN`; the compiler in `STATICCXX_CC` or `STATICCXX_CXX`; that of the
//! tree that this program is part of; a cross
//! compiler whose name we were called by; the user's default toolchain; another compiler whose name we were called by;
//! then `auto`: the host's own, else any toolchain with C and C++.

use super::built_with::outdated;
use super::descriptor::{self, Descriptor};
use super::descriptor_path;
use super::emulated::ProgramsRun;
use super::facts::{Facts, Selected};
use super::find::{self, Chain};
use super::mechanism::MechanismsOff;
use super::name::Invocation;
use super::package_manager::this_package_manager;
use super::packed;
use super::probe;
use super::probe::MakeRepairs;
use super::probe_cache::{self, Key};
use super::select_error::SelectError;
use crate::model::Language;
use crate::options;
use crate::run;
use crate::settings::Settings;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The descriptor of a compiler of which only the name is known.
pub(crate) const GENERIC: &str = "host-gcc";

/// What a call needs to know of its toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallNeed {
    /// The compiler; probed only if the choice depends on it and nothing is cached.
    Compile,
    /// The facts too.
    Link,
}

/// Chooses a toolchain and, for a link, checks that it links static programs; `repair` builds the repairs of a probed
/// compiler.
///
/// # Errors
/// No compiler, no toolchain of the requested name, or an incomplete one.
pub(crate) fn select(
    settings: &Settings,
    invocation: &Invocation,
    need: CallNeed,
    abi: &[OsString],
    repair: MakeRepairs,
) -> Result<Selected, SelectError> {
    let chooser = Chooser::new(settings, invocation.language, repair)?;
    let candidate = match chooser.asked_for(invocation)? {
        Some(candidate) => candidate,
        None => return chooser.auto(need, abi),
    };
    if need == CallNeed::Compile {
        // The choice needs neither probing nor the cache.
        return Ok(chooser.selected(candidate, Probed::default()));
    }
    let facts = chooser.facts_for(&candidate, need, abi)?;
    match &facts.found {
        Some(found) if !found.complete() => Err(candidate.incomplete(abi, found, invocation.language)),
        _ => Ok(chooser.selected(candidate, facts)),
    }
}

/// The compiler that a call asks for, else the host's, for what needs to know nothing of it.
///
/// # Errors
/// No compiler, or no toolchain of the requested name.
pub(crate) fn unprobed(settings: &Settings, invocation: &Invocation) -> Result<Selected, SelectError> {
    let chooser = Chooser::new(settings, invocation.language, |_, _, _| (None, MechanismsOff::new()))?;
    let candidate = match chooser.asked_for(invocation)? {
        Some(candidate) => candidate,
        None => chooser.host()?,
    };
    Ok(chooser.selected(candidate, Probed::default()))
}

/// The next compiler of the name that we were called by, for a wrapper on PATH that called us back.
///
/// # Errors
/// There is no other.
pub(crate) fn pass_through(settings: &Settings, invocation: &Invocation) -> Result<Selected, SelectError> {
    let chooser = Chooser::new(settings, invocation.language, |_, _, _| (None, MechanismsOff::new()))?;
    let candidate = match &invocation.name {
        Some(name) => chooser.by_name(name)?,
        None => chooser.host()?,
    };
    Ok(chooser.selected(candidate, Probed::default()))
}

/// A compiler that may be chosen.
#[derive(Debug, Clone)]
struct CompilerCandidate {
    descriptor: Descriptor,
    command: Vec<OsString>,
}

impl CompilerCandidate {
    /// The error that it does not link static programs with these ABI options.
    fn incomplete(&self, abi: &[OsString], facts: &Facts, language: Language) -> SelectError {
        let compiler = run::shell_line(&[self.command.as_slice(), abi].concat());
        if let Some(why) = &facts.undecided {
            return SelectError::Undecided { compiler, language, why: why.clone() };
        }
        SelectError::Incomplete {
            name: self.descriptor.name.clone(),
            compiler,
            language,
            why: facts.missing.values().next().cloned().unwrap_or_else(|| "it was not tested".into()),
            install: install_hint(&self.descriptor),
        }
    }
}

#[derive(Debug, Default)]
struct Probed {
    found: Option<Facts>,
    warning: Option<String>,
    /// Milliseconds that it took, if it was not done before.
    took: f64,
}

struct Chooser<'a> {
    settings: &'a Settings,
    language: Language,
    chain: Chain,
    launcher: Vec<OsString>,
    repair: MakeRepairs,
}

impl<'a> Chooser<'a> {
    fn new(settings: &'a Settings, language: Language, repair: MakeRepairs) -> Result<Chooser<'a>, SelectError> {
        let chain = Chain::of(settings);
        let launcher = match &settings.launcher {
            Some(line) => named_command(options::LAUNCHER.name, line, settings, &chain)?,
            None => Vec::new(),
        };
        Ok(Chooser { settings, language, chain, launcher, repair })
    }

    /// The compiler that settings or our own name request; none means `auto`.
    fn asked_for(&self, invocation: &Invocation) -> Result<Option<CompilerCandidate>, SelectError> {
        if let Some(name) = &self.settings.toolchain {
            return self.toolchain(name).map(Some);
        }
        let (variable, line) = match self.language {
            Language::C => (options::CC.name, &self.settings.cc),
            Language::Cxx => (options::CXX.name, &self.settings.cxx),
        };
        if let Some(line) = line {
            let command = named_command(variable, line, self.settings, &self.chain)?;
            return Ok(Some(CompilerCandidate { descriptor: self.generic()?, command }));
        }
        // As part of a tree with a compiler this program is that compiler's driver.
        if let Some(descriptor) = packed::own_toolchain(self.settings, invocation)? {
            return self.of_descriptor(descriptor).map(Some);
        }
        if let Some(name) = invocation.name.as_ref().filter(|_| invocation.is_cross()) {
            return self.by_name(name).map(Some);
        }
        if let Some(name) = user_default(self.settings) {
            return self.toolchain(OsStr::new(&name)).map(Some);
        }
        match &invocation.name {
            Some(name) => self.by_name(name).map(Some),
            None => Ok(None),
        }
    }

    /// The toolchain of a name or descriptor path.
    fn toolchain(&self, name: &OsStr) -> Result<CompilerCandidate, SelectError> {
        let descriptor = resolve(self.settings, name)?;
        self.of_descriptor(descriptor)
    }

    fn of_descriptor(&self, descriptor: Descriptor) -> Result<CompilerCandidate, SelectError> {
        if !descriptor.languages.contains(&self.language) {
            return Err(SelectError::NoLanguage {
                name: descriptor.name,
                language: self.language,
                description: descriptor.description,
            });
        }
        match command_of(&descriptor, self.language, self.settings, &self.chain) {
            Some(command) => Ok(CompilerCandidate { descriptor, command }),
            None => Err(self.no_compiler(&descriptor)),
        }
    }

    fn no_compiler(&self, descriptor: &Descriptor) -> SelectError {
        let names = descriptor.find.get(&self.language).into_iter().flatten().filter_map(|words| words.first());
        // Also where no program may be executed, as on a file system that is mounted so.
        if let Some(there) = names.clone().find(|name| Path::new(name).is_absolute() && Path::new(name).is_file()) {
            let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
            return SelectError::Unrunnable { compiler: there.clone(), error };
        }
        SelectError::NoCompiler {
            language: self.language,
            looked_for: names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
            install: install_hint(descriptor),
        }
    }

    fn by_name(&self, name: &OsStr) -> Result<CompilerCandidate, SelectError> {
        let descriptor = self.generic()?;
        match find::program(name, self.settings, &self.chain) {
            Some(path) => Ok(CompilerCandidate { descriptor, command: vec![path.into_os_string()] }),
            None => Err(SelectError::NoCompiler {
                language: self.language,
                looked_for: format!("`{}`", name.to_string_lossy()),
                install: install_hint(&descriptor),
            }),
        }
    }

    fn host(&self) -> Result<CompilerCandidate, SelectError> {
        self.of_descriptor(self.generic()?)
    }

    /// The descriptor for a compiler of which only the name is known: the host's.
    fn generic(&self) -> Result<Descriptor, SelectError> {
        resolve(self.settings, OsStr::new(GENERIC))
    }

    fn auto(&self, need: CallNeed, abi: &[OsString]) -> Result<Selected, SelectError> {
        let host = self.host();
        if let Ok(candidate) = &host {
            let facts = self.facts_for(candidate, need, abi)?;
            if facts.found.as_ref().is_none_or(Facts::complete) {
                return Ok(self.selected(candidate.clone(), facts));
            }
            // Nobody named another toolchain, and the host's may do it the next time.
            if let Some(found) = facts.found.as_ref().filter(|f| f.undecided.is_some()) {
                return match need {
                    CallNeed::Link => Err(candidate.incomplete(abi, found, self.language)),
                    CallNeed::Compile => Ok(self.selected(candidate.clone(), facts)),
                };
            }
            // The host lacks the target of this one call; another toolchain would link for another target.
            if let (false, Some(found)) = (abi.is_empty(), &facts.found)
                && self.facts_for(candidate, need, &[])?.found.as_ref().is_none_or(Facts::complete)
            {
                return Err(candidate.incomplete(abi, found, self.language));
            }
        }
        for descriptor in descriptor::all(self.settings)? {
            let both = descriptor.languages.contains(&Language::C) && descriptor.languages.contains(&Language::Cxx);
            if !both || descriptor.name == GENERIC {
                continue;
            }
            let Ok(candidate) = self.of_descriptor(descriptor.for_arch(std::env::consts::ARCH)) else { continue };
            let facts = self.facts_for(&candidate, CallNeed::Link, abi)?;
            if facts.found.as_ref().is_some_and(Facts::complete) {
                return Ok(self.selected(candidate, facts));
            }
        }
        // Nothing is complete: compiling still works, a link reports what to install.
        let candidate = host?;
        let facts = self.facts_for(&candidate, need, abi)?;
        match (need, &facts.found) {
            (CallNeed::Link, Some(found)) => Err(candidate.incomplete(abi, found, self.language)),
            _ => Ok(self.selected(candidate, facts)),
        }
    }

    /// Facts from the cache, else probed. A compile call without a writable cache gets none.
    fn facts_for(
        &self,
        candidate: &CompilerCandidate,
        need: CallNeed,
        abi: &[OsString],
    ) -> Result<Probed, SelectError> {
        if let Some(found) = packed::facts(&candidate.descriptor, self.language).filter(|_| abi.is_empty()) {
            return Ok(Probed { found: Some(found), ..Probed::default() });
        }
        let dir = self.settings.cache_dir.as_deref();
        let own = serde_json::to_string(&candidate.descriptor).unwrap_or_default();
        // What a compile call needs does not depend on its ABI options.
        let abi = if need == CallNeed::Link { abi } else { &[] };
        let key = Key::of(&candidate.command, abi, &format!("{} {own}", self.language));
        let kept = |key: &Key| self.kept_facts(key, need);
        if let Some(facts) = key.as_ref().and_then(kept) {
            return Ok(Probed { found: Some(facts), ..Probed::default() });
        }
        // Asked once: facts without repairs, which have no place here, are not kept if there is one afterwards.
        let writable = dir.map(|dir| can_write(dir).map(|()| dir));
        let place = writable.as_ref().and_then(|written| written.as_ref().ok()).copied();
        if need == CallNeed::Compile && place.is_none() {
            return Ok(Probed::default());
        }
        // The jobs of a parallel build wait for the first of them.
        let _alone = probe_cache::alone(place, key.as_ref());
        if let Some(facts) = key.as_ref().and_then(kept) {
            return Ok(Probed { found: Some(facts), ..Probed::default() });
        }
        let start = Instant::now();
        log::debug!("probing {}", run::shell_line(&candidate.command));
        let keep = place.zip(key.as_ref()).map(|(dir, key)| key.repairs(dir));
        let env = self.env(candidate);
        let facts = run::capture::uncut(|| {
            probe::probe(
                &candidate.command,
                abi,
                &env,
                self.language,
                &candidate.descriptor,
                self.repair,
                keep.as_deref(),
            )
        })
        .map_err(|error| SelectError::Unrunnable { compiler: run::shell_line(&candidate.command), error })?;
        let stored = match (writable, &key) {
            (Some(writable), Some(key)) if facts.undecided.is_none() => {
                writable.and_then(|dir| probe_cache::store(dir, key, &facts))
            }
            _ => Ok(()),
        };
        let warning = stored.err().zip(dir).map(|(error, dir)| {
            format!(
                "the cache directory `{}` can't be written ({error}): every link probes the compiler, and glibc's locales and name services stay unrepaired",
                dir.display()
            )
        });
        Ok(Probed { found: Some(facts), warning, took: start.elapsed().as_secs_f64() * 1000.0 })
    }

    /// Kept facts that hold. A compile call only needs the kind of compiler; only links check the files that the facts name.
    fn kept_facts(&self, key: &Key, need: CallNeed) -> Option<Facts> {
        let dir = self.settings.cache_dir.as_deref();
        match need {
            CallNeed::Link => probe_cache::load(dir, key).filter(|facts| !self.would_run(&facts.runs)),
            CallNeed::Compile => probe_cache::load_unproved(dir, key),
        }
    }

    /// Whether programs that could not be run when their compiler was probed can be now.
    fn would_run(&self, runs: &ProgramsRun) -> bool {
        let ProgramsRun::Not(emulators) = runs else { return false };
        emulators.iter().any(|name| find::program(OsStr::new(name), self.settings, &self.chain).is_some())
    }

    /// Environment for every run of the compiler: the chain that ends recursion.
    fn env(&self, candidate: &CompilerCandidate) -> Vec<(OsString, OsString)> {
        let program = candidate.command.first().map(PathBuf::from).unwrap_or_default();
        vec![(options::REAL_COMPILER.name.into(), self.chain.with(&program))]
    }

    fn selected(&self, candidate: CompilerCandidate, probed: Probed) -> Selected {
        let warnings = probed.warning.into_iter().chain(outdated(&candidate.descriptor)).collect();
        let env = self.env(&candidate);
        let mut compiler = candidate.command;
        if let Some(first) = compiler.first_mut()
            && let Some(called) = packed::as_called(self.settings, Path::new(first))
        {
            *first = called.into_os_string();
        }
        Selected {
            env,
            toolchain: candidate.descriptor.name.clone(),
            compile_args: candidate.descriptor.compile_args.iter().map(OsString::from).collect(),
            descriptor: candidate.descriptor,
            compiler,
            launcher: self.launcher.clone(),
            facts: probed.found,
            language: self.language,
            warnings,
            probe: probed.took,
        }
    }
}

/// Makes a directory that can be written.
///
/// # Errors
/// It can't be made, or not be written.
fn can_write(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    Ok(nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK)?)
}

/// The descriptor of a name or path.
///
/// # Errors
/// An unknown name or a broken file.
pub(crate) fn resolve(settings: &Settings, name: &OsStr) -> Result<Descriptor, SelectError> {
    if descriptor_path::is_path(name) {
        return Ok(Descriptor::load(Path::new(name))?.for_arch(std::env::consts::ARCH));
    }
    let text = name.to_string_lossy();
    if let Some(descriptor) = descriptor::simple(settings.config_dir.as_deref(), &text)? {
        return Ok(descriptor.for_arch(std::env::consts::ARCH));
    }
    let all = descriptor::all(settings)?;
    descriptor::named(&all, &text, std::env::consts::ARCH).ok_or_else(|| SelectError::Unknown {
        name: text.clone().into_owned(),
        known: all.iter().map(|d| d.name.replace("{arch}", "ARCH")).collect::<Vec<_>>().join(", "),
    })
}

/// The command of a descriptor for a language, if its program is on PATH.
pub(crate) fn command_of(
    descriptor: &Descriptor,
    language: Language,
    settings: &Settings,
    chain: &Chain,
) -> Option<Vec<OsString>> {
    let candidates = descriptor.find.get(&language)?;
    candidates.iter().find_map(|words| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        find::command(&words, settings, chain)
    })
}

fn named_command(
    variable: &'static str,
    line: &OsStr,
    settings: &Settings,
    chain: &Chain,
) -> Result<Vec<OsString>, SelectError> {
    let text = || line.to_string_lossy().into_owned();
    let words = find::split(line).ok_or_else(|| SelectError::BadCommand { variable, value: text() })?;
    find::command(&words, settings, chain).ok_or_else(|| SelectError::NoSuchProgram { variable, program: text() })
}

/// The toolchain that `staticctl toolchain default` set; none if the file can't be read.
pub(crate) fn user_default(settings: &Settings) -> Option<String> {
    let text = fs::read(settings.config_dir.as_ref()?.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&text).ok()?;
    config.get("toolchain")?.as_str().map(str::to_owned).filter(|n| n != "auto")
}

/// The install command for this machine's package manager.
pub(crate) fn install_hint(descriptor: &Descriptor) -> Option<String> {
    descriptor.install.get(this_package_manager()?).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_toolchain_is_named_with_the_known_ones() {
        let e = resolve(&Settings::default(), OsStr::new("nonsense")).unwrap_err();
        assert!(e.to_string().contains("`nonsense`") && e.to_string().contains(GENERIC), "{e}");
        assert!(e.hint().is_some());
    }
}
