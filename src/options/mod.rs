//! What the variables of the environment choose, as data.

pub mod check;
pub mod convert;
pub mod iconv;
pub mod linker;
pub mod malloc;
pub mod nss;
pub mod repairs;
