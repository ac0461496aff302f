//! Panics, which are faults of this program: told in one line that says what and where, after which the work is over.
//!
//! Where panics unwind (tests, debug programs) that happens where the work began. Release programs have no tables for
//! unwinding, a tenth of their size: there the hook tells, and ends the process at once.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Tells of a fault, and gives the exit status.
type Told = Box<dyn FnOnce(&str) -> i32 + Send>;

/// The first panic of this process; those after it are its consequences.
static FIRST: Mutex<Option<String>> = Mutex::new(None);
/// How a fault of the present work is told.
static TOLD: Mutex<Option<Told>> = Mutex::new(None);

/// Notes panics from now on in place of printing them, in this process and in children that it forks.
pub fn note() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let line = line(info.payload(), info.location());
            if cfg!(panic = "abort") {
                end(&line);
            }
            // Whoever panicked while holding it had noted nothing.
            locked(&FIRST).get_or_insert(line);
        }));
    });
}

/// Does a piece of work that gives an exit status. If it panics, in whatever thread, `told` gets a line that says with what
/// message, in which file and line (after [`note`]), and its status counts; where panics don't unwind, the process ends
/// with it.
pub fn status_of(work: impl FnOnce() -> i32, told: impl FnOnce(&str) -> i32 + Send + 'static) -> i32 {
    *locked(&TOLD) = Some(Box::new(told));
    let status = catch(work).unwrap_or_else(|fault| tell(&fault).unwrap_or(1));
    locked(&TOLD).take();
    status
}

/// Ends the process with what is told of a fault. Of two threads that panic the first one does.
fn end(fault: &str) -> ! {
    match tell(fault) {
        // SAFETY: ends the process without running what was registered for its end, which may be at fault.
        Some(status) => unsafe { nix::libc::_exit(status) },
        None => loop {
            std::thread::park();
        },
    }
}

/// Tells of a fault, or of what else ends the work, and gives the exit status; none if that was done before.
pub(super) fn tell(fault: &str) -> Option<i32> {
    let told = locked(&TOLD).take();
    told.map(|told| told(fault))
}

/// Does a piece of work.
///
/// # Errors
/// It panicked.
fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let noted = locked(&FIRST).take();
        noted.unwrap_or_else(|| line(&*payload, None))
    })
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(payload: &dyn Any, location: Option<&Location<'_>>) -> String {
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "without a message",
    };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match location {
        Some(at) => format!("panic at {}:{}: {message}", short(at.file()), at.line()),
        None => format!("panic: {message}"),
    }
}

/// The path of a source file as people can look it up: crate and version before that of a dependency's.
fn short(file: &str) -> &str {
    let below = file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    below.map_or(file, |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_message_file_and_line() {
        let here = Location::caller();
        let expected = format!("panic at {}:{}: index 3 is out of bounds", here.file(), here.line());
        assert_eq!(line(&"index 3 is\n out of bounds", Some(here)), expected);
        assert!(expected.contains("src/run/panics.rs:"), "{expected}");
        assert_eq!(line(&String::from("text"), None), "panic: text");
        assert_eq!(line(&7, None), "panic: without a message");
        let dependency = "/home/u/.cargo/registry/src/index.crates.io-1/libwild-0.10.0/src/layout.rs";
        assert_eq!(short(dependency), "libwild-0.10.0/src/layout.rs");
        assert_eq!(short("src/driver/mod.rs"), "src/driver/mod.rs");
    }

    #[test]
    fn work_that_panics_is_told() {
        assert_eq!(catch(|| 7), Ok(7));
        let error = catch(|| panic!("number {}", 7)).unwrap_err();
        assert!(error.contains("number 7") && !error.contains('\n'), "{error}");
    }

    /// As a release program ends: within the hook, from a thread that nobody waits for.
    #[test]
    fn where_nothing_unwinds_the_process_ends_with_what_is_told() {
        const ALONE: &str = "A_FAULT_ALONE";
        if std::env::var_os(ALONE).is_none() {
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            let name = "run::panics::tests::where_nothing_unwinds_the_process_ends_with_what_is_told";
            let out = alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
            assert_eq!(out.status.code(), Some(41), "{out:?}");
            assert!(String::from_utf8_lossy(&out.stderr).contains("told of a fault"), "{out:?}");
            return;
        }
        let told = |fault: &str| {
            eprintln!("told of {fault}");
            41
        };
        status_of(
            || {
                std::thread::spawn(|| end("a fault"));
                loop {
                    std::thread::park();
                }
            },
            told,
        );
    }
}
