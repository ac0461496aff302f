//! Shared objects turned into linkable objects, without disassembly, where a library has no archive.
//!
//! bytes → model ([`library`], [`symbols`], [`unwind`]) → plan ([`pieces`]) → object ([`output`]), all of it pure.
//! What depends on the machine is one table ([`machine`]); why something is not converted is one list ([`refusal`]).
//! What a link needs beside the objects is made by [`start`] (constructors in their order, the linker script) and by
//! the start-up code in `toolchains/glibc/converted.c`;
//! [`converted_libraries`](crate::supply::converted_libraries) does all of it for the libraries of one link, and
//! [`object_cache`](crate::supply::object_cache) keeps the objects.
//!
//! Code refers to the data of its own library by distances that nothing records. So the parts of a library stay at
//! their distances ([`pieces`]), and everything else becomes what it would have been in an object file: relocations,
//! weak symbols, thread-local offsets, an unwind table.

pub mod conversion;
pub mod copies;
pub mod dynamic;
pub mod file_hints;
mod finish;
pub mod glibc_names;
pub mod library;
pub mod machine;
pub mod memory;
pub mod module;
mod object_writer;
pub mod output;
pub mod pieces;
pub mod program;
pub mod refusal;
mod relocate;
pub mod scope;
pub mod sections;
pub mod start;
pub mod symbols;
pub mod unwind;
pub mod versions;

pub use conversion::{ConversionOptions, ProgramParts};
pub use library::Library;
pub use output::{ConvertedObject, acceptable, convert};
pub use pieces::Layout;
pub use refusal::Refusal;
pub use versions::{GlibcSymbols, Versions};
