//! The modules of one link, from files to archives.

use super::definitions::{Known, ProgramInputs};
use super::exports::{self, NameContext};
use super::libraries_inside::{ConvertedMemory, LibrariesInside};
use super::module_tables::{self, ModuleKind, ModuleRow, TABLE};
use crate::archive;
use crate::convert::machine::Machine;
use crate::convert::pieces::Pieces;
use crate::convert::scope::{Binding, ModuleScope};
use crate::convert::sections::tag;
use crate::convert::start::{self, Placed};
use crate::convert::symbols::WEAK;
use crate::convert::{ConversionOptions, GlibcSymbols, Layout, Library, Refusal, Versions, convert, module};
use crate::libs::supplier::{ModuleRole, ModuleTaken};
use crate::supply::{converted_libraries, glibc, object_cache};
use crate::toolchain_libs;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// The archive that lists plugins for dl_iterate_phdr, next to the archive of the code that opens modules.
pub(crate) const ITERATE_FILE: &str = "iterate.ar";

/// The archive with the tables of a program of which nothing is known, in the same place.
pub(crate) const ANY_PROGRAM_FILE: &str = "any-program.ar";

#[derive(Debug)]
struct Module {
    path: PathBuf,
    bytes: Arc<Vec<u8>>,
    hash: u128,
    tag: String,
    kind: ModuleKind,
    of_libc: bool,
    soname: Option<String>,
    needed: Vec<String>,
}

impl Module {
    /// How it is converted: to one data section, without large gaps if the link has a script.
    fn options<'a>(
        &'a self,
        layout: Layout,
        scope: &'a ModuleScope,
        versions: &'a Versions,
        libc: &'a GlibcSymbols,
    ) -> ConversionOptions<'a> {
        ConversionOptions { tag: &self.tag, layout, versions, libc, module: Some(scope), program: None, null: None }
    }

    /// What it is called beside its path.
    fn names(&self) -> BTreeSet<String> {
        let file = self.path.file_name().map(|n| n.to_string_lossy().into_owned());
        let real = self.path.canonicalize().ok().map(|p| p.to_string_lossy().into_owned());
        self.soname.iter().cloned().chain(file).chain(real).collect()
    }
}

/// The modules of a link.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    list: Vec<Module>,
    /// Patterns of program symbols that dlsym finds.
    pub symbols: Vec<String>,
}

/// What was written for the modules of a link.
#[derive(Debug, Default)]
pub(crate) struct ModuleArchives {
    /// Archives to link before libc, in this order.
    pub archives: Vec<PathBuf>,
    /// Words for additional libraries.
    pub words: Vec<OsString>,
    /// The archive of each module, with the module.
    pub places: Vec<(PathBuf, PathBuf)>,
    /// Modules that could not be converted.
    pub refused: Vec<Refused>,
}

/// The objects of modules, and their rows in the table.
pub(crate) type ModuleObjects = (Vec<Vec<u8>>, Vec<ModuleRow>);

/// A file that can't be converted, and why.
pub(crate) type Refused = (PathBuf, Refusal);

/// The inputs for writing the modules of a link.
#[derive(Debug)]
pub(crate) struct ModuleContext<'a> {
    /// glibc's symbols; none where only those that are looked up matter.
    pub libc: Option<&'a GlibcSymbols>,
    /// Where glibc's files are.
    pub library_dirs: &'a [PathBuf],
    /// libc.a.
    pub libc_archive: Option<&'a Path>,
    /// The archive of the code that opens modules.
    pub runtime: &'a Path,
    /// Our cache directory.
    pub cache: Option<&'a Path>,
    /// Bytes for cache keys that cover everything known of glibc.
    pub libc_key: Vec<u8>,
    /// Names of other converted libraries that are told apart by their versions.
    pub versions: &'a Versions,
    /// The directory for files of this link only.
    pub dir: &'a Path,
    /// Functions of libc that the linker warns about.
    pub warned: &'a [String],
    /// Whether the linker reads scripts as GNU ld does.
    pub scripts: bool,
    /// The memory of the converted libraries.
    pub memory: &'a [ConvertedMemory],
    /// It is the link of a finished program: the first definition of a name counts.
    pub finished: bool,
    /// The machine of the link.
    pub machine: &'static Machine,
}

/// An error for a table that can't be written.
fn broken() -> io::Error {
    io::Error::other("the table of plugins can't be written")
}

/// The tables of a program of which nothing is known: libc's own libraries.
pub(crate) fn tables_of_any_program(machine: &Machine) -> io::Result<Vec<u8>> {
    let rows = LibrariesInside::of_any_program(machine).rows;
    let tables = [module_tables::modules(&[], TABLE, machine), module_tables::names(&[], &rows, machine)];
    let [Some(modules), Some(names)] = tables else { return Err(broken()) };
    archive::of_members(&[modules, names]).ok_or_else(broken)
}

