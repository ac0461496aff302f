//! The built-in linker: wild's library, called in a forked child process.
//!
//! In a child, not in the driver itself: its output can be dropped when the compiler's linker has to repeat the link, a
//! crash is only a failed link, and its memory is freed at once. Forking the small driver takes a tenth of a
//! millisecond; running a separate program would take longer.

use super::section_headers;
use libwild::Args;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Links. `words` are a linker's arguments without its name, among them `output`.
///
/// # Errors
/// The linker's error; a warning counts as one, since the compiler's linker would print another text.
pub(crate) fn link(words: &[String], output: &Path) -> Result<(), String> {
    // wild chooses the output format by its name.
    // Without a number wild takes threads from make's job server, by descriptors that MAKEFLAGS names. make closes them
    // for what is no make; here they are ours, and each byte of such a file would be a thread.
    let threads = format!("--threads={}", std::thread::available_parallelism().map_or(1, usize::from));
    let argv = || ["ld", &threads].into_iter().chain(words.iter().map(String::as_str));
    let said = |e: libwild::error::Error| e.to_string();
    let warned = Arc::new(AtomicBool::new(false));
    let mut args = Args::new(argv).map_err(said)?;
    args.set_version(env!("CARGO_PKG_VERSION"));
    let note = Arc::clone(&warned);
    args.on_warning(Box::new(move |_| note.store(true, Ordering::Relaxed)));
    args.parse(argv).map_err(said)?;
    libwild::run(args).map_err(said)?;
    section_headers::mend(output).map_err(|e| e.to_string())?;
    if warned.load(Ordering::Relaxed) { Err("it printed a warning".into()) } else { Ok(()) }
}
