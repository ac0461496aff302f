//! Old versions of glibc's functions, whose code its archives do not have, and what does the same today.
//!
//! Sources: the `compat_symbol`s of glibc's source tree, and NEWS of the versions that introduced the present ones.

use std::borrow::Cow;

/// What stands for an old version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Successor {
    /// The present function of the name does all that the old one did.
    Present,
    /// The present function of another name does.
    Named(&'static str),
    /// A function of ours, `staticcxx_old_NAME` (`toolchains/glibc/old-versions.c`, `old-libm.c`).
    Ours,
}

/// Functions of which a version is no longer the present one.
struct OldVersions {
    names: &'static str,
    versions: &'static str,
    by: Successor,
    /// What the old version did otherwise.
    differs: &'static str,
}

/// All that can be stood for. The first version is GLIBC_2.2.5 on x86-64, and GLIBC_2.17 on AArch64.
const OLD_VERSIONS: [OldVersions; 18] = [
    OldVersions {
        names: "__libc_start_main",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "called by a program's own start code, which does not run: the static program has its libc's",
    },
    OldVersions {
        names: "memcpy",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Named("memmove"),
        differs: "copied overlapping ranges as programs of the time expected",
    },
    OldVersions {
        names: "acosf acoshf asinf atan2f atanhf coshf exp exp10 exp10f exp2 exp2f expf fmod fmodf hypot hypotf j0f j1f \
                jnf lgammaf_r log log10f log2 log2f logf pow powf remainder remainderf sinhf sqrtf tgammaf y0f y1f ynf",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "set errno in a wrapper that also called `matherr` for programs that chose SVID's way",
    },
    OldVersions {
        names: "lgamma lgammaf lgammal",
        versions: "GLIBC_2.2.5 GLIBC_2.17 GLIBC_2.23",
        by: Successor::Present,
        differs: "set `signgam`, which today is another name of the variable that the present ones set",
    },
    OldVersions {
        names: "fromfp fromfpf fromfpl fromfpf32 fromfpf32x fromfpf64 fromfpf64x fromfpf128 \
                fromfpx fromfpxf fromfpxl fromfpxf32 fromfpxf32x fromfpxf64 fromfpxf64x fromfpxf128 \
                ufromfp ufromfpf ufromfpl ufromfpf32 ufromfpf32x ufromfpf64 ufromfpf64x ufromfpf128 \
                ufromfpx ufromfpxf ufromfpxl ufromfpxf32 ufromfpxf32x ufromfpxf64 ufromfpxf64x ufromfpxf128",
        versions: "GLIBC_2.25 GLIBC_2.26 GLIBC_2.27",
        by: Successor::Ours,
        differs: "returned an integer",
    },
    OldVersions {
        names: "totalorder totalorderf totalorderl totalorderf32 totalorderf32x totalorderf64 totalorderf64x \
                totalorderf128 totalordermag totalordermagf totalordermagl totalordermagf32 totalordermagf32x \
                totalordermagf64 totalordermagf64x totalordermagf128",
        versions: "GLIBC_2.25 GLIBC_2.26 GLIBC_2.27",
        by: Successor::Ours,
        differs: "took values instead of pointers",
    },
    OldVersions {
        names: "cfgetispeed cfgetospeed cfsetispeed cfsetospeed cfsetspeed",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Ours,
        differs: "spoke of the kernel's numbers for speeds (`B9600` is 13), not of bits per second",
    },
    OldVersions {
        names: "sys_nerr _sys_nerr",
        versions: "GLIBC_2.2.5 GLIBC_2.3 GLIBC_2.4 GLIBC_2.17",
        by: Successor::Present,
        differs: "counted fewer errors",
    },
    OldVersions {
        names: "fmemopen",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "treated the buffer as if it were not binary",
    },
    OldVersions {
        names: "glob glob64",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "left out links that lead nowhere",
    },
    OldVersions {
        names: "nftw nftw64",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "ignored flags that it did not know",
    },
    OldVersions {
        names: "posix_spawn posix_spawnp",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Ours,
        differs: "ran scripts without `#!` by the shell",
    },
    OldVersions {
        names: "pthread_kill",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "returned an error for a thread that has ended",
    },
    OldVersions {
        names: "quick_exit",
        versions: "GLIBC_2.10",
        by: Successor::Present,
        differs: "ran destructors of thread-locals",
    },
    OldVersions {
        names: "realpath",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "took no null pointer for the result",
    },
    OldVersions {
        names: "regexec",
        versions: "GLIBC_2.2.5 GLIBC_2.17",
        by: Successor::Present,
        differs: "ignored flags that it did not know",
    },
    OldVersions {
        names: "sched_getaffinity sched_setaffinity pthread_getaffinity_np pthread_setaffinity_np",
        versions: "GLIBC_2.3.3",
        by: Successor::Ours,
        differs: "took no size: that of `cpu_set_t`",
    },
    OldVersions {
        names: "pthread_attr_getaffinity_np pthread_attr_setaffinity_np",
        versions: "GLIBC_2.3.3",
        by: Successor::Ours,
        differs: "took no size: that of `cpu_set_t`",
    },
];

