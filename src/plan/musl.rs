//! Rules for programs with musl: another allocator, faster functions, those that it lacks, and the stack size of threads.

use super::draft::Draft;
use super::draft::ours;
use super::libraries::before_libc;
use crate::args::ld_options::Item;
use crate::args::option_table::Role;
use crate::options::malloc::Malloc;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Linkers that go by the definitions in an archive's members and not by its symbol index, so that an archive can't be
/// offered for functions that it does not define. LLD is one since version 15.
const WITHOUT_INDEX: [&str; 3] = ["lld", "mold", "wild"];

/// Offers the toolchain's allocator to the linker, which links it in if a program's own code allocates; with
/// `STATICCXX_MALLOC=mimalloc` it is always linked in.
pub(crate) fn musl_allocator(draft: &mut Draft<'_>) {
    let Some(allocator) = &draft.context.facts.allocator else { return };
    let no_index = without_index(draft);
    let file: PathBuf = match draft.context.malloc {
        Malloc::Libc => return,
        Malloc::Offered if !no_index => allocator.offered.clone(),
        Malloc::Offered | Malloc::Always => allocator.object.clone(),
    };
    draft.items.retain(|i| !matches!(i, Item::Word { text, .. } if *text == *file.as_os_str()));
    let Some(place) = before_libc(draft) else { return };
    draft.items.insert(place, ours(&file));
    draft.did(format!("offered `{}`", file.display()));
}

/// Offers the toolchain's faster functions to the linker, which links in those that a program's own code calls; not where
/// size counts.
pub(crate) fn musl_functions(draft: &mut Draft<'_>) {
    let facts = draft.context.facts;
    let Some(functions) = &facts.functions else { return };
    if !draft.context.fast || draft.context.small {
        return;
    }
    let ends = |i: &Item| matches!(i, Item::Word { text, .. } if [&functions.offered, &functions.defined, &functions.rest].iter().any(|a| **text == *a.as_os_str()));
    draft.items.retain(|i| !ends(i));
    let Some(place) = before_libc(draft) else { return };
    let archive = if without_index(draft) { &functions.defined } else { &functions.offered };
    draft.items.splice(place..place, [archive, &functions.rest].map(ours));
    draft.did(format!("offered `{}`, `{}`", archive.display(), functions.rest.display()));
}

/// Offers the functions that programs expect and the toolchain's libc lacks, after all that may bring its own.
pub(crate) fn musl_compat(draft: &mut Draft<'_>) {
    let Some(archive) = &draft.context.facts.compat else { return };
    draft.items.retain(|i| !matches!(i, Item::Word { text, .. } if *text == *archive.as_os_str()));
    let Some(place) = before_libc(draft) else { return };
    draft.items.insert(place, ours(archive));
    draft.did(format!("offered `{}`", archive.display()));
}

/// Whether the linker goes by the definitions in an archive's members, not by its symbol index.
fn without_index(draft: &Draft<'_>) -> bool {
    let by_name = |a: &str| WITHOUT_INDEX.iter().any(|w| a.ends_with(w));
    let named = draft.items.iter().rev().find_map(|i| match i {
        Item::Arg(a) if a.role() == Some(Role::UseLinker) => a.value().and_then(OsStr::to_str),
        _ => None,
    });
    // The compiler's own says `Debian LLD 14.0.6 (compatible with GNU linkers)`, or `mold 1.10.1 (compatible with GNU ld)`.
    named.map_or_else(|| draft.context.facts.linker.split(' ').any(|w| by_name(&w.to_lowercase())), by_name)
}

