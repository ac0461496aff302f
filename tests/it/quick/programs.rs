//! Finished programs made static: what their libraries bring beside what the program refers to.

use crate::support::*;

const PARTS: [(&str, &str); 6] = [
    ("output.c", fixture!("programs/beside/output.c")),
    ("table.c", fixture!("programs/beside/table.c")),
    ("fill.c", fixture!("programs/beside/fill.c")),
    ("start.c", fixture!("programs/beside/start.c")),
    ("ready.c", fixture!("programs/beside/ready.c")),
    ("main.c", fixture!("programs/beside/main.c")),
];

/// A library as shared object and archive, and a dynamic program that copies a variable of it.
fn beside() -> Dir {
    let dir = Dir::new();
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    PARTS.iter().for_each(|(name, source)| drop(dir.file(name, source)));
    gcc("-O1 -fPIC -c output.c table.c fill.c start.c ready.c");
    Run::new("ar").dir(dir.path()).line("rcs libbeside.a output.o table.o fill.o start.o ready.o").silent();
    gcc("-shared -Wl,-soname,libbeside.so output.o table.o fill.o start.o ready.o -o libbeside.so");
    gcc("-O1 -fno-pie -no-pie main.c -L. -lbeside -Wl,-rpath,$ORIGIN -o dynamic");
    let relocations = Run::new("readelf").dir(dir.path()).line("-rW dynamic").ok();
    assert!(relocations.lines().any(|l| l.contains("_COPY") && l.contains("output")), "{relocations}");
    assert!(!relocations.contains("library_start"), "{relocations}");
    dir
}

#[test]
fn what_the_member_of_a_copied_variable_needs_is_linked_in() {
    let dir = beside();
    let said = Run::new(dir.join("dynamic")).ok();
    assert_eq!(said, "empty, 0, filled, 42\n");
    for from in ["", "--from-so all"] {
        Run::new(STATICCTL).dir(dir.path()).line(&format!("convert dynamic -o static {from}")).ok();
        assert_eq!(says_in_empty_root(&dir.join("static"), &[]), said, "{from}");
    }
}

#[test]
fn a_name_that_a_converted_library_only_mentions_links_in_what_starts() {
    let dir = beside();
    dir.file(
        "user.c",
        "int get_ready(void); __asm__(\".globl library_start\"); int user(void) { return get_ready(); }",
    );
    dir.file("last.c", "#include <stdio.h>\nint user(void); int main(void) { printf(\"%d\\n\", user()); }");
    let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).silent();
    gcc("-fPIC -shared user.c -L. -lbeside -o libuser.so");
    gcc("-c last.c");
    for line in ["last.o -L. -luser -lbeside -o last", "-fuse-ld=bfd last.o -L. -luser -lbeside -o last"] {
        Run::new(STATICCC).dir(dir.path()).line(line).silent();
        assert_eq!(says_in_empty_root(&dir.join("last"), &[]), "42\n", "{line}");
    }
}
