//! From what a run touched to what a bundle holds, and why.

use crate::check::{self, Image};
use crate::rootfs::tree::{DIRECTORY, FileContent, FileTree, Node, TreeError};
use crate::run::attempt::{Attempt, FileAccess};
use nix::libc;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Why something is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhyTaken {
    /// It was run.
    Run,
    /// It was read, or looked at.
    Touched,
    /// A shared object that was opened: its code is in the program, and the file is empty.
    Plugin,
    /// A symbolic link on the way to something.
    Link,
    /// The user named it.
    Added,
}

/// One file, link or directory of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TakenFile {
    pub path: PathBuf,
    pub why: WhyTaken,
    pub bytes: u64,
}

/// What is known about the runs besides what they touched.
#[derive(Debug, Clone)]
pub(crate) struct RunFacts {
    /// When the first one began: what was written since is a result and no part.
    pub started: SystemTime,
    /// Shared objects that programs opened, with all links resolved.
    pub plugins: BTreeSet<PathBuf>,
    /// Shared objects that ld.so loaded for them, with all links resolved.
    pub loaded: BTreeSet<PathBuf>,
}

/// What a bundle holds.
#[derive(Debug, Default)]
pub(crate) struct BundleFiles {
    /// Everything but the dynamic programs.
    pub tree: FileTree,
    pub taken: BTreeMap<PathBuf, TakenFile>,
    /// Dynamic programs that were run, with all links resolved.
    pub programs: BTreeSet<PathBuf>,
    /// Files that only their owner may read: left out.
    pub private: BTreeSet<PathBuf>,
    /// Directories in which the runs wrote.
    pub written: BTreeSet<PathBuf>,
}

