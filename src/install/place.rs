//! Where a toolchain is, where it is made, and the swap between.
//!
//! | path below `$XDG_DATA_HOME/staticcxx/toolchains` | what |
//! |---|---|
//! | `NAME/toolchain/ID/` | one finished build, never changed |
//! | `NAME/toolchain.json` | the descriptor, which names the build in use; its replacement is the swap |
//! | `NAME/toolchain-*.json` | the same for Clang, as `NAME-clang`, and for other targets of a packed toolchain |
//! | `NAME/{include,lib,…}` | the prefix for what the user builds with it |

use crate::files::write_atomic;
use crate::toolchain::descriptor;
use nix::fcntl::{Flock, FlockArg};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The directory of one toolchain.
#[derive(Debug, Clone)]
pub(crate) struct ToolchainPlace {
    /// Its prefix, `toolchains/NAME`.
    pub prefix: PathBuf,
    pub name: String,
}

impl ToolchainPlace {
    /// Of a name below our data directory.
    pub(crate) fn new(data_dir: &Path, name: &str) -> ToolchainPlace {
        ToolchainPlace { prefix: data_dir.join("toolchains").join(name), name: name.into() }
    }

    /// The directory of one build.
    pub(crate) fn build(&self, id: &str) -> PathBuf {
        self.prefix.join("toolchain").join(id)
    }

    /// The first descriptor, whose replacement is the swap.
    fn first(&self) -> PathBuf {
        self.prefix.join(descriptor::FIRST)
    }

    /// Makes the directories and waits until no other install of this name is running. `waiting` is called once
    /// if there is one.
    ///
    /// # Errors
    /// A data directory that can't be written.
    pub(crate) fn lock(&self, waiting: impl FnOnce()) -> io::Result<Flock<File>> {
        fs::create_dir_all(self.prefix.join("toolchain"))?;
        let file = File::create(self.prefix.join("toolchain/.lock"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(lock),
            Err((file, _)) => {
                waiting();
                Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| errno.into())
            }
        }
    }

    /// Makes `id` the build in use, by replacing the descriptors (names and texts, the first one first), and removes the builds before the one that it
    /// replaces: a compiler call may be using that one right now.
    ///
    /// # Errors
    /// A descriptor that can't be written; the old one is still in use then.
    pub(crate) fn swap(&self, id: &str, descriptors: &[(OsString, Vec<u8>)]) -> io::Result<()> {
        let before = self.in_use();
        for stale in descriptor::in_directory(&self.prefix) {
            if stale != self.first() && descriptors.iter().all(|(name, _)| stale.file_name() != Some(name)) {
                fs::remove_file(stale)?;
            }
        }
        for (name, text) in descriptors.iter().rev() {
            write_atomic(&self.prefix.join(name), text)?;
        }
        for directory in fs::read_dir(self.prefix.join("toolchain"))?.flatten().map(|e| e.path()) {
            let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if directory.is_dir() && name != id && before.as_deref() != Some(name.as_str()) {
                fs::remove_dir_all(directory)?;
            }
        }
        Ok(())
    }

    /// The id of the build in use.
    pub(crate) fn in_use(&self) -> Option<String> {
        let text = fs::read(self.first()).ok()?;
        let value: serde_json::Value = serde_json::from_slice(&text).ok()?;
        let manifest = PathBuf::from(value.get("manifest").or_else(|| value.get("packed"))?.as_str()?);
        Some(manifest.parent()?.file_name()?.to_string_lossy().into_owned())
    }

    /// Removes the toolchain. What the user put into its prefix stays.
    ///
    /// # Errors
    /// A file that can't be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        for file in descriptor::in_directory(&self.prefix) {
            fs::remove_file(file)?;
        }
        fs::remove_dir_all(self.prefix.join("toolchain"))?;
        // Only where nothing else is in it.
        let _ = fs::remove_dir(&self.prefix);
        Ok(())
    }
}

