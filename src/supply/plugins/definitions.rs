//! What the inputs of a link define, and what they look for by name at run time.

use super::name_lookups::{AskingCode, Calls};
use super::{identifiers, intermediate, name_lookups};
use crate::convert::Library;
use crate::convert::symbols::TLS;
use crate::libs::exported_names::ExportedNames;
use crate::libs::library_file::LibraryFile;
use crate::libs::supplier::{ArchiveFacts, NameLookups};
use crate::libs::{LinkedLibrary, Provider, SearchPath, counterpart};
use foldhash::{HashMap, HashSet};
use memchr::memmem::find;
use object::read::archive::{ArchiveFile, ArchiveMember};
use object::{Object, ObjectSymbol, SymbolFlags, SymbolKind};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The inputs of a program before it is linked.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProgramInputs {
    pub objects: Vec<PathBuf>,
    /// Archives named by path.
    pub archives: Vec<PathBuf>,
    /// Files that are compiled in the same call, whose definitions are unknown.
    pub sources: Vec<PathBuf>,
    pub libraries: Vec<LinkedLibrary>,
    /// The search path, with the files read so far.
    pub path: SearchPath,
    /// Names that it exports in any case; `*` with `-rdynamic`.
    pub exported: Vec<glob::Pattern>,
    /// Paths of the libraries that a dynamic program would load whether or not it refers to them.
    pub loaded: Vec<PathBuf>,
    /// The same of libm.
    pub loads_libm: bool,
    /// A file with data of the program's own, and where they begin in it.
    pub data: Option<(PathBuf, u64)>,
    /// What is known of the archives.
    pub facts: Vec<(PathBuf, Arc<ArchiveFacts>)>,
}

impl ProgramInputs {
    /// Whether the line exports a name.
    pub(crate) fn exports(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.exported.iter().any(|p| p.matches(name)))
    }

    /// What an archive looks up by name, if that is known.
    pub(crate) fn lookups(&self, archive: &Path) -> Option<&NameLookups> {
        self.facts.iter().find(|(path, _)| path == archive).and_then(|(_, facts)| facts.lookups.as_ref())
    }

    /// Whether a dynamic link would take this archive too, so that its members are the program's own code.
    pub(super) fn is_own(&self, library: &LinkedLibrary) -> bool {
        let beside = || library.twin.is_some() || counterpart::shared_of(&library.path, &self.path).is_some();
        library.provider == Provider::Archive && (library.name.ends_with(".a") || !beside())
    }
}

/// A definition in the program's own code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OwnDefinition {
    pub thread_local: bool,
    pub hidden: bool,
    pub size: u64,
    /// In an archive, so that it may not be linked in.
    pub optional: bool,
    /// A library refers to it or defines it too, so that a dynamic link exports it.
    pub seen_by_library: bool,
}

/// A definition in a library that the program would load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LibraryDefinition {
    /// In an archive's member with this offset.
    Member(u64),
    /// In a converted one.
    Shared { thread_local: bool, size: u64 },
}

/// The definitions of a link.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Names defined in the program's own code.
    pub own: HashMap<Vec<u8>, OwnDefinition>,
    /// Names that libraries export: the library's index among those of the link.
    pub libraries: HashMap<Vec<u8>, (usize, LibraryDefinition)>,
    /// Identifiers among the strings; true where the code that has them calls dlsym.
    pub strings: HashMap<Vec<u8>, bool>,
    /// What the program's own code refers to.
    pub referred: HashSet<Vec<u8>>,
    /// The libraries of the link that a dynamic program would load, by index.
    pub loaded: BTreeSet<usize>,
    /// What libraries define that call dlsym or dladdr themselves.
    pub of_askers: BTreeSet<Vec<u8>>,
    /// Whether the program's own code or a converted library calls dladdr.
    pub describes: bool,
    /// Whether some inputs are not compiled yet.
    pub sources: bool,
    /// All names of libraries are of interest, not only those that are looked up.
    all: bool,
    /// Whether something calls dlopen, and whether something calls dl_iterate_phdr.
    asks: (bool, bool),
}

/// An archive of the link, by its index among the libraries.
struct ArchiveTwin {
    index: usize,
    file: Arc<LibraryFile>,
    twin: Option<Arc<LibraryFile>>,
}

