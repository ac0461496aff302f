//! Where our own programs are.

use crate::files::Identity;
use crate::settings::Settings;
use crate::toolchain::front_end::STATICFC;
use std::io;
use std::path::{Path, PathBuf};

/// The one that is no driver; installed, the others are names for it.
pub(crate) const STATICCTL: &str = "staticctl";
/// Their names.
pub(crate) const NAMES: [&str; 4] = ["staticcc", "staticcxx", STATICFC, STATICCTL];

/// The directory of this program, where the others are too.
///
/// # Errors
/// That it can't be known.
pub(crate) fn home(settings: &Settings) -> io::Result<PathBuf> {
    settings.program_dir.clone().ok_or_else(|| io::Error::other("where this program is can't be known"))
}

/// One of our programs, if it is there.
pub(crate) fn own_program(settings: &Settings, name: &str) -> Option<PathBuf> {
    home(settings).ok().map(|home| home.join(name)).filter(|p| p.is_file())
}

/// Tells whether a file is none of our programs, under whatever name.
pub(crate) fn is_foreign(settings: &Settings) -> impl Fn(&Path) -> bool {
    let own: Vec<Identity> = NAMES.iter().filter_map(|name| Identity::of(&own_program(settings, name)?)).collect();
    move |path| Identity::of(path).is_none_or(|id| !own.contains(&id))
}
