//! How what the linker took was compiled, read from it.

use super::link_job::LinkJob;
use crate::harden::archive_hardening::ArchiveHardening;
use crate::harden::object_hardening::ObjectHardening;
use crate::parts::PlacedInput;
use crate::parts::linked_parts::PartSource;
use crate::settings::Settings;

/// What is shown by that which was taken of a source's input; without what can't be read, or is compiled when it is linked.
pub(super) fn hardening_of(
    settings: &Settings,
    job: &LinkJob,
    input: &PlacedInput,
    source: &PartSource,
) -> Vec<ObjectHardening> {
    let files = &job.resolution.path.files;
    let members = || input.members.iter().filter_map(|member| member.name.as_deref());
    if members().next().is_none() {
        return files.look(&input.path, ObjectHardening::of).flatten().into_iter().collect();
    }
    // What a build makes anew each time is not kept.
    let cache = settings.cache_dir.as_deref().filter(|_| source.purl.is_some());
    let archive = ArchiveHardening::kept(cache, &input.path, |archive| files.look(archive, ArchiveHardening::of));
    archive.map(|archive| members().filter_map(|member| archive.member(member)).collect()).unwrap_or_default()
}
