//! Failures that tell nothing about a compiler: the machine was short of something, or somebody ended the compiler.

/// What programs say of those in the C locale: glibc's texts of ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE, EAGAIN, EIO,
/// EROFS, EACCES, EPERM and ETXTBSY, and what GCC, binutils, LLVM and Rust say themselves.
const TEXTS: [&str; 24] = [
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

/// Whether a failure passes by itself, or once there is room again.
pub(crate) fn is_transient(said: &str) -> bool {
    TEXTS.iter().any(|text| said.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;

    #[test]
    fn a_shortage_passes_and_a_missing_archive_does_not() {
        for errno in [Errno::ENOSPC, Errno::EDQUOT, Errno::EFBIG, Errno::ENOMEM, Errno::EMFILE, Errno::EAGAIN] {
            let said = std::io::Error::from(errno).to_string();
            assert!(is_transient(&said), "{said}");
        }
        assert!(is_transient("collect2: fatal error: ld terminated with signal 25 [File size limit exceeded]"));
        assert!(!is_transient("/usr/bin/ld: cannot find -lstdc++: No such file or directory"));
        assert!(!is_transient("the linked program does not run: signal: 11 (SIGSEGV)"));
    }
}
