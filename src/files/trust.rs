//! Whether only we can have written what is in a directory: files in caches are linked into programs and run.
//!
//! The rule is that of sshd's StrictModes (sshd_config(5)), with two exceptions: a parent may have the sticky bit,
//! since nobody can replace others' files in it, and a user private group (with the number of the user) counts as its
//! user. A path is followed name by name, since a symbolic link of another user may lead elsewhere the next time.

use super::links::MOST_LINKS;
use nix::sys::stat::{Mode, umask};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

/// Why a directory is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It, a directory above it or a link that leads to it, belongs to a user other than us and root.
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

/// Whether a directory's group is its owner alone, or root's.
fn private_group(m: &Metadata) -> bool {
    m.gid() == m.uid() || m.gid() == 0
}

/// Whether users other than its owner may create names in a directory.
fn open(m: &Metadata) -> bool {
    m.mode() & 0o002 != 0 || m.mode() & 0o020 != 0 && !private_group(m)
}

/// Whether no other user reaches what is in a directory.
fn closed(m: &Metadata) -> bool {
    m.mode() & 0o001 == 0 && (m.mode() & 0o010 == 0 || private_group(m))
}

/// Why one directory is not trusted. `parent`: only the names in it matter.
fn distrust(dir: &Path, m: &Metadata, own: u32, parent: bool) -> Option<Distrust> {
    if m.uid() != own && m.uid() != 0 {
        return Some(Distrust::Owner { dir: dir.to_owned(), user: m.uid() });
    }
    let kept = parent && m.mode() & STICKY != 0;
    (open(m) && !kept).then(|| Distrust::Writable { dir: dir.to_owned() })
}

/// Where a path leads.
struct Way {
    /// The path without links, as far as it exists.
    real: PathBuf,
    /// The state of its last directory.
    last: Metadata,
    /// All of it exists.
    whole: bool,
}

/// Follows an absolute path.
///
/// # Errors
/// A directory or a link on the way that is not trusted.
fn follow(path: &Path, own: u32) -> Result<Option<Way>, Distrust> {
    let names = |path: &Path| -> VecDeque<OsString> { path.components().map(|c| c.as_os_str().to_owned()).collect() };
    let root = Path::new("/");
    let Ok(mut last) = fs::metadata(root) else { return Ok(None) };
    let (mut real, mut rest, mut links) = (root.to_owned(), names(path), 0);
    while let Some(name) = rest.pop_front() {
        match Path::new(&name).components().next() {
            Some(Component::Normal(_)) => {}
            Some(Component::ParentDir) => {
                real.pop();
                let Ok(m) = fs::symlink_metadata(&real) else { return Ok(None) };
                last = m;
                continue;
            }
            _ => continue,
        }
        if let Some(why) = distrust(&real, &last, own, true) {
            return Err(why);
        }
        let next = real.join(&name);
        match fs::symlink_metadata(&next) {
            Ok(m) if m.is_symlink() => {
                links += 1;
                let Ok(target) = fs::read_link(&next) else { return Ok(None) };
                if m.uid() != own && m.uid() != 0 {
                    return Err(Distrust::Owner { dir: next, user: m.uid() });
                }
                if links > MOST_LINKS {
                    return Ok(None);
                }
                if target.is_absolute() {
                    real = root.to_owned();
                    let Ok(m) = fs::metadata(root) else { return Ok(None) };
                    last = m;
                }
                let mut through = names(&target);
                through.append(&mut rest);
                rest = through;
            }
            Ok(m) if m.is_dir() => (real, last) = (next, m),
            // A file in its place or a directory that can't be searched: nothing will be kept.
            Ok(_) => return Ok(None),
            Err(_) => return Ok(Some(Way { real, last, whole: false })),
        }
    }
    if let Some(why) = distrust(&real, &last, own, false) {
        return Err(why);
    }
    Ok(Some(Way { real, last, whole: true }))
}

/// Why user `own` can't trust a directory; none if it is trusted, or if it does not exist and nobody else can create
/// it. Its subdirectories are checked too, unless nobody else reaches them.
pub(crate) fn distrusted(dir: &Path, own: u32) -> Option<Distrust> {
    let way = match follow(dir, own) {
        Ok(way) => way.filter(|way| way.whole)?,
        Err(why) => return Some(why),
    };
    let below = fs::read_dir(&way.real).into_iter().flatten().flatten().map(|e| e.path());
    below.filter_map(|d| Some((fs::symlink_metadata(&d).ok()?, d))).find_map(|(m, d)| match m.is_symlink() {
        // The mode of a link says nothing: its target counts.
        true => follow(&d, own).err(),
        false if closed(&way.last) && m.uid() == own => None,
        false => distrust(&d, &m, own, false),
    })
}

/// Makes a cache directory that is to be trusted ours alone (0700), ahead of its first use, where it would not stay or
/// become so: where others may create one of its name first (below `/tmp`), and under a umask that lets others write what
/// we keep in it. Gives whether there was a reason to: then it has to be checked again.
pub(crate) fn claim(dir: &Path, own: u32) -> bool {
    let Ok(Some(way)) = follow(dir, own) else { return false };
    let mask = umask(Mode::from_bits_truncate(0o077));
    umask(mask);
    let group_is_ours = nix::unistd::getegid().as_raw() == own || own == 0;
    let kept_by_umask = if group_is_ours { 0o002 } else { 0o022 };
    let loose = mask.bits() & kept_by_umask != kept_by_umask;
    if !way.whole && (loose || open(&way.last)) {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        return true;
    }
    let opens = way.whole && loose && way.last.uid() == own && !closed(&way.last);
    opens && fs::set_permissions(&way.real, Permissions::from_mode(0o700)).is_ok()
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
        std::os::unix::fs::symlink("open/../open/./cache", t.path().join("indirect")).unwrap();
        assert_eq!(
            distrusted(&t.path().join("open/../indirect/new"), own),
            Some(Distrust::Writable { dir: real.clone() })
        );
        std::os::unix::fs::symlink("circle", t.path().join("circle")).unwrap();
        assert_eq!(distrusted(&t.path().join("circle"), own), None);
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
