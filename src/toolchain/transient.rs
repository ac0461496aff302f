//! Failures that tell nothing about a compiler: the machine was short of something, or somebody ended the compiler.

use crate::run;
use std::fmt::Display;

/// What programs say of those in the C locale: glibc's texts of ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE, EAGAIN, EIO,
/// EROFS, EACCES, EPERM and ETXTBSY, and what GCC, binutils, LLVM and Rust say themselves.
const TEXTS: [&str; 25] = [
    // How Rust ends the text of any failed system call: one of our own, since compilers print no numbers.
    "(os error ",
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "Cannot allocate memory",
    "Too many open files",
    "Resource temporarily unavailable",
    "Input/output error",
    "Read-only file system",
    "Permission denied",
    "Operation not permitted",
    "Text file busy",
    "file truncated",
    "out of memory",
    "memory exhausted",
    "memory allocation of",
    "unable to allocate",
    "failed to map segment",
    "terminated with signal",
    "Killed signal terminated program",
    "File size limit exceeded",
    "did not end within",
    "was ended by signal",
    "could not be started",
    "was changed while we were running",
];

/// Failures of system calls that stay: EINVAL, ENOSYS and EOPNOTSUPP, of a kernel, sandbox or file system that lacks
/// something.
const LASTING: [&str; 3] = ["(os error 22)", "(os error 38)", "(os error 95)"];

/// Whether a failure passes by itself, or once there is room again.
pub(crate) fn is_transient(said: &str) -> bool {
    TEXTS.iter().any(|text| said.contains(text)) && !LASTING.iter().any(|text| said.contains(text))
}

/// How the failure of a program begins that was made, and run in vain.
pub(crate) const DOES_NOT_RUN: &str = "the linked program does not run";

/// Makes an attempt whose failure will be remembered, and makes it once more where it fails: what comes between once (a
/// file that somebody replaces at that moment, a call that fails) does not come twice. A program that does not run is
/// not tried again: if it works every other time, it does not work.
///
/// # Errors
/// Those of the attempt.
pub(crate) fn settled<T, E: Display>(attempt: impl Fn() -> Result<T, E>) -> Result<T, E> {
    attempt().or_else(|why| {
        let said = why.to_string();
        let is_final = said.starts_with(DOES_NOT_RUN) || is_transient(&said) || run::caught_signal().is_some();
        if is_final { Err(why) } else { attempt() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;
    use std::cell::Cell;

    #[test]
    fn a_failure_counts_when_it_came_twice() {
        let tries = |said: &str, failures: u8| {
            let made = Cell::new(0u8);
            let settled = settled(|| {
                made.set(made.get() + 1);
                if made.get() > failures { Ok(()) } else { Err(said.to_owned()) }
            });
            (settled.is_ok(), made.get())
        };
        assert_eq!(tries("cannot find -lc", 0), (true, 1));
        assert_eq!(tries("cannot find -lc", 1), (true, 2));
        assert_eq!(tries("cannot find -lc", 9), (false, 2));
        assert_eq!(tries(&format!("{DOES_NOT_RUN}: signal: 11"), 1), (false, 1));
        assert_eq!(tries("No space left on device", 1), (false, 1));
    }

    #[test]
    fn a_shortage_passes_and_a_missing_archive_does_not() {
        for errno in [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG, Errno::ENOMEM, Errno::EMFILE, Errno::EAGAIN] {
            let said = std::io::Error::from(errno).to_string();
            assert!(is_transient(&said), "{said}");
        }
        let removed = std::io::Error::from_raw_os_error(Errno::ENOENT as i32);
        assert!(is_transient(&removed.to_string()), "a directory of ours that somebody removed");
        for errno in [Errno::EINVAL, Errno::ENOSYS, Errno::EOPNOTSUPP] {
            assert!(!is_transient(&std::io::Error::from(errno).to_string()), "{errno}: asked again at each link");
        }
        assert!(is_transient("collect2: fatal error: ld terminated with signal 25 [File size limit exceeded]"));
        assert!(!is_transient("/usr/bin/ld: cannot find -lstdc++: No such file or directory"));
        assert!(!is_transient("the linked program does not run: signal: 11 (SIGSEGV)"));
    }
}
