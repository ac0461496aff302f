//! A shelf: the directory of compiler names, scripts and files that a build under our drivers finds.
//!
//! It is named after its content and kept in our cache: a build directory that CMake or Meson configured remembers
//! paths, which must still be there when the next run builds it. Where the cache can't be written, it is a temporary
//! directory that goes with the run.

use super::templates;
use crate::ctl::shims;
use crate::files::place_directory;
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
pub const GO_TOOLEXEC: &str = "staticcxx-go-toolexec";
/// Stands for the shelf's own directory in the text of a file.
pub const HERE: &str = "{shelf}";

/// What lies on a shelf.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Content {
    /// Names in `bin`, and the programs they lead to.
    pub links: BTreeMap<OsString, PathBuf>,
    /// Scripts in `bin`.
    pub scripts: BTreeMap<OsString, String>,
    /// Files beside `bin`.
    pub files: BTreeMap<&'static str, String>,
}

/// A shelf that is there.
#[derive(Debug)]
pub struct Shelf {
    dir: PathBuf,
    // Held for its end.
    _temporary: Option<TempDir>,
}

impl Shelf {
    /// The directory for PATH.
    pub fn bin(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether it stays after this process.
    pub fn is_kept(&self) -> bool {
        self._temporary.is_none()
    }
}

/// Where shelves are kept.
fn shelves(settings: &Settings) -> Option<PathBuf> {
    settings.cache_dir.as_ref().map(|d| d.join("build"))
}

/// The PATH without shelves: what an outer `staticctl run` put there is not what the user has.
pub fn path_without_shelves(settings: &Settings) -> OsString {
    let shelves = shelves(settings);
    // Without PATH a shell takes its own, and so must what stands behind ours.
    let dirs = std::env::split_paths(settings.path.as_deref().unwrap_or(OsStr::new(USUAL)));
    let kept = dirs.filter(|d| !shelves.as_ref().is_some_and(|s| d.starts_with(s)) && !d.join(MARK).is_file());
    // Only a directory with a colon can't be joined, and none came out of a split.
    std::env::join_paths(kept).unwrap_or_default()
}

/// A PATH where there is none.
const USUAL: &str = "/usr/local/bin:/usr/bin:/bin";

/// A file in each `bin`, by which a shelf is known wherever it lies.
const MARK: &str = GO_TOOLEXEC;

/// Names and scripts for the compilers and tools along a PATH. `home` is where our programs are. Without a toolchain that
/// was `chosen`, only compilers that are there have a name: a build that looks whether there is a clang gets a true answer.
pub fn content(home: &Path, path: &OsStr, chosen: bool) -> Content {
    let is_there = |name: &OsStr| chosen || shims::is_own(name) || which::which_in(name, Some(path), "/").is_ok();
    let names = shims::names(Some(path), home).into_iter().filter(|(name, _)| is_there(name));
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
            if is_program(&entry.path()) {
                scripts.entry(name).or_insert_with(|| templates::script(template, &entry.path()));
            }
        }
    }
    Content { links, scripts, files: BTreeMap::new() }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// Puts the content on its shelf.
///
/// # Errors
/// That it can't be written anywhere.
pub fn lay(settings: &Settings, content: &Content) -> io::Result<Shelf> {
    match shelves(settings).map(|parent| keep(&parent, content)) {
        Some(Ok(shelf)) => Ok(shelf),
        other => {
            if let Some(Err(error)) = other {
                log::info!("no shelf in the cache: {error}");
            }
            let temporary = super::collector::temporary(settings, "staticctl-shelf")?;
            write(temporary.path(), temporary.path(), content)?;
            Ok(Shelf { dir: temporary.path().to_owned(), _temporary: Some(temporary) })
        }
    }
}

