//! What the edits give: the objects of the split library, and which of the built ones they replace.

/// One object of the split library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitObject {
    /// Its name, without suffix.
    pub name: String,
    /// The source that it is made like: its compile command and include directory are taken.
    pub like: String,
    pub text: String,
    pub options: &'static str,
    /// Which archive it goes to.
    pub side: SplitArchive,
    /// Undefined symbols that become weak.
    pub weak_references: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SplitArchive {
    /// Searched first: narrow, strong.
    First,
    /// In both, with nothing but weak symbols.
    Both,
    /// Searched second; weak where it repeats the first.
    Second {
        /// Its definitions are made weak.
        weak: bool,
    },
}

/// The recipe's outcome: what is compiled, and which of the built objects it replaces.
#[derive(Debug, Default)]
pub(crate) struct Split {
    pub pieces: Vec<SplitObject>,
    /// Sources whose objects go.
    pub replaced: Vec<String>,
}
