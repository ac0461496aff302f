//! Which weak references ld.so would have bound, and a linker leaves null: no member of an archive is taken for one.
//!
//! The linker is simulated ([`super::simulated_linker`]). What the taken inputs refer to weakly and a library of the dynamic program exports is then asked
//! for as if it were needed, and so on: a member that is taken for it may have weak references of its own.

use super::member_symbols::SymbolName;
use super::simulated_linker::{LinkSymbols, SimulatedLinker};
use std::collections::BTreeSet;

/// Looked for by start files and by GCC's unwinder, which work without them in a static program; of ld.so; functions
/// that open shared objects, which glibc's archive does badly or not at all.
const NEVER: [&[u8]; 13] = [
    b"_DYNAMIC",
    b"_Jv_RegisterClasses",
    b"__cxa_finalize",
    b"__deregister_frame_info",
    b"__dso_handle",
    b"__gmon_start__",
    b"__register_frame_info",
    b"__tls_get_addr",
    b"_GLOBAL_OFFSET_TABLE_",
    b"dlmopen",
    b"dlopen",
    b"dlsym",
    b"dlvsym",
];

/// Whether a weak reference to the name may be bound at all.
pub(crate) fn may_be_bound(name: &[u8]) -> bool {
    !NEVER.contains(&name) && !name.starts_with(b"_dl_")
}

/// The weak references to ask for, and the linker after that.
pub(super) fn bound<'a, 'f>(link: &'a LinkSymbols<'f>) -> (BTreeSet<SymbolName>, SimulatedLinker<'a, 'f>) {
    let mut linker = SimulatedLinker::of(link);
    let mut asked = BTreeSet::new();
    loop {
        linker.settle();
        let more: Vec<&[u8]> = linker.null().filter(|name| linker.binds(name)).collect();
        if more.is_empty() {
            return (asked, linker);
        }
        for name in more {
            // What was taken for one may define another, or stand in its way.
            if linker.binds(name) {
                asked.insert(name.to_vec());
                linker.optional.extend(&link.unwinder);
                linker.pending.push(name);
                linker.settle();
            }
        }
    }
}

impl<'f> SimulatedLinker<'_, 'f> {
    /// The weak references of what is taken that nothing taken defines.
    fn null(&self) -> impl Iterator<Item = &'f [u8]> {
        self.optional.iter().copied().filter(|name| !self.defined.contains_key(name))
    }

    /// Whether ld.so would bind a name that is null now, and the linker can: a member whose strong definitions are
    /// there already would be defined twice, and which functions replace malloc's is not known of unknown code.
    fn binds(&self, name: &[u8]) -> bool {
        if self.defined.contains_key(name) || !may_be_bound(name) {
            return false;
        }
        let Some(id) = self.definer(name) else { return false };
        let Some((library, member)) = self.member(id) else { return false };
        let loaded = library.loaded || self.taken.iter().any(|(at, _)| *at == id.0);
        let stands = |name: &&[u8]| self.defined.get(*name).is_some_and(|d| d.strong);
        let known = !self.link.unknown_code || (library.of_toolchain && !member.defined().any(|n| n == b"malloc"));
        loaded && known && library.exported.contains(name) && !member.strong.iter().any(stands)
    }
}

#[cfg(test)]
mod tests {
    use super::super::archive_members::ArchiveMembers;
    use super::super::member_symbols::MemberSymbols;
    use super::super::simulated_linker::ArchiveSymbols;
    use super::*;
    use foldhash::HashSet;
    use proptest::prelude::*;

    type StaticMember = MemberSymbols<'static>;

