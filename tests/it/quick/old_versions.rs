//! Symbols and versions that glibc keeps for old programs, by the checks that the matrix runs on every release.

use crate::support::*;

/// Runs a check of `tests/mass/matrix` here: it prints what is wrong.
fn check(name: &str) {
    let dir = Dir::new();
    let script = format!("{}/tests/mass/matrix/checks/{name}.sh", env!("CARGO_MANIFEST_DIR"));
    let said = Run::new("sh").with_our_compilers().dir(dir.path()).args([script]).ok();
    assert_eq!(said, "", "{name}");
}

#[test]
fn every_symbol_of_the_machine_s_glibc_is_stood_for_or_known_not_to_be() {
    check("glibc-symbols");
}

#[test]
fn old_versions_do_what_they_did() {
    check("old-versions");
}

#[test]
fn side_references_bring_what_they_bring_in_a_dynamic_link() {
    check("side-references");
}
