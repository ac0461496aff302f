//! The symbols of this machine's glibc, from its shared objects and the symbol indexes of its archives.

use crate::convert::{GlibcSymbols, Library};
use crate::toolchain_libs;
use object::read::ReadCache;
use object::read::archive::ArchiveFile;
use std::fs::{self, File};
use std::path::PathBuf;

/// The shared objects whose symbol versions are read.
const SHARED: [&str; 2] = ["libc.so.6", "libm.so.6"];
/// Those that have code of their own before glibc 2.34, and are in no program that does not ask for them.
const APART: [&str; 5] = ["libanl.so.1", "libdl.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1"];

/// Reads one of glibc's shared objects in the first directory that contains it.
fn look_at_shared(name: &str, dirs: &[PathBuf], look: impl FnOnce(&Library<'_>)) {
    let Some(file) = dirs.iter().find_map(|d| File::open(d.join(name)).ok()) else { return };
    // SAFETY: only its symbols are read; libc is always replaced by renaming, since every running program maps it.
    let Ok(bytes) = (unsafe { memmap2::Mmap::map(&file) }) else { return };
    if let Ok(library) = Library::read(&bytes) {
        look(&library);
    }
}

/// Reads glibc's symbols. What can't be read is left to the linker.
pub(crate) fn libc(dirs: &[PathBuf]) -> GlibcSymbols {
    read(dirs, false)
}

/// The same, with what glibc exports to every program, for modules.
pub(crate) fn libc_for_modules(dirs: &[PathBuf]) -> GlibcSymbols {
    read(dirs, true)
}

fn read(dirs: &[PathBuf], offers: bool) -> GlibcSymbols {
    let mut libc = GlibcSymbols::default();
    for name in SHARED {
        look_at_shared(name, dirs, |library| {
            libc.add_shared(library);
            if offers {
                libc.add_offers(library);
            }
        });
    }
    for name in APART {
        look_at_shared(name, dirs, |library| libc.add_shared(library));
    }
    let Some(dir) = dirs.iter().find(|d| d.join("libc.a").is_file()) else { return libc };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if toolchain_libs::is_glibc_archive(&entry.file_name().to_string_lossy())
            && let Ok(file) = File::open(entry.path())
            // Only the symbol index is read.
            && let cache = ReadCache::new(file)
            && let Ok(archive) = ArchiveFile::parse(&cache)
            && let Ok(Some(index)) = archive.symbols()
        {
            libc.add_archive(index.flatten().map(|s| s.name().to_vec()));
        }
    }
    // In every compiler's libgcc.a.
    libc.add_archive([b"__tls_get_addr".to_vec()].into_iter());
    libc
}
