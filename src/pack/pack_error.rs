//! Why a toolchain can't be packed or unpacked.

use crate::options;
use crate::rootfs::tree::TreeError;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no pack, or no toolchain from one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    /// Another compiler than GCC.
    #[error("`{path}` is not GCC: no other compiler can be packed yet", path = .0.display())]
    NotGcc(PathBuf),
    /// A wrapper, whose program is somewhere else.
    #[error("`{path}` is a script, not the compiler itself", path = .0.display())]
    Script(PathBuf),
    /// A part of the compiler is missing.
    #[error("`{compiler}` has no {part}", compiler = .0.display(), part = .1)]
    NoPart(PathBuf, String),
    /// Driver and parts have no directory in common.
    #[error("`{compiler}` and its parts in `{parts}` have no directory in common", compiler = .0.display(), parts = .1.display())]
    NoPrefix(PathBuf, PathBuf),
    /// No headers or archives for a C library.
    #[error("{0}")]
    NoLibc(String),
    #[error("`{path}` can't be {doing}: {error}", path = path.display())]
    Io { path: PathBuf, doing: &'static str, error: io::Error },
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A file that is no pack.
    #[error("`{path}` is no packed toolchain: {why}", path = .0.display(), why = .1)]
    NoPack(PathBuf, String),
    /// Damaged on its way.
    #[error("`{path}` is damaged: {why}", path = .0.display(), why = .1)]
    Damaged(PathBuf, String),
    /// Its programs don't run here.
    #[error("`{path}` has programs for {of}, and this machine is {ours}", path = path.display(), ours = std::env::consts::ARCH)]
    OtherMachine { path: PathBuf, of: String },
    /// What it makes does not run here.
    #[error("the toolchain does not work here: {0}")]
    DoesNotWork(String),
    #[error("interrupted")]
    Interrupted,
}

impl PackError {
    /// The next command to type.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self {
            PackError::NotGcc(_) => "name a toolchain of GCC's: `staticctl toolchain list`",
            PackError::Script(_) => {
                return Some(format!("`{}` and `{}` name the compiler itself", options::CC.name, options::CXX.name));
            }
            PackError::NoPart(_, part) if part == "C++ compiler" => {
                "install g++ of the same version, or `--lang c` leaves it out"
            }
            PackError::NoPart(_, part) if part == "Fortran compiler" => {
                "install gfortran of the same version, or leave `fortran` out of --lang"
            }
            PackError::Damaged(..) => "copy it again from where it was packed, or pack it again",
            PackError::NoPack(..) => "`staticctl toolchain pack -o FILE.tar.zst` makes one",
            PackError::OtherMachine { .. } => "pack it on a machine of this architecture",
            _ => return None,
        };
        Some(text.into())
    }
}

/// An error of a file.
pub(crate) fn at<'a>(path: &'a Path, doing: &'static str) -> impl FnOnce(io::Error) -> PackError + use<'a> {
    move |error| PackError::Io { path: path.to_owned(), doing, error }
}
