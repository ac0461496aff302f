//! These programs as a build would find them: what this file is, its names beside it, others along PATH, and the directories
//! that it keeps things in.

use super::build_facts::VERSION;
use crate::check::{self, CallEvidence, Expect, Image, Verdict};
use crate::files::Identity;
use crate::parts::noted_program;
use crate::run::{Command, capture};
use crate::session::own_programs::{NAMES, STATICCTL};
use crate::settings::Settings;
use nix::unistd::{AccessFlags, access};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another program may take to tell its version.
const TELLS: Duration = Duration::from_secs(5);

/// What a name beside this program leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameState {
    /// This file itself.
    Same,
    /// Another file of the same version.
    SameVersion,
    /// Another version, or no program of ours.
    Different,
    Missing,
}

/// One of our names beside this program.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NameBeside {
    pub name: &'static str,
    pub path: PathBuf,
    pub state: NameState,
    pub version: Option<String>,
}

/// One of our programs elsewhere on PATH.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FoundElsewhere {
    pub path: PathBuf,
    pub version: Option<String>,
    /// A shell finds it before this one.
    pub first: bool,
}

/// A directory of ours.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OwnPlace {
    pub what: &'static str,
    /// None without a home.
    pub path: Option<PathBuf>,
    /// Why nothing can be written there.
    pub unwritable: Option<String>,
}

/// What this program's file is, as `staticctl check` tells it.
///
/// # Errors
/// It can't be read.
pub(crate) fn judged(program: &Path) -> Result<(Image, Verdict), String> {
    let image = check::inspect(program).map_err(|e| e.to_string())?;
    let verdict = check::judge(&image, &Expect::default(), &CallEvidence::default());
    Ok((image, verdict))
}

/// The names beside a program.
pub(crate) fn beside(program: &Path) -> Vec<NameBeside> {
    let dir = program.parent().unwrap_or(Path::new("/"));
    let own = Identity::of(program);
    let one = |name: &'static str| {
        let path = dir.join(name);
        let (state, version) = match Identity::of(&path) {
            None => (NameState::Missing, None),
            there if there == own => (NameState::Same, Some(VERSION.to_owned())),
            Some(_) => {
                let version = noted_program::crate_of(&path).map(|(_, version)| version);
                let same = version.as_deref() == Some(VERSION);
                (if same { NameState::SameVersion } else { NameState::Different }, version)
            }
        };
        NameBeside { name, path, state, version }
    };
    NAMES.into_iter().map(one).collect()
}

/// The version of a program of ours; none if it does not tell.
fn version(program: &Path) -> Option<String> {
    if let Some((_, version)) = noted_program::crate_of(program) {
        return Some(version);
    }
    // The drivers' version is the compiler's.
    let ctl = program.parent()?.join(STATICCTL);
    let said = capture::capture_within(&Command::new([ctl]).arg("--version"), TELLS).ok()?.text();
    Some(said.lines().next()?.strip_prefix("staticctl ")?.to_owned())
}

/// Our programs in other directories of PATH, in its order, one for each directory.
pub(crate) fn elsewhere(settings: &Settings, program: &Path) -> Vec<FoundElsewhere> {
    let own = Identity::of(program);
    let home = program.parent().and_then(Identity::of);
    let mut seen = vec![home];
    let mut first = true;
    let mut found = Vec::new();
    for dir in std::env::split_paths(settings.path.as_deref().unwrap_or_default()).filter(|dir| dir.is_absolute()) {
        let identity = Identity::of(&dir);
        first &= identity.is_none() || identity != home;
        if identity.is_none() || seen.contains(&identity) {
            continue;
        }
        seen.push(identity);
        let names = NAMES.iter().map(|name| dir.join(name));
        let is_other = |path: &PathBuf| path.is_file() && Identity::of(path) != own;
        if let Some(path) = names.filter(is_other).find(|path| access(path, AccessFlags::X_OK).is_ok()) {
            // A build that found one through a link of ours found this one.
            let beside = fs::canonicalize(&path).ok().and_then(|real| Identity::of(real.parent()?));
            if beside != home {
                found.push(FoundElsewhere { version: version(&path), path, first });
            }
        }
    }
    found
}

/// Whether the directory of a program is on PATH.
pub(crate) fn is_on_path(settings: &Settings, dir: &Path) -> bool {
    let own = Identity::of(dir);
    let path = settings.path.as_deref().unwrap_or_default();
    own.is_some() && std::env::split_paths(path).any(|on| on.is_absolute() && Identity::of(&on) == own)
}

/// The directories of ours, and whether they can be written.
pub(crate) fn places(settings: &Settings) -> Vec<OwnPlace> {
    let all = [("cache", &settings.cache_dir), ("data", &settings.data_dir), ("config", &settings.config_dir)];
    let one = |(what, path): (&'static str, &Option<PathBuf>)| OwnPlace {
        what,
        path: path.clone(),
        unwritable: path.as_deref().and_then(unwritable),
    };
    all.into_iter().map(one).collect()
}

/// Why a directory can't be written, or the nearest one above that is there.
fn unwritable(dir: &Path) -> Option<String> {
    let there = dir.ancestors().find(|dir| fs::symlink_metadata(dir).is_ok())?;
    if !there.is_dir() {
        return Some(format!("`{}` is no directory", there.display()));
    }
    let error = access(there, AccessFlags::W_OK | AccessFlags::X_OK).err()?;
    Some(format!("`{}`: {}", there.display(), error.desc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_as_writable_as_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(unwritable(&dir.path().join("a/b")), None);
        assert!(unwritable(&dir.path().join("file/b")).unwrap().ends_with("is no directory"));
    }

    #[test]
    fn names_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("staticctl"), "x").unwrap();
        fs::hard_link(at("staticctl"), at("staticcc")).unwrap();
        fs::write(at("staticcxx"), "y").unwrap();
        let states: Vec<NameState> = beside(&at("staticctl")).iter().map(|name| name.state).collect();
        assert_eq!(states, [NameState::Same, NameState::Different, NameState::Missing, NameState::Same]);
        let settings = Settings { path: Some(dir.path().into()), ..Settings::default() };
        assert!(is_on_path(&settings, dir.path()) && !is_on_path(&settings, Path::new("/")));
        assert_eq!(elsewhere(&settings, &at("staticctl")).len(), 0);
    }
}
