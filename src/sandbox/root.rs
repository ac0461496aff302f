//! A read-only root in memory.

use super::{JailError, NONROOT};
use crate::rootfs::tree::{FileContent, FileTree, Node};
use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::{Gid, Uid, chown};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Files up to this size are copied, larger ones are bound: a copy costs memory, a mount a descriptor meanwhile.
const COPIED: u64 = 64 * 1024;

/// What is in the root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Root<'a> {
    /// Files, directories and links.
    pub tree: Option<&'a FileTree>,
    /// A directory of this machine whose entries are the root's first ones.
    pub base: Option<&'a Path>,
    /// Names in that directory that are not shown.
    pub without: &'a [&'a str],
    /// A file of the base, and the file that is shown in its place.
    pub instead: Option<(&'a Path, &'a Path)>,
    /// A writable /tmp.
    pub tmp: bool,
    /// /dev with the devices that every container runtime gives, and /dev/shm.
    pub dev: bool,
    /// /proc.
    pub proc: bool,
    /// The machine's resolv.conf, as container runtimes add it for programs with a network.
    pub resolver: bool,
    /// A directory for terminal descriptions: ncurses asks for a terminal only where there is one, so that a trace would
    /// not tell which.
    pub terminals: bool,
}

/// Where ncurses looks for descriptions of terminals on every system.
const TERMINALS: &str = "usr/share/terminfo";

/// The devices of every container runtime.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];

/// Directories over which the root can be mounted before it becomes the root: nothing for a root comes from there.
const MOUNT_POINTS: [&str; 3] = ["/sys", "/mnt", "/"];

fn at<E: Into<Errno>>(what: &str, path: &Path) -> impl FnOnce(E) -> JailError {
    let step = format!("`{}` can't be {what} in the root", path.display());
    move |e| JailError::new(step, e.into())
}

fn io_at(what: &str, path: &Path) -> impl FnOnce(io::Error) -> JailError {
    let step = format!("`{}` can't be {what} in the root", path.display());
    move |e| JailError::io(step, &e)
}

/// A file that is to be bound, opened before the mount point of the root may hide it.
struct Bound {
    source: File,
    target: PathBuf,
    directory: bool,
}

