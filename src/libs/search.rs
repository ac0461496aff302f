//! The library search path, in the order of driver and linker.

use super::library_file::{LibraryFiles, Needs};
use super::sniff::Sniffed;
use crate::args::Request;
use crate::args::ld_options::{self, Item, LdRole};
use crate::args::option_table::Role;
use crate::check::Expect;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Directories, and the target that files must match.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchPath {
    /// All directories: `-L` in order, `LIBRARY_PATH`, the toolchain's.
    pub dirs: Vec<PathBuf>,
    /// How many of `dirs` the user gave.
    pub user: usize,
    /// Where ld searches for a shared object's dependencies first (`-rpath-link`, `-rpath`).
    pub runtime: Vec<PathBuf>,
    /// The root that `--sysroot` names, without symbolic links.
    pub root: Option<PathBuf>,
    /// The target; ld skips files for other ones.
    pub target: Expect,
    /// The files read so far.
    pub files: LibraryFiles,
}

impl SearchPath {
    /// The path of a link. `system`: the toolchain's directories; `library_path`: the value of `LIBRARY_PATH`.
    pub(crate) fn of(
        items: &[Item],
        request: &Request,
        system: &[PathBuf],
        library_path: Option<&OsStr>,
        target: Expect,
    ) -> SearchPath {
        let words = ld_options::options(items);
        let named = request.values(Role::LibraryDir);
        let for_linker = words.iter().filter(|o| o.role == LdRole::LibraryDir).filter_map(|o| o.value.as_deref());
        let mut dirs: Vec<PathBuf> = named.chain(for_linker).map(PathBuf::from).collect();
        dirs.extend(std::env::split_paths(library_path.unwrap_or_default()).filter(|d| !d.as_os_str().is_empty()));
        let user = dirs.len();
        dirs.extend_from_slice(system);
        let of_linker = words
            .iter()
            .filter(|o| matches!(o.role, LdRole::Rpath | LdRole::RpathLink))
            .filter_map(|o| o.value.as_deref());
        let runtime = of_linker.chain(request.values(Role::Rpath)).flat_map(std::env::split_paths).collect();
        let root = root_of(&request.abi).map(|root| root.canonicalize().unwrap_or(root));
        SearchPath { dirs, user, runtime, root, target, files: LibraryFiles::default() }
    }

    /// A directory of a shared object's run path: in the root that the object is in, as it will be where the root is `/`.
    pub(crate) fn run_path(&self, dir: &Path, shared: &Path) -> PathBuf {
        let real = || shared.canonicalize().unwrap_or_else(|_| shared.to_owned());
        match (&self.root, dir.strip_prefix("/")) {
            // One with $ORIGIN leads into the root already.
            (Some(root), Ok(below)) if !dir.starts_with(root) && real().starts_with(root) => root.join(below),
            _ => dir.to_owned(),
        }
    }

    /// The first file of this name for the target.
    pub(crate) fn file(&self, name: &OsStr) -> Option<(PathBuf, Sniffed)> {
        self.dirs.iter().find_map(|d| self.usable(d.join(name)))
    }

    /// What `-lNAME` finds in a dynamic link: in each directory the shared object, then the archive.
    pub(crate) fn library(&self, name: &OsStr) -> Option<(PathBuf, Sniffed)> {
        let names = [lib(name, ".so"), lib(name, ".a")];
        self.dirs.iter().find_map(|d| names.iter().find_map(|n| self.usable(d.join(n))))
    }

    /// What `-lNAME` finds in a static link.
    pub(crate) fn archive(&self, name: &OsStr) -> Option<PathBuf> {
        self.file(&lib(name, ".a")).map(|(path, _)| path)
    }

    /// The file, unless it is missing or for another target.
    pub(crate) fn usable(&self, path: PathBuf) -> Option<(PathBuf, Sniffed)> {
        let what = self.files.get(&path)?.sniffed();
        what.fits(&self.target).then_some((path, what))
    }

    /// A shared object's dependencies; none if it can't be read.
    pub(crate) fn needs(&self, shared: &Path) -> Needs {
        self.files.get(shared).map(|f| f.needs(shared)).unwrap_or_default()
    }

    /// Whether a directory is the toolchain's rather than the user's.
    pub(crate) fn is_system(&self, path: &Path) -> bool {
        let dir = path.parent().and_then(|d| d.canonicalize().ok());
        dir.is_some_and(|d| self.dirs.iter().skip(self.user).any(|s| *s == d))
    }

    /// The file in one of the user's directories that a linker opens first for the archive of a name, whatever it is.
    pub(crate) fn of_user(&self, name: &str) -> Option<PathBuf> {
        let file = lib(OsStr::new(name), ".a");
        self.dirs.iter().take(self.user).map(|dir| dir.join(&file)).find(|path| path.is_file())
    }
}

/// The value of the last `--sysroot` in options that change the target.
fn root_of(abi: &[OsString]) -> Option<PathBuf> {
    let mut root = None;
    let mut words = abi.iter();
    while let Some(word) = words.next() {
        if word == "--sysroot" {
            root = words.next().map(PathBuf::from);
        } else if let Some(value) = word.as_bytes().strip_prefix(b"--sysroot=") {
            root = Some(PathBuf::from(OsStr::from_bytes(value)));
        }
    }
    root.filter(|root| !root.as_os_str().is_empty())
}

/// `lib` + name + end.
pub(crate) fn lib(name: &OsStr, end: &str) -> OsString {
    OsStr::from_bytes(&[b"lib", name.as_bytes(), end.as_bytes()].concat()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_root_counts() {
        let of = |words: &[&str]| root_of(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["-m32", "--sysroot", "/a"]), Some("/a".into()));
        assert_eq!(of(&["--sysroot", "/a", "--sysroot=/b", "-B/c"]), Some("/b".into()));
        assert_eq!(of(&["--sysroot="]), None);
        assert_eq!(of(&["--sysroot"]), None);
    }

    #[test]
    fn run_paths_of_what_is_in_the_root_lead_into_it() {
        let path = SearchPath { root: Some("/r".into()), ..SearchPath::default() };
        let of = |dir: &str, shared: &str| path.run_path(Path::new(dir), Path::new(shared));
        assert_eq!(of("/usr/lib/deep", "/r/usr/lib/liba.so"), Path::new("/r/usr/lib/deep"));
        // $ORIGIN of such a library; a library of the project's; and a path that only begins alike.
        assert_eq!(of("/r/usr/lib/../deep", "/r/usr/lib/liba.so"), Path::new("/r/usr/lib/../deep"));
        assert_eq!(of("/usr/lib/deep", "/p/liba.so"), Path::new("/usr/lib/deep"));
        assert_eq!(of("/root/lib", "/r/usr/lib/liba.so"), Path::new("/r/root/lib"));
        assert_eq!(of("deep", "/r/usr/lib/liba.so"), Path::new("deep"));
        assert_eq!(SearchPath::default().run_path(Path::new("/d"), Path::new("/l.so")), Path::new("/d"));
    }
}
