//! Whether only we can have written what is in a directory: files in caches are linked into programs and run.
//!
//! The rule is that of sshd's StrictModes (sshd_config(5)), with two exceptions: a parent may have the sticky bit,
//! since nobody can replace others' files in it, and a user private group (with the number of the user) counts as its
//! user.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Why a directory is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It, or a directory above it, belongs to a user other than us and root.
    Owner {
        dir: PathBuf,
        /// The owner's user ID.
        user: u32,
    },
    /// Others may write to it, or to a directory above it.
    Writable { dir: PathBuf },
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Owner { dir, user } => write!(f, "`{}` belongs to user {user}", dir.display()),
            Distrust::Writable { dir } => write!(f, "others may write to `{}`", dir.display()),
        }
    }
}

const STICKY: u32 = 0o1000;

/// Why one directory is not trusted. `parent`: only the names in it matter.
fn distrust(dir: &Path, m: &Metadata, own: u32, parent: bool) -> Option<Distrust> {
    if m.uid() != own && m.uid() != 0 {
        return Some(Distrust::Owner { dir: dir.to_owned(), user: m.uid() });
    }
    let kept = parent && m.mode() & STICKY != 0;
    let private = m.gid() == m.uid() || m.gid() == 0;
    let open = m.mode() & 0o002 != 0 || m.mode() & 0o020 != 0 && !private;
    (open && !kept).then(|| Distrust::Writable { dir: dir.to_owned() })
}

/// Why user `own` can't trust a directory; none if it is trusted, or if it does not exist and nobody else can create
/// it. Its subdirectories are checked too; our caches have only one level of them.
pub(crate) fn distrusted(dir: &Path, own: u32) -> Option<Distrust> {
    let there = dir.ancestors().find_map(|d| Some((d, fs::canonicalize(d).ok()?)));
    let (found, real) = there?;
    let whole = found == dir;
    // In the nearest existing directory, ours is still to be created: only names matter.
    if let Some(why) = along(&real, own, !whole) {
        return Some(why);
    }
    if !whole {
        return None;
    }
    let below = fs::read_dir(&real).into_iter().flatten().flatten().map(|e| e.path());
    below.filter_map(|d| Some((fs::symlink_metadata(&d).ok()?, d))).find_map(|(m, d)| match m.is_symlink() {
        // Its own mode says nothing, and whose it is, only who could make one here: the target counts.
        true => along(&fs::canonicalize(&d).ok()?, own, false),
        false => distrust(&d, &m, own, false),
    })
}

/// Checks a directory without symbolic links in its path, and all above it. `parent`: only the names in it matter.
fn along(real: &Path, own: u32, parent: bool) -> Option<Distrust> {
    real.ancestors().enumerate().find_map(|(depth, dir)| {
        let m = fs::metadata(dir).ok()?;
        distrust(dir, &m, own, parent || depth > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(dir: &Path, mode: u32) {
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_write_is_not_trusted() {
        let t = tempfile::tempdir().unwrap();
        let own = fs::metadata(t.path()).unwrap().uid();
        let cache = t.path().join("cache");
        // Not there yet: the directory that it is to be created in counts, and the sticky /tmp above is no matter.
        assert_eq!(distrusted(&cache, own), None);
        fs::create_dir_all(cache.join("build")).unwrap();
        assert_eq!(distrusted(&cache, own), None);
        let real = cache.canonicalize().unwrap();
        mode(&cache, 0o777);
        assert_eq!(distrusted(&cache, own), Some(Distrust::Writable { dir: real.clone() }));
        mode(&cache, 0o1777);
        assert_eq!(distrusted(&cache, own), Some(Distrust::Writable { dir: real.clone() }));
        mode(&cache, 0o755);
        mode(&cache.join("build"), 0o757);
        assert_eq!(distrusted(&cache, own), Some(Distrust::Writable { dir: real.join("build") }));
        mode(&cache.join("build"), 0o755);
        mode(t.path(), 0o777);
        assert!(matches!(distrusted(&cache, own), Some(Distrust::Writable { .. })));
        mode(t.path(), 0o1777);
        assert_eq!(distrusted(&cache, own), None);
        mode(t.path(), 0o700);
        // Root can give it away; to another user it is ours.
        let stranger = match own {
            0 => {
                std::os::unix::fs::chown(&cache, Some(65534), None).unwrap();
                0
            }
            _ => own + 1,
        };
        assert!(matches!(distrusted(&cache, stranger), Some(Distrust::Owner { .. })));
    }

    #[test]
    fn a_link_leads_to_what_counts() {
        let t = tempfile::tempdir().unwrap();
        let own = fs::metadata(t.path()).unwrap().uid();
        let open = t.path().join("open");
        fs::create_dir(&open).unwrap();
        mode(&open, 0o777);
        fs::create_dir(open.join("cache")).unwrap();
        std::os::unix::fs::symlink(open.join("cache"), t.path().join("cache")).unwrap();
        let real = open.canonicalize().unwrap();
        assert_eq!(distrusted(&t.path().join("cache"), own), Some(Distrust::Writable { dir: real.clone() }));
        // So it is one level below: a link has the mode 0777 whatever it leads to.
        let (cache, elsewhere) = (t.path().join("own"), t.path().join("elsewhere"));
        fs::create_dir(&cache).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, cache.join("converted")).unwrap();
        assert_eq!(distrusted(&cache, own), None);
        std::os::unix::fs::symlink(open.join("cache"), cache.join("probe")).unwrap();
        assert_eq!(distrusted(&cache, own), Some(Distrust::Writable { dir: real }));
    }
}
