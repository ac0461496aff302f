//! The table of variables.

use std::fmt;

/// One of our environment variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EnvOption {
    /// Its full name.
    pub name: &'static str,
    /// Its valid values.
    pub values: Values,
    /// The default, also for an invalid value: one of the values or, for [`Values::Open`], a description.
    pub default: &'static str,
    /// Where it applies; nowhere for internal variables, which no help shows.
    pub applies: &'static [Scope],
    /// One line of help without full stop.
    pub help: &'static str,
}

/// The valid values of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// `on` or `off`, in any spelling of [`switch`](super::switch).
    Switch,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Values that are checked by a parser.
    Checked {
        /// The form: `BYTES`.
        form: &'static str,
        /// Its description after "is not": `a number of bytes`.
        is: &'static str,
    },
    /// A name, path or command line of this form, checked when it is used.
    Open(&'static str),
}

/// Where a variable applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Compiler calls that only compile.
    Compile,
    /// Links of executables.
    Link,
    /// Links of shared objects.
    Shared,
    /// `staticctl run`, and the commands that print its environment.
    Run,
    /// `staticctl convert`.
    Convert,
    /// `staticctl toolchain install`.
    Install,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Compile => "compile",
            Scope::Link => "link",
            Scope::Shared => "shared object",
            Scope::Run => "run",
            Scope::Convert => "convert",
            Scope::Install => "toolchain install",
        })
    }
}

impl EnvOption {
    /// The form of its values: `strict|warn|off`.
    pub(crate) fn form(&self) -> String {
        match self.values {
            Values::Switch => "on|off".into(),
            Values::Words(words) => words.join("|"),
            Values::Checked { form, .. } | Values::Open(form) => form.into(),
        }
    }

    /// Whether it is for internal use.
    pub(crate) fn is_internal(&self) -> bool {
        self.applies.is_empty()
    }
}

pub(crate) const TOOLCHAIN: EnvOption = EnvOption {
    name: "STATICCXX_TOOLCHAIN",
    values: Values::Open("auto|NAME|FILE.json"),
    default: "auto",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Run, Scope::Convert],
    help: "the toolchain, by name (`staticctl toolchain list`) or by its descriptor; auto: the one that `staticctl \
           toolchain default` names, else the machine's own compiler",
};

pub(crate) const CC: EnvOption = EnvOption {
    name: "STATICCXX_CC",
    values: Values::Open("COMMAND"),
    default: "the toolchain's",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Convert, Scope::Install],
    help: "the real C compiler, a command line split as a shell would",
};

pub(crate) const CXX: EnvOption = EnvOption {
    name: "STATICCXX_CXX",
    values: Values::Open("COMMAND"),
    default: "the toolchain's",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Install],
    help: "the real C++ compiler, likewise",
};

pub(crate) const FC: EnvOption = EnvOption {
    name: "STATICCXX_FC",
    values: Values::Open("COMMAND"),
    default: "gfortran or flang",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "the real Fortran compiler of `staticfc`, likewise",
};

pub(crate) const LAUNCHER: EnvOption = EnvOption {
    name: "STATICCXX_LAUNCHER",
    values: Values::Open("COMMAND"),
    default: "none",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "put before the real compiler: ccache, distcc, sccache; CC=\"ccache staticcc\" works too",
};

pub(crate) const CHECK: EnvOption = EnvOption {
    name: "STATICCXX_CHECK",
    values: Values::Words(&["strict", "warn", "off"]),
    default: "strict",
    applies: &[Scope::Link],
    help: "what happens if a linked program is not static: an error, a warning, or nothing",
};

pub(crate) const FAT_SHARED: EnvOption = EnvOption {
    name: "STATICCXX_FAT_SHARED",
    values: Values::Switch,
    default: "on",
    applies: &[Scope::Shared],
    help: "shared objects carry their objects for later static links",
};

pub(crate) const CONVERT: EnvOption = EnvOption {
    name: "STATICCXX_CONVERT",
    values: Values::Checked { form: "auto|off|prefer|LIB,…", is: "`auto`, `off`, `prefer` or names of libraries" },
    default: "auto",
    applies: &[Scope::Link],
    help: "which shared objects are converted to objects and linked in: those without an archive, none, all, or also \
           the named ones (auto,libfoo)",
};

