//! The crates of our own programs, for whoever looks into them: cargo-auditable's readers, and `staticctl parts`.

/// What the build script lists, compressed; empty where it could not.
const LIST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/crates.zlib"));

/// The section of the programs.
#[used]
#[unsafe(link_section = ".dep-v0")]
static OWN: [u8; LIST.len()] = *include_bytes!(concat!(env!("OUT_DIR"), "/crates.zlib"));

/// Keeps the section in a program: linkers leave out what nothing refers to.
pub(crate) fn keep() {
    std::hint::black_box(&raw const OWN);
}

#[cfg(test)]
mod tests {
    use super::super::crates::crates;
    use super::*;

    #[test]
    fn our_crates_are_listed() {
        let purls: Vec<String> = crates(LIST).unwrap().into_iter().filter_map(|part| part.purl).collect();
        let has = |start: &str| purls.iter().any(|purl| purl.starts_with(start));
        assert!(has("pkg:cargo/object@0.") && has("pkg:cargo/serde@1.") && has("pkg:cargo/memchr@2."), "{purls:?}");
        // Neither this crate nor what only compiles, tests, or runs elsewhere.
        for not in ["staticcxx@", "serde_derive@", "proptest@", "windows-sys@", "syn@"] {
            assert!(!has(&format!("pkg:cargo/{not}")), "{not}");
        }
    }
}