/// What container runtimes, or the kernel, have for every program.
const OF_THE_MACHINE: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Files that are there in every container, or that only ld.so reads.
const NOT_TAKEN: [&str; 5] =
    ["/etc/hostname", "/etc/hosts", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/resolv.conf"];

fn is_of_the_machine(path: &Path) -> bool {
    OF_THE_MACHINE.iter().any(|top| path.starts_with(top))
}

/// How many links lead to a file at most (path_resolution(7)).
const MOST_LINKS: usize = 40;

impl BundleFiles {
    /// Takes what runs touched.
    ///
    /// # Errors
    /// Files that do not go together, which a machine that does not change has none of.
    pub(crate) fn of(attempts: &[Attempt], facts: &RunFacts) -> Result<BundleFiles, TreeError> {
        let mut files = BundleFiles::default();
        for attempt in attempts.iter().filter(|a| a.errno == 0) {
            files.take(Path::new(&attempt.path), attempt.wanted, facts)?;
        }
        Ok(files)
    }

    fn take(&mut self, path: &Path, wanted: FileAccess, facts: &RunFacts) -> Result<(), TreeError> {
        let Some(way) = Way::to(path) else {
            self.note_vanished(path, wanted);
            return Ok(());
        };
        let place = way.place;
        if NOT_TAKEN.iter().any(|p| place == Path::new(p)) || wanted == FileAccess::Connect {
            return Ok(());
        }
        let Ok(meta) = fs::metadata(&place) else { return Ok(()) };
        let is_result = meta.is_file() && meta.modified().is_ok_and(|at| at >= facts.started);
        if wanted == FileAccess::Write && (is_result || meta.is_dir()) {
            let directory = if meta.is_dir() { Some(place.as_path()) } else { place.parent() };
            self.written.extend(directory.map(Path::to_owned));
        }
        if is_result || facts.loaded.contains(&place) || !(meta.is_file() || meta.is_dir()) {
            return Ok(());
        }
        if meta.is_file() && meta.mode() & 0o004 == 0 {
            self.private.insert(place);
            return Ok(());
        }
        for (link, target) in way.links {
            self.put(&link, WhyTaken::Link, Node::Link { target })?;
        }
        if meta.is_dir() {
            return self.put(&place, WhyTaken::Touched, DIRECTORY);
        }
        if wanted == FileAccess::Exec {
            self.take_program(place, &meta, facts)
        } else {
            self.take_file(place, &meta, facts)
        }
    }

    /// What was written and removed again.
    fn note_vanished(&mut self, path: &Path, wanted: FileAccess) {
        if wanted == FileAccess::Write
            && !is_of_the_machine(path)
            && let Some(way) = path.ancestors().skip(1).find_map(Way::to)
        {
            self.written.insert(way.place);
        }
    }

    /// Whether runs wrote below `/tmp`, which then has to be there.
    pub(crate) fn wants_tmp(&self) -> bool {
        self.written.iter().any(|directory| directory.starts_with("/tmp"))
    }

    /// What the kernel was told to run.
    fn take_program(&mut self, place: PathBuf, meta: &Metadata, facts: &RunFacts) -> Result<(), TreeError> {
        // A script that has become its own interpreter meanwhile would have no end.
        if self.taken.get(&place).is_some_and(|taken| taken.why == WhyTaken::Run) {
            return Ok(());
        }
        if let Some(interpreter) = interpreter_of_script(&place) {
            self.put_file(&place, meta, WhyTaken::Run)?;
            return self.take(&interpreter, FileAccess::Exec, facts);
        }
        match check::inspect_headers(&place) {
            Ok(Image { interpreter: Some(_), .. }) => {
                self.taken
                    .insert(place.clone(), TakenFile { path: place.clone(), why: WhyTaken::Run, bytes: meta.len() });
                self.programs.insert(place);
                Ok(())
            }
            _ => self.put_file(&place, meta, WhyTaken::Run),
        }
    }

    fn take_file(&mut self, place: PathBuf, meta: &Metadata, facts: &RunFacts) -> Result<(), TreeError> {
        if self.programs.contains(&place) {
            return Ok(());
        }
        if facts.plugins.contains(&place) {
            let content = FileContent::Bytes(Cow::Borrowed(b""));
            return self.put(&place, WhyTaken::Plugin, Node::File { content, executable: false });
        }
        self.put_file(&place, meta, WhyTaken::Touched)
    }

    fn put_file(&mut self, place: &Path, meta: &Metadata, why: WhyTaken) -> Result<(), TreeError> {
        let content = FileContent::File(place.to_owned(), meta.len());
        self.put(place, why, Node::File { content, executable: meta.mode() & 0o100 != 0 })
    }

    fn put(&mut self, place: &Path, why: WhyTaken, node: Node) -> Result<(), TreeError> {
        let bytes = match &node {
            Node::File { content, .. } => content.len(),
            Node::Directory { .. } | Node::Link { .. } => 0,
        };
        if place != Path::new("/") {
            self.tree.put(place, node, &format!("`{}`", place.display()))?;
        }
        let taken = self.taken.entry(place.to_owned()).or_insert(TakenFile { path: place.to_owned(), why, bytes });
        if why == WhyTaken::Run {
            taken.why = why;
        }
        Ok(())
    }

    /// Takes a file or directory that the user named, with what is in it.
    ///
    /// # Errors
    /// What can't be read or held.
    pub(crate) fn add(&mut self, source: &Path, destination: &Path) -> Result<(), TreeError> {
        let before: BTreeSet<PathBuf> = self.tree.iter().map(|(path, _)| path.to_owned()).collect();
        let mut added = FileTree::default();
        added.add(source, destination)?;
        self.tree.add_missing(&added)?;
        for (path, node) in added.iter().filter(|(path, _)| !before.contains(*path)) {
            let bytes = if let Node::File { content, .. } = node { content.len() } else { 0 };
            let path = Path::new("/").join(path);
            self.taken.insert(path.clone(), TakenFile { path, why: WhyTaken::Added, bytes });
        }
        Ok(())
    }
}

/// The way to a file: the links on it, and where it ends.
struct Way {
    /// Each link with the target that it gets: relative, so that it leads to the same in any directory.
    links: Vec<(PathBuf, PathBuf)>,
    place: PathBuf,
}

impl Way {
    /// Follows an absolute path as the kernel does; none where it leads nowhere (any more), or to what is the machine's:
    /// `/proc/self` is not the same for us.
    fn to(path: &Path) -> Option<Way> {
        let mut way = Way { links: Vec::new(), place: PathBuf::from("/") };
        let mut left: Vec<PathBuf> = Vec::new();
        push(&mut left, path);
        while let Some(part) = left.pop() {
            match part.components().next()? {
                Component::RootDir => way.place = PathBuf::from("/"),
                Component::ParentDir => drop(way.place.pop()),
                Component::Normal(name) => {
                    let next = way.place.join(name);
                    if is_of_the_machine(&next) {
                        return None;
                    }
                    let meta = fs::symlink_metadata(&next).ok()?;
                    if !meta.is_symlink() {
                        way.place = next;
                        continue;
                    }
                    if way.links.len() >= MOST_LINKS {
                        return None;
                    }
                    let target = fs::read_link(&next).ok()?;
                    push(&mut left, &target);
                    way.links.push((next, relative(&way.place, &target)));
                }
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Some(way)
    }
}

/// Puts the parts of a path on a stack, the first on top.
fn push(stack: &mut Vec<PathBuf>, path: &Path) {
    stack.extend(path.components().rev().map(|part| PathBuf::from(part.as_os_str())));
}

/// A link's target as seen from the link's directory.
fn relative(directory: &Path, target: &Path) -> PathBuf {
    let Ok(below) = target.strip_prefix("/") else { return target.to_owned() };
    let common = directory.iter().skip(1).zip(below.iter()).take_while(|(a, b)| a == b).count();
    let up = directory.iter().skip(1).count() - common;
    let mut path: PathBuf = std::iter::repeat_n("..", up).collect();
    path.extend(below.iter().skip(common));
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// What the first line of a script names.
fn interpreter_of_script(file: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    fs::File::open(file).ok()?.take(libc::PATH_MAX as u64).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let word = line.split(|b| b.is_ascii_whitespace()).find(|word| !word.is_empty())?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn attempt(path: &Path, wanted: FileAccess) -> Attempt {
        Attempt { path: path.to_string_lossy().into_owned(), wanted, errno: 0 }
    }

    #[test]
    fn links_are_relative_and_lead_to_the_same() {
        for (directory, target, expected) in [
            ("/usr/bin", "/etc/alternatives/x", "../../etc/alternatives/x"),
            ("/usr/bin", "/usr/lib/x", "../lib/x"),
            ("/", "/usr/bin", "usr/bin"),
            ("/usr", "x", "x"),
            ("/usr", "/usr", "."),
        ] {
            assert_eq!(relative(Path::new(directory), Path::new(target)), Path::new(expected));
        }
    }

    #[test]
    fn results_private_files_and_plugins_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let path = |name: &str| top.join(name);
        for name in ["data", "private", "plugin", "result"] {
            fs::write(path(name), name).unwrap();
        }
        fs::set_permissions(path("private"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink(path("data"), path("link")).unwrap();
        let old = SystemTime::now() - std::time::Duration::from_secs(60);
        for name in ["data", "plugin", "private"] {
            fs::File::options().write(true).open(path(name)).unwrap().set_modified(old).unwrap();
        }
        let started = SystemTime::now() - std::time::Duration::from_secs(30);
        let facts = RunFacts { started, plugins: [path("plugin")].into(), loaded: BTreeSet::new() };
        let mut tried: Vec<Attempt> =
            ["link", "private", "plugin"].iter().map(|n| attempt(&path(n), FileAccess::Read)).collect();
        tried.push(attempt(&path("result"), FileAccess::Write));
        tried.push(Attempt { errno: libc::ENOENT, ..attempt(&path("data"), FileAccess::Read) });
        let files = BundleFiles::of(&tried, &facts).unwrap();
        let why = |name: &str| files.taken.get(&path(name)).map(|t| (t.why, t.bytes));
        let itself = format!("#!{}\n", path("itself").display());
        fs::write(path("itself"), itself).unwrap();
        fs::File::options().write(true).open(path("itself")).unwrap().set_modified(old).unwrap();
        let looked_at_and_run = [FileAccess::Read, FileAccess::Exec].map(|wanted| attempt(&path("itself"), wanted));
        let of_itself = BundleFiles::of(&looked_at_and_run, &facts).unwrap();
        assert_eq!(of_itself.taken.get(&path("itself")).map(|t| t.why), Some(WhyTaken::Run));
        assert_eq!(why("data"), Some((WhyTaken::Touched, 4)));
        assert_eq!(why("link"), Some((WhyTaken::Link, 0)));
        assert_eq!(why("plugin"), Some((WhyTaken::Plugin, 0)));
        assert_eq!(files.private, [path("private")].into());
        assert_eq!(files.written, [top.clone()].into());
        assert!(why("result").is_none() && why("private").is_none());
        assert_eq!(files.tree.get(&path("link")), Some(&Node::Link { target: "data".into() }));
        symlink("/proc/self/exe", path("of-the-machine")).unwrap();
        assert!(Way::to(&path("of-the-machine")).is_none() && Way::to(Path::new("/dev/null")).is_none());
    }
}
