//! What needs more than g++ and Rust, by themes: other compilers and linkers, libraries, build systems, tools.

// Being found under Clang's names, ccache before and behind the drivers, shims for make.
pub mod names;
// The classifier against Clang, and on calls that build systems make.
pub mod oracle;
// The compilers behind the names of toolchains: musl-gcc, Clang, zig.
pub mod toolchains;
// The musl toolchain that we build.
pub mod musl;
// Its programs by the built-in linker, beside GNU ld's.
pub mod musl_linkers;
// Locks of its threads, beside a dynamic program's.
pub mod musl_threads;
// Its standard facets, each alone in a program.
pub mod facets;
// Headers and functions that it adds to musl, beside glibc's.
pub mod musl_compat;
// Libraries that it can be given.
pub mod musl_libraries;
pub mod musl_libraries_killed;
pub mod musl_libraries_systems;
// A GCC with it as a tree of its own.
pub mod pack;
// The same for another machine, with a compiler's plugin, and with its sources.
pub mod pack_targets;
// Building it with bad input.
pub mod install;
// What programs say of their parts.
pub mod parts;
// Which programs are to be built again.
pub mod audit;
// What `staticctl harden` says of programs, beside what they do.
pub mod harden;
// The licences of what is in programs, and kits that link them again.
pub mod licenses;
// Images, OSV's records and VEX documents that this reads.
pub mod audit_inputs;
// The same where dnf or apk offers packages.
pub mod audit_managers;
// `staticctl check` of programs that other packages bring, against ldd.
pub mod check;
// What a link reads of its libraries, as strace sees it.
pub mod library_files;
// Weak references with every linker, with musl, and of libgfortran and libxml2.
pub mod weak;
// Fortran, Objective-C and gperftools beside their dynamic twins.
pub mod same;
// A project's own shared libraries with make, CMake, Meson and libtool, and with libraries of the system.
pub mod shared;
// Where the bytes of programs are from, and why.
pub mod size;
// Programs that stress linkers, linked by each of them and run.
pub mod linkers;
// The same for aarch64, made here and run by an emulator, and what such a link finds and refuses.
pub mod cross;
// Its code where a processor guards it.
pub mod guarded_code;
// Converted shared objects with every linker, of libraries of the distribution, and under debuggers.
pub mod convert;
// The same for AArch64, under qemu.
pub mod convert_aarch64;
// Programs of many libraries that are installed without an archive.
pub mod convert_programs;
// What policies, debuggers and profilers make of a program with converted libraries.
pub mod convert_result;
// A shared object for another machine, which is not converted.
pub mod convert_bad;
// Plugins linked in by every linker, and those of Lua.
pub mod plugins;
// The same by every linker, and with libraries of the distribution.
pub mod dlopen;
// Converters of iconv and name services linked in.
pub mod iconv;
// Finished programs made static by `staticctl convert`, against their originals.
pub mod programs;
// What `staticctl convert` says of programs by Go, for other libcs and machines, and with rights of their own.
pub mod programs_bad;
// Repairs of glibc under strace and with a locale of the machine, and a hint that names an installed library.
pub mod repairs;
// `staticctl toolchain` where every toolchain is installed.
pub mod ctl;
// make, autoconf, CMake and Meson with the drivers as compilers.
pub mod builds;
// Compilers of other languages and by their path, under `staticctl run` and by our drivers.
pub mod languages;
// `staticctl run` around make, on a terminal, and with other compilers.
pub mod run;
// cargo and rustc with the driver as linker.
pub mod rust;
// Go with the drivers as CC and CXX.
pub mod go;
// strip, objcopy, dwz, debugedit, elfutils, patchelf on programs of each kind.
pub mod tools;
// Debian source packages by `staticctl deb`.
pub mod deb;
// CMake, Meson, autotools and make under `staticctl run`, beside their dynamic twins.
pub mod systems;
// distcc and sccache with the drivers.
pub mod caches;
// What the README and the book say about whole builds, run as it stands there.
pub mod readme;
// Every shell block of the README and of the book.
pub mod blocks;
// The book is built, and its links lead somewhere.
pub mod book;
// `staticctl try` beside strace, and on a terminal.
pub mod sandbox;
// A kernel under qemu.
pub mod freestanding;
// `staticctl bundle` with Python and podman.
pub mod bundle;
// `staticctl image` against the tools that read images: skopeo, umoci, podman, runc.
pub mod image;
// What an image says of the parts of its programs.
pub mod image_parts;
// Caches of two users and of root: whose is used by whom.
pub mod two_users;
// `staticctl image --push` against Debian's docker-registry.
pub mod registry;
// Hostile bytes for what converts shared objects and programs; several linkers make those that are damaged.
pub mod fuzz;
