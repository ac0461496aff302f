//! Panics, which are faults of this program: caught where work begins, and kept as one line that says what and where.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};

/// The first one of this process; those after it are its consequences.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Notes panics from now on in place of printing them, in this process and in children that it forks.
pub fn note() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let line = line(info.payload(), info.location());
            // Whoever panicked while holding it had noted nothing.
            FIRST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(line);
        }));
    });
}

/// Does a piece of work.
///
/// # Errors
/// It panicked: with what message, in which file and line; these are known after [`note`].
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let noted = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.unwrap_or_else(|| line(&*payload, None))
    })
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
    fn work_that_panics_is_an_error() {
        assert_eq!(catch(|| 7), Ok(7));
        let error = catch(|| panic!("number {}", 7)).unwrap_err();
        assert!(error.contains("number 7") && !error.contains('\n'), "{error}");
    }
}
