//! The only room that starts processes: replace ourselves, capture a probe, or supervise a link.
//!
//! [`Command`] is a plain value that can be read back, edited and printed before it is run. [`jail`] runs a program in
//! namespaces of its own.

pub(crate) mod attempt;
pub mod build_process;
pub(crate) mod caller;
pub mod capture;
mod child;
pub(crate) mod jail;
pub(crate) mod keeper_pipe;
mod listen;
pub(crate) mod observe;
mod orphans;
pub(crate) mod panics;
pub(crate) mod process_tree;
mod relay;
mod seccomp;
mod syscalls;
mod terminal_guard;
mod tracer;

use crate::message;
pub(crate) use listen::Stream;
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{self, Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// A program with its arguments and the environment variables to add to ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Path of the program, or a name to be found along PATH.
    pub program: OsString,
    /// Arguments without `argv[0]`.
    pub args: Vec<OsString>,
    /// Variables set for the program.
    pub env: Vec<(OsString, OsString)>,
    /// Variables removed for the program.
    pub env_remove: Vec<OsString>,
    /// Directory to run in; by default ours.
    pub dir: Option<PathBuf>,
    /// `argv[0]`; by default the path.
    pub name: Option<OsString>,
}

impl Command {
    /// A command from its words; the first is the program.
    pub(crate) fn new(words: impl IntoIterator<Item = impl Into<OsString>>) -> Command {
        let mut words = words.into_iter().map(Into::into);
        Command { program: words.next().unwrap_or_default(), args: words.collect(), ..Command::default() }
    }

