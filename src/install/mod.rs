//! Builds a complete musl C++ toolchain from what the machine has: its own GCC, musl, and the sources of libstdc++.
//!
//! | stage | file |
//! |---|---|
//! | what is there, what is missing | [`build_inputs`]; [`prerequisites`] tells what to install |
//! | the sources that are needed | [`source`] unpacks, [`patch`] patches |
//! | directories, locks, the swap at the end | [`place`] |
//! | headers, crt objects, specs | [`sysroot`], [`specs`] |
//! | configure, make, install | [`build`], driven by generated makefiles |
//! | locale machinery that is linked only where it is used | [`lean`] |
//! | the allocator | [`malloc`] |
//! | faster functions than libc's | [`functions`] |
//! | headers and functions that musl lacks | [`compat`] |
//! | a toolchain's own tests | [`selftest`], for any toolchain |
//!
//! Everything is built in a work directory below the cache directory, which an interrupted install leaves for the next
//! one. The result becomes the toolchain in use when it has passed its tests.

pub(crate) mod build;
pub(crate) mod build_context;
pub(crate) mod build_inputs;
pub(crate) mod compat;
pub(crate) mod debian;
pub(crate) mod functions;
pub(crate) mod lean;
pub(crate) mod malloc;
pub(crate) mod manifest;
pub(crate) mod new_descriptor;
pub(crate) mod patch;
pub(crate) mod place;
pub(crate) mod prerequisites;
pub(crate) mod selftest;
pub(crate) mod source;
pub(crate) mod specs;
pub(crate) mod steps;
pub(crate) mod symbol_binding;
pub(crate) mod sysroot;

pub(crate) use build_context::InstallError;
pub(crate) use manifest::Manifest;
pub(crate) use steps::{InstallOptions, install};

use std::ffi::OsStr;
use std::path::Path;

/// Whether a file of a toolchain's, by its path, is compiled of sources that come with this program.
pub(crate) fn is_own(file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(OsStr::to_str) else { return false };
    let is_function = file.parent().is_some_and(|dir| dir.ends_with(functions::OBJECTS));
    name.contains("mimalloc")
        || is_function
        || [functions::OFFERED, functions::DEFINED, compat::ARCHIVE].contains(&name)
}

/// Whether a header of a toolchain's, by its place below the include directory, is one that comes with this program. `fts.h` may be
/// the machine's musl's.
pub(crate) fn is_own_header(name: &str) -> bool {
    const ADDED: [&str; 7] =
        ["argp.h", "error.h", "execinfo.h", "obstack.h", "sys/cdefs.h", "sys/queue.h", "sys/tree.h"];
    name.split('/').next() == Some(specs::BEFORE_MUSL) || ADDED.contains(&name)
}
