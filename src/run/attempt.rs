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

/// A path that a program tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// Absolute where that could be found out.
    pub path: String,
    pub wanted: FileAccess,
    /// Why it did not get it: ENOENT, ENOTDIR, EROFS, EACCES; 0 if it got it.
    pub errno: i32,
}
