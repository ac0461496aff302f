//! The parts of a program: packages and files without one, with what was taken of each.

use super::{PlacedInput, PlacedInputs};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The version of the shape of [`LinkedParts`]; a reader refuses a newer one.
pub(crate) const SCHEMA: u32 = 1;

/// How the code of a file got into a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartKind {
    /// An archive, or some of its members.
    Archive,
    /// An object, such as `crt1.o`.
    Object,
    /// The objects that a shared object of the user's own carries.
    Carried,
    /// A converted shared object.
    Converted,
    /// A converted shared object that is opened at run time.
    Plugin,
    /// Code of this program's: repairs of glibc, start-up code, an allocator.
    Ours,
}

/// A file of which something may be in a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartSource {
    /// The files of the link that hold its code.
    pub places: Vec<PathBuf>,
    /// Its own path.
    pub file: PathBuf,
    pub kind: PartKind,
    /// Package URL of what it belongs to.
    pub purl: Option<String>,
    /// Build ID of a shared object.
    pub build_id: Option<String>,
    /// It is of the project that is built: not a part, but what the parts are in.
    pub own: bool,
}

/// A file in a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartFile {
    /// Its name without directories.
    pub name: String,
    pub kind: PartKind,
    /// How many members of an archive were taken.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub members: usize,
    /// Bytes that it takes, where the linker says so.
    #[serde(default, skip_serializing_if = "is_none_of_bytes")]
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// SHA-256 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

fn is_zero(members: &usize) -> bool {
    *members == 0
}

fn is_none_of_bytes(bytes: &u64) -> bool {
    *bytes == 0
}

/// A package, or a file of none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Package URL; none for a file that no package has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// At least one, sorted by name.
    pub files: Vec<PartFile>,
}

/// All parts of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkedParts {
    pub schema: u32,
    /// They are what the linker took. Otherwise what it was offered, of which it may have left some out.
    pub exact: bool,
    /// Sorted by package URL, files without one at the end.
    pub parts: Vec<Part>,
}

impl LinkedParts {
    /// What a link offers.
    pub(crate) fn offered(sources: &[PartSource]) -> LinkedParts {
        let all = sources.iter().map(|source| (source, Taken::default()));
        LinkedParts::of(false, all)
    }

    /// What the linker took of it.
    pub(crate) fn linked(sources: &[PartSource], placed: &PlacedInputs) -> LinkedParts {
        let by_place: BTreeMap<PathBuf, usize> = sources
            .iter()
            .enumerate()
            .flat_map(|(at, source)| source.places.iter().map(move |place| (place.clone(), at)))
            .collect();
        let mut taken: BTreeMap<usize, Taken> = BTreeMap::new();
        for input in &placed.inputs {
            if let Some(at) = by_place.get(&input.path) {
                taken.entry(*at).or_default().add(input);
            }
        }
        // Of code that is compiled when it is linked it is not known what was left of it.
        LinkedParts::of(!placed.compiled, taken.into_iter().filter_map(|(at, taken)| Some((sources.get(at)?, taken))))
    }

