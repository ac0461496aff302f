//! The converted libraries of one link.

use super::glibc;
use super::object_cache;
use super::program_object::{self, LinkContext, ProgramObject};
use crate::archive;
use crate::convert::library::Library;
use crate::convert::pieces::{self, Layout, Pieces};
use crate::convert::sections::{base_symbol, tag};
use crate::convert::start::{Dialect, Placed};
use crate::convert::versions::{GlibcSymbols, Versions};
use crate::convert::{ConversionOptions, NullNames, Refusal, acceptable_beside, convert, copies, start, unwind};
use crate::files::Stamp;
use crate::libs::convert_policy::{ConvertPolicy, ProgramFile};
use crate::libs::supplier::{SharedLibrary, Use};
use crate::parallel::in_parallel;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use twox_hash::XxHash3_128;

/// A library to be converted.
#[derive(Debug)]
struct Entry {
    shared: PathBuf,
    bytes: Arc<Vec<u8>>,
    hash: u128,
    tag: String,
    /// The file that is linked.
    place: PathBuf,
    /// It is linked in unreferenced.
    always: bool,
    /// It has constructors.
    starts: bool,
}

/// The converted libraries of one link.
#[derive(Debug)]
pub(crate) struct ConvertedLibraries {
    policy: ConvertPolicy,
    entries: Vec<Entry>,
    libc: OnceLock<GlibcSymbols>,
    offers: OnceLock<GlibcSymbols>,
}

/// What the link needs besides the libraries themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Extras {
    /// Words for the linker.
    pub words: Vec<OsString>,
    /// Archives to link before libc.
    pub archives: Vec<PathBuf>,
    /// Libraries that could not be converted after all, by their linked files.
    pub refused: Vec<(PathBuf, Refusal)>,
}

/// The most program headers that kernels before Linux 5.2 read: one page (binfmt_elf.c).
const HEADERS: usize = 4096 / 56;

/// Program headers besides those of converted libraries.
const OWN_HEADERS: usize = 16;

/// A parsed library or program.
struct Model<'a> {
    entry: &'a Entry,
    library: Library<'a>,
    /// The priority of its constructors.
    number: usize,
}

/// The parsed program of a link.
struct ProgramModel<'a> {
    file: &'a ProgramFile,
    library: Library<'a>,
}

/// How each library of a link is laid out.
type LinkLayout = Vec<(Layout, Pieces)>;