impl Known {
    /// Reads the inputs of a link; `all`: it has modules or patterns, for which any name of a library may matter, and
    /// what opens and lists modules.
    pub(crate) fn of(program: &ProgramInputs, all: bool) -> Known {
        let files = &program.path.files;
        let mut known = Known { sources: !program.sources.is_empty(), all, ..Known::default() };
        let mut strings = HashSet::default();
        let mut calls = Calls::default();
        for object in &program.objects {
            files.look(object, |data| known.own_object(data, false, &mut calls, &mut strings));
        }
        for source in &program.sources {
            files.look(source, |data| known.own_source(data, &mut calls, &mut strings));
        }
        let own = program.libraries.iter().filter(|l| program.is_own(l)).map(|l| &l.path);
        let own: BTreeSet<&PathBuf> = program.archives.iter().chain(own).collect();
        for archive in &own {
            files.look(archive, |data| {
                each_member(data, archive, &mut |member| known.own_object(member, true, &mut calls, &mut strings));
            });
        }
        if let Some((file, from)) = program.data.as_ref().filter(|_| calls.dlsym) {
            files.look(file, |bytes| {
                identifiers::of_file(bytes, *from, &mut |name| add(&mut strings, name));
            });
        }
        known.describes |= calls.dladdr;
        known.strings.extend(strings.into_iter().map(|name| (name, calls.dlsym)));
        let mut twins = Vec::new();
        for (index, library) in program.libraries.iter().enumerate() {
            if library.provider != Provider::Plugin && !own.contains(&library.path) {
                twins.extend(known.library(index, library, program));
                if program.loaded.contains(&library.path) || library.because.is_some() {
                    known.loaded.insert(index);
                }
            }
        }
        known.members(&twins, program);
        let referred = known.referred.iter().filter_map(|name| known.libraries.get(name));
        known.loaded.extend(referred.map(|(index, _)| *index));
        known
    }

    fn asked(&mut self, data: &[u8]) {
        if !self.all {
            return;
        }
        self.asks.0 |= find(data, b"dlopen").is_some();
        self.asks.1 |= find(data, b"dl_iterate_phdr").is_some();
    }

    /// Whether the program opens shared objects and lists them.
    pub(crate) fn lists(&self) -> bool {
        self.asks == (true, true)
    }

    /// Whether a library's definition of a name that libc has too is the one that is linked in.
    pub(super) fn comes_before_libc(&self, library: usize, name: &[u8]) -> bool {
        self.loaded.contains(&library) || self.referred.contains(name)
    }

