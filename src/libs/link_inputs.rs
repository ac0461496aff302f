//! What is read of the inputs of a link for [`super::weak_names`] and [`super::binding_audit`].

use super::archive_members::ArchiveMembers;
use super::dynamic_bindings::ScopeModule;
use super::dynamic_symbols::exported_if;
use super::inputs;
use super::library_file::LibraryFile;
use super::library_ref::{self, LibraryName, LibraryRef};
use super::member_symbols::{self, LooseSymbols, SymbolName};
use super::resolution::{LinkedLibrary, Provider, Resolution};
use super::scope_files;
use super::simulated_linker::{ArchiveSymbols, LinkSymbols};
use super::sniff::Sniffed;
use super::supplier::ArchiveFacts;
use super::weak_bindings;
use crate::args::option_table::Role;
use crate::args::{InputKind, Request, ld_options};
use crate::convert::Library;
use crate::model::{Language, Libc};
use crate::toolchain::Facts;
use crate::toolchain_libs::{self, Link};
use foldhash::HashSet;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How a thin archive begins.
const THIN: &[u8] = b"!<thin>\n";

/// What is linked.
pub(super) struct LinkInputs<'a> {
    facts: &'a Facts,
    resolution: &'a Resolution,
    references: Vec<LibraryRef>,
    objects: Vec<PathBuf>,
    /// The archives, the compiler's own left out.
    pub libraries: Vec<&'a LinkedLibrary>,
    /// Each opened.
    files: Vec<Option<Arc<LibraryFile>>>,
    /// Names of the toolchain's libraries that the link takes.
    of_toolchain: Vec<&'static str>,
    sources: bool,
}

