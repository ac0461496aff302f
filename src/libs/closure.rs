//! From references to archives, and from archives to what they need.

use super::decision::Use;
use super::decision::{Chosen, Dependency, Source};
use super::library_ref::{Named, Reference, stem};
use super::located::{Located, same, understand};
use super::script::Script;
use super::search::{SearchPath, lib};
use super::sniff::Sniffed;
use super::substitute::Substitute;
use super::toolchain_libs::{self, flag};
use super::{Provider, Resolution, counterpart, la, pc};
use crate::fat;
use crate::model::{Language, Libc};
use crate::supply::converted::{Means, Shelf};
use crate::toolchain::Facts;
use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How deep scripts may name scripts.
const DEPTH: usize = 16;

/// The state of one resolution.
pub struct Resolver<'a> {
    pub(super) path: &'a SearchPath,
    pub(super) facts: &'a Facts,
    language: Language,
    pub(super) out: Resolution,
    /// How what is being resolved, and all that it needs, goes in.
    pub(super) use_of_it: Use,
    /// `libNAME` of everything that is on the line or in the closure.
    pub(super) seen: BTreeSet<OsString>,
    todo: VecDeque<Dependency>,
    /// What is being resolved is needed by what is opened at run time, and by nothing else.
    pub(super) for_plugins: bool,
}

