//! What the built-in linker took, from its own description of the output (crate `linker-layout`).

use super::{PlacedFile, PlacedInputs, PlacedMember, PlacedSection, SectionName};
use linker_layout::{ArchiveEntryInfo, Layout};

/// Reads the description.
///
/// # Errors
/// It is damaged.
pub(crate) fn placed(bytes: &[u8]) -> Result<PlacedInputs, String> {
    let layout = Layout::from_bytes(bytes).map_err(|e| e.to_string())?;
    let found = layout.files.into_iter().filter_map(|file| {
        let ranges = file.sections.iter().flatten().map(|section| &section.mem_range);
        let bytes: u64 = ranges.map(|range| range.end.saturating_sub(range.start)).sum();
        let name = |e: ArchiveEntryInfo| String::from_utf8_lossy(&e.identifier).into_owned();
        (bytes > 0).then(|| (file.path, PlacedMember { name: file.archive_entry.map(name), bytes }))
    });
    Ok(PlacedInputs::of(found, false))
}

/// The sections that were placed, each with its address. Those of which the linker makes something else (strings that are
/// merged, unwind tables) are not among them.
///
/// # Errors
/// The description is damaged.
pub(crate) fn sections(bytes: &[u8]) -> Result<Vec<PlacedSection>, String> {
    let layout = Layout::from_bytes(bytes).map_err(|e| e.to_string())?;
    let mut found = Vec::new();
    for file in &layout.files {
        let entry = file.archive_entry.as_ref();
        let input = PlacedFile {
            path: file.path.clone(),
            member: entry.map(|e| String::from_utf8_lossy(&e.identifier).into_owned()),
            range: entry.map(|e| (e.range.start, e.range.end)),
        };
        for (index, section) in file.sections.iter().enumerate() {
            let Some(range) = section.as_ref().map(|section| &section.mem_range) else { continue };
            let size = range.end.saturating_sub(range.start);
            let section = SectionName::Index(index);
            found.push(PlacedSection { input: input.clone(), section, address: range.start, size });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use linker_layout::{InputFile, Metrics, Section};

    #[test]
    fn members_with_a_placed_section_were_taken() {
        let file = |member: Option<&str>, sections: &[Option<(u64, u64)>]| InputFile {
            path: "/usr/lib/libz.a".into(),
            archive_entry: member.map(|m| ArchiveEntryInfo { range: 0..1, identifier: m.into() }),
            sections: sections.iter().map(|s| s.map(|(from, to)| Section { mem_range: from..to })).collect(),
            temporary: false,
        };
        let files = vec![
            file(Some("b.o"), &[None, Some((10, 30)), Some((40, 41))]),
            file(Some("a.o"), &[None, Some((50, 50))]),
            file(Some("c.o"), &[]),
        ];
        let bytes = Layout { files, metrics: Metrics::default() }.to_bytes().unwrap();
        let sections: Vec<_> = sections(&bytes).unwrap().into_iter().map(|s| (s.section, s.address, s.size)).collect();
        let index = SectionName::Index;
        assert_eq!(sections, [(index(1), 10, 20), (index(2), 40, 1), (index(1), 50, 0)]);
        let placed = placed(&bytes).unwrap();
        let taken = PlacedMember { name: Some("b.o".into()), bytes: 21 };
        assert_eq!(placed, PlacedInputs::of([("/usr/lib/libz.a".into(), taken)], false));
    }

    #[test]
    fn a_damaged_description_is_an_error() {
        assert!(super::placed(&[0xff; 7]).is_err() && sections(&[0xff; 7]).is_err());
    }
}
