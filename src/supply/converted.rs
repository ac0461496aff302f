//! The converted libraries of one link.

use super::object_cache;
use super::program_object::{self, Beside, ProgramFile};
use crate::archive;
use crate::convert::copies;
use crate::convert::library::Library;
use crate::convert::pieces::{self, Layout, Pieces};
use crate::convert::sections::{base_symbol, tag};
use crate::convert::start::{Dialect, Placed};
use crate::convert::unwind;
use crate::convert::versions::{Libc, Versions};
use crate::convert::{Options, Refusal, acceptable, convert, start};
use crate::libs::missing::is_nothing_alone;
use crate::libs::plugin_list::Plugin;
use crate::options::convert::OF_THE_TOOLCHAIN;
use crate::options::convert::{ConvertChoice, ConvertMode};
use object::read::ReadCache;
use object::read::archive::ArchiveFile;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use twox_hash::XxHash3_128;

/// What a link needs to know to convert libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// Which ones.
    pub choice: ConvertChoice,
    /// How the linker takes a script beside its own; none where it takes none.
    pub dialect: Option<Dialect>,
    /// The archive with the start-up code.
    pub support: PathBuf,
    /// Our cache directory.
    pub cache: Option<PathBuf>,
    /// Where glibc's own files are looked for.
    pub library_dirs: Vec<PathBuf>,
    /// Archives that were found to be incomplete.
    pub incomplete: Vec<PathBuf>,
    /// Archives whose constructors are numbered as those of converted libraries are.
    pub numbered: Vec<PathBuf>,
    /// Shared objects that are opened at run time.
    pub plugins: Vec<Plugin>,
    /// The program that is converted with its libraries, if it is one.
    pub program: Option<Arc<ProgramFile>>,
}

impl Means {
    /// Whether a library is converted although it has an archive.
    pub fn prefers(&self, stem: &OsStr, archive: Option<&Path>) -> bool {
        let stem = stem.to_string_lossy();
        let short = stem.strip_prefix("lib").unwrap_or(&stem);
        let own = OF_THE_TOOLCHAIN.contains(&short);
        self.choice.names(&stem)
            || self.choice.mode == ConvertMode::Prefer && !own
            || archive.is_some_and(|a| self.incomplete.iter().any(|i| i == a))
    }

    /// Whether a library without an archive is converted; `asked` is whether the user named it on the line. One that is
    /// nothing without its plugins is so only by name: a configure step does better to hear that it is not there.
    pub fn allows(&self, stem: &OsStr, asked: bool) -> bool {
        let stem = stem.to_string_lossy();
        let offered = match self.choice.mode {
            ConvertMode::Off => false,
            ConvertMode::Auto => !(asked && is_nothing_alone(&stem)),
            ConvertMode::Prefer => true,
        };
        offered || self.choice.names(&stem)
    }
}

/// One library.
#[derive(Debug)]
struct Book {
    shared: PathBuf,
    bytes: Vec<u8>,
    hash: u128,
    tag: String,
    /// Where the link finds it.
    place: PathBuf,
    /// It goes in without being referred to.
    always: bool,
}

/// The libraries that are converted in one link.
#[derive(Debug)]
pub struct Shelf {
    means: Means,
    books: Vec<Book>,
    libc: OnceLock<Libc>,
    offers: OnceLock<Libc>,
}

/// What the link needs beside the libraries themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// Words for the linker.
    pub words: Vec<OsString>,
    /// Archives to be offered before libc.
    pub archives: Vec<PathBuf>,
    /// Libraries that could not be converted after all, by their places.
    pub refused: Vec<(PathBuf, Refusal)>,
}

/// Old kernels read this many program headers: a page full of them (binfmt_elf.c before Linux 5.2).
const HEADERS: usize = 4096 / 56;

/// What a program has besides the segments of converted libraries.
const OWN_HEADERS: usize = 16;

impl Shelf {
    /// An empty one.
    pub fn new(means: Means) -> Shelf {
        Shelf { means, books: Vec::new(), libc: OnceLock::new(), offers: OnceLock::new() }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.books.is_empty() && self.means.program.is_none()
    }

    /// What it was made with.
    pub fn means(&self) -> &Means {
        &self.means
    }