    #[must_use]
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Command {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Command {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Command {
        self.env.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub(crate) fn in_dir(mut self, dir: impl Into<PathBuf>) -> Command {
        self.dir = Some(dir.into());
        self
    }

    /// Sets `argv[0]`.
    #[must_use]
    pub(crate) fn named(mut self, name: impl Into<OsString>) -> Command {
        self.name = Some(name.into());
        self
    }

    /// Program and arguments as one list.
    pub(crate) fn words(&self) -> Vec<OsString> {
        std::iter::once(self.program.clone()).chain(self.args.iter().cloned()).collect()
    }

    /// The command as a line for a POSIX shell, to be shown.
    pub(crate) fn shell(&self) -> String {
        shell_line(&self.words())
    }

    fn std(&self) -> process::Command {
        let mut c = process::Command::new(&self.program);
        c.args(&self.args).envs(self.env.iter().map(|(k, v)| (k, v)));
        for name in &self.env_remove {
            c.env_remove(name);
        }
        if let Some(dir) = &self.dir {
            c.current_dir(dir);
        }
        if let Some(name) = &self.name {
            c.arg0(name);
        }
        c
    }

    /// The same for a program of the user's, which gets what our caller left us.
    fn of_caller(&self) -> process::Command {
        let mut c = self.std();
        if caller::ignores_children() {
            let give_back = || {
                caller::give_back();
                Ok(())
            };
            // SAFETY: signal(2) is async-signal-safe.
            unsafe { c.pre_exec(give_back) };
        }
        c
    }
}

/// Makes writing to a pipe that nobody reads an error instead of a signal, as Rust's runtime does for programs that start
/// in it. What this process starts has its own handling.
pub(crate) fn ignore_broken_pipes() {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    let _ = unsafe { sigaction(Signal::SIGPIPE, &ignore) };
}

/// Words quoted for a POSIX shell; bytes that are not UTF-8 are shown as the replacement character.
pub(crate) fn shell_line(words: &[OsString]) -> String {
    let quoted = words.iter().map(|w| {
        let text = w.to_string_lossy();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:,+@%^".contains(&b);
        if !text.is_empty() && text.bytes().all(plain) {
            text.into_owned()
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Replaces this process by the command: same process, descriptors, signal mask and dispositions.
/// Returns only when that failed.
pub(crate) fn exec(command: &Command) -> io::Error {
    if Guard::is_installed() {
        Guard(()).release();
    }
    // One that came before that is not lost.
    if let Some(signal) = caught_signal() {
        die_by(signal);
    }
    orphans::adopt(false);
    let c_string = |s: &OsStr| CString::new(s.as_bytes());
    let build = || -> Result<(CString, Vec<CString>), std::ffi::NulError> {
        let program = c_string(&command.program)?;
        let argv = command.words().iter().map(|w| c_string(w)).collect::<Result<_, _>>()?;
        Ok((program, argv))
    };
    let (program, argv) = match build() {
        Ok(built) => built,
        Err(e) => return io::Error::new(io::ErrorKind::InvalidInput, e),
    };
    if command.env.is_empty() && command.env_remove.is_empty() {
        caller::give_back();
        let Err(errno) = nix::unistd::execv(&program, &argv);
        caller::take_again();
        return errno.into();
    }
    let mut env: Vec<(OsString, OsString)> = std::env::vars_os()
        .filter(|(k, _)| !command.env_remove.contains(k) && !command.env.iter().any(|(n, _)| n == k))
        .collect();
    env.extend(command.env.iter().cloned());
    let env: Vec<CString> =
        env.into_iter().filter_map(|(k, v)| CString::new([k.as_bytes(), b"=", v.as_bytes()].concat()).ok()).collect();
    caller::give_back();
    let Err(errno) = nix::unistd::execve(&program, &argv, &env);
    caller::take_again();
    errno.into()
}

/// Every variable that we were given, for a program that gets them all.
pub(crate) fn environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// How a supervised command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Exited(i32),
    /// It was killed by this signal.
    Killed(i32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Supervised {
    pub ended: Ended,
    /// A signal that we received meanwhile and passed on.
    pub interrupted: Option<i32>,
    pub wall: Duration,
}

/// The signals by which people and build systems stop a job.
const STOPPING: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

static CHILD: AtomicI32 = AtomicI32::new(0);
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// Commands that are being captured; more at a time than this get no signals of ours.
static CAPTURED: [AtomicI32; 64] = [const { AtomicI32::new(0) }; 64];
/// There is a [`Guard`].
static GUARDED: AtomicBool = AtomicBool::new(false);

extern "C" fn pass_on(signal: i32) {
    CAUGHT.store(signal, Ordering::SeqCst);
    for child in CAPTURED.iter().chain([&CHILD]) {
        let child = child.load(Ordering::SeqCst);
        if child > 0
            && let Ok(signal) = Signal::try_from(signal)
        {
            let _ = kill(Pid::from_raw(child), signal);
        }
    }
}

/// The signal that was caught, if any.
pub(crate) fn caught_signal() -> Option<i32> {
    Some(CAUGHT.load(Ordering::SeqCst)).filter(|s| *s != 0)
}

/// Sets what the stopping signals do; those that our own caller had ignored stay ignored.
fn on_stopping(action: &SigAction) {
    for signal in STOPPING {
        // SAFETY: the actions that come here are the default one and `pass_on`, which only touches atomics and calls
        // kill(2), both async-signal-safe.
        unsafe {
            if let Ok(old) = sigaction(signal, action)
                && matches!(old.handler(), SigHandler::SigIgn)
            {
                let _ = sigaction(signal, &old);
            }
        }
    }
}

fn by_default() -> SigAction {
    SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty())
}

/// Signals caught from here until the process ends, so that a caller can clean up after the command.
/// Those that our own caller had ignored stay ignored.
pub(crate) struct Guard(());

impl Guard {
    pub(crate) fn install() -> Guard {
        let action = SigAction::new(SigHandler::Handler(pass_on), SaFlags::SA_RESTART, SigSet::empty());
        GUARDED.store(true, Ordering::SeqCst);
        on_stopping(&action);
        Guard(())
    }

    fn is_installed() -> bool {
        GUARDED.load(Ordering::SeqCst)
    }

    /// Ends catching: from here on signals act as if nothing had been installed.
    pub(crate) fn release(self) {
        on_stopping(&by_default());
        GUARDED.store(false, Ordering::SeqCst);
    }

    /// The signal that was caught, if any.
    pub(crate) fn caught(&self) -> Option<i32> {
        caught_signal()
    }

    /// Runs a command with our own stdin, stdout, stderr and inherited descriptors, passes on the
    /// signals that we get, and waits for it.
    ///
    /// # Errors
    /// That it could not be started or waited for.
    pub(crate) fn run_command(&self, command: &Command) -> io::Result<Supervised> {
        self.supervise(command.std().spawn(), |_| Ok(()))
    }

    /// The same, with empty stdin, and stdout and stderr going to a file.
    ///
    /// # Errors
    /// That it could not be started or waited for.
    pub(crate) fn run_into(&self, command: &Command, log: &File) -> io::Result<Supervised> {
        let mut child = command.std();
        let child = child.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        self.supervise(child.spawn(), |_| Ok(()))
    }

    /// The same, with the command's stdout going to our stderr.
    ///
    /// # Errors
    /// That it could not be started or waited for.
    pub(crate) fn run_to_stderr(&self, command: &Command) -> io::Result<Supervised> {
        self.supervise(command.std().stdout(message::stderr()?).spawn(), |_| Ok(()))
    }

    /// The same, with the command's stderr going through `hear` as it comes.
    ///
    /// # Errors
    /// That it could not be started, read from or waited for.
    pub(crate) fn run_heard(&self, command: &Command, mut hear: impl FnMut(&[u8])) -> io::Result<Supervised> {
        let child = command.std().stderr(Stdio::piped()).spawn();
        self.supervise(child, |child| listen::listen(child, &mut |_, bytes| hear(bytes)))
    }

    /// The same for its stdout too.
    ///
    /// # Errors
    /// That it could not be started, read from or waited for.
    pub(crate) fn run_all_heard(
        &self,
        command: &Command,
        mut hear: impl FnMut(Stream, &[u8]),
    ) -> io::Result<Supervised> {
        let child = command.std().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        self.supervise(child, |child| listen::listen(child, &mut hear))
    }

    /// From here on signals go to this child too; one that has come already is passed on. 0 is none.
    fn watch(&self, child: i32) {
        CHILD.store(child, Ordering::SeqCst);
        if child > 0
            && let Some(early) = self.caught()
            && let Ok(signal) = Signal::try_from(early)
        {
            let _ = kill(Pid::from_raw(child), signal);
        }
    }

    fn supervise(
        &self,
        child: io::Result<Child>,
        listen: impl FnOnce(&mut Child) -> io::Result<()>,
    ) -> io::Result<Supervised> {
        let start = Instant::now();
        let mut child = child?;
        orphans::adopt(true);
        self.watch(i32::try_from(child.id()).unwrap_or(0));
        let heard = listen(&mut child);
        let status = loop {
            match child.wait() {
                Err(e) if e.raw_os_error() == Some(Errno::EINTR as i32) => {}
                other => break other,
            }
        };
        self.watch(0);
        let status = status?;
        // The compiler's own children may still be writing the output.
        if let Some(signal) = self.caught().or(status.signal()).and_then(|s| Signal::try_from(s).ok()) {
            orphans::end_orphans(signal);
        }
        heard?;
        let ended = match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Exited(code),
            (None, Some(signal)) => Ended::Killed(signal),
            (None, None) => Ended::Exited(1),
        };
        Ok(Supervised { ended, interrupted: self.caught(), wall: start.elapsed() })
    }
}

/// Ends this process by a signal, as if we had never caught it.
pub(crate) fn die_by(signal: i32) -> ! {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    // Only a signal whose default is not to end the process comes back here.
    process::exit(128 + signal)
}

/// Ends this process by the signal that ended a program below us, without a core of our own.
pub(crate) fn die_like(signal: i32) -> ! {
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    if let Ok(known) = Signal::try_from(signal) {
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: no handler. SIGKILL has no other disposition, and an error says so.
        let _ = unsafe { sigaction(known, &default) };
        let _ = nix::sys::signal::raise(known);
    }
    process::exit(128 + signal)
}

/// An `OsString` from bytes: paths and arguments are bytes, not text.
pub(crate) fn os(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_line_quotes_what_a_shell_would_split() {
        let words = ["g++", "-DX=\"a b\"", "it's", "", "-o", "x"].map(OsString::from);
        assert_eq!(shell_line(&words), r#"g++ '-DX="a b"' 'it'\''s' '' -o x"#);
    }

    #[test]
    fn capture_keeps_status_and_both_streams() {
        let c = capture::capture(&Command::new(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert_eq!((c.status.code(), c.text().as_str(), c.stderr.as_slice()), (Some(3), "out", b"err\n".as_slice()));
    }

    #[test]
    fn exec_says_why_it_failed() {
        let dir = tempfile::tempdir().unwrap();
        let e = exec(&Command::new([dir.path().join("compiler")]));
        assert_eq!(e.kind(), io::ErrorKind::NotFound);
    }
}
