//! The files of one link, each opened and read once, under any path.

use super::inputs;
use super::member_table::MemberTable;
use super::object_symbols::ObjectSymbols;
use super::sniff::{self, Sniffed};
use crate::check;
use crate::convert::Refusal;
use crate::convert::library::LIMIT;
use crate::files::{Identity, Stamp};
use memmap2::Mmap;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A file's key: identity and state.
type FileState = (Identity, Stamp);

fn state(m: &Metadata) -> FileState {
    (Identity::from(m), Stamp::from(m))
}

/// How many descriptors are kept open for reading the whole file later; further files are opened again.
const KEPT_OPEN: usize = 64;

/// The files that were read in one link. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LibraryFiles {
    files: Arc<Mutex<HashMap<FileState, Arc<LibraryFile>>>>,
    /// What objects have, by path; none for what is no object.
    objects: Arc<Mutex<HashMap<PathBuf, Option<Arc<ObjectSymbols>>>>>,
    /// Tables of archives' members, by key.
    tables: Arc<Mutex<HashMap<u128, Option<Arc<MemberTable>>>>>,
}

impl LibraryFiles {
    /// The regular file at a path; none if there is none or it can't be read. Opening a FIFO or device does not block.
    pub(crate) fn get(&self, path: &Path) -> Option<Arc<LibraryFile>> {
        let found = fs::metadata(path).ok().filter(Metadata::is_file)?;
        // A panic elsewhere leaves the map consistent.
        let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known.get(&state(&found)) {
            return Some(file.clone());
        }
        let file = Arc::new(LibraryFile::open(path, known.len() < KEPT_OPEN).ok()?);
        known.insert(file.state, file.clone());
        Some(file)
    }

    /// The symbols of an object; none of anything else.
    pub(crate) fn object(&self, path: &Path) -> Option<Arc<ObjectSymbols>> {
        let known = |objects: &HashMap<PathBuf, Option<Arc<ObjectSymbols>>>| objects.get(path).cloned();
        if let Some(known) = known(&self.objects.lock().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let found = self.look(path, ObjectSymbols::of).flatten().map(Arc::new);
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.insert(path.to_owned(), found.clone());
        found
    }

    /// The table of an archive's members in a file of the cache.
    pub(super) fn table(&self, file: &Path, key: u128) -> Option<Arc<MemberTable>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(key).or_insert_with(|| MemberTable::read(file, key).map(Arc::new)).clone()
    }

    /// Passes the bytes of an input to `at`: those already read for a library, else mapped for this call. None for
    /// anything but a regular file.
    pub(crate) fn look<T>(&self, path: &Path, at: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let known = fs::metadata(path).ok().and_then(|found| {
            let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.get(&state(&found)).cloned()
        });
        match known {
            Some(file) => file.look(at),
            None => inputs::look(path, at),
        }
    }
}

/// Reads a whole file, in one consistent state.
///
/// # Errors
/// A file that can't be read, is not a regular file, is too large, or changed meanwhile.
pub(crate) fn read(path: &Path) -> Result<Arc<Vec<u8>>, Refusal> {
    let unreadable = |e: io::Error| Refusal::Unreadable { error: e.to_string() };
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Refusal::NotElf);
    }
    LibraryFile::open(path, true).map_err(unreadable)?.content()
}

/// Entries of a shared object's dynamic section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct DynamicSection {
    soname: Option<String>,
    needed: Vec<String>,
    /// DT_RPATH and DT_RUNPATH, unexpanded.
    run_paths: Vec<String>,
}

/// A shared object's soname and dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Needs {
    pub soname: Option<String>,
    pub needed: Vec<String>,
    /// Directories of DT_RPATH and DT_RUNPATH, `$ORIGIN` expanded.
    pub run_path: Vec<PathBuf>,
}

/// A file, read lazily.
#[derive(Debug)]
pub(crate) struct LibraryFile {
    path: PathBuf,
    state: FileState,
    file: Mutex<Option<File>>,
    head: Vec<u8>,
    sniffed: Sniffed,
    content: OnceLock<Result<Arc<Vec<u8>>, Refusal>>,
    map: OnceLock<Option<Mmap>>,
    dynamic: OnceLock<DynamicSection>,
}

impl LibraryFile {
    fn open(path: &Path, keep_open: bool) -> io::Result<LibraryFile> {
        let file = File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut head = Vec::with_capacity(sniff::HEAD);
        (&file).take(sniff::HEAD as u64).read_to_end(&mut head)?;
        let sniffed = sniff::classify(&head);
        let library = matches!(sniffed, Sniffed::Shared { .. } | Sniffed::Archive { .. });
        let file = Some(file).filter(|_| keep_open && library);
        Ok(LibraryFile {
            path: path.to_owned(),
            state: state(&metadata),
            file: Mutex::new(file),
            head,
            sniffed,
            content: OnceLock::new(),
            map: OnceLock::new(),
            dynamic: OnceLock::new(),
        })
    }

    /// The path under which it was opened first.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the linker takes it for.
    pub(crate) fn sniffed(&self) -> Sniffed {
        self.sniffed
    }