/// The work directory of a build: below the cache, or below the directory for temporary files where the path has
/// characters that configure scripts and makefiles can't live with.
///
/// # Errors
/// No directory can be created, or one of that name belongs to another user.
pub(crate) fn work_dir(cache: Option<&Path>, name: &str) -> io::Result<PathBuf> {
    let plain =
        |p: &Path| p.to_str().is_some_and(|t| t.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-,".contains(&b)));
    if let Some(dir) = cache.map(|c| c.join("build").join(name)).filter(|d| plain(d)) {
        fs::create_dir_all(&dir)?;
        return Ok(dir);
    }
    let user = nix::unistd::getuid();
    let dir = tempfile::env::temp_dir().join(format!("staticcxx-build-{user}"));
    match fs::DirBuilder::new().mode(0o700).create(&dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    let m = fs::symlink_metadata(&dir)?;
    if !m.is_dir() || m.uid() != user.as_raw() {
        return Err(io::Error::other(format!("`{}` belongs to another user", dir.display())));
    }
    let dir = dir.join(name);
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Free bytes of the file system that a directory is on.
pub(crate) fn free_space(dir: &Path) -> Option<u64> {
    let s = nix::sys::statvfs::statvfs(dir).ok()?;
    Some(s.blocks_available().saturating_mul(s.fragment_size()))
}

/// Bytes of all files below a directory.
pub(crate) fn size_of(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |path: PathBuf| match fs::symlink_metadata(&path) {
        Ok(m) if m.is_dir() => size_of(&path),
        Ok(m) => m.len(),
        Err(_) => 0,
    };
    entries.flatten().map(|e| size(e.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(place: &ToolchainPlace, id: &str) -> Vec<u8> {
        serde_json::json!({ "manifest": place.build(id).join("manifest.json") }).to_string().into_bytes()
    }

    #[test]
    fn a_swap_keeps_the_build_before_and_what_the_user_has() {
        let t = tempfile::tempdir().unwrap();
        let place = ToolchainPlace::new(t.path(), "musl");
        drop(place.lock(|| panic!("nobody else is there")).unwrap());
        fs::create_dir_all(place.prefix.join("include")).unwrap();
        for id in ["1", "2", "3"] {
            fs::create_dir(place.build(id)).unwrap();
            let both = [("toolchain.json", descriptor(&place, id)), ("toolchain-clang.json", b"{}".to_vec())];
            place.swap(id, &both.map(|(name, text)| (name.into(), text))).unwrap();
            assert_eq!(place.in_use().as_deref(), Some(id));
        }
        assert!(!place.build("1").exists() && place.build("2").exists() && place.build("3").exists());
        place.swap("3", &[("toolchain.json".into(), descriptor(&place, "3"))]).unwrap();
        assert!(!place.prefix.join("toolchain-clang.json").exists());
        place.remove().unwrap();
        assert!(place.prefix.join("include").is_dir() && place.in_use().is_none());
    }

    #[test]
    fn the_second_waits() {
        let t = tempfile::tempdir().unwrap();
        let place = ToolchainPlace::new(t.path(), "musl");
        let first = place.lock(|| ()).unwrap();
        let second = place.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let lock = second.lock(|| tell.send(()).unwrap()).unwrap();
            drop(lock);
        });
        told.recv().unwrap();
        assert!(!thread.is_finished());
        drop(first);
        thread.join().unwrap();
    }

    #[test]
    fn builds_stay_out_of_paths_with_spaces() {
        let t = tempfile::tempdir().unwrap();
        let inside = work_dir(Some(t.path()), "musl").unwrap();
        assert_eq!(inside, t.path().join("build/musl"));
        let outside = work_dir(Some(&t.path().join("a b")), "musl-test").unwrap();
        assert!(!outside.to_string_lossy().contains(' '));
        fs::remove_dir(outside).unwrap();
    }
}
