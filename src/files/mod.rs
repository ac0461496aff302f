//! Files as values: which file a path leads to ([`Identity`]), whether it changed ([`Stamp`]), and writing one as a whole
//! or not at all ([`write_atomic`], [`AtomicFile`]).

mod atomic;
mod place;
mod stamp;

pub use atomic::{AtomicFile, write_atomic};
pub use place::{place_directory, place_file, place_symlink, workplace};
pub use stamp::{Identity, Stamp};