    /// The file, and whether its descriptor was kept. It is no longer.
    fn opened(&self) -> io::Result<(File, bool)> {
        let kept = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Some(file) => Ok((file, true)),
            None => Ok((File::open(&self.path)?, false)),
        }
    }

    /// The whole file, in one consistent state.
    ///
    /// # Errors
    /// A file that can't be read, is too large, or changed meanwhile.
    pub(crate) fn content(&self) -> Result<Arc<Vec<u8>>, Refusal> {
        self.content.get_or_init(|| self.read().map(Arc::new)).clone()
    }

    fn read(&self) -> Result<Vec<u8>, Refusal> {
        let unreadable = |e: io::Error| Refusal::Unreadable { error: e.to_string() };
        let size = self.state.1.size();
        if size > LIMIT {
            return Err(Refusal::TooLarge { bytes: size, limit: LIMIT });
        }
        let whole = self.head.len() as u64 == size;
        let mut bytes = self.head.clone();
        if !whole {
            let (file, _) = self.opened().map_err(unreadable)?;
            bytes.resize(size as usize, 0);
            let rest = bytes.get_mut(self.head.len()..).unwrap_or_default();
            match file.read_exact_at(rest, self.head.len() as u64) {
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Err(Refusal::Changed),
                other => other.map_err(unreadable)?,
            }
            if state(&file.metadata().map_err(unreadable)?) != self.state {
                return Err(Refusal::Changed);
            }
        }
        Ok(bytes)
    }

    /// Passes the bytes to `at`; none if the file can't be mapped.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&[u8]) -> T) -> Option<T> {
        self.bytes().map(at)
    }

    /// The bytes: those already read, else the mapped file. None if it can't be mapped.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if self.head.len() as u64 == self.state.1.size() {
            return Some(&self.head);
        }
        if let Some(Ok(bytes)) = self.content.get() {
            return Some(bytes);
        }
        let map = self.map.get_or_init(|| {
            let (file, kept) = self.opened().ok()?;
            // SAFETY: an input of the link that follows, which maps it in the same way; a build that changes its
            // inputs while it links them is broken anyway.
            let map = unsafe { Mmap::map(&file) }.ok();
            // Only shared objects may be read as a whole later, for conversion. What was not kept stays within the limit.
            if kept && matches!(self.sniffed, Sniffed::Shared { .. }) {
                *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
            }
            map
        });
        map.as_deref()
    }

    /// Its dependencies as a shared object at `path`. An unreadable or hostile file has none.
    pub(crate) fn needs(&self, path: &Path) -> Needs {
        let dynamic = self.dynamic.get_or_init(|| self.read_dynamic().unwrap_or_default());
        let mut run_path = Vec::new();
        if !dynamic.run_paths.is_empty() {
            let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let origin = real.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
            let dirs = dynamic.run_paths.iter().flat_map(|l| l.split(':')).filter(|d| !d.is_empty());
            let filled = dirs.map(|d| d.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin));
            run_path = filled.map(PathBuf::from).collect();
        }
        Needs { soname: dynamic.soname.clone(), needed: dynamic.needed.clone(), run_path }
    }

    fn read_dynamic(&self) -> Option<DynamicSection> {
        let image = self.look(|data| check::inspect_header_bytes(data).ok())??;
        let run_paths = image.rpath.into_iter().chain(image.runpath).collect();
        Some(DynamicSection { soname: image.soname, needed: image.needed, run_paths })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_under_all_its_names() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("libq.so.1"), dir.path().join("libq.so"));
        fs::write(&file, vec![b'x'; 10_000]).unwrap();
        std::os::unix::fs::symlink("libq.so.1", &link).unwrap();
        let files = LibraryFiles::default();
        let (a, b) = (files.get(&file).unwrap(), files.get(&link).unwrap());
        assert!(Arc::ptr_eq(&a, &b));
        assert!(Arc::ptr_eq(&a.content().unwrap(), &b.content().unwrap()));
        // A changed file is another file.
        fs::write(&file, "shorter").unwrap();
        assert_eq!(*files.get(&file).unwrap().content().unwrap(), b"shorter");
    }

    #[test]
    fn what_changes_while_it_is_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("libq.so");
        fs::write(&path, vec![b'x'; 10_000]).unwrap();
        let file = LibraryFiles::default().get(&path).unwrap();
        fs::write(&path, vec![b'y'; 9_000]).unwrap();
        assert_eq!(file.content(), Err(Refusal::Changed));
        fs::write(&path, vec![b'x'; 10_000]).unwrap();
        let file = LibraryFiles::default().get(&path).unwrap();
        fs::write(&path, vec![b'y'; 10_001]).unwrap();
        assert_eq!(file.content(), Err(Refusal::Changed));
    }

    #[test]
    fn what_is_no_regular_file_is_nothing_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let files = LibraryFiles::default();
        for path in [fifo.as_path(), dir.path(), Path::new("/dev/zero"), &dir.path().join("missing")] {
            assert!(files.get(path).is_none(), "{}", path.display());
        }
    }

    #[test]
    fn no_file_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(&dir.path().join("missing")), Err(Refusal::Unreadable { .. })));
        assert_eq!(read(Path::new("/dev/zero")), Err(Refusal::NotElf));
        assert_eq!(read(Path::new("/")), Err(Refusal::NotElf));
    }

    #[test]
    fn a_small_file_is_read_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("libq.a");
        fs::write(&path, "!<arch>\n").unwrap();
        let file = LibraryFiles::default().get(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(file.look(<[u8]>::len), Some(8));
        assert_eq!(file.sniffed(), Sniffed::Archive { thin: false, target: None });
    }
}
