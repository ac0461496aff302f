//! The progress of something that takes minutes: a bar with the time left on a terminal, one line per step elsewhere.

use super::note;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);

/// A bar over steps whose usual durations are known.
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
    /// Usual seconds of each step.
    usual: Vec<u64>,
    state: Arc<State>,
    ticker: Option<JoinHandle<()>>,
}

struct State {
    over: AtomicBool,
    /// Milliseconds of finished steps, and of the step at work.
    before: AtomicU64,
    length: AtomicU64,
    began: Mutex<Instant>,
}

impl Progress {
    /// A bar over steps of these usual durations, in seconds. Without a terminal, and not `quiet`, lines.
    pub fn new(usual: Vec<u64>, quiet: bool) -> Progress {
        let total: u64 = usual.iter().sum();
        let on_terminal = std::io::stderr().is_terminal() && !quiet;
        let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total * 1000), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let state = Arc::new(State {
            over: AtomicBool::new(false),
            before: AtomicU64::new(0),
            length: AtomicU64::new(0),
            began: Mutex::new(Instant::now()),
        });
        let ticker = on_terminal.then_some(()).and_then(|()| {
            let (bar, state) = (bar.clone(), state.clone());
            let ticks = std::thread::Builder::new().spawn(move || {
                while !state.over.load(Ordering::Relaxed) {
                    let began = state.began.lock().map_or_else(|e| *e.into_inner(), |b| *b);
                    let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(0);
                    let length = state.length.load(Ordering::Relaxed);
                    // A step that takes longer than usual waits at its end.
                    let at = state.before.load(Ordering::Relaxed) + elapsed.min(length);
                    bar.set_position(at);
                    let left = (total * 1000).saturating_sub(at) / 1000;
                    bar.set_message(format!("about {}:{:02} left", left / 60, left % 60));
                    std::thread::sleep(TICK);
                }
            });
            ticks.ok()
        });
        Progress { bar, quiet: quiet || on_terminal, usual, state, ticker }
    }

    /// Begins a step, by its number from 0.
    pub fn step(&self, number: usize, what: &str) {
        let before: u64 = self.usual.iter().take(number).sum();
        self.state.before.store(before * 1000, Ordering::Relaxed);
        self.state.length.store(self.usual.get(number).copied().unwrap_or(0) * 1000, Ordering::Relaxed);
        if let Ok(mut began) = self.state.began.lock() {
            *began = Instant::now();
        }
        let prefix = format!("[{}/{}] {what}", number + 1, self.usual.len());
        if !self.quiet {
            note(&prefix);
        }
        self.bar.set_prefix(prefix);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            // It only sleeps and draws.
            let _ = ticker.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_begins_where_those_before_it_usually_end() {
        let progress = Progress::new(vec![10, 20, 30], true);
        progress.step(2, "the last");
        assert_eq!(progress.state.before.load(Ordering::Relaxed), 30_000);
        assert_eq!(progress.state.length.load(Ordering::Relaxed), 30_000);
        progress.step(9, "none of them");
        assert_eq!(progress.state.length.load(Ordering::Relaxed), 0);
    }
}
