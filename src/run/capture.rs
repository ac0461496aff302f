//! Commands whose output is ours to read: probes and queries, several at a time. A signal that ends this process ends
//! them too, and whatever they started, before it is acted on.

use super::orphans::{adopt, end_orphans};
use super::{CAPTURED, Command, Guard, caught_signal, die_by};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{self, Child, ExitStatus, Stdio};
use std::sync::atomic::Ordering;

/// What a captured command gave.
#[derive(Debug, Clone)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: Vec<u8>,
    /// All of its stderr.
    pub stderr: Vec<u8>,
}

impl Captured {
    /// Stdout as text, trimmed.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

/// Runs a probe to its end with empty stdin and collects what it prints.
///
/// # Errors
/// That it could not be started or read, or a signal that came meanwhile.
pub(crate) fn capture(command: &Command) -> io::Result<Captured> {
    collect(command.std().stdin(Stdio::null()), |_| ())
}

/// The same, with a file as its stdin.
///
/// # Errors
/// That it could not be started or read, or a signal that came meanwhile.
pub(crate) fn capture_fed(command: &Command, input: File) -> io::Result<Captured> {
    collect(command.std().stdin(Stdio::from(input)), |_| ())
}

/// Runs a command that is prepared but for its output; `started` learns its number.
pub(super) fn collect(command: &mut process::Command, started: impl FnOnce(Pid)) -> io::Result<Captured> {
    stop_if_caught()?;
    if Guard::is_installed() {
        adopt(true);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
    let place = Place::of(pid);
    started(pid);
    let read = read_both(&mut child);
    let status = child.wait();
    drop(place);
    stop_if_caught()?;
    let (stdout, stderr) = read?;
    Ok(Captured { status: status?, stdout, stderr })
}

/// How long both pipes may stay silent before we look whether a signal came: what the child started may hold them.
const SILENCE: u16 = 50;

/// Reads what a child prints to its end, or until a signal came.
fn read_both(child: &mut Child) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut pipes =
        [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)].map(|p| p.map(File::from));
    let mut read = [Vec::new(), Vec::new()];
    let mut buffer = [0; 16 * 1024];
    while caught_signal().is_none() && pipes.iter().any(Option::is_some) {
        let open: Vec<usize> = (0..pipes.len()).filter(|at| pipes.get(*at).is_some_and(Option::is_some)).collect();
        let fds = pipes.iter().flatten().map(|p| PollFd::new(p.as_fd(), PollFlags::POLLIN));
        let mut polled: Vec<PollFd<'_>> = fds.collect();
        match poll(&mut polled, SILENCE) {
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
            Ok(_) => {}
        }
        let ready: Vec<usize> =
            open.into_iter().zip(&polled).filter(|(_, p)| p.any() == Some(true)).map(|(at, _)| at).collect();
        for at in ready {
            let (Some(pipe), Some(into)) = (pipes.get_mut(at), read.get_mut(at)) else { continue };
            match pipe.as_mut().map_or(Ok(0), |p| p.read(&mut buffer)) {
                Ok(0) => *pipe = None,
                Ok(n) => into.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
    let [stdout, stderr] = read;
    Ok((stdout, stderr))
}

/// After a signal nothing more is started, and what a child of ours left running is ended.
fn stop_if_caught() -> io::Result<()> {
    let Some(signal) = caught_signal() else { return Ok(()) };
    if let Ok(signal) = Signal::try_from(signal) {
        end_orphans(signal);
    }
    Err(io::Error::other(format!("it was ended by signal {signal}")))
}

/// A place in the list of those that get our signals.
struct Place(Option<usize>);

impl Place {
    fn of(pid: Pid) -> Place {
        let free = |slot: &std::sync::atomic::AtomicI32| {
            slot.compare_exchange(0, pid.as_raw(), Ordering::SeqCst, Ordering::SeqCst).is_ok()
        };
        let place = Place(CAPTURED.iter().position(free));
        if let Some(early) = caught_signal().and_then(|s| Signal::try_from(s).ok()) {
            let _ = kill(pid, early);
        }
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slot) = self.0.and_then(|at| CAPTURED.get(at)) {
            slot.store(0, Ordering::SeqCst);
        }
    }
}

/// Does a piece of work that leaves files behind if it is cut off. Signals wait for its end, which they hasten, and
/// are acted on then, unless a [`Guard`] of the whole command does.
pub(crate) fn uncut<T>(work: impl FnOnce() -> T) -> T {
    if Guard::is_installed() {
        return work();
    }
    let guard = Guard::install();
    let done = work();
    if let Some(signal) = guard.caught() {
        drop(done);
        die_by(signal);
    }
    guard.release();
    done
}
