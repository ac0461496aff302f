//! Why a shared object is converted though it has an archive: a program with the archive would be another program.

use serde::Serialize;

/// A reason, with the symbols that show it, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "rule", content = "symbols")]
pub(crate) enum Unsuitable {
    /// Its members need symbols that nothing has.
    IncompleteArchive(Vec<String>),
    /// It defines nothing.
    EmptyArchive,
    /// It lacks symbols that are needed and that the shared object exports.
    OtherInterface(Vec<String>),
    /// Names that the shared object keeps to itself are defined elsewhere too.
    PrivateNames(Vec<String>),
    /// Its code is for a fixed position, and a position-independent program was asked for.
    FixedCode,
    /// ArchiveMembers that nothing can ask for have constructors.
    UnnamedConstructors,
    /// It defines functions of GCC's unwinder, which is in the program too.
    SecondUnwinder,
}

impl Unsuitable {
    /// Id of the rule, as `explain` and reports name it.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            Unsuitable::IncompleteArchive(_) => "incomplete-archive",
            Unsuitable::EmptyArchive => "empty-archive",
            Unsuitable::OtherInterface(_) => "other-interface",
            Unsuitable::PrivateNames(_) => "private-names",
            Unsuitable::FixedCode => "fixed-code",
            Unsuitable::UnnamedConstructors => "unnamed-constructors",
            Unsuitable::SecondUnwinder => "second-unwinder",
        }
    }

    /// The symbols that show it.
    pub(crate) fn symbols(&self) -> &[String] {
        match self {
            Unsuitable::IncompleteArchive(names)
            | Unsuitable::OtherInterface(names)
            | Unsuitable::PrivateNames(names) => names,
            Unsuitable::EmptyArchive
            | Unsuitable::FixedCode
            | Unsuitable::UnnamedConstructors
            | Unsuitable::SecondUnwinder => &[],
        }
    }

    /// The reason, as the end of a line about the archive.
    pub(crate) fn line(&self) -> String {
        match self {
            Unsuitable::IncompleteArchive(names) => format!("nothing has {}, which its members need", some(names)),
            Unsuitable::EmptyArchive => "it defines nothing".into(),
            Unsuitable::OtherInterface(names) => format!("it lacks {}", some(names)),
            Unsuitable::PrivateNames(names) => {
                format!("the shared object keeps {} to itself, and there is another definition", some(names))
            }
            Unsuitable::FixedCode => "its code is for a fixed position".into(),
            Unsuitable::UnnamedConstructors => "it has constructors that nothing can ask for".into(),
            Unsuitable::SecondUnwinder => "it defines functions of GCC's unwinder a second time".into(),
        }
    }
}

/// The first few names.
fn some(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(3);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
