//! Toolchains: descriptors (data), discovery, probing, the cache, and the choice.

pub(crate) mod built_with;
mod cache_sweep;
pub(crate) mod call_detector;
pub(crate) mod descriptor;
pub(crate) mod descriptor_path;
pub(crate) mod emulated;
pub(crate) mod facts;
pub(crate) mod find;
pub mod front_end;
pub(crate) mod mechanism;
pub(crate) mod name;
pub(crate) mod os_release;
pub(crate) mod package_manager;
pub(crate) mod packed;
pub(crate) mod probe;
pub(crate) mod probe_cache;
pub(crate) mod recipe;
pub(crate) mod select;
mod select_error;
pub(crate) mod transient;

pub(crate) use emulated::ProgramsRun;
pub(crate) use facts::{Facts, Repairs, Selected};
pub(crate) use mechanism::{Mechanism, MechanismsOff};
pub(crate) use name::Invocation;
pub(crate) use recipe::{Allocator, FastFunctions, Recipe};
pub(crate) use select::{CallNeed, pass_through, select, unprobed};
pub(crate) use select_error::SelectError;
