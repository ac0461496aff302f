//! Probed facts of a toolchain, and the toolchain chosen for a call.

use super::call_detector::CALL_DETECTORS;
use super::descriptor::Descriptor;
use super::emulated::ProgramsRun;
use super::mechanism::MechanismsOff;
use super::name;
use super::recipe::{Allocator, FastFunctions, Recipe};
use crate::files::Stamp;
use crate::model::{Family, Language, Libc, StaticKind};
use crate::options::repairs::GlibcFixes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Facts of one compiler command with one set of ABI options (`-m32`, `--sysroot=…`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub family: Family,
    /// First line of `--version`.
    pub version: String,
    /// Major version of the compiler, 0 if unknown.
    pub major: u32,
    /// `-dumpmachine`.
    pub triple: String,
    /// The toolchain's C library.
    pub libc: Libc,
    /// glibc's version (`2.36` is `(2, 36)`); none for another libc.
    pub glibc: Option<(u32, u32)>,
    /// Whether the compiler builds PIEs by default (`__PIE__`).
    pub default_pie: bool,
    /// Whether the driver passes `--as-needed` by default, as Ubuntu's and others' do.
    pub as_needed: bool,
    /// First line of the linker's `--version`.
    #[serde(default)]
    pub linker: String,
    /// Existing library directories in search order, canonical and unique: `-print-search-dirs`, then the linker's own
    /// SEARCH_DIRs.
    pub library_dirs: Vec<PathBuf>,
    /// How each kind is linked; only kinds of which a program was linked, verified, and run if this machine can run
    /// it.
    pub kinds: BTreeMap<StaticKind, Recipe>,
    /// How its programs run on this machine.
    #[serde(default)]
    pub runs: ProgramsRun,
    /// Repairs of glibc, if they work here.
    pub repairs: Option<Repairs>,
    /// Why repairs are missing.
    pub off: MechanismsOff,
    /// Whether all mechanisms were tried where it was packed, so that those that are not off work.
    #[serde(default)]
    pub tried: bool,
    /// The object of the program that was linked for each kind, kept for the trials of what links it in other ways.
    pub object: Option<PathBuf>,
    /// The toolchain's allocator.
    pub allocator: Option<Allocator>,
    /// The toolchain's faster functions.
    #[serde(default)]
    pub functions: Option<FastFunctions>,
    /// The archive of functions that programs expect of a libc and the toolchain's lacks.
    #[serde(default)]
    pub compat: Option<PathBuf>,
    /// Why nothing can be concluded from what is missing; such facts are not kept.
    #[serde(default)]
    pub undecided: Option<String>,
    /// Why a kind is missing: the decisive line of the compiler's output.
    pub missing: BTreeMap<StaticKind, String>,
}

impl Facts {
    /// Whether the compiler links static programs of any kind.
    pub(crate) fn complete(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// The architecture, as in the triple.
    pub(crate) fn arch(&self) -> &str {
        self.triple.split('-').next().unwrap_or_default()
    }

    /// Whether it makes programs for another architecture than this program's own.
    pub(crate) fn is_cross(&self) -> bool {
        self.arch() != std::env::consts::ARCH
    }

    /// Whether the C library applies packed relative relocations in a static-pie: glibc does since 2.36.
    pub(crate) fn packs_relocations(&self) -> bool {
        self.glibc.is_some_and(|version| version >= (2, 36))
    }
}

/// The toolchain that was chosen for a call.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    /// The descriptor's name (`host-gcc`, `musl-gcc`, `zig`, …).
    pub toolchain: String,
    pub descriptor: Descriptor,
    /// The real compiler by absolute path, with the toolchain's fixed words
    /// (`/usr/bin/zig c++ -target x86_64-linux-musl`).
    pub compiler: Vec<OsString>,
    /// The launcher's words, put before the compiler.
    pub launcher: Vec<OsString>,
    /// Arguments that the toolchain adds to every compile call.
    pub compile_args: Vec<OsString>,
    /// Environment for the compiler: the chain that ends recursion.
    pub env: Vec<(OsString, OsString)>,
    /// Probed facts; none if the call does not need them and the cache lacks them.
    pub facts: Option<Facts>,
    /// The driver's language.
    pub language: Language,
    /// Warnings for the user, printed by a call that links.
    pub warnings: Vec<String>,
    /// Milliseconds that trying the compiler took, where that was done in this call.
    pub probe: f64,
}