impl<'a> Resolver<'a> {
    /// A resolver for one link.
    pub fn new(path: &'a SearchPath, facts: &'a Facts, language: Language, means: Option<&Means>) -> Resolver<'a> {
        let (mut out, seen, todo) = (Resolution::default(), BTreeSet::new(), VecDeque::new());
        out.store.shelf = means.cloned().map(Shelf::new);
        Resolver { path, facts, language, out, use_of_it: Use::IfNeeded, seen, todo, for_plugins: false }
    }

    /// Resolves the references, then what they need.
    pub fn run(mut self, references: &[Reference]) -> Resolution {
        for reference in references {
            if let Named::Name(name) = &reference.named {
                self.seen.insert(lib(name, ""));
            }
        }
        for reference in references {
            let if_needed = reference.as_needed.unwrap_or(self.facts.as_needed);
            self.use_of_it = if if_needed { Use::IfNeeded } else { Use::Always };
            self.reference(reference);
        }
        self.dependencies();
        self.plugins();
        self.dependencies();
        self.out
    }

    fn dependencies(&mut self) {
        while let Some(dependency) = self.todo.pop_front() {
            self.use_of_it = dependency.use_of_it;
            self.dependency(&dependency);
        }
    }

    fn reference(&mut self, reference: &Reference) {
        if matches!(&reference.named, Named::Name(n) if toolchain_libs::is(n)) {
            return;
        }
        let because = vec![reference.typed.clone()];
        let chosen = match self.locate(&reference.named) {
            Located::Nothing => return,
            Located::Archive(archive) => {
                self.needs_of_archive(&reference.named, &archive, &because);
                Chosen { from: Some(Source::Archive(archive)), ..Chosen::default() }
            }
            Located::Shared(shared) => self.shared(&reference.named, shared, &because),
            Located::La(file, la) => self.la(&file, &la, &because),
            Located::Script(file, script) => {
                let archive = match &reference.named {
                    Named::Name(name) => self.path.archive(name).filter(|a| !self.prefers(&lib(name, ""), Some(a))),
                    _ => counterpart::archive_of(&file, self.path),
                };
                let how = format!("the archive of the linker script `{}`", file.display());
                self.script(&script, &because, archive.is_none(), 0);
                // A pure alias such as libcurses.so: its inputs are in the closure now.
                let from = archive.map_or(Source::Nothing, Source::Archive);
                Chosen { from: Some(from), shared: Some(file), how, refusal: None }
            }
        };
        let name = reference.typed.clone();
        match (chosen.from, chosen.shared) {
            (Some(Source::Archive(archive)), shared) => {
                if let Some(copy) = self.numbered(&archive, shared.as_deref()) {
                    let (words, how) = (vec![copy], "its constructors in the order of converted libraries".into());
                    self.out.substitutes.push((reference.at, Substitute { words, how }));
                } else if let Some(words) = self.spelled(&reference.named, &archive) {
                    self.out.substitutes.push((reference.at, Substitute { words, how: chosen.how }));
                }
                self.took(name, archive, shared, Provider::Archive, None);
            }
            (Some(Source::Objects(object)), shared) => {
                let words = vec![object.as_os_str().to_owned()];
                self.out.substitutes.push((reference.at, Substitute { words, how: chosen.how }));
                self.took(name, object, shared, Provider::FatShared, None);
            }
            (Some(Source::Converted(object, id)), shared) => {
                let words = vec![object.as_os_str().to_owned()];
                self.out.substitutes.push((reference.at, Substitute { words, how: chosen.how }));
                self.converted(name, object, shared, id, None);
            }
            (Some(Source::Nothing), _) => {
                self.out.substitutes.push((reference.at, Substitute { words: Vec::new(), how: chosen.how }));
            }
            (None, Some(shared)) => self.missing(name, shared, because, true, chosen.refusal),
            (None, None) => {}
        }
    }

    /// What stands for a shared object, and what it needs: the archive beside it, the objects that it carries, an
    /// archive of its name in another directory, what it is converted to.
    fn shared(&mut self, named: &Named, shared: PathBuf, because: &[String]) -> Chosen {
        let needs = self.needs_of_shared(&shared, because);
        let shown = shared.display().to_string();
        let beside = counterpart::archive_beside(&shared, self.path);
        let name = stem(&shared).unwrap_or_default().to_owned();
        let preferred = self.prefers(&name, beside.as_deref());
        if let Some(archive) = beside.as_ref().filter(|_| !preferred) {
            let how = format!("the archive beside `{shown}`");
            return Chosen { from: Some(Source::Archive(archive.clone())), shared: Some(shared), how, refusal: None };
        }
        match self.out.store.take(&shared, needs.soname.as_deref(), &needs.needed, self.use_of_it) {
            Ok(Some(taken)) => {
                let (from, how) = match taken {
                    fat::Taken::Object(object) => (Source::Objects(object), format!("the objects in `{shown}`")),
                    fat::Taken::Nothing => (Source::Nothing, format!("`{shown}` has no code of its own")),
                };
                return Chosen { from: Some(from), shared: Some(shared), how, refusal: None };
            }
            Ok(None) => {}
            Err(error) => self.out.store.ignored.push((shared.clone(), error.to_string())),
        }
        let by_name = match named {
            Named::Name(name) => self.path.archive(name),
            _ => None,
        };
        let archive = beside.or_else(|| counterpart::archive_elsewhere(&shared, self.path)).or(by_name);
        let wanted = if archive.is_some() { preferred } else { self.allows(&name, because.len() == 1) };
        let mut refusal = None;
        if wanted && self.for_plugins {
            return self.needed_by_plugins(shared);
        }
        if wanted {
            match self.out.store.convert(&shared, needs.soname.as_deref(), &needs.needed, self.use_of_it) {
                Some(Ok((place, id))) => {
                    let how = format!("converted from `{shown}`");
                    return Chosen { from: Some(Source::Converted(place, id)), shared: Some(shared), how, refusal };
                }
                Some(Err(why)) => {
                    log::info!("{shown} is not converted: {why}");
                    refusal = Some(why);
                }
                None => {}
            }
        }
        let how = format!("the archive of `{shown}` in another directory of the search path");
        Chosen { from: archive.map(Source::Archive), shared: Some(shared), how, refusal }
    }

    fn la(&mut self, file: &Path, la: &la::La, because: &[String]) -> Chosen {
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
            return Chosen { from: Some(Source::Archive(archive)), shared: Some(file.to_owned()), how, refusal: None };
        }
        // Made without archives (`--disable-static`): what it names first is its shared object.
        let shared = dirs.iter().find_map(|d| {
            la.library_names.iter().find_map(|n| match self.path.usable(d.join(n)) {
                Some((path, Sniffed::Shared { .. })) => Some(path),
                _ => None,
            })
        });
        match shared {
            Some(shared) => self.shared(&Named::Path(shared.clone()), shared, because),
            None => Chosen { shared: Some(file.to_owned()), ..Chosen::default() },
        }
    }

    /// Queues the inputs of a script. Without an archive of the script itself they stand for it and must be had.
    fn script(&mut self, script: &Script, because: &[String], stands_for_it: bool, depth: usize) {
        for named in &script.inputs {
            let nested = match named {
                Named::Path(p) if depth < DEPTH => match self.locate(&Named::Path(p.clone())) {
                    Located::Script(_, inner) => Some(inner),
                    _ => None,
                },
                _ => None,
            };
            if let Some(inner) = nested {
                self.script(&inner, because, stands_for_it, depth + 1);
                continue;
            }
            self.todo.push_back(Dependency {
                named: named.clone(),
                dirs: script.dirs.clone(),
                because: because.to_vec(),
                required: stands_for_it,
                use_of_it: self.use_of_it,
            });
        }
    }

    /// Queues what a shared object needs.
    pub(super) fn needs_of_shared(&mut self, shared: &Path, because: &[String]) -> counterpart::Needs {
        let needs = counterpart::needs(shared);
        let mut dirs = needs.run_path.clone();
        dirs.extend(shared.parent().map(Path::to_owned));
        let mut because = because.to_vec();
        because.push(needs.soname.clone().unwrap_or_else(|| shared.display().to_string()));
        for soname in &needs.needed {
            self.todo.push_back(Dependency {
                named: Named::File(soname.into()),
                dirs: dirs.clone(),
                because: because.clone(),
                required: false,
                use_of_it: self.use_of_it,
            });
        }
        needs
    }

    /// An archive found without its shared twin in front: the twin may still lie beside it; else pkg-config knows.
    fn needs_of_archive(&mut self, named: &Named, archive: &Path, because: &[String]) {
        match counterpart::shared_of(archive, self.path) {
            Some((shared, Sniffed::Shared { .. })) => drop(self.needs_of_shared(&shared, because)),
            _ => {
                let stem = archive.file_stem().unwrap_or_default();
                let name = match named {
                    Named::Name(name) => name.clone(),
                    _ => OsStr::from_bytes(stem.as_bytes().strip_prefix(b"lib").unwrap_or_default()).to_owned(),
                };
                // The toolchain's own archives and those of a build tree have no package.
                if !name.is_empty()
                    && let Some(dir) = archive.parent()
                {
                    let words = pc::needs(&name, dir);
                    self.words(&words, because);
                    let file = archive.with_extension("la");
                    if words.is_empty()
                        && let Some(la) = fs::read_to_string(file).ok().and_then(|t| la::parse(&t))
                    {
                        self.words(&la.dependency_libs, because);
                    }
                }
            }
        }
    }

    /// Queues the libraries among the words of a `.pc` or `.la` file.
    fn words(&mut self, words: &[String], because: &[String]) {
        let dirs: Vec<PathBuf> = words.iter().filter_map(|w| w.strip_prefix("-L")).map(PathBuf::from).collect();
        for word in words {
            let named = match word.strip_prefix("-l") {
                Some(name) => super::library_ref::by_name(OsStr::new(name)),
                None if word.starts_with('/') => Named::Path(word.into()),
                None => continue,
            };
            let (dirs, because, use_of_it) = (dirs.clone(), because.to_vec(), self.use_of_it);
            self.todo.push_back(Dependency { named, dirs, because, required: false, use_of_it });
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
        if toolchain_libs::is(&name) {
            self.toolchain_library(&name);
            return;
        }
        let because = &dependency.because;
        let chosen = match self.locate_dependency(dependency) {
            Located::Archive(archive) => {
                self.needs_of_archive(&Named::Name(name.clone()), &archive, because);
                Chosen { from: Some(Source::Archive(archive)), ..Chosen::default() }
            }
            Located::Shared(shared) => self.shared(&Named::Name(name.clone()), shared, because),
            Located::La(file, la) => self.la(&file, &la, because),
            Located::Script(file, script) => {
                let archive = self.path.archive(&name).filter(|a| !self.prefers(&stem, Some(a)));
                self.script(&script, because, archive.is_none(), 0);
                Chosen { from: archive.map(Source::Archive), shared: Some(file), ..Chosen::default() }
            }
            // No such file any more, but perhaps an archive of that name.
            Located::Nothing => Chosen { from: self.path.archive(&name).map(Source::Archive), ..Chosen::default() },
        };
        let asked = stem.to_string_lossy().into_owned();
        let because_of = dependency.because.last().cloned();
        match (chosen.from, chosen.shared) {
            (Some(Source::Archive(archive)), shared) => {
                let words = self.spelled(&Named::Path(PathBuf::new()), &archive).unwrap_or_default();
                let by_name = self.path.archive(&name).is_some_and(|a| same(&a, &archive));
                match (self.numbered(&archive, shared.as_deref()), by_name) {
                    (Some(copy), _) => self.out.closure.push(copy),
                    (None, true) => self.out.closure.push(flag(&name)),
                    (None, false) => self.out.closure.extend(words),
                }
                self.took(asked, archive, shared, Provider::Archive, because_of);
            }
            (Some(Source::Objects(object)), shared) => {
                self.out.closure.push(object.as_os_str().to_owned());
                self.took(asked, object, shared, Provider::FatShared, because_of);
            }
            (Some(Source::Converted(object, id)), shared) => {
                self.out.closure.push(object.as_os_str().to_owned());
                self.converted(asked, object, shared, id, because_of);
            }
            (None, Some(shared)) if stem_is_library(&shared) => {
                self.missing(asked, shared, because.clone(), dependency.required, chosen.refusal);
            }
            _ => {}
        }
    }

    /// libm, libpthread, libstdc++ and their kin, which have an archive wherever the driver looks.
    fn toolchain_library(&mut self, name: &OsStr) {
        let cxx = name == "stdc++" || name == "supc++";
        if cxx && self.language == Language::Cxx {
            return;
        }
        // With musl the other names are empty archives; with a cross driver the files are nowhere to be seen.
        if self.facts.libc == Libc::Other {
            return;
        }
        self.out.closure.push(flag(name));
        if cxx && self.seen.insert("libm".into()) {
            self.out.closure.push("-lm".into());
        }
    }

    fn locate(&self, named: &Named) -> Located {
        let found = match named {
            Named::Name(name) => self.path.library(name),
            Named::File(file) => self.path.file(file),
            Named::Path(path) => self.path.usable(path.clone()),
        };
        understand(found)
    }

    fn locate_dependency(&self, dependency: &Dependency) -> Located {
        let names: Vec<OsString> = match &dependency.named {
            Named::Name(name) => vec![lib(name, ".so"), lib(name, ".a")],
            Named::File(file) => vec![file.clone()],
            Named::Path(path) => return self.locate(&Named::Path(path.clone())),
        };
        let dirs = self.path.runtime.iter().chain(&dependency.dirs);
        let near = dirs.into_iter().find_map(|d| names.iter().find_map(|n| self.path.usable(d.join(n))));
        match near {
            Some(found) => understand(Some(found)),
            None => self.locate(&dependency.named),
        }
    }
}

fn stem_is_library(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.as_bytes().starts_with(b"lib"))
}
