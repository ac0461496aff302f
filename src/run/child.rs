//! Work in a forked child without exec; what it prints to stderr is captured.

use super::{Guard, Supervised, by_default, on_stopping, panics};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stderr, fork};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// What is read of a child at most.
const MOST: u64 = 64 * 1024;

impl Guard {
    /// Does a piece of work in a child and waits for it: how it ended, and what it printed, a panic in one line. This process must have no
    /// other threads.
    ///
    /// # Errors
    /// No child could be made or waited for.
    pub(crate) fn run_work(&self, work: impl FnOnce() -> Result<(), String>) -> io::Result<(Supervised, String)> {
        let start = Instant::now();
        let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        // SAFETY: a driver has no other thread, so that the child may do whatever it likes.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(read);
                let status = in_child(write, work);
                // SAFETY: ends the process without running what our parent registered for its own end.
                unsafe { nix::libc::_exit(status) }
            }
            ForkResult::Parent { child } => {
                drop(write);
                self.watch(child.as_raw());
                let mut said = Vec::new();
                let heard = File::from(read).take(MOST).read_to_end(&mut said);
                let ended = wait(child);
                self.watch(0);
                let ended = ended?;
                heard?;
                let said = String::from_utf8_lossy(&said).into_owned();
                Ok((Supervised { ended, interrupted: self.caught(), wall: start.elapsed() }, said))
            }
        }
    }
}

fn in_child(write: OwnedFd, work: impl FnOnce() -> Result<(), String>) -> i32 {
    on_stopping(&by_default());
    // What libraries print goes the same way as what the work returns.
    if dup2_stderr(&write).is_err() {
        return 1;
    }
    let said = move |said: &str| {
        let _ = File::from(write).write_all(said.as_bytes());
        1
    };
    panics::status_of(|| work().map_or_else(|error| panics::tell(&error).unwrap_or(1), |()| 0), said)
}

fn wait(child: Pid) -> io::Result<super::Ended> {
    loop {
        match waitpid(child, None) {
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(WaitStatus::Exited(_, status)) => return Ok(super::Ended::Exited(status)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(super::Ended::Killed(signal as i32)),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ended;
    use super::*;

    // The test program has threads, so that the work here is little: no lock of another thread is taken.
    #[test]
    fn a_child_s_end_and_words_come_back() {
        let guard = Guard::install();
        let (ran, said) = guard.run_work(|| Ok(())).unwrap();
        assert_eq!((ran.ended, said.as_str()), (Ended::Exited(0), ""));
        let (ran, _) = guard
            .run_work(|| nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).map_err(|e| e.to_string()))
            .unwrap();
        assert_eq!(ran.ended, Ended::Killed(9));
    }

    #[test]
    fn a_panic_of_the_work_is_one_line() {
        const ALONE: &str = "A_PANIC_ALONE";
        if std::env::var_os(ALONE).is_none() {
            // What happens at a panic is set for a whole process, and a forked one may wait for a thread that it lacks.
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            alone.args(["--exact", "run::child::tests::a_panic_of_the_work_is_one_line", "--test-threads=1"]);
            let out = alone.env(ALONE, "1").output().unwrap();
            let said = String::from_utf8_lossy(&out.stdout).into_owned();
            assert!(out.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
        panics::note();
        let guard = Guard::install();
        let (ran, said) = guard.run_work(|| panic!("nothing of {}", "that kind")).unwrap();
        let line = said.strip_prefix("panic at ").unwrap_or_else(|| panic!("{said}"));
        let (place, message) = line.split_once(": ").unwrap();
        assert_eq!((ran.ended, message), (Ended::Exited(1), "nothing of that kind"));
        assert!(place.contains("src/run/child.rs:"), "{said}");
    }
}
