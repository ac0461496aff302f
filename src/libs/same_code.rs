//! Private names that are one and the same code in all archives that have them: where a project puts one object into
//! several of its libraries, it does not matter whose copy a program calls, as long as the copies keep no state.

use super::member_symbols::MemberSymbols;
use super::simulated_linker::{ArchiveSymbols, LinkSymbols, MemberId};
use foldhash::{HashMap, HashSet};
use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags};

/// Writable sections that nothing writes to but relocation: constants, and the references to personality routines of GCC
/// and of Clang.
const RELOCATED: [&str; 3] = [".data.rel.ro", ".data.rel.local.DW.ref.", ".data.DW.ref."];

/// Who defines the private names of a link.
pub(super) struct PrivateCode<'a, 'f> {
    link: &'a LinkSymbols<'f>,
    /// The first member that defines a name, for each library that has one.
    copies: HashMap<&'f [u8], Vec<MemberId>>,
    /// Names that an object defines too.
    own: HashSet<&'f [u8]>,
}

impl<'a, 'f> PrivateCode<'a, 'f> {
    /// `private` are the names that each library keeps to itself.
    pub(super) fn of(link: &'a LinkSymbols<'f>, private: &[HashSet<&[u8]>]) -> PrivateCode<'a, 'f> {
        let is_private = |name: &[u8]| private.iter().any(|names| names.contains(name));
        let mut copies: HashMap<&[u8], Vec<MemberId>> = HashMap::default();
        for (library, symbols) in link.libraries.iter().enumerate() {
            symbols.members.each_defined(|name, at| {
                if is_private(name) {
                    let known = copies.entry(name).or_default();
                    if known.last().is_none_or(|(last, _)| *last != library) {
                        known.push((library, at));
                    }
                }
            });
        }
        let own =
            link.objects.iter().flat_map(MemberSymbols::defined).filter(|name| copies.contains_key(name)).collect();
        PrivateCode { link, copies, own }
    }

    /// Whether each definition of a private name is the same member of an archive, without state, and so are those that
    /// the member needs.
    pub(super) fn is_one(&self, name: &[u8]) -> bool {
        let mut seen: HashSet<&[u8]> = HashSet::default();
        let mut pending = vec![name];
        while let Some(name) = pending.pop() {
            let Some(symbols) = self.one_member(name) else { return false };
            let needed = symbols.needed.iter().chain(&symbols.optional).copied();
            pending.extend(needed.filter(|name| self.copies.contains_key(name) && seen.insert(name)));
        }
        true
    }

    /// The member that defines a name, if all of them are the same and it keeps no state.
    fn one_member(&self, name: &[u8]) -> Option<&MemberSymbols<'f>> {
        let copies = self.copies.get(name).filter(|_| !self.own.contains(name))?;
        let mut codes = copies.iter().map(|(library, at)| self.link.libraries.get(*library)?.members.data(*at));
        let code = codes.next()??;
        let exports_another = |(at, library): (usize, &ArchiveSymbols<'_>)| {
            !copies.iter().any(|(having, _)| *having == at) && library.exported.contains(name)
        };
        let differs = codes.any(|other| other != Some(code))
            || self.link.libraries.iter().enumerate().any(exports_another)
            || !keeps_no_state(code);
        let (library, at) = copies.first().filter(|_| !differs)?;
        self.link.libraries.get(*library)?.members.get(*at)
    }
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
