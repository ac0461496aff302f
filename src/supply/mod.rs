//! Replacements of libraries without a usable archive: objects that shared objects carry, converted libraries and
//! programs, plugins. They are written for one link, to a temporary directory, or cached.

pub(crate) mod archive_facts;
pub(crate) mod constructors;
pub(crate) mod converted_libraries;
pub(crate) mod glibc;
pub(crate) mod load_order;
pub(crate) mod object_cache;
pub(crate) mod on_trial;
pub(crate) mod plugins;
pub(crate) mod program_object;
pub(crate) mod real_names;
pub(crate) mod store;
pub(crate) mod wrapped;
