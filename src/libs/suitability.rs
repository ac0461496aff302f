//! Which archives of a resolution would make another program than their shared objects.

use super::archive_members::ArchiveMembers;
use super::decision::Placement;
use super::exported_names::ExportedNames;
use super::inputs;
use super::library_file::LibraryFile;
use super::member_symbols::{self, MemberSymbols, SymbolName, SymbolState};
use super::object_symbols::ObjectSymbols;
use super::private_names;
use super::resolution::{LinkedLibrary, Provider};
use super::resolver::Resolver;
use super::simulated_linker::{ArchiveSymbols, LinkSymbols};
use super::supplier::{ArchiveFacts, NameList, Use};
use super::unsuitable::Unsuitable;
use super::{counterpart, dynamic_symbols, weak_bindings};
use crate::toolchain::front_end;
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An archive of the result, its shared object, and facts about the two.
pub(super) struct Looked {
    pub ordinal: usize,
    /// The path in the result.
    pub archive: PathBuf,
    pub file: Arc<LibraryFile>,
    pub beside: Option<(PathBuf, Arc<LibraryFile>)>,
    pub facts: ArchiveFacts,
    /// The facts were read.
    pub known: bool,
    /// Its shared object was found first, and can be taken in its place.
    pub replaceable: bool,
    /// It is linked in unreferenced.
    pub always: bool,
}

impl Looked {
    /// What the shared object would keep to itself, if that is what a dynamic link takes.
    fn private(&self) -> HashSet<&[u8]> {
        let names = self.facts.private.iter().filter(|_| self.replaceable);
        names.map(str::as_bytes).collect()
    }

    /// What its shared object offers.
    fn exported(&self) -> ExportedNames<'_> {
        self.beside.as_ref().and_then(|(_, s)| s.bytes()).map(ExportedNames::of).unwrap_or_default()
    }
}

/// What the program's own code says about the names that matter for its libraries.
#[derive(Default)]
struct Mentioned {
    /// Private names of libraries that an object defines too.
    defined: bool,
    /// Names that only shared objects have, and that are needed.
    needed: BTreeSet<SymbolName>,
    /// Those that an object refers to weakly.
    optional: BTreeSet<SymbolName>,
    /// Names that only shared objects have, and that an object defines.
    own: BTreeSet<SymbolName>,
}

