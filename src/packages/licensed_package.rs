//! What is installed of a package, and its licences.

use std::path::PathBuf;

/// An installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LicensedPackage {
    /// As the package manager writes it, with an epoch.
    pub version: String,
    /// The files with its licences; they need not be there.
    pub files: Vec<PathBuf>,
    /// The licence that the package manager has for it: rpm's field and apk's.
    pub stated: Option<String>,
}
