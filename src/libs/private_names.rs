//! Private names of shared objects that their archives make global: where the program or another library has the same
//! name, a static link takes one of the two for both, or fails with "multiple definition". Under ld.so each has its own,
//! which makes no difference where all are the same code ([`super::same_code`]).
//!
//! Source: System V ABI, "Symbol Visibility": a hidden symbol is not seen by other components; in an archive it is, as
//! long as all of them go into one program.

use super::archive_members::ArchiveMembers;
use super::member_symbols::SymbolName;
use super::same_code::PrivateCode;
use super::simulated_linker::{LinkSymbols, MemberId, SimulatedLinker};
use foldhash::HashSet;
use std::collections::{BTreeMap, BTreeSet};

/// The names of each library that are bound to other definitions, or that others bind to, by the library's index.
pub(super) fn clashes(link: &LinkSymbols<'_>, private: &[HashSet<&[u8]>]) -> BTreeMap<usize, BTreeSet<SymbolName>> {
    let mut linker = SimulatedLinker::of(link);
    linker.settle();
    let keeps = |library: usize, name: &[u8]| private.get(library).is_some_and(|p| p.contains(name));
    let mut found: BTreeMap<usize, BTreeSet<SymbolName>> = BTreeMap::new();
    let mut add = |library: usize, name: &[u8]| {
        found.entry(library).or_default().insert(name.to_vec());
    };
    let library_of = |by: Option<MemberId>| by.map(|(library, _)| library);
    for (name, later) in &linker.twice {
        let first = linker.defined.get(name).and_then(|d| library_of(d.by));
        let later = library_of(*later);
        let two = [first, later].into_iter().flatten().filter(|_| first != later);
        two.filter(|library| keeps(*library, name)).for_each(|library| add(library, name));
    }
    let members = linker.taken.iter().filter_map(|id| Some((Some(id.0), linker.member(*id)?.1)));
    let objects = link.objects.iter().map(|object| (None, object));
    for (user, symbols) in members.chain(objects) {
        for name in symbols.needed.iter().copied() {
            let Some(definition) = linker.defined.get(name) else { continue };
            let definer = library_of(definition.by);
            if definer == user {
                continue;
            }
            if let Some(user) = user.filter(|user| keeps(*user, name)) {
                add(user, name);
            }
            // Under ld.so it would have been another one's, if there is another one.
            if let Some(definer) = definer.filter(|d| keeps(*d, name) && offered_elsewhere(link, *d, name)) {
                add(definer, name);
            }
        }
    }
    if found.is_empty() {
        return found;
    }
    let code = PrivateCode::of(link, private);
    // Two that are both taken fail whatever they are.
    let twice: HashSet<&[u8]> = linker.twice.iter().map(|(name, _)| *name).collect();
    let mixes_up = |name: &SymbolName| twice.contains(name.as_slice()) || !code.is_one(name);
    found.values_mut().for_each(|names| names.retain(mixes_up));
    found.retain(|_, names| !names.is_empty());
    found
}

fn offered_elsewhere(link: &LinkSymbols<'_>, library: usize, name: &[u8]) -> bool {
    let others = link.libraries.iter().enumerate().filter(|(at, _)| *at != library);
    let has = |members: &ArchiveMembers<'_>| {
        let mut found = false;
        members.each_defined(|defined, _| found |= defined == name);
        found
    };
    others.into_iter().any(|(_, other)| other.exported.contains(name) || has(&other.members))
}

#[cfg(test)]
mod tests {
    use super::super::member_symbols::MemberSymbols;
    use super::super::simulated_linker::ArchiveSymbols;
    use super::*;

    type StaticMember = MemberSymbols<'static>;
    /// The members of a library and what it exports.
    type StaticLibrary = (Vec<StaticMember>, HashSet<&'static [u8]>);

    fn names<T: FromIterator<&'static [u8]>>(line: &'static str) -> T {
        line.split_whitespace().map(str::as_bytes).collect()
    }

    fn member(strong: &'static str, needed: &'static str) -> StaticMember {
        MemberSymbols { strong: names(strong), needed: names(needed), ..MemberSymbols::default() }
    }

    /// A library that exports some names, with its members; what it does not export is private.
    fn library(exported: &'static str, members: &[StaticMember]) -> StaticLibrary {
        (members.to_vec(), names(exported))
    }

    fn of(objects: &[StaticMember], libraries: &[StaticLibrary]) -> Vec<(usize, String)> {
        let private = |(members, exported): &StaticLibrary| {
            let defined = members.iter().flat_map(|m| &m.strong);
            defined.copied().filter(|n| !exported.contains(n)).collect()
        };
        let private: Vec<HashSet<&[u8]>> = libraries.iter().map(private).collect();
        let symbols = |(members, exported): &StaticLibrary| ArchiveSymbols {
            members: ArchiveMembers::Read(members.clone()),
            exported: exported.iter().map(|n| n.to_vec()).collect::<HashSet<SymbolName>>().into(),
            ..ArchiveSymbols::default()
        };
        let libraries = libraries.iter().map(symbols).collect();
        let link = LinkSymbols { objects: objects.to_vec(), libraries, ..LinkSymbols::default() };
        let shown = |names: BTreeSet<SymbolName>| {
            names.iter().map(|n| String::from_utf8_lossy(n).into_owned()).collect::<Vec<_>>().join(" ")
        };
        clashes(&link, &private).into_iter().map(|(library, names)| (library, shown(names))).collect()
    }

    #[test]
    fn a_program_with_a_private_name_of_a_library_clashes() {
        let z = library("compress", &[member("compress", "alloc"), member("alloc", "")]);
        assert_eq!(of(&[member("main alloc", "compress")], std::slice::from_ref(&z)), [(0, "alloc".into())]);
        // The member that has both is taken: two definitions.
        let z = library("compress", &[member("compress alloc", "")]);
        assert_eq!(of(&[member("main alloc", "compress")], std::slice::from_ref(&z)), [(0, "alloc".into())]);
        assert_eq!(of(&[member("main alloc", "")], std::slice::from_ref(&z)), []);
        assert_eq!(of(&[member("main", "compress")], &[z]), []);
    }

    #[test]
    fn libraries_with_one_private_name_clash_if_both_use_theirs() {
        let zmq = library("zmq", &[member("zmq", "sha1"), member("sha1", "")]);
        let ssh = library("ssh", &[member("ssh", "sha1"), member("sha1", "")]);
        let both = [zmq.clone(), ssh.clone()];
        assert_eq!(of(&[member("main", "zmq ssh")], &both), [(0, "sha1".into()), (1, "sha1".into())]);
        assert_eq!(of(&[member("main", "zmq")], &both), []);
        assert_eq!(of(&[member("main", "ssh")], &[zmq, library("ssh", &[member("ssh", "")])]), []);
    }

    #[test]
    fn what_is_exported_may_be_interposed() {
        let a = library("f g", &[member("f", "g"), member("g", "")]);
        assert_eq!(of(&[member("main g", "f")], &[a]), []);
    }

    #[test]
    fn a_private_definition_is_no_answer_where_another_exports_it() {
        let a = library("a", &[member("a", ""), member("f", "")]);
        let b = library("f", &[member("f", "")]);
        assert_eq!(of(&[member("main", "a f")], &[a.clone(), b]), [(0, "f".into())]);
        // Only a static link has it at all.
        assert_eq!(of(&[member("main", "a f")], &[a]), []);
    }
}
