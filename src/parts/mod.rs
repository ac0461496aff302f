//! What a program is made of: which files of which packages went into it, kept in the program itself.
//!
//! | step | file |
//! |---|---|
//! | what the linker took, as it says itself, or as the output shows | [`trace`], [`map`], [`wild_layout`], [`symbol_match`] |
//! | files and their packages | [`linked_parts`] |
//! | the notes that carry them | [`part_notes`] |
//! | a program that names its parts, its crates too | [`noted_program`], [`crates`] |
//! | the crates of our own programs | [`own_crates`] |
//! | the parts in the formats of others | [`package_url`], [`release_of_parts`], [`documents`], [`image_document`] |
//! | what is known of vulnerabilities in them | [`tracker`], [`osv`], [`vex`] |
//! | the object that brings room for them, and the notes of an output | [`note_object`], [`output_notes`] |
//!
//! A linked set is known only after the link, and a note has to be there before it. So an object brings notes with what
//! was offered, in which the linked set, which is never larger, is written over it in the output.

mod crates;
pub(crate) mod documents;
#[cfg(feature = "push")]
pub(crate) mod image_document;
pub(crate) mod linked_parts;
pub(crate) mod map;
pub(crate) mod note_object;
pub mod noted_program;
pub(crate) mod osv;
pub(crate) mod output_notes;
pub(crate) mod own_crates;
pub(crate) mod package_url;
pub(crate) mod part_notes;
pub(crate) mod release_of_parts;
pub(crate) mod symbol_match;
pub(crate) mod trace;
pub(crate) mod tracker;
pub(crate) mod vex;
#[cfg(feature = "wild")]
pub(crate) mod wild_layout;

use std::path::{Path, PathBuf};

/// A file of which the linker took something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedInput {
    /// As the linker names it.
    pub path: PathBuf,
    /// What was taken of it, each once, sorted by name.
    pub members: Vec<PlacedMember>,
}

/// A member of an archive, or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedMember {
    /// None for an object.
    pub name: Option<String>,
    /// Bytes of it that are loaded.
    pub bytes: u64,
}

/// What the linker took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PlacedInputs {
    /// Each once, sorted.
    pub inputs: Vec<PlacedInput>,
    /// Code was compiled when it was linked, so that some of it is not under its own name (LTO).
    pub compiled: bool,
}

impl PlacedInputs {
    /// Of what a linker says of each member and object, in any order. What has one name in one file is one.
    pub(crate) fn of(found: impl IntoIterator<Item = (PathBuf, PlacedMember)>, compiled: bool) -> PlacedInputs {
        let mut inputs: Vec<PlacedInput> = Vec::new();
        for (path, member) in found {
            match inputs.last_mut().filter(|last| last.path.as_os_str() == path.as_os_str()) {
                Some(last) => last.members.push(member),
                None => inputs.push(PlacedInput { path, members: vec![member] }),
            }
        }
        PlacedInputs { inputs: merged(inputs), compiled }
    }

    /// The same under other paths.
    pub(crate) fn renamed(self, name: impl Fn(&Path) -> PathBuf) -> PlacedInputs {
        let inputs = self.inputs.into_iter().map(|input| PlacedInput { path: name(&input.path), ..input });
        PlacedInputs { inputs: merged(inputs.collect()), ..self }
    }
}

/// Sorted, with what is of one path as one. Paths are compared as bytes: their parts take longer to compare than a link has
/// time for.
fn merged(mut inputs: Vec<PlacedInput>) -> Vec<PlacedInput> {
    inputs.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    inputs.dedup_by(|next, kept| {
        let same = next.path.as_os_str() == kept.path.as_os_str();
        if same {
            kept.members.append(&mut next.members);
        }
        same
    });
    for input in &mut inputs {
        input.members.sort_by(|a, b| a.name.cmp(&b.name));
        input.members.dedup_by(|next, kept| {
            let same = next.name == kept.name;
            if same {
                kept.bytes += next.bytes;
            }
            same
        });
    }
    inputs
}

/// A section of an input, where the linker placed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedSection {
    /// The input, as the linker names it.
    pub input: PlacedFile,
    pub section: SectionName,
    /// In the memory of the program.
    pub address: u64,
    pub size: u64,
}

/// An input of a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlacedFile {
    pub path: PathBuf,
    /// The member of an archive.
    pub member: Option<String>,
    /// Where the member is in the archive, if the linker says so.
    pub range: Option<(usize, usize)>,
}

/// How a linker names a section of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SectionName {
    /// By its number in the input.
    Index(usize),
    Name(String),
}
