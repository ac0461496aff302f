//! The files of an image: paths, what is there, and no path twice.
//!
//! Owners, modes and times do not come from the machine: unless said otherwise everything belongs to root and is
//! 0755 if its owner may execute it, else 0644. So the same files give the same image, whoever builds it and wherever.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

/// Why files can't go into an image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TreeError {
    /// Two things for one path.
    #[error("two sources for `{path}` in the image: {first} and {second}")]
    Twice {
        path: String,
        /// Where the one comes from.
        first: String,
        /// Where the other comes from.
        second: String,
    },
    /// A file where a directory is needed.
    #[error("`{path}` in the image is a file ({file}) and a directory ({directory}) at once")]
    FileAndDirectory {
        path: String,
        /// Where the file comes from.
        file: String,
        /// What needs the directory.
        directory: String,
    },
    /// A name that means a deletion in a layer (OCI image specification, "Whiteouts").
    #[error("`{0}`: a name that begins with `.wh.` deletes another file in an image")]
    Reserved(String),
    /// A path in the image that is none.
    #[error("`{0}` is not a path in an image: it must be absolute, without `..`")]
    BadPath(String),
    /// A file that can't be read.
    #[error("`{path}` can't be read: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
    /// A socket, device or FIFO.
    #[error("`{path}` is a {what}, which an image can't contain", path = path.display())]
    Special { path: PathBuf, what: &'static str },
    /// A symbolic link out of the directory that is added.
    #[error("the symbolic link `{path}` points to `{target}`, outside the directory that is added", path = path.display(), target = target.display())]
    LinkLeaves { path: PathBuf, target: PathBuf },
}

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileContent {
    /// In a file of this machine, of this length when it was looked at.
    File(PathBuf, u64),
    Bytes(Cow<'static, [u8]>),
}

impl FileContent {
    pub(crate) fn len(&self) -> u64 {
        match self {
            FileContent::File(_, len) => *len,
            FileContent::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A directory with its mode and owner.
    Directory {
        /// Permission bits.
        mode: u32,
        /// User and group.
        owner: u32,
    },
    File {
        content: FileContent,
        /// It may be run.
        executable: bool,
    },
    Link {
        target: PathBuf,
    },
}

/// A directory as most are.
pub(crate) const DIRECTORY: Node = Node::Directory { mode: 0o755, owner: 0 };

#[derive(Debug, Clone, PartialEq, Eq)]
struct TreeEntry {
    node: Node,
    /// Where it comes from, for messages.
    from: String,
}

/// Files by path. Paths are relative to the root, without a leading slash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileTree {
    entries: BTreeMap<Vec<u8>, TreeEntry>,
}

/// A path in an image, as a key: relative to the root, `.` and double slashes gone.
///
/// # Errors
/// One that is not absolute or has `..`.
pub(crate) fn key(path: &Path) -> Result<Vec<u8>, TreeError> {
    let bad = || TreeError::BadPath(path.to_string_lossy().into_owned());
    let mut parts = path.components();
    if parts.next() != Some(Component::RootDir) || path.as_os_str().as_bytes().contains(&0) {
        return Err(bad());
    }
    let mut names = Vec::new();
    for part in parts {
        match part {
            Component::Normal(name) => names.push(name.as_bytes()),
            Component::CurDir => {}
            _ => return Err(bad()),
        }
    }
    Ok(names.join(&b'/'))
}

impl FileTree {
    /// The entries, parents before children.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Node)> {
        self.entries.iter().map(|(path, entry)| (Path::new(OsStr::from_bytes(path)), &entry.node))
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is at a path in the image.
    pub(crate) fn get(&self, path: &Path) -> Option<&Node> {
        self.entries.get(&key(path).ok()?).map(|e| &e.node)
    }

    /// The bytes of all its files.
    pub(crate) fn bytes(&self) -> u64 {
        let len = |e: &TreeEntry| if let Node::File { content, .. } = &e.node { content.len() } else { 0 };
        self.entries.values().map(len).sum()
    }

    /// Puts something at a path, with the directories above it.
    ///
    /// # Errors
    /// A path where something else is already, or that is none.
    pub(crate) fn put(&mut self, path: &Path, node: Node, from: &str) -> Result<(), TreeError> {
        let key = key(path)?;
        if key.is_empty() {
            return match node {
                Node::Directory { .. } => Ok(()),
                _ => Err(TreeError::BadPath(path.to_string_lossy().into_owned())),
            };
        }
        let shown = |key: &[u8]| format!("/{}", String::from_utf8_lossy(key));
        let slashes = key.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        for parent in slashes.filter_map(|at| key.get(..at)) {
            let entry = self
                .entries
                .entry(parent.to_vec())
                .or_insert_with(|| TreeEntry { node: DIRECTORY, from: from.to_owned() });
            if !matches!(entry.node, Node::Directory { .. }) {
                return Err(TreeError::FileAndDirectory {
                    path: shown(parent),
                    file: entry.from.clone(),
                    directory: from.to_owned(),
                });
            }
        }
        let there = self.entries.get(&key).map(|e| (e.node.clone(), e.from.clone()));
        match (there, &node) {
            (None, _) => {}
            // A directory that was made for its children may still get a mode and an owner.
            (Some((Node::Directory { .. }, _)), Node::Directory { .. }) if node == DIRECTORY => return Ok(()),
            (Some((old, _)), Node::Directory { .. }) if old == DIRECTORY || old == node => {}
            (Some((Node::Directory { .. }, directory)), _) => {
                return Err(TreeError::FileAndDirectory { path: shown(&key), file: from.to_owned(), directory });
            }
            (Some((_, file)), Node::Directory { .. }) => {
                return Err(TreeError::FileAndDirectory { path: shown(&key), file, directory: from.to_owned() });
            }
            (Some((old, _)), new) if old == *new => return Ok(()),
            (Some((_, first)), _) => {
                return Err(TreeError::Twice { path: shown(&key), first, second: from.to_owned() });
            }
        }
        self.entries.insert(key, TreeEntry { node, from: from.to_owned() });
        Ok(())
    }

    /// Adds what another tree has and this one has not. What is here already stands.
    ///
    /// # Errors
    /// A file here where the other has a directory with something in it.
    pub(crate) fn add_missing(&mut self, other: &FileTree) -> Result<(), TreeError> {
        for (path, entry) in &other.entries {
            if !self.entries.contains_key(path) {
                let path = Path::new("/").join(OsStr::from_bytes(path));
                self.put(&path, entry.node.clone(), &entry.from)?;
            }
        }
        Ok(())
    }

    /// What is in this tree and not in the other, with the directories above it.
    ///
    /// # Errors
    /// A file in the other tree where this one has a directory with something in it.
    pub(crate) fn missing_in(&self, other: &FileTree) -> Result<FileTree, TreeError> {
        let mut both = other.clone();
        both.add_missing(self)?;
        let mut rest = FileTree::default();
        for (path, entry) in self.entries.iter().filter(|(path, _)| !other.entries.contains_key(*path)) {
            rest.put(&Path::new("/").join(OsStr::from_bytes(path)), entry.node.clone(), &entry.from)?;
        }
        Ok(rest)
    }

    /// Adds a file, or a directory with all that is in it, from this machine. A `destination` with a slash at its end
    /// is a directory that takes a file under its own name.
    ///
    /// # Errors
    /// What can't be read or held, links that leave the directory, paths that are taken.
    pub(crate) fn add(&mut self, source: &Path, destination: &Path) -> Result<(), TreeError> {
        let io = |error| TreeError::Io { path: source.to_owned(), error };
        let meta = fs::metadata(source).map_err(io)?;
        if meta.is_dir() {
            self.put(destination, DIRECTORY, &format!("`{}`", source.display()))?;
            let top = fs::canonicalize(source).map_err(io)?;
            return self.add_directory(&top, &top, destination);
        }
        let into_directory = destination.as_os_str().as_bytes().ends_with(b"/");
        let destination = match source.file_name() {
            Some(name) if into_directory => destination.join(name),
            _ => destination.to_owned(),
        };
        self.add_file(source, &meta, &destination)
    }

    fn add_file(&mut self, source: &Path, meta: &fs::Metadata, destination: &Path) -> Result<(), TreeError> {
        let kind = meta.file_type();
        let special = [
            (kind.is_socket(), "socket"),
            (kind.is_fifo(), "FIFO"),
            (kind.is_block_device() || kind.is_char_device(), "device"),
        ];
        if let Some((_, what)) = special.iter().find(|s| s.0) {
            return Err(TreeError::Special { path: source.to_owned(), what });
        }
        let content = FileContent::File(source.to_owned(), meta.len());
        let node = Node::File { content, executable: meta.mode() & 0o100 != 0 };
        self.put(destination, node, &format!("`{}`", source.display()))
    }

    fn add_directory(&mut self, top: &Path, directory: &Path, destination: &Path) -> Result<(), TreeError> {
        let io = |path: &Path, error| TreeError::Io { path: path.to_owned(), error };
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for entry in entries.map_err(|e| io(directory, e))? {
            let (path, at) = (entry.path(), destination.join(entry.file_name()));
            let meta = fs::symlink_metadata(&path).map_err(|e| io(&path, e))?;
            if meta.is_dir() {
                self.put(&at, DIRECTORY, &format!("`{}`", path.display()))?;
                self.add_directory(top, &path, &at)?;
            } else if meta.is_symlink() {
                let target = fs::read_link(&path).map_err(|e| io(&path, e))?;
                if !stays_within(top, directory, &target) {
                    return Err(TreeError::LinkLeaves { path, target });
                }
                self.put(&at, Node::Link { target }, &format!("`{}`", path.display()))?;
            } else {
                self.add_file(&path, &meta, &at)?;
            }
        }
        Ok(())
    }
}

/// Whether a link in `directory` leads to somewhere below `top`, by its text alone: what is in the image counts, not
/// what is on this machine.
fn stays_within(top: &Path, directory: &Path, target: &Path) -> bool {
    let Ok(below) = directory.strip_prefix(top) else { return false };
    let mut depth = below.components().count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn file(text: &'static str) -> Node {
        Node::File { content: FileContent::Bytes(Cow::Borrowed(text.as_bytes())), executable: false }
    }

    fn names(tree: &FileTree) -> Vec<String> {
        tree.iter().map(|(p, _)| p.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn parents_come_by_themselves_and_first() {
        let mut tree = FileTree::default();
        tree.put(Path::new("/etc/ssl//./certs/x"), file("x"), "a").unwrap();
        tree.put(Path::new("/etc-x"), file("x"), "a").unwrap();
        assert_eq!(names(&tree), ["etc", "etc-x", "etc/ssl", "etc/ssl/certs", "etc/ssl/certs/x"]);
        assert_eq!(tree.bytes(), 2);
    }

    #[test]
    fn one_path_holds_one_thing() {
        let mut tree = FileTree::default();
        let put = |tree: &mut FileTree, path: &str, node, from| {
            tree.put(Path::new(path), node, from).map_err(|e| e.to_string())
        };
        put(&mut tree, "/a/b", file("1"), "`one`").unwrap();
        put(&mut tree, "/a/b", file("1"), "`the same`").unwrap();
        let e = put(&mut tree, "/a/b", file("2"), "`two`").unwrap_err();
        assert_eq!(e, "two sources for `/a/b` in the image: `one` and `two`");
        assert!(
            put(&mut tree, "/a", file("2"), "`two`").unwrap_err().contains("a file (`two`) and a directory (`one`)")
        );
        assert!(put(&mut tree, "/a/b/c", file("2"), "`two`").unwrap_err().contains("at once"));
        put(&mut tree, "/a", Node::Directory { mode: 0o1777, owner: 0 }, "`tmp`").unwrap();
        put(&mut tree, "/a", DIRECTORY, "`again`").unwrap();
        assert_eq!(tree.get(Path::new("/a")), Some(&Node::Directory { mode: 0o1777, owner: 0 }));
        for bad in ["a", "", "/a/../b", "../a"] {
            assert!(put(&mut tree, bad, file("2"), "x").unwrap_err().contains("is not a path in an image"), "{bad}");
        }
    }

    #[test]
    fn a_directory_goes_in_with_its_links_and_without_its_modes() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("d/e")).unwrap();
        fs::write(at("d/e/run"), "x").unwrap();
        fs::set_permissions(at("d/e/run"), fs::Permissions::from_mode(0o4711)).unwrap();
        symlink("../e/./run", at("d/e/ok")).unwrap();
        let mut tree = FileTree::default();
        tree.add(&at("d"), Path::new("/x")).unwrap();
        assert_eq!(names(&tree), ["x", "x/e", "x/e/ok", "x/e/run"]);
        assert!(matches!(tree.get(Path::new("/x/e/run")), Some(Node::File { executable: true, .. })));
        for leaving in ["/etc/passwd", "../../d", "../e/../../../x"] {
            symlink(leaving, at("d/e/bad")).unwrap();
            let e = FileTree::default().add(&at("d"), Path::new("/x")).unwrap_err();
            assert!(matches!(e, TreeError::LinkLeaves { .. }), "{leaving}: {e}");
            fs::remove_file(at("d/e/bad")).unwrap();
        }
        let _socket = std::os::unix::net::UnixListener::bind(at("d/e/s")).unwrap();
        assert!(FileTree::default().add(&at("d"), Path::new("/x")).unwrap_err().to_string().contains("is a socket"));
        assert!(
            FileTree::default()
                .add(Path::new("/dev/null"), Path::new("/x"))
                .unwrap_err()
                .to_string()
                .contains("device")
        );
        assert!(
            FileTree::default().add(&at("none"), Path::new("/x")).unwrap_err().to_string().contains("can't be read")
        );
    }

    #[test]
    fn a_slash_at_the_end_is_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("conf");
        fs::write(&source, "x").unwrap();
        let mut tree = FileTree::default();
        tree.add(&source, Path::new("/etc/")).unwrap();
        tree.add(&source, Path::new("/etc/other")).unwrap();
        assert_eq!(names(&tree), ["etc", "etc/conf", "etc/other"]);
    }
}