    fn names(line: &'static str) -> Vec<&'static [u8]> {
        line.split_whitespace().map(str::as_bytes).collect()
    }

    fn owned(names: &HashSet<&[u8]>) -> HashSet<SymbolName> {
        names.iter().map(|name| name.to_vec()).collect()
    }

    fn member(strong: &'static str, needed: &'static str, optional: &'static str) -> StaticMember {
        let (strong, needed, optional) = (names(strong), names(needed), names(optional));
        MemberSymbols { strong, needed, optional, ..MemberSymbols::default() }
    }

    /// A library that can be had again and again.
    #[derive(Debug, Clone)]
    struct Lib {
        members: Vec<StaticMember>,
        exported: HashSet<&'static [u8]>,
        loaded: bool,
        of_toolchain: bool,
    }

    #[derive(Debug, Clone, Default)]
    struct Link {
        objects: Vec<StaticMember>,
        libraries: Vec<Lib>,
        unwinder: BTreeSet<&'static [u8]>,
        unknown_code: bool,
    }

    impl Link {
        fn symbols(&self) -> LinkSymbols<'static> {
            let library = |l: &Lib| ArchiveSymbols {
                members: ArchiveMembers::Read(l.members.clone()),
                exported: owned(&l.exported).into(),
                loaded: l.loaded,
                of_toolchain: l.of_toolchain,
            };
            LinkSymbols {
                objects: self.objects.clone(),
                libraries: self.libraries.iter().map(library).collect(),
                unwinder: self.unwinder.clone(),
                unknown_code: self.unknown_code,
            }
        }
    }

    fn library(exported: &'static str, loaded: bool, members: &[StaticMember]) -> Lib {
        let exported = names(exported).into_iter().collect();
        Lib { members: members.to_vec(), exported, loaded, of_toolchain: false }
    }

    fn libc(exported: &'static str, members: &[StaticMember]) -> Lib {
        Lib { of_toolchain: true, ..library(exported, true, members) }
    }

    fn of(objects: &[StaticMember], libraries: &[Lib]) -> Vec<String> {
        shown(&Link { objects: objects.to_vec(), libraries: libraries.to_vec(), ..Link::default() })
    }

    fn shown(link: &Link) -> Vec<String> {
        bound(&link.symbols()).0.into_iter().map(|n| String::from_utf8(n).unwrap()).collect()
    }

    #[test]
    fn a_member_that_is_taken_gets_what_libc_has() {
        let xml = library("xml", false, &[member("xml", "", "lock"), member("other", "", "unlock")]);
        let libc = libc("lock unlock", &[member("lock", "", "nss"), member("unlock", "", ""), member("nss", "", "")]);
        let link = [xml, libc];
        assert_eq!(of(&[member("main", "xml", "")], &link), ["lock"]);
        assert_eq!(of(&[member("main", "", "")], &link), [""; 0]);
        assert_eq!(of(&[member("main", "xml lock", "")], &link), [""; 0]);
        // What is not compiled yet may use either.
        let unknown = Link { libraries: link.to_vec(), unknown_code: true, ..Link::default() };
        assert_eq!(shown(&unknown), ["lock", "unlock"]);
        let [needs, libc] = link;
        let needs = Lib { members: [needs.members, vec![member("more", "lock", "")]].concat(), ..needs };
        let unknown = Link { libraries: vec![needs, libc], unknown_code: true, ..Link::default() };
        assert_eq!(shown(&unknown), ["lock", "unlock"]);
    }

    #[test]
    fn what_is_taken_for_a_weak_reference_has_weak_references_too() {
        let a = library("a", true, &[member("a", "", "b")]);
        let b = library("b", true, &[member("b", "c", ""), member("c", "", "d"), member("d", "", "")]);
        assert_eq!(of(&[member("main", "", "a")], &[a.clone(), b.clone()]), ["a", "b"]);
        let all = Lib { exported: names("b c d").into_iter().collect(), ..b };
        assert_eq!(of(&[member("main", "", "a")], &[a, all]), ["a", "b", "d"]);
    }

    #[test]
    fn the_unwinder_s_references_count_once_another_is_bound() {
        let libc = libc("once lock", &[member("once", "", ""), member("lock", "", "")]);
        for (optional, expected) in [("once", &["lock", "once"][..]), ("", &[])] {
            let (objects, libraries) = (vec![member("main", "", optional)], vec![libc.clone()]);
            let unwinder = names("lock").into_iter().collect();
            assert_eq!(shown(&Link { objects, libraries, unwinder, unknown_code: false }), expected);
        }
    }

