//! A program in namespaces of its own.
//!
//! ```text
//! staticctl ── waits, passes signals on, reads the messages
//!   └─ keeper: first process of the namespaces; builds the root, traces, reaps
//!        └─ program: no capabilities, no new privileges
//! ```
//!
//! The keeper stands between because the first process of a PID namespace is immune to signals that it does not
//! handle: a program in its place could not be stopped by SIGTERM. Keeper and program write to one pipe, one JSON line per
//! message.

use super::attempt::Attempt;
use super::keeper_pipe::{JailError, KeeperMessage, KeeperPipe, NAMESPACES};
use super::relay::Relay;
use super::{Ended, terminal_guard, tracer};
use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, clone};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Pid, Uid, fork, pipe2};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// The user and group in the namespace, and, when we are root, outside of it: distroless images call it `nonroot`.
pub(crate) const NONROOT: u32 = 65532;

/// What is to run, and in what.
pub(crate) struct Jail<'a> {
    /// Namespaces in addition to those for users, processes and mounts, which are always made.
    pub namespaces: CloneFlags,
    /// Path of the program in its root.
    pub program: CString,
    /// `argv`.
    pub argv: Vec<CString>,
    pub environment: Vec<CString>,
    /// Builds the root and goes there; runs in the keeper.
    pub prepare: &'a dyn Fn() -> Result<(), JailError>,
    /// Report failed attempts.
    pub trace: bool,
    /// The program is only observed: it gets no input, its output is discarded, and its time is limited.
    pub watched: Option<Watched>,
}

/// The limits of a run that is only watched.
pub(crate) struct Watched {
    /// Where its output goes: a file of the host's, since the root may not even have a /dev/null.
    pub sink: File,
    /// How long it may run.
    pub limit: Duration,
    /// The size of the largest file that it may write, in bytes; its sink is one.
    pub largest_file: Option<u64>,
}

/// How a jailed program did.
#[derive(Debug)]
pub(crate) struct JailOutcome {
    pub ended: Ended,
    /// What it missed, in order, without duplicates.
    pub attempts: Vec<Attempt>,
    /// It was ended because its time was over.
    pub timed_out: bool,
}

/// Room for the keeper, which runs on a stack of its own.
const STACK: usize = 1 << 20;

/// Runs a program in its jail to its end.
///
/// Must be called while the process has one thread: the keeper is a copy of it.
///
/// # Errors
/// The step that failed; the program has not run then.
pub(crate) fn run_in_jail(jail: &Jail<'_>) -> Result<JailOutcome, JailError> {
    let pipe = || pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|e| JailError::new("a pipe can't be created", e));
    let ((hear, speak), (go_read, go_write)) = (pipe()?, pipe()?);
    let relay = Relay::hold();
    let mut stack = vec![0; STACK];
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | jail.namespaces;
    let mut own = Some((speak.try_clone(), go_read.try_clone()));
    let keeper = Box::new(|| match own.take() {
        Some((Ok(speak), Ok(go))) => keep(jail, &relay, speak, go),
        _ => 1,
    });
    // SAFETY: one thread, memory is copied, and the keeper never returns into our frames.
    let pid = unsafe { clone(keeper, &mut stack, flags, Some(libc::SIGCHLD)) };
    drop((own, speak, go_read));
    let pid = pid.map_err(|e| {
        relay.end();
        JailError::new(NAMESPACES, e).forbidden()
    })?;
    let mapped = map_ids(pid);
    if jail.watched.is_some() {
        relay.end();
    } else {
        relay.release_to(pid, false);
    }
    if mapped.is_ok() {
        let _ = File::from(go_write).write_all(b".");
    } else {
        // It has a copy of its own of that end of the pipe, and would wait for ever.
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        drop(go_write);
    }
    let heard = listen(hear, jail.watched.as_ref().map(|w| w.limit), pid);
    reap(pid);
    relay.end();
    mapped?;
    heard
}

fn reap(pid: Pid) {
    while let Err(Errno::EINTR) = waitpid(pid, None) {}
}

