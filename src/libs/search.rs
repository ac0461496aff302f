//! The search path, in the order in which driver and linker look.

use super::library_file::{LibraryFiles, Needs};
use super::sniff::Sniffed;
use crate::args::Request;
use crate::args::ld_options::{self, Item, LdRole};
use crate::args::option_table::Role;
use crate::check::Expect;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Directories and what a file must be for to count.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchPath {
    /// All directories: `-L` in order, `LIBRARY_PATH`, those of the toolchain.
    pub dirs: Vec<PathBuf>,
    /// How many of them the user named.
    pub user: usize,
    /// Where ld looks for what a shared object needs, before that object's own list (`-rpath-link`, `-rpath`).
    pub runtime: Vec<PathBuf>,
    /// The target; ld passes over files for another one.
    pub target: Expect,
    /// What was read of the files that were looked at.
    pub files: LibraryFiles,
}

impl SearchPath {
    /// The path of a link. `system` are the toolchain's directories, `library_path` the variable's value.
    pub(crate) fn of(
        items: &[Item],
        request: &Request,
        system: &[PathBuf],
        library_path: Option<&OsStr>,
        target: Expect,
    ) -> SearchPath {
        let words = ld_options::options(items);
        let named = request.args.iter().filter(|a| a.role() == Some(Role::LibraryDir)).filter_map(|a| a.value());
        let for_linker = words.iter().filter(|o| o.role == LdRole::LibraryDir).filter_map(|o| o.value.as_deref());
        let mut dirs: Vec<PathBuf> = named.chain(for_linker).map(PathBuf::from).collect();
        dirs.extend(std::env::split_paths(library_path.unwrap_or_default()).filter(|d| !d.as_os_str().is_empty()));
        let user = dirs.len();
        dirs.extend_from_slice(system);
        let of_linker = words.iter().filter(|o| o.role == LdRole::Rpath).filter_map(|o| o.value.as_deref());
        let of_driver = request.args.iter().filter(|a| a.role() == Some(Role::Rpath)).filter_map(|a| a.value());
        let runtime = of_linker.chain(of_driver).flat_map(std::env::split_paths).collect();
        SearchPath { dirs, user, runtime, target, files: LibraryFiles::default() }
    }

    /// The first file of this name that is not for another machine.
    pub(crate) fn file(&self, name: &OsStr) -> Option<(PathBuf, Sniffed)> {
        self.dirs.iter().find_map(|d| self.usable(d.join(name)))
    }

    /// What `-lNAME` finds in a dynamic link: in each directory the shared object before the archive.
    pub(crate) fn library(&self, name: &OsStr) -> Option<(PathBuf, Sniffed)> {
        let names = [lib(name, ".so"), lib(name, ".a")];
        self.dirs.iter().find_map(|d| names.iter().find_map(|n| self.usable(d.join(n))))
    }

    /// What `-lNAME` finds in a static link.
    pub(crate) fn archive(&self, name: &OsStr) -> Option<PathBuf> {
        self.file(&lib(name, ".a")).map(|(path, _)| path)
    }

    /// The file, unless it is missing or for another machine.
    pub(crate) fn usable(&self, path: PathBuf) -> Option<(PathBuf, Sniffed)> {
        let what = self.files.get(&path)?.sniffed();
        what.fits(&self.target).then_some((path, what))
    }

    /// What a shared object needs; nothing where it can't be read.
    pub(crate) fn needs(&self, shared: &Path) -> Needs {
        self.files.get(shared).map(|f| f.needs(shared)).unwrap_or_default()
    }

    /// Whether a directory is the toolchain's rather than the user's.
    pub(crate) fn is_system(&self, path: &Path) -> bool {
        let dir = path.parent().and_then(|d| d.canonicalize().ok());
        dir.is_some_and(|d| self.dirs.iter().skip(self.user).any(|s| *s == d))
    }
}

/// `libNAMEend`.
pub(crate) fn lib(name: &OsStr, end: &str) -> std::ffi::OsString {
    OsStr::from_bytes(&[b"lib", name.as_bytes(), end.as_bytes()].concat()).to_owned()
}
