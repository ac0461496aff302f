//! The built-in linker: wild's library, called in a forked child process.
//!
//! In a child, not in the driver itself: its output can be dropped when the compiler's linker has to repeat the link, a
//! crash is only a failed link, and its memory is freed at once. Forking the small driver takes a tenth of a
//! millisecond; running a separate program would take longer.

use super::{branch_targets, section_headers};
use crate::parallel::processors;
use std::path::Path;

/// Links. `words` are a linker's arguments without its name, among them `output`. Where each input is in the output is
/// written to `layout`, if it is wanted, in the format of the crate `linker-layout`.
///
/// # Errors
/// The linker's error; a warning counts as one, since the compiler's linker would print another text.
pub(crate) fn link(words: &[String], output: &Path, layout: Option<&Path>) -> Result<(), String> {
    let linked = staticcxx_wild_linker::link(words, processors(), layout, env!("CARGO_PKG_VERSION"))?;
    section_headers::mend(output).and_then(|()| branch_targets::mend(output)).map_err(|e| e.to_string())?;
    if linked.warned { Err("it printed a warning".into()) } else { Ok(()) }
}
