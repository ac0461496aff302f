//! The input and the result of planning.

use crate::libs::substitute::Substitute;
use crate::model::StaticKind;
use crate::options::malloc::Malloc;
use crate::toolchain::Facts;
use serde::Serialize;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

/// All that is known about a call before it is planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub facts: &'a Facts,
    /// The value for `-fuse-ld=`, if a linker was chosen.
    pub linker: Option<&'static str>,
    /// Whether unused sections are removed.
    pub small: bool,
    /// Whether programs are hardened.
    pub harden: bool,
    /// An input with position-dependent code, if there is one.
    pub fixed_input: Option<&'a Path>,
    /// Replacements of library references, by item index.
    pub substitutes: &'a [(usize, Substitute)],
    /// Archives with repairs of the libc.
    pub repairs: &'a [PathBuf],
    /// Which allocator a program uses if the toolchain has one.
    pub malloc: Malloc,
    /// Whether the toolchain's string functions are offered, if it has them.
    pub fast: bool,
    /// The default stack size of threads, in bytes; none leaves it to the libc.
    pub stack_size: Option<u64>,
    /// Linker words for converted libraries.
    pub converted: &'a [OsString],
    /// Dependencies of the libraries on the command line, in order.
    pub closure: &'a [OsString],
    /// Symbols of members with constructors that ld.so would run.
    pub started: &'a [String],
    /// Weak references that a dynamic program would have bound, sorted.
    pub weak_names: &'a [String],
    /// Start files that exist beside those on the command line.
    pub start_files: &'a [PathBuf],
    /// The object with the entry that is needed for functions that are chosen when the program starts.
    pub early_tls: Option<&'a Path>,
    /// A directory with copies of libraries that `--wrap` does not reach.
    pub sheltered: Option<&'a Path>,
}

/// One change that a rule made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Applied {
    /// The rule's id.
    pub rule: &'static str,
    /// What it changed, in one line.
    pub detail: String,
}

/// A planned link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The kind of program.
    pub kind: StaticKind,
    /// Arguments for the compiler, without its own words.
    pub argv: Vec<OsString>,
    /// The changes, in the order of the rules.
    pub applied: Vec<Applied>,
}
