//! Why a shared object is not converted.

use serde::Serialize;

/// A reason, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "id")]
pub enum Refusal {
    /// It can't be opened or read.
    #[error("it can't be read: {error}")]
    Unreadable {
        /// What reading it gave.
        error: String,
    },
    /// Another file by the time it was read.
    #[error("it was changed while it was read")]
    Changed,
    /// No little-endian ELF file of 64 bits.
    #[error("it is no ELF file of 64 bits")]
    NotElf,
    /// Not a shared object.
    #[error("it is {what}, not a shared object")]
    NotShared {
        /// What it is.
        what: String,
    },
    /// Its machine has no table of ours.
    #[error("its machine ({machine}) has no converter: only x86-64 has one")]
    Machine {
        /// The machine.
        machine: String,
    },
    /// Something in it lies outside of it.
    #[error("it is damaged: {what}")]
    Broken {
        /// What.
        what: String,
    },
    /// Too large.
    #[error("it takes {bytes} bytes of memory, more than the {limit} that are converted")]
    TooLarge {
        /// In memory.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// Made for another libc.
    #[error("it was made for another libc: it needs `{needed}`")]
    OtherLibc {
        /// That libc's name.
        needed: String,
    },
    /// glibc itself.
    #[error("it is a part of glibc itself, which a static program takes from glibc's archives")]
    Glibc,
    /// It stands before libc's own functions.
    #[error(
        "it replaces libc's `{symbol}` (as memory checkers and profilers do), which a static program can't have twice"
    )]
    Interposes {
        /// One of the functions.
        symbol: String,
    },
    /// It looks into ld.so.
    #[error("it uses `{symbol}@{version}`, which only the dynamic linker has")]
    LoaderInternals {
        /// The symbol.
        symbol: String,
        /// Its version.
        version: String,
    },
    /// An old version of a function that behaves differently.
    #[error("it needs `{symbol}@{version}`, an old variant that glibc's archives do not have")]
    OldVersion {
        /// The symbol.
        symbol: String,
        /// Its version.
        version: String,
    },
    /// DT_FILTER or DT_AUXILIARY.
    #[error("it is a filter for `{library}`, which only ld.so can apply")]
    Filter {
        /// The library that it stands for.
        library: String,
    },
    /// A relocation type without a meaning here.
    #[error("it has relocations of type {kind}, which can't be had in a static program")]
    Relocation {
        /// Its number.
        kind: u32,
    },
    /// An unwind table that is not understood.
    #[error("its unwind table is not understood: {what}")]
    Unwind {
        /// What.
        what: String,
    },
    /// Start code that is not crt1.o's.
    #[error("its start code is not the C library's, so that its `main` can't be found")]
    NoMain,
    /// A variable of a library whose content can't be taken over.
    #[error("it has the variable `{symbol}` of a library, whose content can't be taken over")]
    Copy {
        /// The variable.
        symbol: String,
    },
    /// A symbol without an address that something refers to.
    #[error("it refers to `{symbol}`, which has no address in it")]
    Symbol {
        /// The symbol.
        symbol: String,
    },
}

impl Refusal {
    /// Something that lies outside of the file.
    pub(crate) fn broken(what: impl Into<String>) -> Refusal {
        Refusal::Broken { what: what.into() }
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Refusal::Unreadable { .. } | Refusal::Changed => "link again once the file is in its place",
            Refusal::Interposes { .. } => "leave the library out of the static program",
            Refusal::OldVersion { .. } | Refusal::LoaderInternals { .. } => {
                "take a newer build of the library, or build it from its source as an archive"
            }
            Refusal::OtherLibc { .. } => "take the library for this toolchain's libc, or choose a toolchain for its",
            _ => "build the library as an archive (`--enable-static`, `-DBUILD_SHARED_LIBS=OFF`)",
        }
    }
}
