//! What the variables of the environment choose, as data.

pub mod convert;
