//! Files as values: which file a path leads to ([`Identity`]), whether it changed ([`Stamp`]), writing one as a whole or
//! not at all ([`write_atomic`], [`AtomicFile`]), whether only we can have written a directory ([`distrusted`]), and
//! hashes of those of our sources that decide what caches hold ([`kept`]).

mod atomic;
pub(crate) mod kept;
mod replace;
mod stamp;
mod trust;

pub(crate) use atomic::{AtomicFile, write_atomic};
pub(crate) use replace::{place_directory, place_file, place_symlink, workplace};
pub(crate) use stamp::{Identity, Stamp};
pub(crate) use trust::{Distrust, distrusted};
