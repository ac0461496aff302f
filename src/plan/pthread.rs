//! Threads before glibc 2.34, whose libpthread and libdl are archives of their own.
//!
//! The C library, libstdc++ and libgcc refer to functions of libpthread weakly, and no archive is searched for a weak
//! reference: of libpthread.a a program would get the parts that it names itself, with locks that lock nothing and
//! jumps to address 0. Taken as a whole it would collide with every function that a program defines itself (`fsync`,
//! C11's `mtx_lock`) and with itself where it is named twice, so the weak references are asked for by name.

use super::draft::Draft;
use super::draft::ours;
use crate::args::Request;
use crate::args::ld_options::{Item, LdRole};
use crate::args::option_table::Role;
use crate::model::{Family, Libc};
use crate::toolchain::Facts;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The first glibc whose libpthread and libdl are part of libc.
const WITH_PTHREAD: (u32, u32) = (2, 34);

/// Functions of libpthread.a that libc.a, libpthread.a itself, librt.a, libgcc and libstdc++.a refer to weakly, sorted.
///
/// Sources: `nm` of those archives (glibc 2.31, GCC 10), and GCC's gthr-posix.h, which is compiled into programs.
pub(crate) const WEAKLY_USED: [&str; 52] = [
    "__libpthread_freeres",
    "__nptl_deallocate_tsd",
    "__nptl_nthreads",
    "__nptl_set_robust",
    "__nptl_setxid",
    "__nptl_stacks_freeres",
    "__pthread_cleanup_upto",
    "__pthread_getspecific",
    "__pthread_initialize_minimal",
    "__pthread_key_create",
    "__pthread_mutex_lock",
    "__pthread_mutex_unlock",
    "__pthread_once",
    "__pthread_rwlock_destroy",
    "__pthread_rwlock_init",
    "__pthread_rwlock_rdlock",
    "__pthread_rwlock_unlock",
    "__pthread_rwlock_wrlock",
    "__pthread_setcancelstate",
    "__pthread_setspecific",
    "__pthread_unwind",
    "__shm_directory_freeres",
    "_pthread_cleanup_pop_restore",
    "_pthread_cleanup_push_defer",
    "pthread_cancel",
    "pthread_cond_broadcast",
    "pthread_cond_destroy",
    "pthread_cond_init",
    "pthread_cond_signal",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_create",
    "pthread_detach",
    "pthread_getspecific",
    "pthread_join",
    "pthread_key_create",
    "pthread_key_delete",
    "pthread_mutex_destroy",
    "pthread_mutex_init",
    "pthread_mutex_lock",
    "pthread_mutex_timedlock",
    "pthread_mutex_trylock",
    "pthread_mutex_unlock",
    "pthread_mutexattr_destroy",
    "pthread_mutexattr_init",
    "pthread_mutexattr_settype",
    "pthread_once",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_unlock",
    "pthread_rwlock_wrlock",
    "pthread_setspecific",
    "pthread_sigmask",
];

/// Libraries whose shared objects need libpthread.
const THREADED: [&str; 4] = ["anl", "gomp", "pthread", "rt"];

/// Whether GCC's driver adds libgomp to a call.
pub(crate) fn takes_libgomp(request: &Request, facts: &Facts) -> bool {
    let words = || request.args.iter().map(|a| a.word.as_encoded_bytes());
    let last = |on: &[u8], off: &[u8]| words().rfind(|w| *w == on || *w == off).is_some_and(|w| w == on);
    let asked = last(b"-fopenmp", b"-fno-openmp") || last(b"-fopenacc", b"-fno-openacc");
    let parallel = words().any(|w| w.starts_with(b"-ftree-parallelize-loops="));
    facts.family == Family::Gcc && (asked || parallel)
}

/// Whether glibc's libraries other than libc have code of their own.
pub(crate) fn is_apart(facts: &Facts) -> bool {
    facts.libc == Libc::Glibc && facts.glibc.is_some_and(|version| version < WITH_PTHREAD)
}

