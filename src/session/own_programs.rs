//! Where our own programs are.

use std::path::PathBuf;

/// Their names.
pub(crate) const NAMES: [&str; 4] = ["staticcc", "staticcxx", "staticfc", "staticctl"];

/// The directory of this program, where the others are too; none where it can't be known.
pub(crate) fn home() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// One of our programs, if it is there.
pub(crate) fn own_program(name: &str) -> Option<PathBuf> {
    home().map(|home| home.join(name)).filter(|p| p.is_file())
}

/// All that are there.
pub(crate) fn own_programs() -> Vec<PathBuf> {
    NAMES.iter().filter_map(|name| own_program(name)).collect()
}
