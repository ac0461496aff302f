//! Traces a program and everything that it starts, and reports which files they failed to open, or all that they touch.
//!
//! A seccomp filter stops a process at the calls that name files; ptrace gives their arguments and then the kernel's
//! result. So the result is real and not guessed, other calls run at full speed, and threads, forks and execs are
//! followed by the kernel itself. The process can't outlive its tracer.

use super::Ended;
use super::attempt::{Attempt, FileAccess};
use super::keeper_pipe::JailError;
use super::seccomp;
use super::syscalls::{self, FileCall, StoppedCall};
use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs::File;
use std::io::IoSliceMut;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const OPTIONS: libc::c_int = libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_EXITKILL;

/// The follower of one program.
pub(super) struct Tracer {
    /// A /proc of the namespace, to look up what relative paths are relative to; none where it can't be mounted.
    proc: Option<File>,
    reports: Reports,
}

/// What is reported, and how long processes are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reports {
    /// What was missing, until the program itself has ended.
    Missed,
    /// What was there too, until the last process has ended.
    Everything,
}

/// A call that has not ended yet.
struct Pending {
    call: FileCall,
    /// Of a call after whose end the memory is another program's.
    path: Option<PathBuf>,
}

/// How often the last processes are looked at while nothing holds the program any more.
const AFTERWARDS: Duration = Duration::from_millis(20);

/// Installs the filter in the calling process.
///
/// # Errors
/// What the kernel says; ENOSYS on a machine whose calls are not known here.
pub(super) fn install_filter() -> Result<(), Errno> {
    seccomp::install(syscalls::filter())
}

/// One request of ptrace that takes and gives numbers only.
fn ptrace(request: libc::c_uint, pid: i32, data: libc::c_long) -> Result<(), Errno> {
    // SAFETY: none of the requests that come here writes to our memory.
    Errno::result(unsafe { libc::ptrace(request, pid, std::ptr::null_mut::<libc::c_void>(), data) }).map(drop)
}

impl Tracer {
    /// Called in the keeper before the root is built. `wanted` is whether there will be anything to follow.
    ///
    /// # Errors
    /// A machine whose system calls are not known.
    pub(super) fn new(wanted: bool) -> Result<Tracer, JailError> {
        if !wanted {
            return Ok(Tracer { proc: None, reports: Reports::Missed });
        }
        known_machine()?;
        Ok(Tracer { proc: own_proc(), reports: Reports::Missed })
    }

    /// For a program outside of any namespace of ours, of which everything is reported.
    ///
    /// # Errors
    /// A machine whose system calls are not known.
    pub(super) fn outside() -> Result<Tracer, JailError> {
        known_machine()?;
        Ok(Tracer { proc: File::open("/proc").ok(), reports: Reports::Everything })
    }

    /// Takes hold of the program, which waits for that.
    ///
    /// # Errors
    /// A machine that does not allow it.
    pub(super) fn seize(&self, program: Pid) -> Result<(), JailError> {
        ptrace(libc::PTRACE_SEIZE, program.as_raw(), libc::c_long::from(OPTIONS))
            .map_err(|e| JailError::new("the program can't be traced", e).forbidden())
    }

