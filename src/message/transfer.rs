//! The progress of bytes on their way: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar over bytes.
pub struct Transfer {
    bar: ProgressBar,
}

impl Transfer {
    /// A bar over so many bytes, unless it is to be quiet.
    pub fn new(total: u64, quiet: bool) -> Transfer {
        let shown = std::io::stderr().is_terminal() && !quiet;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Transfer { bar }
    }

    /// What is on its way now.
    pub fn about(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// So many bytes more, or less after an attempt that failed.
    pub fn moved(&self, bytes: i64) {
        match u64::try_from(bytes) {
            Ok(more) => self.bar.inc(more),
            Err(_) => self.bar.set_position(self.bar.position().saturating_sub(bytes.unsigned_abs())),
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
