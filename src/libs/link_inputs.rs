//! What is read of the inputs of a link for [`super::weak_names`] and [`super::binding_audit`].

use super::archive_members::ArchiveMembers;
use super::dynamic_bindings::ScopeModule;
use super::exported_names::ExportedNames;
use super::inputs;
use super::library_file::{LibraryFile, LibraryFiles};
use super::library_ref::{self, LibraryName, LibraryRef};
use super::member_symbols::{self, LooseSymbols, MemberSymbols, SymbolName};
use super::member_table::MemberTable;
use super::object_symbols::ObjectSymbols;
use super::resolution::{LinkedLibrary, Provider, Resolution};
use super::scope_files;
use super::simulated_linker::{ArchiveSymbols, LinkSymbols};
use super::sniff::Sniffed;
use super::supplier::ArchiveFacts;
use super::weak_bindings;
use super::wide_streams;
use crate::args::ld_options::{Item, LdRole};
use crate::args::option_table::Role;
use crate::args::{InputKind, Request, ld_options};
use crate::convert::Library;
use crate::model::{Language, Libc};
use crate::toolchain::Facts;
use crate::toolchain_libs::{self, Link};
use foldhash::HashSet;
use object::read::archive::ArchiveFile;
use std::cell::OnceCell;
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
    objects: Vec<LinkObject>,
    /// The archives, the compiler's own left out.
    pub libraries: Vec<&'a LinkedLibrary>,
    /// Each opened.
    opened: OnceCell<Vec<OpenedLibrary>>,
    /// The toolchain's, opened.
    toolchain: OnceCell<Vec<ToolchainLibrary>>,
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
        let taken = paths.filter(|p| !libraries.iter().any(|l| l.path == *p));
        let objects = taken.filter_map(|path| LinkObject::of(&resolution.path.files, &path)).collect();
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
        let (opened, toolchain) = Default::default();
        LinkInputs { facts, resolution, references, objects, libraries, opened, toolchain, of_toolchain, sources }
    }

    /// The same with the libraries that were converted: ld.so binds their weak references too.
    pub(super) fn with_converted(mut self) -> LinkInputs<'a> {
        let taken = |l: &&LinkedLibrary| l.provider != Provider::Plugin && !is_driver_s(&l.path);
        self.libraries = self.resolution.libraries.iter().filter(taken).collect();
        let is_shared = |object: &LinkObject| match object {
            LinkObject::Symbols(_) => false,
            LinkObject::File(file) => matches!(file.sniffed(), Sniffed::Shared { .. }),
        };
        self.objects.retain(|object| !is_shared(object));
        self.opened = OnceCell::new();
        self
    }

    /// The file with a library's code: of a converted one what was written for it.
    fn code(&self, library: &'a LinkedLibrary) -> &'a Path {
        let of_it = |index: &usize| self.resolution.libraries.get(*index).is_some_and(|l| std::ptr::eq(l, library));
        let place = self.resolution.places.iter().find(|(_, index)| of_it(index)).map(|(place, _)| place);
        place.filter(|_| library.provider == Provider::Converted).unwrap_or(&library.path)
    }

    /// Symbols by which converted libraries are linked in unreferenced.
    pub(super) fn always_taken(&self) -> Vec<&[u8]> {
        let always = |l: &LinkedLibrary| l.provider == Provider::Converted && self.is_always_loaded(l);
        let libraries = self.libraries.iter().zip(self.opened()).filter(|(library, _)| always(library));
        let members = libraries.flat_map(|(_, opened)| match &opened.code {
            LibraryCode::Archive(file) => file.bytes().map(member_symbols::members).unwrap_or_default(),
            // Of converted libraries only.
            LibraryCode::Table(_) => Vec::new(),
            LibraryCode::Files(files) => files.iter().flat_map(LinkObject::symbols).collect(),
        });
        members.filter_map(|member| member.strong.first().copied()).collect()
    }

    /// Whether no object needs anything of an archive, nor might take more of one; `needed` is asked for in addition.
    pub(super) fn takes_nothing(&self, needed: &[&[u8]]) -> bool {
        let objects: Vec<MemberSymbols<'_>> = self.objects.iter().flat_map(LinkObject::symbols).collect();
        let optional = objects.iter().flat_map(|o| &o.optional).any(|name| weak_bindings::may_be_bound(name));
        let needed: HashSet<&[u8]> = objects.iter().flat_map(|o| &o.needed).chain(needed).copied().collect();
        let defines = |opened: &OpenedLibrary| match &opened.code {
            LibraryCode::Archive(file) => file.look(|bytes| {
                let Ok(Some(index)) = ArchiveFile::parse(bytes).and_then(|archive| archive.symbols()) else {
                    return true;
                };
                index.flatten().any(|symbol| needed.contains(symbol.name()))
            }),
            LibraryCode::Table(table) => Some(table.defines(|name| needed.contains(name))),
            LibraryCode::Files(files) => Some(!files.is_empty()),
        };
        !self.sources && !optional && !self.opened().iter().any(|opened| defines(opened) != Some(false))
    }

    /// Whether an object refers to a name for which `test` holds.
    pub(super) fn objects_refer(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        let objects = self.objects.iter().flat_map(LinkObject::symbols);
        objects.into_iter().any(|o| o.needed.iter().chain(&o.optional).any(|name| test(name)))
    }

    /// Whether a member of an archive is known to refer to dlopen and the like.
    pub(super) fn archives_refer(&self) -> bool {
        let known = |library: &&LinkedLibrary| self.resolution.facts.iter().find(|(path, _)| *path == library.path);
        let lookups = self.libraries.iter().filter_map(|library| known(library)?.1.lookups.as_ref());
        lookups.into_iter().any(|lookups| !lookups.functions.is_empty())
    }

    /// Whether members of archives are taken for references alone: no option asks for more, no library is an object, and
    /// none is the compiler's own, whose members are not looked at.
    pub(super) fn only_as_referenced(&self, request: &Request) -> bool {
        const PLAIN: [&str; 4] = ["-s", "-S", "--gc-sections", "--no-undefined"];
        const PLAIN_WITH_VALUE: [&str; 5] = ["-O", "-z", "--build-id", "--hash-style", "--strip-"];
        let items = ld_options::split(&request.args);
        let options = ld_options::options(&items);
        let plain = |text: &str| PLAIN.contains(&text) || PLAIN_WITH_VALUE.iter().any(|p| text.starts_with(p));
        let known = |(at, item): (usize, &Item)| match item {
            Item::Arg(arg) => {
                let word = arg.word.as_encoded_bytes();
                !(word.starts_with(b"-u") || word.starts_with(b"-e") || arg.role() == Some(Role::LinkerScript))
            }
            Item::Word { text, .. } => match options.iter().find(|option| option.at == at) {
                Some(option) if option.role == LdRole::Other => text.to_str().is_some_and(plain),
                Some(option) => option.role != LdRole::WholeArchive && option.role != LdRole::Wrap,
                None => {
                    let of_option = options.iter().any(|option| option.value_at == Some(at));
                    of_option || !text.as_encoded_bytes().starts_with(b"-")
                }
            },
        };
        let other = |l: &LinkedLibrary| l.provider == Provider::FatShared || is_driver_s(&l.path);
        items.iter().enumerate().all(known) && !self.resolution.libraries.iter().any(other)
    }

    /// The libraries, opened.
    fn opened(&self) -> &[OpenedLibrary] {
        self.opened.get_or_init(|| self.libraries.iter().map(|library| self.open(library)).collect())
    }

    fn open(&self, library: &'a LinkedLibrary) -> OpenedLibrary {
        let files = &self.resolution.path.files;
        let shared = library.twin.as_deref().filter(|_| !library.name.ends_with(".a"));
        let code = self.code(library);
        let whole = files.get(code).filter(|file| file.bytes().is_some_and(|bytes| !bytes.starts_with(THIN)));
        let of_it = |(path, _): &&(PathBuf, Arc<ArchiveFacts>)| *path == library.path;
        let facts = self.resolution.facts.iter().find(of_it).filter(|_| library.provider == Provider::Archive);
        let table = facts.and_then(|(_, facts)| facts.members.as_ref());
        let code = match whole {
            Some(file) => {
                let table = table.and_then(|(file, key)| files.table(file, *key));
                table.map_or_else(|| LibraryCode::Archive(file), LibraryCode::Table)
            }
            None => {
                LibraryCode::Files(self.parts(code).iter().filter_map(|path| LinkObject::of(files, path)).collect())
            }
        };
        OpenedLibrary { shared: shared.and_then(|shared| files.get(shared)), code }
    }

    /// Their loose symbols. Archives whose facts are kept are not read again.
    pub(super) fn loose(&self) -> LooseSymbols {
        let mut found = LooseSymbols::default();
        let mut files = Vec::new();
        for library in &self.libraries {
            let of_it = |(archive, _): &&(PathBuf, Arc<ArchiveFacts>)| *archive == library.path;
            match self.resolution.facts.iter().find(of_it).filter(|_| library.provider == Provider::Archive) {
                Some((_, facts)) => {
                    found.weak.extend(facts.optional.iter().map(|name| name.as_bytes().to_vec()));
                    found.compiled_later |= facts.compiled_later;
                    found.chosen |= facts.chosen;
                    found.wide |= facts.wide;
                }
                None => files.extend(self.parts(self.code(library))),
            }
        }
        let add = |found: &mut LooseSymbols, of: LooseSymbols| {
            found.weak.extend(of.weak.into_iter().filter(|name| weak_bindings::may_be_bound(name)));
            found.compiled_later |= of.compiled_later;
            found.chosen |= of.chosen;
            found.wide |= of.wide;
        };
        for object in &self.objects {
            match object {
                LinkObject::Symbols(symbols) => add(&mut found, symbols.loose()),
                LinkObject::File(file) => add(&mut found, file.look(member_symbols::loose).unwrap_or_default()),
            }
        }
        let found = Mutex::new(found);
        inputs::first(&inputs::borrowed(&files), |file| {
            let of = self.resolution.path.files.look(file, member_symbols::loose);
            if let Some(of) = of.filter(|of| *of != LooseSymbols::default()) {
                add(&mut found.lock().unwrap_or_else(PoisonError::into_inner), of);
            }
            false
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a source of the call mentions functions that are chosen when the program starts.
    pub(super) fn sources_choose(&self, request: &Request) -> bool {
        const WORDS: [&[u8]; 3] = [b"ifunc", b"target_clones", b"target(\"default\")"];
        self.sources_mention(request, |text| WORDS.iter().any(|word| memchr::memmem::find(text, word).is_some()))
    }

    /// Whether the text of a source of the call fits.
    pub(super) fn sources_mention(&self, request: &Request, mentions: impl Fn(&[u8]) -> bool + Sync) -> bool {
        let source = |kind: InputKind| matches!(kind, InputKind::Source | InputKind::Assembly);
        let sources = request.inputs.iter().filter(|i| source(i.kind));
        sources.into_iter().any(|i| inputs::look(Path::new(&i.text), &mentions) == Some(true))
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

    /// What libc's tables of streams call for wide characters.
    pub(super) fn tables_of_wide_streams(&self) -> Vec<String> {
        let libc = self.toolchain_file("libc.a").filter(|_| self.of_toolchain.contains(&"c"));
        let tables = HashSet::from_iter([b"__io_vtables".to_vec()]);
        let names = |bytes: &[u8]| {
            let members = member_symbols::members_with(bytes, &tables);
            let weak =
                members.iter().flat_map(|member| &member.optional).filter(|name| wide_streams::is_of_tables(name));
            weak.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect()
        };
        libc.and_then(|libc| libc.look(names)).unwrap_or_default()
    }

    /// A file of the toolchain's directories.
    fn toolchain_file(&self, name: &str) -> Option<Arc<LibraryFile>> {
        let path = &self.resolution.path;
        self.facts.library_dirs.iter().find_map(|dir| path.files.get(&path.usable(dir.join(name))?.0))
    }

    /// What the libraries export; their members are not read yet.
    pub(super) fn offers_of_libraries<'s>(&'s self) -> Vec<ArchiveSymbols<'s>> {
        let offer = |(library, opened): (&&'a LinkedLibrary, &'s OpenedLibrary)| ArchiveSymbols {
            members: ArchiveMembers::default(),
            // What a dynamic link would find in the shared object that an archive stands for.
            exported: opened.shared.as_ref().and_then(|s| s.bytes()).map(ExportedNames::of).unwrap_or_default(),
            loaded: library.because.is_some() || self.is_always_loaded(library),
            of_toolchain: false,
        };
        self.libraries.iter().zip(self.opened()).map(offer).collect()
    }

    /// What the toolchain's libraries have of the names, with the members.
    pub(super) fn offers_of_toolchain(&self, names: &HashSet<SymbolName>) -> Vec<ArchiveSymbols<'_>> {
        self.toolchain().iter().map(|library| library.symbols(names)).collect()
    }

    /// All that the simulation needs to know, without the toolchain's libraries.
    pub(super) fn symbols<'s>(&'s self, mut offers: Vec<ArchiveSymbols<'s>>, compiled_later: bool) -> LinkSymbols<'s> {
        for (opened, offer) in self.opened().iter().zip(&mut offers) {
            offer.members = match &opened.code {
                LibraryCode::Archive(file) => file.bytes().map(ArchiveMembers::of).unwrap_or_default(),
                LibraryCode::Table(table) => ArchiveMembers::in_table(table),
                LibraryCode::Files(files) => ArchiveMembers::Read(files.iter().flat_map(LinkObject::symbols).collect()),
            };
        }
        let objects = self.objects.iter().flat_map(LinkObject::symbols).collect();
        LinkSymbols {
            objects,
            libraries: offers,
            unknown_code: self.sources || compiled_later,
            ..LinkSymbols::default()
        }
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

    /// The toolchain's shared objects as ld.so sees them; of a toolchain for static programs only, what its archives would be.
    pub(super) fn toolchain_modules(&self) -> Vec<ScopeModule> {
        let static_only = self.toolchain_shared("c").is_none();
        let read = |name: &&str| match self.toolchain_shared(name) {
            Some(file) => {
                let module = |bytes: &[u8]| Some(scope_files::module(&Library::read(bytes).ok()?, (*name).to_owned()));
                file.look(module)?
            }
            None => {
                let archive = self.toolchain_file(&format!("lib{name}.a")).filter(|_| static_only)?;
                archive.look(|bytes| scope_files::module_of_archive(bytes, (*name).to_owned()))?
            }
        };
        self.of_toolchain.iter().filter_map(read).collect()
    }

    fn toolchain(&self) -> &[ToolchainLibrary] {
        let open = |name: &&'static str| {
            let named = |end: &str| self.toolchain_file(&format!("lib{name}{end}"));
            let archive = match (*name, self.facts.glibc) {
                // `libm.a` is a script where there is a libmvec.
                ("m", Some((major, minor))) => named(&format!("-{major}.{minor}.a")).or_else(|| named(".a")),
                _ => named(".a"),
            }?;
            Some(ToolchainLibrary { archive, shared: self.toolchain_shared(name) })
        };
        self.toolchain.get_or_init(|| self.of_toolchain.iter().filter_map(open).collect())
    }
}

/// An object, or another file that is taken as it is.
enum LinkObject {
    Symbols(Arc<ObjectSymbols>),
    File(Arc<LibraryFile>),
}

impl LinkObject {
    fn of(files: &LibraryFiles, path: &Path) -> Option<LinkObject> {
        match files.object(path) {
            Some(symbols) => Some(LinkObject::Symbols(symbols)),
            None => files.get(path).map(LinkObject::File),
        }
    }

    fn symbols(&self) -> Vec<MemberSymbols<'_>> {
        match self {
            LinkObject::Symbols(symbols) => vec![symbols.symbols()],
            LinkObject::File(file) => file.bytes().map(member_symbols::members).unwrap_or_default(),
        }
    }
}

