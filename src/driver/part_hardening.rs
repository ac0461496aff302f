//! How what the linker took was compiled, read from it.

use super::link_job::LinkJob;
use crate::harden::archive_hardening::ArchiveHardening;
use crate::harden::object_hardening::ObjectHardening;
use crate::libs::library_file::LibraryFiles;
use crate::parts::PlacedInput;
use crate::parts::linked_parts::PartSource;
use crate::settings::Settings;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The objects and archives of a link, each read once.
pub(super) struct ReadHardening<'l> {
    cache: Option<&'l Path>,
    files: &'l LibraryFiles,
    archives: HashMap<PathBuf, Option<ArchiveHardening>>,
}

impl<'l> ReadHardening<'l> {
    pub(super) fn new(settings: &'l Settings, job: &'l LinkJob) -> ReadHardening<'l> {
        let files = &job.resolution.path.files;
        ReadHardening { cache: settings.cache_dir.as_deref(), files, archives: HashMap::new() }
    }

    /// What an input of a source shows; none where it can't be read, or is compiled when it is linked.
    pub(super) fn of(&mut self, input: &PlacedInput, source: &PartSource) -> Option<ObjectHardening> {
        let Some(member) = &input.member else { return self.files.look(&input.path, ObjectHardening::of).flatten() };
        // What a build makes anew each time is not kept.
        let cache = self.cache.filter(|_| source.purl.is_some());
        let look = |archive: &Path| self.files.look(archive, ArchiveHardening::of);
        let read = || ArchiveHardening::kept(cache, &input.path, look);
        self.archives.entry(input.path.clone()).or_insert_with(read).as_ref()?.member(member)
    }
}
