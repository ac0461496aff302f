//! Files as values: which file a path leads to ([`Identity`]), whether it changed ([`Stamp`]), and writing one as a whole
//! or not at all ([`write_atomic`], [`AtomicFile`]); what of our sources decides about files in caches ([`kept`]).

mod atomic;
pub(crate) mod kept;
mod replace;
mod stamp;

pub(crate) use atomic::{AtomicFile, write_atomic};
pub(crate) use replace::{place_directory, place_file, place_symlink, workplace};
pub(crate) use stamp::{Identity, Stamp};
