//! A static linker, simulated on the symbols of its inputs: objects are taken, members of archives are taken for what is
//! needed, until nothing changes.

use super::archive_members::ArchiveMembers;
use super::exported_names::ExportedNames;
use super::member_symbols::MemberSymbols;
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use std::collections::BTreeSet;

/// A library in the order of the link.
#[derive(Debug, Default)]
pub(crate) struct ArchiveSymbols<'f> {
    /// The members of its archive.
    pub(crate) members: ArchiveMembers<'f>,
    /// What its shared object exports.
    pub(crate) exported: ExportedNames<'f>,
    /// ld.so loads it whether or not a strong reference leads to it.
    pub(crate) loaded: bool,
    /// It is of the compiler or the C library: what its members refer to is their own affair.
    pub(crate) of_toolchain: bool,
}

/// The inputs of a link.
#[derive(Debug, Default)]
pub(crate) struct LinkSymbols<'f> {
    /// Taken as they are.
    pub(crate) objects: Vec<MemberSymbols<'f>>,
    /// Taken member by member.
    pub(crate) libraries: Vec<ArchiveSymbols<'f>>,
    /// What GCC's unwinder refers to weakly: it counts as soon as any other reference is bound, since from then on there
    /// may be threads for it.
    pub(crate) unwinder: BTreeSet<&'f [u8]>,
    /// There is code whose symbols are not known yet: any member may be taken for it or not, and no library but the
    /// toolchain's is asked for more.
    pub(crate) unknown_code: bool,
}

impl<'f> LinkSymbols<'f> {
    /// All objects and members.
    pub(super) fn all(&self) -> impl Iterator<Item = &MemberSymbols<'f>> {
        self.objects.iter().chain(self.libraries.iter().flat_map(|l| l.members.iter()))
    }
}

/// A member by its library and its place there.
pub(super) type MemberId = (usize, usize);

/// A definition that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TakenDefinition {
    pub strong: bool,
    /// The member that has it; none for an object.
    pub by: Option<MemberId>,
}

pub(super) struct SimulatedLinker<'a, 'f> {
    pub link: &'a LinkSymbols<'f>,
    /// The first member that defines a name.
    index: HashMap<&'f [u8], MemberId>,
    pub taken: HashSet<MemberId>,
    pub defined: HashMap<&'f [u8], TakenDefinition>,
    /// Strong definitions that came in though there was one already, with the later one's member.
    pub twice: Vec<(&'f [u8], Option<MemberId>)>,
    pub optional: BTreeSet<&'f [u8]>,
    pub pending: Vec<&'f [u8]>,
}

impl<'a, 'f> SimulatedLinker<'a, 'f> {
    pub(super) fn of(link: &'a LinkSymbols<'f>) -> SimulatedLinker<'a, 'f> {
        let count = link.libraries.iter().map(|l| l.members.defined_count()).sum();
        let mut index = HashMap::with_capacity_and_hasher(count, RandomState::default());
        for (at, library) in link.libraries.iter().enumerate() {
            library.members.each_defined(|name, number| {
                index.entry(name).or_insert((at, number));
            });
        }
        let mut linker = SimulatedLinker {
            link,
            index,
            taken: HashSet::default(),
            defined: HashMap::default(),
            twice: Vec::new(),
            optional: BTreeSet::new(),
            pending: Vec::new(),
        };
        for object in &link.objects {
            linker.add(object, None);
        }
        if link.unknown_code {
            // They may be taken or not: what they refer to counts, and neither what they need nor what they define.
            let members = link.libraries.iter().filter(|l| !l.of_toolchain).flat_map(|l| l.members.iter());
            linker.optional.extend(members.flat_map(|member| &member.optional));
        }
        linker
    }

    fn add(&mut self, object: &'a MemberSymbols<'f>, by: Option<MemberId>) {
        let of_toolchain = by.and_then(|id| self.member(id)).is_some_and(|(library, _)| library.of_toolchain);
        for name in object.strong.iter().copied() {
            match self.defined.insert(name, TakenDefinition { strong: true, by }) {
                Some(first) if first.strong => {
                    self.defined.insert(name, first);
                    self.twice.push((name, by));
                }
                _ => {}
            }
        }
        for name in object.weak.iter().copied() {
            self.defined.entry(name).or_insert(TakenDefinition { strong: false, by });
        }
        if !of_toolchain {
            self.optional.extend(&object.optional);
        }
        self.pending.extend(&object.needed);
    }

    /// Takes members until nothing is needed that one of them has.
    pub(super) fn settle(&mut self) {
        while let Some(name) = self.pending.pop() {
            if self.defined.contains_key(name) {
                continue;
            }
            let Some(&id) = self.index.get(name) else { continue };
            if let Some((_, member)) = self.member(id)
                && self.taken.insert(id)
            {
                self.add(member, Some(id));
            }
        }
    }

    /// Whether an object or a member that is taken refers to a name for which `test` holds; the toolchain's own do not
    /// count.
    pub(super) fn refers(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        let members = self.taken.iter().filter_map(|id| self.member(*id)).filter(|(library, _)| !library.of_toolchain);
        let all = self.link.objects.iter().chain(members.map(|(_, member)| member));
        all.flat_map(|symbols| symbols.needed.iter().chain(&symbols.optional)).any(|name| test(name))
    }

    /// What is needed, and defined by nothing that is taken.
    pub(super) fn undefined(&self) -> impl Iterator<Item = &'f [u8]> {
        let members = self.taken.iter().filter_map(|id| Some(self.member(*id)?.1));
        let needed = self.link.objects.iter().chain(members).flat_map(|symbols| symbols.needed.iter().copied());
        needed.filter(|name| !self.defined.contains_key(name))
    }

    pub(super) fn member(&self, (at, number): MemberId) -> Option<(&'a ArchiveSymbols<'f>, &'a MemberSymbols<'f>)> {
        let library = self.link.libraries.get(at)?;
        Some((library, library.members.get(number)?))
    }

    /// The member that would be taken for a name.
    pub(super) fn definer(&self, name: &[u8]) -> Option<MemberId> {
        self.index.get(name).copied()
    }
}
