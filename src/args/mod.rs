//! The argument model: what was typed, without loss and without looking at the world.

pub mod classify;
pub mod ld_options;
pub mod lexer;
pub(crate) mod linker_call;
pub mod option_table;
pub mod response;

pub use classify::{Action, Input, InputKind, OutputKind, Request, classify};
