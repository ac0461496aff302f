//! Why a library is not there.

use crate::ports::port_order::OrderError;
use crate::ports::port_recipe::BadRecipe;
use crate::toolchain::SelectError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a library was not added or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PortError {
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error("the recipe {0}")]
    Recipe(BadRecipe),
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The toolchain can't have libraries.
    #[error("toolchain `{name}` {why}")]
    Unfit { name: String, why: String },
    /// Programs and files that are not there, with Debian's packages.
    #[error("{} not found: {}", kind(.0), .0.iter().map(|(program, _)| format!("`{program}`")).collect::<Vec<_>>().join(", "))]
    Tools(Vec<(String, String)>),
    /// apt's lists can't be had.
    #[error("the lists of source packages can't be fetched: {0}")]
    NoLists(String),
    /// No release that apt knows has the source.
    #[error("apt knows no source package {}{}, which `{port}` is built from", .names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or "), .version.as_ref().map(|v| format!(" of version {v}")).unwrap_or_default())]
    NoSource { port: String, names: Vec<String>, version: Option<String> },
    /// A step of a build failed.
    #[error("`{port}` was not added: {what} failed; the full log is `{}`", log.display())]
    Step { port: String, what: String, log: PathBuf, last: Vec<String> },
    /// The source can't be had: a mirror may be behind its lists. Apt may know another version.
    #[error("`{port}` was not added: {what} failed; the full log is `{}`", log.display())]
    NotFetched { port: String, what: String, log: PathBuf, last: Vec<String>, another: Option<String> },
    /// A build does not give what its recipe says.
    #[error("`{port}` was not added: its build gives no `{}`; the full log is `{}`", missing.display(), log.display())]
    NotGiven { port: String, missing: PathBuf, log: PathBuf },
    /// A file is in the way.
    #[error("`{port}` was not added: `{}` is there already, and {owner}", path.display())]
    InTheWay { port: String, path: PathBuf, owner: String },
    /// A library that was not added.
    #[error("`{0}` was not added to this toolchain")]
    NotThere(String),
    /// Another library needs it.
    #[error("`{name}` is needed by {}", by.join(", "))]
    Needed { name: String, by: Vec<String> },
    #[error("`{}`: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    /// A command can't be started.
    #[error("`{program}` can't be run: {error}")]
    NotRun { program: String, error: io::Error },
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
}

/// What these are, with the verb.
fn kind(missing: &[(String, String)]) -> &'static str {
    let files = missing.iter().filter(|(name, _)| name.starts_with('/')).count();
    match (missing.len() - files, files) {
        (1, 0) => "a program was",
        (0, 1) => "a file was",
        (_, 0) => "programs were",
        (0, _) => "files were",
        _ => "programs and files were",
    }
}

impl PortError {
    /// The next command to type, where there is one.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            PortError::Order(OrderError::Unknown { close, .. }) if !close.is_empty() => {
                format!("`staticctl toolchain add {}`? `staticctl toolchain add --list` has all of them", close.join("` or `"))
            }
            PortError::Order(OrderError::Unknown { .. }) | PortError::NotThere(_) => {
                "`staticctl toolchain add --list` has all of them".into()
            }
            PortError::Select(error) => return error.hint(),
            PortError::Unfit { .. } => "staticctl toolchain install musl".into(),
            PortError::Tools(missing) if missing.iter().any(|(program, _)| program == "apt-get") => {
                "libraries are built from the source packages of Debian and its derivatives, where apt is".into()
            }
            PortError::Tools(missing) => {
                let mut packages: Vec<&str> = missing.iter().flat_map(|(_, package)| package.split(' ')).collect();
                packages.sort_unstable();
                packages.dedup();
                format!("apt-get install {}", packages.join(" "))
            }
            PortError::NoLists(_) => "apt's own sources must be reachable: `apt-get update` shows whether they are".into(),
            PortError::NoSource { .. } => {
                "the release must have it in one of the sources in `/etc/apt`; `apt-get update` shows whether they are reachable"
                    .into()
            }
            PortError::NotFetched { port, another: Some(version), .. } => format!(
                "`staticctl toolchain add {port}={version}` takes another version, which may lack fixes; or try later, when the mirror has it"
            ),
            PortError::NotFetched { .. } => "the mirror may be behind its lists: try later".into(),
            PortError::InTheWay { .. } => "move it away, or keep it and leave the library out".into(),
            PortError::Needed { name, by } => format!("staticctl toolchain drop {} {name}", by.join(" ")),
            PortError::Recipe(_) | PortError::Order(_) | PortError::Step { .. } | PortError::NotGiven { .. } => return None,
            PortError::File { .. } | PortError::NotRun { .. } | PortError::Interrupted(_) => return None,
        })
    }
}

/// For an error about a file.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> PortError {
    let path = path.to_owned();
    move |error| PortError::File { path, error }
}
