//! What the inputs of a link define, and what they look for by name at run time.

use super::{identifiers, intermediate};
use crate::convert::Library;
use crate::convert::symbols::TLS;
use crate::libs::{LinkedLibrary, Provider, SearchPath, counterpart};
use foldhash::{HashMap, HashSet};
use memchr::memmem::{find, find_iter};
use object::read::archive::{ArchiveFile, ArchiveMember};
use object::{Object, ObjectSymbol, SymbolFlags, SymbolKind};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

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
}

impl ProgramInputs {
    /// Whether the line exports a name.
    pub(crate) fn exports(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.exported.iter().any(|p| p.matches(name)))
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
    /// Whether there are modules. If not, it does not matter what opens and lists them.
    modules: bool,
    /// Whether something calls dlopen, and whether something calls dl_iterate_phdr.
    asks: (bool, bool),
}

/// Which functions an input refers to.
#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    dlsym: bool,
    dladdr: bool,
}

impl Calls {
    fn note(&mut self, name: &[u8]) {
        self.dlsym |= matches!(name, b"dlsym" | b"dlvsym");
        self.dladdr |= matches!(name, b"dladdr" | b"dladdr1");
    }

    /// Where the bytes contain one of the names, sorted.
    fn possible(data: &[u8]) -> Vec<u64> {
        let names: [&[u8]; 3] = [b"dlsym\0", b"dlvsym\0", b"dladdr"];
        let mut places: Vec<u64> = names.into_iter().flat_map(|n| find_iter(data, n)).map(|at| at as u64).collect();
        places.sort_unstable();
        places
    }
}

impl Known {
    /// Reads the inputs of a link; `modules`: it has some.
    pub(crate) fn of(program: &ProgramInputs, modules: bool) -> Known {
        let files = &program.path.files;
        let mut known = Known { sources: !program.sources.is_empty(), modules, ..Known::default() };
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
        known.describes |= calls.dladdr;
        known.strings.extend(strings.into_iter().map(|name| (name, calls.dlsym)));
        for (index, library) in program.libraries.iter().enumerate() {
            if library.provider != Provider::Plugin && !own.contains(&library.path) {
                known.library(index, library, program);
                if program.loaded.contains(&library.path) || library.because.is_some() {
                    known.loaded.insert(index);
                }
            }
        }
        let referred = known.referred.iter().filter_map(|name| known.libraries.get(name));
        known.loaded.extend(referred.map(|(index, _)| *index));
        known
    }

    fn asked(&mut self, data: &[u8]) {
        if !self.modules {
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

    fn library(&mut self, index: usize, library: &LinkedLibrary, program: &ProgramInputs) {
        let files = &program.path.files;
        files.look(&library.path, |data| self.asked(data));
        if library.provider == Provider::Converted {
            files.look(&library.path, |data| self.shared(index, data));
            return;
        }
        let beside = || counterpart::shared_of(&library.path, &program.path).map(|(shared, _)| shared);
        let twin = library.twin.clone().or_else(beside);
        let exported = twin.and_then(|twin| files.look(&twin, |data| self.interface(data))).flatten();
        files.look(&library.path, |data| self.archive(index, data, &library.path, exported.as_ref()));
    }

    /// Notes which of the program's names a shared object has too; returns what it exports, if it is one.
    fn interface(&mut self, data: &[u8]) -> Option<HashSet<Vec<u8>>> {
        let file = object::File::parse(data).ok().filter(|f| f.kind() == object::ObjectKind::Dynamic)?;
        let mut exported = HashSet::default();
        for symbol in file.dynamic_symbols() {
            let Ok(name) = symbol.name_bytes() else { continue };
            if let Some(own) = self.own.get_mut(name) {
                own.seen_by_library = true;
            }
            if symbol.is_global() && !symbol.is_undefined() {
                exported.insert(name.to_vec());
            }
        }
        Some(exported)
    }

    fn archive(&mut self, index: usize, data: &[u8], path: &Path, exported: Option<&HashSet<Vec<u8>>>) {
        let Ok(archive) = ArchiveFile::parse(data) else {
            return self.carried(index, data);
        };
        let offers = |name: &[u8]| exported.is_none_or(|exported| exported.contains(name));
        for entry in archive.symbols().ok().flatten().into_iter().flat_map(|index| index.flatten()) {
            if offers(entry.name()) && !self.libraries.contains_key(entry.name()) {
                let definition = LibraryDefinition::Member(entry.offset().0);
                self.libraries.insert(entry.name().to_vec(), (index, definition));
            }
        }
        let places = Calls::possible(data);
        for member in archive.members().flatten().filter(|_| archive.is_thin() || !places.is_empty()) {
            let (start, size) = member.file_range();
            let first = places.partition_point(|place| *place < start);
            if member.is_thin() || places.get(first).is_some_and(|place| *place < start + size) {
                with_member(&member, data, path, &mut |object| self.asking_member(object, &offers));
            }
        }
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
        self.asking_member(data, &|_| true);
    }

    /// Notes names and strings of code in a library that calls dlsym or dladdr.
    fn asking_member(&mut self, data: &[u8], offers: &dyn Fn(&[u8]) -> bool) {
        let Ok(object) = object::File::parse(data) else { return };
        let mut calls = Calls::default();
        let names = |undefined: bool| object.symbols().filter(move |s| s.is_global() && s.is_undefined() == undefined);
        names(true).filter_map(|s| s.name_bytes().ok()).for_each(|name| calls.note(name));
        if calls.dlsym || calls.dladdr {
            let defined = names(false).filter_map(|s| s.name_bytes().ok()).filter(|name| offers(name));
            self.of_askers.extend(defined.map(<[u8]>::to_vec));
        }
        if calls.dlsym {
            identifiers::of_object(&object, &mut |name| {
                self.strings.insert(name.to_vec(), true);
            });
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
