//! What the members of an archive show, kept from one link to the next: thousands of members are read once.

use super::object_hardening::ObjectHardening;
use crate::files::{Stamp, kept, read_sealed, write_sealed};
use memchr::{memchr, memrchr};
use object::read::archive::ArchiveFile;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use twox_hash::XxHash3_128;

/// The directory of what is kept, in the cache.
pub(crate) const KEPT: &str = "hardening";

/// The members by name; of several of one name, what they show together.
#[derive(Debug, Clone, Default)]
pub(crate) struct ArchiveHardening {
    /// The members behind [`Self::start`], sorted by name: each has a line with a number and its name. A link asks for some of
    /// thousands, which are searched in it as it was kept.
    text: String,
    start: usize,
}

impl PartialEq for ArchiveHardening {
    fn eq(&self, other: &ArchiveHardening) -> bool {
        self.lines() == other.lines()
    }
}

impl ArchiveHardening {
    /// Of an archive's bytes; without members for what is no archive, or names files elsewhere.
    pub(crate) fn of(bytes: &[u8]) -> ArchiveHardening {
        let mut found: BTreeMap<String, ObjectHardening> = BTreeMap::new();
        let Ok(archive) = ArchiveFile::parse(bytes) else { return ArchiveHardening::default() };
        for member in archive.members().flatten() {
            let Some(of) = member.data(bytes).ok().and_then(ObjectHardening::of) else { continue };
            let name = String::from_utf8_lossy(member.name()).into_owned();
            found.entry(name).and_modify(|known| *known = known.with(of)).or_insert(of);
        }
        let mut text = String::new();
        for (name, of) in found.iter().filter(|(name, _)| !name.contains('\n')) {
            let _ = writeln!(text, "{} {name}", of.bits());
        }
        ArchiveHardening { text, start: 0 }
    }

    /// The same, read once for each state of the file. `look` passes its bytes.
    pub(crate) fn kept(
        cache: Option<&Path>,
        archive: &Path,
        look: impl FnOnce(&Path) -> Option<ArchiveHardening>,
    ) -> Option<ArchiveHardening> {
        let first = format!("{} {} {:?}\n", kept::HARDENING, archive.display(), Stamp::of(archive)?);
        let Some(cache) = cache else { return look(archive) };
        let dir = cache.join(KEPT);
        let place = dir.join(format!("{:032x}", XxHash3_128::oneshot(archive.as_os_str().as_encoded_bytes())));
        let known = read_sealed(&place).and_then(|text| {
            let text = String::from_utf8(text).ok().filter(|text| text.starts_with(&first))?;
            Some(ArchiveHardening { text, start: first.len() })
        });
        if known.is_some() {
            return known;
        }
        let found = look(archive)?;
        // Without it the next link reads the archive again.
        if let Err(error) = fs::create_dir_all(&dir)
            .and_then(|()| write_sealed(&place, [first.as_str(), found.lines()].concat().as_bytes()))
        {
            log::debug!("{} can't be kept: {error}", place.display());
        }
        Some(found)
    }

    /// Whether one of the members is so.
    pub(super) fn any(&self, test: impl Fn(&ObjectHardening) -> bool) -> bool {
        self.lines().lines().filter_map(entry).any(|(_, object)| test(&object))
    }

    fn lines(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// What a member shows.
    pub(crate) fn member(&self, name: &str) -> Option<ObjectHardening> {
        // A search in lines: between `from` and `to` there are whole ones.
        let lines = self.lines().as_bytes();
        let (mut from, mut to) = (0, lines.len());
        while from < to {
            let middle = from + (to - from) / 2;
            let start = memrchr(b'\n', lines.get(from..middle)?).map_or(from, |at| from + at + 1);
            let end = start + memchr(b'\n', lines.get(start..)?)?;
            let line = lines.get(start..end)?;
            let found = line.get(memchr(b' ', line)? + 1..)?;
            match found.cmp(name.as_bytes()) {
                Ordering::Equal => return Some(entry(str::from_utf8(line).ok()?)?.1),
                Ordering::Less => from = end + 1,
                Ordering::Greater => to = start,
            }
        }
        None
    }
}

/// A member's line.
fn entry(line: &str) -> Option<(&str, ObjectHardening)> {
    let (bits, name) = line.split_once(' ')?;
    Some((name, ObjectHardening::of_bits(bits.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::process::Command;

    proptest! {
        #[test]
        fn every_member_is_found_and_nothing_else(
            names in proptest::collection::btree_map("[a-c. ]{1,4}", any::<u8>(), 0..40),
            other in "[a-d. ]{0,5}",
            before in "[a-z\n]{0,9}",
        ) {
            let mut text = before.clone();
            for (name, bits) in &names {
                let _ = writeln!(text, "{bits} {name}");
            }
            let archive = ArchiveHardening { text, start: before.len() };
            for (name, bits) in &names {
                prop_assert_eq!(archive.member(name), Some(ObjectHardening::of_bits(*bits)));
            }
            prop_assert_eq!(archive.member(&other).is_some(), names.contains_key(&other));
            prop_assert_eq!(archive.lines().lines().filter_map(entry).count(), names.len());
        }
    }

    #[test]
    fn an_archive_is_read_once_for_each_of_its_states() {
        let dir = tempfile::tempdir().unwrap();
        let run = |program: &str, line: &str| {
            assert!(Command::new(program).current_dir(dir.path()).args(line.split(' ')).status().unwrap().success());
        };
        fs::write(dir.path().join("a.c"), "void use(char *); void f(void) { char b[64]; use(b); }\n").unwrap();
        fs::write(dir.path().join("b.c"), "int b(void) { return 1; }\n").unwrap();
        run("gcc", "-fstack-protector-strong -c a.c b.c");
        run("ar", "rcs l.a a.o b.o");
        let (archive, cache) = (dir.path().join("l.a"), dir.path().join("cache"));
        let reads = Cell::new(0);
        let kept = || {
            ArchiveHardening::kept(Some(&cache), &archive, |path| {
                reads.set(reads.get() + 1);
                Some(ArchiveHardening::of(&fs::read(path).unwrap()))
            })
        };
        let first = kept().unwrap();
        assert!(first.member("a.o").unwrap().canary && !first.member("b.o").unwrap().canary);
        assert_eq!(first.member("c.o"), None);
        assert_eq!((kept().unwrap(), reads.get()), (first.clone(), 1));
        let place = fs::read_dir(cache.join(KEPT)).unwrap().next().unwrap().unwrap().path();
        let sealed = fs::read(&place).unwrap();
        // What is damaged is read again.
        fs::write(&place, &sealed[..sealed.len() - 3]).unwrap();
        assert_eq!((kept().unwrap(), reads.get()), (first, 2));
        run("gcc", "-fno-stack-protector -c a.c");
        run("ar", "rcs l.a a.o");
        assert!(!kept().unwrap().member("a.o").unwrap().canary && reads.get() == 3);
        assert_eq!(ArchiveHardening::of(b"!<arch>\n"), ArchiveHardening::of(b"text"));
    }
}