/// The shelf of this content in the cache; made aside and moved into its place as a whole.
fn keep(parent: &Path, content: &Content) -> io::Result<Shelf> {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let dir = parent.join(format!("{:016x}", hasher.finish()));
    let shelf = Shelf { dir: dir.clone(), _temporary: None };
    if is_whole(&dir, content) {
        return Ok(shelf);
    }
    fs::create_dir_all(parent)?;
    let fresh = tempfile::Builder::new().prefix(".new").tempdir_in(parent)?;
    write(fresh.path(), &dir, content)?;
    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(fresh.path(), permissions)?;
    if is_whole(&dir, content) {
        // Another run was faster.
        return Ok(shelf);
    }
    // One that is there has lost files: somebody tidied up in it.
    match place_directory(fresh, &dir) {
        Err(error) if !is_whole(&dir, content) => Err(error),
        _ => Ok(shelf),
    }
}

fn is_whole(dir: &Path, content: &Content) -> bool {
    let bin = dir.join("bin");
    content.links.iter().all(|(name, target)| fs::read_link(bin.join(name)).is_ok_and(|t| t == *target))
        && content.scripts.keys().all(|name| is_program(&bin.join(name)))
        && content.files.keys().all(|name| dir.join(name).is_file())
}

fn write(into: &Path, shown: &Path, content: &Content) -> io::Result<()> {
    let bin = into.join("bin");
    fs::create_dir_all(&bin)?;
    for (name, target) in &content.links {
        symlink(target, bin.join(name))?;
    }
    for (name, text) in &content.scripts {
        fs::write(bin.join(name), text)?;
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755))?;
    }
    for (name, text) in &content.files {
        fs::write(into.join(name), text.replace(HERE, &shown.to_string_lossy()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        let mut content = Content::default();
        content.links.insert("gcc".into(), "/bin/true".into());
        content.scripts.insert(GO_TOOLEXEC.into(), "#!/bin/sh\n".into());
        content.files.insert("f", format!("{HERE}/bin"));
        content
    }

    #[test]
    fn the_same_content_has_one_shelf_and_a_damaged_one_is_made_again() {
        let t = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: Some(t.path().join("c")), ..Settings::default() };
        let first = lay(&settings, &content()).unwrap();
        assert!(first.is_kept() && first.bin().join("gcc").is_symlink());
        assert_eq!(fs::read_to_string(first.file("f")).unwrap(), first.bin().to_string_lossy());
        fs::remove_file(first.bin().join("gcc")).unwrap();
        let second = lay(&settings, &content()).unwrap();
        assert_eq!(first.bin(), second.bin());
        assert!(second.bin().join("gcc").is_symlink());
        assert_eq!(fs::read_dir(t.path().join("c/build")).unwrap().count(), 1, "nothing temporary stays");
        let mut other = content();
        other.links.insert("g++".into(), "/bin/true".into());
        assert_ne!(lay(&settings, &other).unwrap().bin(), first.bin());
    }

    #[test]
    fn runs_at_the_same_time_share_one() {
        let t = tempfile::tempdir().unwrap();
        let settings = Settings { cache_dir: Some(t.path().join("c")), ..Settings::default() };
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let settings = settings.clone();
                std::thread::spawn(move || lay(&settings, &content()).unwrap().bin())
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
        let names = |chosen| super::content(Path::new("/h"), t.path().as_os_str(), chosen).links;
        let found: Vec<_> = names(false).into_keys().collect();
        assert_eq!(found, ["gcc", "staticcc", "staticcxx"]);
        assert!(names(true).contains_key(OsStr::new("clang++")));
    }

    #[test]
    fn without_a_cache_it_goes_with_the_run() {
        let shelf = lay(&Settings::default(), &content()).unwrap();
        let bin = shelf.bin();
        assert!(!shelf.is_kept() && bin.join("gcc").is_symlink());
        drop(shelf);
        assert!(!bin.exists());
    }

    #[test]
    fn shelves_are_not_part_of_the_user_s_path() {
        let t = tempfile::tempdir().unwrap();
        let cache = t.path().join("c");
        let foreign = t.path().join("copied");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join(MARK), "").unwrap();
        let path = format!("{}/build/1/bin:/usr/bin:{}", cache.display(), foreign.display());
        let settings = Settings { cache_dir: Some(cache), path: Some(path.into()), ..Settings::default() };
        assert_eq!(path_without_shelves(&settings), "/usr/bin");
    }
}
