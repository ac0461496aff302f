//! Why a shared object is not converted.

use serde::Serialize;

/// A reason; its message documents it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "id")]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Refusal {
    #[error("it can't be read: {error}")]
    Unreadable { error: String },
    #[error("it changed while it was read")]
    Changed,
    #[error("it is not a 64-bit ELF file")]
    NotElf,
    #[error("it is {what}, not a shared object")]
    NotShared { what: String },
    #[error("its machine ({machine}) is not supported: only x86-64 and AArch64 are")]
    Machine { machine: String },
    #[error("it is malformed: {what}")]
    Broken { what: String },
    #[error("it takes {bytes} bytes of memory, more than the limit of {limit}")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("it was built for another libc: it needs `{needed}`")]
    OtherLibc { needed: String },
    #[error("it is part of glibc itself, which a static program takes from glibc's archives")]
    Glibc,
    #[error(
        "it replaces libc's `{symbol}` (as memory checkers and profilers do), which a static program can't have twice"
    )]
    Interposes { symbol: String },
    #[error("it replaces libc's `malloc`, and this linker can't put its code where it runs from the first moment")]
    NotYetCode,
    #[error("it uses `{symbol}@{version}`, which only the dynamic linker has")]
    LoaderInternals { symbol: String, version: String },
    #[error("it needs `{symbol}@{version}`, an old variant that glibc's archives lack")]
    OldVersion { symbol: String, version: String },
    #[error("it is a filter for `{library}`, which only ld.so can apply")]
    Filter { library: String },
    #[error("it has relocations of type {kind}, which are not possible in a static program")]
    Relocation { kind: u32 },
    #[error("its unwind table is not supported: {what}")]
    Unwind { what: String },
    #[error("its start code is not the C library's, so its `main` can't be found")]
    NoMain,
    #[error("it contains the variable `{symbol}` of a library, whose initial content can't be reproduced")]
    Copy { symbol: String },
    #[error("it refers to `{symbol}`, which has no address")]
    Symbol { symbol: String },
    #[error(
        "its own thread-local variables are aligned to {own} bytes and lie where its code expects them only if those of all \
         libraries are aligned to at most {most} bytes, and some are to {align}"
    )]
    ThreadAlignment { own: u64, most: u64, align: u64 },
    #[error("{what} do not work with this compiler on this machine: {why}")]
    OffHere { what: &'static str, why: String },
}

impl Refusal {
    /// Something that lies outside of the file.
    pub(crate) fn broken(what: impl Into<String>) -> Refusal {
        Refusal::Broken { what: what.into() }
    }

    /// What to do.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Refusal::Unreadable { .. } | Refusal::Changed => "link again once the file is complete",
            Refusal::Interposes { .. } => {
                "the archive of an allocator is linked instead, if it is there: `apt-get install libjemalloc-dev`, \
                 `libgoogle-perftools-dev` (tcmalloc) or `libmimalloc-dev` on Debian, `apk add jemalloc-static` on Alpine, its \
                 own `./configure --enable-static` elsewhere; leave other such libraries out of the program"
            }
            Refusal::OldVersion { .. } | Refusal::LoaderInternals { .. } => {
                "use a newer build of the library, or build it from source as an archive"
            }
            Refusal::NotYetCode => "link with GNU ld (`-fuse-ld=bfd`), or install the allocator's archive",
            Refusal::OffHere { .. } => "`staticctl doctor` lists what works here",
            Refusal::OtherLibc { .. } => {
                "use a build of the library for this toolchain's libc, or a toolchain for the library's libc"
            }
            _ => "build the library as an archive (`--enable-static`, `-DBUILD_SHARED_LIBS=OFF`)",
        }
    }
}
