//! Whether a file may be the program of an image.

use super::platform::{self, Platform, PlatformError};
use crate::check::{self, CallEvidence, Expect, Finding, ReadError, judge};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A program that may.
#[derive(Debug, Clone)]
pub(crate) struct ImageProgram {
    /// Its file on this machine.
    pub file: PathBuf,
    /// Its path in the image.
    pub place: PathBuf,
    pub platform: Platform,
    pub bytes: u64,
    /// What the check found besides.
    pub findings: Vec<Finding>,
    /// It holds the path of a bundle of certificate authorities, as TLS libraries do.
    pub names_certificates: bool,
}

/// Why a file may not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadProgram {
    /// It can't be looked at.
    #[error("`{path}` can't be read: {1}", path = .0.display())]
    Io(PathBuf, io::Error),
    /// It is no sound ELF file.
    #[error("`{path}` {1}", path = .0.display())]
    Unsound(PathBuf, ReadError),
    /// It is no static program.
    #[error("`{path}` is not static: {1}", path = .0.display())]
    NotStatic(PathBuf, String),
    /// For another system or an unknown machine.
    #[error("`{path}` does not run in a container: {1}", path = .0.display())]
    Foreign(PathBuf, PlatformError),
    #[error("`{path}` has the set-{1}-ID bit, which an image that runs as nobody must not contain", path = .0.display())]
    Setuid(PathBuf, &'static str),
    #[error("`{path}` is not executable", path = .0.display())]
    NotExecutable(PathBuf),
}

impl BadProgram {
    /// What to type next.
    pub(crate) fn hint(&self) -> Option<String> {
        let shell = |path: &Path| crate::run::shell_line(&[path.as_os_str().to_owned()]);
        match self {
            BadProgram::NotStatic(path, _) => {
                Some(format!("build it with `CC=staticcc CXX=staticcxx`; `staticctl check {}` says more", shell(path)))
            }
            BadProgram::Setuid(path, who) => {
                let letter = if *who == "user" { "u" } else { "g" };
                Some(format!("`chmod {letter}-s {}`", shell(path)))
            }
            BadProgram::NotExecutable(path) => Some(format!("`chmod +x {}`", shell(path))),
            _ => None,
        }
    }
}

/// Paths that TLS libraries are built with; a program that contains one may look for certificates there.
static CERTIFICATES: [&[u8]; 4] =
    [b"/ssl/cert.pem", b"/certs/ca-certificates.crt", b"/certs/ca-bundle.crt", b"/ssl/ca-bundle.pem"];

/// How much of a program is searched at once, and how much two such pieces have in common.
const PIECE: usize = 1 << 20;
const OVERLAP: usize = 64;

/// Checks a file for an image.
///
/// # Errors
/// Why it may not.
pub(crate) fn inspect(file: &Path) -> Result<ImageProgram, BadProgram> {
    let own = || file.to_owned();
    let facts = check::inspect(file).map_err(|e| match e {
        ReadError::Io(e) => BadProgram::Io(own(), e),
        other => BadProgram::Unsound(own(), other),
    })?;
    let verdict = judge(&facts, &Expect::default(), &CallEvidence::default());
    if !verdict.is_static() {
        let why: Vec<String> = verdict.failures.iter().map(ToString::to_string).collect();
        return Err(BadProgram::NotStatic(own(), why.join("; ")));
    }
    let mode = fs::metadata(file).map_err(|e| BadProgram::Io(own(), e))?.mode();
    for (bit, who) in [(0o4000, "user"), (0o2000, "group")] {
        if mode & bit != 0 {
            return Err(BadProgram::Setuid(own(), who));
        }
    }
    if mode & 0o111 == 0 {
        return Err(BadProgram::NotExecutable(own()));
    }
    let platform = platform::of(file).map_err(|e| BadProgram::Foreign(own(), e))?;
    let name = file.file_name().unwrap_or(OsStr::new("program"));
    let names_certificates = names_certificates(file).map_err(|e| BadProgram::Io(own(), e))?;
    Ok(ImageProgram {
        file: own(),
        place: Path::new("/").join(name),
        platform,
        bytes: facts.bytes,
        findings: verdict.findings,
        names_certificates,
    })
}

fn names_certificates(file: &Path) -> io::Result<bool> {
    let mut from = fs::File::open(file)?;
    let (mut buffer, mut kept) = (vec![0; PIECE + OVERLAP], 0);
    loop {
        let room = buffer.get_mut(kept..).unwrap_or_default();
        let n = io::Read::read(&mut from, room)?;
        if n == 0 {
            return Ok(false);
        }
        let piece = buffer.get(..kept + n).unwrap_or_default();
        if CERTIFICATES.iter().any(|path| memchr::memmem::find(piece, path).is_some()) {
            return Ok(true);
        }
        let keep = piece.len().min(OVERLAP);
        let from = piece.len() - keep;
        buffer.copy_within(from..from + keep, 0);
        kept = keep;
    }
}
