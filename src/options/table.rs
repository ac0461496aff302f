//! The rows.

use std::fmt;

/// An environment variable of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EnvOption {
    /// `STATICCXX_` and the rest.
    pub name: &'static str,
    /// What it may be set to.
    pub values: Values,
    /// What unset means, and what is taken for a value that is not understood: one of the values, or, for
    /// [`Values::Open`], in words.
    pub default: &'static str,
    /// Where it is looked at; nowhere for those that we set for ourselves, which no help shows.
    pub applies: &'static [Scope],
    /// One line of help, with no full stop.
    pub help: &'static str,
}

/// What a variable may be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// `on` or `off`, in any of the spellings of [`switch`](super::switch).
    Switch,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Something that can be told from a mistake.
    Checked {
        /// The form: `BYTES`.
        form: &'static str,
        /// What it is, after "is not": `a number of bytes`.
        is: &'static str,
    },
    /// A name, path or command line, of this form. What it leads to has errors of its own.
    Open(&'static str),
}

/// Where a variable is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Compiler calls that only compile.
    Compile,
    /// Links of executables.
    Link,
    /// Links of shared objects.
    Shared,
    /// `staticctl run` and what prints its environment.
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
    /// The form of the values: `strict|warn|off`.
    pub(crate) fn form(&self) -> String {
        match self.values {
            Values::Switch => "on|off".into(),
            Values::Words(words) => words.join("|"),
            Values::Checked { form, .. } | Values::Open(form) => form.into(),
        }
    }

    /// Whether it is set by us for ourselves.
    pub(crate) fn is_internal(&self) -> bool {
        self.applies.is_empty()
    }
}

/// The toolchain.
pub(crate) const TOOLCHAIN: EnvOption = EnvOption {
    name: "STATICCXX_TOOLCHAIN",
    values: Values::Open("auto|NAME|FILE.json"),
    default: "auto",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Run, Scope::Convert],
    help: "the toolchain, by name (`staticctl toolchain list`) or by its descriptor; auto: the one that `staticctl \
           toolchain default` names, else the machine's own compiler",
};

/// The real C compiler.
pub(crate) const CC: EnvOption = EnvOption {
    name: "STATICCXX_CC",
    values: Values::Open("COMMAND"),
    default: "the toolchain's",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Convert, Scope::Install],
    help: "the real C compiler, a command line split as a shell would",
};

/// The real C++ compiler.
pub(crate) const CXX: EnvOption = EnvOption {
    name: "STATICCXX_CXX",
    values: Values::Open("COMMAND"),
    default: "the toolchain's",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared, Scope::Install],
    help: "the real C++ compiler, likewise",
};

/// What is run before the compiler.
pub(crate) const LAUNCHER: EnvOption = EnvOption {
    name: "STATICCXX_LAUNCHER",
    values: Values::Open("COMMAND"),
    default: "none",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "runs in front of the real compiler: ccache, distcc, sccache; CC=\"ccache staticcc\" works too",
};

/// What the verdict is worth.
pub(crate) const CHECK: EnvOption = EnvOption {
    name: "STATICCXX_CHECK",
    values: Values::Words(&["strict", "warn", "off"]),
    default: "strict",
    applies: &[Scope::Link],
    help: "what it means that a linked program is not static: an error, a warning, or nothing",
};

/// Whether shared objects carry objects.
pub(crate) const FAT_SHARED: EnvOption = EnvOption {
    name: "STATICCXX_FAT_SHARED",
    values: Values::Switch,
    default: "on",
    applies: &[Scope::Shared],
    help: "shared objects carry the objects that a static link of them needs",
};

/// What is converted.
pub(crate) const CONVERT: EnvOption = EnvOption {
    name: "STATICCXX_CONVERT",
    values: Values::Checked { form: "auto|off|prefer|LIB,…", is: "`auto`, `off`, `prefer` or names of libraries" },
    default: "auto",
    applies: &[Scope::Link],
    help: "which shared objects are converted to objects and linked in: those without an archive, none, all, or also \
           the named ones (auto,libfoo)",
};

/// What is opened at run time.
pub(crate) const PLUGINS: EnvOption = EnvOption {
    name: "STATICCXX_PLUGINS",
    values: Values::Open("FILE|DIR|GLOB|@LIST,…"),
    default: "none",
    applies: &[Scope::Link, Scope::Convert],
    help: "what the program opens with dlopen, linked in; `staticctl plugins` makes such a list",
};

