//! A complete musl C++ toolchain out of what the machine has: its own GCC, musl, and the sources of libstdc++.
//!
//! | stage | file |
//! |---|---|
//! | what is there, what is missing | [`inputs`], with [`missing`] saying what to type |
//! | the sources that are needed | [`source`] unpacks, [`patch`] mends |
//! | directories, locks, the swap at the end | [`place`] |
//! | headers, crt objects, specs | [`sysroot`], [`specs`] |
//! | configure, make, install | [`build`], driven by generated makefiles |
//! | locale machinery that is linked only where it is used | [`lean`] |
//! | the allocator | [`malloc`] |
//! | a toolchain's own tests | [`selftest`], for any toolchain |
//!
//! Everything is made in a work directory below the cache directory, which an interrupted build leaves for the next
//! one, and moved into place when it has passed its tests.

pub mod build;
pub mod build_inputs;
pub mod context;
pub mod debian;
pub mod lean;
pub mod malloc;
pub mod manifest;
pub mod new_descriptor;
pub mod patch;
pub mod place;
pub mod prerequisites;
pub mod selftest;
pub mod source;
pub mod specs;
pub mod steps;
pub mod symbol_binding;
pub mod sysroot;

pub use context::InstallError;
pub use manifest::Manifest;
pub use steps::{InstallOptions, install};
