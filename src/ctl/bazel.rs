//! `staticctl bazel`: a toolchain for Bazel, as a package of the user's workspace.

use super::env::identity;
use super::output::{fail, produce};
use crate::files::write_atomic;
use crate::options::exit_codes::EXIT_YES;
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

/// Writes the package.
pub(crate) fn run(settings: &Settings, dir: &Path, toolchain: Option<&OsStr>, force: bool) -> u8 {
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
    let Some(cache) = settings.cache_dir.as_deref() else {
        return fail(
            "there is no cache directory, which every link would have to do without",
            Some("set XDG_CACHE_HOME".into()),
        );
    };
    let values = match environment::file_values(settings, toolchain) {
        Ok(values) => TemplateValues { ar: values.ar.as_deref().and_then(plain_ar), ..values },
        Err(error) => {
            let hint = error.hint();
            return fail(error, hint);
        }
    };
    let files: [(PathBuf, String); 3] =
        templates::bazel(&values, &identity(&values), &label, &dir, cache).map(|(name, text)| (dir.join(name), text));
    let is_ours = |path: &Path| fs::read_to_string(path).is_ok_and(|old| FIRST.iter().any(|f| old.starts_with(f)));
    if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.exists() && !is_ours(path)) {
        return fail(format!("`{}` exists", path.display()), Some("--force replaces it".into()));
    }
    let written = fs::create_dir_all(&dir).map_err(|e| (dir.clone(), e)).and_then(|()| {
        files.iter().try_for_each(|(path, text)| write_atomic(path, text.as_bytes()).map_err(|e| (path.clone(), e)))
    });
    match written {
        Ok(()) => produce(&format!("bazel --bazelrc={}/static.bazelrc build //...\n", dir.display()), EXIT_YES),
        Err((path, error)) => fail(format!("`{}` can't be written: {error}", path.display()), None),
    }
}
