//! The least speed at which a blob must go.

use std::io;
use std::time::{Duration, Instant};

/// The least that a registry takes in a second, in bytes.
const LEAST: u64 = 1024;

/// Bytes against time, in stretches of at least a given length, each of which has to be fast enough by itself.
pub(super) struct Pace {
    stretch: Duration,
    since: Instant,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(stretch: Duration) -> Pace {
        Pace { stretch, since: Instant::now(), bytes: 0 }
    }

    /// How long so many bytes may take.
    pub(super) fn longest(bytes: u64) -> Duration {
        Duration::from_secs(bytes / LEAST)
    }

    pub(super) fn moved(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// # Errors
    /// The stretch that has just ended was too slow.
    pub(super) fn check(&mut self) -> io::Result<()> {
        self.after(self.since.elapsed())
    }

    fn after(&mut self, passed: Duration) -> io::Result<()> {
        if passed < self.stretch {
            return Ok(());
        }
        if Pace::longest(self.bytes) < passed.saturating_sub(Duration::from_secs(1)) {
            let why = format!("it took {} bytes in {} s, less than {LEAST} a second", self.bytes, passed.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        *self = Pace::new(self.stretch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_has_its_own_bytes() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(10 * second);
        pace.moved(1 << 20);
        pace.after(9 * second).unwrap();
        pace.after(10 * second).unwrap();
        pace.moved(LEAST);
        pace.after(9 * second).unwrap();
        assert!(pace.after(10 * second).unwrap_err().to_string().contains("1024 bytes in 10 s"));
        pace.moved(9 * LEAST);
        pace.after(10 * second).unwrap();
    }
}