/// Reads until the keeper and the program are gone.
fn listen(hear: OwnedFd, limit: Option<Duration>, keeper: Pid) -> Result<JailOutcome, JailError> {
    let mut reader = BufReader::new(File::from(hear));
    let (start, mut timed_out) = (Instant::now(), false);
    let (mut ended, mut attempts) = (None, Vec::new());
    loop {
        if let Some(limit) = limit {
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                timed_out = true;
                let _ = nix::sys::signal::kill(keeper, nix::sys::signal::Signal::SIGKILL);
                break;
            }
            if reader.buffer().is_empty() {
                // Rounded up, so that a timeout is never early.
                let wait = u16::try_from(left.as_millis() + 1).unwrap_or(u16::MAX);
                let fd = reader.get_ref().as_fd();
                let mut polled = [nix::poll::PollFd::new(fd, nix::poll::PollFlags::POLLIN)];
                if matches!(nix::poll::poll(&mut polled, wait), Ok(0) | Err(Errno::EINTR)) {
                    continue;
                }
            }
        }
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(JailError::io("the pipe from the program's keeper can't be read", &e)),
        }
        match serde_json::from_str(&line) {
            Ok(KeeperMessage::Failed(error)) => return Err(error),
            Ok(KeeperMessage::Tried(attempt)) => attempts.push(attempt),
            Ok(KeeperMessage::Exited(code)) => ended = Some(Ended::Exited(code)),
            Ok(KeeperMessage::Killed(signal)) => ended = Some(Ended::Killed(signal)),
            Err(_) => {}
        }
    }
    let ended = match ended {
        Some(ended) => ended,
        None if timed_out => Ended::Killed(libc::SIGKILL),
        None => return Err(JailError::new("the program's keeper ended without a report", Errno::ECHILD)),
    };
    Ok(JailOutcome { ended, attempts, timed_out })
}

/// Root gets an unprivileged ID for the program and keeps its own while it builds the root; other users keep theirs
/// under another number.
fn map_ids(keeper: Pid) -> Result<(), JailError> {
    let write = |file: &str, text: String| {
        if !std::path::Path::new("/proc/self").exists() {
            return Err(JailError::new("namespaces can't be set up without /proc", Errno::ENOENT).forbidden());
        }
        fs::write(format!("/proc/{keeper}/{file}"), text)
            .map_err(|e| JailError::io(format!("`{file}` of the namespace can't be written"), &e).forbidden())
    };
    let (uid, gid) = (Uid::effective(), Gid::effective());
    if uid.is_root() {
        write("uid_map", format!("0 0 1\n{NONROOT} {NONROOT} 1\n"))?;
        write("gid_map", format!("0 0 1\n{NONROOT} {NONROOT} 1\n"))
    } else {
        write("uid_map", format!("{NONROOT} {uid} 1\n"))?;
        write("setgroups", "deny".into())?;
        write("gid_map", format!("{NONROOT} {gid} 1\n"))
    }
}

/// The first process in the namespaces, to its end. Gives its exit status.
fn keep(jail: &Jail<'_>, relay: &Relay, speak: OwnedFd, go: OwnedFd) -> isize {
    let pipe_out = KeeperPipe(File::from(speak));
    // SAFETY: no memory is involved. Our death is the keeper's, and the keeper's that of all in the namespace.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let mut byte = [0];
    if File::from(go).read_exact(&mut byte).is_err() {
        return 1;
    }
    let tracer = match tracer::Tracer::new(jail.trace) {
        Ok(tracer) => tracer,
        Err(error) => return fail(&pipe_out, error),
    };
    if let Err(error) = (jail.prepare)() {
        return fail(&pipe_out, error);
    }
    let gate = match pipe2(nix::fcntl::OFlag::O_CLOEXEC) {
        Ok(gate) => gate,
        Err(e) => return fail(&pipe_out, JailError::new("a pipe can't be created", e)),
    };
    // SAFETY: one thread.
    match unsafe { fork() } {
        Err(e) => fail(&pipe_out, JailError::new("no process can be created", e)),
        Ok(ForkResult::Child) => {
            let error = become_program(jail, relay, gate);
            pipe_out.send(&KeeperMessage::Failed(error));
            // SAFETY: ends this process without running anything of its parent's.
            unsafe { libc::_exit(127) }
        }
        Ok(ForkResult::Parent { child }) => {
            relay.release_to(child, true);
            if jail.trace
                && let Err(error) = tracer.seize(child)
            {
                return fail(&pipe_out, error);
            }
            drop(gate);
            let ended = if jail.trace {
                tracer.follow(child, &mut |attempt| pipe_out.tried(attempt), &mut || {})
            } else {
                wait_for(child)
            };
            pipe_out.send(&match ended {
                Ended::Exited(code) => KeeperMessage::Exited(code),
                Ended::Killed(signal) => KeeperMessage::Killed(signal),
            });
            0
        }
    }
}

