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
//! | is it true | [`check`] reads the output back and judges it | reads one file |
//! | a whole build | [`session`] gives it the environment that leads to us, and says what it made | yes |
//! | say so | [`report`] one JSON line per link, [`message`] the only room that prints | yes |
//!
//! [`driver`] is that pipeline, [`ctl`] is everything of `staticctl`, [`program`] converts finished programs, [`sandbox`]
//! runs a program in an empty root, [`image`] makes container images. `ARCHITECTURE.md` has the floors: which room may
//! import which.

pub mod archive;
pub mod args;
pub mod check;
pub mod convert;
pub mod ctl;
pub mod driver;
pub mod entry;
pub mod fat;
pub mod files;
pub mod image;
pub mod install;
pub mod libs;
pub mod linker;
pub mod linker_output;
pub mod message;
pub mod model;
pub mod options;
pub mod packages;
pub mod plan;
pub mod program;
pub mod repairs;
pub mod report;
pub mod rootfs;
pub mod run;
pub mod sandbox;
pub mod session;
pub mod settings;
pub mod supply;
pub mod toolchain;
pub mod toolchain_libs;
