//! `staticctl shims --install`.

use super::output::{fail, produce, this_program};
use super::pages;
use crate::message;
use crate::options::exit_codes::EXIT_YES;
use crate::own::owned_by;
use crate::own::placed::share_of;
use crate::own::placing::{self, NameKind, PlacingError, PlacingRequest};
use crate::own::self_view;
use crate::run::shell_line;
use crate::session::own_programs::{NAMES, STATICCTL};
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// For everyone on the machine (Filesystem Hierarchy Standard 3.0, /usr/local).
const OF_ROOT: &str = "/usr/local/bin";
/// For one user (XDG Base Directory Specification).
const OF_USER: &str = ".local/bin";

/// Installs these programs into a directory, or the usual one.
pub(super) fn run(settings: &Settings, dir: Option<&Path>, force: bool) -> u8 {
    let program = match this_program(settings) {
        Ok(program) => program,
        Err(reported) => return reported.0,
    };
    let Some(bin) = dir.map(Path::to_owned).or_else(|| usual(settings)) else {
        return fail("there is no home directory to install into", Some("staticctl shims --install DIR".into()));
    };
    let bin = match std::path::absolute(&bin) {
        Ok(bin) => bin.components().collect::<PathBuf>(),
        Err(e) => return fail(format!("`{}`: {e}", bin.display()), None),
    };
    let shared = match pages::shared_files() {
        Ok(shared) => shared,
        Err(e) => return fail(format!("the man pages can't be made: {e}"), None),
    };
    let request = PlacingRequest { program: &program, bin: &bin, shared: &shared, force };
    match placing::install(settings, &request) {
        Ok(kind) => {
            let code = produce(&told(&bin, kind), EXIT_YES);
            say_path(settings, &bin);
            code
        }
        Err(error) => {
            let hint = hint(settings, &error, &bin);
            fail(error, hint)
        }
    }
}

fn usual(settings: &Settings) -> Option<PathBuf> {
    match nix::unistd::geteuid().is_root() {
        true => Some(OF_ROOT.into()),
        false => settings.home.as_ref().map(|home| home.join(OF_USER)),
    }
}

fn told(bin: &Path, kind: NameKind) -> String {
    let how = match kind {
        NameKind::HardLinks => "one file",
        NameKind::Symlinks => "one file and symbolic links to it",
    };
    let share = share_of(bin);
    format!(
        "{}: {} ({how})\n{}: man pages, and completions for bash, zsh and fish\n",
        bin.display(),
        NAMES.join(", "),
        share.display()
    )
}

/// Says what a shell would find instead of what was installed.
fn say_path(settings: &Settings, bin: &Path) {
    if !self_view::is_on_path(settings, bin) {
        let quoted = shell_line(&[bin.as_os_str().to_owned()]);
        message::note(format!("`{}` is not on PATH", bin.display()));
        message::hint(format!("export PATH={quoted}:\"$PATH\"    # in ~/.profile for good"));
        return;
    }
    let installed = bin.join(STATICCTL);
    for other in self_view::elsewhere(settings, &installed).iter().filter(|other| other.first) {
        let version = other.version.as_deref().unwrap_or("an unknown version");
        message::warning(format!("`{}` ({version}) comes before `{}` on PATH", other.path.display(), bin.display()));
    }
}

fn hint(settings: &Settings, error: &PlacingError, bin: &Path) -> Option<String> {
    Some(match error {
        PlacingError::Foreign(_) => "--force replaces it; staticctl shims --install DIR goes elsewhere".to_owned(),
        PlacingError::Packaged(path, _) => match owned_by::installer(settings, path) {
            Some(installer) => format!("{} first, or --force", installer.remove),
            None => "--force replaces it".to_owned(),
        },
        PlacingError::Directory(_) => "staticctl shims --install DIR goes elsewhere".to_owned(),
        PlacingError::DamagedNote(path, _) => {
            format!("rm {}, and the same command again", shell_line(&[path.as_os_str().to_owned()]))
        }
        PlacingError::Io(..) if bin == Path::new(OF_ROOT) => "staticctl shims --install DIR goes elsewhere".to_owned(),
        PlacingError::Io(..) => "staticctl shims --install DIR with a directory that you can write".to_owned(),
    })
}