/// The name in a static link of what stands for an old version of a function.
pub(super) fn successor<'a>(name: &'a [u8], version: &[u8]) -> Option<Cow<'a, [u8]>> {
    let lists = |words: &str, word: &[u8]| words.split_ascii_whitespace().any(|w| w.as_bytes() == word);
    let old = OLD_VERSIONS.iter().find(|old| lists(old.names, name) && lists(old.versions, version))?;
    log::debug!("`{}@{}` {}", String::from_utf8_lossy(name), String::from_utf8_lossy(version), old.differs);
    Some(match old.by {
        Successor::Present => Cow::Borrowed(name),
        Successor::Named(other) => Cow::Borrowed(other.as_bytes()),
        Successor::Ours => Cow::Owned([b"staticcxx_old_", name].concat()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_old_version_is_told_once() {
        let mut seen = BTreeSet::new();
        for old in &OLD_VERSIONS {
            for name in old.names.split_ascii_whitespace() {
                assert!(seen.insert(name), "{name}");
                for version in old.versions.split_ascii_whitespace() {
                    assert!(successor(name.as_bytes(), version.as_bytes()).is_some(), "{name}");
                }
            }
            assert!(!old.differs.is_empty() && old.versions.starts_with("GLIBC_2."));
        }
    }

    #[test]
    fn what_differs_has_a_function_of_ours() {
        let of = |name: &str, version: &str| {
            let found = successor(name.as_bytes(), version.as_bytes())?.into_owned();
            String::from_utf8(found).ok()
        };
        assert_eq!(of("memcpy", "GLIBC_2.2.5").as_deref(), Some("memmove"));
        assert_eq!(of("exp", "GLIBC_2.17").as_deref(), Some("exp"));
        assert_eq!(of("fmod", "GLIBC_2.2.5").as_deref(), Some("fmod"));
        assert_eq!(of("totalorder", "GLIBC_2.25").as_deref(), Some("staticcxx_old_totalorder"));
        assert_eq!(of("totalorder", "GLIBC_2.31"), None);
        assert_eq!(of("timer_create", "GLIBC_2.2.5"), None);
    }

    #[test]
    fn our_functions_are_there() {
        let sources =
            [include_str!("../../toolchains/glibc/old-versions.c"), include_str!("../../toolchains/glibc/old-libm.c")];
        for old in OLD_VERSIONS.iter().filter(|old| old.by == Successor::Ours) {
            for name in old.names.split_ascii_whitespace() {
                // Spelled in full, or put together by a macro from the stem and the type's ending.
                let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || "fxl".contains(c));
                assert!(sources.iter().any(|s| s.contains(name) || s.contains(stem)), "{name}");
            }
        }
    }
}
