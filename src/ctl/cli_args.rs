//! The arguments of the commands that take many. Their doc comments are the text of `--help`.

use super::cli_ports_args::{AddArgs, DropArgs};
use crate::image::layer::Packing;
use crate::pack::packed_libc::PackedLibc;
use crate::pack::packed_programs::PackedLanguage;
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// `staticctl plugins`.
#[derive(Debug, Args)]
pub(crate) struct PluginsArgs {
    /// The dynamic program
    pub program: PathBuf,
    /// Write the list to this file, for STATICCXX_PLUGINS=@FILE; what it has from earlier runs stays in it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Arguments for the program: `staticctl plugins ./prog -- --use-all`
    #[arg(last = true)]
    pub arguments: Vec<OsString>,
}

/// The network of `staticctl try`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Network {
    /// A loopback interface and nothing else
    #[default]
    None,
    /// The machine's own
    Host,
}

/// `staticctl deb`.
#[derive(Debug, Args)]
pub(crate) struct DebArgs {
    /// Source packages as apt names them (`less`, `less=590-2`, `less/bookworm`), or unpacked ones (`./less-590`)
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<OsString>,
    /// The directory for sources and results, one directory in it for each package
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Leave the binary packages too; the field Static-Built-Using lists the sources of what was linked
    #[arg(long)]
    pub deb: bool,
    /// Run the packages' own tests (by default DEB_BUILD_OPTIONS is `nocheck` if it is not set)
    #[arg(long)]
    pub tests: bool,
    /// Find out whether a package that does not build does so without staticctl
    #[arg(long)]
    pub check_plain: bool,
    /// Let apt install what a build needs without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// `staticctl try`.
#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// Add what `staticctl image --etc` adds: passwd, group, hosts, nsswitch.conf, services, protocols
    #[arg(long)]
    pub with_etc: bool,
    /// Add a writable /tmp
    #[arg(long)]
    pub with_tmp: bool,
    /// Add /dev with null, zero, full, random, urandom, tty and shm, as container runtimes do
    #[arg(long)]
    pub with_dev: bool,
    /// Add /proc, as container runtimes do
    #[arg(long)]
    pub with_proc: bool,
    /// Start from this directory instead of an empty root; it is not written to
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The network
    #[arg(long, value_enum, default_value_t)]
    pub net: Network,
    /// Report at the end which files were missing, and which option of `staticctl image` adds each
    #[arg(long)]
    pub trace: bool,
    /// Set a variable for the program
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Clear the environment except for --env, as in a container
    #[arg(long)]
    pub clear_env: bool,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    pub command: Vec<OsString>,
}

/// `staticctl convert`.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// The program: a path, or a name along PATH
    pub program: OsString,
    /// The result; in a directory it gets the program's name
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// The root of the system that the program is from: its libraries are searched for there first, as for a program of
    /// another machine
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Convert these libraries even if they have archives of the same version; `all` for all
    #[arg(long, value_name = "all|LIB", value_delimiter = ',')]
    pub from_so: Vec<String>,
    /// Link in what the program opens with dlopen: a shared object, a directory, a pattern, a soname, @FILE with one of
    /// these per line, `symbol:PATTERN` for names that it looks up, or `auto` for what is usual with its libraries (PAM,
    /// Qt, GTK, GStreamer, PHP, R, …)
    #[arg(long, value_name = "FILE|DIR|GLOB|auto")]
    pub plugin: Vec<OsString>,
    /// Run original and result with the arguments after `--`, in copies of this directory and with the same input, and
    /// compare output, exit status and files written; a result that behaves differently is not written
    #[arg(long)]
    pub verify: bool,
    /// How long each run of --verify may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "verify")]
    pub timeout: u64,
    /// Do not run the result: by default original and result are run with `--version` and `--help`, without network and
    /// with nothing writable, and a result that crashes is not written
    #[arg(long, conflicts_with = "verify")]
    pub no_verify: bool,
    /// Give the result a fixed place in memory: it starts faster, as nothing is relocated, but without the protection of
    /// random addresses for its code and variables
    #[arg(long)]
    pub fixed: bool,
    /// Convert a program even if it has set-user-ID bits or file capabilities; the result has neither
    #[arg(long)]
    pub allow_privileged: bool,
    /// Print what the result consists of, as JSON
    #[arg(long)]
    pub json: bool,
    /// Print only errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Arguments for --verify
    #[arg(last = true, requires = "verify", value_name = "ARGS")]
    pub arguments: Vec<OsString>,
    /// Leave out what only debuggers and exceptions read: symbols and the program's unwind table
    #[arg(skip)]
    pub bare: bool,
}

