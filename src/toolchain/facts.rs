//! What was measured of a toolchain, and what a call that uses it needs to know.

use super::call_detector::TRAPS;
use super::descriptor::Descriptor;
use super::name;
use super::recipe::{Allocator, Recipe};
use crate::files::Stamp;
use crate::model::{Family, Language, Libc, StaticKind};
use crate::options::repairs::GlibcFixes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// What was measured of one compiler command for one set of ABI options (`-m32`, `--sysroot=…`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
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

impl Facts {
    /// Whether the compiler makes static programs of this language at all.
    pub(crate) fn complete(&self) -> bool {
        !self.kinds.is_empty()
    }
}

/// A toolchain that was chosen for a call: everything that the later stages need to know.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
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
    pub(crate) fn is_gcc_by_name(&self) -> bool {
        self.compiler.first().is_some_and(|program| name::is_gcc(program))
    }
}

/// The repairs of one toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Repairs {
    /// The libc.a that they were tried with: another one needs another trial.
    pub libc: (PathBuf, Stamp),
    /// The archive with the C.UTF-8 locale; none where it does not work, or the machine has no such locale.
    pub locale: Option<PathBuf>,
    /// The archive that pins the name services.
    pub name_services: Option<PathBuf>,
    /// The archive with the start-up code of converted libraries; none where it does not work.
    pub converted: Option<PathBuf>,
    /// The archive with dlopen and its kin for what is linked in; none where it does not work.
    pub plugins: Option<PathBuf>,
    /// The archive with converters of iconv, those that every program gets; none where it does not work.
    pub iconv: Option<PathBuf>,
    /// The functions behind which name services are, as the warnings in libc.a say.
    pub functions: Vec<String>,
    /// The functions of which libc.a warns otherwise.
    pub warned: Vec<String>,
    /// The directory with the traps for all of them.
    pub traps: Option<PathBuf>,
}

impl Repairs {
    /// The archives that a link takes.
    pub(crate) fn archives(&self, fixes: GlibcFixes) -> impl Iterator<Item = &PathBuf> {
        let locale = self.locale.as_ref().filter(|_| fixes.locale);
        let services = self.name_services.as_ref().filter(|_| fixes.name_services);
        locale.into_iter().chain(services).chain(self.iconv.as_ref().filter(|_| fixes.iconv))
    }

    /// Whether they still fit the machine.
    pub(crate) fn hold(&self) -> bool {
        let there = |path: &Option<PathBuf>| path.as_ref().is_none_or(|p| p.is_file());
        let traps = self.traps.as_ref().is_none_or(|dir| TRAPS.iter().all(|t| dir.join(t.file()).is_file()));
        let same = Stamp::of(&self.libc.0) == Some(self.libc.1);
        same && traps
            && [&self.locale, &self.name_services, &self.converted, &self.plugins, &self.iconv].into_iter().all(there)
    }
}
