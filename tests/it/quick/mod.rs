//! What needs g++ and Rust alone, by themes.

// A driver call from outside: pass-through, links, signals, bad input.
pub mod driver;
// The same, at the limits of the machine: no cache, no space, no compiler, a killed link.
pub mod failures;
// Being found under other names, finding the real compiler, launchers.
pub mod names;
// The classifier against GCC's drivers: `-###` prints what they would run, and runs nothing.
pub mod oracle;
// Toolchains: descriptors, the cache, musl-gcc, clang, zig.
pub mod toolchains;
// What works with a compiler, and what is off because it does not run.
pub mod mechanisms;
// Each command with one system call that fails.
pub mod injected;
// What damaged files cost in time and memory.
pub mod limits;
// `staticctl check` and the reader on real and mutated files.
pub mod check;
// Libraries: every spelling, scripts, .pc and .la files, closures, missing archives.
pub mod libraries;
// Archives that would make another program, against the dynamic twin.
pub mod same;
// What happens before `main`: start files, resolvers of IFUNCs.
pub mod starts;
// `--wrap`, against the dynamic twin.
pub mod wrap;
// Weak references, against the dynamic twin.
pub mod weak;
// The same, of finished programs.
pub mod weak_programs;
// Shared libraries of the project itself, against their dynamic twins.
pub mod shared;
// The built-in linker: what its programs are like, and what makes a link leave it.
pub mod linkers;
// Shared objects without archives, converted, against their dynamic twins.
pub mod convert;
// What is said of converted libraries.
pub mod convert_result;
// Kernels and firmware.
pub mod freestanding;
// Shared objects that bring an allocator.
pub mod allocators;
// What is not converted, and hostile shared objects.
pub mod convert_bad;
// Plugins linked in, against the same programs that load them.
pub mod plugins;
// dlopen, dlsym and dladdr of a program itself, beside its dynamic twin.
pub mod dlopen;
// Symbols and versions that glibc keeps for old programs.
pub mod old_versions;
// What is no such program, is broken, or changes meanwhile.
pub mod programs_bad;
// The first run of a converted program.
pub mod first_run;
// What a finished program's file has besides the program.
pub mod payload;
// Programs with the files that they want.
pub mod bundle;
// Finished programs made static: what their libraries bring beside what the program refers to.
pub mod programs;
// What repairs glibc, and hints after a failed link.
pub mod repairs;
// Worlds that look like glibc before 2.34.
pub mod old_glibc;
// What may go wrong around a call: outputs that are inputs, signals, streams, caches, directories.
pub mod faults;
// What is kept in caches: damage is seen, and nothing that is named there is run.
pub mod kept_content;
// Outputs on devices, FIFOs and links.
pub mod outputs;
// `staticctl` itself.
pub mod ctl;
// `staticctl cache`, beside links.
pub mod cache;
// Being installed, found, removed and reported.
pub mod installed;
// Machines that lack something: `/proc`, a home, a place to write, system calls.
pub mod machines;
// Our variables: values, misspelt names, help, the manual.
pub mod environment;
// Whole builds under `staticctl run`: their environment, their report, their end.
pub mod run;
// `staticctl try`: an empty root, as root and as an ordinary user.
pub mod sandbox;
// `staticctl image`: where it writes, and what it refuses.
pub mod image;
// `staticctl image --push` against registries that misbehave, made up here.
pub mod registry;
// The same against registries that lie: whom do they get to see a password, and how long do they hold a push?
pub mod registry_lies;
// Hostile bytes for everything that reads bytes, for as long as STATICCXX_FUZZ_SECONDS says.
pub mod fuzz;
// Architecture rules of the sources.
pub mod tidy;
