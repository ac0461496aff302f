//! The toolchain that libraries are built for.

use super::port_error::PortError;
use crate::install::Manifest;
use crate::model::{Language, Libc};
use crate::ports::port_record::records_dir;
use crate::settings::Settings;
use crate::toolchain::select::resolve;
use nix::fcntl::{Flock, FlockArg};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

/// A musl toolchain that was built here, and its prefix.
#[derive(Debug, Clone)]
pub(crate) struct PortTarget {
    /// The toolchain's name.
    pub name: String,
    pub prefix: PathBuf,
    /// Its triple.
    pub triple: String,
    /// What libraries are built with, in words: compiler and C library. Another one needs other libraries.
    pub identity: String,
}

impl PortTarget {
    /// The toolchain of a name.
    ///
    /// # Errors
    /// There is none, or it can't have libraries.
    pub(crate) fn find(settings: &Settings, name: &OsStr) -> Result<PortTarget, PortError> {
        let descriptor = resolve(settings, name)?;
        let unfit = |why: &str| PortError::Unfit { name: descriptor.name.clone(), why: why.into() };
        let Some(prefix) = descriptor.prefix.clone().filter(|_| descriptor.libc == Some(Libc::Musl)) else {
            return Err(unfit(
                "can't have libraries: only musl toolchains that were built here have a prefix for them",
            ));
        };
        let Some(manifest) = descriptor.manifest.as_deref().and_then(Manifest::load) else {
            return Err(unfit("can't have libraries: it was not built here"));
        };
        if !descriptor.languages.contains(&Language::Cxx) {
            return Err(unfit("can't have libraries: it has no C++ compiler"));
        }
        let triple = manifest.target.clone();
        if triple.split('-').next() != Some(std::env::consts::ARCH) {
            return Err(unfit(
                "can't have libraries: their programs are run here to be tested, and it is for another machine",
            ));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._+-,".contains(&b);
        if !prefix.to_string_lossy().bytes().all(plain) {
            let why = format!("can't have libraries: `{}` has characters that makefiles can't have", prefix.display());
            return Err(unfit(&why));
        }
        let identity = format!("{}, musl {}", manifest.compiler_version.trim(), manifest.musl);
        Ok(PortTarget { name: descriptor.name.clone(), prefix, triple, identity })
    }

    /// Waits until nobody else adds or removes libraries; `waiting` is called once if somebody does.
    ///
    /// # Errors
    /// A prefix that can't be written.
    pub(crate) fn lock(&self, waiting: impl FnOnce()) -> Result<Flock<File>, PortError> {
        let dir = records_dir(&self.prefix);
        let path = dir.join(".lock");
        let bad = |error: io::Error| PortError::File { path: path.clone(), error };
        fs::create_dir_all(&dir).map_err(bad)?;
        let file = File::create(&path).map_err(bad)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(lock),
            Err((file, _)) => {
                waiting();
                Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| bad(errno.into()))
            }
        }
    }
}