    /// Takes a library; the link will find it at `place`. Gives its build-id.
    ///
    /// # Errors
    /// Why it can't be converted.
    pub fn take(&mut self, shared: &Path, place: PathBuf, always: bool) -> Result<Option<String>, Refusal> {
        let bytes = read(shared)?;
        let library = Library::read(&bytes)?;
        acceptable(&library)?;
        let build_id = library.build_id_text();
        let file = shared.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = library.soname.map_or(file, |s| String::from_utf8_lossy(s).into_owned());
        let hash = XxHash3_128::oneshot(&bytes);
        let tag = tag(&name, hash);
        self.books.push(Book { shared: shared.to_owned(), bytes, hash, tag, place, always });
        Ok(build_id)
    }

    /// The libraries that refer to a symbol without defining it, each with the version that it asks for.
    pub fn referring(&self, name: &[u8]) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for book in &self.books {
            let Ok(library) = Library::read(&book.bytes) else { continue };
            let symbol = library.symbols.iter().find(|s| s.name == name && !s.defined());
            if let Some(symbol) = symbol {
                let version = symbol.version.map(|v| format!("@{}", String::from_utf8_lossy(v)));
                let shown = format!("{}{}", String::from_utf8_lossy(name), version.unwrap_or_default());
                found.push((book.shared.clone(), shown));
            }
        }
        found
    }

    /// Converts what is not kept already and puts all of it in its places. `numbers` orders the constructors of each
    /// library, `archives` are the others of the link, `dir` is for what only this link needs.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(&mut self, numbers: &[usize], archives: &[PathBuf], dir: &Path) -> io::Result<Extras> {
        let mut extras = Extras::default();
        if self.is_empty() {
            return Ok(extras);
        }
        let libraries: Vec<Library<'_>> = self.books.iter().filter_map(|b| Library::read(&b.bytes).ok()).collect();
        let program = self.means.program.clone();
        let program = program.as_deref().and_then(|p| Some((p, Library::read_program(&p.bytes).ok()?)));
        let versions = Versions::of(&libraries.iter().chain(program.as_ref().map(|p| &p.1)).collect::<Vec<_>>());
        let plans: Vec<Pieces> = libraries.iter().map(|l| planned(l, Layout::Segments)).collect();
        let parts = |plan: &Pieces| plan.pieces.iter().filter(|p| p.filled).count();
        let of_program = program.as_ref().map_or(0, |(_, l)| parts(&planned(l, Layout::Segments)));
        let segments: usize = plans.iter().map(parts).sum();
        // A linker relocates code in a section of code only where the program may have text relocations.
        let plain = libraries.iter().all(|l| !l.changes_code());
        let room = segments + of_program + OWN_HEADERS <= HEADERS;
        let dialect = self.means.dialect.filter(|_| plain && room);
        let (layout, plans) = match dialect {
            Some(_) => (Layout::Segments, plans),
            None => (Layout::Data, libraries.iter().map(|l| planned(l, Layout::Data)).collect()),
        };
        let next = AtomicUsize::new(0);
        let results: Vec<OnceLock<io::Result<Option<Refusal>>>> = self.books.iter().map(|_| OnceLock::new()).collect();
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let one = self.books.get(index).zip(libraries.get(index)).zip(results.get(index));
                let Some(((book, library), result)) = one else { break };
                // Each is made by one thread, so that the place is empty.
                let _ = result.set(self.make(book, library, &versions, layout));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.books.len());
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut starts = Vec::new();
        let mut placed: Vec<Placed<'_>> = Vec::new();
        let mut converted: Vec<copies::Converted<'_, '_>> = Vec::new();
        for (index, (book, result)) in self.books.iter().zip(results).enumerate() {
            match result.into_inner() {
                Some(Ok(None)) => {}
                Some(Ok(Some(refusal))) => {
                    fs::write(&book.place, archive::of_members(&[]).unwrap_or_default())?;
                    extras.refused.push((book.place.clone(), refusal));
                    continue;
                }
                Some(Err(error)) => return Err(error),
                None => return Err(io::Error::other("a library was not converted")),
            }
            let (Some(library), Some(plan)) = (libraries.get(index), plans.get(index)) else { continue };
            let number = numbers.get(index).copied().unwrap_or_default();
            starts.extend(start::object(library, plan, &book.tag, Some(number)));
            converted.push(copies::Converted { library, tag: &book.tag, plan });
            if layout == Layout::Segments {
                placed.push(Placed { tag: &book.tag, plan, fixed: false });
            }
            if book.always {
                extras.words.push(format!("--undefined={}", base_symbol(&book.tag)).into());
            }
        }
        let mut script = String::new();
        let made;
        if let Some((file, library)) = &program {
            let libc = self.libc.get_or_init(|| libc(&self.means.library_dirs));
            let (dialect, dirs) = (self.means.dialect.is_some(), &self.means.library_dirs);
            let beside = Beside { converted: &converted, archives, versions: &versions, dirs, libc, scripts: dialect };
            made = program_object::make(file, library, &beside);
            match &made {
                Ok(made) => {
                    fs::write(&file.place, &made.object)?;
                    fs::write(file.members(), &made.members)?;
                    starts.extend(start::object(library, &made.plan, &made.tag, None));
                    if made.layout == Layout::Segments {
                        placed.push(Placed { tag: &made.tag, plan: &made.plan, fixed: library.fixed });
                    }
                    script = made.script.clone();
                }
                Err(refusal) => {
                    extras.refused.push((file.place.clone(), refusal.clone()));
                }
            }
        }
        if !starts.is_empty() {
            let file = dir.join("start.a");
            fs::write(&file, archive::of_members(&starts).unwrap_or_default())?;
            extras.archives.push(file);
        }
        extras.archives.push(self.means.support.clone());
        let first = libraries.first().or(program.as_ref().map(|p| &p.1));
        if let (Some(dialect), Some(library), false) = (self.means.dialect, first, placed.is_empty()) {
            script.insert_str(0, &start::script(&placed, library.machine, dialect));
        }
        if !script.is_empty() {
            let file = dir.join("segments.ld");
            fs::write(&file, script)?;
            let mut word = OsString::from("--script=");
            word.push(&file);
            extras.words.push(word);
        }
        Ok(extras)
    }

    /// Makes one library, or finds it in the cache, and puts it in its place.
    fn make(
        &self,
        book: &Book,
        library: &Library<'_>,
        versions: &Versions,
        layout: Layout,
    ) -> io::Result<Option<Refusal>> {
        let key = [&book.hash.to_le_bytes()[..], &[layout as u8], &versions.key(library), &self.libc_key()].concat();
        let kept = self.means.cache.as_deref().map(|dir| object_cache::file(dir, XxHash3_128::oneshot(&key)));
        if let Some(file) = kept.as_deref().filter(|f| object_cache::take(f)) {
            std::os::unix::fs::symlink(file, &book.place)?;
            return Ok(None);
        }
        let libc = self.libc();
        let options = Options { tag: &book.tag, layout, versions, libc, module: None, program: None };
        let made = match convert(library, &options) {
            Ok(made) => made,
            Err(refusal) => return Ok(Some(refusal)),
        };
        let (shared, bytes, left) = (book.shared.display(), made.object.len(), made.dropped);
        log::info!("converted {shared}: {bytes} bytes, {left} of ld.so's left out");
        let bytes = archive::of(&made.object).ok_or_else(|| io::Error::other("too many symbols for an archive"))?;
        match kept.map(|file| object_cache::put(&file, &bytes).map(|()| file)) {
            Some(Ok(file)) => std::os::unix::fs::symlink(file, &book.place)?,
            // Without a cache that can be written it is made anew each time.
            Some(Err(_)) | None => fs::write(&book.place, bytes)?,
        }
        Ok(None)
    }

    /// What is known of glibc.
    pub fn libc(&self) -> &Libc {
        self.libc.get_or_init(|| libc(&self.means.library_dirs))
    }

    /// The same, with what glibc offers to every program.
    pub fn libc_for_modules(&self) -> &Libc {
        self.offers.get_or_init(|| libc_for_modules(&self.means.library_dirs))
    }

    /// Names of the libraries that need their versions.
    pub fn versions(&self) -> Versions {
        let libraries: Vec<Library<'_>> = self.books.iter().filter_map(|b| Library::read(&b.bytes).ok()).collect();
        Versions::of(&libraries.iter().collect::<Vec<_>>())
    }

    /// What the meaning of glibc's names depends on.
    pub fn libc_key(&self) -> Vec<u8> {
        let stamp = |path: PathBuf| fs::metadata(path).ok().map(|m| (m.size(), m.mtime()));
        let found = self.means.library_dirs.iter().find_map(|d| stamp(d.join("libc.a")));
        found.map_or_else(Vec::new, |(size, time)| [size.to_le_bytes(), time.to_le_bytes()].concat())
    }
}

