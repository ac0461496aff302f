//! Which installed package a file is from, and which package has a file: asked of the machine's package manager.

pub mod owner;
pub mod query;
