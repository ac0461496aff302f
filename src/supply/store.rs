//! The replacements of the shared objects of one link: objects that they carry, converted ones, and modules.

use super::archive_facts;
use super::constructors;
use super::converted_libraries::{ConvertedLibraries, Extras};
use super::load_order::{self, LoadedEntry};
use super::on_trial::OnTrial;
use super::plugins::Modules;
use crate::archive;
use crate::convert::Refusal;
use crate::fat::section::{self, CarriedContent};
use crate::libs::convert_policy::ConvertPolicy;
use crate::libs::library_file::LibraryFile;
use crate::libs::supplier::{
    ArchiveFacts, Carried, ConvertedPlace, ModuleRole, ModuleTaken, SharedLibrary, Supplier, Use,
};
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Builds the start-up code of converted libraries for one link: its temporary directory and the archive in it.
pub(crate) type MakeStartCode = Box<dyn FnOnce() -> io::Result<(TempDir, PathBuf)>>;

/// Where the start-up code of converted libraries comes from.
#[derive(Default)]
pub(crate) enum StartCode {
    /// Nothing is converted.
    #[default]
    None,
    /// Cached with the toolchain's repairs.
    Kept(PathBuf),
    /// Built when the first library is converted, since nothing could be cached.
    ToBeMade(MakeStartCode),
    /// Built for this link.
    Made(#[expect(dead_code, reason = "the directory is removed when this is dropped")] TempDir, PathBuf),
}

impl fmt::Debug for StartCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartCode::None => f.write_str("None"),
            StartCode::ToBeMade(_) => f.write_str("ToBeMade"),
            StartCode::Kept(path) | StartCode::Made(_, path) => write!(f, "{}", path.display()),
        }
    }
}

impl StartCode {
    /// The archive, if it exists.
    pub(crate) fn archive(&self) -> Option<&Path> {
        match self {
            StartCode::Kept(path) | StartCode::Made(_, path) => Some(path),
            StartCode::None | StartCode::ToBeMade(_) => None,
        }
    }

    /// Builds it if necessary; returns whether it exists.
    fn ensure(&mut self) -> bool {
        if let StartCode::ToBeMade(_) = self
            && let StartCode::ToBeMade(make) = std::mem::take(self)
        {
            match make() {
                Ok((dir, path)) => *self = StartCode::Made(dir, path),
                Err(error) => log::info!("no start-up code for converted libraries: {error}"),
            }
        }
        self.archive().is_some()
    }
}

/// Objects that replace shared objects, carried by or converted from them, in a directory that is removed when this is
/// dropped.
#[derive(Debug, Default)]
pub(crate) struct LinkStore {
    dir: Option<TempDir>,
    taken: Vec<TakenLibrary>,
    /// The converted libraries; none if conversion is off or not supported.
    pub converted: Option<ConvertedLibraries>,
    /// The start-up code of those.
    pub start_code: StartCode,
    /// Conversion, as far as it works here.
    pub converting: OnTrial,
    /// Objects that shared objects carry, as far as they work here.
    pub carrying: OnTrial,
    /// Linking modules in, as far as it works here.
    pub plugging: OnTrial,
    /// The modules, which are opened at run time.
    pub modules: Modules,
    /// Modules that were found in a directory or by a pattern, and may be left out.
    pub optional_plugins: Vec<PathBuf>,
    /// Where glibc's own files are searched for.
    pub library_dirs: Vec<PathBuf>,
    /// Our cache directory.
    pub cache: Option<PathBuf>,
    /// Shared objects with unusable sections, and why.
    pub ignored: Vec<(PathBuf, String)>,
}

/// A library whose code was supplied.
#[derive(Debug)]
struct TakenLibrary {
    ordinal: usize,
    path: PathBuf,
    code: Code,
    loaded: LoadedEntry,
}

#[derive(Debug)]
enum Code {
    Carried(Vec<u8>),
    /// Index among the converted libraries.
    Converted(usize),
    /// An archive whose constructors get numbers because something is converted.
    Numbered(Arc<LibraryFile>),
}

