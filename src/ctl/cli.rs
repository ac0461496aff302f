//! The command line of `staticctl`, from which completions and man pages are made too.

use super::cli_args::{BundleArgs, ConvertArgs, DebArgs, ImageArgs, PluginsArgs, ToolchainCommand, TryArgs};
use super::cli_own_args::{BugReportArgs, CacheArgs, OwnFactsArgs, ShimsArgs, UninstallArgs};
use super::cli_parts_args::{AuditArgs, HardenArgs, LicensesArgs, PartsFormat, SizeArgs};
use crate::own::build_facts;
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell as CompletionShell;
use std::ffi::OsString;
use std::path::PathBuf;

/// Static programs from any C or C++ build: look at files, calls and toolchains.
#[derive(Debug, Parser)]
#[command(
    name = "staticctl",
    version,
    long_version = build_facts::LONG,
    after_help = "The drivers are `staticcc` and `staticcxx`: CC=staticcc CXX=staticcxx make\n\
        Any build:                           staticctl run -- make\n\
        Variables of the drivers:            staticctl help environment\n\
        Exit codes:                          staticctl help exit-codes"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: CtlCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum CtlCommand {
    /// Check whether files are fully static programs
    ///
    /// For a dynamic file, list what it needs, as ldd does, without running it.
    /// Exit status: 0 if all are static (and bound as DYNAMIC), 1 if one is not, 2 if one can't be read.
    Check {
        /// ELF files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print one JSON document per line, one for each file
        #[arg(long)]
        json: bool,
        /// The same program, linked dynamically: list what ld.so binds there and is not in the static one
        #[arg(long, value_name = "DYNAMIC")]
        against: Option<PathBuf>,
    },
    /// List the packages that went into a static program, as it says itself
    ///
    /// On any machine, for programs that were linked with STATICCXX_PARTS (on by default). Exit status: 0, 1 if the
    /// program names no parts, 2 if it can't be read.
    Parts {
        /// The program
        program: PathBuf,
        /// How they are written
        #[arg(long, value_enum, default_value_t)]
        format: PartsFormat,
        /// Who supplies the program, for SPDX
        #[arg(long, value_name = "NAME")]
        supplier: Option<String>,
    },
    /// Tell which static programs are to be built again: parts of theirs are older than what this machine's apt offers
    ///
    /// By the packages that programs name (`staticctl parts`), apt's lists and the changelogs that are installed, without
    /// a network. Exit status: 0 if all are current, 1 if one is to be built again, 2 if that is not known of one or it
    /// can't be read.
    Audit(AuditArgs),
    /// Tell what protects a static program against attacks: canaries, checked functions, read-only data and others
    ///
    /// Static programs have libc's functions in them whether or not their own code uses them, so that what their code was
    /// compiled with is told from its objects when it is linked, and kept in the program. Exit status: 0, 1 if a program lacks
    /// what it could have, 2 if one can't be read.
    Harden(HardenArgs),
    /// Write the licences of all that is in static programs to a directory
    ///
    /// The copyright files of the packages that programs name (`staticctl parts`) from this machine, with the common licences
    /// that they refer to, an index, and SPDX's names for what the files state themselves. Exit status: 0 if all were found,
    /// 1 if one is missing, of another version or of no package, 2 if a program can't be read or nothing was written.
    Licenses(LicensesArgs),
    /// Tell where the bytes of a program are from, and why they are in it
    ///
    /// By library, member, section or symbol; every byte of the file counts once. Which input it is of, and what refers to
    /// what, is kept by the link under `staticctl run --size` or with STATICCXX_SIZE; without that sections and symbols
    /// are known.
    ///
    /// Exit status: 0, 1 if the thing of --why is not in it, 2 if the program can't be read or it is not known.
    Size(SizeArgs),
    /// Show how a compiler call would be rewritten, without running it
    Explain {
        /// List what each library call and weak reference is bound to, dynamically and statically
        #[arg(long)]
        bindings: bool,
        /// Print a JSON document
        #[arg(long)]
        json: bool,
        /// The compiler call: `staticctl explain -- g++ x.cpp -o x`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Turn a shared object into an archive for static links
    ///
    /// The archive works with any compiler and linker, without staticcxx. The drivers do the same on their own for a
    /// library that has no archive.
    Archive {
        /// The shared object
        library: PathBuf,
        /// The archive; by default `libNAME.a` in the current directory for `libNAME.so.1`
        #[arg(short, long, value_name = "LIB.a")]
        output: Option<PathBuf>,
    },
    /// Make a finished dynamic program static
    ///
    /// No source is needed: the program and its shared objects are converted to objects, without disassembly, and linked
    /// with glibc's archives. Libraries that have an archive of the same version are linked from it. Prints what the
    /// result consists of. The documentation describes which programs this works for.
    ///
    /// Exit status: 0 if written and checked, 1 if it can't be linked or is not like the original, 2 if it can't be
    /// converted.
    Convert(ConvertArgs),
    /// Make a program and the files that it wants one directory or container image, with static programs
    ///
    /// Runs the program as it is, takes what the run touched, and converts each dynamic program that was run. What others may
    /// not read, and what the run wrote, stays out. The result is run in a root of its own before it is written, and in
    /// another place: whether it can lie anywhere is said. Prints what was taken and why.
    ///
    /// Exit status: 0 if written, 1 if a program can't be linked or does something else, 2 if it can't be converted or run.
    Bundle(BundleArgs),
    /// Run a dynamic program and list what it opens with dlopen, as STATICCXX_PLUGINS takes it
    ///
    /// ld.so reports what is opened, across fork and exec. The program's stdout goes to stderr unless the list goes to a
    /// file. Exit status: 0 if it opened something, 1 if nothing, 2 if it could not be run.
    Plugins(PluginsArgs),
    /// Tell what is kept between builds, and remove of it
    ///
    /// By kind: files, bytes and when they were used. All of it is made again when it is missed.
    Cache(CacheArgs),
    /// Show what was found on this machine, what works, and what to install
    ///
    /// Exit status: 0 if static C and C++ programs can be built, 1 if not.
    Doctor,
    /// List, show, build, test and choose toolchains
    Toolchain {
        /// What to do
        #[command(subcommand)]
        command: ToolchainCommand,
    },
    /// Run a build so that every program it links is static, and report what it built
    ///
    /// Sets CC, CXX, PATH, PKG_CONFIG, CMAKE_TOOLCHAIN_FILE, CONFIG_SITE, cargo's linker, GOFLAGS and others for the command alone
    /// (`staticctl env` prints them). At the end, prints a table of all programs to stderr and names those that were
    /// built without the drivers.
    /// Exit status: the command's own; 127 if it was not found, 126 if it can't be run, 2 if it was not started.
    Run {
        /// The toolchain; `staticctl toolchain list`
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
        /// Write the report to this file, as JSON
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Show links as they happen, on the last line of the terminal
        #[arg(long)]
        progress: bool,
        /// Leave unused functions and data out of the programs, and report how much that saved
        #[arg(long)]
        small: bool,
        /// Write a relink kit for each program into this directory: its objects, and a script that links them again
        #[arg(long, value_name = "DIR")]
        relink_kit: Option<PathBuf>,
        /// Tell what each program is made of, and keep it for `staticctl size`
        #[arg(long)]
        size: bool,
        /// The command: `staticctl run -- make -j4`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Build Debian source packages by their own rules, with static programs
    ///
    /// apt fetches the source and, as root, installs what the build needs; dpkg-buildpackage runs under `staticctl run`.
    /// What is made is left in DIR/NAME: the static programs in `programs/PACKAGE`, `report.json`, the unpacked source in
    /// `source`. Prints the programs. A build that was interrupted goes on when the command is repeated.
    ///
    /// Exit status: 0 if the packages were built and all their programs are static, 1 if not, 2 if a build was not
    /// started.
    Deb(DebArgs),
    /// Print the variables that `run` sets: `eval "$(staticctl env)"`
    Env {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
        /// The output format
        #[arg(long, value_enum, default_value = "sh")]
        shell: Shell,
    },
    /// Print a CMake toolchain file: `cmake -DCMAKE_TOOLCHAIN_FILE=FILE`
    CmakeToolchain {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
    },
    /// Print a Meson native file, or a cross file for another machine: `meson setup --native-file FILE`
    MesonFile {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
    },
    /// Print a Conan profile: `conan install . -pr FILE`
    ConanProfile {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
    },
    /// Print a vcpkg triplet, for a directory of overlay triplets
    VcpkgTriplet {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
    },
    /// Write a C and C++ toolchain for Bazel into a directory of its workspace
    Bazel {
        /// The directory, which becomes a package
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
        /// A directory that `staticctl toolchain pack` made: nothing of the machine is used, so that actions may run elsewhere
        #[arg(long, value_name = "DIR", conflicts_with = "toolchain")]
        pack: Option<PathBuf>,
        /// Replace files that are not of this command
        #[arg(long)]
        force: bool,
    },
    /// Run a program in an empty root
    ///
    /// The program gets its own namespaces and a read-only root in memory that contains nothing but the program. Stdin,
    /// stdout, stderr and signals are passed through. Works as root and as an ordinary user.
    ///
    /// Exit status: the program's own; if a signal kills it, staticctl dies by the same signal. 125 if no root could be
    /// set up, 126 if the program can't run in it, 127 if the program was not found.
    Try(TryArgs),
    /// Write programs and a few files as a container image, or push it
    ///
    /// The archive is an OCI layout that `docker load` and `podman load` can read; the same files give the same bytes.
    /// Every program is checked first.
    ///
    /// Exit status: 0 if written, 1 if a program is not fit for an image, 2 if the image could not be made.
    Image(Box<ImageArgs>),
    /// Create a directory of compiler names to put first on PATH, or install these programs
    ///
    /// With --install it places `staticcc`, `staticcxx`, `staticfc` and `staticctl`, all links of this one file, and below the
    /// same prefix man pages and completions. What it places is noted, for `staticctl uninstall`. A file of somebody else's
    /// stays, and nothing is written then.
    Shims(ShimsArgs),
    /// Remove what `shims --install` placed
    ///
    /// Files that were changed since stay, and are named. Exit status: 0, 1 if something stays or nothing was installed by
    /// it, 2 if that can't be read.
    Uninstall(UninstallArgs),
    /// Tell whether these programs are whole: static, of one version, and those that a build would find
    ///
    /// Exit status: 0, 1 if something is wrong.
    SelfCheck(OwnFactsArgs),
    /// Write what a report of a fault needs into one file
    ///
    /// Versions, settings, what `doctor` and `self-check` say, how a call is rewritten, and the last lines of the report that
    /// STATICCXX_REPORT names. The names of the home directory, the user and the machine are left out, and so are values that
    /// look like secrets. Read it before you send it. Prints its path.
    BugReport(BugReportArgs),
    /// Print version, commit, features and target
    Version(OwnFactsArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: CompletionShell,
    },
    /// Write the man pages to a directory
    Man {
        /// The directory
        dir: PathBuf,
    },
}

/// The output formats of `staticctl env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh
    Sh,
    /// fish
    Fish,
    /// One JSON object
    Json,
}