    /// Follows until the program has ended, or the last process if everything is reported. Gives how the program ended.
    /// `late` is called when a signal has interrupted the waiting.
    pub(super) fn follow(&self, program: Pid, tell: &mut dyn FnMut(Attempt), late: &mut dyn FnMut()) -> Ended {
        let mut pending: HashMap<i32, Pending> = HashMap::new();
        let mut said = BTreeSet::new();
        let mut ended = None;
        loop {
            let Some((pid, status)) = next_event(ended.is_some(), late) else {
                return ended.unwrap_or(Ended::Exited(1));
            };
            if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
                pending.remove(&pid);
                if pid == program.as_raw() {
                    ended = Some(if libc::WIFEXITED(status) {
                        Ended::Exited(libc::WEXITSTATUS(status))
                    } else {
                        Ended::Killed(libc::WTERMSIG(status))
                    });
                }
                match ended {
                    Some(ended) if self.reports == Reports::Missed => return ended,
                    _ => continue,
                }
            }
            let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
            let _ = match event {
                libc::PTRACE_EVENT_SECCOMP => match self.asked(pid) {
                    Some(request) => {
                        pending.insert(pid, request);
                        ptrace(libc::PTRACE_SYSCALL, pid, 0)
                    }
                    None => ptrace(libc::PTRACE_CONT, pid, 0),
                },
                libc::PTRACE_EVENT_STOP => match signal {
                    // Stopped as a group, by job control: it must stay so until somebody says SIGCONT.
                    libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => {
                        ptrace(libc::PTRACE_LISTEN, pid, 0)
                    }
                    _ => ptrace(libc::PTRACE_CONT, pid, 0),
                },
                // The exec that is under way has an end of its own to be seen.
                libc::PTRACE_EVENT_EXEC => {
                    let next = if pending.contains_key(&pid) { libc::PTRACE_SYSCALL } else { libc::PTRACE_CONT };
                    ptrace(next, pid, 0)
                }
                0 if signal == libc::SIGTRAP | 0x80 => {
                    if let Some(request) = pending.remove(&pid)
                        && let Some(errno) = answer(pid)
                        && let Some(attempt) = self.attempt(pid, request, errno)
                        && said.insert(attempt.clone())
                    {
                        tell(attempt);
                    }
                    ptrace(libc::PTRACE_CONT, pid, 0)
                }
                0 => ptrace(libc::PTRACE_CONT, pid, libc::c_long::from(signal)),
                _ => ptrace(libc::PTRACE_CONT, pid, 0),
            };
        }
    }

    /// What the call at which a process stands wants.
    fn asked(&self, pid: i32) -> Option<Pending> {
        let info = info(pid)?;
        if info.op != libc::PTRACE_SYSCALL_INFO_SECCOMP {
            return None;
        }
        // SAFETY: `op` says which member is there.
        let call = unsafe { info.u.seccomp };
        let stopped = StoppedCall { machine: info.arch, number: call.nr, arguments: call.args };
        let call = syscalls::file_call(&stopped, |address| {
            let bytes = read(pid, address, 8);
            Some(u64::from_ne_bytes(bytes.get(..8)?.try_into().ok()?))
        })?;
        let path = if call.wanted == FileAccess::Exec { self.path(pid, &call) } else { None };
        Some(Pending { call, path })
    }

    /// `errno` is 0 for a call that succeeded.
    fn attempt(&self, pid: i32, request: Pending, errno: i32) -> Option<Attempt> {
        let counts = match request.call.wanted {
            _ if errno == 0 => self.reports == Reports::Everything,
            FileAccess::Write => [libc::ENOENT, libc::ENOTDIR, libc::EROFS, libc::EACCES].contains(&errno),
            FileAccess::Exec => [libc::ENOENT, libc::ENOTDIR, libc::EACCES].contains(&errno),
            _ => [libc::ENOENT, libc::ENOTDIR].contains(&errno),
        };
        if !counts {
            return None;
        }
        let path = request.path.or_else(|| self.path(pid, &request.call))?;
        Some(Attempt { path: path.to_string_lossy().into_owned(), wanted: request.call.wanted, errno })
    }

    /// The absolute path that a call names.
    fn path(&self, pid: i32, request: &FileCall) -> Option<PathBuf> {
        let path = if request.in_socket_address {
            let bytes = read(pid, request.path, 110);
            let (family, path) = bytes.split_at_checked(2)?;
            // Names without a file begin with a zero byte.
            if family != u16::try_from(libc::AF_UNIX).ok()?.to_ne_bytes() || path.first() == Some(&0) {
                return None;
            }
            path.split(|b| *b == 0).next()?.to_vec()
        } else {
            let bytes = read(pid, request.path, libc::PATH_MAX as usize);
            let end = bytes.iter().position(|b| *b == 0)?;
            bytes.get(..end)?.to_vec()
        };
        if path.is_empty() {
            return None;
        }
        Some(self.absolute(pid, request.directory, Path::new(OsStr::from_bytes(&path))))
    }

    fn absolute(&self, pid: i32, directory: i32, path: &Path) -> PathBuf {
        if path.is_absolute() {
            return path.to_owned();
        }
        let link = match directory {
            libc::AT_FDCWD => format!("{pid}/cwd"),
            fd => format!("{pid}/fd/{fd}"),
        };
        let base = self.proc.as_ref().and_then(|proc| nix::fcntl::readlinkat(proc, link.as_str()).ok());
        base.map_or_else(|| path.to_owned(), |base| Path::new(&base).join(path))
    }
}

