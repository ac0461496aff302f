//! Libraries of the toolchain itself.

use std::ffi::{OsStr, OsString};

/// Libraries of the toolchain itself, by the name behind `-l`. Their archives are where the driver looks.
const TOOLCHAIN: [&str; 13] =
    ["anl", "c", "dl", "gcc", "gcc_eh", "gcc_s", "m", "mvec", "pthread", "rt", "stdc++", "supc++", "util"];

/// Those of them that the driver adds to every link by itself.
const IMPLIED: [&str; 5] = ["c", "gcc", "gcc_eh", "gcc_s", "mvec"];

/// Whether a name behind `-l` is one of the toolchain's own libraries.
pub fn is(name: &OsStr) -> bool {
    TOOLCHAIN.iter().any(|t| name == *t)
}

/// Whether the driver adds the library to every link by itself.
pub fn is_implied(name: &OsStr) -> bool {
    IMPLIED.iter().any(|i| name == *i)
}

/// `-lNAME`.
pub fn flag(name: &OsStr) -> OsString {
    let mut word = OsString::from("-l");
    word.push(name);
    word
}
