//! A command of the user's, in no namespace of ours, and all files that it and its processes touch.

use super::attempt::Attempt;
use super::keeper_pipe::{JailError, KeeperMessage, KeeperPipe};
use super::tracer::{self, Tracer};
use super::{Command, Guard, Supervised};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdout, fork, pipe2};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How a command ran that was observed.
#[derive(Debug)]
pub(crate) struct Observed {
    pub ran: Supervised,
    /// What it and its processes tried, in order, each once.
    pub touched: Vec<Attempt>,
    /// It was ended because its time was over.
    pub timed_out: bool,
}

/// How long a program may take to end when it is told to, in seconds.
const PATIENCE: u32 = 5;

static ALARMS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_alarm(_: i32) {
    ALARMS.fetch_add(1, Ordering::SeqCst);
}

/// SIGALRM after a time, which interrupts waiting; no more once it is dropped.
struct Alarm;

impl Alarm {
    fn set(limit: Duration) -> Alarm {
        let action = SigAction::new(SigHandler::Handler(count_alarm), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler touches one atomic.
        let _ = unsafe { sigaction(Signal::SIGALRM, &action) };
        nix::unistd::alarm::set(u32::try_from(limit.as_secs()).unwrap_or(u32::MAX).max(1));
        Alarm
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        nix::unistd::alarm::cancel();
    }
}

impl Guard {
    /// Runs a command to the end of the last of its processes, with our stdin, and its output going to a file. After
    /// `limit` it is told to end (SIGTERM), and later made to. It gets no rights by set-user-ID programs. This process must
    /// have no other threads.
    ///
    /// # Errors
    /// It could not be started or traced.
    pub(crate) fn observe(
        &self,
        command: &Command,
        output: &File,
        limit: Option<Duration>,
    ) -> Result<Observed, JailError> {
        let start = Instant::now();
        let tracer = Tracer::outside()?;
        let pipe = || pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|e| JailError::new("a pipe can't be created", e));
        let (gate, (hear, speak)) = (pipe()?, pipe()?);
        // SAFETY: one thread.
        match unsafe { fork() }.map_err(|e| JailError::new("no process can be created", e))? {
            ForkResult::Child => {
                let error = become_command(command, output, gate);
                KeeperPipe(File::from(speak)).send(&KeeperMessage::Failed(error));
                // SAFETY: ends this process without running anything of its parent's.
                unsafe { libc::_exit(127) }
            }
            ForkResult::Parent { child } => {
                drop(speak);
                self.watch(child.as_raw());
                if let Err(error) = tracer.seize(child) {
                    let _ = kill(child, Signal::SIGKILL);
                    while waitpid(child, None) == Err(Errno::EINTR) {}
                    self.watch(0);
                    return Err(error);
                }
                drop(gate);
                let mut touched = Vec::new();
                let alarm = limit.map(Alarm::set);
                let mut signals = [Signal::SIGTERM, Signal::SIGKILL].into_iter();
                let ended = tracer.follow(child, &mut |attempt| touched.push(attempt), &mut || {
                    if ALARMS.swap(0, Ordering::SeqCst) > 0
                        && let Some(signal) = signals.next()
                    {
                        let _ = kill(child, signal);
                        nix::unistd::alarm::set(PATIENCE);
                    }
                });
                let timed_out = signals.len() < 2;
                drop(alarm);
                self.watch(0);
                let mut said = String::new();
                let _ = File::from(hear).read_to_string(&mut said);
                match serde_json::from_str(&said) {
                    Ok(KeeperMessage::Failed(error)) => Err(error),
                    _ => {
                        let ran = Supervised { ended, interrupted: self.caught(), wall: start.elapsed() };
                        Ok(Observed { ran, touched, timed_out })
                    }
                }
            }
        }
    }
}

/// Everything between fork and exec. Comes back only with what went wrong.
fn become_command(command: &Command, output: &File, gate: (OwnedFd, OwnedFd)) -> JailError {
    let (read, write) = gate;
    drop(write);
    // Opens when the tracer is there.
    let _ = File::from(read).read(&mut [0]);
    if let Err(e) = dup2_stdout(output).and_then(|()| dup2_stderr(output)) {
        return JailError::new("its output can't be sent to a file", e);
    }
    // SAFETY: no memory is involved. Without it only root may filter calls.
    let alone = Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map(drop);
    if let Err(e) = alone.and_then(|()| tracer::install_filter()) {
        return JailError::new("system calls can't be filtered", e).forbidden();
    }
    let error = command.of_caller().exec();
    let shown = command.program.to_string_lossy();
    JailError { at_exec: true, ..JailError::io(format!("`{shown}` can't be run"), &error) }
}
