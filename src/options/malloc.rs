//! The allocator for programs.

/// The allocator for programs of a toolchain that has one, `STATICCXX_MALLOC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Malloc {
    /// The toolchain's if the program's own code allocates: `auto` (the default).
    #[default]
    Offered,
    /// Always the toolchain's: `mimalloc`.
    Always,
    /// The libc's: `libc`.
    Libc,
}

impl Malloc {
    /// Parses the value; none if it is invalid.
    pub(crate) fn read(value: &str) -> Option<Malloc> {
        match value {
            "auto" => Some(Malloc::Offered),
            "mimalloc" => Some(Malloc::Always),
            "libc" => Some(Malloc::Libc),
            _ => None,
        }
    }
}
