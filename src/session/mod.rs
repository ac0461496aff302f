//! A whole build with our drivers: its environment, what it linked, and what it built without them.
//!
//! [`shim_dir`] keeps the names and files that a build finds, [`environment`] the variables that lead to them,
//! [`collector`] takes the records of its links, [`scan`] looks at what is on disk afterwards, and [`summary`] joins
//! the two.

pub(crate) mod collector;
pub(crate) mod compiler_names;
mod cross_target;
pub(crate) mod environment;
pub(crate) mod own_programs;
pub(crate) mod programs;
pub(crate) mod records;
pub(crate) mod scan;
pub(crate) mod shim_dir;
pub(crate) mod summary;
pub(crate) mod summary_table;
pub(crate) mod templates;
pub(crate) mod tools;
