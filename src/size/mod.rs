//! Where a program's bytes are from, and why.
//!
//! | step | file |
//! |---|---|
//! | the sections that the linker placed, read back from the inputs: symbols, and which refers to which | [`link_graph`], of the objects that [`input_objects`] opens |
//! | what is kept of that beside the program | [`size_record`], found again by [`loaded_identity`] |
//! | every byte of the file, by library, member, section and symbol | [`file_pieces`] |
//! | the same by one of them, and compared | [`size_rows`] |
//! | the chain of references that leads to a thing | [`reference_chain`] |
//!
//! A record is made of the link itself. What it says of an input's place is the linker's own word
//! ([`crate::parts::wild_layout`], [`crate::parts::map`]); what refers to what is read from the relocations of the inputs.

pub(crate) mod file_pieces;
pub(crate) mod input_objects;
pub(crate) mod link_graph;
pub(crate) mod loaded_identity;
pub(crate) mod reference_chain;
pub(crate) mod size_page;
pub(crate) mod size_record;
pub(crate) mod size_rows;
pub(crate) mod symbol_names;
