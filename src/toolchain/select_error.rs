//! Why no toolchain could be chosen.

use super::descriptor::DescriptorError;
use super::package_manager::install_headers;
use crate::model::Language;

/// Why no toolchain could be chosen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelectError {
    /// No such compiler other than ourselves.
    #[error("no {language} compiler found: {looked_for} is not on PATH, apart from this program")]
    NoCompiler { language: Language, looked_for: String, install: Option<String> },
    /// A variable can't be split into words.
    #[error("`{variable}` has an unmatched quote: {value}")]
    BadCommand { variable: &'static str, value: String },
    /// A program named by a variable was not found.
    #[error("`{program}`, named by `{variable}`, was not found or is this program")]
    NoSuchProgram { variable: &'static str, program: String },
    /// No descriptor of that name.
    #[error("there is no toolchain `{name}`; available: {known}")]
    Unknown { name: String, known: String },
    /// The toolchain lacks a compiler for the language.
    #[error("toolchain `{name}` does not support {language}: {description}")]
    NoLanguage { name: String, language: Language, description: String },
    /// It compiles but can't link static programs.
    #[error("toolchain `{name}` (`{compiler}`) can't link static {language} programs: {why}")]
    Incomplete { name: String, compiler: String, language: Language, why: String, install: Option<String> },
    /// It could not be tried.
    #[error("whether `{compiler}` links static {language} programs could not be tried: {why}")]
    Undecided { compiler: String, language: Language, why: String },
    /// A broken descriptor of the user's.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// The compiler can't be run.
    #[error("`{compiler}` can't be run: {error}")]
    Unrunnable { compiler: String, error: std::io::Error },
}

impl SelectError {
    /// The next command to type, if there is one.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            // A compiler that is there is not installed again for it.
            SelectError::Incomplete { why, install, .. } if why.contains(".h: No such file or directory") => {
                install_headers().map(str::to_owned).or_else(|| install.clone())
            }
            SelectError::NoCompiler { install, .. } | SelectError::Incomplete { install, .. } => install.clone(),
            SelectError::Undecided { .. } => Some(
                "link again once there is room: temporary files are in TMPDIR, and `ulimit -a` shows limits".into(),
            ),
            SelectError::Unrunnable { compiler, error } if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Some(format!(
                    "`ls -l {compiler}` shows its mode, `findmnt -T {compiler}` whether it is mounted with noexec"
                ))
            }
            SelectError::Unknown { .. } => Some("staticctl toolchain list".into()),
            SelectError::NoLanguage { .. } => Some("staticctl toolchain list shows which toolchains have C++".into()),
            _ => None,
        }
    }
}
