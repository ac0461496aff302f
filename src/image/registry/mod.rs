//! Pushes an image: blobs that the registry does not have, then manifests, then the name.
//!
//! The protocol is that of the OCI distribution specification, over a small blocking client; see `Cargo.toml` for why.

mod auth;
mod client;
mod push;
mod push_error;

pub use client::Manner;
pub use push::{Pushed, push};
pub use push_error::PushError;
