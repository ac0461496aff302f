//! Files as values: which file a path leads to ([`Identity`]), whether it changed ([`Stamp`]), and writing one as a whole
//! or not at all ([`write_atomic`], [`AtomicFile`]); whether only we can have written a directory ([`distrusted`]); what of our sources decides about files in caches ([`kept`]).

mod atomic;
pub mod kept;
mod replace;
mod stamp;
mod trust;

pub use atomic::{AtomicFile, write_atomic};
pub use replace::{place_directory, place_file, place_symlink, workplace};
pub use stamp::{Identity, Stamp};
pub use trust::{Distrust, distrusted};