/// A library's files.
struct OpenedLibrary {
    shared: Option<Arc<LibraryFile>>,
    code: LibraryCode,
}

enum LibraryCode {
    Archive(Arc<LibraryFile>),
    /// What is kept of an archive.
    Table(Arc<MemberTable>),
    /// Those that a thin archive names.
    Files(Vec<LinkObject>),
}

/// One of the toolchain's own libraries.
struct ToolchainLibrary {
    archive: Arc<LibraryFile>,
    shared: Option<Arc<LibraryFile>>,
}

impl ToolchainLibrary {
    fn symbols(&self, names: &HashSet<SymbolName>) -> ArchiveSymbols<'_> {
        let exported = match self.shared.as_ref().and_then(|file| file.bytes()) {
            Some(bytes) => ExportedNames::of(bytes),
            // A toolchain for static programs only: what is reserved for the C library may be its own.
            None => names.iter().filter(|n| !n.starts_with(b"_")).cloned().collect::<HashSet<SymbolName>>().into(),
        };
        let members = self.archive.bytes().map(|bytes| member_symbols::members_with(bytes, names)).unwrap_or_default();
        ArchiveSymbols { members: ArchiveMembers::Read(members), exported, loaded: true, of_toolchain: true }
    }
}

/// Whether an archive is one that the driver finds by itself.
fn is_driver_s(archive: &Path) -> bool {
    let stem = archive.file_stem().and_then(|s| s.to_str()).and_then(|s| s.strip_prefix("lib"));
    let library = stem.and_then(|s| toolchain_libs::by_name(s.split_once("-2.").map_or(s, |(name, _)| name)));
    library.is_some_and(|l| l.link != Link::Searched)
}
