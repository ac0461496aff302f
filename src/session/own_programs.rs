//! Where our own programs are.

use crate::files::Identity;
use std::io;
use std::path::{Path, PathBuf};

/// Their names.
pub(crate) const NAMES: [&str; 4] = ["staticcc", "staticcxx", "staticfc", "staticctl"];

/// The directory of this program, where the others are too.
///
/// # Errors
/// That it can't be known.
pub(crate) fn home() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.parent().unwrap_or(Path::new("/")).to_owned())
}

/// One of our programs, if it is there.
pub(crate) fn own_program(name: &str) -> Option<PathBuf> {
    home().ok().map(|home| home.join(name)).filter(|p| p.is_file())
}

/// Tells whether a file is none of our programs, under whatever name.
pub(crate) fn is_foreign() -> impl Fn(&Path) -> bool {
    let own: Vec<Identity> = NAMES.iter().filter_map(|name| Identity::of(&own_program(name)?)).collect();
    move |path| Identity::of(path).is_none_or(|id| !own.contains(&id))
}
