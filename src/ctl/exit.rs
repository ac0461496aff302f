//! The exit statuses that most commands share; `run` and `try` have more of their own.

/// The command did what it was asked to do, and the answer is yes.
pub(crate) const EXIT_YES: u8 = 0;
/// It did, and the answer is no: a file is not static, a toolchain is not complete.
pub(crate) const EXIT_NO: u8 = 1;
/// It could not: bad arguments, an unreadable file.
pub(crate) const EXIT_ERROR: u8 = 2;
