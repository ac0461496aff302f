//! Who compiles: descriptors (data), discovery, probing, the cache, and the choice.

pub mod descriptor;
pub mod find;
pub mod name;
pub mod probe;
pub mod probe_cache;
pub mod select;

pub use crate::repairs::make::Repairs;
pub use descriptor::Descriptor;
pub use name::Invocation;
pub use probe::start_code;
pub use select::{Need, SelectError, pass_through, select};

use crate::model::{Family, Language, Libc, StaticKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// What was measured of one compiler command for one set of ABI options (`-m32`, `--sysroot=…`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The command-line family.
    pub family: Family,
    /// First line of `--version`.
    pub version: String,
    /// Major version of the compiler, 0 if unknown.
    pub major: u32,
    /// `-dumpmachine`.
    pub triple: String,
    /// The C library behind the toolchain.
    pub libc: Libc,
    /// glibc's version (`2.36` is `(2, 36)`), none for another libc.
    pub glibc: Option<(u32, u32)>,
    /// Whether objects are position independent without being asked (`__PIE__`).
    pub default_pie: bool,
    /// Whether the driver tells the linker `--as-needed` by itself, as Debian's and others' do.
    pub as_needed: bool,
    /// First line of what the linker says of itself (`-Wl,--version`).
    #[serde(default)]
    pub linker: String,
    /// Library directories in the order in which driver and linker search them, existing ones only,
    /// canonicalised and without repeats: `-print-search-dirs`, then the linker's own SEARCH_DIRs.
    pub library_dirs: Vec<PathBuf>,
    /// For each kind: how it is linked, present only if a program really was linked, verified (and
    /// run, if this machine can run it).
    pub kinds: BTreeMap<StaticKind, Recipe>,
    /// What repairs glibc's traps in static programs, where that works here.
    pub repairs: Option<Repairs>,
    /// The allocator that comes with the toolchain.
    pub allocator: Option<Allocator>,
    /// Why a kind is missing: the last line of what the compiler said.
    pub missing: BTreeMap<StaticKind, String>,
}

/// An allocator for programs of a toolchain, twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocator {
    /// An archive whose index names what a program's own code allocates with.
    pub offered: PathBuf,
    /// The object in it.
    pub object: PathBuf,
}

impl Facts {
    /// Whether the compiler makes static programs of this language at all.
    pub fn complete(&self) -> bool {
        !self.kinds.is_empty()
    }
}

/// What a static link of one kind adds to the user's arguments, in this order:
/// `before`, the user's arguments, `after`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Put before the user's arguments; usually just `-static` or `-static-pie`.
    pub before: Vec<String>,
    /// Put after them: libraries and closing crt objects of toolchains whose driver can't do it.
    pub after: Vec<String>,
}

/// A toolchain that was chosen for a call: everything that the later stages need to know.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The descriptor's name (`host-gcc`, `musl-gcc`, `zig`, …).
    pub toolchain: String,
    /// The descriptor.
    pub descriptor: Descriptor,
    /// The real compiler, first word an absolute path, with the fixed words of the toolchain
    /// (`/usr/bin/zig c++ -target x86_64-linux-musl`).
    pub compiler: Vec<OsString>,
    /// The launcher's words, to be put before the compiler.
    pub launcher: Vec<OsString>,
    /// What the toolchain adds to every compile call.
    pub compile_args: Vec<OsString>,
    /// Environment for the compiler: the chain that ends recursion.
    pub env: Vec<(OsString, OsString)>,
    /// What was probed; none when the call does not need it and the cache does not have it.
    pub facts: Option<Facts>,
    /// The language that the driver was called for.
    pub language: Language,
    /// What the user should be told once, by a call that links.
    pub warnings: Vec<String>,
}

impl Selected {
    /// Whether the compiler has one of GCC's names. It need not be GCC for that: Clang is installed as `cc` too.
    pub fn is_gcc_by_name(&self) -> bool {
        self.compiler.first().is_some_and(|program| name::is_gcc(program))
    }
}
