//! staticcxx: any C or C++ build, unmodified, made fully static and verified.
//!
//! A driver call walks through the rooms in this order:
//!
//! | stage | room | may touch the world |
//! |---|---|---|
//! | what was typed | [`args`] lexes, expands `@file`, classifies | reads response files |
//! | who compiles | [`toolchain`] finds, probes, caches, selects; [`repairs`] what glibc can't do statically | yes, through [`run`] |
//! | which archives | [`libs`] resolves library references as ld would | reads library directories |
//! | a project's own libraries | [`fat`] makes shared objects that can be linked statically later | yes |
//! | no archive at all | [`supply`] gives code, [`convert`] makes objects of shared objects, purely | the first, its cache |
//! | what to do | [`plan`] applies the ordered rules, purely | no |
//! | by which linker | [`linker`] knows what the built-in one can do, and asks the compiler how it would link | once a set of options |
//! | do it | [`run`] execs or supervises: the only room that spawns | yes |
//! | what is in it | [`parts`] reads what the linker took, and writes notes | the output |
//! | where its bytes are from | [`size`] keeps what the link was made of, where that is asked for | its record |
//! | is it true | [`check`] reads the output back and judges it | reads one file |
//! | where we are ourselves | [`own`] what was installed, what is kept, what a report of a fault needs | yes |
//! | a whole build | [`session`] gives it the environment that leads to us, and says what it made | yes |
//! | say so | [`report`] one JSON line per link, [`message`] the only room that prints | yes |
//!
//! [`driver`] is that pipeline, [`ctl`] is everything of `staticctl`, [`program`] converts finished programs, [`sandbox`]
//! runs a program in an empty root, [`image`] makes container images. `ARCHITECTURE.md` has the floors: which room may
//! import which.

// Without a feature nobody calls what only it calls.
#![cfg_attr(not(all(feature = "wild", feature = "push")), allow(dead_code))]

pub(crate) mod archive;
pub mod args;
pub(crate) mod bundle;
pub mod check;
pub mod convert;
pub(crate) mod ctl;
pub(crate) mod driver;
pub(crate) mod embedded;
pub mod entry;
pub(crate) mod fat;
pub(crate) mod files;
pub mod harden;
pub(crate) mod image;
pub(crate) mod install;
pub mod libs;
pub(crate) mod licenses;
pub(crate) mod linker;
pub(crate) mod linker_output;
pub(crate) mod message;
pub mod model;
pub mod options;
pub(crate) mod own;
pub(crate) mod pack;
pub(crate) mod packages;
mod parallel;
pub mod parts;
pub mod plan;
pub use toolchain::front_end;
pub(crate) mod port_builds;
pub(crate) mod ports;
pub(crate) mod program;
pub(crate) mod repairs;
pub(crate) mod report;
pub(crate) mod rootfs;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod size;
pub(crate) mod source_package;
pub(crate) mod supply;
pub(crate) mod toolchain;
pub(crate) mod toolchain_libs;
