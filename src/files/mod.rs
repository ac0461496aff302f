//! Files: identity ([`Identity`]), changes ([`Stamp`]), atomic writes ([`write_atomic`], [`AtomicFile`]), damage
//! ([`is_sealed`]), trust in
//! directories ([`distrusted`], [`claim`]), temporary directories that run programs ([`temporary_for_programs`]), real paths
//! ([`RealPaths`]), who uses a directory ([`in_use`]), symbolic links
//! ([`link_chain`]), and hashes of our sources for cache keys ([`kept`]).

mod atomic;
pub(crate) mod in_use;
pub(crate) mod kept;
mod links;
mod names;
mod overwrite;
mod real_paths;
mod replace;
mod seal;
mod stamp;
mod temporary;
mod trust;

pub(crate) use atomic::{AtomicFile, write_atomic};
pub(crate) use links::link_chain;
pub(crate) use names::{may_be_shared, place_hard_link, place_program};
pub(crate) use overwrite::overwrites;
pub(crate) use real_paths::RealPaths;
pub(crate) use replace::{place_directory, place_file, place_symlink, workplace};
pub(crate) use seal::{SEAL, is_sealed, read_sealed, seal, seal_of, write_sealed};
pub(crate) use stamp::{Identity, Stamp};
pub(crate) use temporary::temporary_for_programs;
pub(crate) use trust::{Distrust, claim, distrusted};
