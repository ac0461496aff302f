//! Constructors in archives. In a program whose libraries are all archives they run in the order of the line. Beside
//! converted libraries, whose constructors are numbered, those of the archives that these need must be numbered too.

use super::load_order;
use crate::archive;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection};

/// Whether a member of an archive has constructors or destructors without a number.
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

/// The archive with its constructors numbered; none where a member is not understood.
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
