//! A whole build under our drivers: the environment that it gets, what it linked, and what it made without us.
//!
//! [`shim_dir`] keeps the names and files that a build finds, [`environment`] the variables that lead to them,
//! [`collector`] takes the records of its links, [`scan`] looks at what is on disk afterwards, and [`summary`] joins
//! the two.

pub mod collector;
pub mod compiler_names;
pub mod environment;
pub mod programs;
pub mod records;
pub mod scan;
pub mod shim_dir;
pub mod summary;
pub mod summary_table;
pub mod templates;
pub mod tools;
