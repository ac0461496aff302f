//! What a program that was ended leaves running.

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid, getpgrp};
use std::fs;
use std::time::{Duration, Instant};

/// From here on what our children leave behind becomes ours, and is ended with them.
pub(super) fn adopt(wanted: bool) {
    if prctl::get_child_subreaper() != Ok(wanted) {
        let _: Result<(), Errno> = prctl::set_child_subreaper(wanted);
    }
}

/// How long orphans may take to end, before they are killed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ends what an interrupted build left in our process group. What moved to its own group is a server and stays.
pub(super) fn end_orphans(signal: Signal) {
    let mut until = Instant::now() + PATIENCE;
    let mut with = signal;
    let mut sent: Vec<Pid> = Vec::new();
    loop {
        while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive) {}
        let ours = children().into_iter().filter(|p| getpgid(Some(*p)) == Ok(getpgrp()));
        let ours: Vec<Pid> = ours.collect();
        if ours.is_empty() {
            return;
        }
        for pid in &ours {
            if !sent.contains(pid) {
                let _ = kill(*pid, with);
                sent.push(*pid);
            }
        }
        if Instant::now() > until {
            if with == Signal::SIGKILL {
                return;
            }
            with = Signal::SIGKILL;
            // What is killed is still there for a moment, longer on a busy machine.
            until = Instant::now() + PATIENCE;
            sent.clear();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Our children, adopted ones too.
fn children() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|t| fs::read_to_string(t.path().join("children")).ok());
    lists
        .flat_map(|l| l.split_whitespace().filter_map(|w| w.parse().ok()).map(Pid::from_raw).collect::<Vec<_>>())
        .collect()
}
