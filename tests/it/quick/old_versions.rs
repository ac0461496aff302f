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

/// Tables that only glibc's shared objects have, copied into a program of before glibc 2.32.
const TABLES_C: &str = fixture!("old_versions/tables.c");

#[test]
fn tables_that_a_program_copies_are_those_of_the_shared_glibc() {
    let dir = Dir::new();
    dir.file("tables.c", TABLES_C);
    for kind in ["-fpie -pie", "-fno-pie -no-pie"] {
        Run::new("gcc").dir(dir.path()).line(&format!("-O1 {kind} tables.c -o tables")).silent();
        let copies = Run::new("readelf").dir(dir.path()).line("-rW tables").ok();
        assert!(copies.lines().filter(|l| l.contains("R_X86_64_COPY")).count() >= 4, "{copies}");
        let said = Run::new(dir.join("tables")).ok();
        assert!(said.contains("Segmentation fault, Segmentation fault\n"), "{said}");
        Run::new(STATICCTL).dir(dir.path()).line("convert ./tables -o static").ok();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{kind}");
    }
}
