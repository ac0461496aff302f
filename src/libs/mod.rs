//! Which archives: the library references of a link, resolved as ld would resolve them for a dynamic
//! program, then replaced by archives; and what those archives need in turn.
//!
//! What a dynamic link would have pulled in is known exactly: the DT_NEEDED entries of the shared twin
//! of an archive, recursively. Nothing is added because it happens to define a symbol.

pub mod callers;
mod closure;
pub mod convert_policy;
pub mod counterpart;
mod decision;
pub mod foreign;
pub mod index;
pub mod inputs;
pub mod la;
pub mod ld_so;
mod ld_so_paths;
pub mod library_file;
pub mod library_ref;
pub mod located;
pub mod mentions;
pub mod missing;
pub mod pc;
pub mod pic;
mod placement;
pub mod plugin_list;
mod plugins;
mod refine;
pub mod resolution;
mod resolver;
pub mod script;
pub mod search;
pub mod sniff;
pub mod substitute;
pub mod supplier;

pub use missing::Missing;
pub use resolution::{LinkedLibrary, Provider, Resolution, hints, name_packages};
pub use resolver::resolve;
pub use search::SearchPath;
