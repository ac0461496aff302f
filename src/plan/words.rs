//! Rules about single words: those that only concern dynamic programs are dropped, those that settings request are
//! added.

use super::draft::Draft;
use crate::args::ld_options::{Item, LdOption, LdRole};
use crate::args::lexer::Arg;
use crate::args::option_table::Role;
use crate::model::EARLY_ENTRY;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Drops `-Bdynamic`, `-dy`, `-call_shared`. `-Bstatic` stays: it is in effect anyway.
pub(crate) fn no_shared_search(draft: &mut Draft<'_>) {
    draft.drop_linker_options(|o| o.role == LdRole::SearchShared);
}

/// Drops `--dynamic-linker X` and `-I X`.
pub(crate) fn no_interpreter(draft: &mut Draft<'_>) {
    draft.drop_linker_options(|o| o.role == LdRole::Interpreter);
}

/// Drops `-rpath`, `-rpath-link`, and `-R` where it names a directory.
pub(crate) fn no_rpath(draft: &mut Draft<'_>) {
    draft.drop_args(|r| r == Role::Rpath);
    draft.drop_linker_options(|o| matches!(o.role, LdRole::Rpath | LdRole::RpathLink) || names_a_directory(o));
}

/// `-R X` is `-rpath X` if X is a directory and `--just-symbols X` if it is a file (ld manual).
/// Decided by name alone: a symbol file has an extension, a library directory has none.
fn names_a_directory(option: &LdOption) -> bool {
    option.role == LdRole::RpathOrSymbols
        && option
            .value
            .as_ref()
            .is_some_and(|v| !v.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default().contains(&b'.'))
}

/// Drops `-rdynamic`, `--export-dynamic` and the dynamic lists.
pub(crate) fn no_dynamic_exports(draft: &mut Draft<'_>) {
    draft.drop_args(|r| r == Role::ExportDynamic);
    draft.drop_linker_options(|o| o.role == LdRole::ExportDynamic);
}

/// Adds `-fuse-ld=`. The call's own `-fuse-ld=wild` is dropped: compilers do not know the built-in linker.
pub(crate) fn chosen_linker(draft: &mut Draft<'_>) {
    let before = draft.items.len();
    draft.items.retain(|i| !matches!(i, Item::Arg(a) if names_built_in(a)));
    if draft.items.len() < before {
        draft.did("dropped `-fuse-ld=wild`: it is the built-in linker");
    }
    let named = draft.items.iter().any(|i| i.role() == Some(Role::UseLinker));
    if let Some(linker) = draft.context.linker.filter(|_| !named) {
        draft.items.push(Item::arg(format!("-fuse-ld={linker}")));
        draft.did(format!("added `-fuse-ld={linker}`"));
    }
}

/// Whether a driver argument requests the built-in linker.
pub(crate) fn names_built_in(arg: &Arg) -> bool {
    arg.role() == Some(Role::UseLinker) && arg.value().is_some_and(|v| v == "wild")
}

/// Adds `--gc-sections`, unless the call has that or its opposite.
pub(crate) fn unused_sections(draft: &mut Draft<'_>) {
    let says = |i: &Item| matches!(i, Item::Word { text, .. } if text.as_encoded_bytes().ends_with(b"gc-sections"));
    if draft.context.small && !draft.items.iter().any(says) {
        draft.items.push(Item::word("--gc-sections"));
        draft.did("added `--gc-sections`");
    }
}

/// Adds `-z relro` and `-z noexecstack`, unless the call has them or their opposites.
pub(crate) fn hardened(draft: &mut Draft<'_>) {
    if !draft.context.harden {
        return;
    }
    for (keyword, opposite) in [("relro", "norelro"), ("noexecstack", "execstack")] {
        let says = |i: &Item| {
            let text = match i {
                Item::Word { text, .. } => Some(text.as_os_str()),
                Item::Arg(arg) => arg.value(),
            };
            let word = text.and_then(|text| text.to_str());
            word.is_some_and(|word| [keyword, opposite].contains(&word.strip_prefix("-z").unwrap_or(word)))
        };
        if !draft.items.iter().any(says) {
            draft.items.push(Item::word(format!("-z{keyword}")));
            draft.did(format!("added `-z {keyword}`"));
        }
    }
}