    /// Whether something in the link defines a name.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.own.contains_key(name) || self.libraries.contains_key(name)
    }

    fn own_object(&mut self, data: &[u8], optional: bool, calls: &mut Calls, strings: &mut HashSet<Vec<u8>>) {
        self.asked(data);
        let Ok(object) = object::File::parse(data) else { return };
        for symbol in object.symbols().filter(|s| s.is_global()) {
            let Ok(name) = symbol.name_bytes() else { continue };
            if symbol.is_undefined() {
                calls.note(name);
                add(&mut self.referred, name);
                continue;
            }
            let definition = OwnDefinition {
                thread_local: symbol.kind() == SymbolKind::Tls,
                hidden: is_hidden(&symbol),
                size: symbol.size(),
                optional,
                seen_by_library: false,
            };
            self.own_definition(name, definition);
        }
        intermediate::symbols(&object, &mut |symbol| match symbol.undefined {
            true => {
                calls.note(symbol.name);
                add(&mut self.referred, symbol.name);
            }
            false => {
                let definition = OwnDefinition { hidden: symbol.hidden, optional, ..OwnDefinition::default() };
                self.own_definition(symbol.name, definition);
            }
        });
        intermediate::strings(&object, &mut |name| {
            add(strings, name);
        });
        identifiers::of_object(&object, &mut |name| {
            add(strings, name);
        });
    }

    fn own_definition(&mut self, name: &[u8], definition: OwnDefinition) {
        match self.own.get_mut(name) {
            Some(_) if definition.optional => {}
            Some(first) => *first = definition,
            None => drop(self.own.insert(name.to_vec(), definition)),
        }
    }

    fn own_source(&mut self, text: &[u8], calls: &mut Calls, strings: &mut HashSet<Vec<u8>>) {
        self.asked(text);
        calls.dlsym |= find(text, b"dlsym").is_some() || find(text, b"dlvsym").is_some();
        calls.dladdr |= find(text, b"dladdr").is_some();
        let words = text.split(|b| !b.is_ascii_alphanumeric() && *b != b'_').filter(|word| word.len() > 1);
        words.for_each(|word| add(&mut self.referred, word));
        identifiers::of_source(text, &mut |name| {
            add(strings, name);
        });
    }

    /// Notes what a library looks up by name and which of the program's names its shared object has, and what it defines
    /// if it is not an archive; of an archive returns the shared object.
    fn library(&mut self, index: usize, library: &LinkedLibrary, program: &ProgramInputs) -> Option<ArchiveTwin> {
        let files = &program.path.files;
        let file = files.get(&library.path)?;
        if library.provider == Provider::Converted {
            file.look(|data| {
                self.asked(data);
                self.shared(index, data);
            });
            return None;
        }
        let beside = || counterpart::shared_of(&library.path, &program.path).map(|(shared, _)| shared);
        let twin = library.twin.clone().or_else(beside).and_then(|twin| files.get(&twin));
        let exported = twin.as_deref().and_then(LibraryFile::bytes).and_then(name_lookups::exported);
        if let Some(exported) = &exported {
            self.see(exported);
        }
        if let Some(lookups) = program.lookups(&library.path) {
            self.asks.0 |= lookups.functions.iter().any(|f| f == "dlopen");
            self.asks.1 |= lookups.functions.iter().any(|f| f == "dl_iterate_phdr");
            self.of_askers.extend(lookups.askers.iter().map(|name| name.as_bytes().to_vec()));
            self.strings.extend(lookups.strings.iter().map(|name| (name.as_bytes().to_vec(), true)));
        } else {
            file.look(|data| {
                self.asked(data);
                self.asking(index, data, &library.path, exported.as_ref());
            });
        }
        drop(exported);
        Some(ArchiveTwin { index, file, twin })
    }

    /// Notes which of the program's names a shared object has too.
    fn see(&mut self, exported: &ExportedNames<'_>) {
        for (name, own) in self.own.iter_mut().filter(|(_, own)| !own.seen_by_library) {
            own.seen_by_library = exported.defines(name);
        }
        exported.each_undefined(|name| {
            if let Some(own) = self.own.get_mut(name) {
                own.seen_by_library = true;
            }
        });
    }

    /// Reads the code of an archive, or of the object that a shared object carries.
    fn asking(&mut self, index: usize, data: &[u8], path: &Path, exported: Option<&ExportedNames<'_>>) {
        let mut code = AskingCode::default();
        match ArchiveFile::parse(data) {
            Ok(archive) => {
                let offers = |name: &[u8]| exported.is_none_or(|exported| exported.defines(name));
                for member in archive.members().flatten() {
                    with_member(&member, data, path, &mut |object| code.add(object, &offers));
                }
            }
            Err(_) => {
                self.carried(index, data);
                code.add(data, &|_| true);
            }
        }
        self.of_askers.extend(code.exported);
        self.strings.extend(code.strings.into_iter().map(|name| (name, true)));
    }

    /// Notes where archives define names of interest that their shared objects export.
    fn members(&mut self, twins: &[ArchiveTwin], program: &ProgramInputs) {
        let mut libraries = std::mem::take(&mut self.libraries);
        let looked_up = self.looked_up(program).collect::<HashSet<&[u8]>>();
        for ArchiveTwin { index, file, twin } in twins {
            let exported = twin.as_deref().and_then(LibraryFile::bytes).and_then(name_lookups::exported);
            let offers = |name: &[u8]| exported.as_ref().is_none_or(|exported| exported.defines(name));
            let index_of = |data: &[u8]| {
                let Ok(archive) = ArchiveFile::parse(data) else { return };
                for entry in archive.symbols().ok().flatten().into_iter().flat_map(|entries| entries.flatten()) {
                    let name = entry.name();
                    if (self.all || looked_up.contains(name))
                        && libraries.get(name).is_none_or(|(other, _)| other > index)
                        && offers(name)
                    {
                        libraries.insert(name.to_vec(), (*index, LibraryDefinition::Member(entry.offset().0)));
                    }
                }
            };
            file.look(index_of);
        }
        self.libraries = libraries;
    }

    /// The names for which definitions in libraries matter.
    pub(super) fn looked_up<'k>(&'k self, program: &'k ProgramInputs) -> impl Iterator<Item = &'k [u8]> {
        let own =
            self.own.iter().filter(|(name, own)| own.seen_by_library || program.exports(name)).map(|(name, _)| name);
        self.strings.keys().chain(&self.of_askers).chain(&self.referred).chain(own).map(Vec::as_slice)
    }

    /// The object of a shared object that carries one.
    fn carried(&mut self, index: usize, data: &[u8]) {
        let Ok(object) = object::File::parse(data) else { return };
        for symbol in object.symbols().filter(|s| s.is_global() && !s.is_undefined() && !is_hidden(s)) {
            let Ok(name) = symbol.name_bytes() else { continue };
            let thread_local = symbol.kind() == SymbolKind::Tls;
            let definition = LibraryDefinition::Shared { thread_local, size: symbol.size() };
            self.libraries.entry(name.to_vec()).or_insert((index, definition));
        }
    }

    fn shared(&mut self, index: usize, data: &[u8]) {
        let Ok(library) = Library::read(data) else { return };
        let mut calls = Calls::default();
        for symbol in &library.symbols {
            if let Some(own) = self.own.get_mut(symbol.name) {
                own.seen_by_library = true;
            }
            match symbol.defined() {
                false => calls.note(symbol.name),
                true if !symbol.exported() || symbol.old => {}
                true => {
                    let thread_local = symbol.kind == TLS;
                    let definition = LibraryDefinition::Shared { thread_local, size: symbol.size };
                    self.libraries.entry(symbol.name.to_vec()).or_insert((index, definition));
                }
            }
        }
        self.describes |= calls.dladdr;
        if calls.dlsym {
            self.of_module(data);
            let exported = library.symbols.iter().filter(|s| s.exported() && !s.old);
            self.of_askers.extend(exported.map(|s| s.name.to_vec()));
        }
    }

    /// Adds the strings of a plugin, if it calls dlsym.
    pub(crate) fn of_module(&mut self, data: &[u8]) {
        self.asks.1 |= find(data, b"dl_iterate_phdr").is_some();
        let asks = find(data, b"\0dlsym\0").is_some() || find(data, b"\0dlvsym\0").is_some();
        if let (true, Ok(file)) = (asks, object::File::parse(data)) {
            identifiers::of_object(&file, &mut |name| {
                self.strings.insert(name.to_vec(), true);
            });
        }
    }
}