/// What happened next to any process, and its status; none if there is none left. With `afterwards` a signal that asks us
/// to stop ends it too.
fn next_event(afterwards: bool, late: &mut dyn FnMut()) -> Option<(i32, i32)> {
    let flags = if afterwards { libc::__WALL | libc::WNOHANG } else { libc::__WALL };
    loop {
        let mut status = 0;
        // SAFETY: writes one number.
        match unsafe { libc::waitpid(-1, &raw mut status, flags) } {
            0 if super::caught_signal().is_some() => return None,
            0 => std::thread::sleep(AFTERWARDS),
            pid if pid > 0 => return Some((pid, status)),
            _ if Errno::last() == Errno::EINTR => late(),
            _ => return None,
        }
    }
}

fn known_machine() -> Result<(), JailError> {
    match syscalls::filter().is_empty() {
        false => Ok(()),
        true => Err(JailError::new("the system calls of this machine are not supported by --trace", Errno::ENOSYS)),
    }
}

/// Mounts a /proc of the namespace that we are the first process of, opens it, and hides it again.
fn own_proc() -> Option<File> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).ok()?;
    mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>).ok()?;
    let opened = File::open("/proc").ok();
    let _ = umount2("/proc", MntFlags::MNT_DETACH);
    opened
}

fn info(pid: i32) -> Option<libc::ptrace_syscall_info> {
    let mut info = std::mem::MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    let size = size_of::<libc::ptrace_syscall_info>();
    // SAFETY: the kernel writes at most `size` bytes into a structure that is valid for any bytes.
    unsafe {
        Errno::result(libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, info.as_mut_ptr())).ok()?;
        Some(info.assume_init())
    }
}

/// The error number with which the call ended at whose end a process stands; 0 for none.
fn answer(pid: i32) -> Option<i32> {
    let info = info(pid)?;
    if info.op != libc::PTRACE_SYSCALL_INFO_EXIT {
        return None;
    }
    // SAFETY: `op` says which member is there.
    let exit = unsafe { info.u.exit };
    Some(if exit.is_error == 0 { 0 } else { i32::try_from(-exit.sval).unwrap_or(libc::EIO) })
}

/// Up to `most` bytes of a process's memory. Page by page: what follows the last page may not be mapped.
fn read(pid: i32, address: u64, most: usize) -> Vec<u8> {
    const PAGE: usize = 4096;
    let Ok(start) = usize::try_from(address) else { return Vec::new() };
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Some(base) = start.checked_add(bytes.len()) else { break };
        let len = (PAGE - base % PAGE).min(most - bytes.len());
        let mut chunk = vec![0; len];
        let remote = [RemoteIoVec { base, len }];
        match process_vm_readv(Pid::from_raw(pid), &mut [IoSliceMut::new(&mut chunk)], &remote) {
            Ok(n) if n > 0 => bytes.extend_from_slice(chunk.get(..n).unwrap_or_default()),
            _ => break,
        }
        if bytes.contains(&0) && most > 256 {
            break;
        }
    }
    bytes
}
