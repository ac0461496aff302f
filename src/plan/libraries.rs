//! Rules about libraries.

use super::draft::Draft;
use super::pthread::{is_apart, is_libdl_apart};
use crate::args::ld_options::{Item, LdOption, LdRole};
use crate::args::option_table::Role;
use crate::model::Libc;
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// Replaces each library reference as resolved.
pub(crate) fn shared_object_to_archive(draft: &mut Draft<'_>) {
    let substitutes: BTreeMap<usize, _> = draft.context.substitutes.iter().map(|(at, s)| (*at, s)).collect();
    if substitutes.is_empty() {
        return;
    }
    let values: BTreeMap<usize, usize> =
        draft.linker_options().into_iter().filter_map(|o| Some((o.value_at?, o.at))).collect();
    let old = std::mem::take(&mut draft.items);
    let mut notes = Vec::new();
    for (at, item) in old.into_iter().enumerate() {
        if values.get(&at).is_some_and(|name| substitutes.contains_key(name)) {
            continue;
        }
        let Some(substitute) = substitutes.get(&at) else {
            draft.items.push(item);
            continue;
        };
        notes.push(format!("`{}`: {}", super::draft::show(&item), substitute.how));
        draft.items.extend(substitute.words.iter().map(|w| match &item {
            Item::Arg(_) => Item::arg(w),
            Item::Word { carrier, origin, .. } => Item::Word { text: w.clone(), carrier: *carrier, origin: *origin },
        }));
    }
    for note in notes {
        draft.did(note);
    }
}

/// Adds the dependencies of libraries after the last library.
pub(crate) fn dependencies_of_archives(draft: &mut Draft<'_>) {
    let words = draft.context.closure;
    let Some(last) = draft.linked().last().map(|l| l.end) else { return };
    for word in words {
        draft.did(format!("added `{}`", word.to_string_lossy()));
    }
    draft.items.splice(last + 1..last + 1, words.iter().map(ours));
}

/// An added library. A file goes directly to the linker: after the user's `-x` the driver would take it for a source.
pub(crate) fn ours(word: impl AsRef<OsStr>) -> Item {
    match word.as_ref().as_encoded_bytes().starts_with(b"-") {
        true => Item::arg(word.as_ref()),
        false => Item::word(word.as_ref()),
    }
}

/// Drops `-shared-libgcc` and the like, and replaces libgcc_s by libgcc_eh.
pub(crate) fn no_shared_runtime(draft: &mut Draft<'_>) {
    draft.drop_args(|r| r == Role::SharedRuntime);
    let mut changed = 0;
    let values: BTreeMap<usize, LdRole> =
        draft.linker_options().into_iter().map(|o| (o.value_at.unwrap_or(o.at), o.role)).collect();
    for (at, item) in draft.items.iter_mut().enumerate() {
        match item {
            Item::Arg(a) if a.role() == Some(Role::Library) && is_libgcc_s(a.value()) => {
                *item = Item::arg("-lgcc_eh");
                changed += 1;
            }
            Item::Word { text, .. } if values.get(&at) == Some(&LdRole::Library) => {
                let bytes = text.as_encoded_bytes();
                let new = match bytes {
                    b"-lgcc_s" => "-lgcc_eh",
                    b"--library=gcc_s" | b"-library=gcc_s" => "--library=gcc_eh",
                    b"gcc_s" => "gcc_eh",
                    _ => continue,
                };
                *text = new.into();
                changed += 1;
            }
            _ => {}
        }
    }
    for _ in 0..changed {
        draft.did("`-lgcc_s` became `-lgcc_eh`");
    }
}

fn is_libgcc_s(name: Option<&OsStr>) -> bool {
    name.is_some_and(|n| n == "gcc_s" || n == ":libgcc_s.so.1" || n == ":libgcc_s.so")
}

