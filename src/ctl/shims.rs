//! `staticctl shims`: a directory of compiler names.

use super::cli_own_args::ShimsArgs;
use super::output::{fail, produce};
use super::place;
use crate::files::place_symlink;
use crate::options::exit_codes::EXIT_YES;
use crate::session::{compiler_names, own_programs};
use crate::settings::Settings;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Makes the directory with links for the usual names of compilers, also of other languages, and for the versioned and target-prefixed compilers
/// (`gcc-12`, `x86_64-linux-gnu-g++`) that PATH has.
pub(crate) fn run(settings: &Settings, args: &ShimsArgs) -> u8 {
    let (dir, force) = match &args.dir {
        Some(dir) if !args.install => (dir.as_path(), args.force),
        dir => return place::run(settings, dir.as_deref(), args.force),
    };
    let Ok(home) = own_programs::home(settings) else {
        return fail("the directory of this program is unknown", None);
    };
    match make(dir, &home, settings.path.as_deref(), force) {
        Ok(dir) => produce(&format!("export PATH={}:$PATH\n", shell(&dir)), EXIT_YES),
        Err((path, e)) => {
            let hint = (e.kind() == io::ErrorKind::AlreadyExists).then(|| "--force replaces it".to_owned());
            fail(format!("`{}` can't be created: {e}", path.display()), hint)
        }
    }
}

/// Makes the links; every link is put in place at once, so that a build that is running sees none missing.
///
/// # Errors
/// The path that could not be made, and why.
pub(crate) fn make(
    dir: &Path,
    home: &Path,
    path: Option<&OsStr>,
    force: bool,
) -> Result<PathBuf, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |e: io::Error| (path, e)
    };
    fs::create_dir_all(dir).map_err(at(dir))?;
    let dir = fs::canonicalize(dir).map_err(at(dir))?;
    for (name, driver) in compiler_names::names_of_all(path, home) {
        let target = home.join(driver);
        let link = dir.join(&name);
        if !target.is_file() {
            return Err((target, io::Error::from(io::ErrorKind::NotFound)));
        }
        match fs::read_link(&link) {
            Ok(old) if old == target => continue,
            _ if force => {
                place_symlink(&target, &link).map_err(at(&link))?;
            }
            _ => symlink(&target, &link).map_err(at(&link))?,
        }
    }
    Ok(dir)
}

fn shell(path: &Path) -> String {
    crate::run::shell_line(&[path.as_os_str().to_owned()])
}
