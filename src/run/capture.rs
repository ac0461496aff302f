//! Commands whose output is ours to read: probes and queries, several at a time. A signal that ends this process ends
//! them too, and whatever they started, before it is acted on.

use super::listen::{Stream, listen_until};
use super::orphans::{adopt, end_orphans};
use super::{CAPTURED, Command, Guard, caught_signal, die_by};
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Child, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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

/// An empty stdin: `/dev/null`, or, in a root without it, a pipe that nobody writes to.
pub(super) fn no_input() -> Stdio {
    let device = File::open("/dev/null").map(Stdio::from);
    device.or_else(|_| io::pipe().map(|(end, _)| Stdio::from(end))).unwrap_or_else(|_| Stdio::null())
}

/// Runs a probe to its end with empty stdin and collects what it prints.
///
/// # Errors
/// That it could not be started or read, or a signal that came meanwhile.
pub(crate) fn capture(command: &Command) -> io::Result<Captured> {
    collect(command.std().stdin(no_input()), None)
}

/// The same, killed after `limit`.
///
/// # Errors
/// As [`capture`], and [`io::ErrorKind::TimedOut`].
pub(crate) fn capture_within(command: &Command, limit: Duration) -> io::Result<Captured> {
    collect(command.std().stdin(no_input()), Some(limit))
}

/// The same with a file as stdin, and with all that the command started and left. Nothing else may be captured meanwhile.
///
/// # Errors
/// As [`capture_within`].
pub(crate) fn capture_fed_within(command: &Command, input: File, limit: Duration) -> io::Result<Captured> {
    let said = collect(command.std().stdin(Stdio::from(input)), Some(limit));
    if matches!(&said, Err(error) if error.kind() == io::ErrorKind::TimedOut) {
        end_orphans(Signal::SIGKILL);
    }
    said
}

/// Runs a command that is prepared but for its output.
fn collect(command: &mut process::Command, limit: Option<Duration>) -> io::Result<Captured> {
    let start = Instant::now();
    let late = || limit.is_some_and(|limit| start.elapsed() >= limit);
    stop_if_caught()?;
    if Guard::is_installed() {
        adopt(true);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
    let place = Place::of(pid);
    let mut was_late = false;
    let read = read_both(&mut child, |_, _| {
        was_late |= late();
        Ok(was_late || caught_signal().is_some())
    });
    let status =
        if limit.is_some() { wait_until(&mut child, || late() || caught_signal().is_some()) } else { child.wait() };
    drop(place);
    stop_if_caught()?;
    let (stdout, stderr) = read?;
    match limit {
        Some(limit) if late() && (was_late || status.as_ref().is_ok_and(|s| s.signal() == Some(libc::SIGKILL))) => {
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {} s", limit.as_secs())))
        }
        _ => Ok(Captured { status: status?, stdout, stderr }),
    }
}

/// Waits for a child, and kills it when `over`: it has closed its stdout and stderr, and may run on.
fn wait_until(child: &mut Child, over: impl Fn() -> bool) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if over() {
            child.kill()?;
            return child.wait();
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Reads what a child prints to its end, or until it is `over`: what the child started may hold the pipes.
fn read_both(
    child: &mut Child,
    over: impl FnMut(&mut Child, bool) -> io::Result<bool>,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    listen_until(child, over, &mut |stream, bytes| match stream {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_time_is_collected_and_what_does_not_is_killed() {
        let shell = |text: &str| Command::new(["/bin/sh", "-c", text]);
        let out = capture_within(&shell("echo out; echo err >&2; exit 3"), Duration::from_secs(60)).unwrap();
        assert_eq!((out.text().as_str(), out.stderr.as_slice(), out.status.code()), ("out", &b"err\n"[..], Some(3)));
        // One that is silent, one that has closed its pipes, one whose child holds them.
        for endless in ["exec sleep 60", "exec sleep 60 > /dev/null 2>&1", "sleep 60 & exit 0"] {
            let start = Instant::now();
            let late = capture_within(&shell(endless), Duration::from_millis(50)).unwrap_err();
            assert_eq!(late.kind(), io::ErrorKind::TimedOut, "{endless}");
            assert!(start.elapsed() < Duration::from_secs(30), "{endless}");
        }
    }
}