impl ConvertedLibraries {
    pub(crate) fn new(policy: ConvertPolicy) -> ConvertedLibraries {
        ConvertedLibraries { policy, entries: Vec::new(), libc: OnceLock::new(), offers: OnceLock::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.policy.program.is_none()
    }

    /// How they are converted.
    pub(crate) fn policy(&self) -> &ConvertPolicy {
        &self.policy
    }

    /// Adds a library, which will be written to `place`. Returns its index among these and its build ID.
    ///
    /// # Errors
    /// Why it can't be converted.
    pub(crate) fn take(
        &mut self,
        shared: SharedLibrary<'_>,
        place: PathBuf,
    ) -> Result<(usize, Option<String>), Refusal> {
        let bytes = shared.file.content()?;
        let library = Library::read(&bytes)?;
        acceptable_beside(&library, self.policy.program.is_some())?;
        let build_id = library.build_id_text();
        let starts = library.has_constructors();
        let file = shared.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = library.soname.map_or(file, |s| String::from_utf8_lossy(s).into_owned());
        let hash = XxHash3_128::oneshot(&bytes);
        let mut tag = tag(&name, hash);
        // Copies of one file under several paths are separate libraries.
        while self.entries.iter().any(|e| e.tag == tag) {
            tag.push('x');
        }
        let always = shared.use_of_it == Use::Always;
        self.entries.push(Entry { shared: shared.path.to_owned(), bytes, hash, tag, place, always, starts });
        Ok((self.entries.len() - 1, build_id))
    }

    /// Those with constructors that are linked in only if something refers to them.
    pub(crate) fn left_to_references(&self) -> Vec<PathBuf> {
        self.entries.iter().filter(|e| e.starts && !e.always).map(|e| e.shared.clone()).collect()
    }

    /// Has one of them linked in though nothing refers to it.
    pub(crate) fn take_always(&mut self, shared: &Path) {
        for entry in self.entries.iter_mut().filter(|e| e.shared == shared) {
            entry.always = true;
        }
    }

    /// The libraries with an undefined reference to a symbol, each with the version that it needs.
    pub(crate) fn referring(&self, name: &[u8]) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let Ok(library) = Library::read(&entry.bytes) else { continue };
            let symbol = library.symbols.iter().find(|s| s.name == name && !s.defined());
            if let Some(symbol) = symbol {
                let version = symbol.version.map(|v| format!("@{}", String::from_utf8_lossy(v)));
                let shown = format!("{}{}", String::from_utf8_lossy(name), version.unwrap_or_default());
                found.push((entry.shared.clone(), shown));
            }
        }
        found
    }

    /// Converts what is not cached and writes all files. `order`: each library's index and the priority of its
    /// constructors, in ld.so's order; `archives`: the link's other libraries; `start_code`: the start-up code's
    /// archive; `dir`: for files of this link only.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(crate) fn write(
        &self,
        order: &[(usize, usize)],
        archives: &[PathBuf],
        start_code: &Path,
        dir: &Path,
    ) -> io::Result<Extras> {
        let models: Vec<Model<'_>> = order.iter().filter_map(|(index, number)| self.model(*index, *number)).collect();
        let program = self.policy.program.as_deref();
        let program =
            program.and_then(|file| Some(ProgramModel { file, library: Library::read_program(&file.bytes).ok()? }));
        let all: Vec<&Library<'_>> =
            models.iter().map(|m| &m.library).chain(program.iter().map(|p| &p.library)).collect();
        let versions = Versions::of(&all);
        let link = self.layout(&models, program.as_ref());
        let laid_out: Vec<(&Model<'_>, Layout)> = models.iter().zip(link.iter().map(|(layout, _)| *layout)).collect();
        let results = in_parallel(&laid_out, |(model, layout)| self.make(model, &versions, *layout));
        let mut parts = LinkParts::default();
        for ((model, (layout, plan)), result) in models.iter().zip(&link).zip(results) {
            parts.add(model, plan, *layout, result?)?;
        }
        let made = match &program {
            Some(program) => parts.add_program(self, program, archives, &versions)?,
            None => None,
        };
        let machine = all.first().map(|l| l.machine);
        let dialect = self.policy.dialect.zip(machine);
        parts.finish(made.as_ref(), dialect, start_code, dir)
    }

    fn model(&self, index: usize, number: usize) -> Option<Model<'_>> {
        let entry = self.entries.get(index)?;
        Some(Model { entry, library: Library::read(&entry.bytes).ok()?, number })
    }

    /// Chooses the layouts: segments for all, or where these are too many or the linker reads no scripts, data. An
    /// allocator is in segments if any way leads to it, since libc calls it before the code of the others can run.
    fn layout(&self, models: &[Model<'_>], program: Option<&ProgramModel<'_>>) -> LinkLayout {
        let parts =
            |library: &Library<'_>| planned(library, Layout::Segments).pieces.iter().filter(|p| p.filled).count();
        let of_program = program.map_or(0, |p| parts(&p.library));
        let segments: usize = models.iter().map(|m| parts(&m.library)).sum();
        // Linkers relocate code sections only if the program may have text relocations.
        let plain = models.iter().all(|m| !m.library.changes_code());
        let room = segments + of_program + OWN_HEADERS <= HEADERS;
        let scripts = self.policy.dialect.is_some();
        let layout = |m: &Model<'_>| match scripts && ((plain && room) || m.library.allocates()) {
            true => Layout::Segments,
            false => Layout::Data,
        };
        models.iter().map(|m| (layout(m), planned(&m.library, layout(m)))).collect()
    }

    /// Converts one library, or takes it from the cache, and writes its file.
    fn make(&self, model: &Model<'_>, versions: &Versions, layout: Layout) -> io::Result<Option<Refusal>> {
        let (entry, library) = (model.entry, &model.library);
        if layout == Layout::Data && library.allocates() {
            return Ok(Some(Refusal::NotYetCode));
        }
        // The tag is in the object's names, and two files with the same content may have different ones.
        let hash = &entry.hash.to_le_bytes()[..];
        let null = self.null();
        let names = library.null_references(null).collect::<Vec<_>>().join(&0);
        let key = [hash, entry.tag.as_bytes(), &[layout as u8], &versions.key(library), &self.libc_key(), &names];
        let key = key.concat();
        let kept = self.policy.cache.as_deref().map(|dir| object_cache::file(dir, XxHash3_128::oneshot(&key)));
        if let Some(file) = kept.as_deref().filter(|f| object_cache::take(f)) {
            std::os::unix::fs::symlink(file, &entry.place)?;
            return Ok(None);
        }
        let libc = self.libc();
        let null = Some(null);
        let options = ConversionOptions { tag: &entry.tag, layout, versions, libc, module: None, program: None, null };
        let made = match convert(library, &options) {
            Ok(made) => made,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let (shared, bytes, left) = (entry.shared.display(), made.object.len(), made.dropped);
        log::info!("converted {shared}: {bytes} bytes, {left} bytes for ld.so left out");
        let bytes = archive::of(&made.object).ok_or_else(|| io::Error::other("too many symbols for an archive"))?;
        match kept.map(|file| object_cache::put(&file, &bytes).map(|()| file)) {
            Some(Ok(file)) => std::os::unix::fs::symlink(file, &entry.place)?,
            // Without a writable cache it is converted each time.
            Some(Err(_)) | None => fs::write(&entry.place, bytes)?,
        }
        Ok(None)
    }

    /// What stays null in the whole program.
    fn null(&self) -> &NullNames {
        static NONE: NullNames = NullNames::new();
        self.policy.program.as_ref().map_or(&NONE, |program| &program.null)
    }

    /// glibc's symbols.
    pub(crate) fn libc(&self) -> &GlibcSymbols {
        self.libc.get_or_init(|| glibc::libc(&self.policy.library_dirs))
    }

    /// The same, with what glibc exports to every program.
    pub(crate) fn libc_for_modules(&self) -> &GlibcSymbols {
        self.offers.get_or_init(|| glibc::libc_for_modules(&self.policy.library_dirs))
    }

    /// The memory of each library in the program: its file, the symbol at its start and its size.
    pub(crate) fn memory(&self) -> Vec<(PathBuf, String, u64)> {
        let memory = |entry: &Entry| {
            let pieces = planned(&Library::read(&entry.bytes).ok()?, Layout::Segments).pieces;
            let (first, last) = (pieces.first()?, pieces.last()?);
            Some((entry.shared.clone(), base_symbol(&entry.tag), last.end - first.start))
        };
        self.entries.iter().filter_map(memory).collect()
    }

    /// Names that are told apart by their versions.
    pub(crate) fn versions(&self) -> Versions {
        let libraries: Vec<Library<'_>> = self.entries.iter().filter_map(|e| Library::read(&e.bytes).ok()).collect();
        Versions::of(&libraries.iter().collect::<Vec<_>>())
    }

    /// Bytes for cache keys that cover everything known of glibc.
    pub(crate) fn libc_key(&self) -> Vec<u8> {
        let found = self.policy.library_dirs.iter().find_map(|d| Stamp::of(&d.join("libc.a")));
        found.map_or_else(Vec::new, |stamp| format!("{stamp:?}").into_bytes())
    }
}