fn fail(pipe_out: &KeeperPipe, error: JailError) -> isize {
    pipe_out.send(&KeeperMessage::Failed(error));
    1
}

/// Waits for the program, and for every orphan that falls to the first process meanwhile.
fn wait_for(program: Pid) -> Ended {
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == program => return Ended::Exited(code),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == program => return Ended::Killed(signal as i32),
            Err(Errno::ECHILD) => return Ended::Exited(1),
            _ => {}
        }
    }
}

/// Everything between fork and exec. Comes back only with what went wrong.
fn become_program(jail: &Jail<'_>, relay: &Relay, gate: (OwnedFd, OwnedFd)) -> JailError {
    let (read, write) = gate;
    drop(write);
    // Opens when the tracer is there, or, without one, at once.
    let _ = File::from(read).read(&mut [0]);
    if let Some(watched) = &jail.watched
        && let Err(error) = silence(&watched.sink).and_then(|()| bound_files(watched.largest_file))
    {
        return error;
    }
    if let Err(e) = drop_privileges() {
        return JailError::new("privileges can't be dropped", e);
    }
    if jail.trace
        && let Err(e) = tracer::install_filter()
    {
        return JailError::new("system calls can't be filtered", e).forbidden();
    }
    if let Err(e) = terminal_guard::guard() {
        return JailError::new("system calls can't be filtered", e).forbidden();
    }
    if let Err(e) = close_others() {
        return JailError::new("inherited files can't be closed", e);
    }
    relay.undo();
    super::caller::give_back();
    let Err(e) = nix::unistd::execve(&jail.program, &jail.argv, &jail.environment);
    JailError { at_exec: true, ..JailError::new(format!("`{}` can't be run", jail.program.to_string_lossy()), e) }
}

/// Gives the program an empty stdin and a sink for its output.
fn silence(sink: &File) -> Result<(), JailError> {
    let failed = |e| JailError::new("stdin, stdout and stderr can't be silenced", e);
    let (read, write) = pipe2(nix::fcntl::OFlag::empty()).map_err(failed)?;
    drop(write);
    for (from, to) in [(read.as_raw_fd(), 0), (sink.as_raw_fd(), 1), (sink.as_raw_fd(), 2)] {
        // SAFETY: descriptors of our own.
        Errno::result(unsafe { libc::dup2(from, to) }).map_err(failed)?;
    }
    Ok(())
}

fn bound_files(largest: Option<u64>) -> Result<(), JailError> {
    let Some(largest) = largest else { return Ok(()) };
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_FSIZE, largest, largest)
        .map_err(|e| JailError::new("the size of files can't be limited", e))
}

/// Leaves the program stdin, stdout and stderr, and none of its caller's keys (keyrings(7)).
fn close_others() -> Result<(), Errno> {
    const JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: no memory is involved. At exec, so that the pipe to the keeper can still carry an error.
    unsafe {
        let closed = libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
        if Errno::result(closed).is_err() {
            // Linux before 5.11: one after another.
            let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20);
            for number in 3..i32::try_from(most).unwrap_or(256) {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
        // A kernel or a container without keyrings has none to leave.
        match Errno::result(libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>())) {
            Ok(_) | Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

fn drop_privileges() -> Result<(), Errno> {
    let (uid, gid) = (Uid::from_raw(NONROOT), Gid::from_raw(NONROOT));
    // Only root can drop supplementary groups; others keep theirs, as unmapped numbers.
    let _ = nix::unistd::setgroups(&[]);
    nix::unistd::setresgid(gid, gid, gid)?;
    nix::unistd::setresuid(uid, uid, uid)?;
    // SAFETY: no memory is involved.
    unsafe {
        Errno::result(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        // An ordinary user keeps its number and with it the namespace's capabilities until exec; exec of a user
        // that is not root of the namespace drops them all, unless they are ambient.
        Errno::result(libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))?;
    }
    Ok(())
}
