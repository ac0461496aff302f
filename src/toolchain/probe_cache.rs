//! The cache of probed facts in `$XDG_CACHE_HOME/staticcxx/probe/`: one small JSON file per compiler and set of
//! options, written atomically, silently rebuilt if it can't be used.

use super::facts::{Facts, Repairs};
use super::name::is_gcc;
use crate::files::{Stamp, is_sealed, kept, read_sealed, seal, seal_of, write_sealed};
use crate::run;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The key of facts, which are valid as long as every field is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    /// Hash of our sources that decide the facts.
    sources: String,
    command: Vec<OsString>,
    options: Vec<OsString>,
    descriptor: String,
    compiler: Stamp,
}

/// A cache file.
#[derive(Debug, Serialize, Deserialize)]
struct ProbeEntry {
    key: Key,
    /// Newest modification time of the library directories, if something was missing: installing it changes one.
    libraries_changed: Option<i64>,
    facts: Facts,
}

impl Key {
    /// The key of a compiler command; none if its program is gone.
    pub(crate) fn of(command: &[OsString], options: &[OsString], descriptor: &str) -> Option<Key> {
        Key::by(kept::FACTS, command, options, descriptor)
    }

    fn by(sources: &str, command: &[OsString], options: &[OsString], descriptor: &str) -> Option<Key> {
        let mut command = command.to_vec();
        let program = command.first_mut()?;
        // `cc`, `gcc` and `x86_64-linux-gnu-gcc-12` are one compiler. What has another name behind these, as ccache has,
        // goes by the name that it is called.
        if let Some(real) = fs::canonicalize(&*program).ok().filter(|real| is_gcc(program) && is_gcc(real.as_os_str()))
        {
            *program = real.into_os_string();
        }
        Some(Key {
            sources: sources.to_owned(),
            options: options.to_vec(),
            descriptor: descriptor.to_owned(),
            compiler: Stamp::of(Path::new(command.first()?))?,
            command,
        })
    }

    /// The directory of this compiler's repairs.
    pub(crate) fn repairs(&self, dir: &Path) -> PathBuf {
        dir.join("repairs").join(self.name())
    }

    /// The record of what is in that directory.
    fn seals(&self, dir: &Path) -> PathBuf {
        self.repairs(dir).join("seals")
    }

    fn file(&self, dir: &Path) -> PathBuf {
        dir.join("probe").join(format!("{}.json", self.name()))
    }

