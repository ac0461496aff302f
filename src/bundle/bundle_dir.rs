//! Writes a tree of files into a directory, and the same tree elsewhere.

use crate::rootfs::tree::{FileContent, FileTree, Node, TreeError};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Writes all of a tree below a directory, which is there. Files keep the time at which they were changed, since some
/// formats (`.pyc`) name that of another file.
///
/// # Errors
/// The path that can't be written, and why.
pub(crate) fn write(tree: &FileTree, directory: &Path) -> Result<(), (PathBuf, io::Error)> {
    for (path, node) in tree.iter() {
        let at = directory.join(path);
        put(node, &at).map_err(|error| (at, error))?;
    }
    Ok(())
}

fn put(node: &Node, at: &Path) -> io::Result<()> {
    match node {
        Node::Directory { mode, .. } => {
            fs::create_dir_all(at)?;
            fs::set_permissions(at, Permissions::from_mode(*mode))
        }
        Node::Link { target } => symlink(target, at),
        Node::File { content, executable } => {
            match content {
                FileContent::Bytes(bytes) => fs::write(at, bytes)?,
                FileContent::File(source, _) => {
                    fs::copy(source, at)?;
                    // Permissions are made anew below, so that the time can be set whatever the original's were.
                    fs::set_permissions(at, Permissions::from_mode(0o644))?;
                    File::options().write(true).open(at)?.set_modified(fs::metadata(source)?.modified()?)?;
                }
            }
            fs::set_permissions(at, Permissions::from_mode(if *executable { 0o755 } else { 0o644 }))
        }
    }
}

/// Makes the `/tmp` of a root, in which everybody may write.
///
/// # Errors
/// It can't be made.
pub(crate) fn make_tmp(root: &Path) -> io::Result<()> {
    let tmp = root.join("tmp");
    fs::create_dir_all(&tmp)?;
    fs::set_permissions(&tmp, Permissions::from_mode(0o1777))
}

/// The same tree below another directory of the root.
///
/// # Errors
/// None for a directory that is absolute and is not in the tree.
pub(crate) fn moved(tree: &FileTree, directory: &Path) -> Result<FileTree, TreeError> {
    let mut all = FileTree::default();
    for (path, node) in tree.iter() {
        all.put(&directory.join(path), node.clone(), "a bundle")?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;
    use std::time::{Duration, SystemTime};

    #[test]
    fn files_keep_their_time_and_whether_they_run() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("source");
        fs::write(&source, "text").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&source).unwrap().set_modified(old).unwrap();
        fs::set_permissions(&source, Permissions::from_mode(0o444)).unwrap();
        let mut tree = FileTree::default();
        let file = Node::File { content: FileContent::File(source, 4), executable: true };
        tree.put(Path::new("/a/b"), file, "x").unwrap();
        let empty = Node::File { content: FileContent::Bytes(Cow::Borrowed(b"")), executable: false };
        tree.put(Path::new("/a/c"), empty, "x").unwrap();
        tree.put(Path::new("/d"), Node::Link { target: "a/b".into() }, "x").unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        write(&tree, &out).unwrap();
        let meta = fs::metadata(out.join("d")).unwrap();
        assert_eq!((meta.modified().unwrap(), meta.permissions().mode() & 0o777, meta.len()), (old, 0o755, 4));
        assert_eq!(fs::metadata(out.join("a/c")).unwrap().len(), 0);
        let moved = moved(&tree, Path::new("/elsewhere")).unwrap();
        assert!(moved.get(Path::new("/elsewhere/a/b")).is_some() && moved.get(Path::new("/a/b")).is_none());
    }
}
