//! A whole build as a child: it keeps the terminal, gets the signals that are meant for it, and leaves no process
//! running when it is interrupted.

use super::orphans::end_orphans;
use super::{CAUGHT, CHILD, Command, Ended, STOPPING, Supervised};
use nix::errno::Errno;
use nix::libc::{self, c_void, siginfo_t};
use nix::sys::prctl;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What came from the terminal went to every process of the foreground group already; the rest is passed on.
extern "C" fn pass_on(signal: i32, info: *mut siginfo_t, _: *mut c_void) {
    CAUGHT.store(signal, Ordering::SeqCst);
    // SAFETY: the kernel hands a valid pointer to a handler that was installed with SA_SIGINFO.
    let from_terminal = !info.is_null() && unsafe { (*info).si_code } == libc::SI_KERNEL;
    let child = CHILD.load(Ordering::SeqCst);
    if child > 0
        && !from_terminal
        && let Ok(signal) = Signal::try_from(signal)
    {
        let _ = kill(Pid::from_raw(child), signal);
    }
}

/// Runs a build with our stdin, stdout, stderr and terminal, and waits for its first process. If it was interrupted,
/// whatever it left running in our process group gets the same signal.
///
/// # Errors
/// That it could not be started or waited for.
pub(crate) fn run_build(command: &Command) -> io::Result<Supervised> {
    let action = SigAction::new(SigHandler::SigAction(pass_on), SaFlags::SA_RESTART, SigSet::empty());
    for signal in STOPPING {
        // SAFETY: the handler only touches atomics and calls kill(2), both async-signal-safe.
        unsafe {
            if let Ok(old) = sigaction(signal, &action)
                && matches!(old.handler(), SigHandler::SigIgn)
            {
                let _ = sigaction(signal, &old);
            }
        }
    }
    // Orphans of the build become our children, by which they are known.
    let _ = prctl::set_child_subreaper(true);
    let start = Instant::now();
    let child = command.of_caller().spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
    CHILD.store(pid.as_raw(), Ordering::SeqCst);
    let caught = || Some(CAUGHT.load(Ordering::SeqCst)).filter(|s| *s != 0);
    if let Some(early) = caught().and_then(|s| Signal::try_from(s).ok()) {
        let _ = kill(pid, early);
    }
    let ended = loop {
        match waitpid(pid, None) {
            Ok(WaitStatus::Exited(_, status)) => break Ended::Exited(status),
            Ok(WaitStatus::Signaled(_, signal, _)) => break Ended::Killed(signal as i32),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    };
    CHILD.store(0, Ordering::SeqCst);
    let killed = match ended {
        Ended::Killed(signal) => Some(signal),
        Ended::Exited(_) => None,
    };
    if let Some(signal) = caught().or(killed).and_then(|s| Signal::try_from(s).ok()) {
        end_orphans(signal);
    }
    Ok(Supervised { ended, interrupted: caught(), wall: start.elapsed() })
}