/// Most names are there already.
fn add(names: &mut HashSet<Vec<u8>>, name: &[u8]) {
    if !names.contains(name) {
        names.insert(name.to_vec());
    }
}

fn is_hidden(symbol: &object::Symbol<'_, '_>) -> bool {
    let SymbolFlags::Elf { st_other, .. } = symbol.flags() else { return false };
    matches!(st_other.0 & 3, 1 | 2)
}

/// Passes the bytes of each member of an archive to `at`, or the file itself if it is none.
fn each_member(data: &[u8], path: &Path, at: &mut dyn FnMut(&[u8])) {
    let Ok(archive) = ArchiveFile::parse(data) else { return at(data) };
    for member in archive.members().flatten() {
        with_member(&member, data, path, at);
    }
}

/// Passes the bytes of an archive's member to `at`; those of a thin archive are files of their own.
pub(super) fn with_member(member: &ArchiveMember<'_>, data: &[u8], path: &Path, at: &mut dyn FnMut(&[u8])) {
    if member.is_thin() {
        let name = OsStr::from_bytes(member.name());
        if let Ok(bytes) = fs::read(path.parent().unwrap_or(Path::new("")).join(name)) {
            at(&bytes);
        }
    } else if let Ok(bytes) = member.data(data) {
        at(bytes);
    }
}
