//! Hashes of the sources that decide the content of caches (`build.rs`). Each is part of all keys of its kind, so that
//! entries of other versions are not used.

/// For files of a musl toolchain.
pub(crate) const TOOLCHAINS: &str = env!("SOURCES_OF_TOOLCHAINS");
/// For probed facts of compilers, with repairs of glibc.
pub(crate) const FACTS: &str = env!("SOURCES_OF_FACTS");
/// For archives with iconv converters and with name services.
pub(crate) const REPAIRS: &str = env!("SOURCES_OF_REPAIRS");
/// For converted shared objects and plugins.
pub(crate) const CONVERTED: &str = env!("SOURCES_OF_CONVERTED");
/// For facts about archives.
pub(crate) const ARCHIVE_FACTS: &str = env!("SOURCES_OF_ARCHIVE_FACTS");
/// For the results of trials.
pub(crate) const TRIALS: &str = env!("SOURCES_OF_TRIALS");
/// For the files of packages.
pub(crate) const PACKAGES: &str = env!("SOURCES_OF_PACKAGES");
/// For what the members of archives show of how they were compiled.
pub(crate) const HARDENING: &str = env!("SOURCES_OF_HARDENING");
/// For linker command lines, and notes on programs with linker warnings.
pub(crate) const LINES: &str = env!("SOURCES_OF_LINES");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_hash() {
        let all = [TOOLCHAINS, FACTS, REPAIRS, CONVERTED, ARCHIVE_FACTS, TRIALS, PACKAGES, HARDENING, LINES];
        assert!(all.iter().all(|hash| hash.len() == 16 && u64::from_str_radix(hash, 16).is_ok()), "{all:?}");
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
