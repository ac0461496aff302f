//! What is opened at run time, and what it needs beyond what the program has.

use super::closure::Resolver;
use super::decision::Use;
use super::decision::{Chosen, Source};
use super::library_ref::stem;
use super::missing::PLUGINS;
use super::plugin_list::Plugin;
use super::{Library, Provider, counterpart};
use crate::supply::plugins::Role;
use std::path::{Path, PathBuf};

impl Resolver<'_> {
    /// Takes the plugins of the link, once all that the program itself needs is known.
    pub(super) fn plugins(&mut self) {
        let Some(shelf) = &self.out.store.shelf else { return };
        let plugins: Vec<Plugin> = shelf.means().plugins.clone();
        let mut taken = Vec::new();
        for plugin in &plugins {
            // A library of the program is in it already, and dlopen knows that.
            if self.is_inside(&plugin.path) {
                continue;
            }
            if self.module(plugin.path.clone(), Role::Plugin, PLUGINS, plugin.named) {
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
        let same = |l: &Library| l.twin.as_ref().and_then(|t| t.canonicalize().ok()) == real;
        real.is_some() && self.out.libraries.iter().any(same)
    }

    /// What stands for a shared object that plugins need: a module like them.
    pub(super) fn needed_by_plugins(&mut self, shared: PathBuf) -> Chosen {
        let how = format!("converted from `{}`", shared.display());
        let from = self.module(shared.clone(), Role::Needed, PLUGINS, true).then_some(Source::Nothing);
        Chosen { from, shared: Some(shared), how, refusal: None }
    }

    fn module(&mut self, path: PathBuf, role: Role, because: &str, required: bool) -> bool {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // What another plugin needs under its soname is this one.
        let soname = counterpart::needs(&path).soname;
        let found = self.out.store.modules.take(&path, role);
        let called = [soname.as_deref().map(Path::new), Some(path.as_path())];
        for name in called.into_iter().flatten() {
            self.seen.extend(stem(name).or(name.file_stem()).map(ToOwned::to_owned));
        }
        match found {
            Ok(taken) => {
                self.out.libraries.push(Library {
                    name,
                    path: path.canonicalize().unwrap_or(path.clone()),
                    provider: Provider::Plugin,
                    twin: Some(path),
                    soname: taken.soname,
                    build_id: taken.build_id,
                    package: None,
                    because: Some(because.to_owned()),
                });
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
