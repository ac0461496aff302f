//! The symbols of this machine's glibc, from its shared objects and the symbol indexes of its archives.

use crate::convert::copies::{self, CopiedContent};
use crate::convert::symbols::Symbol;
use crate::convert::{GlibcSymbols, Library};
use crate::libs::exported_names::ExportedNames;
use crate::toolchain_libs;
use foldhash::HashSet;
use object::read::ReadCache;
use object::read::archive::ArchiveFile;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The shared objects whose symbol versions are read.
const SHARED: [&str; 2] = ["libc.so.6", "libm.so.6"];
/// Those that have code of their own before glibc 2.34, and are in no program that does not ask for them.
const APART: [&str; 5] = ["libanl.so.1", "libdl.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1"];

/// Passes the bytes of one of glibc's shared objects in the first directory that contains it.
fn map_shared(name: &str, dirs: &[PathBuf], look: impl FnOnce(&[u8])) {
    let Some(file) = dirs.iter().find_map(|d| File::open(d.join(name)).ok()) else { return };
    // SAFETY: only its symbols are read; libc is always replaced by renaming, since every running program maps it.
    let Ok(bytes) = (unsafe { memmap2::Mmap::map(&file) }) else { return };
    look(&bytes);
}

/// The content of a variable that only glibc's shared objects have.
pub(super) fn copied(dirs: &[PathBuf], wanted: &Symbol<'_>) -> Option<CopiedContent> {
    let mut content = None;
    for name in SHARED.into_iter().chain(APART) {
        map_shared(name, dirs, |bytes| {
            let library = Library::read(bytes).ok();
            content = content.take().or_else(|| copies::of_glibc(&library?, wanted));
        });
    }
    content
}

/// Reads glibc's symbols. What can't be read is left to the linker.
pub(crate) fn libc(dirs: &[PathBuf]) -> GlibcSymbols {
    read(dirs, false)
}

/// The same, with what glibc exports to every program, for modules.
pub(crate) fn libc_for_modules(dirs: &[PathBuf]) -> GlibcSymbols {
    read(dirs, true)
}

/// What glibc has of some names: those that it exports to every program.
pub(crate) fn exporting<'n>(dirs: &[PathBuf], names: impl Iterator<Item = &'n [u8]>) -> GlibcSymbols {
    let mut libc = GlibcSymbols::default();
    let mut wanted: HashSet<&[u8]> = names.collect();
    let mut offered: HashSet<&[u8]> = HashSet::default();
    // What both have is libm's, as in `read`.
    for soname in SHARED.into_iter().rev() {
        map_shared(soname, dirs, |bytes| {
            let exported = ExportedNames::of(bytes);
            wanted.retain(|name| {
                let kind = exported.kind(name);
                if let Some(kind) = kind {
                    libc.add_offer(name, kind, soname.as_bytes());
                    offered.insert(name);
                }
                kind.is_none()
            });
        });
    }
    // Nearly all are in libc.a; a directory with thousands of files is not read for them.
    let archive = dirs.iter().map(|dir| dir.join("libc.a")).find(|path| path.is_file());
    archive.iter().for_each(|path| add_index(path, &|name| offered.contains(name), &mut libc));
    if offered.iter().any(|name| !libc.has(name)) {
        read_archives(dirs, |name| offered.contains(name), &mut libc);
    }
    libc
}

fn read(dirs: &[PathBuf], offers: bool) -> GlibcSymbols {
    let mut libc = GlibcSymbols::default();
    for name in SHARED.into_iter().chain(APART) {
        map_shared(name, dirs, |bytes| {
            let Ok(library) = Library::read(bytes) else { return };
            libc.add_shared(&library);
            if offers && SHARED.contains(&name) {
                libc.add_offers(&library);
            }
        });
    }
    read_archives(dirs, |_| true, &mut libc);
    // In every compiler's libgcc.a.
    libc.add_archive([b"__tls_get_addr".as_slice()].into_iter());
    libc
}

/// Adds the names in glibc's archives for which `wanted` holds.
fn read_archives(dirs: &[PathBuf], wanted: impl Fn(&[u8]) -> bool, libc: &mut GlibcSymbols) {
    let Some(dir) = dirs.iter().find(|d| d.join("libc.a").is_file()) else { return };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if toolchain_libs::is_glibc_archive(&entry.file_name().to_string_lossy()) {
            add_index(&entry.path(), &wanted, libc);
        }
    }
}

/// Adds names of an archive's index.
fn add_index(archive: &Path, wanted: &dyn Fn(&[u8]) -> bool, libc: &mut GlibcSymbols) {
    if let Ok(file) = File::open(archive)
        // Only the symbol index is read.
        && let cache = ReadCache::new(file)
        && let Ok(archive) = ArchiveFile::parse(&cache)
        && let Ok(Some(index)) = archive.symbols()
    {
        libc.add_archive(index.flatten().map(|s| s.name()).filter(|name| wanted(name)));
    }
}