    #[test]
    fn a_library_that_ld_so_would_not_load_binds_nothing() {
        let a = library("a other", false, &[member("a", "", ""), member("other", "", "")]);
        assert_eq!(of(&[member("main", "", "a")], std::slice::from_ref(&a)), [""; 0]);
        assert_eq!(of(&[member("main", "other", "a")], &[a]), ["a"]);
    }

    #[test]
    fn what_the_shared_object_keeps_private_stays_null() {
        let a = library("", true, &[member("a", "", "")]);
        let b = library("a", true, &[member("a", "", "")]);
        assert_eq!(of(&[member("main", "", "a")], &[a, b]), [""; 0]);
    }

    #[test]
    fn nothing_is_defined_twice() {
        let libc = libc("malloc malloc_usable_size", &[member("malloc malloc_usable_size", "", "")]);
        let object = member("main malloc", "", "malloc_usable_size");
        assert_eq!(of(&[object], std::slice::from_ref(&libc)), [""; 0]);
        let users = library("x", true, &[member("x", "", "malloc_usable_size")]);
        assert_eq!(of(&[member("main", "x", "")], &[users.clone(), libc.clone()]), ["malloc_usable_size"]);
        let unknown = Link { libraries: vec![users, libc], unknown_code: true, ..Link::default() };
        assert_eq!(shown(&unknown), [""; 0]);
    }

    #[test]
    fn names_of_start_files_and_of_ld_so_stay_null() {
        let all = "__gmon_start__ __cxa_finalize _dl_find_object __tls_get_addr dlopen f";
        let libc = libc(all, &[member(all, "", "")]);
        assert_eq!(of(&[member("main", "", all)], &[libc]), ["f"]);
    }

    /// ArchiveMembers that define up to so many names strongly, and as many weakly.
    fn any_member(defined: usize) -> impl Strategy<Value = StaticMember> {
        let some = |count| proptest::collection::vec(proptest::sample::select(names("a b c d e f g h")), 0..=count);
        (some(defined), some(defined / 2), some(2), some(2))
            .prop_map(|(strong, weak, needed, optional)| MemberSymbols { strong, weak, needed, optional })
    }

    fn any_link(defined: usize) -> impl Strategy<Value = Link> {
        let exported = proptest::collection::hash_set(proptest::sample::select(names("a b c d e f g h")), 0..8);
        let members = proptest::collection::vec(any_member(defined), 0..4);
        let library =
            (members, exported, any::<bool>(), any::<bool>()).prop_map(|(members, exported, loaded, of_toolchain)| {
                let exported = exported.into_iter().collect();
                Lib { members, exported, loaded, of_toolchain }
            });
        let objects = proptest::collection::vec(any_member(defined), 0..3);
        (objects, proptest::collection::vec(library, 0..4), any::<bool>())
            .prop_map(|(objects, libraries, unknown_code)| Link { objects, libraries, unknown_code, ..Link::default() })
    }

    proptest! {
        #[test]
        fn only_null_references_that_a_library_exports_are_asked_for(link in any_link(3)) {
            let members = || link.libraries.iter().filter(|l| !l.of_toolchain).flat_map(|l| &l.members);
            for name in bound(&link.symbols()).0 {
                prop_assert!(link.objects.iter().chain(members()).any(|o| o.optional.contains(&name.as_slice())));
                prop_assert!(!link.objects.iter().any(|o| o.defined().any(|n| n == name)));
                let has = |l: &Lib| l.members.iter().any(|m| m.defined().any(|n| n == name));
                let first = link.libraries.iter().find(|l| has(l));
                prop_assert!(first.is_some_and(|l| l.exported.contains(name.as_slice())));
            }
        }

        // Where members define several names, those that stand in each other's way are taken in order.
        #[test]
        fn asking_for_the_names_leaves_none_to_ask_for(mut link in any_link(1)) {
            let asked = bound(&link.symbols()).0;
            let needed = names("a b c d e f g h").into_iter().filter(|name| asked.contains(*name)).collect();
            link.objects.push(MemberSymbols { needed, ..MemberSymbols::default() });
            prop_assert_eq!(bound(&link.symbols()).0, BTreeSet::new());
        }
    }
}