/// Adds `--undefined=` for weak references that a dynamic program would have bound.
pub(crate) fn bind_weak_references(draft: &mut Draft<'_>) {
    ask_for(draft, draft.context.weak_names);
}

/// Adds `--undefined=` for members with constructors that ld.so would run though nothing refers to them.
pub(crate) fn run_constructors(draft: &mut Draft<'_>) {
    ask_for(draft, draft.context.started);
}

fn ask_for(draft: &mut Draft<'_>, names: &[String]) {
    let mut asked = Vec::new();
    for name in names {
        let word = Item::word(format!("--undefined={name}"));
        let there =
            |i: &Item| matches!((i, &word), (Item::Word { text, .. }, Item::Word { text: ours, .. }) if text == ours);
        if !draft.items.iter().any(there) {
            draft.items.push(word);
            asked.push(name.as_str());
        }
    }
    if !asked.is_empty() {
        draft.did(format!("added `--undefined=` for {}", asked.join(", ")));
    }
}

/// Adds the object that sets up a thread control block, and makes its entry the program's, unless that has one of its own.
pub(crate) fn early_thread_pointer(draft: &mut Draft<'_>) {
    let Some(object) = draft.context.early_tls else { return };
    let own = draft.items.iter().any(|i| match i {
        Item::Arg(a) => ["-e", "--entry"].iter().any(|name| a.word.as_bytes().starts_with(name.as_bytes())),
        Item::Word { text, .. } => {
            let text = text.as_bytes();
            text == b"-e"
                || text.starts_with(b"--entry")
                || text.starts_with(b"-entry")
                || text == object.as_os_str().as_bytes()
        }
    });
    if own {
        return;
    }
    draft.items.extend([Item::word(object), Item::word(format!("--entry={EARLY_ENTRY}"))]);
    draft.did(format!("added `{}`", object.display()));
}

