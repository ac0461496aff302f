//! `staticctl`: everything that is not a compiler call.
#![no_main]

use staticcxx::entry;
use std::ffi::{c_char, c_int};

/// The C runtime's entry.
///
/// # Safety
/// Called by the C runtime alone, with its argument vector.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: passed on as they came.
    unsafe { entry::staticctl_main(argc, argv) }
}
