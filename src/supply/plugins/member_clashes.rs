//! Names that can't be linked in for a table, since members would come with them that define what the program defines
//! itself: GNU getopt of an own and `getopt_long` of libc's.

use super::definitions::with_member;
use crate::libs::library_file::LibraryFiles;
use object::read::archive::{ArchiveFile, ArchiveOffset};
use object::{Object, ObjectSymbol};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// A member of an archive: the archive's index and the member's offset.
type MemberPlace = (usize, u64);

/// The members of all archives of a link, for a program that defines names of theirs.
pub(crate) struct MemberClashes<'a> {
    archives: &'a [&'a Path],
    files: &'a LibraryFiles,
    /// Where names are defined first that the program does not define.
    places: HashMap<Vec<u8>, MemberPlace>,
    /// Members that define a name of the program's own too.
    taken: HashSet<MemberPlace>,
    /// What members refer to, once read.
    needs: HashMap<MemberPlace, Vec<MemberPlace>>,
    /// Members that bring none of those in.
    clean: HashSet<MemberPlace>,
}

impl<'a> MemberClashes<'a> {
    /// Of a program that defines `own`; `archives` in the order of the line.
    pub(crate) fn of<T>(
        archives: &'a [&'a Path],
        files: &'a LibraryFiles,
        own: &foldhash::HashMap<Vec<u8>, T>,
    ) -> MemberClashes<'a> {
        let (places, needs, clean) = Default::default();
        let mut clashes = MemberClashes { archives, files, places, taken: HashSet::new(), needs, clean };
        for (number, path) in archives.iter().enumerate() {
            files.look(path, |data| {
                each_entry(data, &mut |name, offset| {
                    if own.contains_key(name) {
                        clashes.taken.insert((number, offset));
                    }
                });
            });
        }
        for (number, path) in archives.iter().enumerate().filter(|_| !clashes.taken.is_empty()) {
            files.look(path, |data| {
                each_entry(data, &mut |name, offset| {
                    if !own.contains_key(name) && !clashes.places.contains_key(name) {
                        clashes.places.insert(name.to_vec(), (number, offset));
                    }
                });
            });
        }
        clashes
    }

    /// Whether linking in a name brings in such a member.
    pub(crate) fn come_with(&mut self, name: &[u8]) -> bool {
        let Some(first) = self.places.get(name).copied() else { return false };
        let mut seen = BTreeSet::from([first]);
        let mut todo = vec![first];
        while let Some(place) = todo.pop() {
            if self.taken.contains(&place) {
                return true;
            }
            if !self.clean.contains(&place) {
                todo.extend(self.needs_of(place).into_iter().filter(|need| seen.insert(*need)));
            }
        }
        self.clean.extend(seen);
        false
    }

    fn needs_of(&mut self, place: MemberPlace) -> Vec<MemberPlace> {
        if let Some(needs) = self.needs.get(&place) {
            return needs.clone();
        }
        let mut needs = Vec::new();
        let path = self.archives.get(place.0).copied().unwrap_or(Path::new(""));
        self.files.look(path, |data| {
            let Ok(archive) = ArchiveFile::parse(data) else { return };
            let Ok(member) = archive.member(ArchiveOffset(place.1)) else { return };
            with_member(&member, data, path, &mut |object| {
                let Ok(object) = object::File::parse(object) else { return };
                let referred = object.symbols().filter(|s| s.is_undefined() && !s.is_weak());
                let names = referred.filter_map(|s| s.name_bytes().ok());
                needs.extend(names.filter_map(|name| self.places.get(name)));
            });
        });
        self.needs.insert(place, needs.clone());
        needs
    }
}

fn each_entry(data: &[u8], at: &mut dyn FnMut(&[u8], u64)) {
    let Ok(archive) = ArchiveFile::parse(data) else { return };
    for entry in archive.symbols().ok().flatten().into_iter().flat_map(|index| index.flatten()) {
        at(entry.name(), entry.offset().0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_comes_with_a_name_counts_however_far_away() {
        let dir = tempfile::tempdir().unwrap();
        let made = |name: &str, text: &str| {
            let source = dir.path().join(format!("{name}.c"));
            std::fs::write(&source, text).unwrap();
            let object = dir.path().join(format!("{name}.o"));
            assert!(Command::new("cc").arg("-c").arg(&source).arg("-o").arg(&object).status().unwrap().success());
            object
        };
        let parts = [
            made("far", "void near(void); void far(void) { near(); }"),
            made("near", "void inner(void); void near(void) { inner(); }"),
            made("inner", "int mine; void inner(void) {}"),
            made("alone", "void optional(void) __attribute__((weak)); void alone(void) { optional(); }"),
            made("optional", "int mine; void optional(void) {}"),
        ];
        let archive = dir.path().join("lib.a");
        assert!(Command::new("ar").arg("rc").arg(&archive).args(&parts).status().unwrap().success());
        let (archives, files) = ([archive.as_path()], LibraryFiles::default());
        let mut clashes = MemberClashes::of(&archives, &files, &[(b"mine".to_vec(), ())].into_iter().collect());
        let comes = |name: &&str| clashes.come_with(name.as_bytes());
        let found: Vec<&str> = ["alone", "far", "near", "inner", "none"].into_iter().filter(comes).collect();
        assert_eq!(found, ["far", "near", "inner"]);
        // A name of the program's own is not taken from the archive.
        let own = [b"inner".to_vec(), b"near".to_vec()].map(|name| (name, ()));
        assert!(!MemberClashes::of(&archives, &files, &own.into_iter().collect()).come_with(b"far"));
    }
}
