//! What to do: the link of an executable, rewritten by an ordered list of pure rules.
//!
//! The same call, toolchain and findings give the same plan, and planning a plan changes nothing.

pub mod context;
pub mod draft;
pub mod groups;
pub mod kind;
pub mod libraries;
pub mod musl;
pub mod policy;
pub mod rules;
pub mod words;

#[cfg(test)]
pub(crate) mod testing;

pub use context::{Applied, Context, Plan};
pub use rules::plan;
