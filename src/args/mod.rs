//! The argument model: what was typed, without loss and without looking at the world.

pub mod classify;
pub mod lexer;
pub mod linker;
pub mod response;
pub mod table;

pub use classify::{Action, Input, InputKind, OutputKind, Request, classify};
