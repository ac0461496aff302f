//! Which members of the archives that a toolchain offers a link's own code takes. The index of such an archive names more
//! functions than its members define, and the linkers that go by definitions alone don't look there.

use super::archive_members::ArchiveMembers;
use super::link_inputs::LinkInputs;
use super::resolution::Resolution;
use super::simulated_linker::{LinkSymbols, SimulatedLinker};
use crate::args::Request;
use crate::model::Language;
use crate::toolchain::Facts;
use foldhash::{HashMap, HashSet};
use std::collections::BTreeSet;
use std::path::Path;

/// A link to which archives are offered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfferedTo<'a> {
    pub request: &'a Request,
    pub facts: &'a Facts,
    pub language: Language,
    pub resolution: &'a Resolution,
    /// Names that the linker is asked for.
    pub asked: &'a [&'a str],
    /// Archives of the link are taken whole, or some are.
    pub whole: bool,
}

impl OfferedTo<'_> {
    /// For each archive the names of the members that a linker takes which goes by their indexes: for what the link's own
    /// objects and archives leave undefined, and for what such members need.
    pub(crate) fn members(&self, archives: &[&Path]) -> Vec<BTreeSet<String>> {
        let inputs = LinkInputs::of(self.request, self.facts, self.language, self.resolution);
        let mut link = inputs.symbols(inputs.offers_of_libraries(), false);
        if self.whole {
            let members: Vec<_> = link.libraries.iter().flat_map(|library| library.members.iter()).cloned().collect();
            link.objects.extend(members);
        }
        let files = &self.resolution.path.files;
        let opened: Vec<_> = archives.iter().map(|path| files.get(path)).collect();
        let archives: Vec<ArchiveMembers<'_>> = opened
            .iter()
            .map(|file| file.as_ref().and_then(|file| file.bytes()).map(ArchiveMembers::of).unwrap_or_default())
            .collect();
        taken(&link, self.asked, &archives)
    }
}

fn taken<'f>(link: &LinkSymbols<'f>, asked: &[&'f str], archives: &'f [ArchiveMembers<'f>]) -> Vec<BTreeSet<String>> {
    let mut linker = SimulatedLinker::of(link);
    linker.pending.extend(asked.iter().map(|name| name.as_bytes()));
    linker.settle();
    let mut pending: Vec<&[u8]> = linker.undefined().collect();
    pending.extend(asked.iter().map(|name| name.as_bytes()).filter(|name| !linker.defined.contains_key(name)));
    let mut index: HashMap<&[u8], (usize, usize)> = HashMap::default();
    for (at, archive) in archives.iter().enumerate() {
        archive.each_defined(|name, number| {
            index.entry(name).or_insert((at, number));
        });
    }
    let mut defined: HashSet<&[u8]> = HashSet::default();
    let mut found = vec![BTreeSet::new(); archives.len()];
    let mut seen: HashSet<(usize, usize)> = HashSet::default();
    while let Some(name) = pending.pop() {
        if defined.contains(name) || linker.defined.contains_key(name) {
            continue;
        }
        let Some((at, number)) = index.get(name).copied().filter(|id| seen.insert(*id)) else { continue };
        let Some((archive, into)) = archives.get(at).zip(found.get_mut(at)) else { continue };
        into.extend(archive.name(number));
        if let Some(member) = archive.get(number) {
            defined.extend(member.defined());
            pending.extend(&member.needed);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::member_symbols::MemberSymbols;
    use super::super::simulated_linker::ArchiveSymbols;
    use super::*;
    use crate::archive::{self, IndexedMember};
    use std::process::Command;

    /// An archive of three members: `print.o` is named by `puts` too, and needs `size`, which `size.o` has.
    fn offered() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let member = |name: &str, text: &str, names: &[&str]| {
            let (source, object) = (dir.path().join(format!("{name}.c")), dir.path().join(format!("{name}.o")));
            std::fs::write(&source, text).unwrap();
            assert!(Command::new("cc").arg("-c").arg(&source).arg("-o").arg(&object).status().unwrap().success());
            let names = names.iter().map(|n| n.as_bytes().to_vec()).collect();
            IndexedMember { name: format!("{name}.o"), object: std::fs::read(object).unwrap(), names }
        };
        archive::indexed_by(&[
            member("print", "int size(void); int print(void) { return size(); }", &["print", "puts"]),
            member("size", "int size(void) { return 1; }", &["size"]),
            member("other", "int other(void) { return 1; }", &["other"]),
        ])
        .unwrap()
    }

    fn object<'f>(strong: &[&'f str], needed: &[&'f str]) -> MemberSymbols<'f> {
        let names = |names: &[&'f str]| names.iter().map(|n| n.as_bytes()).collect();
        MemberSymbols { strong: names(strong), needed: names(needed), ..MemberSymbols::default() }
    }

    #[test]
    fn members_are_taken_for_what_nothing_defines() {
        let bytes = offered();
        let archives = [ArchiveMembers::of(&bytes)];
        let library =
            |member| ArchiveSymbols { members: ArchiveMembers::Read(vec![member]), ..ArchiveSymbols::default() };
        for (objects, libraries, asked, expected) in [
            (vec![object(&["main"], &["puts"])], vec![], vec![], vec!["print.o", "size.o"]),
            (vec![object(&["main"], &["size"])], vec![], vec![], vec!["size.o"]),
            (vec![object(&["main"], &["strlen"])], vec![], vec![], vec![]),
            (vec![object(&["main"], &[])], vec![], vec!["other"], vec!["other.o"]),
            (vec![object(&["main", "size"], &["print"])], vec![], vec![], vec!["print.o"]),
            (vec![object(&["main", "print"], &["print"])], vec![], vec![], vec![]),
            // A member of a library is taken, which needs one of these, and one is not.
            (vec![object(&["main"], &["f"])], vec![object(&["f"], &["other"])], vec![], vec!["other.o"]),
            (vec![object(&["main"], &[])], vec![object(&["f"], &["other"])], vec![], vec![]),
            (vec![object(&["main"], &[])], vec![object(&["f"], &["other"])], vec!["f"], vec!["other.o"]),
        ] {
            let libraries = libraries.into_iter().map(library).collect();
            let link = LinkSymbols { objects, libraries, ..LinkSymbols::default() };
            let found = taken(&link, &asked, &archives);
            assert_eq!(found[0].iter().map(String::as_str).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn what_is_no_archive_has_nothing_to_take() {
        let link = LinkSymbols { objects: vec![object(&[], &["puts"])], ..LinkSymbols::default() };
        let archives = [ArchiveMembers::of(b"!<arch>\nbroken"), ArchiveMembers::default()];
        assert_eq!(taken(&link, &[], &archives), vec![BTreeSet::new(), BTreeSet::new()]);
    }
}
