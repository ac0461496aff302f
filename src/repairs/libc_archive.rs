//! What the repairs need of a toolchain's libc.a.

use super::got_header;
use super::libc_members::{nowhere, renamed};
use crate::files::Stamp;
use crate::plan::pthread::WEAKLY_USED;
use crate::toolchain::probe::CompilerQuery;
use object::read::ReadCache;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The loader of locale archives, and its new name, which must have the same length.
const LOADER: &[u8] = b"_nl_load_locale_from_archive\0";
pub(super) const ORIGINAL: &str = "_nl_load_locale_from_archivE";

/// The function that builds iconv's tables, and its new name.
const CONF: &[u8] = b"__gconv_load_conf\0";
pub(super) const ORIGINAL_CONF: &str = "__gconv_load_conF";

/// What is read from libc.a.
#[derive(Debug, Default)]
pub(super) struct LibcArchive {
    /// The member with the loader of locale archives, with that function renamed.
    pub loader: Option<Vec<u8>>,
    /// The member that builds iconv's tables, with that function renamed.
    pub conf: Option<Vec<u8>>,
    /// The member that relocates static-pies, if it reads the GOT's header for that.
    pub relocator: Option<Vec<u8>>,
    /// What libpthread.a, if it could be read, defines of the functions that are referred to weakly.
    pub thread_parts: Option<Vec<String>>,
    /// Functions with a linker warning about shared libraries.
    pub functions: Vec<String>,
    /// Functions with another linker warning, or that can't be repaired.
    pub warned: Vec<String>,
}

impl LibcArchive {
    /// The toolchain's libc.a with its state, and what is read from it.
    ///
    /// # Errors
    /// The compiler does not say where it is, or it can't be read.
    pub(super) fn of(asked: &CompilerQuery<'_>) -> io::Result<((PathBuf, Stamp), LibcArchive)> {
        let libc = PathBuf::from(asked.ask(&["-print-file-name=libc.a"])?.text());
        let stamp = Stamp::of(&libc).filter(|_| libc.is_absolute()).ok_or(io::ErrorKind::NotFound)?;
        let mut found = LibcArchive::read(&libc)?;
        found.thread_parts = weakly_used(Path::new(&asked.ask(&["-print-file-name=libpthread.a"])?.text()))?;
        Ok(((libc, stamp), found))
    }

    /// Reads libc.a, and the libdl.a beside it, which has dlopen before glibc 2.34.
    fn read(libc: &Path) -> io::Result<LibcArchive> {
        let mut found = LibcArchive::default();
        found.take(libc)?;
        // A newer one has no members.
        match found.take(&libc.with_file_name("libdl.a")) {
            Err(why) if is_about_the_machine(&why) => return Err(why),
            _ => {}
        }
        for list in [&mut found.functions, &mut found.warned] {
            list.sort();
            list.dedup();
        }
        Ok(found)
    }

    fn take(&mut self, file: &Path) -> io::Result<()> {
        let file = File::open(file)?;
        // SAFETY: the toolchain's own archive; an upgrade meanwhile gives outdated facts, as at any other time.
        let data = unsafe { memmap2::Mmap::map(&file) }?;
        let archive = ArchiveFile::parse(&*data).map_err(io::Error::other)?;
        for member in archive.members().flatten() {
            let Ok(bytes) = member.data(&*data) else { continue };
            if member.name() == b"loadarchive.o" {
                self.loader = renamed(bytes, LOADER, ORIGINAL);
            }
            if member.name() == b"gconv_conf.o" {
                self.conf = renamed(bytes, CONF, ORIGINAL_CONF).and_then(|b| nowhere(&b, b"/gconv\0"));
            }
            if got_header::is_read_by(bytes) {
                self.relocator = Some(bytes.to_vec());
            }
            let Ok(object) = object::File::parse(bytes) else { continue };
            for section in object.sections() {
                let Some(name) = section.name().ok().and_then(|n| n.strip_prefix(".gnu.warning.")) else { continue };
                let text = section.data().unwrap_or_default();
                let loads = text.windows(16).any(|w| w == b"shared libraries");
                // dlopen can't be repaired.
                let list = if loads && !name.starts_with("dl") { &mut self.functions } else { &mut self.warned };
                list.push(name.to_owned());
            }
        }
        Ok(())
    }
}

/// Whether a file could not be read, rather than not being there or not being what it should be.
fn is_about_the_machine(why: &io::Error) -> bool {
    why.raw_os_error().is_some() && why.kind() != io::ErrorKind::NotFound
}

/// The functions that are referred to weakly and that an archive defines, by its symbol index; none without one.
///
/// # Errors
/// It is there and can't be read.
fn weakly_used(libpthread: &Path) -> io::Result<Option<Vec<String>>> {
    let file = match File::open(libpthread) {
        Ok(file) => file,
        Err(why) if is_about_the_machine(&why) => return Err(why),
        Err(_) => return Ok(None),
    };
    let cache = ReadCache::new(file);
    let index = || ArchiveFile::parse(&cache).ok()?.symbols().ok()?;
    let Some(index) = index() else { return Ok(None) };
    let defined: Vec<&[u8]> = index.flatten().map(|symbol| symbol.name()).collect();
    let used = WEAKLY_USED.iter().filter(|name| defined.contains(&name.as_bytes()));
    Ok(Some(used.map(|name| (*name).to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_names_are_as_long_as_the_old_ones() {
        assert_eq!((ORIGINAL.len() + 1, ORIGINAL_CONF.len() + 1), (LOADER.len(), CONF.len()));
    }
}