/// With `-nodefaultlibs`, adds the archives that those of the toolchain on the command line need, and that their shared
/// objects would bring.
pub(crate) fn runtime_libraries(draft: &mut Draft<'_>) {
    if !draft.request.has(Role::NoDefaultLibs) && !draft.request.has(Role::NoStdlib) {
        return;
    }
    let names = |wanted: &str| {
        draft.items.iter().rposition(
            |i| matches!(i, Item::Arg(a) if a.role() == Some(Role::Library) && a.value() == Some(OsStr::new(wanted))),
        )
    };
    let Some(last) = names("gcc_eh").max(names("c")).max(names("stdc++")) else { return };
    // glibc unwinds when a thread is cancelled; libgcc_eh calls abort and dl_iterate_phdr.
    let other_runtime = draft.items.iter().any(|i| {
        let word = |w: &OsStr| w.as_encoded_bytes().ends_with(b"rtlib=compiler-rt");
        matches!(i, Item::Arg(a) if word(&a.word))
    });
    let unwinds = draft.context.facts.libc == Libc::Glibc && !other_runtime;
    let wanted: &[&str] = match (names("stdc++"), names("gcc_eh")) {
        (Some(_), _) => &["m", "gcc_eh", "gcc", "c"],
        (None, Some(_)) => &["gcc_eh", "gcc", "c"],
        (None, None) if unwinds => &["gcc_eh", "gcc"],
        (None, None) => &["gcc"],
    };
    let missing: Vec<Item> =
        wanted.iter().filter(|w| names(w).is_none()).map(|w| Item::arg(format!("-l{w}"))).collect();
    if missing.is_empty() {
        return;
    }
    for item in &missing {
        draft.did(format!("added `{}`", super::draft::show(item)));
    }
    draft.items.splice(last + 1..last + 1, missing);
}

/// Adds the repairs after everything that may refer to the repaired functions and before libc, which defines them.
pub(crate) fn glibc_repairs(draft: &mut Draft<'_>) {
    let mut words: Vec<&OsStr> = draft.context.repairs.iter().map(|p| p.as_os_str()).collect();
    if !words.is_empty() && is_apart(draft.context.facts) {
        words.push(OsStr::new("-lresolv"));
    }
    draft.items.retain(|i| !matches!(i, Item::Word { text, .. } if words.contains(&text.as_os_str())));
    let Some(place) = before_libc(draft) else { return };
    draft.items.splice(place..place, words.iter().map(ours));
    for word in words {
        draft.did(format!("offered `{}`", word.to_string_lossy()));
    }
}

/// The index after everything that may refer to libc and before libc itself; none in a link without libc.
pub(crate) fn before_libc(draft: &Draft<'_>) -> Option<usize> {
    let without_libc = draft.request.has(Role::NoDefaultLibs) || draft.request.has(Role::NoStdlib);
    let is_c =
        |i: &Item| matches!(i, Item::Arg(a) if a.role() == Some(Role::Library) && a.value() == Some(OsStr::new("c")));
    let is_libc = |i: &Item| is_c(i) || is_libdl_apart(draft, i);
    match draft.items.iter().position(is_libc) {
        Some(at) => Some(at),
        None if without_libc => None,
        None => draft.linked().last().map(|l| after_whole_archives(draft, l.end + 1)),
    }
}

/// A place, or the one after the `--no-whole-archive` or `--pop-state` that ends what it is in: no archive of ours is linked as a whole.
fn after_whole_archives(draft: &Draft<'_>, place: usize) -> usize {
    let options = draft.linker_options();
    let ends = |o: &LdOption| matches!(o.role, LdRole::NoWholeArchive | LdRole::PopState);
    let last = options.iter().rfind(|o| o.at < place && (ends(o) || o.role == LdRole::WholeArchive));
    let inside = last.is_some_and(|o| o.role == LdRole::WholeArchive);
    let end = options.iter().find(|o| o.at >= place && ends(o)).filter(|_| inside);
    end.map_or(place, |o| o.at + 1)
}