/// Adds libdl for libgomp, to which GCC's driver adds it with `-static` only.
pub(crate) fn openmp_libraries(draft: &mut Draft<'_>) {
    let without = draft.request.has(Role::NoDefaultLibs) || draft.request.has(Role::NoStdlib);
    if !is_apart(draft.context.facts) || without || !takes_libgomp(draft.request, draft.context.facts) {
        return;
    }
    let there = names(draft);
    let missing: Vec<&str> = ["gomp", "dl"].into_iter().filter(|name| !there.iter().any(|t| t == name)).collect();
    let Some(place) = draft.linked().last().map(|l| l.end + 1).filter(|_| !missing.is_empty()) else { return };
    for name in &missing {
        draft.did(format!("added `-l{name}`"));
    }
    draft.items.splice(place..place, missing.iter().map(|name| ours(format!("-l{name}"))));
}

/// Adds libpthread.a where threads are used, before all libraries since libc.a defines some of its functions too, and
/// requests what is referred to weakly.
pub(crate) fn pthread_parts(draft: &mut Draft<'_>) {
    if !is_apart(draft.context.facts) || draft.request.has(Role::NoStdlib) {
        return;
    }
    let there = names(draft);
    let threads = draft.items.iter().any(|i| i.role() == Some(Role::Pthread))
        || takes_libgomp(draft.request, draft.context.facts)
        || THREADED.iter().any(|name| there.iter().any(|t| t == name));
    let asks = |i: &Item| matches!(i, Item::Word { text, .. } if text == "--undefined=__pthread_initialize_minimal");
    if !threads || draft.items.iter().any(asks) {
        return;
    }
    drop_whole(draft);
    let linked = draft.linked();
    let Some(place) = linked.iter().find(|l| l.library).map(|l| l.at).or(linked.last().map(|l| l.end + 1)) else {
        return;
    };
    // All of them, if it is not known which ones the archive has.
    let found = draft.context.facts.repairs.as_ref().and_then(|r| r.thread_parts.as_ref());
    let wanted: Vec<&str> = found.map_or(WEAKLY_USED.to_vec(), |f| f.iter().map(String::as_str).collect());
    let words = wanted.iter().map(|name| Item::word(format!("--undefined={name}")));
    draft.items.splice(place..place, words.chain([ours("-lpthread")]));
    draft.did("added `-lpthread`, and `--undefined=` for what is referred to weakly");
}

/// Drops each libpthread that is taken as a whole, which would define again what is requested here. Programs do that to
/// get the parts that are referred to weakly, or name a shared object so, of which there is no whole.
fn drop_whole(draft: &mut Draft<'_>) {
    let options = draft.linker_options();
    let mut states = vec![false];
    let mut gone = BTreeSet::new();
    for (at, item) in draft.items.iter().enumerate() {
        let whole = states.last().copied().unwrap_or_default();
        let state = match options.iter().find(|o| o.at == at).map(|o| o.role) {
            Some(LdRole::PushState) => {
                states.push(whole);
                continue;
            }
            Some(LdRole::PopState) => {
                states.pop();
                continue;
            }
            Some(LdRole::WholeArchive) => true,
            Some(LdRole::NoWholeArchive) => false,
            _ => whole,
        };
        if let Some(last) = states.last_mut() {
            *last = state;
        }
        if whole && is_library(item, "pthread") {
            gone.insert(at);
        }
    }
    for _ in &gone {
        draft.did("dropped a libpthread that is linked as a whole");
    }
    draft.remove(&gone);
}

/// Whether an item is a libdl that is not part of libc.
pub(crate) fn is_libdl_apart(draft: &Draft<'_>, item: &Item) -> bool {
    is_apart(draft.context.facts) && is_library(item, "dl")
}

fn is_library(item: &Item, name: &str) -> bool {
    let file = |word: &OsStr| word.as_bytes().ends_with(format!("/lib{name}.a").as_bytes());
    match item {
        Item::Arg(a) if a.role() == Some(Role::Library) => a.value().and_then(name_of).as_deref() == Some(name),
        Item::Arg(a) => a.is_input() && file(&a.word),
        Item::Word { text, .. } => match text.as_bytes().strip_prefix(b"-l") {
            Some(value) => name_of(OsStr::from_bytes(value)).as_deref() == Some(name),
            None => file(text),
        },
    }
}

