//! Converts shared objects to relocatable objects, without disassembly, where a library has no archive.
//!
//! bytes → model ([`library`], [`symbols`], [`unwind`]) → plan ([`pieces`]) → object ([`output`]), all of it pure.
//! What depends on the machine is one table ([`machine`]); the reasons for not converting are one list ([`refusal`]).
//! Besides the objects a link needs what [`start`] writes (constructors in order, a linker script) and the start-up
//! code in `toolchains/glibc/converted.c`. [`converted_libraries`](crate::supply::converted_libraries) does all of it
//! for the libraries of one link, and [`object_cache`](crate::supply::object_cache) keeps the objects.
//!
//! Code refers to its own library's data by distances that nothing records. So the parts of a library keep their
//! distances ([`pieces`]), and everything else becomes what it would have been in an object file: relocations, weak
//! symbols, thread-local offsets, an unwind table.

mod allocator;
pub(crate) mod conversion;
pub mod copies;
pub(crate) mod dynamic;
pub mod file_hints;
mod finish;
pub(crate) mod glibc_names;
pub(crate) mod library;
pub(crate) mod machine;
mod machine_aarch64;
mod machine_x86_64;
mod machines;
pub(crate) mod memory;
pub(crate) mod module;
mod object_writer;
mod old_versions;
pub(crate) mod output;
pub(crate) mod pieces;
pub mod program;
pub(crate) mod refusal;
mod relocate;
pub mod scope;
pub(crate) mod sections;
pub(crate) mod start;
pub(crate) mod symbols;
pub(crate) mod unwind;
pub(crate) mod versions;

pub use conversion::{ConversionOptions, ProgramParts};
pub use library::Library;
pub(crate) use output::acceptable_beside;
pub use output::{ConvertedObject, acceptable, convert};
pub use pieces::Layout;
pub use refusal::Refusal;
pub use symbols::NullNames;
pub use versions::{GlibcSymbols, Versions};