/// The sections of a library.
pub fn planned(library: &Library<'_>, layout: Layout) -> Pieces {
    pieces::plan(library, unwind::extent(library), layout, &[])
}

/// Reads a shared object, and makes sure that it is one state of it. A FIFO or device is none.
///
/// # Errors
/// A file that can't be read, or was changed meanwhile.
pub fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |e: io::Error| Refusal::Unreadable { error: e.to_string() };
    let mut file = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let before = file.metadata().map_err(unreadable)?;
    if !before.is_file() {
        return Err(Refusal::NotElf);
    }
    if before.len() > crate::convert::library::LIMIT {
        return Err(Refusal::TooLarge { bytes: before.len(), limit: crate::convert::library::LIMIT });
    }
    let mut bytes = Vec::with_capacity(before.len() as usize);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let after = file.metadata().map_err(unreadable)?;
    let state = |m: &fs::Metadata| (m.size(), m.mtime(), m.mtime_nsec());
    match state(&before) == state(&after) && bytes.len() as u64 == before.len() {
        true => Ok(bytes),
        false => Err(Refusal::Changed),
    }
}

/// glibc's shared objects, whose versions tell what its archives can stand for, and their archives.
const SHARED: [&str; 2] = ["libc.so.6", "libm.so.6"];

/// Reads what is to be known of glibc. What can't be read is not known, and left to the linker.
pub fn libc(dirs: &[PathBuf]) -> Libc {
    let mut libc = Libc::default();
    for name in SHARED {
        for dir in dirs {
            let Ok(file) = File::open(dir.join(name)) else { continue };
            // SAFETY: glibc's own, of which only the symbols are looked at; it is replaced by renaming, as every program
            // that has it mapped counts on.
            if let Ok(bytes) = unsafe { memmap2::Mmap::map(&file) } {
                if let Ok(library) = Library::read(&bytes) {
                    libc.add_shared(&library);
                }
                break;
            }
        }
    }
    let Some(dir) = dirs.iter().find(|d| d.join("libc.a").is_file()) else { return libc };
    let of_glibc = ["libc", "libm", "libmvec", "libresolv", "libpthread", "libdl", "librt", "libutil", "libanl"];
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // libm.a is a script for libm-2.36.a.
        let stem = name.strip_suffix(".a").unwrap_or_default().split('-').next().unwrap_or_default();
        if of_glibc.contains(&stem)
            && let Ok(file) = File::open(entry.path())
            // The index alone is read.
            && let cache = ReadCache::new(file)
            && let Ok(archive) = ArchiveFile::parse(&cache)
            && let Ok(Some(index)) = archive.symbols()
        {
            libc.add_archive(index.flatten().map(|s| s.name().to_vec()));
        }
    }
    // In the archive of every compiler.
    libc.add_archive([b"__tls_get_addr".to_vec()].into_iter());
    libc
}

