//! Which build a call belongs to, as far as the kernel's table of processes tells.

use std::fs;
use std::process;

/// A line of `/proc/PID/stat`; see proc_pid_stat(5).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    group: u32,
    session: u32,
    /// The process group in the terminal's foreground; none without a terminal.
    foreground: Option<u32>,
    /// In clock ticks since boot.
    started: u64,
}

impl Process {
    fn of(pid: u32) -> Option<Process> {
        Process::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name, between parentheses, may hold spaces and parentheses itself.
    fn parse(pid: u32, line: &str) -> Option<Process> {
        let fields: Vec<&str> = line.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
        Some(Process {
            pid,
            parent: number(1)?,
            group: number(2)?,
            session: number(3)?,
            foreground: number(5).filter(|g| *g > 0),
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

/// A word that is the same in all processes of one build, and in no other build's at the same time: the foreground job
/// of the terminal if we belong to it, else the ancestor that is nearest to the leader of our session. None where
/// `/proc` tells nothing.
pub fn identity() -> Option<String> {
    from(process::id(), Process::of)
}

fn from(pid: u32, process: impl Fn(u32) -> Option<Process>) -> Option<String> {
    let own = process(pid)?;
    let name = |p: &Process| format!("{}-{}", p.pid, p.started);
    let mut at = own.clone();
    loop {
        if Some(at.group) == own.foreground {
            return process(at.group).map(|leader| name(&leader)).or_else(|| Some(name(&at)));
        }
        match process(at.parent) {
            Some(parent) if parent.session == own.session && parent.pid != own.session => at = parent,
            _ => return Some(name(&at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, group: u32, foreground: Option<u32>) -> Process {
        Process { pid, parent, group, session: 10, foreground, started: u64::from(pid) * 100 }
    }

    #[test]
    fn a_line_is_read_whatever_the_name_is() {
        let line = "42 (a ) 9 (b) S 7 42 10 34816 40 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 999 1";
        let read = Process::parse(42, line).unwrap();
        assert_eq!((read.parent, read.group, read.session, read.foreground), (7, 42, 10, Some(40)));
        assert_eq!(read.started, 12345);
        let line = line.replace(" 34816 40 ", " 0 -1 ");
        assert_eq!(Process::parse(42, &line).unwrap().foreground, None);
        assert_eq!(Process::parse(42, "42 (x"), None);
        assert!(identity().is_some());
    }

    #[test]
    fn jobs_of_one_shell_are_different_builds_and_calls_of_one_job_the_same() {
        // 10 is the terminal's shell, 20 a shell in it; 30 ninja in the foreground, with a group for each command.
        let foreground = Some(30);
        let table = [
            process(10, 1, 10, foreground),
            process(20, 10, 20, foreground),
            process(30, 20, 30, foreground),
            process(40, 30, 40, foreground),
            process(41, 40, 40, foreground),
            process(50, 30, 50, foreground),
            process(60, 20, 60, foreground),
        ];
        let of = |pid| from(pid, |p| table.iter().find(|t| t.pid == p).cloned());
        assert_eq!((of(41).as_deref(), of(50).as_deref()), (Some("30-3000"), Some("30-3000")));
        assert_eq!(of(60).as_deref(), Some("20-2000"), "in the background there is only the shell to go by");
        assert_eq!(of(99), None);
    }

    #[test]
    fn without_a_terminal_it_is_the_first_below_the_leader() {
        let table = [process(10, 1, 10, None), process(11, 10, 10, None), process(12, 11, 12, None)];
        let of = |pid| from(pid, |p| table.iter().find(|t| t.pid == p).cloned());
        assert_eq!((of(12).as_deref(), of(11).as_deref()), (Some("11-1100"), Some("11-1100")));
    }
}
