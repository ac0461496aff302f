//! The allocator of programs.

/// The allocator of a program whose toolchain brings one, `STATICCXX_MALLOC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Malloc {
    /// The toolchain's where the program's own code allocates: `auto` (the default).
    #[default]
    Offered,
    /// The toolchain's in any case: `mimalloc`.
    Always,
    /// The libc's own: `libc`.
    Libc,
}

impl Malloc {
    /// Reads the value; none for one that is none of the three.
    pub(crate) fn read(value: &str) -> Option<Malloc> {
        match value {
            "auto" => Some(Malloc::Offered),
            "mimalloc" => Some(Malloc::Always),
            "libc" => Some(Malloc::Libc),
            _ => None,
        }
    }
}