impl Modules {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether any name of the link may matter: for modules, and for patterns.
    pub(crate) fn needs_all_names(&self) -> bool {
        !self.list.is_empty() || !self.symbols.is_empty()
    }

    /// Adds a shared object.
    ///
    /// # Errors
    /// Why it can't be a module.
    pub(crate) fn take(&mut self, path: &Path, bytes: Arc<Vec<u8>>, role: ModuleRole) -> Result<ModuleTaken, Refusal> {
        let kind = if role == ModuleRole::Plugin { ModuleKind::Plugin } else { ModuleKind::Needed };
        self.take_as(path, bytes, kind, false)
    }

    /// Adds one of libc's own.
    ///
    /// # Errors
    /// Why it can't be a module.
    pub(crate) fn take_as(
        &mut self,
        path: &Path,
        bytes: Arc<Vec<u8>>,
        kind: ModuleKind,
        of_libc: bool,
    ) -> Result<ModuleTaken, Refusal> {
        let library = Library::read(&bytes)?;
        module::acceptable(&library, of_libc)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let soname = library.soname.map(text);
        let needed: Vec<String> = library.needed.iter().map(|n| text(n)).collect();
        let build_id = library.build_id_text();
        let hash = XxHash3_128::oneshot(&bytes);
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut tag = tag(soname.as_deref().unwrap_or(&file), hash);
        // Copies of one file under several paths are separate modules.
        while self.list.iter().any(|m| m.tag == tag) {
            tag.push('x');
        }
        let taken = ModuleTaken { soname: soname.clone(), needed: needed.clone(), build_id };
        self.list.push(Module { path: path.to_owned(), bytes, hash, tag, kind, of_libc, soname, needed });
        Ok(taken)
    }

    /// Whether a library is one of the modules, by its soname.
    fn has(&self, soname: &[u8]) -> bool {
        self.list.iter().any(|m| m.soname.as_ref().is_some_and(|s| s.as_bytes() == soname))
    }

