//! `staticctl shims`: a directory of compiler names.

use super::{EXIT_YES, fail, produce};
use crate::files::{Identity, place_symlink};
use crate::model::Language;
use crate::settings::Settings;
use crate::toolchain::Invocation;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Names that builds write themselves, and the driver behind each; ours too, so that one directory on PATH does.
pub const NAMES: [(&str, &str); 8] = [
    ("c++", "staticcxx"),
    ("cc", "staticcc"),
    ("clang", "staticcc"),
    ("clang++", "staticcxx"),
    ("g++", "staticcxx"),
    ("gcc", "staticcc"),
    ("staticcc", "staticcc"),
    ("staticcxx", "staticcxx"),
];

/// Makes the directory with links for the names above, and for the versioned and target-prefixed compilers
/// (`gcc-12`, `x86_64-linux-gnu-g++`) that PATH has.
pub fn run(settings: &Settings, dir: &Path, force: bool) -> u8 {
    let Some(home) = std::env::current_exe().ok().and_then(|p| p.parent().map(Path::to_owned)) else {
        return fail("the directory of this program can't be found", None);
    };
    match make(dir, &home, settings.path.as_deref(), force) {
        Ok(dir) => produce(&format!("export PATH={}:$PATH\n", shell(&dir)), EXIT_YES),
        Err((path, e)) => {
            let hint = (e.kind() == io::ErrorKind::AlreadyExists).then(|| "--force replaces it".to_owned());
            fail(format!("`{}` can't be made: {e}", path.display()), hint)
        }
    }
}

/// The versioned and target-prefixed compilers along a PATH, and the driver that stands in for each.
fn further_names(path: &OsStr, home: &Path) -> BTreeMap<OsString, &'static str> {
    let own: Vec<_> = ["staticcc", "staticcxx"].iter().filter_map(|d| Identity::of(&home.join(d))).collect();
    let entries = std::env::split_paths(path).filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    let mut names = BTreeMap::new();
    for entry in entries {
        let name = entry.file_name();
        let Some(language) = further(&name) else { continue };
        let Some(id) = Identity::of(&entry.path()) else { continue };
        if !own.contains(&id) {
            names.insert(name, if language == Language::Cxx { "staticcxx" } else { "staticcc" });
        }
    }
    names
}

/// The language of a compiler's name with a version or a target for Linux. Others make no programs that could be
/// static ELF files (`arm-none-eabi-gcc`, `x86_64-w64-mingw32-gcc`).
fn further(name: &OsStr) -> Option<Language> {
    let called = Invocation::parse(name, Language::C);
    called.name.as_ref()?;
    (!called.is_cross() || name.as_encoded_bytes().windows(5).any(|w| w == b"linux")).then_some(called.language)
}

/// Whether a name is one of our own.
pub fn is_own(name: &OsStr) -> bool {
    name == "staticcc" || name == "staticcxx"
}

/// All names for a PATH, and the driver behind each.
pub fn names(path: Option<&OsStr>, home: &Path) -> BTreeMap<OsString, &'static str> {
    let mut names = path.map(|p| further_names(p, home)).unwrap_or_default();
    names.extend(NAMES.iter().map(|(name, driver)| (OsString::from(name), *driver)));
    names
}

/// Makes the links; every link is put in place at once, so that a build that is running sees none missing.
///
/// # Errors
/// The path that could not be made, and why.
pub fn make(dir: &Path, home: &Path, path: Option<&OsStr>, force: bool) -> Result<PathBuf, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |e: io::Error| (path, e)
    };
    fs::create_dir_all(dir).map_err(at(dir))?;
    let dir = fs::canonicalize(dir).map_err(at(dir))?;
    for (name, driver) in names(path, home) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_for_linux_are_further_names() {
        for (name, language) in [
            ("gcc-12", Some(Language::C)),
            ("clang++-14", Some(Language::Cxx)),
            ("x86_64-linux-gnu-g++-12", Some(Language::Cxx)),
            ("aarch64-linux-musl-gcc", Some(Language::C)),
            ("arm-none-eabi-gcc", None),
            ("x86_64-w64-mingw32-g++", None),
            ("x86_64-linux-gnu-gcc-ar-12", None),
            ("distcc", None),
        ] {
            assert_eq!(further(OsStr::new(name)), language, "{name}");
        }
    }
}
