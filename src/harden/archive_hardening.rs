//! What the members of an archive show, kept from one link to the next: thousands of members are read once.

use super::object_hardening::ObjectHardening;
use crate::files::{Stamp, kept, read_sealed, write_sealed};
use object::read::archive::ArchiveFile;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use twox_hash::XxHash3_128;

/// The directory of what is kept, in the cache.
pub(crate) const KEPT: &str = "hardening";

/// The members by name; of several of one name, what they show together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ArchiveHardening(BTreeMap<String, ObjectHardening>);

impl ArchiveHardening {
    /// Of an archive's bytes; without members for what is no archive, or names files elsewhere.
    pub(crate) fn of(bytes: &[u8]) -> ArchiveHardening {
        let mut found = ArchiveHardening::default();
        let Ok(archive) = ArchiveFile::parse(bytes) else { return found };
        for member in archive.members().flatten() {
            let Some(of) = member.data(bytes).ok().and_then(ObjectHardening::of) else { continue };
            let name = String::from_utf8_lossy(member.name()).into_owned();
            found.0.entry(name).and_modify(|known| *known = known.with(of)).or_insert(of);
        }
        found
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
        let known = read_sealed(&place).and_then(|text| ArchiveHardening::read(&String::from_utf8(text).ok()?, &first));
        if known.is_some() {
            return known;
        }
        let found = look(archive)?;
        // Without it the next link reads the archive again.
        if let Err(error) =
            fs::create_dir_all(&dir).and_then(|()| write_sealed(&place, found.written(&first).as_bytes()))
        {
            log::debug!("{} can't be kept: {error}", place.display());
        }
        Some(found)
    }

    /// Whether one of the members is so.
    pub(super) fn any(&self, test: impl Fn(&ObjectHardening) -> bool) -> bool {
        self.0.values().any(test)
    }

    /// What a member shows.
    pub(crate) fn member(&self, name: &str) -> Option<ObjectHardening> {
        self.0.get(name).copied()
    }

    /// A line for each member: a number and its name.
    fn written(&self, first: &str) -> String {
        let mut text = first.to_owned();
        for (name, of) in self.0.iter().filter(|(name, _)| !name.contains('\n')) {
            let _ = writeln!(text, "{} {name}", of.bits());
        }
        text
    }

    fn read(text: &str, first: &str) -> Option<ArchiveHardening> {
        let mut members = BTreeMap::new();
        for line in text.strip_prefix(first)?.lines() {
            let (bits, name) = line.split_once(' ')?;
            members.insert(name.to_owned(), ObjectHardening::of_bits(bits.parse().ok()?));
        }
        Some(ArchiveHardening(members))
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
