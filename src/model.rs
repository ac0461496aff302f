//! Types that all rooms share.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The entry of `toolchains/glibc/early-tls.c`.
pub(crate) const EARLY_ENTRY: &str = "staticcxx_start";

/// The name of our directories of linkers for COMPILER_PATH.
pub(crate) const LINKER_DIR: &str = "staticcxx-ld";

/// The language of a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// `cc`, `gcc`, `clang`, `staticcc`.
    C,
    /// `c++`, `g++`, `clang++`, `staticcxx`.
    #[serde(rename = "c++")]
    Cxx,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Language::C => "C",
            Language::Cxx => "C++",
        })
    }
}

/// The command-line family of a compiler driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Family {
    /// GCC's own driver, cross compilers and `musl-gcc` included.
    Gcc,
    /// Clang's.
    Clang,
    /// `zig cc` and `zig c++`: Clang's options with its own libc and linker.
    Zig,
}

/// The C library that a toolchain links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Libc {
    /// GNU libc.
    Glibc,
    /// musl.
    Musl,
    /// Another libc, without specific repairs or findings.
    Other,
}

/// The two kinds of static executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaticKind {
    /// Fixed position: ET_EXEC, `-static`.
    Static,
    /// Position-independent, relocated by its own start code: ET_DYN, `-static-pie`.
    StaticPie,
}

impl StaticKind {
    /// The driver option for this kind.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            StaticKind::Static => "-static",
            StaticKind::StaticPie => "-static-pie",
        }
    }
}
