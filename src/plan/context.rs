//! What a plan is made from, and what it is.

use crate::libs::substitute::Substitute;
use crate::model::StaticKind;
use crate::options::malloc::Malloc;
use crate::toolchain::Facts;
use serde::Serialize;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

/// What the world said about a call before it is planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The toolchain's measured facts.
    pub facts: &'a Facts,
    /// The linker that the compiler is to use, where one was chosen.
    pub linker: Option<&'static str>,
    /// Whether what is not used is left out.
    pub small: bool,
    /// An input whose code can't be part of a position-independent program, if there is one.
    pub fixed_input: Option<&'a Path>,
    /// What becomes of each library reference, by its index among the items of the call.
    pub substitutes: &'a [(usize, Substitute)],
    /// Archives that repair what the libc can't do in a static program.
    pub repairs: &'a [PathBuf],
    /// Which allocator a program takes where the toolchain has one.
    pub malloc: Malloc,
    /// The stack of threads where the program does not say; none leaves it to the libc.
    pub stack_size: Option<u64>,
    /// Words for the linker that converted libraries need.
    pub converted: &'a [OsString],
    /// Further libraries that those on the line need, in order: words of ours.
    pub closure: &'a [OsString],
}

/// One change that a rule made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Applied {
    /// The rule's id.
    pub rule: &'static str,
    /// What it did, in one line.
    pub detail: String,
}

/// A link, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The shape of the program.
    pub kind: StaticKind,
    /// Arguments for the compiler, without its own words.
    pub argv: Vec<OsString>,
    /// What was changed, in the order of the rules.
    pub applied: Vec<Applied>,
}
