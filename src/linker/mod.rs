//! Which linker makes an executable, and the direct way to the one that is built in.
//!
//! A driver call for a link costs a compiler driver, collect2, a search for crt files and a linker. Where all that the
//! line has to say is understood, the built-in linker (the library of wild) is called directly instead, with the
//! command line that the compiler itself would have written:
//!
//! | step | file | pure |
//! |---|---|---|
//! | what was asked for: `STATICCXX_LINKER`, `-fuse-ld=` | [`options::linker`](crate::options::linker) | yes |
//! | what the planned call gives to the linker | [`mod@line`] | yes |
//! | what the compiler adds to it: asked once with `-###`, then cached | [`template`] | no |
//! | which words the linker treats as GNU ld does | [`wild_words`] | yes |
//! | functions whose callers need a repair of glibc, or a warning of GNU ld's | [`call_detection`](mod@call_detection), [`mentions`](crate::libs::mentions) | the first |
//! | the linker itself | [`wild`] | no |
//!
//! Whatever is not known to come out as with GNU ld is one of the reasons in [`WhyNot`], and goes the usual way through
//! the compiler. So does every link that fails here: the messages that people see are those of their own linker.

pub(crate) mod call_detection;
pub(crate) mod line;
pub(crate) mod template;
#[cfg(feature = "wild")]
pub(crate) mod wild;
pub(crate) mod wild_words;

use std::fmt;

/// Why a link goes through the compiler: a closed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// The program was built without it.
    NotBuiltIn,
    /// Another linker was asked for.
    Asked(String),
    /// The link makes something out of source files.
    Compiles(String),
    /// The built-in linker has shown its output for x86-64 and glibc only.
    Target(String),
    /// A compiler that is a script may do anything on a link.
    Compiler(String),
    /// A launcher that may want to see links: any but the caches and distributors that pass them through.
    Launcher(String),
    /// A driver option that changes how the link is made.
    Option(String),
    /// A linker option that the built-in linker does not treat as GNU ld does.
    Word(String),
    /// A word that is not UTF-8.
    NotText,
    /// A variable by which compilers and linkers are steered.
    Environment(&'static str),
    /// The output is no ordinary file.
    Output,
    /// Without the repairs' trial it is not known who calls what.
    NoTraps,
    /// The compiler was asked for its linker line and gave none.
    NoLine(String),
    /// A function is called of which GNU ld warns.
    Warning,
    /// The linker said this.
    Failed(String),
    /// Its output was not what was planned.
    BadOutput(String),
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::NotBuiltIn => f.write_str("this program was built without the feature `wild`"),
            WhyNot::Asked(linker) => write!(f, "`{linker}` is asked for"),
            WhyNot::Compiles(input) => write!(f, "`{input}` is compiled by the same call"),
            WhyNot::Target(triple) => write!(f, "the target is `{triple}`"),
            WhyNot::Compiler(program) => write!(f, "`{program}` is a script"),
            WhyNot::Launcher(program) => write!(f, "`{program}` stands before the compiler"),
            WhyNot::Option(word) => write!(f, "`{word}` changes how the compiler links"),
            WhyNot::Word(word) => write!(f, "the linker option `{word}` is not among those that it treats as GNU ld"),
            WhyNot::NotText => f.write_str("an argument is not UTF-8"),
            WhyNot::Environment(name) => write!(f, "{name} is set"),
            WhyNot::Output => f.write_str("the output is no ordinary file"),
            WhyNot::NoTraps => f.write_str("the toolchain has no repairs of glibc, whose callers it would look for"),
            WhyNot::NoLine(why) => write!(f, "the compiler does not say how it links: {why}"),
            WhyNot::Warning => f.write_str("a function is called of which GNU ld warns"),
            WhyNot::Failed(said) => write!(f, "it said: {said}"),
            WhyNot::BadOutput(failure) => write!(f, "its output was no good: {failure}"),
        }
    }
}