/// Sets the default stack size of threads, which musl reads from PT_GNU_STACK.
pub(crate) fn thread_stacks(draft: &mut Draft<'_>) {
    let Some(bytes) = draft.context.stack_size else { return };
    let says =
        |word: &OsStr| word.as_bytes().starts_with(b"stack-size=") || word.as_bytes().starts_with(b"-zstack-size=");
    let said = draft.items.iter().any(|i| match i {
        Item::Word { text, .. } => says(text),
        Item::Arg(a) => a.value().is_some_and(says) || says(&a.word),
    });
    if said || draft.linked().is_empty() {
        return;
    }
    // One argument, as drivers expect it.
    let word = OsString::from(format!("-Wl,-z,stack-size={bytes}"));
    draft.items.insert(0, Item::arg(word));
    draft.did(format!("threads get {bytes} bytes of stack"));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, facts, planned};
    use crate::options::malloc::Malloc;
    use crate::toolchain::{Allocator, FastFunctions};

    #[test]
    fn the_allocator_is_offered_or_put_before_libc() {
        let mut facts = facts();
        facts.allocator = Some(Allocator { offered: "/m/o.a".into(), object: "/m/m.o".into() });
        for (malloc, line, expected) in [
            (Malloc::Offered, "x.o -o x", "-static-pie x.o -Wl,--start-group -Wl,/m/o.a -Wl,--end-group -o x"),
            (Malloc::Offered, "x.o -lc", "-static-pie x.o -Wl,--start-group -Wl,/m/o.a -lc -Wl,--end-group"),
            (Malloc::Always, "x.o -lz", "-static-pie x.o -Wl,--start-group -lz -Wl,/m/m.o -Wl,--end-group"),
            (
                Malloc::Offered,
                "-fuse-ld=mold x.o",
                "-static-pie -fuse-ld=mold x.o -Wl,--start-group -Wl,/m/m.o -Wl,--end-group",
            ),
            (Malloc::Libc, "x.o -o x", "-static-pie x.o -o x"),
            (Malloc::Offered, "x.o -nostdlib", "-static x.o -nostdlib"),
        ] {
            let mut context = context(&facts);
            context.malloc = malloc;
            let once = planned(line, &context);
            assert_eq!(once, expected, "{line}");
            assert_eq!(planned(&once, &context), once, "{line}");
        }
    }

    #[test]
    fn functions_are_offered_after_the_program_and_not_twice() {
        let mut facts = facts();
        facts.functions = Some(FastFunctions {
            offered: "/m/f.a".into(),
            defined: "/m/d.a".into(),
            objects: "/m/o".into(),
            rest: "/m/g.a".into(),
        });
        for (fast, line, expected) in [
            (true, "x.o -lz", "-static-pie x.o -Wl,--start-group -lz -Wl,/m/f.a -Wl,/m/g.a -Wl,--end-group"),
            (true, "x.o -lc", "-static-pie x.o -Wl,--start-group -Wl,/m/f.a -Wl,/m/g.a -lc -Wl,--end-group"),
            (
                true,
                "-fuse-ld=lld x.o",
                "-static-pie -fuse-ld=lld x.o -Wl,--start-group -Wl,/m/d.a -Wl,/m/g.a -Wl,--end-group",
            ),
            (true, "x.o -nostdlib", "-static x.o -nostdlib"),
            (false, "x.o -o x", "-static-pie x.o -o x"),
        ] {
            let mut context = context(&facts);
            context.fast = fast;
            let once = planned(line, &context);
            assert_eq!(once, expected, "{line}");
            assert_eq!(planned(&once, &context), once, "{line}");
        }
        facts.linker = "Debian LLD 14.0.6 (compatible with GNU linkers)".into();
        assert!(planned("x.o", &context(&facts)).contains("/m/d.a"));
        assert!(planned("x.o -fuse-ld=bfd", &context(&facts)).contains("/m/f.a"));
        let mut small = context(&facts);
        small.small = true;
        assert!(!planned("x.o", &small).contains("/m/"));
    }

    #[test]
    fn what_musl_lacks_is_offered_after_all_else() {
        let mut facts = facts();
        facts.allocator = Some(Allocator { offered: "/m/o.a".into(), object: "/m/m.o".into() });
        facts.compat = Some("/m/c.a".into());
        for (line, expected) in [
            ("x.o -lz", "-static-pie x.o -Wl,--start-group -lz -Wl,/m/o.a -Wl,/m/c.a -Wl,--end-group"),
            ("x.o -lc", "-static-pie x.o -Wl,--start-group -Wl,/m/o.a -Wl,/m/c.a -lc -Wl,--end-group"),
            ("x.o -nostdlib", "-static x.o -nostdlib"),
        ] {
            let mut context = context(&facts);
            context.fast = false;
            let once = planned(line, &context);
            assert_eq!(once, expected, "{line}");
            assert_eq!(planned(&once, &context), once, "{line}");
        }
        let mut small = context(&facts);
        small.small = true;
        assert!(planned("x.o", &small).contains("/m/c.a"));
    }

    #[test]
    fn stacks_are_as_the_user_says() {
        let facts = facts();
        let mut context = context(&facts);
        context.stack_size = Some(8 << 20);
        let once = planned("x.o", &context);
        assert_eq!(once, "-static-pie -Wl,-z,stack-size=8388608 x.o");
        assert_eq!(planned(&once, &context), once);
        for line in ["x.o -Wl,-z,stack-size=65536", "x.o -Wl,-z -Wl,stack-size=65536", "x.o -z stack-size=65536"] {
            assert!(!planned(line, &context).contains("8388608"), "{line}");
        }
    }
}
