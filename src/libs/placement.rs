//! What a resolution notes of each library, and how the line names it.

use super::closure::Resolver;
use super::library_ref::{Named, stem};
use super::located::same;
use super::{Library, Missing, Provider, counterpart};
use crate::convert::Refusal;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

impl Resolver<'_> {
    pub(super) fn prefers(&self, stem: &OsStr, archive: Option<&Path>) -> bool {
        self.out.store.shelf.as_ref().is_some_and(|s| s.means().prefers(stem, archive))
    }

    pub(super) fn allows(&self, stem: &OsStr, asked: bool) -> bool {
        self.out.store.shelf.as_ref().is_some_and(|s| s.means().allows(stem, asked))
    }

    /// The file that stands for an archive whose constructors get numbers; none for all others.
    pub(super) fn numbered(&mut self, archive: &Path, shared: Option<&Path>) -> Option<OsString> {
        let means = self.out.store.shelf.as_ref()?.means();
        means.numbered.iter().find(|a| *a == archive)?;
        let twin = shared.map(Path::to_owned).or_else(|| Some(counterpart::shared_of(archive, self.path)?.0))?;
        let needs = counterpart::needs(&twin);
        let made = self.out.store.number(archive, &twin, needs.soname.as_deref(), &needs.needed);
        made.ok().map(PathBuf::into_os_string)
    }

    /// The words that name this archive in the place of a reference; none where it can stay as typed.
    pub(super) fn spelled(&self, named: &Named, archive: &Path) -> Option<Vec<OsString>> {
        let stays = match named {
            Named::Name(name) => self.path.archive(name).is_some_and(|a| same(&a, archive)),
            Named::File(file) => self.path.file(file).is_some_and(|(a, _)| same(&a, archive)),
            Named::Path(path) => same(path, archive),
        };
        (!stays).then(|| vec![archive.as_os_str().to_owned()])
    }

    pub(super) fn took(
        &mut self,
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
        self.out.libraries.push(Library { name, path, provider, twin: shared, soname, build_id, package, because });
    }

    /// The same for a converted library; in reports it is what it was converted from.
    pub(super) fn converted(
        &mut self,
        name: String,
        place: PathBuf,
        shared: Option<PathBuf>,
        build_id: Option<String>,
        because: Option<String>,
    ) {
        let real = shared.as_deref().and_then(|s| s.canonicalize().ok());
        self.out.places.push((place.clone(), self.out.libraries.len()));
        self.took(name, place, shared, Provider::Converted, because);
        if let Some(library) = self.out.libraries.last_mut() {
            library.build_id = build_id;
            if let Some(real) = real {
                library.path = real;
            }
        }
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
