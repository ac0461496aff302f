//! What our caller left us besides arguments and environment: closed standard streams, and whether it ignores the end
//! of its children. Both are noted before anything else of this program runs, kept away from our own work, and given
//! back to what replaces us.

use nix::libc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A bit for each of stdin, stdout and stderr that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);
static IGNORED_CHILDREN: AtomicBool = AtomicBool::new(false);

/// Run by the C runtime before `main`: Rust's runtime would open closed streams for reading and writing.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = arrive;

extern "C" fn arrive() {
    for stream in 0..3 {
        // A file of ours would become our stdout or stderr, and get what is said there. What stands in its place fails
        // as a closed one does, and is closed again in every other program.
        let way = if stream == 0 { libc::O_WRONLY } else { libc::O_RDONLY };
        // SAFETY: no memory of ours but a constant string. The lowest free number is this one.
        unsafe {
            if libc::fcntl(stream, libc::F_GETFD) < 0 {
                CLOSED.fetch_or(1 << stream, Ordering::SeqCst);
                libc::open(c"/dev/null".as_ptr(), way | libc::O_CLOEXEC);
            }
        }
    }
    // SAFETY: neither disposition is a handler.
    unsafe {
        if libc::signal(libc::SIGCHLD, libc::SIG_DFL) == libc::SIG_IGN {
            IGNORED_CHILDREN.store(true, Ordering::SeqCst);
        }
    }
}

/// The program that started this one, if it is still there.
pub(crate) fn parent_program() -> Option<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/{}/exe", nix::unistd::getppid())).ok()
}

/// Whether one of stdin, stdout and stderr is closed.
pub(crate) fn closed_a_stream() -> bool {
    CLOSED.load(Ordering::SeqCst) != 0
}

/// Whether the end of children is ignored, so that nobody can wait for them.
pub(super) fn ignores_children() -> bool {
    IGNORED_CHILDREN.load(Ordering::SeqCst)
}

/// Before another program takes the place of this process. Safe between fork and exec.
pub(super) fn give_back() {
    if ignores_children() {
        // SAFETY: no handler.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    }
}

/// After that failed.
pub(super) fn take_again() {
    // SAFETY: no handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}
