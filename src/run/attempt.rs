//! What a traced program tried to do with a path.

use serde::{Deserialize, Serialize};

/// What a program wanted with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileAccess {
    /// To read it or to look at it.
    Read,
    /// To make it or to write to it.
    Write,
    Exec,
    /// To connect to the socket there.
    Connect,
}

/// A path that a program tried and did not get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// Absolute where that could be found out.
    pub path: String,
    pub wanted: FileAccess,
    /// The error number: ENOENT, ENOTDIR, EROFS, EACCES.
    pub errno: i32,
}
