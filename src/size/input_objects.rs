//! The objects of a link, opened again after it.

use crate::parts::PlacedFile;
use memmap2::Mmap;
use object::read::archive::ArchiveFile;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Files that were opened, each once.
#[derive(Default)]
pub(crate) struct InputObjects {
    /// None for a file that can't be read.
    files: HashMap<PathBuf, Option<OpenFile>>,
}

/// A file, and where its members are.
struct OpenFile {
    map: Mmap,
    /// Of an archive: name, begin and end of each member.
    members: Vec<(String, usize, usize)>,
}

impl InputObjects {
    /// Opens the files of these inputs. One that is gone has no objects.
    pub(crate) fn open<'i>(inputs: impl IntoIterator<Item = &'i PlacedFile>) -> InputObjects {
        let mut files = HashMap::new();
        for input in inputs {
            if !files.contains_key(&input.path) {
                files.insert(input.path.clone(), OpenFile::open(&input.path));
            }
        }
        InputObjects { files }
    }

    /// The bytes of an input; none if there are none any more. Of members with one name, where the linker does not say
    /// which, the first.
    pub(crate) fn bytes(&self, input: &PlacedFile) -> Option<&[u8]> {
        let file = self.files.get(&input.path)?.as_ref()?;
        let (begin, end) = match (input.range, &input.member) {
            (Some(range), _) => range,
            (None, Some(member)) => {
                let (_, begin, end) = file.members.iter().find(|(name, _, _)| name == member)?;
                (*begin, *end)
            }
            (None, None) => (0, file.map.len()),
        };
        file.map.get(begin..end)
    }
}

impl OpenFile {
    fn open(path: &Path) -> Option<OpenFile> {
        let file = File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
        // SAFETY: the linker has just mapped it in the same way; one that is changed meanwhile is no sound build.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        let members = members(&map);
        Some(OpenFile { map, members })
    }
}

/// The members of an archive; none of a thin one, whose members are files of their own.
fn members(bytes: &[u8]) -> Vec<(String, usize, usize)> {
    let Ok(archive) = ArchiveFile::parse(bytes) else { return Vec::new() };
    let members = archive.members().filter_map(|member| {
        let member = member.ok().filter(|m| !m.is_thin())?;
        let (begin, size) = member.file_range();
        let (begin, size) = (usize::try_from(begin).ok()?, usize::try_from(size).ok()?);
        Some((String::from_utf8_lossy(member.name()).into_owned(), begin, begin.checked_add(size)?))
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive;
    use crate::size::loaded_identity::tests::program;

    #[test]
    fn members_are_found_by_range_or_name() {
        let dir = tempfile::tempdir().unwrap();
        let (object, library) = (dir.path().join("x.o"), dir.path().join("libx.a"));
        std::fs::write(&object, program(b"x")).unwrap();
        std::fs::write(&library, archive::of_members(&[program(b"one"), program(b"three")]).unwrap()).unwrap();
        let input = |path: &Path, member: Option<&str>, range| PlacedFile {
            path: path.into(),
            member: member.map(str::to_owned),
            range,
        };
        let all = [
            input(&object, None, None),
            input(&library, Some("objects1.o"), None),
            input(&library, Some("objects1.o"), Some((8, 16))),
            input(&library, Some("other.o"), None),
            input(&library, Some("objects1.o"), Some((8, usize::MAX))),
            input(dir.path(), None, None),
            input(&dir.path().join("gone"), None, None),
        ];
        let files = InputObjects::open(&all);
        assert_eq!(files.bytes(&all[0]), Some(program(b"x").as_slice()));
        assert_eq!(files.bytes(&all[1]), Some(program(b"three").as_slice()));
        assert_eq!(files.bytes(&all[2]).map(<[u8]>::len), Some(8));
        assert!(all[3..].iter().all(|input| files.bytes(input).is_none()));
    }
}
