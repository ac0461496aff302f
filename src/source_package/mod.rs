//! Debian's source packages: fetched by apt, built by their own rules (`debian/rules`) under `staticctl run`, and what
//! came out.

pub(crate) mod built_packages;
mod control;
mod deb_file;
mod error;
pub(crate) mod package_build;
pub(crate) mod source_tree;

pub(crate) use error::PackageError;
