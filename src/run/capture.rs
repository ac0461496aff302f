//! Commands whose output is ours to read: probes and queries, several at a time. A signal that ends this process ends
//! them too, and whatever they started, before it is acted on.

use super::listen::{Stream, listen_until};
use super::orphans::{adopt, end_orphans};
use super::{CAPTURED, Command, Guard, caught_signal, die_by};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io;
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

/// Reads what a child prints to its end, or until a signal came: what the child started may hold the pipes.
fn read_both(child: &mut Child) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    listen_until(child, |_, _| Ok(caught_signal().is_some()), &mut |stream, bytes| match stream {
        Stream::Out => stdout.extend_from_slice(bytes),
        Stream::Err => stderr.extend_from_slice(bytes),
    })?;
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