/// What is collected for a link while its libraries are written.
#[derive(Default)]
struct LinkParts<'m> {
    extras: Extras,
    /// Objects with the constructors of each library.
    starts: Vec<Vec<u8>>,
    /// What the linker script places.
    placed: Vec<Placed<'m>>,
    /// Sources of a program's copied variables.
    converted: Vec<copies::CopySource<'m, 'm>>,
}

impl<'m> LinkParts<'m> {
    fn add(
        &mut self,
        model: &'m Model<'m>,
        plan: &'m Pieces,
        layout: Layout,
        refused: Option<Refusal>,
    ) -> io::Result<()> {
        let (entry, library) = (model.entry, &model.library);
        if let Some(refusal) = refused {
            fs::write(&entry.place, archive::of_members(&[]).unwrap_or_default())?;
            self.extras.refused.push((entry.place.clone(), refusal));
            return Ok(());
        }
        self.starts.extend(start::object(library, plan, &entry.tag, Some(model.number)));
        self.converted.push(copies::CopySource { library, tag: &entry.tag, plan });
        if layout == Layout::Segments {
            self.placed.push(Placed { tag: &entry.tag, plan, fixed: false });
        }
        if entry.always {
            self.extras.words.push(format!("--undefined={}", base_symbol(&entry.tag)).into());
        }
        Ok(())
    }

