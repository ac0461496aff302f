//! The pipe from a jail's keeper and its program to `staticctl`: one JSON line per message.

use super::attempt::Attempt;
use nix::errno::Errno;
use nix::libc;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};

/// The first step of a jail.
pub(crate) const NAMESPACES: &str = "namespaces can't be created";

/// A step that failed while the jail was made.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("{step}: {}", Errno::from_raw(*errno).desc())]
pub(crate) struct JailError {
    pub step: String,
    pub errno: i32,
    /// The system refused the namespaces or a mount: that is a matter of the machine's settings.
    pub not_allowed: bool,
    /// It was the program that could not be started, in a jail that is complete.
    pub at_exec: bool,
}

impl JailError {
    /// A step that failed.
    pub(crate) fn new(step: impl Into<String>, errno: Errno) -> JailError {
        JailError { step: step.into(), errno: errno as i32, not_allowed: false, at_exec: false }
    }

    /// The same from an I/O error.
    pub(crate) fn io(step: impl Into<String>, error: &io::Error) -> JailError {
        JailError::new(step, Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    }

    /// Marks what machines may forbid.
    #[must_use]
    pub(crate) fn forbidden(mut self) -> JailError {
        self.not_allowed = [libc::EPERM, libc::EACCES, libc::ENOSPC, libc::EINVAL, libc::ENOSYS].contains(&self.errno);
        self
    }
}

/// What the keeper and the program report to `staticctl`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum KeeperMessage {
    Failed(JailError),
    Tried(Attempt),
    Exited(i32),
    Killed(i32),
}

/// The writing end. A message is one line of at most a few hundred bytes, so that lines of two processes do not mix.
pub(super) struct KeeperPipe(pub(super) File);

impl KeeperPipe {
    pub(super) fn send(&self, message: &KeeperMessage) {
        if let Ok(mut line) = serde_json::to_vec(message) {
            line.push(b'\n');
            let _ = (&self.0).write_all(&line);
        }
    }

    pub(super) fn tried(&self, attempt: Attempt) {
        self.send(&KeeperMessage::Tried(attempt));
    }
}
