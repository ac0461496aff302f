//! Headers and functions that programs expect of a libc and musl lacks: `toolchains/musl/compat`.
//!
//! What this musl has itself, or the machine's package of it, stays as it is: neither is a header replaced nor a function
//! that is in libc.a defined again, but for those that are meant to take its place. Every object defines its functions weakly,
//! so that a program which brings some of them and calls others is linked as well. The headers below `layer` come before musl's and include them.

use super::build_context::{BuildContext, InstallError};
use super::functions::{compile, symbols, unreadable};
use super::source::copy_tree;
use super::symbol_binding;
use super::sysroot::Sysroot;
use crate::archive::{self, IndexedMember};
use crate::embedded::EmbeddedFiles;
use object::read::archive::ArchiveFile;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Sources and headers.
static SOURCES: EmbeddedFiles = EmbeddedFiles(include_bytes!(concat!(env!("OUT_DIR"), "/compat.tar.xz")));

/// The archive's file name.
pub(super) const ARCHIVE: &str = "libcompat.a";

/// The directory of the sources whose functions take the place of libc's. They have all that the members of libc.a define that
/// have these functions, so that none of those is linked in beside them.
const INSTEAD: &str = "instead";

/// How they are compiled. A function that checks a size must not become a call of itself.
const FLAGS: &str = "-std=gnu11 -O2 -fPIE -ffunction-sections -fdata-sections -fno-builtin -U_FORTIFY_SOURCE -D_GNU_SOURCE \
                     -Iinclude -w";

/// The archive in a toolchain's directory, if it has one.
pub(crate) fn built(lib: &Path) -> Option<PathBuf> {
    Some(lib.join(ARCHIVE)).filter(|file| file.is_file())
}

/// Puts the headers and the archive into the tree.
///
/// # Errors
/// The compiler's failure; objects that can't be read; files that can't be written.
pub(crate) fn build(context: &BuildContext<'_>, tree: &Sysroot) -> Result<(), InstallError> {
    let io = |e: io::Error| InstallError::io("reading functions that musl lacks", e);
    let dir = context.unpacked("compat", SOURCES)?;
    let has = libc_names(&tree.lib().join("libc.a"))?;
    let mut members = Vec::new();
    for (dir, is_instead) in [(dir.clone(), false), (dir.join(INSTEAD), true)] {
        for name in compile(context, tree, &dir, FLAGS)? {
            let mut object = fs::read(dir.join(format!("{name}.o"))).map_err(io)?;
            let names: Vec<Vec<u8>> = symbols(&name, &object)?.defined().map(<[u8]>::to_vec).collect();
            if !is_instead {
                if names.iter().any(|name| has.contains(name)) {
                    continue;
                }
                symbol_binding::weaken_defined(&mut object).map_err(|e| unreadable(&name, &e))?;
            }
            members.push(IndexedMember { name: format!("{name}.o"), object, names });
        }
    }
    let bytes = archive::indexed_by(&members)
        .ok_or_else(|| InstallError::Unfit(format!("`{ARCHIVE}` would be larger than an archive can be")))?;
    let io = |e: io::Error| InstallError::io("adding headers and functions that musl lacks", e);
    fs::write(tree.lib().join(ARCHIVE), bytes).map_err(io)?;
    let (from, to) = (dir.join("include"), tree.include());
    let lacks = |path: &Path| path.is_dir() || path.strip_prefix(&from).is_ok_and(|below| !to.join(below).exists());
    copy_tree(&from, &to, &lacks).map_err(io)
}

/// What the members of libc.a define.
fn libc_names(libc: &Path) -> Result<BTreeSet<Vec<u8>>, InstallError> {
    let bytes = fs::read(libc).map_err(|e| InstallError::io("reading libc.a", e))?;
    let archive = ArchiveFile::parse(bytes.as_slice()).map_err(|e| unreadable("libc.a", &e))?;
    let index = archive.symbols().map_err(|e| unreadable("libc.a", &e))?;
    let names =
        index.into_iter().flatten().map(|symbol| Ok(symbol.map_err(|e| unreadable("libc.a", &e))?.name().to_vec()));
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::super::specs::BEFORE_MUSL;
    use super::*;

    #[test]
    fn every_header_before_musl_s_includes_the_next() {
        let (mut sources, mut layered, mut instead) = (0, 0, 0);
        for (path, text) in SOURCES.texts().unwrap() {
            let path = Path::new(&path);
            let is_source = path.extension().is_some_and(|suffix| suffix == "c");
            sources += usize::from(is_source);
            instead += usize::from(is_source && path.starts_with(INSTEAD));
            let Ok(header) = path.strip_prefix(format!("include/{BEFORE_MUSL}")) else { continue };
            // What they share is nobody's own header.
            if header.starts_with("bits") {
                continue;
            }
            assert!(text.contains(&format!("#include_next <{}>\n", header.display())), "{}", header.display());
            layered += 1;
        }
        assert!(sources > 20 && layered > 9 && instead > 8, "{sources} {layered} {instead}");
    }

    #[test]
    fn what_libc_has_is_told_by_its_archive() {
        let dir = tempfile::tempdir().unwrap();
        let archive = archive::with_index(b"no object", &["error", "fts_open"]).unwrap();
        fs::write(dir.path().join("libc.a"), archive).unwrap();
        let names = libc_names(&dir.path().join("libc.a")).unwrap();
        assert!(names.contains(&b"fts_open"[..]) && !names.contains(&b"fts_read"[..]));
        fs::write(dir.path().join("libc.a"), "!<arch>\n").unwrap();
        assert!(libc_names(&dir.path().join("libc.a")).unwrap().is_empty());
        for bad in ["", "no archive"] {
            fs::write(dir.path().join("libc.a"), bad).unwrap();
            assert!(libc_names(&dir.path().join("libc.a")).is_err());
        }
        assert!(libc_names(&dir.path().join("none")).is_err());
        assert_eq!(built(dir.path()), None);
        fs::write(dir.path().join(ARCHIVE), "").unwrap();
        assert_eq!(built(dir.path()), Some(dir.path().join(ARCHIVE)));
    }
}
