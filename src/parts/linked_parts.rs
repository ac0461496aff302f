//! The parts of a program: packages and files without one, with what was taken of each.

use super::{PlacedInput, PlacedInputs};
use crate::harden::counts::{HardeningCounts, ProgramHardening};
use crate::harden::object_hardening::ObjectHardening;
use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
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
    /// SHA-256 of the file in hexadecimal digits.
    pub sha256: Option<String>,
    /// It is of the project that is built: not a part, but what the parts are in.
    pub own: bool,
}

impl PartSource {
    /// Its name without directories.
    pub(crate) fn file_name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
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
    /// How what was taken of it was compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardening: Option<HardeningCounts>,
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
    /// How the objects of the program were compiled; none where it is not known which they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardening: Option<ProgramHardening>,
}

impl LinkedParts {
    /// What a link offers.
    pub(crate) fn offered(sources: &[PartSource]) -> LinkedParts {
        let all = sources.iter().map(|source| (source, Taken::default()));
        LinkedParts::of(false, all)
    }

    /// What the linker took of it.
    ///
    /// `hardening` says how what was taken of an input was compiled, as far as it is known.
    pub(crate) fn linked(
        sources: &[PartSource],
        placed: &PlacedInputs,
        mut hardening: impl FnMut(&PlacedInput, &PartSource) -> Vec<ObjectHardening>,
    ) -> LinkedParts {
        let by_place: HashMap<&OsStr, usize> = sources
            .iter()
            .enumerate()
            .flat_map(|(at, source)| source.places.iter().map(move |place| (place.as_os_str(), at)))
            .collect();
        let mut taken: BTreeMap<usize, Taken<'_>> = BTreeMap::new();
        for input in &placed.inputs {
            if let Some((at, source)) =
                by_place.get(input.path.as_os_str()).and_then(|at| Some((*at, sources.get(*at)?)))
            {
                taken.entry(at).or_default().add(input, hardening(input, source));
            }
        }
        let compiled = ProgramHardening::of(
            taken
                .iter()
                .filter_map(|(at, taken)| Some((sources.get(*at)?, taken.hardening?)))
                .map(|(source, counts)| (source.file_name(), source.purl.is_none(), counts)),
        );
        // Of code that is compiled when it is linked it is not known what was left of it.
        let parts = taken.into_iter().filter_map(|(at, taken)| Some((sources.get(at)?, taken)));
        LinkedParts { hardening: compiled.filter(|_| !placed.compiled), ..LinkedParts::of(!placed.compiled, parts) }
    }

    fn of<'s>(exact: bool, sources: impl Iterator<Item = (&'s PartSource, Taken<'s>)>) -> LinkedParts {
        let mut named: BTreeMap<String, BTreeMap<String, PartFile>> = BTreeMap::new();
        let mut nameless: BTreeMap<String, PartFile> = BTreeMap::new();
        for (source, taken) in sources.filter(|(source, _)| !source.own) {
            let name = source.file_name();
            let file = PartFile {
                name: name.clone(),
                kind: source.kind,
                members: taken.members(),
                bytes: taken.bytes,
                build_id: source.build_id.clone(),
                sha256: source.sha256.clone(),
                hardening: taken.hardening,
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
        LinkedParts { schema: SCHEMA, exact, parts, hardening: None }
    }

    /// The package URLs, sorted.
    pub(crate) fn purls(&self) -> Vec<&str> {
        self.parts.iter().filter_map(|part| part.purl.as_deref()).collect()
    }

    /// The same without what only the longer note has.
    pub(crate) fn shortened(&self) -> LinkedParts {
        let mut shorter = self.with(|file| PartFile { build_id: None, bytes: 0, hardening: None, ..file });
        // Of what has no package the digest is all that tells it from another.
        for part in shorter.parts.iter_mut().filter(|part| part.purl.is_some()) {
            part.files.iter_mut().for_each(|file| file.sha256 = None);
        }
        shorter
    }

    /// The same with the longest numbers, no two alike, and room for how it was compiled: no list of what was taken of it
    /// takes more, however well numbers can be packed.
    pub(crate) fn at_most(&self) -> LinkedParts {
        let number = Cell::new(0usize);
        let next = |least: usize| {
            number.set((number.get() * 7_919 + 4_093) % 99_991);
            least + number.get() % (9 * least)
        };
        let counts = || HardeningCounts {
            objects: next(10_000),
            canary: next(10_000),
            fortified: next(10_000),
            unfortified: next(10_000),
            stack_clash: next(10_000),
            control_flow: next(10_000),
        };
        let mut widest = self.with(|file| PartFile {
            members: next(10_000),
            bytes: next(10_000) as u64 * 1_000 + next(100) as u64,
            sha256: Some((0..16).map(|_| format!("{:04x}", next(4_096))).collect()),
            hardening: Some(counts()),
            ..file
        });
        let names = self.parts.iter().flat_map(|part| &part.files).map(|file| file.name.clone());
        let unmarked = ProgramHardening::longest(names);
        widest.hardening = Some(ProgramHardening { own: counts(), parts: counts(), unmarked });
        widest
    }

    /// The same without numbers and digests.
    pub(crate) fn uncounted(&self) -> LinkedParts {
        self.with(|file| PartFile { members: 0, bytes: 0, hardening: None, sha256: None, ..file })
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
struct Taken<'p> {
    members: Vec<&'p str>,
    bytes: u64,
    hardening: Option<HardeningCounts>,
}

impl<'p> Taken<'p> {
    fn add(&mut self, input: &'p PlacedInput, hardening: Vec<ObjectHardening>) {
        for object in hardening {
            self.hardening.get_or_insert_default().add(object);
        }
        self.members.extend(input.members.iter().filter_map(|member| member.name.as_deref()));
        self.bytes += input.members.iter().map(|member| member.bytes).sum::<u64>();
    }

    /// How many members were taken: one that is there in two copies of an archive counts once.
    fn members(&self) -> usize {
        let mut names = self.members.clone();
        names.sort_unstable();
        names.dedup();
        names.len()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::parts::PlacedMember;

    pub(crate) fn source(file: &str, purl: Option<&str>) -> PartSource {
        PartSource {
            places: vec![file.into()],
            file: file.into(),
            kind: PartKind::Archive,
            purl: purl.map(str::to_owned),
            build_id: None,
            sha256: None,
            own: false,
        }
    }

    pub(crate) fn input(path: &str, member: &str, bytes: u64) -> (PathBuf, PlacedMember) {
        (path.into(), PlacedMember { name: Some(member.into()), bytes })
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
        let parts = LinkedParts::linked(&sources, &PlacedInputs::of(inputs, false), |_, _| Vec::new());
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
