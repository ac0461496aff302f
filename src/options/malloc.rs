//! The allocator of programs.

/// The allocator of a program whose toolchain brings one, `STATICCXX_MALLOC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Malloc {
    /// The toolchain's where the program's own code allocates (the default).
    #[default]
    Offered,
    /// The toolchain's in any case: `mimalloc`.
    Always,
    /// The libc's own: `libc`.
    Libc,
}
