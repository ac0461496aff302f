//! What a command says while it runs, in pieces as they come.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Child;

/// Where a command wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// To its stdout.
    Out,
    /// To its stderr.
    Err,
}

/// How long the pipes may stay silent before we look whether to go on, in milliseconds.
const SILENCE: u16 = 50;

/// Reads those streams of a child that are pipes to their ends, or to the child's: something that it left in the
/// background, such as a cache's server, may hold the other ends for ever.
pub(super) fn listen(child: &mut Child, hear: &mut impl FnMut(Stream, &[u8])) -> io::Result<()> {
    listen_until(child, |child, silent| Ok(silent && child.try_wait()?.is_some()), hear)
}

/// The same until `over`, which learns whether the pipes have just been silent.
pub(super) fn listen_until(
    child: &mut Child,
    mut over: impl FnMut(&mut Child, bool) -> io::Result<bool>,
    hear: &mut impl FnMut(Stream, &[u8]),
) -> io::Result<()> {
    let pipes = [
        child.stdout.take().map(|p| (Stream::Out, File::from(OwnedFd::from(p)))),
        child.stderr.take().map(|p| (Stream::Err, File::from(OwnedFd::from(p)))),
    ];
    let mut open: Vec<(Stream, File)> = pipes.into_iter().flatten().collect();
    let mut buffer = [0; 16 * 1024];
    let mut silent = false;
    while !open.is_empty() && !over(child, silent)? {
        let mut polled: Vec<PollFd<'_>> = open.iter().map(|(_, p)| PollFd::new(p.as_fd(), PollFlags::POLLIN)).collect();
        silent = match poll(&mut polled, SILENCE) {
            // A signal: what the descriptors are is not known.
            Err(Errno::EINTR) => {
                silent = false;
                continue;
            }
            Err(errno) => return Err(errno.into()),
            Ok(ready) => ready == 0,
        };
        let ready: Vec<bool> = polled.iter().map(|p| p.any() == Some(true)).collect();
        let mut ended = Vec::new();
        for ((stream, pipe), _) in open.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            match pipe.read(&mut buffer) {
                Ok(0) => ended.push(*stream),
                Ok(n) => hear(*stream, buffer.get(..n).unwrap_or_default()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        open.retain(|(stream, _)| !ended.contains(stream));
    }
    Ok(())
}