    /// Converts the program, and writes its object and members.
    fn add_program(
        &mut self,
        of: &ConvertedLibraries,
        program: &ProgramModel<'_>,
        archives: &[PathBuf],
        versions: &Versions,
    ) -> io::Result<Option<(ProgramObject, bool)>> {
        let context = LinkContext {
            converted: &self.converted,
            archives,
            versions,
            dirs: &of.policy.library_dirs,
            libc: of.libc(),
            scripts: of.policy.dialect.is_some(),
        };
        match program_object::make(program.file, &program.library, &context) {
            Ok(made) => {
                fs::write(&program.file.place, &made.object)?;
                fs::write(program.file.members(), &made.members)?;
                self.starts.extend(start::object(&program.library, &made.plan, &made.tag, None));
                Ok(Some((made, program.library.fixed)))
            }
            Err(refusal) => {
                self.extras.refused.push((program.file.place.clone(), refusal));
                Ok(None)
            }
        }
    }

    /// Writes the archive of constructors and the linker script.
    fn finish(
        mut self,
        program: Option<&(ProgramObject, bool)>,
        dialect: Option<(Dialect, &crate::convert::machine::Machine)>,
        start_code: &Path,
        dir: &Path,
    ) -> io::Result<Extras> {
        let mut placed = self.placed;
        let in_script = program.filter(|(made, _)| made.layout == Layout::Segments);
        placed.extend(in_script.map(|(made, fixed)| Placed { tag: &made.tag, plan: &made.plan, fixed: *fixed }));
        let mut script = program.map_or_else(String::new, |(made, _)| made.script.clone());
        if !self.starts.is_empty() {
            let file = dir.join("start.ar");
            fs::write(&file, archive::of_members(&self.starts).unwrap_or_default())?;
            self.extras.archives.push(file);
        }
        self.extras.archives.push(start_code.to_owned());
        if let (Some((dialect, machine)), false) = (dialect, placed.is_empty()) {
            script.insert_str(0, &start::script(&placed, machine, dialect));
            // A linker that is told of larger pages makes one segment of parts that lie on the same one.
            let page = placed.iter().map(|p| p.plan.page).min().filter(|page| *page < machine.largest_page);
            self.extras.words.extend(page.map(|p| OsString::from(format!("-zmax-page-size={p}"))));
        }
        if !script.is_empty() {
            let file = dir.join("segments.ld");
            fs::write(&file, script)?;
            let mut word = OsString::from("--script=");
            word.push(&file);
            self.extras.words.push(word);
        }
        Ok(self.extras)
    }
}

/// The layout of a library.
pub(crate) fn planned(library: &Library<'_>, layout: Layout) -> Pieces {
    pieces::plan(library, unwind::left_out(library), layout, &[])
}
