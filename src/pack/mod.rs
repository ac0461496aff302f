//! `staticctl toolchain pack`: a compiler of this machine as a tree that needs nothing but itself.
//!
//! | path in the tree | what |
//! |---|---|
//! | `bin/` | this program under the names of compilers, and the binutils |
//! | `usr/bin/`, `usr/lib/gcc/TRIPLE/VERSION/` | GCC's programs, converted, as far from each other as they were: it finds its parts from its own path |
//! | `usr/lib/gcc/TRIPLE/VERSION/{musl,glibc}/` | headers and archives of a C library, and the C++ library; `local` in it is for the user's own |
//! | `toolchain.json`, `toolchain-TARGET.json` | descriptors; `{here}` is the tree |
//! | `facts.json` | what was measured when it was packed |
//! | `pack.json` | every file with its digest and the package that it is from |
//! | `share/doc/PACKAGE/copyright` | licences |
//!
//! | stage | file |
//! |---|---|
//! | which compilers and C libraries | [`pack_plan`] |
//! | how GCC describes itself | [`gcc_installation`] |
//! | which programs go where | [`packed_programs`] |
//! | the C library | [`packed_libc`]; [`pack_specs`] leads GCC to it |
//! | what it is made of | [`pack_manifest`] |
//! | the sources of all that | [`source_packages`] |
//! | a tree out of an archive | [`unpack`] |

pub(crate) mod gcc_installation;
pub(crate) mod pack_error;
pub(crate) mod pack_manifest;
pub(crate) mod pack_plan;
pub(crate) mod pack_specs;
pub(crate) mod packed_libc;
pub(crate) mod packed_programs;
pub(crate) mod source_packages;
pub(crate) mod unpack;

pub(crate) use pack_error::PackError;
pub(crate) use pack_manifest::PackManifest;