/// `staticctl bundle`.
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// The program or script: a path, or a name along PATH
    pub program: OsString,
    /// Where to write it: a new directory (ending in a slash), or a file for a container image
    #[arg(short, long, value_name = "DIR/|FILE")]
    pub output: PathBuf,
    /// Arguments of one more run, as in a shell
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub run: Vec<String>,
    /// End each run after so long, as services need it
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Take a file too, or a directory with its contents
    #[arg(long, value_name = "FILE[:DST]")]
    pub add: Vec<OsString>,
    /// Link in more than what was opened: see `staticctl convert`
    #[arg(long, value_name = "FILE|DIR/|GLOB|auto")]
    pub plugin: Vec<OsString>,
    /// Convert these libraries even if they have archives of the same version; `all` for all
    #[arg(long, value_name = "all|LIB", value_delimiter = ',')]
    pub from_so: Vec<String>,
    /// Do not run the result
    #[arg(long)]
    pub no_verify: bool,
    /// A name for the image
    #[arg(short, long, value_name = "NAME[:TAG]")]
    pub tag: Vec<String>,
    /// Leave out of an image what scanners read of the programs' parts
    #[arg(long)]
    pub no_sbom: bool,
    /// Print all that was taken, as JSON
    #[arg(long)]
    pub json: bool,
    /// Print only errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Arguments of the first run, and those of the image
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<OsString>,
}

/// `staticctl image`.
#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// Static programs; each becomes /NAME. Programs for several architectures make a multi-platform image
    #[arg(required = true)]
    pub programs: Vec<PathBuf>,
    /// Where to write it: a file, a directory (ending in a slash), or `-` for stdout
    #[arg(short, long, value_name = "FILE|DIR/")]
    pub output: Option<PathBuf>,
    /// A name for the image
    #[arg(short, long, value_name = "NAME[:TAG]")]
    pub tag: Vec<String>,
    /// Push it to a registry
    #[arg(long, value_name = "HOST/NAME[:TAG]")]
    pub push: Option<String>,
    /// Use plain HTTP, for a registry on this machine only
    #[arg(long, requires = "push")]
    pub insecure: bool,
    /// How long each step of a request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "push")]
    pub timeout: u64,
    /// How often to retry a failed request
    #[arg(long, value_name = "N", default_value_t = 3, requires = "push")]
    pub retries: u32,
    /// What containers run, as a JSON list or as words; by default the first program
    #[arg(long, value_name = "COMMAND")]
    pub entrypoint: Option<String>,
    /// Its default arguments, which those of `docker run` replace
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true)]
    pub cmd: Option<String>,
    /// Set an environment variable
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// The user that containers run as
    #[arg(short, long, value_name = "UID[:GID]", default_value = "65532:65532")]
    pub user: String,
    /// The working directory of containers
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<String>,
    /// A label; those of org.opencontainers.image become annotations too
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub label: Vec<String>,
    /// An annotation of the manifest
    #[arg(long, value_name = "NAME=VALUE")]
    pub annotation: Vec<String>,
    /// A port that containers listen on
    #[arg(long, value_name = "PORT[/PROTOCOL]")]
    pub expose: Vec<String>,
    /// A directory that outlives containers and that their user can write to
    #[arg(long, value_name = "DIR")]
    pub volume: Vec<String>,
    /// Add a file, or a directory with its contents
    #[arg(long, value_name = "SRC:DST")]
    pub add: Vec<OsString>,
    /// Add this machine's CA certificates
    #[arg(long)]
    pub ca_certs: bool,
    /// Add all time zones, or one
    #[arg(long, value_name = "ZONE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub tzdata: Option<String>,
    /// Add passwd, group, nsswitch.conf, hosts, services and protocols
    #[arg(long)]
    pub etc: bool,
    /// Add a writable /tmp
    #[arg(long)]
    pub tmp: bool,
    /// Add a terminfo entry
    #[arg(long, value_name = "NAME")]
    pub terminfo: Vec<String>,
    /// Run the program in an empty root for a while and add what it needs; see `staticctl try --trace`
    #[arg(long)]
    pub auto: bool,
    /// Time limit of that run
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "auto")]
    pub auto_seconds: u64,
    /// Leave out what scanners read: package records, os-release and CycloneDX documents of the programs' parts
    #[arg(long)]
    pub no_sbom: bool,
    /// Push a CycloneDX document about the image too, as an artifact that refers to it
    #[arg(long, requires = "push", conflicts_with = "no_sbom")]
    pub sbom: bool,
    /// How layers are compressed: gzip, zstd or none, with a level such as gzip:6
    #[arg(long, value_name = "HOW", default_value = "gzip")]
    pub compress: Packing,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
}