impl<'a> LinkInputs<'a> {
    pub(super) fn of(
        request: &Request,
        facts: &'a Facts,
        language: Language,
        resolution: &'a Resolution,
    ) -> LinkInputs<'a> {
        let references = library_ref::references(&ld_options::split(&request.args), request);
        let taken =
            |l: &&LinkedLibrary| matches!(l.provider, Provider::Archive | Provider::FatShared) && !is_driver_s(&l.path);
        let libraries: Vec<&LinkedLibrary> = resolution.libraries.iter().filter(taken).collect();
        let paths = references.iter().filter_map(|r| match &r.named {
            LibraryName::Path(path) => Some(path.clone()),
            _ => None,
        });
        let objects = paths.filter(|p| !libraries.iter().any(|l| l.path == *p)).collect();
        let by_default = !request.has(Role::NoDefaultLibs);
        let named = |name: &str| {
            references.iter().any(|r| matches!(&r.named, LibraryName::Name(n) if n == name))
                || resolution.closure.iter().any(|word| word.to_str().and_then(|w| w.strip_prefix("-l")) == Some(name))
        };
        let cxx = by_default && language == Language::Cxx;
        let wanted = [("stdc++", cxx), ("m", cxx), ("c", by_default)];
        let of_toolchain =
            wanted.into_iter().filter(|(name, taken)| *taken || named(name)).map(|(name, _)| name).collect();
        let source = |kind: InputKind| matches!(kind, InputKind::Source | InputKind::Assembly | InputKind::Stdin);
        let sources = request.inputs.iter().any(|i| source(i.kind));
        let files = libraries.iter().map(|l| resolution.path.files.get(&l.path)).collect();
        LinkInputs { facts, resolution, references, objects, libraries, files, of_toolchain, sources }
    }

    /// The same with the libraries that were converted: ld.so binds their weak references too.
    pub(super) fn with_converted(mut self) -> LinkInputs<'a> {
        let taken = |l: &&LinkedLibrary| l.provider != Provider::Plugin && !is_driver_s(&l.path);
        self.libraries = self.resolution.libraries.iter().filter(taken).collect();
        let files = &self.resolution.path.files;
        let is_shared = |path: &PathBuf| files.get(path).is_some_and(|f| matches!(f.sniffed(), Sniffed::Shared { .. }));
        self.objects.retain(|path| !is_shared(path));
        self.files = self.libraries.iter().map(|l| files.get(self.code(l))).collect();
        self
    }

    /// The file with a library's code: of a converted one what was written for it.
    fn code(&self, library: &'a LinkedLibrary) -> &'a Path {
        let of_it = |index: &usize| self.resolution.libraries.get(*index).is_some_and(|l| std::ptr::eq(l, library));
        let place = self.resolution.places.iter().find(|(_, index)| of_it(index)).map(|(place, _)| place);
        place.filter(|_| library.provider == Provider::Converted).unwrap_or(&library.path)
    }

    /// Symbols by which converted libraries are linked in unreferenced.
    pub(super) fn always_taken(&self) -> Vec<SymbolName> {
        let always = |l: &&&'a LinkedLibrary| l.provider == Provider::Converted && self.is_always_loaded(l);
        let symbols = |library: &&'a LinkedLibrary| {
            let read = self.resolution.path.files.look(self.code(library), member_symbols::members);
            read.unwrap_or_default().into_iter().filter_map(|member| member.strong.into_iter().next())
        };
        self.libraries.iter().filter(always).flat_map(symbols).collect()
    }

    /// Their loose symbols. Archives whose facts are kept are not read again.
    pub(super) fn loose(&self) -> LooseSymbols {
        let mut found = LooseSymbols::default();
        let mut files = self.objects.clone();
        for library in &self.libraries {
            let of_it = |(archive, _): &&(PathBuf, Arc<ArchiveFacts>)| *archive == library.path;
            match self.resolution.facts.iter().find(of_it).filter(|_| library.provider == Provider::Archive) {
                Some((_, facts)) => {
                    found.weak.extend(facts.optional.iter().map(|name| name.as_bytes().to_vec()));
                    found.compiled_later |= facts.compiled_later;
                    found.chosen |= facts.chosen;
                }
                None => files.extend(self.parts(self.code(library))),
            }
        }
        let found = Mutex::new(found);
        inputs::first(&inputs::borrowed(&files), |file| {
            let of = self.resolution.path.files.look(file, member_symbols::loose);
            if let Some(of) = of.filter(|of| *of != LooseSymbols::default()) {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.weak.extend(of.weak.into_iter().filter(|name| weak_bindings::may_be_bound(name)));
                found.compiled_later |= of.compiled_later;
                found.chosen |= of.chosen;
            }
            false
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a source of the call mentions functions that are chosen when the program starts.
    pub(super) fn sources_choose(&self, request: &Request) -> bool {
        const WORDS: [&[u8]; 3] = [b"ifunc", b"target_clones", b"target(\"default\")"];
        let mentions = |text: &[u8]| WORDS.iter().any(|word| memchr::memmem::find(text, word).is_some());
        let source = |kind: InputKind| matches!(kind, InputKind::Source | InputKind::Assembly);
        let sources = request.inputs.iter().filter(|i| source(i.kind));
        sources.into_iter().any(|i| inputs::look(Path::new(&i.text), mentions) == Some(true))
    }

    /// The archive itself, or the files that a thin one names.
    fn parts(&self, archive: &Path) -> Vec<PathBuf> {
        let files = &self.resolution.path.files;
        let thin = |bytes: &[u8]| bytes.starts_with(THIN).then(|| member_symbols::thin_members(bytes));
        let dir = archive.parent().unwrap_or(Path::new(""));
        match files.look(archive, thin).flatten() {
            Some(members) => members.into_iter().map(|member| dir.join(member)).collect(),
            None => vec![archive.to_owned()],
        }
    }

    pub(super) fn optional_of_unwinder(&self) -> BTreeSet<SymbolName> {
        let found = self.toolchain_file("libgcc_eh.a").and_then(|file| file.look(member_symbols::loose));
        let mut names = found.filter(|_| self.of_toolchain.contains(&"c")).unwrap_or_default().weak;
        names.retain(|name| weak_bindings::may_be_bound(name));
        names
    }

    /// A file of the toolchain's directories.
    fn toolchain_file(&self, name: &str) -> Option<Arc<LibraryFile>> {
        let path = &self.resolution.path;
        self.facts.library_dirs.iter().find_map(|dir| path.files.get(&path.usable(dir.join(name))?.0))
    }

    /// What the libraries export of the names that are wanted; their members are not read yet.
    pub(super) fn offers_of_libraries(&self, wanted: &dyn Fn(&[u8]) -> bool) -> Vec<ArchiveSymbols<'_>> {
        let offer = |library: &&LinkedLibrary| ArchiveSymbols {
            members: ArchiveMembers::default(),
            exported: self.exported_by(library, wanted),
            loaded: library.because.is_some() || self.is_always_loaded(library),
            of_toolchain: false,
        };
        self.libraries.iter().map(offer).collect()
    }

    /// What the toolchain's libraries have of the names, with the members.
    pub(super) fn offers_of_toolchain(&self, names: &HashSet<SymbolName>) -> Vec<ArchiveSymbols<'static>> {
        self.of_toolchain.iter().filter_map(|name| self.toolchain_symbols(name, names)).collect()
    }

    /// All that the simulation needs to know, without the toolchain's libraries.
    pub(super) fn symbols<'s>(&'s self, mut offers: Vec<ArchiveSymbols<'s>>, compiled_later: bool) -> LinkSymbols<'s> {
        let files = &self.resolution.path.files;
        let symbols = |path: &PathBuf| files.look(path, member_symbols::members).unwrap_or_default();
        for ((library, file), offer) in self.libraries.iter().zip(&self.files).zip(&mut offers) {
            offer.members = match file.as_ref().and_then(|f| f.bytes()) {
                Some(bytes) if !bytes.starts_with(THIN) => ArchiveMembers::of(bytes),
                _ => ArchiveMembers::Read(self.parts(self.code(library)).iter().flat_map(symbols).collect()),
            };
        }
        let objects = self.objects.iter().flat_map(symbols).collect();
        LinkSymbols {
            objects,
            libraries: offers,
            unknown_code: self.sources || compiled_later,
            ..LinkSymbols::default()
        }
    }

    /// What a dynamic link would find in the shared object that an archive stands for.
    fn exported_by(&self, library: &LinkedLibrary, wanted: &dyn Fn(&[u8]) -> bool) -> HashSet<SymbolName> {
        let shared = library.twin.as_deref().filter(|_| !library.name.ends_with(".a"));
        let file = shared.and_then(|shared| self.resolution.path.files.get(shared));
        file.and_then(|file| file.look(|bytes| exported_if(bytes, wanted))).unwrap_or_default()
    }

    fn is_always_loaded(&self, library: &LinkedLibrary) -> bool {
        let named = self.references.iter().filter(|r| r.typed == library.name);
        named.into_iter().any(|r| !r.as_needed.unwrap_or(self.facts.as_needed))
    }

    /// The shared object of one of the toolchain's libraries.
    fn toolchain_shared(&self, name: &str) -> Option<Arc<LibraryFile>> {
        let named = |end: &str| self.toolchain_file(&format!("lib{name}{end}"));
        let shared = match self.facts.libc {
            Libc::Musl => None,
            _ => toolchain_libs::by_name(name).and_then(|l| l.version).and_then(|v| named(&format!(".so.{v}"))),
        };
        let is_shared = |file: &Arc<LibraryFile>| matches!(file.sniffed(), Sniffed::Shared { .. });
        shared.or_else(|| named(".so")).filter(is_shared)
    }

    /// The toolchain's shared objects as ld.so sees them.
    pub(super) fn toolchain_modules(&self) -> Vec<ScopeModule> {
        let read = |name: &&str| {
            let file = self.toolchain_shared(name)?;
            let module = |bytes: &[u8]| Some(scope_files::module(&Library::read(bytes).ok()?, (*name).to_owned()));
            file.look(module)?
        };
        self.of_toolchain.iter().filter_map(read).collect()
    }

    fn toolchain_symbols(&self, name: &str, names: &HashSet<SymbolName>) -> Option<ArchiveSymbols<'static>> {
        let named = |end: &str| self.toolchain_file(&format!("lib{name}{end}"));
        let archive = match (name, self.facts.glibc) {
            // `libm.a` is a script where there is a libmvec.
            ("m", Some((major, minor))) => named(&format!("-{major}.{minor}.a")).or_else(|| named(".a")),
            _ => named(".a"),
        }?;
        let among = |bytes: &[u8]| exported_if(bytes, |name| names.contains(name));
        let exported = match self.toolchain_shared(name).and_then(|file| file.look(among)) {
            Some(exported) => exported,
            // A toolchain for static programs only: what is reserved for the C library may be its own.
            None => names.iter().filter(|n| !n.starts_with(b"_")).cloned().collect(),
        };
        let members = archive.look(|bytes| member_symbols::members_with(bytes, names)).unwrap_or_default();
        Some(ArchiveSymbols { members: ArchiveMembers::Read(members), exported, loaded: true, of_toolchain: true })
    }
}

/// Whether an archive is one that the driver finds by itself.
fn is_driver_s(archive: &Path) -> bool {
    let stem = archive.file_stem().and_then(|s| s.to_str()).and_then(|s| s.strip_prefix("lib"));
    let library = stem.and_then(|s| toolchain_libs::by_name(s.split_once("-2.").map_or(s, |(name, _)| name)));
    library.is_some_and(|l| l.link != Link::Searched)
}
