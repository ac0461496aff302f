//! The target of a build's toolchain, where it is another machine than this one.

use crate::settings::Settings;
use crate::toolchain::{self, Invocation, Selected};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Another machine that programs are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CrossTarget {
    /// Its name in triples.
    pub(super) arch: String,
    /// Where pkg-config's files for it are.
    pub(super) packages: OsString,
}

impl CrossTarget {
    /// Of a toolchain, if its programs are for another machine: by its descriptor, or by its compiler's name.
    pub(super) fn of(settings: &Settings, selected: &Selected) -> Option<CrossTarget> {
        let descriptor = toolchain::select::resolve(settings, OsStr::new(&selected.toolchain)).ok()?;
        let by_name = || {
            let name = Path::new(selected.compiler.first()?).file_name()?;
            Invocation { language: selected.language, name: Some(name.to_owned()) }.target()
        };
        let triple = descriptor.target.clone().or_else(by_name)?;
        let arch = triple.split('-').next()?.to_owned();
        if arch == std::env::consts::ARCH {
            return None;
        }
        let dirs: Vec<PathBuf> = match &descriptor.prefix {
            Some(prefix) => ["lib/pkgconfig", "share/pkgconfig"].map(|dir| prefix.join(dir)).into(),
            None => {
                // Debian's multiarch directory of all of them.
                let multiarch = if ["i486", "i586", "i686"].contains(&arch.as_str()) {
                    triple.replacen(&arch, "i386", 1)
                } else {
                    triple
                };
                let of =
                    |prefix: &str| [format!("{prefix}/lib/{multiarch}/pkgconfig"), format!("{prefix}/share/pkgconfig")];
                ["/usr/local", "/usr"].into_iter().flat_map(of).map(PathBuf::from).collect()
            }
        };
        Some(CrossTarget { arch, packages: std::env::join_paths(dirs).ok()? })
    }
}
