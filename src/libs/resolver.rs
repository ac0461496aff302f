//! From references to archives, and from archives to their dependencies, in one pass; later steps add to its result.

use super::decision::{CodeSource, Decision, Dependency, Origin, Placement, Slot};
use super::library_ref::{self, LibraryName, LibraryRef, stem};
use super::located::{Located, same, understand};
use super::plugin_list::Plugin;
use super::resolution::{Provider, Resolution};
use super::search::{SearchPath, lib};
use super::sniff::Sniffed;
use super::supplier::{Carried, SharedLibrary, Supplier, Use};
use super::{counterpart, la};
use crate::args::Request;
use crate::args::ld_options::Item;
use crate::args::option_table::Role;
use crate::convert;
use crate::model::Language;
use crate::toolchain::Facts;
use crate::toolchain_libs;
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Resolves the references among the items of a link. `supplier` provides code where there is no archive; `plugins`
/// returns the shared objects that are opened at run time, given the result without them.
pub(crate) fn resolve(
    items: &[Item],
    request: &Request,
    facts: &Facts,
    path: &SearchPath,
    language: Language,
    supplier: &mut dyn Supplier,
    plugins: impl FnOnce(&Resolution) -> Vec<Plugin>,
) -> Resolution {
    let references = library_ref::references(items, request);
    let mut resolver = Resolver::new(path, facts, language, supplier);
    resolver.objects = library_ref::objects(&references, path);
    let kinds = [Role::Static, Role::StaticPie, Role::Pie, Role::NoPie];
    resolver.wants_pie = matches!(request.last(&kinds), Some(Role::StaticPie | Role::Pie));
    resolver.resolution(&references, plugins)
}

/// The state of one resolution.
pub(crate) struct Resolver<'a> {
    pub(super) path: &'a SearchPath,
    pub(super) facts: &'a Facts,
    pub(super) language: Language,
    pub(super) supplier: &'a mut dyn Supplier,
    pub(super) out: Resolution,
    /// The placement of each library of the result.
    pub(super) placements: Vec<Placement>,
    /// Whether the current library, and all that it needs, is linked in unreferenced.
    pub(super) use_of_it: Use,
    /// `libNAME` of everything on the command line or in the closure.
    pub(super) seen: BTreeSet<OsString>,
    pub(super) todo: VecDeque<Dependency>,
    /// The words of each closure entry.
    pub(super) closure: Vec<Vec<OsString>>,
    /// The current library is needed by plugins only.
    pub(super) for_plugins: bool,
    /// `libNAME` of what archives need that are linked in for plugins: it belongs to the program.
    pub(super) of_archives: BTreeSet<OsString>,
    /// Archives that can't be linked as they are.
    pub(super) incomplete: Vec<PathBuf>,
    /// The objects on the command line.
    pub(super) objects: Vec<PathBuf>,
    /// A position-independent program was asked for.
    pub(super) wants_pie: bool,
    /// The index of the next library.
    pub(super) next_ordinal: usize,
    /// The current library replaces the one with this index.
    pub(super) in_place_of: Option<usize>,
}

