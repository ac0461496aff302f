//! Identity of files, and detection of changes.

use serde::{Deserialize, Serialize};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Device and inode: two paths with one identity are the same file. Not to be stored: overlayfs, btrfs and NFS get new
/// device numbers at each mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub device: u64,
    pub inode: u64,
}

impl Identity {
    /// That of a path, symbolic links followed; none if there is no such file.
    pub(crate) fn of(path: &Path) -> Option<Identity> {
        fs::metadata(path).ok().map(|m| Identity::from(&m))
    }

    /// That of our own program.
    pub(crate) fn own() -> Option<Identity> {
        Identity::of(Path::new("/proc/self/exe"))
    }
}

impl From<&Metadata> for Identity {
    fn from(m: &Metadata) -> Identity {
        Identity { device: m.dev(), inode: m.ino() }
    }
}

/// The state of a file: equal stamps of one path mean that it was neither written nor replaced in between. It may be
/// stored, so it has no device number. It has no ctime either, which changes with new hard links and `chmod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Stamp {
    inode: u64,
    /// Size in bytes.
    size: u64,
    /// Last modification: seconds and nanoseconds.
    modified: (i64, i64),
}

impl Stamp {
    /// That of a path, symbolic links followed; none if there is no such file.
    pub(crate) fn of(path: &Path) -> Option<Stamp> {
        fs::metadata(path).ok().map(|m| Stamp::from(&m))
    }

    /// Size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

impl From<&Metadata> for Stamp {
    fn from(m: &Metadata) -> Stamp {
        Stamp { inode: m.ino(), size: m.size(), modified: (m.mtime(), m.mtime_nsec()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn an_identity_is_the_file_s_not_the_path_s() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("one"), "x").unwrap();
        fs::write(at("other"), "x").unwrap();
        fs::hard_link(at("one"), at("hard")).unwrap();
        std::os::unix::fs::symlink("one", at("soft")).unwrap();
        let one = Identity::of(&at("one")).unwrap();
        assert_eq!((Identity::of(&at("hard")), Identity::of(&at("soft"))), (Some(one), Some(one)));
        assert!(Identity::of(&at("other")) != Some(one) && Identity::of(&at("none")).is_none());
        assert!(Identity::own().is_some());
    }

    #[test]
    fn a_stamp_changes_with_content_time_and_inode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "one").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let touch = |time| fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        touch(time);
        let before = Stamp::of(&path).unwrap();
        assert_eq!(Stamp::of(&path), Some(before));
        touch(time + Duration::from_nanos(1));
        assert_ne!(Stamp::of(&path), Some(before));
        fs::write(&path, "three").unwrap();
        touch(time);
        assert_ne!(Stamp::of(&path), Some(before));
        // The old file keeps its inode as long as it has a name.
        fs::rename(&path, dir.path().join("old")).unwrap();
        fs::write(&path, "one").unwrap();
        touch(time);
        assert_ne!(Stamp::of(&path), Some(before));
        assert_eq!(Stamp::of(&dir.path().join("none")), None);
        let kept: Stamp = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        assert_eq!(kept, before);
    }
}
