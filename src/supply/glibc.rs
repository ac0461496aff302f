//! What is known of the machine's glibc: read from its shared objects and the indexes of its archives.

use crate::convert::{GlibcSymbols, Library};
use crate::toolchain_libs;
use object::read::ReadCache;
use object::read::archive::ArchiveFile;
use std::fs::{self, File};
use std::path::PathBuf;

/// glibc's shared objects, whose versions tell what its archives can stand for.
const SHARED: [&str; 2] = ["libc.so.6", "libm.so.6"];

/// Looks at one of glibc's shared objects in the first directory that has it.
fn look_at_shared(name: &str, dirs: &[PathBuf], look: impl FnOnce(&Library<'_>)) {
    let Some(file) = dirs.iter().find_map(|d| File::open(d.join(name)).ok()) else { return };
    // SAFETY: glibc's own, of which only the symbols are looked at; it is replaced by renaming, as every program that
    // has it mapped counts on.
    let Ok(bytes) = (unsafe { memmap2::Mmap::map(&file) }) else { return };
    if let Ok(library) = Library::read(&bytes) {
        look(&library);
    }
}

/// Reads what is to be known of glibc. What can't be read is not known, and left to the linker.
pub(crate) fn libc(dirs: &[PathBuf]) -> GlibcSymbols {
    let mut libc = GlibcSymbols::default();
    for name in SHARED {
        look_at_shared(name, dirs, |library| libc.add_shared(library));
    }
    let Some(dir) = dirs.iter().find(|d| d.join("libc.a").is_file()) else { return libc };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if toolchain_libs::is_glibc_archive(&entry.file_name().to_string_lossy())
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

/// The same, with what glibc offers to every program, which modules need to know.
pub(crate) fn libc_for_modules(dirs: &[PathBuf]) -> GlibcSymbols {
    let mut libc = libc(dirs);
    for name in SHARED {
        look_at_shared(name, dirs, |library| libc.add_offers(library));
    }
    libc
}
