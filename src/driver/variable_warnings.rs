//! Warnings about our variables: with each link for invalid values, once per build for misspelt names.

use crate::args::Request;
use crate::message;
use crate::plan::policy::is_probe;
use crate::run::build_process;
use crate::settings::Settings;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// The directory of notes: an empty file for each build and name that it was warned about.
const NOTES: &str = "told";

/// After this time the warning is repeated: a build that is identified by a shell or service only may be another one.
const AGAIN: Duration = Duration::from_secs(600);

/// After this time a note belongs to a build that has ended.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);

/// Warns about variables. Not in a configuration step, which may take any output on stderr for an answer, nor with
/// `-###`.
pub(super) fn say(settings: &Settings, request: &Request) {
    if is_probe(request.output_path()) || request.dry_run {
        return;
    }
    for wrong in settings.not_taken() {
        message::warning(wrong);
    }
    for misspelt in &settings.misspelt {
        if !was_told(settings, &misspelt.name) {
            message::warning(misspelt);
        }
    }
}

/// Whether another link of the same build has warned about a name; no if that can't be recorded.
fn was_told(settings: &Settings, name: &str) -> bool {
    let (Some(cache), Some(build)) = (&settings.cache_dir, build_process::identity()) else { return false };
    noted(&cache.join(NOTES), &format!("{build}-{name}"))
}

/// Whether a fresh note exists; if not, it is written. Of several concurrent links, one writes it.
fn noted(dir: &Path, note: &str) -> bool {
    let path = dir.join(note.replace('/', "_"));
    let older = |path: &Path, than: Duration| {
        let modified = fs::metadata(path).and_then(|m| m.modified());
        modified.is_ok_and(|m| m.elapsed().is_ok_and(|age| age > than))
    };
    if older(&path, AGAIN) {
        let _ = fs::remove_file(&path);
    }
    if fs::create_dir_all(dir).is_err() {
        return false;
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => {
            for old in fs::read_dir(dir).into_iter().flatten().flatten().filter(|e| older(&e.path(), OLD)) {
                let _ = fs::remove_file(old.path());
            }
            false
        }
        Err(error) => error.kind() == std::io::ErrorKind::AlreadyExists,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::SystemTime;

    #[test]
    fn a_note_holds_for_a_while() {
        let t = tempfile::tempdir().unwrap();
        let dir = t.path().join("told");
        assert!(!noted(&dir, "1-2-A"));
        assert!(noted(&dir, "1-2-A"));
        assert!(!noted(&dir, "1-2-B") && !noted(&dir, "1-3-A"));
        let age = |note: &str, by: Duration| {
            let file = File::options().write(true).open(dir.join(note)).unwrap();
            file.set_modified(SystemTime::now() - by).unwrap();
        };
        age("1-2-A", AGAIN + Duration::from_secs(1));
        assert!(!noted(&dir, "1-2-A") && noted(&dir, "1-2-A"));
        age("1-2-B", OLD + Duration::from_secs(1));
        assert!(!noted(&dir, "2-1-A"));
        assert!(!dir.join("1-2-B").exists() && dir.join("1-3-A").exists());
    }

    #[test]
    fn where_nothing_can_be_noted_it_is_said_each_time() {
        let t = tempfile::tempdir().unwrap();
        fs::write(t.path().join("file"), "").unwrap();
        for _ in 0..2 {
            assert!(!noted(&t.path().join("file/told"), "1-2-A"));
        }
    }
}
