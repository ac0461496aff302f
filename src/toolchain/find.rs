//! Programs on PATH, without ourselves.

use crate::files::Identity;
use crate::settings::Settings;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The programs to skip: our own and all that a chain of wrappers went through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain(Vec<Identity>);

impl Chain {
    /// Ourselves and the chain in the environment; malformed entries are skipped.
    pub(crate) fn of(settings: &Settings) -> Chain {
        let text = settings.chain.as_deref().unwrap_or_default().to_string_lossy().into_owned();
        let said = text.split(':').filter_map(|entry| {
            let (device, inode) = entry.split_once('-')?;
            Some(Identity {
                device: u64::from_str_radix(device, 16).ok()?,
                inode: u64::from_str_radix(inode, 16).ok()?,
            })
        });
        Chain(said.chain(Identity::own()).collect())
    }

    /// The chain with the program that will be run, as the environment carries it.
    pub(crate) fn with(&self, program: &Path) -> OsString {
        let mut ids = self.0.clone();
        ids.extend(Identity::of(program));
        ids.dedup();
        ids.iter().map(|id| format!("{:x}-{:x}", id.device, id.inode)).collect::<Vec<_>>().join(":").into()
    }

    fn has(&self, path: &Path) -> bool {
        Identity::of(path).is_some_and(|id| self.0.contains(&id))
    }
}

/// The first executable of this name on PATH that is not in the chain. A name with a slash is a path.
pub(crate) fn program(name: &OsStr, settings: &Settings, chain: &Chain) -> Option<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        let path = std::path::absolute(name).ok()?;
        return which::which_in(&path, None::<&OsStr>, "/").ok().filter(|p| !chain.has(p));
    }
    let mut found = which::which_in_all(name, settings.path.as_deref(), "/").ok()?;
    found.find(|p| p.is_absolute() && !chain.has(p))
}

/// A command with its first word replaced by the path of the program.
pub(crate) fn command(words: &[OsString], settings: &Settings, chain: &Chain) -> Option<Vec<OsString>> {
    let (first, rest) = words.split_first()?;
    let path = program(first, settings, chain)?;
    Some(std::iter::once(path.into_os_string()).chain(rest.iter().cloned()).collect())
}

/// Splits a command line as a shell would; none if its quotes don't match.
pub(crate) fn split(line: &OsStr) -> Option<Vec<OsString>> {
    let words = shlex::bytes::split(line.as_bytes())?;
    Some(words.into_iter().map(|w| OsStr::from_bytes(&w).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn script(dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn directories_and_plain_files_and_ourselves_are_passed_over() {
        let t = tempfile::tempdir().unwrap();
        let dirs: Vec<PathBuf> = ["a", "b", "c", "d"].iter().map(|d| t.path().join(d)).collect();
        for d in &dirs {
            fs::create_dir(d).unwrap();
        }
        fs::create_dir(dirs[0].join("g++")).unwrap();
        fs::write(dirs[1].join("g++"), "no").unwrap();
        let ours = script(&dirs[2], "g++");
        let real = script(&dirs[3], "g++");
        let path = std::env::join_paths(&dirs).unwrap();
        let settings = Settings { path: Some(path), ..Settings::default() };
        assert_eq!(program(OsStr::new("g++"), &settings, &Chain::default()), Some(ours.clone()));
        let chain = Chain(Identity::of(&ours).into_iter().collect());
        assert_eq!(program(OsStr::new("g++"), &settings, &chain), Some(real.clone()));
        let next = Settings { chain: Some(chain.with(&real)), ..settings };
        assert_eq!(program(OsStr::new("g++"), &next, &Chain::of(&next)), None);
    }

    #[test]
    fn a_broken_chain_is_no_chain() {
        let settings = Settings { chain: Some("x:-:1-:zz-1".into()), ..Settings::default() };
        assert_eq!(Chain::of(&settings).0.len(), 1);
    }

    #[test]
    fn commands_are_split_as_a_shell_would() {
        assert_eq!(split(OsStr::new("'/opt/my gcc' -m32")).unwrap(), ["/opt/my gcc", "-m32"]);
        assert_eq!(split(OsStr::new("'open")), None);
    }
}
