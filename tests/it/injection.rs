//! A run in which one system call of our programs fails.
//!
//! ptrace(2) follows the command and all that it starts. Where the program that runs is one of ours (by /proc/PID/exe),
//! each system call of a class is counted, in all its threads and processes together, and the n-th is not made: its
//! number is replaced at the entry, its result at the exit. What others run, compilers and linkers, is let go.

use crate::support::*;
use nix::errno::Errno;
use nix::libc;
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Calls that fail alike, and how.
pub struct CallClass {
    pub name: &'static str,
    calls: &'static [libc::c_long],
    pub errors: &'static [Errno],
}

/// Everything that our programs do to files, processes and memory (Linux on x86-64).
pub const CLASSES: [CallClass; 9] = [
    CallClass {
        name: "open",
        calls: &[libc::SYS_open, libc::SYS_openat, libc::SYS_openat2, libc::SYS_creat],
        errors: &[Errno::EACCES, Errno::EMFILE, Errno::ENOSPC, Errno::EIO, Errno::ENOENT],
    },
    CallClass {
        name: "read",
        calls: &[libc::SYS_read, libc::SYS_pread64, libc::SYS_getdents64],
        errors: &[Errno::EIO],
    },
    CallClass {
        name: "write",
        calls: &[
            libc::SYS_write,
            libc::SYS_pwrite64,
            libc::SYS_writev,
            libc::SYS_copy_file_range,
            libc::SYS_sendfile,
            libc::SYS_ftruncate,
            libc::SYS_fallocate,
            libc::SYS_fsync,
        ],
        errors: &[Errno::ENOSPC, Errno::EIO, Errno::EDQUOT],
    },
    CallClass {
        name: "rename",
        calls: &[
            libc::SYS_rename,
            libc::SYS_renameat,
            libc::SYS_renameat2,
            libc::SYS_link,
            libc::SYS_linkat,
            libc::SYS_symlink,
            libc::SYS_symlinkat,
        ],
        errors: &[Errno::EACCES, Errno::ENOSPC, Errno::EXDEV],
    },
    CallClass {
        name: "mkdir",
        calls: &[libc::SYS_mkdir, libc::SYS_mkdirat, libc::SYS_chmod, libc::SYS_fchmod, libc::SYS_fchmodat],
        errors: &[Errno::EACCES, Errno::ENOSPC],
    },
    CallClass {
        name: "stat",
        calls: &[libc::SYS_stat, libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_access],
        errors: &[Errno::EACCES, Errno::EIO],
    },
    CallClass {
        name: "fork",
        calls: &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_clone, libc::SYS_clone3],
        errors: &[Errno::EAGAIN, Errno::ENOMEM],
    },
    CallClass {
        name: "exec",
        calls: &[libc::SYS_execve, libc::SYS_execveat],
        errors: &[Errno::EACCES, Errno::ENOENT, Errno::ENOMEM],
    },
    CallClass {
        name: "pipe",
        calls: &[libc::SYS_pipe, libc::SYS_pipe2, libc::SYS_memfd_create, libc::SYS_dup, libc::SYS_socketpair],
        errors: &[Errno::EMFILE],
    },
];

/// One call that fails.
#[derive(Clone, Copy)]
pub struct Fault {
    pub class: &'static CallClass,
    pub error: Errno,
    /// From 1.
    pub nth: u64,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.class.name, self.nth, self.error)
    }
}

/// How a run ended.
pub struct Injected {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    /// Calls of each class that our programs made.
    pub calls: [u64; CLASSES.len()],
    /// The number of the call that failed, and its file or first argument.
    pub failed: Option<String>,
}

#[derive(Default)]
struct Tracee {
    ours: bool,
    /// The end of the call in which it is gets this result.
    result: Option<Errno>,
}

/// One request of ptrace(2).
fn ptrace(request: libc::c_uint, pid: i32, address: usize, data: usize) -> Result<libc::c_long, Errno> {
    // SAFETY: where `data` is the address of a structure, the callers give one of the kernel's size.
    Errno::result(unsafe { libc::ptrace(request, pid, address, data) })
}

fn registers(pid: i32) -> Option<libc::user_regs_struct> {
    // SAFETY: all zeros is a valid value.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    ptrace(libc::PTRACE_GETREGS, pid, 0, &raw mut registers as usize).ok().map(|_| registers)
}

/// Whether a tracee that stopped at a call stands at its entry or its end.
fn syscall_stop(pid: i32) -> Option<u8> {
    // SAFETY: all zeros is a valid value.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    let size = std::mem::size_of_val(&info);
    ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info as usize).ok().map(|_| info.op)
}

fn is_ours(pid: i32) -> bool {
    let ours = [STATICCC, STATICCXX, STATICCTL].map(built);
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| ours.contains(&exe))
}

/// One of our programs: that of `STATICCXX_BIN`, a directory (a release build takes a fifth of the time), or the one that
/// was built with the tests.
pub fn built(program: &str) -> PathBuf {
    let name = Path::new(program).file_name().unwrap();
    std::env::var_os("STATICCXX_BIN").map_or_else(|| program.into(), |dir| Path::new(&dir).join(name))
}

