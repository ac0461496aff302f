//! The choice of the linker, and direct links by the built-in one.
//!
//! A link through the compiler runs a compiler driver, collect2, a search for crt files and a linker. If all arguments
//! are understood, the built-in linker (wild's library) is called directly instead, with the command line that the
//! compiler would have built:
//!
//! | step | file | pure |
//! |---|---|---|
//! | the requested linker: `STATICCXX_LINKER`, `-fuse-ld=` | [`options::linker`](crate::options::linker) | yes |
//! | the machines and C libraries that the built-in linker links for | [`linked_target`] | no |
//! | what the planned call passes to the linker | [`mod@line`] | yes |
//! | what the compiler adds to it: asked once with `-###`, then cached | [`template`] | no |
//! | which options the built-in linker treats as GNU ld does | [`wild_words`] | yes |
//! | calls that need a repair of glibc or a GNU ld warning | [`call_detection`], [`mentions`](crate::libs::mentions) | partly |
//! | the linker itself | [`wild`] | no |
//! | the section headers of what it made | [`section_headers`] | no |
//! | stubs that code guarded by BTI may call | [`branch_targets`] | no |
//! | instructions that a Cortex-A53 may execute wrongly | [`cortex_a53`] | no |
//!
//! Whatever may differ from GNU ld's output is a reason in [`WhyNot`], and is linked through the compiler. So is every
//! link that fails here: users see the messages of their own linker.

#[cfg(feature = "wild")]
pub(crate) mod branch_targets;
pub(crate) mod call_detection;
pub(crate) mod cortex_a53;
pub(crate) mod line;
pub(crate) mod linked_target;
#[cfg(feature = "wild")]
pub(crate) mod section_headers;
pub(crate) mod template;
#[cfg(feature = "wild")]
pub(crate) mod wild;
pub(crate) mod wild_words;

use crate::toolchain::Mechanism;
use std::fmt;
use std::path::PathBuf;

/// Why a link goes through the compiler: a closed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// This program was built without the built-in linker.
    NotBuiltIn,
    /// Another linker was requested.
    Asked(String),
    /// What it makes does not work with this compiler.
    Off(Mechanism, String),
    /// The call compiles source files too.
    Compiles(String),
    /// The built-in linker is tested for x86-64 and aarch64 with glibc or musl only.
    Target(String),
    /// The compiler is a script, which may do anything.
    Compiler(String),
    /// A launcher other than the known ones that pass links through.
    Launcher(String),
    /// A driver option that changes how the link is made.
    Option(String),
    /// A linker option that the built-in linker does not treat as GNU ld does.
    Word(String),
    /// An argument that is not UTF-8.
    NotText,
    /// An environment variable that affects compilers or linkers.
    Environment(&'static str),
    /// An input that is a device or a FIFO, which can be read once only or has no end.
    Stream(String),
    /// It takes the address of a weak symbol in a way that wild misunderstands.
    WeakLoad(PathBuf),
    /// A name that is asked for, which GNU ld keeps of what it collects.
    KeptByName(String),
    /// It refers to what lies outside a merged section.
    StrayString(PathBuf),
    /// The output is not a regular file.
    Output,
    /// There are no call detectors.
    NoCallDetectors,
    /// The compiler did not print its linker command line.
    NoLine(String),
    /// The program calls a function with a GNU ld warning.
    Warning,
    /// The linker failed.
    Failed(String),
    /// The output has what `--fix-cortex-a53-843419` would mend, at an address.
    Erratum(u64),
    /// Its output is not as planned.
    BadOutput(String),
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::NotBuiltIn => f.write_str("this program was built without the feature `wild`"),
            WhyNot::Asked(linker) => write!(f, "`{linker}` is requested"),
            WhyNot::Off(mechanism, why) => write!(f, "{mechanism}: {why}"),
            WhyNot::Compiles(input) => write!(f, "`{input}` is compiled by the same call"),
            WhyNot::Target(triple) => write!(f, "the target is `{triple}`"),
            WhyNot::Compiler(program) => write!(f, "`{program}` is a script"),
            WhyNot::Launcher(program) => write!(f, "the launcher `{program}` may handle links"),
            WhyNot::Option(word) => write!(f, "`{word}` changes how the compiler links"),
            WhyNot::Word(word) => write!(f, "it may not treat the linker option `{word}` like GNU ld"),
            WhyNot::NotText => f.write_str("an argument is not UTF-8"),
            WhyNot::Environment(name) => write!(f, "{name} is set"),
            WhyNot::Stream(input) => write!(f, "`{input}` is not a regular file"),
            WhyNot::WeakLoad(input) => {
                write!(f, "`{}` loads the address of a weak symbol by R_X86_64_GOTPCREL", input.display())
            }
            WhyNot::KeptByName(name) => write!(f, "`--gc-sections` would take `{name}`, which is asked for by `-u`"),
            WhyNot::StrayString(input) => {
                write!(f, "`{}` refers to what lies outside a merged section", input.display())
            }
            WhyNot::Output => f.write_str("the output is not a regular file"),
            WhyNot::NoCallDetectors => {
                f.write_str("the toolchain has no repairs of glibc, which it needs to detect calls")
            }
            WhyNot::NoLine(why) => write!(f, "the compiler does not print its linker command: {why}"),
            WhyNot::Warning => f.write_str("the program calls a function with a GNU ld warning"),
            WhyNot::Failed(said) => write!(f, "it failed: {said}"),
            WhyNot::Erratum(at) => write!(f, "at {at:#x} is what `--fix-cortex-a53-843419` would mend"),
            WhyNot::BadOutput(failure) => write!(f, "its output is bad: {failure}"),
        }
    }
}
