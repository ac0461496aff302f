//! The arguments of the commands that take many. Their doc comments are the text of `--help`.

use crate::image::layer::Packing;
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// `staticctl plugins`.
#[derive(Debug, Args)]
pub(crate) struct PluginsArgs {
    /// The program as it is when it is dynamic
    pub program: PathBuf,
    /// A file for the list: STATICCXX_PLUGINS=@FILE
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Arguments of the program: `staticctl plugins ./prog -- --use-all`
    #[arg(last = true)]
    pub arguments: Vec<OsString>,
}

/// The network of a program that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Network {
    /// A loopback interface and nothing else
    #[default]
    None,
    /// The machine's own
    Host,
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
    /// Start from this directory instead of from nothing; it is not written to
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The network
    #[arg(long, value_enum, default_value_t)]
    pub net: Network,
    /// Say at the end which files it tried and did not get, and which option of `staticctl image` adds each
    #[arg(long)]
    pub trace: bool,
    /// Set a variable for the program
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Give the program no variables but those of --env, as in a container
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
    /// The result; in a directory it has the program's name
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Convert these libraries although they have archives of the same version; `all` for all
    #[arg(long, value_name = "all|LIB", value_delimiter = ',')]
    pub from_so: Vec<String>,
    /// Link in what the program opens with dlopen: a shared object, a directory or pattern of some, a soname, @FILE with
    /// any of these a line, `symbol:PATTERN` for names that it asks for
    #[arg(long, value_name = "FILE|DIR|GLOB")]
    pub plugin: Vec<OsString>,
    /// Run original and result with the arguments behind `--`, in copies of this directory and with the same input, and
    /// compare output, status and files written; a result that does something else is not written
    #[arg(long)]
    pub verify: bool,
    /// Convert a program with set-user-ID bits or file capabilities; the result has none of them
    #[arg(long)]
    pub allow_privileged: bool,
    /// Print what the result is made of as one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Arguments for --verify
    #[arg(last = true, requires = "verify", value_name = "ARGS")]
    pub arguments: Vec<OsString>,
}

/// `staticctl image`.
#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    /// Static programs; each becomes /NAME. Programs for several machines make an image for several platforms
    #[arg(required = true)]
    pub programs: Vec<PathBuf>,
    /// Where to: a file, a directory (with a slash at its end), or `-` for stdout
    #[arg(short, long, value_name = "FILE|DIR/")]
    pub output: Option<PathBuf>,
    /// A name for the image
    #[arg(short, long, value_name = "NAME[:TAG]")]
    pub tag: Vec<String>,
    /// Push it to a registry
    #[arg(long, value_name = "HOST/NAME[:TAG]")]
    pub push: Option<String>,
    /// Push by plain HTTP, to this machine only
    #[arg(long, requires = "push")]
    pub insecure: bool,
    /// How many seconds a registry may be silent
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "push")]
    pub timeout: u64,
    /// How often a failed request is sent again
    #[arg(long, value_name = "N", default_value_t = 3, requires = "push")]
    pub retries: u32,
    /// What containers run, as a JSON list or as words; the first program if not given
    #[arg(long, value_name = "COMMAND")]
    pub entrypoint: Option<String>,
    /// Its arguments, which those of `docker run` replace
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true)]
    pub cmd: Option<String>,
    /// A variable for containers
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Who containers run as
    #[arg(short, long, value_name = "UID[:GID]", default_value = "65532:65532")]
    pub user: String,
    /// The directory that containers start in
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
    /// A directory that outlives containers, and that their user can write to
    #[arg(long, value_name = "DIR")]
    pub volume: Vec<String>,
    /// Add a file, or a directory with all that is in it
    #[arg(long, value_name = "SRC:DST")]
    pub add: Vec<OsString>,
    /// Add the machine's certificate authorities
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
    /// Add the description of a terminal
    #[arg(long, value_name = "NAME")]
    pub terminfo: Vec<String>,
    /// Run the program in an empty root for a while and add what it asks for; see `staticctl try --trace`
    #[arg(long)]
    pub auto: bool,
    /// How long that run may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "auto")]
    pub auto_seconds: u64,
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
        what: InstallableToolchain,
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
pub(crate) enum InstallableToolchain {
    /// musl with libstdc++.
    Musl,
}
