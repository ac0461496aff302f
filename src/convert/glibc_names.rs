//! Names that glibc's shared objects keep for old programs and its archives lack, and their present names.

/// Old name → name in the archives, sorted. Each pair is one function under two names in glibc's sources
/// (`libc_hidden_def`, `compat_symbol`), or a finite-math variant that glibc 2.31 removed.
static RENAMED: [(&[u8], &[u8]); 49] = [
    (b"__dn_comp", b"dn_comp"),
    (b"__dn_expand", b"dn_expand"),
    (b"__dn_skipname", b"dn_skipname"),
    (b"__gamma_r_finite", b"lgamma_r"),
    (b"__gammaf128_r_finite", b"lgammaf128_r"),
    (b"__gammaf_r_finite", b"lgammaf_r"),
    (b"__gammal_r_finite", b"lgammal_r"),
    (b"__lgamma_r_finite", b"lgamma_r"),
    (b"__lgammaf128_r_finite", b"lgammaf128_r"),
    (b"__lgammaf_r_finite", b"lgammaf_r"),
    (b"__lgammal_r_finite", b"lgammal_r"),
    // The key of the pointers that libc keeps, where it is no word of the thread's block: ld.so exports it as a whole variable,
    // and a static program has its own.
    (b"__pointer_chk_guard", b"__pointer_chk_guard_local"),
    (b"__pthread_mutexattr_destroy", b"pthread_mutexattr_destroy"),
    (b"__pthread_rwlock_destroy", b"pthread_rwlock_destroy"),
    (b"__pthread_rwlock_init", b"pthread_rwlock_init"),
    (b"__pthread_rwlock_rdlock", b"pthread_rwlock_rdlock"),
    (b"__pthread_rwlock_tryrdlock", b"pthread_rwlock_tryrdlock"),
    (b"__pthread_rwlock_trywrlock", b"pthread_rwlock_trywrlock"),
    (b"__pthread_rwlock_unlock", b"pthread_rwlock_unlock"),
    (b"__pthread_rwlock_wrlock", b"pthread_rwlock_wrlock"),
    (b"__res_dnok", b"res_dnok"),
    (b"__res_hnok", b"res_hnok"),
    (b"__res_mailok", b"res_mailok"),
    (b"__res_mkquery", b"res_mkquery"),
    (b"__res_nmkquery", b"res_nmkquery"),
    (b"__res_nquery", b"res_nquery"),
    (b"__res_nquerydomain", b"res_nquerydomain"),
    (b"__res_nsearch", b"res_nsearch"),
    (b"__res_nsend", b"res_nsend"),
    (b"__res_ownok", b"res_ownok"),
    (b"__res_query", b"res_query"),
    (b"__res_querydomain", b"res_querydomain"),
    (b"__res_search", b"res_search"),
    (b"__res_send", b"res_send"),
    (b"__secure_getenv", b"secure_getenv"),
    (b"__sigaddset", b"sigaddset"),
    (b"__sigdelset", b"sigdelset"),
    (b"__sigismember", b"sigismember"),
    (b"cfree", b"free"),
    (b"llseek", b"lseek64"),
    (b"pow10", b"exp10"),
    (b"pow10f", b"exp10f"),
    (b"pow10l", b"exp10l"),
    (b"pthread_mutex_consistent_np", b"pthread_mutex_consistent"),
    (b"pthread_mutexattr_getkind_np", b"pthread_mutexattr_gettype"),
    (b"pthread_mutexattr_getrobust_np", b"pthread_mutexattr_getrobust"),
    (b"pthread_mutexattr_setkind_np", b"pthread_mutexattr_settype"),
    (b"pthread_mutexattr_setrobust_np", b"pthread_mutexattr_setrobust"),
    (b"pthread_yield", b"sched_yield"),
];

/// The name of a glibc symbol in glibc's archives.
pub(crate) fn today(name: &[u8]) -> &[u8] {
    if let Ok(at) = RENAMED.binary_search_by(|(old, _)| (*old).cmp(name)) {
        return RENAMED.get(at).map_or(name, |(_, new)| new);
    }
    // `__exp_finite` is `exp` without the checks that -ffinite-math-only omits.
    name.strip_prefix(b"__").and_then(|n| n.strip_suffix(b"_finite")).filter(|n| !n.is_empty()).unwrap_or(name)
}

/// libc functions that a library can't define itself in a program that contains libc.
pub(crate) const OF_LIBC: [&[u8]; 8] =
    [b"__libc_start_main", b"calloc", b"dlopen", b"dlsym", b"free", b"malloc", b"pthread_create", b"realloc"];

/// malloc's family: what an allocator in the place of libc's must have.
pub(crate) const ALLOCATION: [&[u8]; 4] = [b"calloc", b"free", b"malloc", b"realloc"];

/// What else glibc's object of malloc defines, sorted.
const OF_MALLOC: [&[u8]; 13] = [
    b"aligned_alloc",
    b"mallinfo",
    b"mallinfo2",
    b"malloc_info",
    b"malloc_stats",
    b"malloc_trim",
    b"malloc_usable_size",
    b"mallopt",
    b"memalign",
    b"posix_memalign",
    b"pvalloc",
    b"reallocarray",
    b"valloc",
];

/// Whether it is a function for memory from malloc, which must be of the same allocator.
pub(super) fn is_of_malloc(name: &[u8]) -> bool {
    ALLOCATION.contains(&name) || OF_MALLOC.binary_search(&name).is_ok()
}

/// The names under which glibc's own allocator can be called where another has taken its place.
pub(crate) const LIBC_ALLOCATION: [&[u8]; 5] =
    [b"__libc_calloc", b"__libc_free", b"__libc_malloc", b"__libc_memalign", b"__libc_realloc"];

/// Whether a DT_NEEDED entry names a libc other than glibc.
pub(crate) fn other_libc(needed: &[u8]) -> bool {
    needed.starts_with(b"libc.musl-") || needed.starts_with(b"ld-musl-") || needed == b"libc.so"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_for_the_search() {
        assert!(OF_MALLOC.is_sorted());
        assert!(RENAMED.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn old_names_lead_to_new_ones() {
        assert_eq!(today(b"__secure_getenv"), b"secure_getenv");
        assert_eq!(today(b"__exp_finite"), b"exp");
        assert_eq!(today(b"exp"), b"exp");
        assert_eq!(
            today(b"___finite"),
            b"___finite"
                .strip_prefix(b"__")
                .unwrap()
                .strip_suffix(b"_finite")
                .filter(|n| !n.is_empty())
                .unwrap_or(b"___finite")
        );
        assert!(other_libc(b"libc.musl-x86_64.so.1"));
    }
}