pub(crate) const PLUGINS: EnvOption = EnvOption {
    name: "STATICCXX_PLUGINS",
    values: Values::Open("FILE|DIR|GLOB|@LIST,…"),
    default: "none",
    applies: &[Scope::Link, Scope::Convert],
    help: "plugins that the program opens with dlopen, to link in; `staticctl plugins` writes such a list",
};

pub(crate) const DLOPEN: EnvOption = EnvOption {
    name: "STATICCXX_DLOPEN",
    values: Values::Words(&["ours", "system"]),
    default: "ours",
    applies: &[Scope::Link, Scope::Convert],
    help: "dlopen and the like in a glibc program: ours, which find what is in it, or glibc's own, which load files",
};

pub(crate) const ICONV: EnvOption = EnvOption {
    name: "STATICCXX_ICONV",
    values: Values::Open("common|all|none|NAME,…"),
    default: "common",
    applies: &[Scope::Link, Scope::Convert],
    help: "which converters of glibc are linked into programs that call iconv_open",
};

pub(crate) const NSS: EnvOption = EnvOption {
    name: "STATICCXX_NSS",
    values: Values::Open("NAME,…"),
    default: "none",
    applies: &[Scope::Link, Scope::Convert],
    help: "name services to link in besides files and dns, by their names in nsswitch.conf",
};

pub(crate) const GLIBC_FIXES: EnvOption = EnvOption {
    name: "STATICCXX_GLIBC_FIXES",
    values: Values::Words(&["all", "off", "locale", "nss", "iconv"]),
    default: "all",
    applies: &[Scope::Link, Scope::Convert],
    help: "which repairs of static glibc programs are used: all, none, or one of them",
};

pub(crate) const MALLOC: EnvOption = EnvOption {
    name: "STATICCXX_MALLOC",
    values: Values::Words(&["auto", "mimalloc", "libc"]),
    default: "auto",
    applies: &[Scope::Link],
    help: "the allocator for the built musl toolchain; auto: mimalloc if the program's own code allocates",
};

pub(crate) const FAST: EnvOption = EnvOption {
    name: "STATICCXX_FAST",
    values: Values::Switch,
    default: "on",
    applies: &[Scope::Link],
    help: "string functions, sorting, number conversion and mutexes that are faster than musl's, in musl programs whose own code calls them; off: libc's",
};

pub(crate) const STACK_SIZE: EnvOption = EnvOption {
    name: "STATICCXX_STACK_SIZE",
    values: Values::Checked { form: "BYTES", is: "a number of bytes" },
    default: "8388608",
    applies: &[Scope::Link],
    help: "the stack size of threads in musl programs; 0 leaves it to musl",
};

pub(crate) const LINKER: EnvOption = EnvOption {
    name: "STATICCXX_LINKER",
    values: Values::Words(&["auto", "wild", "mold", "lld", "gold", "bfd"]),
    default: "auto",
    applies: &[Scope::Link],
    help: "which linker links executables; auto: the built-in wild where its output is as good as GNU ld's, else the \
           compiler's own; -fuse-ld= in a call takes precedence",
};

pub(crate) const SMALL: EnvOption = EnvOption {
    name: "STATICCXX_SMALL",
    values: Values::Switch,
    default: "off",
    applies: &[Scope::Compile, Scope::Link],
    help: "remove unused functions and data: -ffunction-sections -fdata-sections, --gc-sections",
};

pub(crate) const HARDEN: EnvOption = EnvOption {
    name: "STATICCXX_HARDEN",
    values: Values::Switch,
    default: "off",
    applies: &[Scope::Compile, Scope::Link],
    help: "compile with the hardening options that the compiler has, before the call's own; `staticctl harden` tells what came of it",
};

pub(crate) const PARTS: EnvOption = EnvOption {
    name: "STATICCXX_PARTS",
    values: Values::Words(&["note", "full", "off"]),
    default: "note",
    applies: &[Scope::Link, Scope::Convert],
    help: "programs name the packages that are in them, for `staticctl parts`; full: with digests, build IDs and sizes",
};

pub(crate) const SIZE: EnvOption = EnvOption {
    name: "STATICCXX_SIZE",
    values: Values::Open("DIR"),
    default: "none",
    applies: &[Scope::Link, Scope::Convert],
    help: "directory in which it is kept what each program was made of, for `staticctl size`",
};

