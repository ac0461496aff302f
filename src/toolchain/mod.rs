//! Who compiles: descriptors (data), discovery, probing, the cache, and the choice.

pub(crate) mod built_with;
mod cache_sweep;
pub mod call_detector;
pub mod descriptor;
pub mod facts;
pub mod find;
pub mod name;
pub(crate) mod os_release;
pub mod package_manager;
pub mod probe;
pub mod probe_cache;
pub mod recipe;
pub mod select;
mod select_error;

pub use descriptor::Descriptor;
pub use facts::{Facts, Repairs, Selected};
pub use name::Invocation;
pub use recipe::{Allocator, Recipe};
pub use select::{CallNeed, pass_through, select};
pub use select_error::SelectError;
