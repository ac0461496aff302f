//! The last step of a resolution: archives that would make another program are replaced by their shared objects
//! ([`super::suitability`]); one with constructors gets numbered ones where something is converted.

use super::decision::{CodeSource, Origin, Placement, Slot};
use super::library_ref::LibraryName;
use super::resolution::{LinkedLibrary, Provider};
use super::resolver::Resolver;
use super::suitability::Looked;
use super::supplier::SharedLibrary;
use super::unsuitable::Unsuitable;
use crate::options::convert::ConvertMode;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

impl Resolver<'_> {
    /// Replaces archives that would make another program, notes what the others need for the same one, then numbers
    /// constructors.
    pub(super) fn refine(&mut self) {
        let start = Instant::now();
        let looked = self.look_at_archives();
        let converts = self.supplier.policy().is_some_and(|p| p.choice.mode != ConvertMode::Off);
        let unsuitable = self.unsuitable(&looked);
        self.out.audit = start.elapsed();
        if self.supplier.replaces_archives() && converts {
            self.replace_unsuitable(&unsuitable);
        }
        let left: Vec<PathBuf> = self.out.archives().map(|l| l.path.clone()).collect();
        let (unkept, replaced) = unsuitable.into_iter().partition(|(archive, _)| left.contains(archive));
        (self.out.unkept, self.out.replaced) = (unkept, replaced);
        let kept: Vec<&Looked> = looked.iter().filter(|l| self.keeps(l)).collect();
        self.out.fixed = kept.iter().find(|l| l.facts.fixed).map(|l| l.archive.clone());
        let start = Instant::now();
        self.run_constructors(&kept);
        self.out.audit += start.elapsed();
        if self.supplier.replaces_archives() && self.supplier.numbers_constructors() {
            for one in looked.iter().filter(|l| l.facts.constructors) {
                self.number(one);
            }
        }
        let known = looked.into_iter().filter(|l| l.known).map(|l| (l.archive, Arc::new(l.facts)));
        self.out.facts = known.collect();
    }

    /// Whether the archive is still what is linked.
    fn keeps(&self, one: &Looked) -> bool {
        self.out.libraries.iter().any(|l| l.provider == Provider::Archive && l.path == one.archive)
    }

    fn replace_unsuitable(&mut self, unsuitable: &[(PathBuf, Unsuitable)]) {
        self.incomplete = unsuitable.iter().map(|(archive, _)| archive.clone()).collect();
        for archive in self.incomplete.clone() {
            while let Some(index) = self.replaceable(&archive) {
                self.replace(index);
            }
        }
    }

    /// The next library that uses this archive and was found as something else.
    fn replaceable(&self, archive: &Path) -> Option<usize> {
        let taken = |(library, placement): (&LinkedLibrary, &Placement)| {
            library.provider == Provider::Archive && library.path == *archive && placement.origin.is_some()
        };
        self.out.libraries.iter().zip(&self.placements).position(taken)
    }

    /// Uses what was found first instead of the archive. On failure the archive stays.
    fn replace(&mut self, index: usize) {
        let Some(placement) = self.placements.get_mut(index) else { return };
        let Some(origin) = placement.origin.take() else { return };
        let placement = placement.clone();
        let Some(archive) = self.out.libraries.get(index).map(|l| l.path.clone()) else { return };
        self.use_of_it = placement.use_of_it;
        self.for_plugins = placement.for_plugins;
        self.in_place_of = Some(placement.ordinal);
        match origin {
            Origin::Shared(shared) => self.replace_by_shared(index, &placement, shared, archive),
            Origin::Script(script) => {
                self.remove(index);
                self.put(placement.slot, Vec::new(), "the inputs of its linker script".into());
                if let Some(stem) = archive.file_stem() {
                    self.seen.remove(stem);
                }
                self.script(&script, &placement.because, true, 0);
                self.dependencies();
            }
        }
        self.in_place_of = None;
    }

    fn replace_by_shared(&mut self, index: usize, placement: &Placement, shared: PathBuf, archive: PathBuf) {
        let named = placement.named.clone().unwrap_or_else(|| LibraryName::Path(shared.clone()));
        let decision = self.without_archive_beside(&named, shared, Some(archive), &placement.because);
        let Some(library) = self.out.libraries.get_mut(index) else { return };
        match decision.code {
            Some(CodeSource::Converted(place)) => {
                library.provider = Provider::Converted;
                library.build_id = place.build_id;
                let real = library.twin.as_deref().and_then(|s| s.canonicalize().ok());
                library.path = real.unwrap_or_else(|| place.path.clone());
                self.out.places.push((place.path.clone(), index));
                self.put(placement.slot, vec![place.path.into_os_string()], decision.how);
            }
            Some(CodeSource::Objects(object)) => {
                library.provider = Provider::FatShared;
                library.path.clone_from(&object);
                self.put(placement.slot, vec![object.into_os_string()], decision.how);
            }
            Some(CodeSource::Nothing) => {
                self.remove(index);
                self.put(placement.slot, Vec::new(), decision.how);
            }
            Some(CodeSource::Archive(_)) | None => {}
        }
    }

    /// Removes a library from the result; its slot is reused.
    fn remove(&mut self, index: usize) {
        self.out.libraries.remove(index);
        self.placements.remove(index);
        for (_, at) in &mut self.out.places {
            if *at > index {
                *at -= 1;
            }
        }
    }

    /// Replaces an archive by a copy with numbered constructors.
    fn number(&mut self, one: &Looked) {
        let still = |(library, placement): &(&LinkedLibrary, &Placement)| {
            placement.ordinal == one.ordinal && library.provider == Provider::Archive && library.path == one.archive
        };
        let Some((_, placement)) = self.out.libraries.iter().zip(&self.placements).find(still) else { return };
        let (slot, ordinal, use_of_it) = (placement.slot, placement.ordinal, placement.use_of_it);
        let Some((path, file)) = &one.beside else { return };
        let needs = file.needs(path);
        let library = SharedLibrary { path, file, needs: &needs, ordinal, use_of_it };
        if let (Ok(copy), false) = (self.supplier.number(&one.file, library), slot == Slot::None) {
            let how = "a copy with its constructors numbered".into();
            self.put(slot, vec![copy.into_os_string()], how);
        }
    }
}