impl Root<'_> {
    /// Builds it and moves into it. Called in namespaces of our own.
    ///
    /// # Errors
    /// The step that failed.
    pub(crate) fn build(&self) -> Result<(), JailError> {
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
            .map_err(|e| JailError::new("mounts can't be made private", e).forbidden())?;
        // A umask is for files of the user's, not for these.
        // SAFETY: touches one number of this process.
        unsafe { libc::umask(0) };
        let bound = self.open_sources()?;
        // Sources may be named relative to where we are now.
        let here = std::env::current_dir().unwrap_or_default();
        let point = MOUNT_POINTS.iter().find(|p| Path::new(p).is_dir()).unwrap_or(&"/");
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), *point, Some("tmpfs"), flags, Some("mode=0755"))
            .map_err(|e| JailError::new("an empty root can't be mounted", e).forbidden())?;
        nix::unistd::chdir(*point).map_err(|e| JailError::new("the empty root can't be entered", e))?;
        for b in &bound {
            bind(b)?;
        }
        self.make_tree(&here)?;
        if self.terminals && !self.has_whole(Path::new(TERMINALS)) {
            let _ = fs::create_dir_all(TERMINALS);
        }
        if self.tmp {
            mount_at("tmp", "tmpfs", flags, "mode=1777")?;
        }
        if self.dev {
            dev_links()?;
            mount_at("dev/shm", "tmpfs", flags | MsFlags::MS_NOEXEC, "mode=1777")?;
        }
        if self.proc {
            mount_at("proc", "proc", flags | MsFlags::MS_NOEXEC, "")?;
        }
        nix::unistd::pivot_root(".", ".").map_err(|e| JailError::new("the root can't be changed", e).forbidden())?;
        umount2(".", MntFlags::MNT_DETACH).map_err(|e| JailError::new("the old root can't be left", e))?;
        nix::unistd::chdir("/").map_err(|e| JailError::new("the new root can't be entered", e))?;
        let read_only = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        mount(None::<&str>, "/", None::<&str>, read_only, None::<&str>)
            .map_err(|e| JailError::new("the root can't be made read-only", e).forbidden())?;
        let _ = nix::unistd::sethostname("empty");
        Ok(())
    }

    /// Opens whatever comes from this machine's own files.
    fn open_sources(&self) -> Result<Vec<Bound>, JailError> {
        let mut bound = Vec::new();
        let mut open = |source: &Path, target: PathBuf| -> Result<(), JailError> {
            let flags = libc::O_PATH | libc::O_CLOEXEC;
            let file = File::options().read(true).custom_flags(flags).open(source).map_err(io_at("opened", source))?;
            let directory = file.metadata().map_err(io_at("looked at", source))?.is_dir();
            bound.push(Bound { source: file, target, directory });
            Ok(())
        };
        if let Some(base) = self.base {
            for entry in fs::read_dir(base).map_err(io_at("read", base))? {
                let entry = entry.map_err(io_at("read", base))?;
                if !entry.file_type().is_ok_and(|t| t.is_symlink()) && !self.is_ours(&entry.file_name()) {
                    open(&entry.path(), entry.file_name().into())?;
                }
            }
        }
        if let Some((of_base, shown)) = self.instead {
            open(shown, of_base.strip_prefix("/").unwrap_or(of_base).to_owned())?;
        }
        for device in DEVICES.iter().filter(|_| self.dev) {
            // A container without a terminal has no /dev/tty.
            let path = Path::new("/dev").join(device);
            if path.exists() {
                open(&path, Path::new("dev").join(device))?;
            }
        }
        let resolver = Path::new("/etc/resolv.conf");
        if self.resolver && resolver.exists() && !self.has("etc") {
            open(resolver, "etc/resolv.conf".into())?;
        }
        for (path, node) in self.tree.iter().flat_map(|t| t.iter()) {
            if let Node::File { content: FileContent::File(source, _), executable } = node
                && is_bound(source, *executable)
                && !self.has_whole(path)
            {
                open(source, path.to_owned())?;
            }
        }
        Ok(bound)
    }

    /// Directories that we fill ourselves, whatever the base has there.
    fn is_ours(&self, name: &std::ffi::OsStr) -> bool {
        (name == "tmp" && self.tmp)
            || (name == "dev" && self.dev)
            || (name == "proc" && self.proc)
            || self.without.iter().any(|without| name == *without)
    }

    /// Whether the base brings an entry of this name.
    fn has(&self, name: impl AsRef<Path>) -> bool {
        self.base.is_some_and(|b| b.join(name).symlink_metadata().is_ok())
    }

    /// Whether the first directory of a path comes whole from the base.
    fn has_whole(&self, path: &Path) -> bool {
        path.components().next().is_some_and(|first| self.has(first))
    }

    /// `here`: what the paths of sources and base are relative to.
    fn make_tree(&self, here: &Path) -> Result<(), JailError> {
        if let Some(base) = self.base {
            for entry in fs::read_dir(here.join(base)).map_err(io_at("read", base))? {
                let entry = entry.map_err(io_at("read", base))?;
                if let Ok(target) = fs::read_link(entry.path()) {
                    let name = PathBuf::from(entry.file_name());
                    symlink(target, &name).map_err(io_at("linked", &name))?;
                }
            }
        }
        for (path, node) in self.tree.iter().flat_map(|t| t.iter()) {
            if self.has_whole(path) {
                continue;
            }
            match node {
                Node::Directory { mode, owner } => {
                    fs::create_dir_all(path).map_err(io_at("made", path))?;
                    fs::set_permissions(path, Permissions::from_mode(*mode)).map_err(io_at("made", path))?;
                    if *owner == NONROOT {
                        // Only root can give it away; everyone else is this user already.
                        let _ = chown(path, Some(Uid::from_raw(NONROOT)), Some(Gid::from_raw(NONROOT)));
                    }
                }
                Node::Link { target } => symlink(target, path).map_err(io_at("linked", path))?,
                Node::File { content, executable } => make_file(path, content, *executable, here)?,
            }
        }
        Ok(())
    }
}

