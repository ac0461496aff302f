//! The shim directory: the directory of compiler names, scripts and files that a build with our drivers uses.
//!
//! It is named after its content and kept in our cache: a build directory that CMake or Meson configured remembers
//! paths, which must still be there when the next run builds it. Where the cache can't be written, it is a temporary
//! directory that is removed after the run.

use super::{compiler_names, templates};
use crate::files::place_directory;
use crate::model::LINKER_DIR;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The script that Go's tools run through, by name: its directory is on PATH.
pub(crate) const GO_TOOLEXEC: &str = "staticcxx-go-toolexec";
/// Stands for the shim directory's own path in the text of a file.
pub(crate) const SHIM_DIR: &str = "{shim-dir}";

/// The linkers that compilers look for.
pub(crate) const LINKERS: [&str; 5] = ["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"];

/// What is in a shim directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct ShimDirContent {
    /// Names in `bin`, and the programs they lead to.
    pub links: BTreeMap<OsString, PathBuf>,
    /// Scripts in `bin`.
    pub scripts: BTreeMap<OsString, String>,
    /// Names of linkers, in a directory for [`COMPILER_PATH`](crate::settings::COMPILER_PATH), and the programs they lead to.
    pub linkers: BTreeMap<OsString, PathBuf>,
    /// Files beside `bin`.
    pub files: BTreeMap<&'static str, String>,
}

/// A shim directory on disk.
#[derive(Debug)]
pub(crate) struct ShimDir {
    dir: PathBuf,
    // Held for its end.
    _temporary: Option<TempDir>,
}