/// The names after `-l`, as typed for the driver or the linker, of a file too.
fn names(draft: &Draft<'_>) -> Vec<String> {
    let options = draft.linker_options();
    let text = |at: usize, item: &Item| match item {
        Item::Arg(a) if a.role() == Some(Role::Library) => a.value().map(OsStr::to_owned),
        Item::Arg(a) => Some(a.word.clone()),
        Item::Word { text, .. } => match options.iter().find(|o| o.at == at) {
            Some(option) => option.value.clone().filter(|_| option.role == LdRole::Library),
            None => Some(text.clone()),
        },
    };
    let named = draft.linked().into_iter().filter_map(|l| text(l.at, draft.items.get(l.at)?));
    named.filter_map(|word| name_of(&word)).collect()
}

fn name_of(word: &OsStr) -> Option<String> {
    let word = word.as_bytes();
    let file = word.rsplit(|b| *b == b'/').next()?;
    let file = file.strip_prefix(b":").unwrap_or(file);
    let stem = file.strip_prefix(b"lib").and_then(|f| f.strip_suffix(b".a"));
    String::from_utf8(stem.unwrap_or(word).to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, facts, planned, usual};
    use super::WEAKLY_USED;

    /// The planned line with an old glibc, with the requests as `U`.
    fn old(line: &str) -> String {
        let mut facts = facts();
        facts.glibc = Some((2, 31));
        let all: Vec<String> = WEAKLY_USED.iter().map(|name| format!("-Wl,--undefined={name}")).collect();
        planned(line, &context(&facts)).replace(&all.join(" "), "U")
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(WEAKLY_USED.is_sorted());
    }

    #[test]
    fn what_is_referred_to_weakly_is_requested_before_all_libraries() {
        for (line, expected) in [
            ("-pthread x.o", "-static-pie -pthread x.o U -Wl,--start-group -lpthread -Wl,--end-group"),
            ("x.o -la -lpthread", "-static-pie x.o U -Wl,--start-group -lpthread -la -lpthread -Wl,--end-group"),
            ("x.o /l/libpthread.a", "-static-pie x.o U -Wl,--start-group -lpthread /l/libpthread.a -Wl,--end-group"),
            ("x.o -Wl,-lrt", "-static-pie x.o U -Wl,--start-group -lpthread -Wl,-lrt -Wl,--end-group"),
            ("x.o -l:libanl.a", "-static-pie x.o U -Wl,--start-group -lpthread -l:libanl.a -Wl,--end-group"),
            (
                "x.o -Wl,--whole-archive -lpthread -Wl,--no-whole-archive -lz",
                "-static-pie x.o -Wl,--whole-archive -Wl,--no-whole-archive U -Wl,--start-group -lpthread -lz -Wl,--end-group",
            ),
            (
                "x.o -Wl,--push-state,--whole-archive,-lpthread,--pop-state -lpthread",
                "-static-pie x.o -Wl,--push-state,--whole-archive,--pop-state U -Wl,--start-group -lpthread -lpthread -Wl,--end-group",
            ),
            ("x.o -lz", "-static-pie x.o -Wl,--start-group -lz -Wl,--end-group"),
            ("-nostdlib x.o -lpthread", "-static -nostdlib x.o -Wl,--start-group -lpthread -Wl,--end-group"),
        ] {
            assert_eq!(old(line), expected, "{line}");
            assert_eq!(
                old(&old(line).replace("U", "-Wl,--undefined=__pthread_initialize_minimal")).matches('U').count(),
                0
            );
        }
        assert_eq!(usual("-pthread x.o"), "-static-pie -pthread x.o");
        assert_eq!(usual("-fopenmp x.o"), "-static-pie -fopenmp x.o");
    }

    #[test]
    fn openmp_brings_libdl() {
        let gomp = "U -Wl,--start-group -lpthread -lgomp -ldl -Wl,--end-group";
        assert_eq!(old("-fopenmp x.o"), format!("-static-pie -fopenmp x.o {gomp}"));
        assert_eq!(old("x.o -fopenmp -lgomp -ldl"), format!("-static-pie x.o -fopenmp {gomp}"));
        assert_eq!(old("-fopenmp x.o -fno-openmp"), "-static-pie -fopenmp x.o -fno-openmp");
    }
}