/// Whether a file is bound rather than copied: if it is large, and the program's user may read it as it is.
fn is_bound(source: &Path, executable: bool) -> bool {
    let Ok(meta) = fs::metadata(source) else { return false };
    let wanted = if executable { 0o005 } else { 0o004 };
    // An ordinary user is the program's user under another number; root is not.
    let own = !Uid::effective().is_root() && meta.uid() == Uid::effective().as_raw();
    let allowed = if own { meta.mode() >> 6 } else { meta.mode() };
    meta.len() > COPIED && allowed & wanted == wanted
}

fn make_file(path: &Path, content: &FileContent, executable: bool, here: &Path) -> Result<(), JailError> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    match content {
        FileContent::Bytes(bytes) => fs::write(path, bytes).map_err(io_at("written", path))?,
        FileContent::File(source, _) => {
            let mut from = File::open(here.join(source)).map_err(io_at("read", source))?;
            let mut to = File::create_new(path).map_err(io_at("written", path))?;
            io::copy(&mut from, &mut to).map_err(io_at("written", path))?;
        }
    }
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(io_at("written", path))
}

/// Shows a file or directory of this machine in the root, read-only and without set-user-ID and, below directories,
/// devices.
fn bind(b: &Bound) -> Result<(), JailError> {
    let target = &b.target;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(io_at("made", parent))?;
    }
    if b.directory {
        fs::create_dir(target).map_err(io_at("made", target))?;
    } else if target.symlink_metadata().is_err() {
        File::create(target).map_err(io_at("made", target))?;
    }
    let source = format!("/proc/self/fd/{}", b.source.as_raw_fd());
    mount(Some(source.as_str()), target, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)
        .map_err(at("bound", target))?;
    let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID | MsFlags::MS_RDONLY;
    // What the underlying mount forbids can't be allowed again, and asking for that is an error.
    let mounted = File::options().read(true).custom_flags(libc::O_PATH | libc::O_CLOEXEC).open(target);
    let locked = mounted.map_err(io_at("opened", target)).and_then(|f| fstatvfs(&f).map_err(at("looked at", target)));
    let locked = locked?.flags();
    for (has, keep) in [
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ] {
        if locked.contains(has) {
            flags |= keep;
        }
    }
    if b.directory {
        flags |= MsFlags::MS_NODEV;
    }
    let device = !b.directory && target.starts_with("dev");
    if device {
        return Ok(());
    }
    mount(None::<&str>, target, None::<&str>, flags, None::<&str>).map_err(at("made read-only", target))
}

fn mount_at(path: &str, kind: &str, flags: MsFlags, options: &str) -> Result<(), JailError> {
    fs::create_dir_all(path).map_err(io_at("made", Path::new(path)))?;
    let failed = |e| JailError::new(format!("`/{path}` can't be mounted in the root"), e).forbidden();
    mount(Some(kind), path, Some(kind), flags, Some(options)).map_err(failed)
}

fn dev_links() -> Result<(), JailError> {
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")] {
        let path = Path::new("dev").join(name);
        symlink(target, &path).map_err(io_at("linked", &path))?;
    }
    Ok(())
}

/// Brings the loopback interface of a network namespace up, as container runtimes do. A program that needs it will
/// say so if that fails.
pub(crate) fn raise_loopback() {
    // SAFETY: the structure is zeroed and holds a name that ends in zero; the descriptor is ours.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return;
        }
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = libc::c_char::from_ne_bytes([*from]);
        }
        #[allow(clippy::cast_possible_truncation)]
        {
            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        }
        libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request);
        libc::close(socket);
    }
}
