//! How the code of a program was compiled, as the objects show it that went into it: what no reader of the finished static
//! program can tell, since libc's own functions are in it.
//!
//! | step | file |
//! |---|---|
//! | what one object shows | [`object_hardening`] |
//! | what the members of an archive show, kept between links | [`archive_hardening`] |
//! | what all objects of a program show together | [`counts`] |
//! | what protects a program | [`findings`] |

use archive_hardening::ArchiveHardening;
use object_hardening::ObjectHardening;

/// Whether an object, or a member of an archive, shows a stack protector.
pub fn has_canary(bytes: &[u8]) -> bool {
    ObjectHardening::of(bytes).is_some_and(|object| object.canary)
        || ArchiveHardening::of(bytes).any(|object| object.canary)
}

pub(crate) mod archive_hardening;
pub(crate) mod counts;
pub(crate) mod findings;
pub(crate) mod object_hardening;
