//! What repairs need of a toolchain's libc.a.

use super::libc_members::{nowhere, renamed};
use crate::files::Stamp;
use crate::toolchain::probe::CompilerQuery;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The loader of locale archives, and its new name, which must have the same length.
const LOADER: &[u8] = b"_nl_load_locale_from_archive\0";
pub(super) const ORIGINAL: &str = "_nl_load_locale_from_archivE";

/// The function that builds iconv's tables, and its new name.
const CONF: &[u8] = b"__gconv_load_conf\0";
pub(super) const ORIGINAL_CONF: &str = "__gconv_load_conF";

/// What is read from libc.a.
pub(super) struct LibcArchive {
    /// The member with the loader of locale archives, with that function renamed.
    pub loader: Option<Vec<u8>>,
    /// The member that builds iconv's tables, with that function renamed.
    pub conf: Option<Vec<u8>>,
    /// Functions with a linker warning about shared libraries.
    pub functions: Vec<String>,
    /// Functions with another linker warning, or that can't be repaired.
    pub warned: Vec<String>,
}

impl LibcArchive {
    /// The toolchain's libc.a with its state, and what is read from it.
    pub(super) fn of(asked: &CompilerQuery<'_>) -> Option<((PathBuf, Stamp), LibcArchive)> {
        let libc = PathBuf::from(asked.ask(&["-print-file-name=libc.a"]).ok()?.text());
        let stamp = Stamp::of(&libc).filter(|_| libc.is_absolute())?;
        let found = LibcArchive::read(&libc)?;
        Some(((libc, stamp), found))
    }

    fn read(libc: &Path) -> Option<LibcArchive> {
        let file = File::open(libc).ok()?;
        // SAFETY: the toolchain's own archive; an upgrade meanwhile gives outdated facts, as at any other time.
        let data = unsafe { memmap2::Mmap::map(&file) }.ok()?;
        let archive = ArchiveFile::parse(&*data).ok()?;
        let mut found = LibcArchive { loader: None, conf: None, functions: Vec::new(), warned: Vec::new() };
        for member in archive.members().flatten() {
            let Ok(bytes) = member.data(&*data) else { continue };
            if member.name() == b"loadarchive.o" {
                found.loader = renamed(bytes, LOADER, ORIGINAL);
            }
            if member.name() == b"gconv_conf.o" {
                found.conf = renamed(bytes, CONF, ORIGINAL_CONF).and_then(|b| nowhere(&b, b"/gconv\0"));
            }
            let Ok(object) = object::File::parse(bytes) else { continue };
            for section in object.sections() {
                let Some(name) = section.name().ok().and_then(|n| n.strip_prefix(".gnu.warning.")) else { continue };
                let text = section.data().unwrap_or_default();
                let loads = text.windows(16).any(|w| w == b"shared libraries");
                // dlopen can't be repaired.
                let list = if loads && !name.starts_with("dl") { &mut found.functions } else { &mut found.warned };
                list.push(name.to_owned());
            }
        }
        for list in [&mut found.functions, &mut found.warned] {
            list.sort();
            list.dedup();
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_names_are_as_long_as_the_old_ones() {
        assert_eq!((ORIGINAL.len() + 1, ORIGINAL_CONF.len() + 1), (LOADER.len(), CONF.len()));
    }
}