/// The text at an address of a tracee, for messages.
fn string_at(pid: i32, address: u64) -> Option<String> {
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; 256];
    let read = File::open(format!("/proc/{pid}/mem")).ok()?.read_at(&mut bytes, address).ok()?;
    let end = bytes[..read].iter().position(|b| *b == 0)?;
    Some(text(&bytes[..end])).filter(|s| !s.is_empty() && s.is_ascii())
}

/// The file of a tracee's descriptor.
fn file_of(pid: i32, descriptor: u64) -> Option<String> {
    Some(fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).ok()?.to_string_lossy().into_owned())
}

struct Follower {
    tracees: HashMap<i32, Tracee>,
    fault: Option<Fault>,
    calls: [u64; CLASSES.len()],
    failed: Option<String>,
}

impl Follower {
    /// A tracee stands at the entry of a call.
    fn enter(&mut self, pid: i32) {
        let Some(mut registers) = registers(pid) else { return };
        let number = registers.orig_rax as libc::c_long;
        let Some(class) = CLASSES.iter().position(|c| c.calls.contains(&number)) else { return };
        self.calls[class] += 1;
        let Some(fault) = self.fault.filter(|f| f.class.name == CLASSES[class].name) else { return };
        if self.calls[class] != fault.nth {
            return;
        }
        let has_path = !["read", "write"].contains(&fault.class.name);
        let path = [registers.rdi, registers.rsi].into_iter().filter(|_| has_path).find_map(|at| string_at(pid, at));
        let of_descriptor = file_of(pid, registers.rdi);
        // A path may be relative to a directory.
        let name = match (path, of_descriptor) {
            (Some(path), Some(dir)) => Path::new(&dir).join(path).to_string_lossy().into_owned(),
            (path, file) => path.or(file).unwrap_or_default(),
        };
        self.failed = Some(format!("call {number} `{name}`"));
        registers.orig_rax = u64::MAX;
        let _ = ptrace(libc::PTRACE_SETREGS, pid, 0, &raw mut registers as usize);
        self.tracees.entry(pid).or_default().result = Some(fault.error);
    }

    /// A tracee stands at the end of a call.
    fn leave(&mut self, pid: i32) {
        let Some(error) = self.tracees.get_mut(&pid).and_then(|t| t.result.take()) else { return };
        let Some(mut registers) = registers(pid) else { return };
        registers.rax = (-(error as i64)) as u64;
        let _ = ptrace(libc::PTRACE_SETREGS, pid, 0, &raw mut registers as usize);
    }

    /// What a stop means, and the signal that the tracee gets.
    fn stopped(&mut self, pid: i32, status: i32) -> usize {
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        let known = self.tracees.contains_key(&pid);
        let tracee = self.tracees.entry(pid).or_default();
        if !known {
            tracee.ours = is_ours(pid);
            // Children begin with a stop of their own.
            return 0;
        }
        match event {
            libc::PTRACE_EVENT_EXEC => {
                tracee.ours = is_ours(pid);
                0
            }
            0 if signal == libc::SIGTRAP | 0x80 => {
                match syscall_stop(pid) {
                    Some(libc::PTRACE_SYSCALL_INFO_ENTRY) => self.enter(pid),
                    Some(libc::PTRACE_SYSCALL_INFO_EXIT) => self.leave(pid),
                    _ => {}
                }
                0
            }
            0 => signal.unsigned_abs() as usize,
            _ => 0,
        }
    }
}

/// Longer than any of the calls takes.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a command to its end, and whatever it leaves behind.
pub fn run(mut command: Command, fault: Option<Fault>) -> Injected {
    let dir = Dir::new();
    let [out, err] = ["out", "err"].map(|n| File::create(dir.join(n)).unwrap());
    command.stdout(out).stderr(err);
    // SAFETY: ptrace(2) is async-signal-safe.
    unsafe { command.pre_exec(|| ptrace(libc::PTRACE_TRACEME, 0, 0, 0).map(drop).map_err(Into::into)) };
    // It is waited for below, with everything that it starts.
    let first = command.spawn().unwrap().id().cast_signed();
    let mut follower = Follower { tracees: HashMap::new(), fault, calls: [0; CLASSES.len()], failed: None };
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_EXITKILL;
    let began = Instant::now();
    let mut ended = None;
    loop {
        let mut status = 0;
        // Tracees belong to this thread: other tests wait for theirs.
        // SAFETY: writes one number.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
        if pid < 0 {
            break;
        }
        if began.elapsed() > LIMIT {
            // Tracees end with their tracer.
            panic!("no end after {LIMIT:?}: {command:?}");
        }
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            follower.tracees.remove(&pid);
            if pid == first {
                ended = Some(ExitStatus::from_raw(status));
            }
            continue;
        }
        if pid == first && follower.tracees.is_empty() && ended.is_none() {
            ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options as usize).unwrap();
        }
        let signal = follower.stopped(pid, status);
        let ours = follower.tracees.get(&pid).is_some_and(|t| t.ours);
        let next = if ours { libc::PTRACE_SYSCALL } else { libc::PTRACE_CONT };
        let _ = ptrace(next, pid, 0, signal);
    }
    let said = |name: &str| text(&fs::read(dir.join(name)).unwrap());
    Injected {
        status: ended.unwrap(),
        stdout: said("out"),
        stderr: said("err"),
        calls: follower.calls,
        failed: follower.failed,
    }
}
