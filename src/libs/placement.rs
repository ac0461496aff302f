//! What a resolution records for each library, and its words on the command line.

use super::decision::{Placement, Slot};
use super::library_ref::{LibraryName, stem};
use super::located::same;
use super::missing::Missing;
use super::resolution::{LinkedLibrary, Provider};
use super::resolver::Resolver;
use super::substitute::Substitute;
use super::supplier::ConvertedPlace;
use crate::convert::Refusal;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

impl Resolver<'_> {
    /// Whether a library is converted even if it has an archive.
    pub(super) fn prefers(&self, stem: &OsStr, archive: Option<&Path>) -> bool {
        let Some(policy) = self.supplier.policy() else { return false };
        policy.prefers(stem) || archive.is_some_and(|a| self.incomplete.iter().any(|i| i == a))
    }

    /// Whether a library without an archive is converted.
    pub(super) fn allows(&self, stem: &OsStr, asked: bool) -> bool {
        self.supplier.policy().is_some_and(|p| p.allows(stem, asked))
    }

    pub(super) fn placement(&self, slot: Slot) -> Placement {
        Placement {
            slot,
            ordinal: self.in_place_of.unwrap_or(self.next_ordinal),
            use_of_it: self.use_of_it,
            for_plugins: self.for_plugins,
            named: None,
            because: Vec::new(),
            origin: None,
        }
    }

    /// Puts words into a slot: replacing a reference or an entry of the closure, or at the end of the closure.
    pub(super) fn put(&mut self, slot: Slot, words: Vec<OsString>, how: String) {
        match slot {
            Slot::Reference(at) => match self.out.substitutes.iter_mut().find(|(a, _)| *a == at) {
                Some((_, substitute)) => *substitute = Substitute { words, how },
                None => self.out.substitutes.push((at, Substitute { words, how })),
            },
            Slot::Closure(at) => match self.closure.get_mut(at) {
                Some(entry) => *entry = words,
                None => self.closure.push(words),
            },
            Slot::None => {}
        }
    }

    /// The words that replace a reference with this archive; none if it can stay as typed.
    pub(super) fn spelled(&self, named: &LibraryName, archive: &Path) -> Option<Vec<OsString>> {
        let stays = match named {
            LibraryName::Name(name) => self.path.archive(name).is_some_and(|a| same(&a, archive)),
            LibraryName::File(file) => self.path.file(file).is_some_and(|(a, _)| same(&a, archive)),
            LibraryName::Path(path) => same(path, archive),
        };
        (!stays).then(|| vec![archive.as_os_str().to_owned()])
    }

    /// Adds a library to the result.
    pub(super) fn took(
        &mut self,
        placement: Placement,
        name: String,
        path: PathBuf,
        shared: Option<PathBuf>,
        provider: Provider,
        because: Option<String>,
    ) {
        if let Some(name) = path.file_stem() {
            self.seen.insert(name.to_owned());
        }
        if let Some(stem) = shared.as_deref().and_then(stem) {
            self.seen.insert(stem.to_owned());
        }
        let (soname, build_id, package) = (None, None, None);
        self.add(placement, LinkedLibrary { name, path, provider, twin: shared, soname, build_id, package, because });
    }

    /// The same for a converted library, which reports name by its shared object.
    pub(super) fn converted(
        &mut self,
        placement: Placement,
        name: String,
        place: ConvertedPlace,
        shared: Option<PathBuf>,
        because: Option<String>,
    ) {
        let real = shared.as_deref().and_then(|s| s.canonicalize().ok());
        self.out.places.push((place.path.clone(), self.out.libraries.len()));
        self.took(placement, name, place.path, shared, Provider::Converted, because);
        if let Some(library) = self.out.libraries.last_mut() {
            library.build_id = place.build_id;
            if let Some(real) = real {
                library.path = real;
            }
        }
    }

    pub(super) fn add(&mut self, placement: Placement, library: LinkedLibrary) {
        self.next_ordinal += 1;
        self.placements.push(placement);
        self.out.libraries.push(library);
    }

    pub(super) fn missing(
        &mut self,
        name: String,
        shared: PathBuf,
        because: Vec<String>,
        required: bool,
        refusal: Option<Refusal>,
    ) {
        self.out.missing.push(Missing { name, shared, because, required, refusal });
    }
}