impl Supplier for LinkStore {
    fn policy(&self) -> Option<&ConvertPolicy> {
        self.converted.as_ref().map(ConvertedLibraries::policy)
    }

    fn carried(&mut self, library: SharedLibrary<'_>) -> Option<Carried> {
        let carried = library.file.look(section::content)?.and_then(|content| match content {
            None => Ok(None),
            Some(CarriedContent::Nothing) => Ok(Some((Carried::Nothing, PathBuf::new(), Vec::new()))),
            Some(CarriedContent::Object(bytes)) => {
                let end = if library.use_of_it == Use::Always { ".o" } else { archive::ENDING };
                let path = self.place(library.path, end)?;
                Ok(Some((Carried::Object(path.clone()), path, bytes)))
            }
        });
        let off = |why| format!("the objects that it carries do not work with this compiler: {why}");
        let found = match carried {
            Ok(None) => return None,
            Ok(Some(found)) => self.carrying.off().map_or(Ok(found), |why| Err(off(why))),
            Err(why) => Err(why.to_string()),
        };
        match found {
            Ok((carried, path, bytes)) => {
                self.note(library, path, Code::Carried(bytes));
                Some(carried)
            }
            Err(why) => {
                self.ignored.push((library.path.to_owned(), why));
                None
            }
        }
    }

    fn convert(&mut self, library: SharedLibrary<'_>) -> Option<Result<ConvertedPlace, Refusal>> {
        self.converted.as_ref()?;
        if let Some(why) = self.converting.off() {
            return Some(Err(Refusal::OffHere { what: "converted libraries", why: why.to_owned() }));
        }
        if !self.start_code.ensure() {
            return None;
        }
        let unwritable = |e: io::Error| Refusal::Unreadable { error: e.to_string() };
        let path = match self.place(library.path, archive::ENDING) {
            Ok(path) => path,
            Err(error) => return Some(Err(unwritable(error))),
        };
        let taken = self.converted.as_mut()?.take(library, path.clone());
        Some(taken.map(|(number, build_id)| {
            self.note(library, path.clone(), Code::Converted(number));
            ConvertedPlace { path, build_id }
        }))
    }

    fn left_to_references(&self) -> Vec<PathBuf> {
        self.converted.as_ref().map(ConvertedLibraries::left_to_references).unwrap_or_default()
    }

    fn take_always(&mut self, shared: &Path) {
        if let Some(converted) = &mut self.converted {
            converted.take_always(shared);
        }
    }

    fn replaces_archives(&self) -> bool {
        self.converted.is_some() && self.start_code.archive().is_some()
    }

    fn numbers_constructors(&self) -> bool {
        self.converted.as_ref().is_some_and(|c| !c.is_empty())
    }

    fn number(&mut self, archive: &Arc<LibraryFile>, library: SharedLibrary<'_>) -> io::Result<PathBuf> {
        let place = self.place(archive.path(), archive::ENDING)?;
        self.note(library, place.clone(), Code::Numbered(archive.clone()));
        Ok(place)
    }

    fn archive_facts(&self, archive: &LibraryFile, shared: Option<&LibraryFile>) -> ArchiveFacts {
        archive_facts::facts(archive, shared, &self.library_dirs, self.cache.as_deref())
    }

    fn lacking(&self, names: &BTreeSet<String>, archives: &[Arc<LibraryFile>]) -> BTreeSet<String> {
        archive_facts::still_lacking(names, archives)
    }

    fn module(&mut self, path: &Path, file: &LibraryFile, role: ModuleRole) -> Result<ModuleTaken, Refusal> {
        match self.plugging.off() {
            Some(why) => Err(Refusal::OffHere { what: "plugins", why: why.to_owned() }),
            None => self.modules.take(path, file.content()?, role),
        }
    }
}

