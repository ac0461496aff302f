//! Calls and facts for tests of planning.

use super::context::Context;
use super::rules::plan;
use crate::args::Request;
use crate::args::classify;
use crate::model::{Family, Libc};
use crate::model::{Language, StaticKind};
use crate::options::malloc::Malloc;
use crate::toolchain::Recipe;
use crate::toolchain::{Facts, ProgramsRun};
use std::ffi::OsString;

/// Facts of a Debian-like GCC with glibc 2.36.
pub(crate) fn facts() -> Facts {
    let recipe = |k: StaticKind| (k, Recipe { before: vec![k.flag().to_owned()], after: vec![] });
    Facts {
        family: Family::Gcc,
        version: "gcc 12".into(),
        major: 12,
        triple: "x86_64-linux-gnu".into(),
        libc: Libc::Glibc,
        glibc: Some((2, 36)),
        default_pie: true,
        as_needed: true,
        linker: "GNU ld (GNU Binutils for Debian) 2.40".into(),
        library_dirs: vec![],
        kinds: [recipe(StaticKind::Static), recipe(StaticKind::StaticPie)].into(),
        runs: ProgramsRun::Here,
        repairs: None,
        off: [].into(),
        object: None,
        tried: false,
        undecided: None,
        allocator: None,
        functions: None,
        compat: None,
        missing: [].into(),
    }
}

/// A context with nothing found.
pub(crate) fn context(facts: &Facts) -> Context<'_> {
    Context {
        facts,
        linker: None,
        small: false,
        harden: false,
        fixed_input: None,
        substitutes: &[],
        repairs: &[],
        malloc: Malloc::Offered,
        fast: true,
        stack_size: None,
        converted: &[],
        closure: &[],
        started: &[],
        weak_names: &[],
        start_files: &[],
        early_tls: None,
        sheltered: None,
    }
}

/// The classified call of a command line without quotes.
pub(crate) fn request(line: &str) -> Request {
    classify(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>(), Language::Cxx)
}

/// The planned command line.
pub(crate) fn planned(line: &str, context: &Context<'_>) -> String {
    let words = plan(&request(line), context).argv;
    words.iter().map(|w| w.to_str().expect("test words are text")).collect::<Vec<_>>().join(" ")
}

/// The planned command line with the facts of [`facts`].
pub(crate) fn usual(line: &str) -> String {
    planned(line, &context(&facts()))
}