/// Adds the directory of copies that `--wrap` does not reach, before all others.
pub(crate) fn wrap_own_objects(draft: &mut Draft<'_>) {
    let Some(dir) = draft.context.sheltered else { return };
    let mut word = OsString::from("-L");
    word.push(dir);
    if !draft.items.iter().any(|i| matches!(i, Item::Arg(a) if a.word == word)) {
        draft.did(format!("added `{}`", word.display()));
        draft.items.insert(0, Item::arg(word));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, facts, planned, usual};

    #[test]
    fn shared_search_is_dropped_wherever_it_sits() {
        for line in ["-Wl,-Bdynamic x.o", "-Xlinker -dy x.o", "-Wl,-call_shared x.o"] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
        assert_eq!(usual("x.o -Wl,-Bstatic,-z,now,-Bdynamic"), "-static-pie x.o -Wl,-Bstatic,-z,now");
    }

    #[test]
    fn an_interpreter_is_dropped_with_its_value() {
        for line in [
            "-Wl,--dynamic-linker,/ld.so x.o",
            "-Wl,--dynamic-linker=/ld.so x.o",
            "-Wl,-dynamic-linker -Wl,/ld.so x.o",
            "-Wl,-I/ld.so x.o",
            "-Xlinker -I -Xlinker /ld.so x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
    }

    #[test]
    fn run_paths_are_dropped() {
        for line in [
            "-Wl,-rpath,$ORIGIN x.o",
            "-Wl,-rpath -Wl,/foo x.o",
            "-R/foo x.o",
            "-Wl,-R,/foo x.o",
            "-Wl,-rpath-link=/l x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
        assert_eq!(usual("-Wl,-R,rom.sym x.o"), "-static-pie -Wl,-R,rom.sym x.o");
    }

    #[test]
    fn dynamic_exports_are_dropped() {
        for line in [
            "-rdynamic x.o",
            "-export-dynamic x.o",
            "-Wl,-E x.o",
            "-Wl,--export-dynamic x.o",
            "-Wl,--dynamic-list,f x.o",
            "-Wl,--dynamic-list=f x.o",
        ] {
            assert_eq!(usual(line), "-static-pie x.o", "{line}");
        }
    }

    #[test]
    fn a_chosen_linker_is_named_unless_the_call_names_one() {
        let facts = facts();
        let mut context = context(&facts);
        assert_eq!(planned("x.o -fuse-ld=wild", &context), "-static-pie x.o");
        context.linker = Some("mold");
        assert_eq!(planned("x.o", &context), "-static-pie x.o -fuse-ld=mold");
        assert_eq!(planned("x.o -fuse-ld=lld", &context), "-static-pie x.o -fuse-ld=lld");
        context.linker = Some("gold");
        assert_eq!(planned("x.o", &context), "-static x.o -fuse-ld=gold");
    }

    #[test]
    fn small_programs_are_collected_unless_the_call_decides() {
        let facts = facts();
        let mut context = context(&facts);
        context.small = true;
        assert_eq!(planned("x.o", &context), "-static-pie x.o -Wl,--gc-sections");
        assert_eq!(planned("x.o -Wl,--no-gc-sections", &context), "-static-pie x.o -Wl,--no-gc-sections");
    }

    #[test]
    fn hardened_programs_are_protected_unless_the_call_decides() {
        let facts = facts();
        let mut context = context(&facts);
        context.harden = true;
        assert_eq!(planned("x.o", &context), "-static-pie x.o -Wl,-zrelro -Wl,-znoexecstack");
        let own = "x.o -Wl,-z,norelro -z execstack";
        assert!(!planned(own, &context).contains("-zrelro") && !planned(own, &context).contains("noexecstack"));
    }

    #[test]
    fn weak_references_are_asked_for_once() {
        let facts = facts();
        let names = ["pthread_once".to_owned(), "sched_yield".to_owned()];
        let context = super::super::context::Context { weak_names: &names, ..context(&facts) };
        let all = "-Wl,--undefined=pthread_once -Wl,--undefined=sched_yield";
        assert_eq!(planned("x.o", &context), format!("-static-pie x.o {all}"));
        let asked = "x.o -Wl,--undefined=pthread_once";
        assert_eq!(planned(asked, &context), format!("-static-pie {asked} -Wl,--undefined=sched_yield"));
    }

    #[test]
    fn the_early_entry_is_added_once_unless_there_is_another() {
        let facts = facts();
        let context = super::super::context::Context { early_tls: Some("/r/e.o".as_ref()), ..context(&facts) };
        let once = planned("x.o", &context);
        let added = "-Wl,--start-group -Wl,/r/e.o -Wl,--end-group -Wl,--entry=staticcxx_start";
        assert_eq!(once, format!("-static-pie x.o {added}"));
        assert_eq!(planned(&once, &context), once);
        for line in ["x.o -e f", "x.o -Wl,-e,f", "x.o -Wl,--entry=f", "--entry=f x.o"] {
            assert!(!planned(line, &context).contains("/r/e.o"), "{line}");
        }
    }

    #[test]
    fn sheltered_copies_are_found_first() {
        let facts = facts();
        let context = super::super::context::Context { sheltered: Some("/s".as_ref()), ..context(&facts) };
        let once = planned("-L. x.o -Wl,--wrap=f", &context);
        assert_eq!(once, "-static-pie -L/s -L. x.o -Wl,--wrap=f");
        assert_eq!(planned(&once, &context), once);
    }

    #[test]
    fn everything_else_is_kept_in_place() {
        let line = "-static-pie x.o -Wl,-z,relro,-z,now -Wl,--wrap,malloc -Wl,--defsym=a=b -Wl,-Map,x.map -unknown -Wl,--new-option";
        assert_eq!(usual(line), line);
    }
}
