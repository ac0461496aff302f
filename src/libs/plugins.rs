//! Plugins, and their dependencies beyond what the program contains.

use super::counterpart;
use super::decision::{CodeSource, Decision, Slot};
use super::library_ref::stem;
use super::located::Located;
use super::missing::PLUGINS;
use super::plugin_list::Plugin;
use super::resolution::{LinkedLibrary, Provider};
use super::resolver::Resolver;
use super::supplier::{ModuleRole, Use};
use crate::convert::Refusal;
use crate::toolchain_libs;
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

impl Resolver<'_> {
    /// Adds the plugins of the link, once all that the program itself needs is known.
    pub(super) fn plugins(&mut self, plugins: &[Plugin]) {
        if self.supplier.policy().is_none() || plugins.is_empty() {
            return;
        }
        self.of_archives = self.needs_of_their_archives(plugins);
        let mut taken = Vec::new();
        for plugin in plugins {
            // A library that the program contains already, which dlopen knows.
            if self.is_inside(&plugin.path) {
                continue;
            }
            if stem(&plugin.path).is_some_and(|stem| self.of_archives.contains(stem)) {
                continue;
            }
            if self.module(plugin.path.clone(), ModuleRole::Plugin, PLUGINS, plugin.named) {
                taken.push(&plugin.path);
            }
        }
        self.for_plugins = true;
        self.use_of_it = Use::IfNeeded;
        for path in taken {
            self.needs_of_shared(path, &[PLUGINS.to_owned()]);
        }
    }

    /// What the archives need that are linked in for these plugins. A module has a namespace of its own, so that the
    /// references of an archive's members would not be bound to it.
    fn needs_of_their_archives(&self, plugins: &[Plugin]) -> BTreeSet<OsString> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo: VecDeque<(PathBuf, bool)> = plugins.iter().map(|p| (p.path.clone(), false)).collect();
        while let Some((shared, of_archive)) = todo.pop_front() {
            for dependency in self.dependencies_of(&shared) {
                let Some(stem) = dependency.stem().filter(|stem| !self.is_the_program_s(stem)) else { continue };
                if of_archive {
                    found.insert(stem.clone());
                }
                let (next, of_archive) = match self.locate_dependency(&dependency) {
                    Located::Archive(archive) => (counterpart::shared_of(&archive, self.path).map(|s| s.0), true),
                    Located::Shared(shared) => {
                        let archive = counterpart::archive_beside(&shared, self.path);
                        let archived = archive.is_some_and(|archive| !self.prefers(&stem, Some(&archive)));
                        (Some(shared), of_archive || archived)
                    }
                    _ => continue,
                };
                todo.extend(next.filter(|_| seen.insert((stem, of_archive))).map(|next| (next, of_archive)));
            }
        }
        found
    }

    /// Whether a library is in the program in any case.
    fn is_the_program_s(&self, stem: &OsStr) -> bool {
        let name = OsStr::from_bytes(stem.as_bytes().strip_prefix(b"lib").unwrap_or(stem.as_bytes()));
        let toolchain = stem.as_bytes().starts_with(b"ld-") || toolchain_libs::is_implied(name);
        toolchain || toolchain_libs::is_driver_s(name) || self.seen.contains(stem)
    }

    fn is_inside(&self, path: &Path) -> bool {
        let real = path.canonicalize().ok();
        let same = |l: &LinkedLibrary| l.twin.as_ref().and_then(|t| t.canonicalize().ok()) == real;
        real.is_some() && self.out.libraries.iter().any(same)
    }

    /// Decides on a shared object that plugins need: it becomes a module too.
    pub(super) fn needed_by_plugins(&mut self, shared: PathBuf) -> Decision {
        let how = format!("converted from `{}`", shared.display());
        let code = self.module(shared.clone(), ModuleRole::Needed, PLUGINS, true).then_some(CodeSource::Nothing);
        Decision { code, shared: Some(shared), how, ..Decision::default() }
    }

    fn module(&mut self, path: PathBuf, role: ModuleRole, because: &str, required: bool) -> bool {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let file = self.path.files.get(&path);
        // Another plugin may need this one by its soname.
        let soname = file.as_ref().and_then(|f| f.needs(&path).soname);
        let found = match &file {
            Some(file) => self.supplier.module(&path, file, role),
            None => Err(Refusal::NotElf),
        };
        let called = [soname.as_deref().map(Path::new), Some(path.as_path())];
        for name in called.into_iter().flatten() {
            self.seen.extend(stem(name).or(name.file_stem()).map(ToOwned::to_owned));
        }
        match found {
            Ok(taken) => {
                let library = LinkedLibrary {
                    name,
                    path: path.canonicalize().unwrap_or(path.clone()),
                    provider: Provider::Plugin,
                    twin: Some(path),
                    soname: taken.soname,
                    build_id: taken.build_id,
                    package: None,
                    because: Some(because.to_owned()),
                };
                self.add(self.placement(Slot::None), library);
                true
            }
            Err(refusal) => {
                let because = vec![because.to_owned(), name.clone()];
                self.missing(name, path, because, required, Some(refusal));
                false
            }
        }
    }
}
