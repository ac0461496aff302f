//! The built-in linker: the library of wild, called in a child process that the driver forks for it.
//!
//! In the child, not in the driver itself: what the linker prints stays behind when the link is made again by the
//! compiler's own, a crash of it is a failed link and no more, and its memory is gone with it. A fork of a driver that
//! has done nothing yet costs a tenth of a millisecond, an exec of a program of its own more.

use libwild::Args;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Links. The words are those of a linker's command line without its name.
///
/// # Errors
/// What the linker says; a warning of it counts as an error, because the compiler's own linker would say something else.
pub(crate) fn link(words: &[String]) -> Result<(), String> {
    // By the name it knows what kind of files to make.
    let argv = || std::iter::once("ld").chain(words.iter().map(String::as_str));
    let said = |e: libwild::error::Error| e.to_string();
    let warned = Arc::new(AtomicBool::new(false));
    let mut args = Args::new(argv).map_err(said)?;
    args.set_version(env!("CARGO_PKG_VERSION"));
    let note = Arc::clone(&warned);
    args.on_warning(Box::new(move |_| note.store(true, Ordering::Relaxed)));
    args.parse(argv).map_err(said)?;
    libwild::run(args).map_err(said)?;
    if warned.load(Ordering::Relaxed) { Err("it warned".into()) } else { Ok(()) }
}
