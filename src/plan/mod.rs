//! Planning: the link of an executable, rewritten by an ordered list of pure rules.
//!
//! The same call, toolchain and context give the same plan, and planning a plan changes nothing.

pub(crate) mod context;
pub(crate) mod draft;
pub(crate) mod groups;
pub(crate) mod kind;
pub(crate) mod libraries;
pub(crate) mod musl;
pub(crate) mod policy;
pub(crate) mod pthread;
pub mod rules;
pub(crate) mod words;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use context::{Applied, Context, Plan};
pub(crate) use rules::plan;
