//! Who installed this program, if it was not `staticctl shims --install`: what removes it then.

use crate::packages::{self, Format};
use crate::session::own_programs::NAMES;
use crate::settings::Settings;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// A package manager that has a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Installer {
    /// Its name.
    pub name: &'static str,
    /// The command that removes the package.
    pub remove: String,
}

impl Installer {
    fn new(name: &'static str, remove: impl Into<String>) -> Option<Installer> {
        Some(Installer { name, remove: remove.into() })
    }
}

/// The package manager that has a program; none if none is known to.
pub(crate) fn installer(settings: &Settings, program: &Path) -> Option<Installer> {
    of_path(program).or_else(|| of_python(program)).or_else(|| of_cargo(program)).or_else(|| {
        let package = packages::owner(settings, program)?;
        match package.manager {
            Format::Deb => Installer::new("dpkg", format!("apt remove {}", package.name)),
            Format::Rpm => Installer::new("rpm", format!("rpm -e {}", package.name)),
            Format::Apk => Installer::new("apk", format!("apk del {}", package.name)),
        }
    })
}

/// Those that have directories of their own.
fn of_path(program: &Path) -> Option<Installer> {
    let names: Vec<&str> = program.iter().filter_map(|name| name.to_str()).collect();
    let has = |run: &[&str]| names.windows(run.len()).any(|window| window == run);
    match () {
        () if has(&["nix", "store"]) => Installer::new("nix", "nix profile remove staticcxx"),
        () if has(&["Cellar", "staticcxx"]) => Installer::new("brew", "brew uninstall staticcxx"),
        () if has(&["uv", "tools", "staticcxx"]) => Installer::new("uv", "uv tool uninstall staticcxx"),
        () if has(&["venvs", "staticcxx"]) => Installer::new("pipx", "pipx uninstall staticcxx"),
        () if has(&["node_modules"]) => Installer::new("npm", "npm uninstall staticcxx"),
        () => None,
    }
}

/// pip and its like: the package's record is in a directory beside (Python packaging user guide, "Recording installed
/// projects"), which lists the program's file.
fn of_python(program: &Path) -> Option<Installer> {
    let python = |site: &Path| {
        // .../lib/python3.11/site-packages
        let prefix = site.ancestors().nth(3)?;
        Some(prefix.join("bin/python3")).filter(|python| python.is_file())
    };
    let inside = program.ancestors().find(|dir| dir.ends_with("site-packages") || dir.ends_with("dist-packages"));
    let prefix = program.parent()?.parent()?;
    let libraries = ["lib", "local/lib"].map(|lib| prefix.join(lib));
    let versions = libraries.iter().flat_map(|lib| listed(lib)).filter(|dir| starts(dir, "python3"));
    let beside = versions.flat_map(|dir| ["site-packages", "dist-packages"].map(|site| dir.join(site)));
    let mut sites = inside.map(Path::to_owned).into_iter().chain(beside);
    let site = sites.find(|site| listed(site).iter().any(|dir| is_record_of(dir, program, inside.is_some())))?;
    let command = match python(&site).filter(|python| !python.starts_with("/usr")) {
        Some(python) => format!("{} -m pip uninstall staticcxx", python.display()),
        None => "pip uninstall staticcxx".to_owned(),
    };
    Installer::new("pip", command)
}

/// Whether a directory is the record of our package, with one of our programs in it.
fn is_record_of(dir: &Path, program: &Path, inside: bool) -> bool {
    let is_record = starts(dir, "staticcxx-") && dir.extension().is_some_and(|ending| ending == "dist-info");
    let lists = || {
        let names = |line: &str| {
            let file = Path::new(line.split(',').next().unwrap_or_default());
            NAMES.iter().any(|name| file.ends_with(Path::new("bin").join(name)) && program.ends_with(name))
        };
        fs::read_to_string(dir.join("RECORD")).is_ok_and(|text| text.lines().any(names))
    };
    is_record && (inside || lists())
}

fn starts(path: &Path, with: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
}

fn listed(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// cargo keeps a list of what it installed beside `bin`.
fn of_cargo(program: &Path) -> Option<Installer> {
    let list = fs::read_to_string(program.parent()?.parent()?.join(".crates.toml")).ok()?;
    list.lines()
        .any(|line| line.starts_with("\"staticcxx "))
        .then(|| Installer::new("cargo", "cargo uninstall staticcxx"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &Path) -> Option<(&'static str, String)> {
        installer(&Settings::default(), path).map(|i| (i.name, i.remove))
    }

    #[test]
    fn who_installed_it_is_told_by_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let put = |name: &str, text: &str| {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text).unwrap();
        };
        put("venv/bin/staticctl", "");
        put("venv/bin/other", "");
        put("venv/bin/python3", "");
        put(
            "venv/lib/python3.11/site-packages/staticcxx-0.1.0.dist-info/RECORD",
            "../../../bin/staticctl,sha256=x,1\n",
        );
        put("venv/lib/python3.11/site-packages/staticcxx/staticctl", "");
        put("cargo/.crates.toml", "[v1]\n\"staticcxx 0.1.0 (path+file:///x)\" = [\"staticctl\"]\n");
        let pip = format!("{} -m pip uninstall staticcxx", at("venv/bin/python3").display());
        assert_eq!(found(&at("venv/bin/staticctl")), Some(("pip", pip.clone())));
        assert_eq!(found(&at("venv/lib/python3.11/site-packages/staticcxx/staticctl")), Some(("pip", pip)));
        assert_eq!(found(&at("venv/bin/other")), None);
        assert_eq!(found(&at("cargo/bin/staticctl")).unwrap().0, "cargo");
        assert_eq!(found(Path::new("/h/.local/share/uv/tools/staticcxx/bin/staticctl")).unwrap().0, "uv");
        assert_eq!(found(Path::new("/h/.local/share/pipx/venvs/staticcxx/bin/staticctl")).unwrap().0, "pipx");
        assert_eq!(found(Path::new("/nix/store/x/bin/staticctl")).unwrap().0, "nix");
        assert_eq!(found(&at("bin/staticctl")), None);
    }
}
