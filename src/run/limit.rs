//! Commands that may hang.

use super::Command;
use super::capture::{Captured, collect};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Runs a command to its end with empty stdin and collects what it prints; after `limit` it is killed.
///
/// # Errors
/// It could not be started or read, or was killed ([`io::ErrorKind::TimedOut`]).
pub(crate) fn capture_within(command: &Command, limit: Duration) -> io::Result<Captured> {
    let (done, waiting) = channel::<()>();
    let (start, started) = channel::<Pid>();
    let watch = thread::Builder::new().spawn(move || {
        let Ok(pid) = started.recv() else { return false };
        let late = waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
        // It has not been waited for: the number is still its own.
        late && kill(pid, Signal::SIGKILL).is_ok()
    })?;
    let out = collect(command.std().stdin(Stdio::null()), move |pid| {
        let _ = start.send(pid);
    });
    drop(done);
    let killed = watch.join().unwrap_or(false);
    let out = out?;
    if killed {
        return Err(io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {} s", limit.as_secs())));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_time_is_collected_and_what_does_not_is_killed() {
        let shell = |text: &str| Command::new(["/bin/sh", "-c", text]);
        let out = capture_within(&shell("echo out; echo err >&2; exit 3"), Duration::from_secs(60)).unwrap();
        assert_eq!((out.text().as_str(), out.stderr.as_slice(), out.status.code()), ("out", &b"err\n"[..], Some(3)));
        let late = capture_within(&shell("exec sleep 60"), Duration::from_millis(50)).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
