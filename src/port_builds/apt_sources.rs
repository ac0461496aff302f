//! Source packages by apt, which checks signatures and checksums: with lists of its own below the cache directory, so that
//! neither the machine's configuration nor its lists change, and whoever may not change them can use it.

use super::port_error::{PortError, at};
use super::source_lists;
use crate::message;
use crate::packages::version_order;
use crate::run::capture::{Captured, capture};
use crate::run::{self, Command};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long lists count as new.
const NEW: Duration = Duration::from_secs(24 * 3600);

/// Notes when the lists were fetched, and from where.
const FETCHED: &str = "fetched";

/// apt with lists of source packages.
pub(crate) struct AptSources {
    dir: PathBuf,
}

impl AptSources {
    /// With its lists below `dir`.
    pub(crate) fn new(dir: &Path) -> AptSources {
        AptSources { dir: dir.to_owned() }
    }

    /// Has lists that are at most a day old, or older ones with a warning where the sources can't be reached.
    ///
    /// # Errors
    /// There are none, or the directory can't be written.
    pub(crate) fn refresh(&self) -> Result<(), PortError> {
        let derived = self.derive()?;
        let fetched = self.dir.join(FETCHED);
        let same = fs::read_to_string(&fetched).is_ok_and(|text| text == derived);
        let age = fs::metadata(&fetched).and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
        if same && age.is_some_and(|age| age < NEW) {
            return Ok(());
        }
        let said = self.apt(&["update"], &self.dir)?;
        let why = complaint(&said);
        match why {
            None => fs::write(&fetched, derived).map_err(at(&fetched)),
            // Sources of others may be out of reach: what is found decides.
            Some(why) if self.has_lists() => {
                message::warning(format!("not all lists of source packages could be fetched: {why}"));
                Ok(())
            }
            Some(why) => Err(PortError::NoLists(why)),
        }
    }

    /// Whether lists of source packages are there, however old.
    pub(crate) fn has_lists(&self) -> bool {
        let lists = fs::read_dir(self.dir.join("state/lists")).into_iter().flatten().flatten();
        lists.map(|e| e.file_name()).any(|name| name.to_string_lossy().contains("_source_Sources"))
    }

