//! `staticctl bazel`: a toolchain for Bazel, as a package of the user's workspace.

use super::env::identity;
use super::output::{fail, produce};
use crate::files::{place_symlink, write_atomic};
use crate::options::exit_codes::EXIT_YES;
use crate::pack::PackManifest;
use crate::session::environment;
use crate::session::templates::{self, TemplateValues};
use crate::settings::Settings;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// What each of our files begins with.
const FIRST: [&str; 3] = ["# A C and C++ toolchain", "# The tools and flags", "# Settings for static programs"];

/// The files by which Bazel knows a workspace (Bazel user guide, "Workspaces"; MODULE.bazel since 6).
const WORKSPACES: [&str; 4] = ["MODULE.bazel", "REPO.bazel", "WORKSPACE.bazel", "WORKSPACE"];

/// The archiver behind GCC's, which does not take a response file as its first word.
fn plain_ar(ar: &str) -> Option<String> {
    let (head, _) = ar.rsplit_once("gcc-ar")?;
    Some(format!("{head}ar")).filter(|ar| Path::new(ar).is_file())
}

/// The files of a package, by their names.
type Files = [(&'static str, String); 3];

/// For the machine's own compiler, or that of a toolchain.
///
/// # Errors
/// The exit status, after an error was reported.
fn of_machine(settings: &Settings, toolchain: Option<&OsStr>, label: &str, dir: &Path) -> Result<Files, u8> {
    let Some(cache) = settings.cache_dir.as_deref() else {
        let error = "there is no cache directory, which every link would have to do without";
        return Err(fail(error, Some("set XDG_CACHE_HOME".into())));
    };
    match environment::file_values(settings, toolchain) {
        Ok(values) => {
            let values = TemplateValues { ar: values.ar.as_deref().and_then(plain_ar), ..values };
            Ok(templates::bazel(&values, &identity(&values), label, dir, cache))
        }
        Err(error) => {
            let hint = error.hint();
            Err(fail(error, hint))
        }
    }
}

/// For a packed toolchain.
///
/// # Errors
/// As [`of_machine`].
fn of_pack(pack: &Path, label: &str, dir: &Path) -> Result<Files, u8> {
    let manifest = PackManifest::load(pack).map_err(|e| {
        let hint = e.hint();
        fail(e, hint)
    })?;
    let target = manifest.toolchains.first().map_or("", |t| t.target.as_str());
    Ok(templates::bazel_pack(target.split('-').next().unwrap_or_default(), target, label, dir))
}

/// Puts a link to the pack beside the files; one that is there is replaced.
fn link_pack(pack: &Path, link: &Path) -> Result<(), (PathBuf, std::io::Error)> {
    let io = |error| (link.to_owned(), error);
    place_symlink(&std::path::absolute(pack).map_err(io)?, link).map_err(io)
}

/// Writes the package.
pub(crate) fn run(
    settings: &Settings,
    dir: &Path,
    (toolchain, pack): (Option<&OsStr>, Option<&Path>),
    force: bool,
) -> u8 {
    let Ok(dir) = std::path::absolute(dir) else { return fail(format!("`{}` is no directory", dir.display()), None) };
    let is_workspace = |dir: &&Path| WORKSPACES.iter().any(|name| dir.join(name).is_file());
    let Some(workspace) = dir.ancestors().skip(1).find(is_workspace) else {
        let error = format!(
            "`{}` is in no workspace of Bazel: no directory above it has a WORKSPACE or MODULE.bazel",
            dir.display()
        );
        return fail(error, Some("name a directory in the workspace: `staticctl bazel WORKSPACE/static`".into()));
    };
    let label = dir.strip_prefix(workspace).unwrap_or(&dir).to_string_lossy().into_owned();
    let made = match pack {
        Some(pack) => of_pack(pack, &label, &dir),
        None => of_machine(settings, toolchain, &label, &dir),
    };
    let files = match made {
        Ok(files) => files.map(|(name, text)| (dir.join(name), text)),
        Err(code) => return code,
    };
    let is_ours = |path: &Path| fs::read_to_string(path).is_ok_and(|old| FIRST.iter().any(|f| old.starts_with(f)));
    if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.exists() && !is_ours(path)) {
        return fail(format!("`{}` exists", path.display()), Some("--force replaces it".into()));
    }
    let written = fs::create_dir_all(&dir).map_err(|e| (dir.clone(), e)).and_then(|()| {
        files.iter().try_for_each(|(path, text)| write_atomic(path, text.as_bytes()).map_err(|e| (path.clone(), e)))
    });
    let written = written.and_then(|()| match pack {
        Some(pack) => link_pack(pack, &dir.join("pack")),
        None => Ok(()),
    });
    match written {
        Ok(()) => produce(&format!("bazel --bazelrc={}/static.bazelrc build //...\n", dir.display()), EXIT_YES),
        Err((path, error)) => fail(format!("`{}` can't be written: {error}", path.display()), None),
    }
}
