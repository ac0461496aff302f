//! Which libraries of a program are linked from archives and which are converted.

use super::output::{Reported, report_error};
use crate::check::{self, Expect};
use crate::libs::ld_so::{self, LoadList};
use crate::libs::{SearchPath, plugin_list};
use crate::options::convert::ConvertChoice;
use crate::packages;
use crate::program::sources::{self, FromShared, LibrarySource, WhyConverted};
use crate::settings::Settings;
use crate::toolchain::Facts;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What becomes of each library.
pub(super) struct LibraryPlan {
    /// One for each library that was found, in the loader's order.
    pub(super) sources: Vec<LibrarySource>,
    pub(super) words: Vec<OsString>,
    pub(super) choice: ConvertChoice,
    /// What the program opens at run time, as STATICCXX_PLUGINS names it.
    pub(super) plugins: Option<OsString>,
}

impl LibraryPlan {
    pub(super) fn of(settings: &Settings, found: &LoadList, facts: &Facts, wanted: &FromShared) -> LibraryPlan {
        let target = Expect::from_triple(&facts.triple);
        let path = SearchPath { dirs: facts.library_dirs.clone(), target, ..SearchPath::default() };
        let archives: Vec<Option<PathBuf>> = found.loaded.iter().map(|l| sources::candidate(l, &path)).collect();
        let files = found.loaded.iter().map(|l| l.path.clone()).chain(archives.iter().flatten().cloned());
        let owners = packages::owners(settings, &files.collect::<Vec<_>>());
        let mut of_archives = owners.iter().skip(found.loaded.len());
        let mut plan = LibraryPlan { sources: vec![], words: vec![], choice: ConvertChoice::default(), plugins: None };
        for (number, (loaded, archive)) in found.loaded.iter().zip(&archives).enumerate() {
            let of_shared = owners.get(number).and_then(Option::as_ref);
            let of_archive = archive.as_ref().and_then(|_| of_archives.next()).and_then(Option::as_ref);
            let source = sources::of(loaded, archive.as_deref(), (of_shared, of_archive), wanted);
            match &source {
                LibrarySource::Toolchain(word) => plan.words.extend(word.clone()),
                // The driver finds the archive beside it, and whether that can be linked.
                LibrarySource::Archive(_) => plan.words.push(loaded.path.clone().into()),
                LibrarySource::Converted(_) => {
                    plan.words.push(loaded.path.clone().into());
                    plan.choice.named.push(sources::short(loaded));
                }
            }
            plan.sources.push(source);
        }
        plan
    }

    /// The same with all shared objects converted; none if it is so already.
    pub(super) fn without_archives(
        &self,
        settings: &Settings,
        found: &LoadList,
        facts: &Facts,
    ) -> Result<Option<LibraryPlan>, Reported> {
        if !self.sources.iter().any(|source| matches!(source, LibrarySource::Archive(_))) {
            return Ok(None);
        }
        let wanted = FromShared::everything(WhyConverted::OtherBehaviour);
        let mut plan = LibraryPlan::of(settings, found, facts, &wanted);
        plan.plugins.clone_from(&self.plugins);
        plan.convert_for_plugins(found, facts, settings)?;
        Ok(Some(plan))
    }

    /// Libraries that only plugins need are converted with them, whether or not there are archives: those would have to be of
    /// the same version, and their names are the whole program's.
    pub(super) fn convert_for_plugins(
        &mut self,
        found: &LoadList,
        facts: &Facts,
        settings: &Settings,
    ) -> Result<(), Reported> {
        let Some(words) = &self.plugins else { return Ok(()) };
        let words = plugin_list::words(&words.to_string_lossy());
        let wanted = plugin_list::read(&words, Path::new(""), &facts.library_dirs)
            .map_err(|e| report_error(format!("--plugin: {e}"), Some("name a shared object by its path".into())))?;
        for plugin in wanted.plugins {
            let Ok(image) = check::inspect_headers(&plugin.path) else { continue };
            for loaded in ld_so::load_list(&plugin.path, &image, &settings.loader_path()).loaded {
                if !found.loaded.iter().any(|l| l.name == loaded.name) && !sources::is_toolchain_s(&loaded) {
                    self.choice.named.push(sources::short(&loaded));
                }
            }
        }
        self.choice.named.sort();
        self.choice.named.dedup();
        Ok(())
    }
}