pub(crate) const REPORT: EnvOption = EnvOption {
    name: "STATICCXX_REPORT",
    values: Values::Open("DIR"),
    default: "none",
    applies: &[Scope::Link, Scope::Run],
    help: "directory for links.jsonl, one JSON line per link",
};

pub(crate) const RELINK_KIT: EnvOption = EnvOption {
    name: "STATICCXX_RELINK_KIT",
    values: Values::Open("DIR"),
    default: "none",
    applies: &[Scope::Link, Scope::Run],
    help: "directory for a relink kit of each program: its objects, and a script that links them with another version of a \
           library",
};

pub(crate) const LOG: EnvOption = EnvOption {
    name: "STATICCXX_LOG",
    values: Values::Checked {
        form: "off|info|debug|FILTER",
        is: "`off`, `info`, `debug` or a filter such as `staticcxx::libs=debug`",
    },
    default: "off",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "log to stderr",
};

pub(crate) const HERMETIC: EnvOption = EnvOption {
    name: "STATICCXX_HERMETIC",
    values: Values::Switch,
    default: "off",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "read and write nothing but the toolchain, the inputs and the output, which is the same bytes in any directory, \
           for any user, at any time; for packed toolchains",
};

/// Device and inode of the programs that called each other so far, which ends a chain of wrappers that calls us back.
/// See [`crate::toolchain`].
pub(crate) const REAL_COMPILER: EnvOption = EnvOption {
    name: "STATICCXX_REAL_COMPILER",
    values: Values::Open("DEVICE:INODE:…"),
    default: "none",
    applies: &[],
    help: "set for the compiler that is run",
};

/// Misspelt names that `staticctl run` has warned about, so that its links need not.
pub(crate) const TOLD: EnvOption = EnvOption {
    name: "STATICCXX_TOLD",
    values: Values::Open("NAME,…"),
    default: "none",
    applies: &[],
    help: "set for the command that is run",
};

/// What our linker does with a link that can't be static.
pub(crate) const LINKER_NET: EnvOption = EnvOption {
    name: "STATICCXX_LINKER_NET",
    values: Values::Open("strict"),
    default: "none",
    applies: &[],
    help: "set for the compiler of another language that a driver runs",
};

/// It is an error. Otherwise the link goes on as it was.
pub(crate) const LINKER_NET_STRICT: &str = "strict";

/// The mechanism that this program tries when it runs itself.
pub(crate) const TRIAL: EnvOption = EnvOption {
    name: "STATICCXX_TRIAL",
    values: Values::Open("MECHANISM"),
    default: "none",
    applies: &[],
    help: "set for a trial of this program by itself",
};

/// All variables, in the order of the documentation.
pub(crate) const TABLE: [EnvOption; 29] = [
    TOOLCHAIN,
    CC,
    CXX,
    FC,
    LAUNCHER,
    LINKER,
    CHECK,
    SMALL,
    HARDEN,
    FAT_SHARED,
    CONVERT,
    PLUGINS,
    DLOPEN,
    GLIBC_FIXES,
    ICONV,
    NSS,
    MALLOC,
    FAST,
    STACK_SIZE,
    HERMETIC,
    PARTS,
    SIZE,
    REPORT,
    RELINK_KIT,
    LOG,
    REAL_COMPILER,
    TOLD,
    LINKER_NET,
    TRIAL,
];

/// The documented variables.
pub(crate) fn documented() -> impl Iterator<Item = &'static EnvOption> {
    TABLE.iter().filter(|o| !o.is_internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sound() {
        for (number, option) in TABLE.iter().enumerate() {
            assert!(TABLE.iter().take(number).all(|o| o.name != option.name), "{} twice", option.name);
            let word = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
            assert!(option.name.starts_with("STATICCXX_") && option.name.as_bytes().iter().all(word));
            assert!(!option.help.is_empty() && !option.help.ends_with('.') && !option.help.contains('\n'));
            match option.values {
                Values::Words(words) => assert!(words.contains(&option.default), "{}", option.name),
                Values::Switch => assert!(["on", "off"].contains(&option.default), "{}", option.name),
                Values::Checked { .. } | Values::Open(_) => {}
            }
        }
    }
}
