//! Passes signals on to a program that we supervise.
//!
//! A terminal's signals reach every process of the foreground group anyway; only signals sent to us alone are passed
//! on, so that the program gets each signal once.

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use nix::unistd::Pid;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Signals that end, wake or inform a program. Those of job control act on the whole group anyway, those of faults
/// are a process's own.
const PASSED: [Signal; 10] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGWINCH,
    Signal::SIGIO,
    Signal::SIGPWR,
];

static TARGET: AtomicI32 = AtomicI32::new(0);
/// Only signals from outside this PID namespace count: what the program sends to its parent is not for the program.
static OUTSIDE_ONLY: AtomicBool = AtomicBool::new(false);

extern "C" fn hand_on(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let errno = Errno::last_raw();
    let target = TARGET.load(Ordering::SeqCst);
    // SAFETY: the kernel gives a valid structure to a handler with SA_SIGINFO; kill(2) is async-signal-safe.
    unsafe {
        let from_a_process = (*info).si_code <= 0;
        let counts = !OUTSIDE_ONLY.load(Ordering::SeqCst) || (*info).si_pid() == 0;
        if target > 0 && from_a_process && counts {
            libc::kill(target, signal);
        }
    }
    Errno::set_raw(errno);
}

/// Signals held back while a program is being started, and handled afterwards.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    /// The mask that we were called with, which the program gets.
    mask: SigSet,
    /// The signals that we handle; others were ignored by our caller and stay so.
    handled: Vec<Signal>,
}

impl Relay {
    /// Blocks the signals and sets the handlers.
    pub(crate) fn hold() -> Relay {
        let mut mask = SigSet::empty();
        let all: SigSet = PASSED.iter().copied().collect();
        let _ = sigprocmask(SigmaskHow::SIG_BLOCK, Some(&all), Some(&mut mask));
        let action =
            SigAction::new(SigHandler::SigAction(hand_on), SaFlags::SA_RESTART | SaFlags::SA_SIGINFO, SigSet::empty());
        let mut handled = Vec::new();
        for signal in PASSED {
            // SAFETY: the handler touches atomics, errno and kill(2) only.
            match unsafe { sigaction(signal, &action) } {
                Ok(old) if matches!(old.handler(), SigHandler::SigIgn) => {
                    // SAFETY: what was there before.
                    let _ = unsafe { sigaction(signal, &old) };
                }
                Ok(_) => handled.push(signal),
                Err(_) => {}
            }
        }
        Relay { mask, handled }
    }

    /// From now on signals go to this process; `outside_only` in the first process of a PID namespace.
    pub(crate) fn release_to(&self, pid: Pid, outside_only: bool) {
        OUTSIDE_ONLY.store(outside_only, Ordering::SeqCst);
        TARGET.store(pid.as_raw(), Ordering::SeqCst);
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.mask), None);
    }

    /// In the child that will become the program: everything as our caller had it.
    pub(crate) fn undo(&self) {
        TARGET.store(0, Ordering::SeqCst);
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // Rust's runtime ignores SIGPIPE; no program expects that.
        for signal in self.handled.iter().chain([&Signal::SIGPIPE]) {
            // SAFETY: no handler.
            let _ = unsafe { sigaction(*signal, &default) };
        }
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.mask), None);
    }

    /// In our own process after the program's end, or if it is only watched: signals act on us again.
    pub(crate) fn end(&self) {
        TARGET.store(0, Ordering::SeqCst);
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        for signal in &self.handled {
            // SAFETY: no handler.
            let _ = unsafe { sigaction(*signal, &default) };
        }
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.mask), None);
    }
}
