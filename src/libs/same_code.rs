//! Private names that are one and the same code in all archives that have them: where a project puts one object into
//! several of its libraries, it does not matter whose copy a program calls, as long as the copies keep no state.

use super::archive_members::ArchiveMembers;
use super::simulated_linker::LinkSymbols;
use foldhash::HashSet;
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags};

/// Writable sections that nothing writes to but relocation: constants, and the references to personality routines of GCC
/// and of Clang.
const RELOCATED: [&str; 3] = [".data.rel.ro", ".data.rel.local.DW.ref.", ".data.DW.ref."];

/// Whether each definition of a private name is the same member of an archive, without state, and so are those that the
/// member needs.
pub(super) fn is_one(link: &LinkSymbols<'_>, private: &[HashSet<&[u8]>], name: &[u8]) -> bool {
    let mut seen: HashSet<&[u8]> = HashSet::default();
    let mut pending = vec![name];
    while let Some(name) = pending.pop() {
        if link.objects.iter().any(|o| o.defined().any(|defined| defined == name)) {
            return false;
        }
        let mut others = link.libraries.iter().filter(|l| definer(&l.members, name).is_none());
        if others.any(|l| l.exported.contains(name)) {
            return false;
        }
        let mut copies = link.libraries.iter().filter_map(|l| Some((&l.members, definer(&l.members, name)?)));
        let Some((members, at)) = copies.next() else { return false };
        let Some(code) = members.data(at).filter(|code| keeps_no_state(code)) else { return false };
        if !copies.all(|(members, at)| members.data(at) == Some(code)) {
            return false;
        }
        let Some(symbols) = members.get(at) else { return false };
        let needed = symbols.needed.iter().chain(&symbols.optional).copied();
        let of_a_library = |name: &&[u8]| private.iter().any(|p| p.contains(name));
        pending.extend(needed.filter(of_a_library).filter(|name| seen.insert(name)));
    }
    true
}

/// The first member that defines a name.
fn definer(members: &ArchiveMembers<'_>, name: &[u8]) -> Option<usize> {
    let mut first = None;
    members.each_defined(|defined, at| {
        if defined == name {
            first.get_or_insert(at);
        }
    });
    first
}

/// Whether an object has nothing that a program writes to, and no constructors.
fn keeps_no_state(object: &[u8]) -> bool {
    let Ok(object) = object::File::parse(object) else { return false };
    let written = object.sections().any(|section| {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return true };
        let writable = sh_flags.contains(SHF_ALLOC) && sh_flags.contains(SHF_WRITE) && section.size() > 0;
        writable && !section.name().is_ok_and(|name| RELOCATED.iter().any(|r| name.starts_with(r)))
    });
    !written && !object.symbols().any(|symbol| symbol.is_common())
}
