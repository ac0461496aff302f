//! The programs' entry points.
//!
//! The drivers are entered from C's `main`, before Rust's runtime would change how SIGPIPE is handled: what
//! the caller set up must reach the compiler as it is.

use crate::model::Language;
use crate::{driver, message, run};
use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::panic;

/// Runs a driver with C's argument vector and gives its exit status.
///
/// # Safety
/// `argv` must hold `argc` pointers to strings, as the C runtime passes them to `main`.
pub unsafe fn driver_main(own: Language, argc: c_int, argv: *const *const c_char) -> c_int {
    let argv: Vec<OsString> = (0..usize::try_from(argc).unwrap_or(0))
        // SAFETY: by the contract of this function.
        .map(|i| unsafe { CStr::from_ptr(*argv.add(i)) })
        .map(|word| OsStr::from_bytes(word.to_bytes()).to_owned())
        .collect();
    panic::set_hook(Box::new(|_| {}));
    panic::catch_unwind(|| driver::ld_shim(&argv).unwrap_or_else(|| driver::main(own, &argv))).unwrap_or_else(|_| {
        message::error(format!(
            "this should not have happened; please report this command: {}",
            run::shell_line(&argv)
        ));
        driver::EXIT_FAILURE
    })
}