impl<'a> Resolver<'a> {
    /// A resolver for one link.
    pub(crate) fn new(
        path: &'a SearchPath,
        facts: &'a Facts,
        language: Language,
        supplier: &'a mut dyn Supplier,
    ) -> Resolver<'a> {
        Resolver {
            path,
            facts,
            language,
            supplier,
            out: Resolution::default(),
            placements: Vec::new(),
            use_of_it: Use::IfNeeded,
            seen: BTreeSet::new(),
            todo: VecDeque::new(),
            closure: Vec::new(),
            for_plugins: false,
            of_archives: BTreeSet::new(),
            incomplete: Vec::new(),
            objects: Vec::new(),
            wants_pie: false,
            next_ordinal: 0,
            in_place_of: None,
        }
    }

    /// Resolves the references, then their dependencies, then plugins, then replaces unsuitable archives.
    pub(crate) fn resolution(
        mut self,
        references: &[LibraryRef],
        plugins: impl FnOnce(&Resolution) -> Vec<Plugin>,
    ) -> Resolution {
        for reference in references {
            if let LibraryName::Name(name) = &reference.named {
                self.seen.insert(lib(name, ""));
            }
        }
        for reference in references {
            let if_needed = reference.as_needed.unwrap_or(self.facts.as_needed);
            self.use_of_it = if if_needed { Use::IfNeeded } else { Use::Always };
            self.reference(reference);
        }
        self.dependencies();
        let plugins = plugins(&self.out);
        self.plugins(&plugins);
        self.dependencies();
        self.refine();
        Resolution { closure: self.closure.concat(), path: self.path.clone(), ..self.out }
    }

    pub(super) fn dependencies(&mut self) {
        while let Some(dependency) = self.todo.pop_front() {
            self.use_of_it = dependency.use_of_it;
            let for_plugins = self.for_plugins;
            self.for_plugins &= !dependency.stem().is_some_and(|stem| self.of_archives.contains(&stem));
            self.dependency(&dependency);
            self.for_plugins = for_plugins;
        }
    }

    fn reference(&mut self, reference: &LibraryRef) {
        if let LibraryName::Name(name) = &reference.named
            && toolchain_libs::is_driver_s(name)
        {
            self.needs_of_toolchain_library(name);
            return;
        }
        let because = vec![reference.typed.clone()];
        let decision = match self.locate(&reference.named) {
            Located::Nothing => return,
            Located::Archive(archive) => {
                self.needs_of_archive(&reference.named, &archive, &because);
                Decision { code: Some(CodeSource::Archive(archive)), ..Decision::default() }
            }
            Located::Shared(shared) => self.shared(&reference.named, shared, &because),
            Located::La(file, la) => self.la(&file, &la, &because),
            Located::Script(file, script) => {
                let archive = match &reference.named {
                    LibraryName::Name(name) => {
                        self.path.archive(name).filter(|a| !self.prefers(&lib(name, ""), Some(a)))
                    }
                    _ => counterpart::archive_of(&file, self.path),
                };
                let how = format!("the archive of the linker script `{}`", file.display());
                self.script(&script, &because, archive.is_none(), 0);
                // A pure alias such as libcurses.so: its inputs are in the closure now.
                let code = archive.map_or(CodeSource::Nothing, CodeSource::Archive);
                let shared = self.shared_of_script(&script, &code, 0).unwrap_or(file);
                let origin = matches!(reference.named, LibraryName::Name(_)).then_some(Origin::Script(script));
                Decision { code: Some(code), shared: Some(shared), how, refusal: None, origin }
            }
        };
        self.place_reference(reference, decision, because);
    }

    /// Replaces a reference as decided.
    pub(super) fn place_reference(&mut self, reference: &LibraryRef, decision: Decision, because: Vec<String>) {
        let name = reference.typed.clone();
        let slot = Slot::Reference(reference.at);
        let Decision { code, shared, how, refusal, origin } = decision;
        let placement = Placement { named: Some(reference.named.clone()), because, origin, ..self.placement(slot) };
        match (code, shared) {
            (Some(CodeSource::Archive(archive)), shared) => {
                if let Some(words) = self.spelled(&reference.named, &archive) {
                    self.put(slot, words, how);
                }
                self.took(placement, name, archive, shared, Provider::Archive, None);
            }
            (Some(CodeSource::Objects(object)), shared) => {
                self.put(slot, vec![object.as_os_str().to_owned()], how);
                self.took(placement, name, object, shared, Provider::FatShared, None);
            }
            (Some(CodeSource::Converted(place)), shared) => {
                self.put(slot, vec![place.path.as_os_str().to_owned()], how);
                self.converted(placement, name, place, shared, None);
            }
            (Some(CodeSource::Nothing), _) => self.put(slot, Vec::new(), how),
            (None, Some(shared)) => self.missing(name, shared, placement.because, true, refusal),
            (None, None) => {}
        }
    }

    /// Decides on a shared object and queues its dependencies. In this order: the archive next to it, the objects that
    /// it carries, an archive of its name in another directory, conversion.
    fn shared(&mut self, named: &LibraryName, shared: PathBuf, because: &[String]) -> Decision {
        self.needs_of_shared(&shared, because);
        let beside = counterpart::archive_beside(&shared, self.path);
        let name = stem(&shared).unwrap_or_default().to_owned();
        let preferred = self.prefers(&name, beside.as_deref());
        if let Some(archive) = beside.as_ref().filter(|_| !preferred) {
            let how = format!("the archive next to `{}`", shared.display());
            let (code, origin) = (Some(CodeSource::Archive(archive.clone())), Some(Origin::Shared(shared.clone())));
            return Decision { code, shared: Some(shared), how, refusal: None, origin };
        }
        self.without_archive_beside(named, shared, beside, because)
    }

    /// The same without the archive next to it.
    pub(super) fn without_archive_beside(
        &mut self,
        named: &LibraryName,
        shared: PathBuf,
        beside: Option<PathBuf>,
        because: &[String],
    ) -> Decision {
        let shown = shared.display().to_string();
        let name = stem(&shared).unwrap_or_default().to_owned();
        let preferred = self.prefers(&name, beside.as_deref());
        if let Some(carried) = self.ask(&shared, |supplier, library| supplier.carried(library)).flatten() {
            let (code, how) = match carried {
                Carried::Object(object) => (CodeSource::Objects(object), format!("the objects in `{shown}`")),
                Carried::Nothing => (CodeSource::Nothing, format!("`{shown}` has no code of its own")),
            };
            return Decision { code: Some(code), shared: Some(shared), how, ..Decision::default() };
        }
        let by_name = match named {
            LibraryName::Name(name) => self.path.archive(name),
            _ => None,
        };
        let elsewhere = counterpart::archive_elsewhere(&shared, self.path).or(by_name).filter(|_| beside.is_none());
        let (known, other) = elsewhere.into_iter().partition(|archive| self.is_of(archive, &shared));
        let archive = beside.into_iter().chain::<Vec<PathBuf>>(known).next();
        let other: Vec<PathBuf> = other;
        let wanted = if archive.is_some() { preferred } else { self.allows(&name, because.len() == 1) };
        if wanted && self.for_plugins {
            return self.needed_by_plugins(shared);
        }
        let mut refusal = None;
        if wanted {
            match self.ask(&shared, |supplier, library| supplier.convert(library)).flatten() {
                Some(Ok(place)) => {
                    let how = format!("converted from `{shown}`");
                    let code = Some(CodeSource::Converted(place));
                    return Decision { code, shared: Some(shared), how, ..Decision::default() };
                }
                Some(Err(why)) => {
                    log::info!("{shown} is not converted: {why}");
                    refusal = Some(why);
                }
                None => {}
            }
        }
        let how = format!("the archive of `{shown}` in another directory of the search path");
        // Nothing but another version: the linker would have taken it too.
        let code = archive.or_else(|| other.into_iter().next()).map(CodeSource::Archive);
        Decision { code, shared: Some(shared), how, refusal, origin: None }
    }

    /// Whether an archive in another directory is of the same library: the shared object next to it is the same, or, if
    /// there is none, it has all that the shared object exports.
    fn is_of(&self, archive: &Path, shared: &Path) -> bool {
        let files = &self.path.files;
        let Some((archive_file, file)) = files.get(archive).zip(files.get(shared)) else { return false };
        match counterpart::shared_of(archive, self.path) {
            Some((twin, Sniffed::Shared { .. })) => {
                let id = |bytes: &[u8]| Some(convert::Library::read(bytes).ok()?.build_id?.to_vec());
                let ids = || Some((file.look(id)??, files.get(&twin)?.look(id)??));
                same(&twin, shared) || ids().is_some_and(|(a, b)| a == b)
            }
            _ => {
                let facts = self.supplier.archive_facts(&archive_file, Some(&file));
                facts.only_shared.is_empty() && !facts.empty
            }
        }
    }

    /// Asks the supplier about a shared object; none if it is gone.
    pub(super) fn ask<T>(
        &mut self,
        shared: &Path,
        question: impl FnOnce(&mut dyn Supplier, SharedLibrary<'_>) -> T,
    ) -> Option<T> {
        let file = self.path.files.get(shared)?;
        let needs = file.needs(shared);
        let ordinal = self.in_place_of.unwrap_or(self.next_ordinal);
        let use_of_it = self.use_of_it;
        let library = SharedLibrary { path: shared, file: &file, needs: &needs, ordinal, use_of_it };
        Some(question(self.supplier, library))
    }

    fn la(&mut self, file: &Path, la: &la::La, because: &[String]) -> Decision {
        let dirs = [
            file.with_file_name(".libs"),
            file.parent().unwrap_or(Path::new(".")).to_owned(),
            la.libdir.clone().into(),
        ];
        let archive = dirs
            .iter()
            .filter(|_| !la.old_library.is_empty())
            .find_map(|d| self.path.usable(d.join(&la.old_library)))
            .map(|(path, _)| path);
        if let Some(archive) = archive {
            self.words(&la.dependency_libs, because);
            let how = format!("the old_library of `{}`", file.display());
            let code = Some(CodeSource::Archive(archive));
            return Decision { code, shared: Some(file.to_owned()), how, ..Decision::default() };
        }
        // Built without archives (`--disable-static`): the first name is its shared object.
        let shared = dirs.iter().find_map(|d| {
            la.library_names.iter().find_map(|n| match self.path.usable(d.join(n)) {
                Some((path, Sniffed::Shared { .. })) => Some(path),
                _ => None,
            })
        });
        match shared {
            Some(shared) => self.shared(&LibraryName::Path(shared.clone()), shared, because),
            None => Decision { shared: Some(file.to_owned()), ..Decision::default() },
        }
    }

    fn dependency(&mut self, dependency: &Dependency) {
        let Some(stem) = dependency.stem() else { return };
        if !self.seen.insert(stem.clone()) {
            return;
        }
        let name = OsStr::from_bytes(stem.as_bytes().strip_prefix(b"lib").unwrap_or(stem.as_bytes())).to_owned();
        if stem.as_bytes().starts_with(b"ld-") || toolchain_libs::is_implied(&name) {
            return;
        }
        if toolchain_libs::is_driver_s(&name) {
            self.toolchain_library(&name);
            return;
        }
        let because = &dependency.because;
        let decision = match self.locate_dependency(dependency) {
            Located::Archive(archive) => {
                self.needs_of_archive(&LibraryName::Name(name.clone()), &archive, because);
                Decision { code: Some(CodeSource::Archive(archive)), ..Decision::default() }
            }
            Located::Shared(shared) => self.shared(&LibraryName::Name(name.clone()), shared, because),
            Located::La(file, la) => self.la(&file, &la, because),
            Located::Script(file, script) => {
                let archive = self.path.archive(&name).filter(|a| !self.prefers(&stem, Some(a)));
                self.script(&script, because, archive.is_none(), 0);
                let origin = Some(Origin::Script(script));
                Decision { code: archive.map(CodeSource::Archive), shared: Some(file), origin, ..Decision::default() }
            }
            // The file is gone, but there may be an archive of that name.
            Located::Nothing => {
                Decision { code: self.path.archive(&name).map(CodeSource::Archive), ..Decision::default() }
            }
        };
        self.place_dependency(dependency, &stem, &name, decision);
    }

    /// Adds a dependency to the closure as decided.
    fn place_dependency(&mut self, dependency: &Dependency, stem: &OsStr, name: &OsStr, decision: Decision) {
        let asked = stem.to_string_lossy().into_owned();
        let because_of = dependency.because.last().cloned();
        let slot = Slot::Closure(self.closure.len());
        let Decision { code, shared, how, refusal, origin } = decision;
        let (named, because) = (Some(LibraryName::Name(name.to_owned())), dependency.because.clone());
        let placement = Placement { named, because, origin, ..self.placement(slot) };
        match (code, shared) {
            (Some(CodeSource::Archive(archive)), shared) => {
                let by_name = self.path.archive(name).is_some_and(|a| same(&a, &archive));
                let word = if by_name { by_flag(name) } else { archive.as_os_str().to_owned() };
                self.put(slot, vec![word], how);
                self.took(placement, asked, archive, shared, Provider::Archive, because_of);
            }
            (Some(CodeSource::Objects(object)), shared) => {
                self.put(slot, vec![object.as_os_str().to_owned()], how);
                self.took(placement, asked, object, shared, Provider::FatShared, because_of);
            }
            (Some(CodeSource::Converted(place)), shared) => {
                self.put(slot, vec![place.path.as_os_str().to_owned()], how);
                self.converted(placement, asked, place, shared, because_of);
            }
            (None, Some(shared)) if stem_is_library(&shared) => {
                self.missing(asked, shared, placement.because, dependency.required, refusal);
            }
            _ => {}
        }
    }

    pub(super) fn locate(&self, named: &LibraryName) -> Located {
        let found = match named {
            LibraryName::Name(name) => self.path.library(name),
            LibraryName::File(file) => self.path.file(file),
            LibraryName::Path(path) => self.path.usable(path.clone()),
        };
        understand(found)
    }

    pub(super) fn locate_dependency(&self, dependency: &Dependency) -> Located {
        let names: Vec<OsString> = match &dependency.named {
            LibraryName::Name(name) => vec![lib(name, ".so"), lib(name, ".a")],
            LibraryName::File(file) => vec![file.clone()],
            LibraryName::Path(path) => return self.locate(&LibraryName::Path(path.clone())),
        };
        let dirs = self.path.runtime.iter().chain(&dependency.dirs);
        let near = dirs.into_iter().find_map(|d| names.iter().find_map(|n| self.path.usable(d.join(n))));
        match near {
            Some(found) => understand(Some(found)),
            None => self.locate(&dependency.named),
        }
    }
}

/// `-lNAME`.
pub(super) fn by_flag(name: &OsStr) -> OsString {
    let mut word = OsString::from("-l");
    word.push(name);
    word
}

fn stem_is_library(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.as_bytes().starts_with(b"lib"))
}