/// Adds the linker script of converted libraries, and the symbols of those that are linked in unreferenced.
pub(crate) fn converted_libraries(draft: &mut Draft<'_>) {
    let words = draft.context.converted;
    let there = |w: &OsStr| draft.items.iter().any(|i| matches!(i, Item::Word { text, .. } if text == w));
    let new: Vec<&OsStr> = words.iter().map(|w| w.as_os_str()).filter(|w| !there(w)).collect();
    for word in &new {
        draft.did(format!("added `-Wl,{}`", word.to_string_lossy()));
    }
    let place = draft.items.len();
    draft.items.splice(place..place, new.into_iter().map(Item::word));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, facts, planned, usual};
    use crate::libs::substitute::Substitute;

    #[test]
    fn libgcc_s_becomes_libgcc_eh_however_it_is_spelled() {
        for line in ["x.o -lgcc_s", "x.o -l gcc_s", "x.o -l:libgcc_s.so.1"] {
            assert_eq!(usual(line), "-static-pie x.o -Wl,--start-group -lgcc_eh -Wl,--end-group", "{line}");
        }
        assert_eq!(usual("x.o -Wl,-lgcc_s"), "-static-pie x.o -Wl,--start-group -Wl,-lgcc_eh -Wl,--end-group");
        assert_eq!(usual("-shared-libgcc x.o"), "-static-pie x.o");
    }

    #[test]
    fn without_default_libraries_libgcc_is_completed() {
        assert_eq!(
            usual("x.o -lgcc_s -nodefaultlibs"),
            "-static-pie x.o -Wl,--start-group -lgcc_eh -lgcc -lc -Wl,--end-group -nodefaultlibs"
        );
        assert_eq!(usual("x.o -nostdlib"), "-static x.o -nostdlib");
        assert_eq!(usual("x.o -nostdlib -lgcc"), "-static x.o -nostdlib -Wl,--start-group -lgcc -Wl,--end-group");
        for (line, added) in [("-lc -lgcc", "-lc -lgcc_eh -lgcc"), ("-lstdc++ -lc", "-lstdc++ -lc -lm -lgcc_eh -lgcc")]
        {
            let expected = format!("-static-pie x.o -nodefaultlibs -Wl,--start-group {added} -Wl,--end-group");
            assert_eq!(usual(&format!("x.o -nodefaultlibs {line}")), expected);
        }
    }

    #[test]
    fn repairs_stand_before_libc() {
        let facts = facts();
        let mut context = context(&facts);
        let repairs = ["/r/locale.a".into()];
        context.repairs = &repairs;
        for (line, expected) in [
            ("x.o -o x", "-static-pie x.o -Wl,--start-group -Wl,/r/locale.a -Wl,--end-group -o x"),
            ("x.o -Wl,/r/locale.a -lz", "-static-pie x.o -Wl,--start-group -lz -Wl,/r/locale.a -Wl,--end-group"),
            ("x.o -lc -lz", "-static-pie x.o -Wl,--start-group -Wl,/r/locale.a -lc -lz -Wl,--end-group"),
            ("x.o -nodefaultlibs", "-static-pie x.o -nodefaultlibs"),
        ] {
            assert_eq!(planned(line, &context), expected, "{line}");
        }
        for line in [
            "x.o -Wl,--whole-archive -lz -Wl,--no-whole-archive",
            "x.o -Wl,--push-state,--whole-archive -lz -Wl,--pop-state",
        ] {
            let planned = planned(line, &context);
            assert!(
                planned.ends_with("-archive -Wl,/r/locale.a -Wl,--end-group") || planned.contains("-state -Wl,/r/"),
                "{planned}"
            );
        }
    }

    #[test]
    fn substitutes_and_closure_take_their_places() {
        let facts = facts();
        let mut context = context(&facts);
        let substitutes = [(1, Substitute { words: vec!["/l/libq.a".into()], how: "beside it".into() })];
        let closure = ["-lz".into()];
        let converted = [(1, Substitute { words: vec!["/t/libq.so.ar".into()], how: "converted".into() })];
        context.closure = &closure;
        context.substitutes = &converted;
        assert_eq!(
            planned("x.o -lq -o x", &context),
            "-static-pie x.o -Wl,--start-group /t/libq.so.ar -lz -Wl,--end-group -o x"
        );
        context.substitutes = &substitutes;
        assert_eq!(
            planned("x.o ./libq.so -o x", &context),
            "-static-pie x.o -Wl,--start-group /l/libq.a -lz -Wl,--end-group -o x"
        );
    }
}
