//! Libraries that a static link can't have, and what can be said about them from this machine alone.

use serde::Serialize;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A library without an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// As it was asked for, or its soname.
    pub name: String,
    /// Its shared object.
    pub shared: PathBuf,
    /// The argument, then the libraries, through which it came.
    pub because: Vec<String>,
    /// The user named it, so the link can't be what was asked for. One that another library needs may not be
    /// needed by the members that are taken from its archive: there the linker decides.
    pub required: bool,
}

impl Missing {
    /// The error's line.
    pub fn line(&self) -> String {
        format!("`{}` has no archive: only the shared object `{}` was found", self.name, self.shared.display())
    }

    /// What to do, as far as this machine knows.
    pub fn hint(&self) -> String {
        match package_of(&self.shared) {
            Some(package) => format!(
                "the shared object is from the package `{package}`, which has no archive of it: build the library with \
                 `--disable-shared --enable-static` (or `-DBUILD_SHARED_LIBS=OFF`) and put it on the line with `-L`"
            ),
            None => {
                "build the library as an archive (`--enable-static`, `-DBUILD_SHARED_LIBS=OFF`), or leave it out".into()
            }
        }
    }
}

/// The Debian package that a file is from, read from dpkg's own lists.
pub fn package_of(path: &Path) -> Option<String> {
    let real = fs::canonicalize(path).ok()?;
    // Merged /usr: lists may name a file by either of its paths.
    let without_usr = real.strip_prefix("/usr").ok().map(|p| Path::new("/").join(p));
    let mut wanted = vec![format!("{}\n", real.display()), format!("{}\n", path.display())];
    wanted.extend(without_usr.map(|p| format!("{}\n", p.display())));
    for entry in fs::read_dir("/var/lib/dpkg/info").ok()?.flatten() {
        let list = entry.path();
        if list.extension().is_none_or(|e| e != "list") {
            continue;
        }
        let Ok(file) = fs::File::open(&list) else { continue };
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|n| n > 0) {
            if wanted.contains(&line) {
                let name = list.file_stem()?.to_string_lossy().into_owned();
                return Some(name.split(':').next().unwrap_or_default().to_owned());
            }
            line.clear();
        }
    }
    None
}