impl ShimDir {
    /// The directory for PATH.
    pub(crate) fn bin(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// The directory for [`COMPILER_PATH`](crate::settings::COMPILER_PATH).
    pub(crate) fn linkers(&self) -> PathBuf {
        self.dir.join(LINKER_DIR)
    }

    /// The value of [`COMPILER_PATH`](crate::settings::COMPILER_PATH): ours before the user's.
    pub(crate) fn compiler_path(&self, users: Option<&OsStr>) -> OsString {
        let mut path = self.linkers().into_os_string();
        if let Some(users) = users {
            path.push(":");
            path.push(users);
        }
        path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether it stays after this process.
    pub(crate) fn is_kept(&self) -> bool {
        self._temporary.is_none()
    }
}

/// Where shim directories are kept.
fn cached_shim_dirs(settings: &Settings) -> Option<PathBuf> {
    settings.cache_dir.as_ref().map(|d| d.join("build"))
}

/// The PATH without shim directories: what an outer `staticctl run` put there is not what the user has.
pub(crate) fn path_without_shim_dirs(settings: &Settings) -> OsString {
    let cached = cached_shim_dirs(settings);
    // Without PATH a shell uses its own default, and so must the programs that ours calls.
    let dirs = std::env::split_paths(settings.path.as_deref().unwrap_or(OsStr::new(USUAL)));
    let kept = dirs.filter(|d| !cached.as_ref().is_some_and(|s| d.starts_with(s)) && !d.join(MARK).is_file());
    // Only a directory with a colon can't be joined, and none came out of a split.
    std::env::join_paths(kept).unwrap_or_default()
}

/// A PATH where there is none.
const USUAL: &str = "/usr/local/bin:/usr/bin:/bin";

/// A file in each `bin`, by which a shim directory is recognised wherever it is.
const MARK: &str = GO_TOOLEXEC;

/// Names and scripts for the compilers and tools along a PATH. `home` is where our programs are. Without a toolchain that
/// was `chosen`, only compilers that are there have a name: a build that looks whether there is a clang gets a true answer.
/// `packages` are the directories of pkg-config's files for another machine that programs are for.
pub(crate) fn content(home: &Path, path: &OsStr, chosen: bool, packages: Option<&OsStr>) -> ShimDirContent {
    let is_there =
        |name: &OsStr| chosen || compiler_names::is_own(name) || which::which_in(name, Some(path), "/").is_ok();
    let names = compiler_names::names(Some(path), home).into_iter().filter(|(name, _)| is_there(name));
    let links = names.map(|(name, driver)| (name, home.join(driver))).collect();
    let mut scripts: BTreeMap<OsString, String> = BTreeMap::new();
    scripts.insert(GO_TOOLEXEC.into(), templates::GO.into());
    for dir in std::env::split_paths(path).filter(|d| d.is_absolute()) {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let template = match name.as_bytes() {
                b"meson" => templates::MESON_SHIM,
                n if n.ends_with(b"pkg-config") || n.ends_with(b"pkgconf") => templates::PKG_CONFIG,
                _ => continue,
            };
            let plain = name == "pkg-config" || name == "pkgconf";
            if let Some(dirs) = packages.filter(|_| plain && is_program(&entry.path())) {
                scripts.entry(name).or_insert_with(|| templates::pkg_config_of(&entry.path(), dirs));
            } else if is_program(&entry.path()) {
                scripts.entry(name).or_insert_with(|| templates::script(template, &entry.path()));
            }
        }
    }
    ShimDirContent { links, scripts, linkers: linkers(home, path), files: BTreeMap::new() }
}

/// Names for the linkers that are there.
fn linkers(home: &Path, path: &OsStr) -> BTreeMap<OsString, PathBuf> {
    let is_there = |name: &&&str| which::which_in(name, Some(path), "/").is_ok();
    LINKERS.iter().filter(is_there).map(|name| (OsString::from(name), home.join("staticcc"))).collect()
}

/// A directory of linkers alone.
///
/// # Errors
/// That it can't be written anywhere.
pub(crate) fn linker_dir(settings: &Settings, home: &Path) -> io::Result<ShimDir> {
    let linkers = linkers(home, &path_without_shim_dirs(settings));
    write_shim_dir(settings, &ShimDirContent { linkers, ..ShimDirContent::default() })
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// Writes the content to its directory.
///
/// # Errors
/// That it can't be written anywhere.
pub(crate) fn write_shim_dir(settings: &Settings, content: &ShimDirContent) -> io::Result<ShimDir> {
    match cached_shim_dirs(settings).map(|parent| keep(&parent, content)) {
        Some(Ok(shims)) => Ok(shims),
        other => {
            if let Some(Err(error)) = other {
                log::info!("no shim directory in the cache: {error}");
            }
            let temporary = super::collector::temporary(settings, "staticctl-shims")?;
            write(temporary.path(), temporary.path(), content)?;
            Ok(ShimDir { dir: temporary.path().to_owned(), _temporary: Some(temporary) })
        }
    }
}

/// The directory of this content in the cache; made aside and renamed into place as a whole.
fn keep(parent: &Path, content: &ShimDirContent) -> io::Result<ShimDir> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let dir = parent.join(format!("{:016x}", hasher.finish()));
    let shims = ShimDir { dir: dir.clone(), _temporary: None };
    if is_whole(&dir, content) {
        return Ok(shims);
    }
    fs::create_dir_all(parent)?;
    let fresh = tempfile::Builder::new().prefix(".new").tempdir_in(parent)?;
    write(fresh.path(), &dir, content)?;
    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(fresh.path(), permissions)?;
    if is_whole(&dir, content) {
        // Another run was faster.
        return Ok(shims);
    }
    // One that is there has lost files: somebody tidied up in it.
    match place_directory(fresh, &dir) {
        Err(error) if !is_whole(&dir, content) => Err(error),
        _ => Ok(shims),
    }
}

fn is_whole(dir: &Path, content: &ShimDirContent) -> bool {
    let (bin, linkers) = (dir.join("bin"), dir.join(LINKER_DIR));
    let leads = |dir: &Path, name: &OsString, to: &PathBuf| fs::read_link(dir.join(name)).is_ok_and(|t| t == *to);
    content.links.iter().all(|(name, target)| leads(&bin, name, target))
        && content.linkers.iter().all(|(name, target)| leads(&linkers, name, target))
        && content.scripts.iter().all(|(name, text)| is_program(&bin.join(name)) && holds(&bin.join(name), text))
        && content.files.iter().all(|(name, text)| holds(&dir.join(name), &filled(text, dir)))
}

/// Whether a file has this text and nothing else: one that was emptied or edited is made anew.
fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// The text of a file in a shim directory at `dir`.
fn filled(text: &str, dir: &Path) -> String {
    text.replace(SHIM_DIR, &dir.to_string_lossy())
}

fn write(into: &Path, shown: &Path, content: &ShimDirContent) -> io::Result<()> {
    let bin = into.join("bin");
    for (dir, links) in [(&bin, &content.links), (&into.join(LINKER_DIR), &content.linkers)] {
        fs::create_dir_all(dir)?;
        for (name, target) in links {
            symlink(target, dir.join(name))?;
        }
    }
    for (name, text) in &content.scripts {
        fs::write(bin.join(name), text)?;
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755))?;
    }
    for (name, text) in &content.files {
        let path = into.join(name);
        fs::create_dir_all(path.parent().unwrap_or(into))?;
        fs::write(path, filled(text, shown))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> ShimDirContent {
        let mut content = ShimDirContent::default();
        content.links.insert("gcc".into(), "/bin/true".into());
        content.scripts.insert(GO_TOOLEXEC.into(), "#!/bin/sh\n".into());
        content.files.insert("f", format!("{SHIM_DIR}/bin"));
        content
    }

    #[test]
    fn the_same_content_has_one_directory_and_a_damaged_one_is_made_again() {
        let t = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: Some(t.path().join("c")), ..Settings::default() };
        let first = write_shim_dir(&settings, &content()).unwrap();
        assert!(first.is_kept() && first.bin().join("gcc").is_symlink());
        assert_eq!(fs::read_to_string(first.file("f")).unwrap(), first.bin().to_string_lossy());
        fs::remove_file(first.bin().join("gcc")).unwrap();
        let second = write_shim_dir(&settings, &content()).unwrap();
        assert_eq!(first.bin(), second.bin());
        assert!(second.bin().join("gcc").is_symlink());
        assert_eq!(fs::read_dir(t.path().join("c/build")).unwrap().count(), 1, "nothing temporary stays");
        let mut other = content();
        other.links.insert("g++".into(), "/bin/true".into());
        assert_ne!(write_shim_dir(&settings, &other).unwrap().bin(), first.bin());
    }

    #[test]
    fn runs_at_the_same_time_share_one() {
        let t = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: Some(t.path().join("c")), ..Settings::default() };
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let settings = settings.clone();
                std::thread::spawn(move || write_shim_dir(&settings, &content()).unwrap().bin())
            })
            .collect();
        let bins: Vec<PathBuf> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(bins.iter().all(|b| *b == bins[0] && b.join("gcc").is_symlink()), "{bins:?}");
        assert_eq!(fs::read_dir(t.path().join("c/build")).unwrap().count(), 1);
    }

    #[test]
    fn a_compiler_that_is_not_there_has_no_name() {
        let t = tempfile::tempdir().unwrap();
        fs::write(t.path().join("gcc"), "").unwrap();
        fs::set_permissions(t.path().join("gcc"), fs::Permissions::from_mode(0o755)).unwrap();
        let names = |chosen| super::content(Path::new("/h"), t.path().as_os_str(), chosen, None).links;
        let found: Vec<_> = names(false).into_keys().collect();
        assert_eq!(found, ["gcc", "staticcc", "staticcxx"]);
        assert!(names(true).contains_key(OsStr::new("clang++")));
    }

    #[test]
    fn without_a_cache_it_goes_with_the_run() {
        let shims = write_shim_dir(&Settings::default(), &content()).unwrap();
        let bin = shims.bin();
        assert!(!shims.is_kept() && bin.join("gcc").is_symlink());
        drop(shims);
        assert!(!bin.exists());
    }

    #[test]
    fn shim_dirs_are_not_part_of_the_user_s_path() {
        let t = tempfile::tempdir().unwrap();
        let cache = t.path().join("c");
        let foreign = t.path().join("copied");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join(MARK), "").unwrap();
        let path = format!("{}/build/1/bin:/usr/bin:{}", cache.display(), foreign.display());
        let settings = Settings { cache_dir: Some(cache), path: Some(path.into()), ..Settings::default() };
        assert_eq!(path_without_shim_dirs(&settings), "/usr/bin");
    }
}
