//! Why no toolchain could be chosen.

use super::descriptor::DescriptorError;
use crate::model::Language;

/// Why no toolchain could be chosen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SelectError {
    /// Nothing of that name that is not ourselves.
    #[error("no {language} compiler was found: {looked_for} is not on PATH, apart from this program itself")]
    NoCompiler {
        /// For which language.
        language: Language,
        /// The names.
        looked_for: String,
        /// What to type.
        install: Option<String>,
    },
    /// A variable's value can't be split into words.
    #[error("`{variable}` has a quote without its partner: {value}")]
    BadCommand {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A program named by a variable was not found.
    #[error("`{program}`, named by `{variable}`, was not found or is this program itself")]
    NoSuchProgram {
        /// The variable.
        variable: &'static str,
        /// The program.
        program: String,
    },
    /// No descriptor of that name.
    #[error("there is no toolchain `{name}`; known are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The toolchain does not speak the language.
    #[error("toolchain `{name}` has no {language}: {description}")]
    NoLanguage {
        /// The toolchain.
        name: String,
        /// The language.
        language: Language,
        /// The descriptor's own line.
        description: String,
    },
    /// It compiles but makes no static program.
    #[error("toolchain `{name}` (`{compiler}`) links no static {language} program: {why}")]
    Incomplete {
        /// The toolchain.
        name: String,
        /// Its compiler.
        compiler: String,
        /// The language.
        language: Language,
        /// What the linker said.
        why: String,
        /// What to type.
        install: Option<String>,
    },
    /// A descriptor of the user's is broken.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// The compiler could not be asked.
    #[error("`{compiler}` can't be run: {error}")]
    Unrunnable {
        /// The compiler.
        compiler: String,
        /// What running it gave.
        error: std::io::Error,
    },
}

impl SelectError {
    /// The next command to type, where there is one.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            SelectError::NoCompiler { install, .. } | SelectError::Incomplete { install, .. } => install.clone(),
            SelectError::Unknown { .. } => Some("staticctl toolchain list".into()),
            SelectError::NoLanguage { .. } => Some("staticctl toolchain list shows which toolchains have C++".into()),
            _ => None,
        }
    }
}
