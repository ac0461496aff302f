//! The two notes of a program: `.note.package` as UAPI.8 has it (<https://uapi-group.org/specifications/specs/package_metadata_for_executable_files/>),
//! with the package URLs of all parts under a key of ours, which readers ignore; and one of our own, compressed, with
//! everything.
//!
//! A section with two notes of the first kind is none for syft (1.18), so that what other inputs bring is joined with ours.

use super::linked_parts::{LinkedParts, SCHEMA};
use flate2::read::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::io::Read;
use thiserror::Error;

/// The section of the package note.
pub(crate) const PACKAGE_SECTION: &str = ".note.package";
/// The section of our own.
pub(crate) const PARTS_SECTION: &str = ".note.staticcxx";
/// Owner and type of the package note.
const PACKAGE: (&[u8], u32) = (b"FDO\0", 0xcafe_1a7e);
/// Owner and type of our own.
const PARTS: (&[u8], u32) = (b"staticcxx\0", 1);
/// The key of the package URLs.
pub(crate) const KEY: &str = "parts";
/// No more is unpacked of a note: a damaged one may claim anything.
const MOST: u64 = 64 << 20;

/// Why a note can't be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum NoteError {
    /// It is cut off or not a note.
    #[error("the note of its parts is damaged")]
    Damaged,
    /// Made by a newer version.
    #[error("the note of its parts has schema {0}, and this program knows {SCHEMA}: a newer staticctl reads it")]
    Newer(u64),
}

/// Both notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartNotes {
    /// The content of [`PACKAGE_SECTION`].
    pub package: Vec<u8>,
    /// The content of [`PARTS_SECTION`].
    pub parts: Vec<u8>,
}

impl PartNotes {
    /// The notes of a program. `identity` is what is said of the program itself: `type`, `name` and `version` of its package.
    pub(crate) fn of(parts: &LinkedParts, identity: &Map<String, Value>) -> PartNotes {
        PartNotes { package: package_note(parts, identity), parts: parts_note(parts, Compression::best()) }
    }

    /// Notes as large as those of any list that is part of `parts`: packed less well than they will be.
    pub(crate) fn with_room(parts: &LinkedParts, identity: &Map<String, Value>) -> PartNotes {
        PartNotes { package: package_note(parts, identity), parts: parts_note(parts, Compression::fast()) }
    }

    /// The same in just so many bytes for each; none if they do not fit.
    pub(crate) fn fitted(&self, package: usize, parts: usize) -> Option<PartNotes> {
        Some(PartNotes { package: fit(&self.package, package, b' ')?, parts: fit(&self.parts, parts, 0)? })
    }
}

fn package_note(parts: &LinkedParts, identity: &Map<String, Value>) -> Vec<u8> {
    let mut object = identity.clone();
    object.entry("type").or_insert_with(|| json!("generic"));
    object.insert(KEY.into(), json!(parts.purls()));
    note(PACKAGE, &serde_json::to_vec(&object).unwrap_or_default())
}

fn parts_note(parts: &LinkedParts, level: Compression) -> Vec<u8> {
    let text = serde_json::to_vec(parts).unwrap_or_default();
    note(PARTS, &packed(&text, level).unwrap_or_default())
}

thread_local! {
    // A quarter of a megabyte that would be asked for and cleared twice a link.
    static PACKER: RefCell<Compress> = RefCell::new(Compress::new(Compression::best(), true));
}

/// As a zlib stream.
fn packed(text: &[u8], level: Compression) -> Option<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        packer.reset();
        packer.set_level(level).ok()?;
        let mut packed = Vec::new();
        loop {
            packed.reserve(text.len() / 2 + 64);
            let done = usize::try_from(packer.total_in()).ok()?;
            match packer.compress_vec(text.get(done..)?, &mut packed, FlushCompress::Finish).ok()? {
                Status::StreamEnd => return Some(packed),
                Status::Ok | Status::BufError => {}
            }
        }
    })
}

