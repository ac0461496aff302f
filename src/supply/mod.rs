//! What stands in the place of libraries without a usable archive: objects that shared objects carry, converted
//! libraries and programs, plugins; made for one link, in a directory of its own, or kept in the cache.

pub(crate) mod constructors;
pub(crate) mod converted_libraries;
pub(crate) mod glibc;
pub(crate) mod incomplete;
pub(crate) mod load_order;
pub(crate) mod object_cache;
pub(crate) mod plugins;
pub(crate) mod program_object;
pub(crate) mod store;
