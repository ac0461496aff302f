//! Hashes of the sources that decide what is kept in caches (`build.rs`). Each is a part of the keys of its kind, so that
//! what another version kept is not used.

/// Of the files of a musl toolchain.
pub(crate) const TOOLCHAINS: &str = env!("SOURCES_OF_TOOLCHAINS");
/// Of what is probed of a compiler, with glibc's repairs.
pub(crate) const FACTS: &str = env!("SOURCES_OF_FACTS");
/// Of archives with converters of iconv and with name services.
pub(crate) const REPAIRS: &str = env!("SOURCES_OF_REPAIRS");
/// Of converted shared objects and plugins.
pub(crate) const CONVERTED: &str = env!("SOURCES_OF_CONVERTED");
/// Of what is known of archives.
pub(crate) const ARCHIVE_FACTS: &str = env!("SOURCES_OF_ARCHIVE_FACTS");
/// Of command lines of linkers, and of which programs make a linker warn.
pub(crate) const LINES: &str = env!("SOURCES_OF_LINES");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_hash() {
        let all = [TOOLCHAINS, FACTS, REPAIRS, CONVERTED, ARCHIVE_FACTS, LINES];
        assert!(all.iter().all(|hash| hash.len() == 16 && u64::from_str_radix(hash, 16).is_ok()), "{all:?}");
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
