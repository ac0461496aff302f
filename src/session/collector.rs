//! The records of one build: a temporary directory that the drivers report to.

use super::records::{self, RecordedLink};
use crate::report;
use crate::settings::Settings;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory that takes the records of one build, and goes with it.
#[derive(Debug)]
pub(crate) struct Session {
    dir: TempDir,
}

impl Session {
    /// Opens one.
    ///
    /// # Errors
    /// That no directory can be made.
    pub(crate) fn open(settings: &Settings) -> io::Result<Session> {
        Ok(Session { dir: temporary(settings, "staticctl-run")? })
    }

    /// For `STATICCXX_REPORT`.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file that the drivers append to.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join(report::FILE)
    }

    /// What the drivers recorded.
    ///
    /// # Errors
    /// That it can't be read.
    pub(crate) fn links(&self) -> io::Result<Vec<RecordedLink>> {
        Ok(records::parse(&self.read()?))
    }

    /// The drivers' lines; the first driver that links makes the file.
    fn read(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.file()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Hands the records on to a report directory that was asked for outside: by the user, or by an outer run.
    ///
    /// # Errors
    /// That it can't be read or written.
    pub(crate) fn hand_on(&self, to: &Path) -> io::Result<()> {
        let bytes = self.read()?;
        if bytes.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(to)?;
        let mut file = File::options().create(true).append(true).open(to.join(report::FILE))?;
        file.lock()?;
        file.write_all(&bytes)
    }
}

/// A temporary directory in the first place that can be written: TMPDIR, the usual two, our cache.
///
/// # Errors
/// The error of the first place, if none is writable.
pub(crate) fn temporary(settings: &Settings, prefix: &str) -> io::Result<TempDir> {
    let usual = ["/tmp", "/var/tmp"].map(PathBuf::from);
    let places = std::iter::once(std::env::temp_dir()).chain(usual).chain(settings.cache_dir.clone());
    let mut first = None;
    for place in places {
        if Some(&place) == settings.cache_dir.as_ref() {
            let _ = fs::create_dir_all(&place);
        }
        match tempfile::Builder::new().prefix(prefix).tempdir_in(&place) {
            Ok(dir) => return Ok(dir),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_handed_on_behind_those_that_are_there() {
        let t = tempfile::tempdir().unwrap();
        let session = Session::open(&Settings::default()).unwrap();
        session.hand_on(t.path()).unwrap();
        assert!(!t.path().join(report::FILE).exists(), "nothing was linked");
        fs::write(session.file(), "two\n").unwrap();
        fs::write(t.path().join(report::FILE), "one\n").unwrap();
        session.hand_on(t.path()).unwrap();
        assert_eq!(fs::read_to_string(t.path().join(report::FILE)).unwrap(), "one\ntwo\n");
    }
}