    /// The file name: FNV-1a over the fields; the whole key is compared after reading. The compiler's state is part of it,
    /// since machines and containers that share a cache have different compilers of one path.
    fn name(&self) -> String {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let compiler = format!("{:?}", self.compiler);
        let words = self.command.iter().chain(&self.options).map(|w| w.as_bytes());
        for bytes in words.chain([self.descriptor.as_bytes(), self.sources.as_bytes(), compiler.as_bytes()]) {
            for byte in bytes.iter().chain(&[0]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        format!("{hash:016x}")
    }
}

/// Waits until no other process finds out the same, and keeps others waiting until this is dropped; none without a cache
/// that can be written.
pub(crate) fn alone(dir: Option<&Path>, key: Option<&Key>) -> Option<File> {
    let dir = dir?.join("locks");
    fs::create_dir_all(&dir).ok()?;
    let file = File::create(dir.join(key?.name())).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn newest_change(dirs: &[PathBuf]) -> Option<i64> {
    dirs.iter().filter_map(|d| Some(fs::metadata(d).ok()?.mtime())).max()
}

/// The facts for a key; none if there are none, they are stale, or the file is corrupt.
pub(crate) fn load(dir: Option<&Path>, key: &Key) -> Option<Facts> {
    let entry = entry(dir, key)?;
    super::cache_sweep::note_use(&key.file(dir?));
    let changed = entry.libraries_changed.is_some_and(|old| newest_change(&entry.facts.library_dirs) != Some(old));
    let repaired = entry.facts.repairs.as_ref().is_none_or(Repairs::hold);
    let files = files(&entry.facts);
    let needed: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let whole = needed.is_empty() || is_sealed(&key.seals(dir?), &needed);
    (!changed && repaired && whole).then_some(entry.facts)
}

/// The kept files that facts name.
fn files(facts: &Facts) -> Vec<PathBuf> {
    facts.repairs.iter().flat_map(Repairs::files).chain(facts.object.clone()).collect()
}

/// The same without checking the files that the facts name.
pub(crate) fn load_unproved(dir: Option<&Path>, key: &Key) -> Option<Facts> {
    entry(dir, key).map(|e| e.facts)
}

fn entry(dir: Option<&Path>, key: &Key) -> Option<ProbeEntry> {
    let entry: ProbeEntry = serde_json::from_slice(&read_sealed(&key.file(dir?))?).ok()?;
    (entry.key == *key).then_some(entry)
}

/// Stores facts.
///
/// # Errors
/// A cache directory that can't be written, or a signal, after which nothing was learnt; no partial file is left.
pub(crate) fn store(dir: &Path, key: &Key, facts: &Facts) -> std::io::Result<()> {
    if run::caught_signal().is_some() {
        return Err(std::io::ErrorKind::Interrupted.into());
    }
    let file = key.file(dir);
    let parent = file.parent().unwrap_or(dir);
    fs::create_dir_all(parent)?;
    let libraries_changed = if facts.missing.is_empty() { None } else { newest_change(&facts.library_dirs) };
    let entry = ProbeEntry { key: key.clone(), libraries_changed, facts: facts.clone() };
    if !files(facts).is_empty() {
        seal(&key.seals(dir), &made(&key.repairs(dir))?)?;
    }
    write_sealed(&file, &serde_json::to_vec(&entry)?)?;
    super::cache_sweep::sweep(dir);
    Ok(())
}

/// The files that belong to the facts, also those from which links make others: what was made for single links has a
/// record of its own.
fn made(repairs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let all = fs::read_dir(repairs)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let belongs = |path: &PathBuf| {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        ["ar", "o", "object"].contains(&ending) && !seal_of(path).exists()
    };
    Ok(all.into_iter().filter(belongs).collect())
}

/// Another cached value for a compiler command with options, in its own directory.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    /// Name of its directory.
    pub kind: &'static str,
    /// The cache directory; without one nothing is cached.
    pub dir: Option<&'a Path>,
    /// Its key; without one nothing is cached.
    pub key: Option<&'a Key>,
}

impl Kept<'_> {
    fn file(&self) -> Option<PathBuf> {
        Some(self.dir?.join(self.kind).join(format!("{}.json", self.key?.name())))
    }

    /// The value; none if the key differs or the file is corrupt.
    pub(crate) fn load<T: DeserializeOwned>(&self) -> Option<T> {
        let (key, value): (Key, T) = serde_json::from_slice(&read_sealed(&self.file()?)?).ok()?;
        (Some(&key) == self.key).then_some(value)
    }

    /// Stores the value; whether that was possible.
    pub(crate) fn store<T: Serialize>(&self, value: &T) -> bool {
        let write = || {
            let file = self.file().filter(|_| run::caught_signal().is_none())?;
            fs::create_dir_all(file.parent()?).ok()?;
            write_sealed(&file, &serde_json::to_vec(&(self.key?, value)).ok()?).ok()
        };
        let stored = write().is_some();
        if !stored {
            log::debug!("{} can't be kept", self.kind);
        }
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::facts;

    fn key(command: &str) -> Key {
        Key::of(&[command.into()], &["-m32".into()], "host-gcc").unwrap()
    }

    #[test]
    fn facts_come_back_for_the_same_compiler_only() {
        let dir = tempfile::tempdir().unwrap();
        let compiler = dir.path().join("cc");
        fs::write(&compiler, "1").unwrap();
        let name = compiler.to_str().unwrap();
        assert_eq!(load(Some(dir.path()), &key(name)), None);
        store(dir.path(), &key(name), &facts()).unwrap();
        assert_eq!(load(Some(dir.path()), &key(name)), Some(facts()));
        fs::write(&compiler, "another one").unwrap();
        assert_eq!(load(Some(dir.path()), &key(name)), None);
        assert_eq!(load(None, &key(name)), None);
    }

    #[test]
    fn what_another_version_kept_is_neither_read_nor_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let words = ["/bin/sh".into()];
        let [ours, other] = [kept::FACTS, "0123456789abcdef"].map(|s| Key::by(s, &words, &[], "host-gcc").unwrap());
        assert_ne!(ours.file(dir.path()), other.file(dir.path()));
        assert_ne!(ours.repairs(dir.path()), other.repairs(dir.path()));
        store(dir.path(), &other, &facts()).unwrap();
        assert_eq!(load(Some(dir.path()), &ours), None);
        // Nor if it has our name.
        fs::rename(other.file(dir.path()), ours.file(dir.path())).unwrap();
        assert_eq!(load(Some(dir.path()), &ours), None);
        store(dir.path(), &other, &facts()).unwrap();
        store(dir.path(), &ours, &facts()).unwrap();
        assert!(load(Some(dir.path()), &ours).is_some() && load(Some(dir.path()), &other).is_some());
    }

    #[test]
    fn compilers_of_one_path_do_not_share_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let compiler = dir.path().join("cc");
        let name = compiler.to_str().unwrap();
        let repairs = |text: &str| {
            fs::write(&compiler, text).unwrap();
            key(name).repairs(dir.path())
        };
        assert_ne!(repairs("of one image"), repairs("of another image"));
    }

