//! The licences of what is in a program: texts, and what they state, of which nothing is concluded.
//!
//! | step | file |
//! |---|---|
//! | a copyright file of Debian's, where it can be read by programs | [`copyright_file`] |
//! | its names of licences as SPDX has them | [`license_names`] |
//! | what any text names | [`named_licenses`] |
//! | all of a program's parts | [`gathered`] |
//! | the directory | [`written`] |

mod copyright_file;
pub(crate) mod gathered;
mod license_names;
mod named_licenses;
pub(crate) mod written;