/// Converters of character sets.
pub(crate) const ICONV: EnvOption = EnvOption {
    name: "STATICCXX_ICONV",
    values: Values::Open("common|all|none|NAME,…"),
    default: "common",
    applies: &[Scope::Link, Scope::Convert],
    help: "which converters of glibc's iconv are linked into programs that call iconv_open",
};

/// Name services.
pub(crate) const NSS: EnvOption = EnvOption {
    name: "STATICCXX_NSS",
    values: Values::Open("NAME,…"),
    default: "none",
    applies: &[Scope::Link, Scope::Convert],
    help: "name services beyond files and dns that are linked in, by their names in nsswitch.conf",
};

/// Repairs of glibc.
pub(crate) const GLIBC_FIXES: EnvOption = EnvOption {
    name: "STATICCXX_GLIBC_FIXES",
    values: Values::Words(&["all", "off", "locale", "nss", "iconv"]),
    default: "all",
    applies: &[Scope::Link, Scope::Convert],
    help: "which repairs of static glibc are offered to the linker: all, none, or one of them",
};

/// The allocator.
pub(crate) const MALLOC: EnvOption = EnvOption {
    name: "STATICCXX_MALLOC",
    values: Values::Words(&["auto", "mimalloc", "libc"]),
    default: "auto",
    applies: &[Scope::Link],
    help: "the allocator of programs of the built musl toolchain; auto: mimalloc where the program's own code allocates",
};

/// The stack of threads.
pub(crate) const STACK_SIZE: EnvOption = EnvOption {
    name: "STATICCXX_STACK_SIZE",
    values: Values::Checked { form: "BYTES", is: "a number of bytes" },
    default: "8388608",
    applies: &[Scope::Link],
    help: "the stack of threads in musl programs; 0 leaves it to musl",
};

/// The linker.
pub(crate) const LINKER: EnvOption = EnvOption {
    name: "STATICCXX_LINKER",
    values: Values::Words(&["auto", "wild", "mold", "lld", "gold", "bfd"]),
    default: "auto",
    applies: &[Scope::Link],
    help: "which linker makes executables; auto: the built-in wild where its output is as good as GNU ld's, else the \
           compiler's own; -fuse-ld= in a call goes before it",
};

/// Unused parts.
pub(crate) const SMALL: EnvOption = EnvOption {
    name: "STATICCXX_SMALL",
    values: Values::Switch,
    default: "off",
    applies: &[Scope::Compile, Scope::Link],
    help: "functions and data that nothing uses are left out: -ffunction-sections -fdata-sections, --gc-sections",
};

/// The report.
pub(crate) const REPORT: EnvOption = EnvOption {
    name: "STATICCXX_REPORT",
    values: Values::Open("DIR"),
    default: "none",
    applies: &[Scope::Link, Scope::Run],
    help: "takes one JSON line per link, in the file links.jsonl",
};

/// The log.
pub(crate) const LOG: EnvOption = EnvOption {
    name: "STATICCXX_LOG",
    values: Values::Checked {
        form: "off|info|debug|FILTER",
        is: "`off`, `info`, `debug` or a filter such as `staticcxx::libs=debug`",
    },
    default: "off",
    applies: &[Scope::Compile, Scope::Link, Scope::Shared],
    help: "says on stderr what is done",
};

/// Device and inode of the programs that called each other so far, so that a chain of wrappers that comes back to us
/// ends. See [`crate::toolchain`].
pub(crate) const REAL_COMPILER: EnvOption = EnvOption {
    name: "STATICCXX_REAL_COMPILER",
    values: Values::Open("DEVICE:INODE:…"),
    default: "none",
    applies: &[],
    help: "set for the compiler that is run",
};

/// Misspelt names that `staticctl run` has told of, so that the links below it need not.
pub(crate) const TOLD: EnvOption = EnvOption {
    name: "STATICCXX_TOLD",
    values: Values::Open("NAME,…"),
    default: "none",
    applies: &[],
    help: "set for the command that is run",
};

/// All of them, in the order in which they are shown.
pub(crate) const TABLE: [EnvOption; 19] = [
    TOOLCHAIN,
    CC,
    CXX,
    LAUNCHER,
    LINKER,
    CHECK,
    SMALL,
    FAT_SHARED,
    CONVERT,
    PLUGINS,
    GLIBC_FIXES,
    ICONV,
    NSS,
    MALLOC,
    STACK_SIZE,
    REPORT,
    LOG,
    REAL_COMPILER,
    TOLD,
];

/// Those that are shown.
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
