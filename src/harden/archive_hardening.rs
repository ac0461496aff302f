//! What the members of an archive show, kept from one link to the next: thousands of members are read once.

use super::object_hardening::ObjectHardening;
use crate::files::{Stamp, kept, read_sealed, write_sealed};
use object::read::archive::ArchiveFile;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::Path;
use twox_hash::XxHash3_128;

/// The directory of what is kept, in the cache.
pub(crate) const KEPT: &str = "hardening";

/// The members by name; of several of one name, what they show together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ArchiveHardening {
    /// All names, each behind a number and before a line's end.
    text: String,
    /// Where each name is in it, sorted by name: a link reads thousands and asks for hundreds.
    members: Vec<(Range<usize>, ObjectHardening)>,
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
        ArchiveHardening::read(text).unwrap_or_default()
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
            let mut text = String::from_utf8(text).ok().filter(|text| text.starts_with(&first))?;
            text.drain(..first.len());
            ArchiveHardening::read(text)
        });
        if known.is_some() {
            return known;
        }
        let found = look(archive)?;
        // Without it the next link reads the archive again.
        if let Err(error) = fs::create_dir_all(&dir)
            .and_then(|()| write_sealed(&place, [first.as_str(), &found.text].concat().as_bytes()))
        {
            log::debug!("{} can't be kept: {error}", place.display());
        }
        Some(found)
    }

    /// Whether one of the members is so.
    pub(super) fn any(&self, test: impl Fn(&ObjectHardening) -> bool) -> bool {
        self.members.iter().any(|(_, object)| test(object))
    }

    /// What a member shows.
    pub(crate) fn member(&self, name: &str) -> Option<ObjectHardening> {
        let at = self.members.binary_search_by(|(range, _)| self.text.get(range.clone()).cmp(&Some(name))).ok()?;
        self.members.get(at).map(|(_, object)| *object)
    }

    /// Of lines with a number and a name each, sorted by name; none of others.
    fn read(text: String) -> Option<ArchiveHardening> {
        let (mut members, mut start) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            let (bits, name) = line.strip_suffix('\n')?.split_once(' ')?;
            let name = start + bits.len() + 1..start + bits.len() + 1 + name.len();
            members.push((name, ObjectHardening::of_bits(bits.parse().ok()?)));
            start += line.len();
        }
        Some(ArchiveHardening { text, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::process::Command;

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