impl Selected {
    /// Whether the compiler has one of GCC's names. It may still be Clang, which is installed as `cc` too.
    pub(crate) fn is_gcc_by_name(&self) -> bool {
        self.compiler.first().is_some_and(|program| name::is_gcc(program))
    }
}

/// The repairs of one toolchain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Repairs {
    /// The libc.a that they were tested with; another one needs another test.
    pub libc: (PathBuf, Stamp),
    /// The archive with the C.UTF-8 locale; none if it does not work, or the machine has no such locale.
    pub locale: Option<PathBuf>,
    /// The archive that pins name services to the built-in ones.
    pub name_services: Option<PathBuf>,
    /// The archive with the start-up code of converted libraries; none if it does not work.
    pub converted: Option<PathBuf>,
    /// The archive with dlopen and the like for linked-in plugins; none if it does not work.
    pub plugins: Option<PathBuf>,
    /// The archive with the default iconv converters; none if it does not work.
    pub iconv: Option<PathBuf>,
    /// The object whose entry sets up a thread control block for IFUNC resolvers; none if it does not work.
    pub early_tls: Option<PathBuf>,
    /// The archive with the functions of libpthread that libc.so.6 has too; none where libpthread is part of libc.
    pub one_thread: Option<PathBuf>,
    /// The archive with `__tls_get_addr`; none if it does not work.
    #[serde(default)]
    pub tls_get_addr: Option<PathBuf>,
    /// Functions of libpthread.a that are referred to weakly; none if it could not be read.
    pub thread_parts: Option<Vec<String>>,
    /// The functions that use name services, by the warnings in libc.a.
    pub functions: Vec<String>,
    /// The functions with other warnings in libc.a.
    pub warned: Vec<String>,
    /// The directory with the call detectors.
    pub detectors: Option<PathBuf>,
    /// The object that replaces start code of static-pies which reads the GOT's header: the built-in linker writes none.
    pub relocator: Option<PathBuf>,
    /// The object with room for instructions that are moved because of an erratum of the Cortex-A53.
    #[serde(default)]
    pub erratum_space: Option<PathBuf>,
    /// What repairs had to leave out, and why.
    pub left_out: Option<String>,
}

impl Repairs {
    /// The archives for a link.
    pub(crate) fn archives(&self, fixes: GlibcFixes) -> impl Iterator<Item = &PathBuf> {
        let locale = self.locale.as_ref().filter(|_| fixes.locale);
        let services = self.name_services.as_ref().filter(|_| fixes.name_services);
        let iconv = self.iconv.as_ref().filter(|_| fixes.iconv);
        locale.into_iter().chain(services).chain(iconv).chain(&self.one_thread).chain(&self.tls_get_addr)
    }

    /// Whether they are still valid on this machine.
    pub(crate) fn hold(&self) -> bool {
        Stamp::of(&self.libc.0) == Some(self.libc.1)
    }

    /// Their files that a link may name.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let detectors = self.detectors.iter().flat_map(|dir| CALL_DETECTORS.iter().map(|t| dir.join(t.file())));
        let files = [
            &self.locale,
            &self.name_services,
            &self.converted,
            &self.plugins,
            &self.iconv,
            &self.early_tls,
            &self.relocator,
            &self.erratum_space,
            &self.one_thread,
            &self.tls_get_addr,
        ];
        files.into_iter().flatten().cloned().chain(detectors).collect()
    }
}
