//! Of what this program was built, as the build script found it.

/// The version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit; `unknown` where the sources were in no repository, and in builds that are no release.
pub(crate) const COMMIT: &str = env!("BUILD_COMMIT");
/// The machine that it runs on, as Rust names it.
pub(crate) const TARGET: &str = env!("BUILD_TARGET");

/// All of it, behind the program's name.
pub(crate) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("BUILD_COMMIT"),
    "\nfeatures: ",
    env!("BUILD_FEATURES"),
    "\ntarget: ",
    env!("BUILD_TARGET")
);

/// The cargo features that are on.
pub(crate) fn features() -> Vec<&'static str> {
    env!("BUILD_FEATURES").split(',').filter(|feature| !feature.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_what_is_told() {
        assert_eq!(features().contains(&"wild"), cfg!(feature = "wild"));
        assert_eq!(features().contains(&"push"), cfg!(feature = "push"));
        assert!(TARGET.starts_with(std::env::consts::ARCH), "{TARGET}");
        assert!(COMMIT == "unknown" || COMMIT.bytes().all(|b| b.is_ascii_hexdigit()), "{COMMIT}");
        assert_eq!(LONG.lines().count(), 4);
    }
}