impl Resolver<'_> {
    /// Collects facts about the archives of the result.
    pub(super) fn look_at_archives(&mut self) -> Vec<Looked> {
        let mut looked = Vec::new();
        for (library, placement) in self.out.libraries.iter().zip(&self.placements) {
            if library.provider == Provider::Archive {
                looked.extend(self.look_at(library, placement));
            }
        }
        looked
    }

    fn look_at(&self, library: &LinkedLibrary, placement: &Placement) -> Option<Looked> {
        let beside = || Some(counterpart::shared_of(&library.path, self.path)?.0);
        let beside = library.twin.clone().or_else(beside);
        let file = self.path.files.get(&library.path)?;
        let beside = beside.and_then(|path| self.path.files.get(&path).map(|file| (path, file)));
        // A project's own archives change with each build; without a shared object they are what they are.
        let known = beside.is_some() || self.path.is_system(&library.path);
        let shared = beside.as_ref().map(|(_, file)| &**file);
        let facts = if known { self.supplier.archive_facts(&file, shared) } else { ArchiveFacts::default() };
        Some(Looked {
            ordinal: placement.ordinal,
            archive: library.path.clone(),
            file,
            beside,
            facts,
            known,
            // A run-time library of which the compiler has both kinds: half of one and half of the other is neither.
            replaceable: placement.origin.is_some() && !front_end::is_twin(&library.path),
            always: placement.use_of_it == Use::Always,
        })
    }

    /// The archives that are replaced, each with the first reason.
    pub(super) fn unsuitable(&self, looked: &[Looked]) -> Vec<(PathBuf, Unsuitable)> {
        // A library may be named several times.
        let first = |(at, l): &(usize, &Looked)| !looked.iter().take(*at).any(|o| Arc::ptr_eq(&o.file, &l.file));
        let looked: Vec<&Looked> = looked.iter().enumerate().filter(first).map(|(_, l)| l).collect();
        let mut found: BTreeMap<usize, Unsuitable> = BTreeMap::new();
        for (at, one) in looked.iter().enumerate().filter(|(_, l)| l.replaceable) {
            if one.facts.empty {
                found.insert(at, Unsuitable::EmptyArchive);
            } else if one.facts.fixed && self.wants_pie {
                found.insert(at, Unsuitable::FixedCode);
            } else if one.facts.starters.unnamed && one.always {
                found.insert(at, Unsuitable::UnnamedConstructors);
            } else if one.facts.unwinder && self.throws() {
                found.insert(at, Unsuitable::SecondUnwinder);
            }
        }
        let mentioned = self.mentioned(&looked);
        for (at, names) in self.other_interfaces(&looked, &mentioned) {
            found.entry(at).or_insert(Unsuitable::OtherInterface(text(&names)));
        }
        self.incomplete_archives(&looked, &mut found);
        if mentioned.defined || self.shared_names(&looked) {
            self.private_names(&looked, &mut found);
            self.incomplete_archives(&looked, &mut found);
        }
        found.into_iter().filter_map(|(at, why)| Some((looked.get(at)?.archive.clone(), why))).collect()
    }

    /// Adds archives whose members need what none of those that stay has: libssl.a uses private names of libcrypto.a.
    fn incomplete_archives(&self, looked: &[&Looked], found: &mut BTreeMap<usize, Unsuitable>) {
        loop {
            let stay = looked.iter().enumerate().filter(|(at, _)| !found.contains_key(at));
            let archives: Vec<Arc<LibraryFile>> = stay.map(|(_, l)| l.file.clone()).collect();
            let before = found.len();
            for (at, one) in looked.iter().enumerate().filter(|(_, l)| l.replaceable) {
                let lacks = self.supplier.lacking(&one.facts.lacks, &archives);
                if !lacks.is_empty() {
                    found.entry(at).or_insert(Unsuitable::IncompleteArchive(lacks.into_iter().collect()));
                }
            }
            if found.len() == before {
                return;
            }
        }
    }

    /// One pass over the program's objects, and archives that are as they are.
    fn mentioned(&self, looked: &[&Looked]) -> Mentioned {
        let private: HashSet<&[u8]> = names_of(looked, |f| &f.private);
        let only_shared: HashSet<&[u8]> = names_of(looked, |f| &f.only_shared);
        if private.is_empty() && only_shared.is_empty() {
            return Mentioned::default();
        }
        let alone = looked.iter().filter(|l| l.beside.is_none()).map(|l| l.archive.as_path());
        let own: Vec<&Path> = self.objects.iter().map(PathBuf::as_path).chain(alone).collect();
        let found = Mutex::new(Mentioned::default());
        let of_symbol = |name: &[u8], state: SymbolState| match state {
            SymbolState::Strong if private.contains(name) => lock(&found).defined = true,
            SymbolState::Strong | SymbolState::Weak if only_shared.contains(name) => {
                lock(&found).own.insert(name.to_vec());
            }
            SymbolState::Needed if only_shared.contains(name) => {
                lock(&found).needed.insert(name.to_vec());
            }
            SymbolState::Optional if only_shared.contains(name) && weak_bindings::may_be_bound(name) => {
                lock(&found).optional.insert(name.to_vec());
            }
            _ => {}
        };
        inputs::first(&own, |file| {
            match self.path.files.object(file) {
                Some(object) => object.iter().for_each(|(name, state)| of_symbol(name, state)),
                None => {
                    self.path.files.look(file, |bytes| member_symbols::each(bytes, of_symbol));
                }
            }
            false
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !only_shared.is_empty() {
            for (_, shared) in looked.iter().filter_map(|l| l.beside.as_ref()) {
                let needed = shared.look(dynamic_symbols::undefined).unwrap_or_default();
                found.needed.extend(needed.into_iter().filter(|name| only_shared.contains(name.as_slice())));
            }
        }
        found
    }

    /// The libraries that lack a needed symbol which nothing else has either; or one that is referred to weakly, if
    /// ld.so would load them.
    fn other_interfaces(&self, looked: &[&Looked], mentioned: &Mentioned) -> Vec<(usize, BTreeSet<SymbolName>)> {
        let all = mentioned.needed.union(&mentioned.optional);
        let mut wanted: HashSet<SymbolName> = all.filter(|name| !mentioned.own.contains(*name)).cloned().collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        for one in looked {
            let having = one.file.bytes().map(|bytes| member_symbols::members_with(bytes, &wanted)).unwrap_or_default();
            having.iter().flat_map(MemberSymbols::defined).for_each(|name| {
                wanted.remove(name);
            });
        }
        let loaded = match mentioned.optional.iter().any(|name| wanted.contains(name)) {
            true => self.loaded(),
            false => BTreeSet::new(),
        };
        let is_loaded = |l: &Looked| l.beside.as_ref().is_some_and(|(shared, _)| loaded.contains(shared));
        let of = |facts: &ArchiveFacts, loaded: bool| -> BTreeSet<SymbolName> {
            let names = facts.only_shared.iter().map(|name| name.as_bytes().to_vec());
            let lacks = |name: &SymbolName| wanted.contains(name) && (loaded || mentioned.needed.contains(name));
            names.filter(lacks).collect()
        };
        let replaceable = looked.iter().enumerate().filter(|(_, l)| l.replaceable);
        let lacking = replaceable.map(|(at, l)| (at, of(&l.facts, is_loaded(l))));
        lacking.filter(|(_, names)| !names.is_empty()).collect()
    }

    /// Whether an archive defines a private name of another one.
    fn shared_names(&self, looked: &[&Looked]) -> bool {
        if looked.len() < 2 {
            return false;
        }
        let count = looked.iter().map(|l| l.facts.private.len() / MEAN_NAME).sum();
        let mut owners: HashMap<&[u8], usize> = HashMap::with_capacity_and_hasher(count, RandomState::default());
        for (at, one) in looked.iter().enumerate().filter(|(_, l)| l.replaceable) {
            for name in one.facts.private.iter().map(str::as_bytes) {
                if owners.insert(name, at).is_some_and(|other| other != at) {
                    return true;
                }
            }
        }
        let defines_other_s = |(at, one): (usize, &Looked)| {
            let other_s = |name: &[u8]| owners.get(name).is_some_and(|owner| *owner != at);
            let table = one.facts.members.as_ref().and_then(|(file, key)| self.path.files.table(file, *key));
            match table {
                Some(table) => table.defines(other_s),
                None => one.file.look(|bytes| member_symbols::indexed(bytes, other_s)) == Some(true),
            }
        };
        !owners.is_empty() && looked.iter().copied().enumerate().any(defines_other_s)
    }

    /// Adds libraries until no private name clashes. What was replaced already has no global names that matter here.
    fn private_names<'l>(&self, looked: &[&'l Looked], found: &mut BTreeMap<usize, Unsuitable>) {
        let read: Vec<Arc<ObjectSymbols>> = self.objects.iter().filter_map(|o| self.path.files.object(o)).collect();
        let objects = read.iter().map(|object| object.symbols()).collect();
        let library = |one: &'l Looked| ArchiveSymbols {
            members: one.file.bytes().map(ArchiveMembers::of).unwrap_or_default(),
            exported: one.exported(),
            loaded: true,
            of_toolchain: false,
        };
        let libraries = looked.iter().copied().map(library).collect();
        let private: Vec<HashSet<&[u8]>> = looked.iter().copied().map(Looked::private).collect();
        let mut link = LinkSymbols { objects, libraries, ..LinkSymbols::default() };
        for at in found.keys() {
            leave_out(&mut link, *at);
        }
        loop {
            let clashes = private_names::clashes(&link, &private);
            let most = clashes.into_iter().filter(|(at, _)| looked.get(*at).is_some_and(|l| l.replaceable));
            let Some((at, names)) = most.max_by_key(|(_, names)| names.len()) else { return };
            leave_out(&mut link, at);
            found.insert(at, Unsuitable::PrivateNames(text(&names)));
        }
    }
}

/// Bytes of a name, roughly, to make room for all of a list.
const MEAN_NAME: usize = 24;

/// A replaced library has no members to take.
fn leave_out(link: &mut LinkSymbols<'_>, at: usize) {
    if let Some(library) = link.libraries.get_mut(at) {
        library.members = ArchiveMembers::default();
    }
}

fn names_of<'l>(looked: &[&'l Looked], of: impl Fn(&'l ArchiveFacts) -> &'l NameList) -> HashSet<&'l [u8]> {
    looked.iter().filter(|l| l.replaceable).flat_map(|l| of(&l.facts).iter()).map(str::as_bytes).collect()
}

fn text(names: &BTreeSet<SymbolName>) -> Vec<String> {
    names.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect()
}

pub(super) fn lock<T>(found: &Mutex<T>) -> MutexGuard<'_, T> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}