    #[test]
    fn a_corrupt_or_truncated_file_is_no_entry() {
        let dir = tempfile::tempdir().unwrap();
        store(dir.path(), &key("/bin/sh"), &facts()).unwrap();
        let file = key("/bin/sh").file(dir.path());
        let whole = fs::read(&file).unwrap();
        for content in [&whole[..whole.len() / 2], b"", b"{}", b"\xff\xfe"] {
            fs::write(&file, content).unwrap();
            assert_eq!(load(Some(dir.path()), &key("/bin/sh")), None);
        }
    }

    #[test]
    fn other_things_are_kept_by_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let (key, other) = (key("/bin/sh"), Key::of(&["/bin/sh".into()], &["-m64".into()], "host-gcc").unwrap());
        let kept = |key| Kept { kind: "lines", dir: Some(dir.path()), key };
        assert_eq!(kept(Some(&key)).load::<u8>(), None);
        kept(Some(&key)).store(&7u8);
        assert_eq!(kept(Some(&key)).load::<u8>(), Some(7));
        assert_eq!(kept(Some(&key)).load::<String>(), None);
        assert_eq!(kept(Some(&other)).load::<u8>(), None);
        Kept { kind: "lines", dir: Some(Path::new("/proc/nowhere")), key: Some(&key) }.store(&7u8);
    }

    #[test]
    fn an_unwritable_directory_is_an_error_and_nothing_else() {
        assert!(store(Path::new("/proc/nowhere"), &key("/bin/sh"), &facts()).is_err());
    }

    #[test]
    fn names_of_one_compiler_share_what_is_known_of_it() {
        let t = tempfile::tempdir().unwrap();
        let at = |name: &str| t.path().join(name);
        for name in ["x86_64-linux-gnu-gcc-12", "ccache"] {
            fs::write(at(name), "").unwrap();
        }
        for (name, to) in [("gcc", "x86_64-linux-gnu-gcc-12"), ("cc", "gcc"), ("g++", "ccache"), ("c++", "ccache")] {
            std::os::unix::fs::symlink(to, at(name)).unwrap();
        }
        let name = |compiler: &str| Key::of(&[at(compiler).into()], &[], "d").unwrap().name();
        assert_eq!((name("cc"), name("gcc")), (name("x86_64-linux-gnu-gcc-12"), name("cc")));
        assert_ne!(name("g++"), name("c++"), "ccache asks for its own name");
    }
}
