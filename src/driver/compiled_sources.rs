//! The objects of a call's sources.

use std::path::{Path, PathBuf};

/// What the sources of a call were compiled to; the objects are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct CompiledSources {
    _dir: tempfile::TempDir,
    /// Each object and its source, as typed.
    objects: Vec<(PathBuf, String)>,
}

impl CompiledSources {
    pub(super) fn new(dir: tempfile::TempDir, objects: Vec<(PathBuf, String)>) -> CompiledSources {
        CompiledSources { _dir: dir, objects }
    }

    /// The source of an object.
    pub(super) fn source(&self, object: &Path) -> Option<&str> {
        self.objects.iter().find(|(o, _)| o == object).map(|(_, source)| source.as_str())
    }
}