    /// Writes sources and the directories that apt wants; gives all sources as one text.
    fn derive(&self) -> Result<String, PortError> {
        let parts = self.dir.join("sources.d");
        for dir in [self.dir.join("state/lists/partial"), self.dir.join("cache/archives/partial")] {
            fs::create_dir_all(&dir).map_err(at(&dir))?;
        }
        match fs::remove_dir_all(&parts) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(PortError::File { path: parts, error: e }),
            _ => fs::create_dir_all(&parts).map_err(at(&parts))?,
        }
        let mut seen = BTreeSet::new();
        let mut all = String::new();
        for (number, file) in configured()?.iter().enumerate() {
            let text = fs::read_to_string(file).unwrap_or_default();
            let stanzas = file.extension().is_some_and(|e| e == "sources");
            let derived = if stanzas {
                source_lists::stanzas(&text, &mut seen)
            } else {
                source_lists::one_line(&text, &mut seen)
            };
            if !derived.is_empty() {
                let name = parts.join(format!("{number}.{}", if stanzas { "sources" } else { "list" }));
                fs::write(&name, &derived).map_err(at(&name))?;
                all.push_str(&derived);
            }
        }
        let list = self.dir.join("sources.list");
        fs::write(&list, "").map_err(at(&list))?;
        match all.is_empty() {
            true => Err(PortError::NoLists("apt has no sources at all".into())),
            false => Ok(all),
        }
    }

    /// The description that apt would fetch of the first source package that it knows of these, `NAME_VERSION.dsc`, with the
    /// words to fetch it. Without a network.
    ///
    /// # Errors
    /// No apt.
    pub(crate) fn offered(
        &self,
        names: &[String],
        version: Option<&str>,
    ) -> Result<Option<(String, String)>, PortError> {
        for name in names {
            let name = version.map_or_else(|| name.clone(), |version| format!("{name}={version}"));
            let said = self.apt(&["source", "--print-uris", "--only-source", "-q", &name], &self.dir)?;
            let text = String::from_utf8_lossy(&said.stdout).into_owned();
            let files = text.lines().filter_map(|line| line.strip_prefix('\'')?.split_once("' ")?.1.split(' ').next());
            if let Some(description) = files.into_iter().find(|f| f.ends_with(".dsc")).filter(|_| said.status.success())
            {
                return Ok(Some((name, description.to_owned())));
            }
        }
        Ok(None)
    }

    /// The newest version of a source package that apt knows besides the one of a description. Without a network.
    pub(crate) fn another(&self, name: &str, description: &str) -> Option<String> {
        let name = name.split('=').next().unwrap_or_default();
        let command = self.command(&["showsrc", "--only-source", name], &self.dir);
        let said = capture(&Command { program: "apt-cache".into(), ..command }).ok()?.text();
        let without_epoch = |v: &str| v.split_once(':').map_or(v, |(_, rest)| rest).to_owned();
        let versions = said.lines().filter_map(|l| l.strip_prefix("Version: ")).map(str::trim);
        let others = versions.filter(|v| description != format!("{name}_{}.dsc", without_epoch(v)));
        others.max_by(|a, b| version_order::deb(a, b)).map(str::to_owned)
    }

    /// The command that downloads a source package into its directory.
    pub(crate) fn download(&self, name: &str, into: &Path) -> Command {
        self.command(&["source", "--download-only", "--only-source", "-q", name], into)
    }

    fn apt(&self, words: &[&str], dir: &Path) -> Result<Captured, PortError> {
        capture(&self.command(words, dir)).map_err(|error| PortError::NotRun { program: "apt-get".into(), error })
    }

    fn command(&self, words: &[&str], dir: &Path) -> Command {
        let below = |name: &str| self.dir.join(name).display().to_string();
        let options = [
            format!("Dir::Etc::sourcelist={}", below("sources.list")),
            format!("Dir::Etc::sourceparts={}", below("sources.d")),
            format!("Dir::State={}", below("state")),
            format!("Dir::Cache={}", below("cache")),
            // Directories of this user's are not open to apt's own user.
            "APT::Sandbox::User=root".into(),
            "Acquire::http::Timeout=30".into(),
            "Acquire::https::Timeout=30".into(),
        ];
        let options = options.into_iter().flat_map(|option| ["-o".to_owned(), option]);
        Command::new(["apt-get"]).args(options).args(words.iter().copied()).env("LC_ALL", "C").in_dir(dir)
    }
}

/// The files with the machine's sources, as apt is configured.
fn configured() -> Result<Vec<PathBuf>, PortError> {
    let ask = ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"];
    let said =
        capture(&Command::new(ask)).map_err(|error| PortError::NotRun { program: "apt-config".into(), error })?;
    let words = shlex::split(&said.text()).unwrap_or_default();
    let value = |name: &str| words.iter().find_map(|w| w.strip_prefix(name)).map(PathBuf::from);
    let parts = value("PARTS=").and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    let mut parts: Vec<PathBuf> = parts.map(|e| e.path()).collect();
    parts.retain(|p| p.extension().is_some_and(|e| e == "list" || e == "sources"));
    parts.sort();
    Ok(value("LIST=").into_iter().chain(parts).collect())
}

/// What apt complains of, if anything: it counts lists that it could not fetch as a success.
fn complaint(said: &Captured) -> Option<String> {
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    let line = text.lines().find(|l| l.starts_with("E: ") || l.starts_with("W: Failed to fetch"));
    let line = line.map(|l| l.get(3..).unwrap_or_default().trim().to_owned());
    let ended = || format!("`apt-get update` ended with {}", said.status);
    line.or_else(|| (!said.status.success()).then(ended))
}

/// Whether a signal ended what apt was asked for.
pub(crate) fn interrupted() -> Result<(), PortError> {
    run::caught_signal().map_or(Ok(()), |signal| Err(PortError::Interrupted(signal)))
}