    fn of<'s>(exact: bool, sources: impl Iterator<Item = (&'s PartSource, Taken)>) -> LinkedParts {
        let mut named: BTreeMap<String, BTreeMap<String, PartFile>> = BTreeMap::new();
        let mut nameless: BTreeMap<String, PartFile> = BTreeMap::new();
        for (source, taken) in sources.filter(|(source, _)| !source.own) {
            let name = source.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let file = PartFile {
                name: name.clone(),
                kind: source.kind,
                members: taken.members.len(),
                bytes: taken.bytes,
                build_id: source.build_id.clone(),
                sha256: None,
            };
            match &source.purl {
                Some(purl) => named.entry(purl.clone()).or_default().entry(name).or_insert(file),
                None => nameless.entry(name).or_insert(file),
            };
        }
        let mut parts: Vec<Part> = named
            .into_iter()
            .map(|(purl, files)| Part { purl: Some(purl), files: files.into_values().collect() })
            .collect();
        parts.extend(nameless.into_values().map(|file| Part { purl: None, files: vec![file] }));
        LinkedParts { schema: SCHEMA, exact, parts }
    }

    /// The package URLs, sorted.
    pub(crate) fn purls(&self) -> Vec<&str> {
        self.parts.iter().filter_map(|part| part.purl.as_deref()).collect()
    }

    /// The same without what only the longer note has.
    pub(crate) fn shortened(&self) -> LinkedParts {
        self.with(|file| PartFile { build_id: None, sha256: None, bytes: 0, ..file })
    }

    /// The same with the longest numbers: what it is replaced by takes no more room.
    pub(crate) fn at_most(&self) -> LinkedParts {
        self.with(|file| PartFile { members: 99_999, bytes: 99_999_999, ..file })
    }

    /// The same without numbers.
    pub(crate) fn uncounted(&self) -> LinkedParts {
        self.with(|file| PartFile { members: 0, bytes: 0, ..file })
    }

    fn with(&self, change: impl Fn(PartFile) -> PartFile) -> LinkedParts {
        let mut changed = self.clone();
        for part in &mut changed.parts {
            part.files = std::mem::take(&mut part.files).into_iter().map(&change).collect();
        }
        changed
    }
}

/// What was taken of a file.
#[derive(Debug, Default)]
struct Taken {
    members: BTreeSet<String>,
    bytes: u64,
}

impl Taken {
    fn add(&mut self, input: &PlacedInput) {
        self.members.extend(input.member.clone());
        self.bytes += input.bytes;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn source(file: &str, purl: Option<&str>) -> PartSource {
        PartSource {
            places: vec![file.into()],
            file: file.into(),
            kind: PartKind::Archive,
            purl: purl.map(str::to_owned),
            build_id: None,
            own: false,
        }
    }

    pub(crate) fn input(path: &str, member: &str, bytes: u64) -> PlacedInput {
        PlacedInput { path: path.into(), member: Some(member.into()), bytes }
    }

    #[test]
    fn only_what_was_taken_is_a_part() {
        let own = PartSource { own: true, ..source("libmine.a", None) };
        let sources = [
            source("/l/libz.a", Some("pkg:deb/debian/zlib1g-dev@1")),
            source("/l/libsqlite3.a", Some("pkg:deb/debian/libsqlite3-dev@3")),
            source("/l/libc.a", Some("pkg:deb/debian/libc6-dev@2")),
            source("/l/libm.a", Some("pkg:deb/debian/libc6-dev@2")),
            source("/opt/libq.a", None),
            own,
        ];
        let inputs = vec![
            input("/l/libz.a", "a.o", 3),
            input("/l/libz.a", "b.o", 4),
            input("/l/libc.a", "c.o", 5),
            input("/l/libm.a", "m.o", 0),
            input("/opt/libq.a", "q.o", 1),
            input("libmine.a", "x.o", 1),
            input("/elsewhere.o", "x.o", 1),
        ];
        let parts = LinkedParts::linked(&sources, &PlacedInputs { inputs, compiled: false });
        assert_eq!(parts.purls(), ["pkg:deb/debian/libc6-dev@2", "pkg:deb/debian/zlib1g-dev@1"]);
        assert!(parts.exact && parts.parts.len() == 3);
        let files = |at: usize| -> Vec<(&str, usize, u64)> {
            parts.parts[at].files.iter().map(|f| (f.name.as_str(), f.members, f.bytes)).collect()
        };
        assert_eq!(files(0), [("libc.a", 1, 5), ("libm.a", 1, 0)]);
        assert_eq!(files(1), [("libz.a", 2, 7)]);
        assert_eq!((files(2), parts.parts[2].purl.as_ref()), (vec![("libq.a", 1, 1)], None));
        let offered = LinkedParts::offered(&sources);
        assert!(!offered.exact && offered.purls().len() == 3);
    }
}
