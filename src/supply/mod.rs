//! What stands in the place of libraries without a usable archive: objects that shared objects carry, converted
//! libraries and programs, plugins; made for one link, in a directory of its own, or kept in the cache.

pub mod constructors;
pub mod converted_libraries;
pub mod glibc;
pub mod incomplete;
pub mod load_order;
pub mod object_cache;
pub mod plugins;
pub mod program_object;
pub mod store;
