//! A whole build under our drivers: the environment that it gets, what it linked, and what it made without us.
//!
//! [`shelf`] keeps the names and files that a build finds, [`environment`] the variables that lead to them, [`session`]
//! takes the records of its links, [`scan`] looks at what is on disk afterwards, and [`summary`] joins the two.

pub mod environment;
pub mod files;
pub mod programs;
pub mod records;
pub mod scan;
pub mod session;
pub mod shelf;
pub mod summary;
pub mod table;
pub mod tools;