/// The commands about toolchains.
#[derive(Debug, Subcommand)]
pub(crate) enum ToolchainCommand {
    /// List toolchains: what was found and what they can build
    List {
        /// Also try those whose first link takes minutes (zig)
        #[arg(long)]
        all: bool,
    },
    /// Show one toolchain in full
    Show {
        /// Its name
        name: OsString,
        /// Print JSON
        #[arg(long, conflicts_with_all = ["prefix", "env"])]
        json: bool,
        /// Print only its prefix, for libraries built with it: `./configure --prefix=…`
        #[arg(long, conflicts_with = "env")]
        prefix: bool,
        /// Print only the variables with which builds use it and find those libraries, for `eval` in a shell
        #[arg(long)]
        env: bool,
    },
    /// Build a complete musl C and C++ toolchain from what the machine has
    ///
    /// Builds a toolchain that needs no part of glibc from the machine's own g++, musl's headers and archives, and the
    /// sources of libstdc++, in about two minutes on two cores. After an interruption, the same command resumes.
    Install {
        /// What to build
        #[arg(value_enum)]
        what: InstallableToolchain,
        /// The target architecture; by default this machine's
        #[arg(long, value_name = "ARCH")]
        target: Option<String>,
        /// Its name; by default `musl`, or ARCH-linux-musl for another architecture
        #[arg(long)]
        name: Option<String>,
        /// musl: a prefix, an unpacked package or a Debian package
        #[arg(long, value_name = "DIR|DEB")]
        musl: Option<PathBuf>,
        /// GCC's sources, of the same major version as the compiler
        #[arg(long, value_name = "TARBALL|DIR")]
        gcc_source: Option<PathBuf>,
        /// Install missing packages as root
        #[arg(long)]
        yes: bool,
        /// Rebuild even if nothing has changed
        #[arg(long)]
        force: bool,
        /// Number of parallel jobs; by default one per core
        #[arg(long, short)]
        jobs: Option<usize>,
        /// Print only errors
        #[arg(long, short)]
        quiet: bool,
    },
    /// Build libraries for a musl toolchain from the distribution's source packages
    ///
    /// apt fetches the source, whatever of it the machine's own configuration has; the distribution's patches are applied.
    /// What a library needs is built before it. Each counts only after a program was built with it and run in an empty root;
    /// then it is put into the toolchain's prefix, where its compilers find headers, archives and .pc files. What is there
    /// already is built again if the toolchain, the recipe or the distribution's version has changed.
    ///
    /// Exit status: 0 if all are there, 2 if not.
    Add(AddArgs),
    /// Remove libraries that `add` built
    ///
    /// Not while another one needs them. Exit status: 0, 2 if one is needed or not there.
    Drop(DropArgs),
    /// Pack a GCC of this machine and its libraries as one tree that needs nothing of the machine it is on
    ///
    /// GCC's programs and binutils are converted to static ones, and come with headers and archives of a C library. The tree
    /// works in any directory, read-only, for any user; its `bin` has the drivers under the names of compilers. Two packs of
    /// one machine are the same bytes.
    Pack(PackArgs),
    /// Make a packed toolchain one of this machine's
    ///
    /// Its files are compared with their digests, and a program is built with it and run.
    Unpack(UnpackArgs),
    /// Remove a toolchain that was built or unpacked here; libraries installed into its prefix stay
    Remove {
        /// Its name
        name: String,
    },
    /// Compile, link and run a set of programs with a toolchain, in every kind of static link
    ///
    /// Exit status: 0 if all pass, 1 if some fail.
    Test {
        /// Its name
        name: OsString,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print or set the default toolchain
    Default {
        /// Its name; `auto` for the host's own
        name: Option<String>,
        /// Accept one that is not complete
        #[arg(long)]
        force: bool,
    },
}

/// `staticctl toolchain pack`.
#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// The toolchain: one of GCC's; by default `musl`, which `staticctl toolchain install musl` builds
    pub name: Option<OsString>,
    /// The result: a file `*.tar.zst`, or a new directory
    #[arg(short, long, value_name = "FILE.tar.zst|DIR")]
    pub output: PathBuf,
    /// What it compiles
    #[arg(long, value_name = "LANGUAGE", value_enum, value_delimiter = ',', default_value = "c,c++")]
    pub lang: Vec<PackedLanguage>,
    /// Architectures that it makes programs for; by default this machine's
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    pub target: Vec<String>,
    /// C libraries, the usual one first
    #[arg(long, value_name = "LIBC", value_enum, value_delimiter = ',', default_value = "musl")]
    pub libc: Vec<PackedLibc>,
    /// Link a plugin into the compilers, for -fplugin=
    #[arg(long, value_name = "FILE")]
    pub plugin: Vec<OsString>,
    /// Fetch the source packages of all that is in it into this directory, by apt
    #[arg(long, value_name = "DIR")]
    pub sources: Option<PathBuf>,
    /// How hard a file is compressed
    #[arg(long, value_name = "1-22", default_value_t = 19, value_parser = clap::value_parser!(i32).range(1..=22))]
    pub level: i32,
    /// Print only errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// `staticctl toolchain unpack`.
#[derive(Debug, Args)]
pub(crate) struct UnpackArgs {
    /// The file or directory that `staticctl toolchain pack` wrote
    pub pack: PathBuf,
    /// Its name; by default that of its first toolchain
    #[arg(long)]
    pub name: Option<String>,
    /// Print only errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum InstallableToolchain {
    /// musl with libstdc++.
    Musl,
}
