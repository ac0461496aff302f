//! Constructors in archives. In a program whose libraries are all archives they run in the order of the command line.
//! Converted libraries have numbered constructors, so archives that they need must have numbered ones too.

use super::load_order;
use crate::archive;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

/// Whether a member of an archive has constructors or destructors without a priority.
pub(crate) fn has(bytes: &[u8]) -> bool {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return false };
    if archive.is_thin() {
        return false;
    }
    archive.members().flatten().any(|member| {
        let Ok(object) = object::File::parse(member.data(bytes).unwrap_or_default()) else { return false };
        object.sections().any(|s| matches!(s.name(), Ok(".init_array" | ".fini_array")))
    })
}

/// The archive with numbered constructors; none if a member is not supported.
pub(crate) fn numbered(bytes: &[u8], rank: usize) -> Option<Vec<u8>> {
    let archive = ArchiveFile::parse(bytes).ok()?;
    let mut members = Vec::new();
    for member in archive.members() {
        let mut object = member.ok()?.data(bytes).ok()?.to_vec();
        load_order::number(&mut object, rank);
        members.push(object);
    }
    archive::of_members(&members)
}