/// Reads what modules need to know of glibc.
pub fn libc_for_modules(dirs: &[PathBuf]) -> Libc {
    let mut libc = libc(dirs);
    for name in SHARED {
        if let Some(bytes) = dirs.iter().find_map(|d| read(&d.join(name)).ok())
            && let Ok(library) = Library::read(&bytes)
        {
            libc.add_offers(&library);
        }
    }
    libc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred() {
        let means = |text: &str| Means {
            choice: ConvertChoice::parse(text),
            dialect: None,
            support: PathBuf::new(),
            cache: None,
            library_dirs: vec![],
            incomplete: vec!["/l/libpq.a".into()],
            numbered: vec![],
            plugins: vec![],
            program: None,
        };
        let prefers = |text: &str, stem: &str| means(text).prefers(OsStr::new(stem), None);
        assert!(prefers("prefer", "libz") && !prefers("prefer", "libresolv") && !prefers("auto", "libz"));
        assert!(prefers("auto,z", "libz") && prefers("off,libz", "libz"));
        assert!(means("auto").prefers(OsStr::new("libpq"), Some(Path::new("/l/libpq.a"))));
        let allows = |text: &str, stem: &str, asked| means(text).allows(OsStr::new(stem), asked);
        assert!(allows("auto", "libq", true) && !allows("off", "libq", true));
        // Nothing without its plugins.
        assert!(!allows("auto", "libpam", true) && allows("auto", "libpam", false));
        assert!(allows("auto,libpam", "libpam", true) && allows("prefer", "libpam", true));
    }

    #[test]
    fn no_file_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(&dir.path().join("q.so")), Err(Refusal::Unreadable { .. })));
        assert_eq!(read(Path::new("/dev/zero")), Err(Refusal::NotElf));
        assert_eq!(read(Path::new("/")), Err(Refusal::NotElf));
    }
}
