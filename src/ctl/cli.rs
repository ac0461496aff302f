//! The command line of `staticctl`, from which completions and man pages are made too.

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell as CompletionShell;
use std::ffi::OsString;
use std::path::PathBuf;

/// Static programs from any C or C++ build: look at files, calls and toolchains.
#[derive(Debug, Parser)]
#[command(
    name = "staticctl",
    version,
    after_help = "The drivers are `staticcc` and `staticcxx`: CC=staticcc CXX=staticcxx make\n\
        Any build:                           staticctl run -- make\n\n\
        Environment of the drivers:\n  \
        STATICCXX_TOOLCHAIN=NAME|FILE.json  the toolchain; `staticctl toolchain list`\n  \
        STATICCXX_CC, STATICCXX_CXX         the real compilers, as command lines\n  \
        STATICCXX_LAUNCHER=ccache           runs in front of the real compiler\n  \
        STATICCXX_CHECK=strict|warn|off     what a program that is not static means (strict: an error)\n  \
        STATICCXX_FAT_SHARED=0              shared objects carry nothing for static links\n  \
        STATICCXX_MALLOC=mimalloc|libc      the allocator of programs linked with the musl toolchain\n  \
        STATICCXX_STACK_SIZE=BYTES          the stack of threads in musl programs (8388608)\n  \
        STATICCXX_GLIBC_FIXES=off|locale|nss  which repairs of glibc are offered\n  \
        STATICCXX_LINKER=auto|wild|mold|lld|gold|bfd  who links executables (auto: the built-in wild where it can)\n  \
        STATICCXX_SMALL=1                   leaves out what is not used, section by section\n  \
        STATICCXX_REPORT=DIR                one JSON line a link into DIR/links.jsonl\n  \
        STATICCXX_LOG=info|debug            what is done, on stderr"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say of each file whether it is a fully static program
    ///
    /// For a dynamic file, list what it needs, as ldd does, without running it.
    /// Exit status: 0 all are static, 1 one is not, 2 one can't be read.
    Check {
        /// ELF files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// One JSON document a file and line
        #[arg(long)]
        json: bool,
    },
    /// Show what a compiler call would become, without running it
    Explain {
        /// One JSON document
        #[arg(long)]
        json: bool,
        /// The call, compiler first: `staticctl explain -- g++ x.cpp -o x`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Say what was found on this machine, what works, and what to install
    ///
    /// Exit status: 0 if static C and C++ programs can be made, 1 if not.
    Doctor,
    /// List, show and choose toolchains
    Toolchain {
        /// What to do
        #[command(subcommand)]
        command: ToolchainCommand,
    },
    /// Run a build so that every program it links is static, and say what it made
    ///
    /// Sets CC, CXX, PATH, PKG_CONFIG, CMAKE_TOOLCHAIN_FILE, cargo's linker, GOFLAGS and others for the command alone
    /// (`staticctl env` prints them). At the end, on stderr, a table of all programs; those that were made without
    /// passing through the drivers are named.
    /// Exit status: the command's own; 127 it was not found, 126 it can't be run, 2 it was not started.
    Run {
        /// The toolchain; `staticctl toolchain list`
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
        /// Write what was made into this file, as JSON
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Show links as they happen, in the last row of the terminal
        #[arg(long)]
        progress: bool,
        /// The command: `staticctl run -- make -j4`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Print the variables that `run` sets: `eval "$(staticctl env)"`
    Env {
        /// The toolchain
        #[arg(long, value_name = "NAME")]
        toolchain: Option<OsString>,
        /// In which language
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
    /// Make a directory of compiler names to put first on PATH
    Shims {
        /// The directory; made if it is missing
        dir: PathBuf,
        /// Replace files of those names
        #[arg(long)]
        force: bool,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: CompletionShell,
    },
    /// Write the man pages into a directory
    Man {
        /// The directory
        dir: PathBuf,
    },
}

/// What `staticctl env` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// sh, bash, zsh
    Sh,
    /// fish
    Fish,
    /// One JSON object
    Json,
}

/// The commands about toolchains.
#[derive(Debug, Subcommand)]
pub enum ToolchainCommand {
    /// All toolchains: what was found and what they make
    List {
        /// Try also those that take minutes at their first link (zig)
        #[arg(long)]
        all: bool,
    },
    /// One toolchain in full
    Show {
        /// Its name
        name: OsString,
        /// As JSON
        #[arg(long, conflicts_with_all = ["prefix", "env"])]
        json: bool,
        /// Only the directory to install libraries into that are built with it: `./configure --prefix=…`
        #[arg(long, conflicts_with = "env")]
        prefix: bool,
        /// Only the variables by which builds use it and find those libraries, for `eval` in a shell
        #[arg(long)]
        env: bool,
    },
    /// Build a complete musl C and C++ toolchain from what the machine has
    ///
    /// Takes the machine's own g++, musl's headers and archives, and the sources of libstdc++, and makes a toolchain
    /// of them that needs none of glibc: about two minutes on two cores. An interrupted build goes on where it was
    /// when the command is given again.
    Install {
        /// What to build
        #[arg(value_enum)]
        what: Installable,
        /// The architecture to make programs for; this machine's own without
        #[arg(long, value_name = "ARCH")]
        target: Option<String>,
        /// What it is called; `musl`, or ARCH-linux-musl for another architecture
        #[arg(long)]
        name: Option<String>,
        /// A prefix or an unpacked package with musl in it, or a Debian package of it
        #[arg(long, value_name = "DIR|DEB")]
        musl: Option<PathBuf>,
        /// GCC's sources of the compiler's own major version
        #[arg(long, value_name = "TARBALL|DIR")]
        gcc_source: Option<PathBuf>,
        /// Install missing packages as root
        #[arg(long)]
        yes: bool,
        /// Build even if nothing has changed since the last time
        #[arg(long)]
        force: bool,
        /// How many jobs at a time; one a core without
        #[arg(long, short)]
        jobs: Option<usize>,
        /// Say nothing but errors
        #[arg(long, short)]
        quiet: bool,
    },
    /// Remove a toolchain that was built; what was installed into its prefix stays
    Remove {
        /// Its name
        name: String,
    },
    /// Compile, link and run a set of programs with a toolchain in every shape
    ///
    /// Exit status: 0 all pass, 1 some fail.
    Test {
        /// Its name
        name: OsString,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print or set the toolchain that is used when none is asked for
    Default {
        /// Its name; `auto` for the host's own
        name: Option<String>,
        /// Take one that is not complete
        #[arg(long)]
        force: bool,
    },
}

/// What can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Installable {
    /// musl with libstdc++.
    Musl,
}