impl LinkStore {
    /// A store for a link that converts libraries.
    pub(crate) fn converting(policy: ConvertPolicy, start_code: StartCode) -> LinkStore {
        LinkStore { converted: Some(ConvertedLibraries::new(policy)), start_code, ..LinkStore::default() }
    }

    /// The temporary directory of this link.
    ///
    /// # Errors
    /// It can't be created.
    pub(crate) fn dir(&mut self) -> io::Result<&Path> {
        match &mut self.dir {
            Some(dir) => Ok(dir.path()),
            none => Ok(none.insert(tempfile::Builder::new().prefix("staticcxx").tempdir()?).path()),
        }
    }

    /// The same, if there is one yet.
    pub(crate) fn made_dir(&self) -> Option<&Path> {
        self.dir.as_ref().map(TempDir::path)
    }

    /// Whether this is the link of a converted program.
    pub(crate) fn converts_program(&self) -> bool {
        self.converted.as_ref().is_some_and(|c| c.policy().program.is_some())
    }

    /// A file name by which the linker's messages identify the library.
    fn place(&mut self, shared: &Path, end: &str) -> io::Result<PathBuf> {
        let number = self.taken.len().to_string();
        let dir = self.dir()?.join(number);
        fs::create_dir_all(&dir)?;
        let mut name = shared.file_name().unwrap_or_default().to_owned();
        name.push(end);
        Ok(dir.join(name))
    }

    fn note(&mut self, library: SharedLibrary<'_>, path: PathBuf, code: Code) {
        let loaded = loaded(library.path, library.needs.soname.as_deref(), &library.needs.needed);
        self.taken.push(TakenLibrary { ordinal: library.ordinal, path, code, loaded });
    }

    /// Writes all objects, with constructors in ld.so's order. `archives` are the link's other libraries. Returns what
    /// converted libraries need in addition.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(crate) fn write(&mut self, archives: &[PathBuf]) -> io::Result<Extras> {
        // A library that replaced an archive was added after the ones that follow it.
        self.taken.sort_by_key(|t| t.ordinal);
        let loaded: Vec<LoadedEntry> = self.taken.iter().map(|t| t.loaded.clone()).collect();
        let mut order = Vec::new();
        for (taken, rank) in self.taken.iter_mut().zip(load_order::ranks(&loaded)) {
            match &mut taken.code {
                Code::Carried(bytes) => write_carried(std::mem::take(bytes), rank, &taken.path)?,
                Code::Converted(number) => order.push((*number, load_order::FIRST + rank)),
                Code::Numbered(archive) => match archive.look(|bytes| constructors::numbered(bytes, rank)).flatten() {
                    Some(bytes) => fs::write(&taken.path, bytes)?,
                    None => std::os::unix::fs::symlink(archive.path(), &taken.path)?,
                },
            }
        }
        let Some(start_code) = self.start_code.archive().map(Path::to_owned) else { return Ok(Extras::default()) };
        if self.converted.as_ref().is_none_or(ConvertedLibraries::is_empty) {
            return Ok(Extras::default());
        }
        let dir = self.dir()?.to_owned();
        match &mut self.converted {
            Some(converted) => converted.write(&order, archives, &start_code, &dir),
            None => Ok(Extras::default()),
        }
    }
}

/// Writes an object, or an archive of it, with numbered constructors.
fn write_carried(mut bytes: Vec<u8>, rank: usize, path: &Path) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    load_order::number(&mut bytes, rank);
    let archive = path.extension().is_some_and(|e| e == "ar").then(|| archive::of(&bytes)).flatten();
    fs::write(path, archive.unwrap_or(bytes))
}

/// A library as ld.so sees it.
fn loaded(shared: &Path, soname: Option<&str>, needed: &[String]) -> LoadedEntry {
    let file = shared.file_name().map(|n| n.to_string_lossy().into_owned());
    LoadedEntry { names: soname.map(str::to_owned).into_iter().chain(file).collect(), needed: needed.to_vec() }
}
