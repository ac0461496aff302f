//! `staticctl uninstall`.

use super::cli_own_args::UninstallArgs;
use super::output::{fail, produce};
use crate::message;
use crate::options::exit_codes::{EXIT_NO, EXIT_YES};
use crate::own::owned_by;
use crate::own::removal::{self, RemovedInstallation};
use crate::settings::{self, Settings};
use std::path::Path;

/// Removes what was installed, and names what somebody else removes.
pub(super) fn run(settings: &Settings, args: &UninstallArgs) -> u8 {
    let notes = removal::notes(settings);
    let mut removed = RemovedInstallation::default();
    for note in &notes {
        match removal::remove(note, args.dry_run) {
            Ok(of_note) => removed.add(of_note),
            Err(e) => {
                let hint = format!("rm {} if it is damaged; its files are to be removed by hand then", note.display());
                return fail(format!("`{}` can't be read: {e}", note.display()), Some(hint));
            }
        }
    }
    if args.all {
        let kept = [&settings.cache_dir, &settings.data_dir, &settings.config_dir];
        let kept: Vec<&Path> = kept.into_iter().flatten().map(|dir| dir.as_path()).collect();
        removed.add(removal::remove_kept(&kept, args.dry_run));
    }
    let program = settings::own_program(settings.path.as_deref());
    let installer = program.as_deref().and_then(|program| owned_by::installer(settings, program));
    if let (Some(program), Some(installer)) = (&program, &installer) {
        message::note(format!("`{}` was installed by {}, which removes it", program.display(), installer.name));
        message::hint(&installer.remove);
    }
    if notes.is_empty() && !args.all {
        message::error("nothing is noted that `staticctl shims --install` installed");
        if let (Some(program), None) = (program, installer) {
            message::hint(format!("`{}` was put there by hand: rm removes it", program.display()));
        }
        return EXIT_NO;
    }
    told(&removed, args.dry_run)
}

fn told(removed: &RemovedInstallation, dry: bool) -> u8 {
    for path in &removed.changed {
        message::warning(format!("`{}` was changed since it was installed, and stays", path.display()));
    }
    for (path, why) in &removed.failed {
        message::error(format!("`{}` can't be removed: {why}", path.display()));
    }
    let is_whole = removed.changed.is_empty() && removed.failed.is_empty();
    let what = if dry { "would remove" } else { "removed" };
    let text: String = removed.gone.iter().map(|path| format!("{what} {}\n", path.display())).collect();
    produce(&text, if is_whole { EXIT_YES } else { EXIT_NO })
}
