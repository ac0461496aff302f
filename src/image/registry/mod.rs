//! Pushes an image: blobs that the registry does not have, then manifests, then what refers to them, then the name.
//!
//! The protocol is that of the OCI distribution specification, over a small blocking client; see `Cargo.toml` for why.

mod address;
mod auth;
mod client;
mod manifests;
mod pace;
mod push;
mod push_error;
mod refer;

pub(crate) use client::Manner;
pub(crate) use push::push;
pub(crate) use push_error::PushError;
