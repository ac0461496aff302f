//! Plugins, and their dependencies beyond what the program contains.

use super::decision::{CodeSource, Decision, Slot};
use super::library_ref::stem;
use super::missing::PLUGINS;
use super::plugin_list::Plugin;
use super::resolution::{LinkedLibrary, Provider};
use super::resolver::Resolver;
use super::supplier::{ModuleRole, Use};
use crate::convert::Refusal;
use std::path::{Path, PathBuf};

impl Resolver<'_> {
    /// Adds the plugins of the link, once all that the program itself needs is known.
    pub(super) fn plugins(&mut self, plugins: &[Plugin]) {
        if self.supplier.policy().is_none() || plugins.is_empty() {
            return;
        }
        let mut taken = Vec::new();
        for plugin in plugins {
            // A library that the program contains already, which dlopen knows.
            if self.is_inside(&plugin.path) {
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