    /// Converts the modules, and writes the archives that the link needs.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(crate) fn write(&self, program: &ProgramInputs, settings: &ModuleContext<'_>) -> io::Result<ModuleArchives> {
        let mut made = ModuleArchives::default();
        let mut known = Known::of(program, self.needs_all_names());
        self.list.iter().for_each(|m| known.of_module(&m.bytes));
        let of_libc;
        let libc = match settings.libc {
            Some(libc) => libc,
            None => {
                of_libc = glibc::exporting(settings.library_dirs, known.looked_up(program));
                &of_libc
            }
        };
        let kept = self.convert(&mut made, &|name| known.has(name), settings, libc)?;
        let machine = settings.machine;
        let of_libm = |name: &Vec<u8>| !known.own.contains_key(name) && libc.is_of(name, "libm.so.6");
        let loads_libm = program.loads_libm || known.referred.iter().any(of_libm);
        let inside = LibrariesInside::of(program, &known.loaded, loads_libm, settings.memory, machine);
        let context = NameContext {
            program,
            libc,
            libc_archive: settings.libc_archive,
            patterns: &self.symbols,
            warned: settings.warned,
            finished: settings.finished,
            brings: !known.sources || !self.is_empty(),
            rows: &inside.of_link,
            libc_rows: ["libc.so.6", "libm.so.6"].map(|soname| inside.row_of(soname)),
        };
        let names = exports::names(&known, &context);
        if names.iter().any(|n| !n.own && !n.weak && libc.is_of(&n.name, "libm.so.6")) {
            made.words.push("-lm".into());
        }
        let modules = module_tables::modules(&rows(&kept), TABLE, machine).ok_or_else(broken)?;
        let names = module_tables::names(&names, &inside.rows, machine).ok_or_else(broken)?;
        let file = settings.dir.join("plugins.ar");
        fs::write(&file, archive::of_members(&[modules, names]).ok_or_else(broken)?)?;
        // The code that opens them comes first: the program refers to it.
        made.archives.insert(0, settings.runtime.to_owned());
        made.archives.insert(1, file);
        if !kept.is_empty() && known.lists() {
            made.archives.insert(0, settings.runtime.with_file_name(ITERATE_FILE));
        }
        Ok(made)
    }

    /// Converts modules that only need libc and each other; returns their objects and the rows of the table.
    ///
    /// # Errors
    /// Those that can't be converted.
    pub(crate) fn objects(&self, libc: &GlibcSymbols) -> Result<ModuleObjects, Vec<Refused>> {
        let libraries: Vec<Option<Library<'_>>> = self.list.iter().map(|m| Library::read(&m.bytes).ok()).collect();
        let scopes = self.scopes(&libraries, &|_| false, libc);
        let (mut objects, mut refused) = (Vec::new(), Vec::new());
        for ((module, library), scope) in self.list.iter().zip(&libraries).zip(&scopes) {
            let Some(library) = library else { continue };
            let versions = Versions::default();
            match convert(library, &module.options(Layout::Data, scope, &versions, libc)) {
                Ok(converted) => objects.push(converted.object),
                Err(why) => refused.push((module.path.clone(), why)),
            }
        }
        if refused.is_empty() { Ok((objects, rows(&self.list.iter().collect::<Vec<_>>()))) } else { Err(refused) }
    }

    /// Takes out the modules at the given paths and those that need them; returns the latter, each with what it needs.
    pub(crate) fn leave_out(&mut self, paths: &[PathBuf]) -> Vec<(PathBuf, String)> {
        let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
        let mut names: BTreeSet<String> = paths.iter().filter_map(|p| name(p)).collect();
        self.list.retain(|module| !paths.contains(&module.path));
        let mut found = Vec::new();
        loop {
            let needs = |m: &Module| m.needed.iter().find(|n| names.contains(*n)).cloned();
            let Some((at, needed)) = self.list.iter().enumerate().find_map(|(at, m)| Some((at, needs(m)?))) else {
                return found;
            };
            let module = self.list.remove(at);
            names.extend(name(&module.path));
            found.push((module.path, needed));
        }
    }

    /// Converts each module; returns those that could be converted.
    fn convert<'m>(
        &'m self,
        made: &mut ModuleArchives,
        global: &dyn Fn(&[u8]) -> bool,
        settings: &ModuleContext<'_>,
        libc: &GlibcSymbols,
    ) -> io::Result<Vec<&'m Module>> {
        let libraries: Vec<Option<Library<'_>>> = self.list.iter().map(|m| Library::read(&m.bytes).ok()).collect();
        let scopes = self.scopes(&libraries, global, libc);
        let mut kept = Vec::new();
        let mut apart: Vec<(&str, Pieces)> = Vec::new();
        for (index, (module, library)) in self.list.iter().zip(&libraries).enumerate() {
            let (Some(library), Some(scope)) = (library, scopes.get(index)) else { continue };
            let place = settings.dir.join(format!("module{index}.ar"));
            let plan = settings.scripts.then(|| converted_libraries::planned(library, Layout::Apart));
            let plan = plan.filter(|plan| plan.pieces.len() > 1);
            let layout = if plan.is_some() { Layout::Apart } else { Layout::Data };
            match make(module, (library, layout), scope, (settings, libc), &place)? {
                None => {
                    made.places.push((place.clone(), module.path.clone()));
                    made.archives.push(place);
                    kept.push(module);
                    apart.extend(plan.map(|plan| (module.tag.as_str(), plan)));
                }
                Some(refusal) => made.refused.push((module.path.clone(), refusal)),
            }
        }
        if !apart.is_empty() {
            let placed: Vec<Placed<'_>> = apart.iter().map(|(tag, plan)| Placed { tag, plan, fixed: false }).collect();
            let script = settings.dir.join("gaps.ld");
            fs::write(&script, start::nested(&placed, settings.machine))?;
            let mut word = OsString::from("-Wl,--script=");
            word.push(script);
            made.words.push(word);
        }
        Ok(kept)
    }

    /// The bindings of each module.
    fn scopes(
        &self,
        libraries: &[Option<Library<'_>>],
        global: &dyn Fn(&[u8]) -> bool,
        libc: &GlibcSymbols,
    ) -> Vec<ModuleScope> {
        let exports = |index: usize| libraries.get(index).and_then(Option::as_ref).into_iter().flat_map(|l| &l.symbols);
        let mut definers: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for index in 0..self.list.len() {
            for symbol in exports(index).filter(|s| s.exported() && !s.old) {
                definers.entry(symbol.name).or_default().push(index);
            }
        }
        let mut scopes: Vec<ModuleScope> =
            self.list.iter().map(|m| ModuleScope { of_libc: m.of_libc, ..ModuleScope::default() }).collect();
        let mut offered: Vec<(usize, Vec<u8>)> = Vec::new();
        for (index, scope) in scopes.iter_mut().enumerate() {
            let near = self.needs(index);
            for symbol in exports(index).filter(|s| !s.defined() && !s.name.is_empty()) {
                // GCC's libraries may be modules too: in a converted program those that only its plugins need.
                let of_toolchain = symbol.version.is_some()
                    && symbol.from.is_some_and(|from| toolchain_libs::is_toolchain_soname(from) && !self.has(from));
                if of_toolchain
                    || symbol.of_the_module()
                    || libc.has(symbol.name)
                    || global(symbol.name)
                    || OF_GCC.contains(&symbol.name)
                {
                    continue;
                }
                let all = definers.get(symbol.name).map(Vec::as_slice).unwrap_or_default();
                let definer = near.iter().find(|n| all.contains(n)).or_else(|| all.iter().find(|d| **d != index));
                let binding = match definer.and_then(|d| Some((*d, self.list.get(*d)?))) {
                    Some((definer, module)) => {
                        offered.push((definer, symbol.name.to_vec()));
                        Binding::Module(module.tag.clone())
                    }
                    None if symbol.bind == WEAK && symbol.version.is_none() => continue,
                    None => Binding::Unknown,
                };
                scope.bindings.insert(symbol.name.to_vec(), binding);
            }
        }
        offered.sort();
        offered.dedup();
        for (definer, name) in offered {
            if let Some(scope) = scopes.get_mut(definer) {
                scope.offered.push(name);
            }
        }
        scopes
    }

    /// The dependencies of a module, nearest first.
    fn needs(&self, index: usize) -> Vec<usize> {
        let mut found = vec![index];
        let mut at = 0;
        while let Some(module) = found.get(at).and_then(|i| self.list.get(*i)) {
            for need in direct(&self.list.iter().collect::<Vec<_>>(), module) {
                if !found.contains(&need) {
                    found.push(need);
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }
}

/// The direct dependencies of a module.
fn direct(list: &[&Module], module: &Module) -> Vec<usize> {
    let of = |needed: &String| {
        let named =
            |m: &&Module| m.soname.as_ref() == Some(needed) || m.path.file_name().is_some_and(|f| *f == **needed);
        // Of several with one name, the one next to it.
        let beside = |m: &&Module| named(m) && m.path.parent() == module.path.parent();
        list.iter().position(beside).or_else(|| list.iter().position(named))
    };
    module.needed.iter().filter_map(of).collect()
}

fn rows(kept: &[&Module]) -> Vec<ModuleRow> {
    let row = |module: &&Module| ModuleRow {
        tag: module.tag.clone(),
        path: module.path.to_string_lossy().into_owned(),
        names: module.names().into_iter().collect(),
        needs: direct(kept, module),
        kind: module.kind,
    };
    kept.iter().map(row).collect()
}

/// What GCC's start files and libgcc.a define in every program for their own use.
const OF_GCC: [&[u8]; 5] = [
    b"__gmon_start__",
    b"_ITM_deregisterTMCloneTable",
    b"_ITM_registerTMCloneTable",
    b"__tls_get_addr",
    b"__cxa_finalize",
];

/// Converts a module, or takes it from the cache, and writes its file.
fn make(
    module: &Module,
    (library, layout): (&Library<'_>, Layout),
    scope: &ModuleScope,
    (settings, libc): (&ModuleContext<'_>, &GlibcSymbols),
    place: &Path,
) -> io::Result<Option<Refusal>> {
    let name = module.tag.as_bytes();
    let key = [
        &module.hash.to_le_bytes()[..],
        b"module",
        &[layout as u8],
        name,
        &scope.key(),
        &settings.versions.key(library),
        &settings.libc_key,
    ];
    let kept = settings.cache.map(|dir| object_cache::file(dir, XxHash3_128::oneshot(&key.concat())));
    if let Some(file) = kept.as_deref().filter(|f| object_cache::take(f)) {
        std::os::unix::fs::symlink(file, place)?;
        return Ok(None);
    }
    let options = module.options(layout, scope, settings.versions, libc);
    let converted = match convert(library, &options) {
        Ok(converted) => converted,
        Err(refusal) => return Ok(Some(refusal)),
    };
    let bytes = archive::of(&converted.object).ok_or_else(|| io::Error::other("too many symbols for an archive"))?;
    match kept.map(|file| object_cache::put(&file, &bytes).map(|()| file)) {
        Some(Ok(file)) => std::os::unix::fs::symlink(file, place)?,
        Some(Err(_)) | None => fs::write(place, bytes)?,
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_module_that_is_left_out_is_left_out_too() {
        let module = |name: &str, needed: &str| Module {
            path: Path::new("/g").join(name),
            bytes: Arc::default(),
            hash: 0,
            tag: name.into(),
            kind: ModuleKind::Converter,
            of_libc: true,
            soname: None,
            needed: needed.split_whitespace().map(str::to_owned).collect(),
        };
        let list =
            vec![module("a.so", "b.so libc.so.6"), module("b.so", "c.so"), module("c.so", ""), module("d.so", "")];
        let mut modules = Modules { list, symbols: Vec::new() };
        let found = modules.leave_out(&["/g/c.so".into()]);
        assert_eq!(found, [("/g/b.so".into(), "c.so".into()), ("/g/a.so".into(), "b.so".to_owned())]);
        assert_eq!(modules.list.iter().map(|m| m.tag.as_str()).collect::<Vec<_>>(), ["d.so"]);
    }
}
