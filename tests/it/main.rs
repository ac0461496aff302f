//! Tests that run real compilers, linkers and build systems. `cargo test --test it MODULE::` runs one part.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

// What the other modules stand on.
mod support;
// The environment of every program that a test runs.
mod world;

// A driver call from outside: pass-through, links, signals, bad input.
mod driver;
// The same, at the limits of the machine: no cache, no space, no compiler, a killed link.
mod failures;
// Being found under other names, finding the real compiler, launchers.
mod names;
// The classifier against `gcc -###` and `clang -###`.
mod oracle;
// Toolchains: descriptors, the cache, musl-gcc, clang, zig.
mod toolchains;
// The musl toolchain that we build.
mod musl;
// Building it with bad input.
mod install;
// `staticctl check` and the reader on real and mutated files.
mod check;
// Libraries: every spelling, scripts, .pc and .la files, closures, missing archives.
mod libraries;
// Shared libraries of the project itself, against their dynamic twins.
mod shared;
// Which linker, and programs that stress each of them.
mod linkers;
// Shared objects without archives, converted, against their dynamic twins.
mod convert;
// Programs of many libraries that are installed without an archive.
mod convert_programs;
// What reports say of converted libraries, and what policies and tools make of the program.
mod convert_result;
// What is not converted, and hostile shared objects.
mod convert_bad;
// Plugins linked in, against the same programs that load them.
mod plugins;
// Converters of iconv and name services linked in.
mod iconv;
// Finished programs made static by `staticctl convert`, against their originals.
mod programs;
// What is no such program, is broken, or changes meanwhile.
mod programs_bad;
// What repairs glibc, and hints after a failed link.
mod repairs;
// `staticctl` itself.
mod ctl;
// make, autoconf, CMake and Meson with the drivers as compilers.
mod builds;
// Whole builds under `staticctl run`: their environment, their report, their end.
mod run;
// cargo and rustc with the driver as linker.
mod rust;
// Go with the drivers as CC and CXX.
mod go;
// CMake, Meson, autotools and make under `staticctl run`, beside their dynamic twins.
mod systems;
// distcc and sccache with the drivers.
mod caches;
// What the README and the book say about whole builds, run as it stands there.
mod readme;
// Every shell block of the README and of the book.
mod blocks;
// The book is built, and its links lead somewhere.
mod book;
// `staticctl try`: an empty root, as root and as an ordinary user.
mod sandbox;
// `staticctl image` against the tools that read images.
mod image;
// `staticctl image --push` against a real registry, and against broken ones.
mod registry;
// Hostile bytes for everything that reads bytes, for as long as STATICCXX_FUZZ_SECONDS says.
mod fuzz;
// Reads which file imports which, for the rules below.
mod imports;
// Architecture rules of the sources.
mod tidy;