/// A note with a description that is filled up to four bytes.
fn note((owner, kind): (&[u8], u32), description: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let filled = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    // The text ends with a NUL, as the specification wants; readers of JSON take it off.
    let description = filled(&[description, b"\0"].concat());
    let numbers = [length(owner), length(&description), kind].map(u32::to_ne_bytes).concat();
    [numbers, filled(owner), description].concat()
}

/// A note made longer: its description with `filler` in front of the NULs at its end.
fn fit(note: &[u8], size: usize, filler: u8) -> Option<Vec<u8>> {
    let more = size.checked_sub(note.len()).filter(|more| more.is_multiple_of(4))?;
    let end = note.iter().rposition(|b| *b != 0)? + 1;
    let mut longer = note.get(..end)?.to_vec();
    longer.resize(end + more, filler);
    longer.resize(size, 0);
    let described = u32::from_ne_bytes(note.get(4..8)?.try_into().ok()?) + u32::try_from(more).ok()?;
    longer.get_mut(4..8)?.copy_from_slice(&described.to_ne_bytes());
    Some(longer)
}

/// The descriptions of all notes of a kind in a section. `swapped` says whether the other byte order is used.
fn descriptions<'s>(mut section: &'s [u8], (owner, kind): (&[u8], u32), swapped: bool) -> Vec<&'s [u8]> {
    let mut found = Vec::new();
    let number = |bytes: &[u8], at: usize| -> Option<u32> {
        let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if swapped { u32::from_ne_bytes(word).swap_bytes() } else { u32::from_ne_bytes(word) })
    };
    while let (Some(name), Some(size), Some(of)) = (number(section, 0), number(section, 4), number(section, 8)) {
        let start = 12 + (name as usize).next_multiple_of(4);
        let (Some(named), Some(rest)) = (section.get(12..12 + name as usize), section.get(start..)) else { break };
        let Some(description) = rest.get(..size as usize) else { break };
        if named == owner && of == kind {
            found.push(description);
        }
        section = rest.get((size as usize).next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The objects of all package notes in a section.
pub(crate) fn packages(section: &[u8], swapped: bool) -> Vec<Map<String, Value>> {
    let text = |bytes: &[u8]| bytes.split(|b| *b == 0).next().unwrap_or_default().to_vec();
    let objects = descriptions(section, PACKAGE, swapped).into_iter();
    objects.filter_map(|description| serde_json::from_slice(&text(description)).ok()).collect()
}

/// The parts in a section of ours.
///
/// # Errors
/// It is damaged, or of a newer schema.
pub(crate) fn parts(section: &[u8], swapped: bool) -> Result<LinkedParts, NoteError> {
    let packed = descriptions(section, PARTS, swapped).into_iter().next().ok_or(NoteError::Damaged)?;
    let mut text = Vec::new();
    ZlibDecoder::new(packed).take(MOST).read_to_end(&mut text).map_err(|_| NoteError::Damaged)?;
    let value: Value = serde_json::from_slice(&text).map_err(|_| NoteError::Damaged)?;
    match value.get("schema").and_then(Value::as_u64) {
        Some(newer) if newer > u64::from(SCHEMA) => Err(NoteError::Newer(newer)),
        Some(_) => serde_json::from_value(value).map_err(|_| NoteError::Damaged),
        None => Err(NoteError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::super::linked_parts::tests::source;
    use super::*;
    use crate::harden::object_hardening::ObjectHardening;
    use proptest::prelude::*;

    fn some() -> LinkedParts {
        let sources =
            [source("/l/libz.a", Some("pkg:deb/debian/zlib1g-dev@1?arch=amd64")), source("/opt/libq.a", None)];
        LinkedParts::offered(&sources)
    }

    #[test]
    fn what_is_written_is_read() {
        let notes = PartNotes::of(&some(), &Map::new());
        assert_eq!(parts(&notes.parts, false), Ok(some()));
        let object = packages(&notes.package, false).remove(0);
        assert_eq!(
            Value::from(object),
            json!({"type": "generic", "parts": ["pkg:deb/debian/zlib1g-dev@1?arch=amd64"]})
        );
        let longer = notes.fitted(notes.package.len() + 40, notes.parts.len() + 8).unwrap();
        assert_eq!((longer.package.len(), longer.parts.len()), (notes.package.len() + 40, notes.parts.len() + 8));
        assert_eq!(parts(&longer.parts, false), Ok(some()));
        assert_eq!(packages(&longer.package, false), packages(&notes.package, false));
        assert_eq!(notes.fitted(notes.package.len() - 4, notes.parts.len()), None);
        assert_eq!(notes.fitted(notes.package.len() + 1, notes.parts.len()), None);
    }

    #[test]
    fn what_a_package_build_says_of_the_program_stays() {
        let said = json!({"type": "deb", "name": "q", "version": "1-2", "os": "debian"});
        let notes = PartNotes::of(&some(), said.as_object().unwrap());
        let object = packages(&notes.package, false).remove(0);
        assert_eq!(
            (object["type"].as_str(), object["name"].as_str(), object["parts"].as_array().unwrap().len()),
            (Some("deb"), Some("q"), 1)
        );
    }

    #[test]
    fn several_notes_in_one_section() {
        let one = PartNotes::of(&some(), &Map::new()).package;
        assert_eq!(packages(&[one.clone(), one.clone()].concat(), false).len(), 2);
        assert_eq!(packages(&[one.as_slice(), &[0; 16]].concat(), false).len(), 1);
    }

    #[test]
    fn a_newer_schema_is_named() {
        let newer = LinkedParts { schema: 7, ..some() };
        assert_eq!(parts(&parts_note(&newer, Compression::best()), false), Err(NoteError::Newer(7)));
    }

    /// Names and versions as packages have them.
    fn lists() -> impl Strategy<Value = Vec<(String, String)>> {
        proptest::collection::vec(("[a-z][a-z0-9+-]{1,20}", "[0-9]:[0-9.]{1,9}[a-z0-9+~-]{0,12}"), 0..40)
    }

    proptest! {
        #[test]
        fn what_was_taken_fits_where_what_was_offered_was(
            list in lists(), taken in proptest::collection::vec((any::<bool>(), 1usize..1300, 0u64..99_999_999), 40), full in any::<bool>()
        ) {
            let purl = |(name, version): &(String, String)| format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12&upstream={name}");
            let sources: Vec<_> = list.iter().map(|one| source(&format!("/l/lib{}.a", one.0), Some(&purl(one)))).collect();
            let offered = LinkedParts::offered(&sources);
            let room = if full { offered.at_most() } else { offered.at_most().shortened() };
            let room = PartNotes::with_room(&room, &Map::new());
            let inputs = sources.iter().zip(&taken).filter(|(_, (in_it, ..))| *in_it).flat_map(|(source, (_, members, bytes))| {
                (0..*members).map(move |m| super::super::linked_parts::tests::input(source.file.to_str().unwrap(), &m.to_string(), bytes / *members as u64))
            });
            let placed = super::super::PlacedInputs::of(inputs, false);
            let mut bits = 0u8;
            let mut next = || {
                bits = bits.wrapping_mul(5).wrapping_add(3);
                ObjectHardening::of_bits(bits | 1)
            };
            let linked = LinkedParts::linked(&sources, &placed, |input, _| input.members.iter().map(|_| next()).collect());
            let linked = if full { linked } else { linked.shortened() };
            let notes = PartNotes::of(&linked, &Map::new());
            let fitted = notes.fitted(room.package.len(), room.parts.len());
            prop_assert_eq!(parts(&fitted.unwrap().parts, false), Ok(linked));
        }

        #[test]
        fn damaged_notes_are_errors(cut in 0usize..400, at in 0usize..400, byte in any::<u8>()) {
            let whole = PartNotes::of(&some(), &Map::new());
            let mut section = whole.parts.clone();
            section.truncate(cut);
            if let Some(place) = section.get_mut(at) {
                *place = byte;
            }
            let _ = parts(&section, byte % 2 == 0);
            let _ = packages(&section, false);
            prop_assert!(cut >= whole.parts.len() - 4 || parts(&section, false).is_err());
        }
    }
}
