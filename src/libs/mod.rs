//! Library resolution: the library references of a link are resolved as ld would for a dynamic program, then replaced
//! by archives and the dependencies of those.
//!
//! What a dynamic link would have pulled in is known exactly: the DT_NEEDED entries of the shared object that belongs
//! to an archive, recursively. Nothing is added because it happens to define a symbol.

pub(crate) mod archive_members;
pub(crate) mod binding_audit;
pub(crate) mod callers;
mod closure;
pub(crate) mod compare_files;
pub(crate) mod convert_policy;
pub(crate) mod counterpart;
mod decision;
pub(crate) mod dynamic_bindings;
pub(crate) mod dynamic_symbols;
pub(crate) mod exported_names;
pub(crate) mod foreign;
pub(crate) mod index;
pub(crate) mod inputs;
pub mod la;
pub(crate) mod ld_so;
mod ld_so_paths;
pub(crate) mod library_file;
pub(crate) mod library_ref;
mod link_inputs;
mod load_set;
pub(crate) mod located;
pub(crate) mod member_symbols;
pub(crate) mod member_table;
pub(crate) mod mentions;
pub(crate) mod merged_strings;
pub(crate) mod missing;
pub(crate) mod object_symbols;
pub(crate) mod offered_members;
pub(crate) mod other_machine;
pub mod pc;
pub(crate) mod pic;
mod placement;
pub(crate) mod plugin_list;
mod plugins;
mod private_names;
mod refine;
pub(crate) mod resolution;
mod resolver;
mod same_code;
mod scope_files;
pub mod script;
pub(crate) mod search;
mod simulated_linker;
pub mod sniff;
pub(crate) mod substitute;
mod suitability;
pub(crate) mod supplier;
pub(crate) mod unsuitable;
pub(crate) mod weak_bindings;
pub(crate) mod weak_names;
pub(crate) mod wide_streams;

pub(crate) use missing::Missing;
pub(crate) use resolution::{LinkedLibrary, Provider, Resolution, hints, name_packages};
pub(crate) use resolver::resolve;
pub(crate) use search::SearchPath;
